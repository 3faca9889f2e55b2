"""The report as one HTML page for people, which loads nothing and runs nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import groupby

from migrate import __version__
from migrate.findings import Finding, Report, Result
from migrate.report import evidence, network_page
from migrate.report.diff import lines
from migrate.report.markup import text
from migrate.report.style import CSS
from migrate.report.totals import plural, traced
from migrate.syntax.source import Source

# The policy is a second line of defence: whatever slipped through the escaping could neither run nor load.
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>bn-migrate report</title>
<style>{style}</style>
</head>
<body>
<header><h1>bn-migrate report</h1>
<nav aria-label="Parts of the page">{links}</nav></header>
<main>
{parts}
</main>
<footer class="soft">bn-migrate {version}. <code>bn-migrate --explain CODE</code> gives the reason for a code.</footer>
</body>
</html>
"""
LINES = {b"+": "add", b"-": "remove", b"@": "hunk", b"\\": "soft"}
FEW_FILES = 20


def render(report: Report) -> str:
    """The page."""
    links = ['<a href="#summary">Summary</a>', '<a href="#files">Files</a>']
    parts = [_summary(report), _files(report)]
    if report.verification is not None and report.verification.proofs:
        links.insert(1, '<a href="#verification">Verification</a>')
        parts.insert(1, evidence.section(report.verification))
    if report.verification is not None and report.verification.networks:
        links.insert(-1, '<a href="#networks">Networks</a>')
        parts.insert(-1, network_page.section(report.verification.networks))
    return PAGE.format(style=CSS, links=" · ".join(links), parts="\n".join(parts), version=text(__version__))


def _summary(report: Report) -> str:
    summary = report.summary
    shown = {
        "files": summary.files,
        "changed": summary.changed,
        "rewrites": summary.rewrites,
        "to review": summary.reviews,
        "notes": summary.notes,
        "errors": summary.errors,
    }
    counts = evidence.tiles({name: str(count) for name, count in shown.items()})
    proved = report.verification
    verdict = (
        f"{evidence.verdict(proved)}{evidence.environment(proved)}"
        if proved is not None
        else '<p class="verdict soft">Not verified: nothing was executed.</p>'
    )
    seen = "".join(f"<p>{text(line)}</p>" for line in (traced(report.traced) if report.traced is not None else ()))
    return f'<section id="summary"><h2>Summary</h2>{counts}{verdict}{seen}{_attention(report)}</section>'


def _attention(report: Report) -> str:
    """Links to the files that are left to a person."""
    items = [
        f'<li><a href="#file-{i}"><code>{text(result.path)}</code></a> {badges}</li>'
        for i, result in enumerate(report.results)
        if (badges := _urgent(result))
    ]
    if not items:
        return ""
    is_open = "" if len(items) > FEW_FILES else " open"
    head = f"<summary><h3>Needs attention</h3> ({plural(len(items), 'file')})</summary>"
    return f'<details{is_open}>{head}<ul class="plain">{"".join(items)}</ul></details>'


def _files(report: Report) -> str:
    silent = report.summary.files - len(report.results)
    parts = ['<section id="files"><h2>Files</h2>']
    if silent > 0:
        parts.append(f'<p class="soft">{plural(silent, "file")} without findings not listed.</p>')
    alone = len(report.results) == 1
    parts += [_file(i, r, alone, _failures(report)) for i, r in enumerate(report.results)]
    return "\n".join([*parts, "</section>"])


def _failures(report: Report) -> str:
    """The part of the page that says what failed."""
    calls = report.verification.proofs if report.verification is not None else ()
    return "networks" if all(p.passed for p in calls) else "failures"


def _file(index: int, result: Result, is_open: bool, failures: str) -> str:
    head = f"<h3><code>{text(result.path)}</code></h3> {_urgent(result)} {_counts(result)}"
    parts = [f'<details class="file" id="file-{index}"{" open" if is_open else ""}><summary>{head}</summary>']
    if result.error is not None:
        cell = f"cell {result.error_cell}, " if result.error_cell else ""
        line = f"{cell}line {result.error_line}: " if result.error_line else ""
        parts.append(f'<p class="bad">✗ {line}{text(result.error)}</p>')
    if result.held:
        parts.append(f'<p class="bad">✗ Not written, since a <a href="#{failures}">proof failed</a>.</p>')
    if result.differs:
        parts.append(f'<pre class="diff" tabindex="0"><code>{"".join(_diff(result))}</code></pre>')
    if result.findings:
        parts.append(f'<ul class="plain findings">{"".join(map(_finding, result.findings))}</ul>')
    return "\n".join([*parts, "</details>"])


def _urgent(result: Result) -> str:
    badges = []
    if result.error is not None:
        badges.append('<span class="badge bad">✗ error</span>')
    if result.held:
        badges.append('<span class="badge bad">✗ not written: a proof failed</span>')
    if reviews := result.count("review"):
        badges.append(f'<span class="badge review">{reviews} to review</span>')
    return " ".join(badges)


def _counts(result: Result) -> str:
    counted = [(kind, result.count(kind)) for kind in ("rewrite", "note")]
    return " ".join(f'<span class="badge {kind}">{plural(n, kind)}</span>' for kind, n in counted if n)


def _diff(result: Result) -> Iterator[str]:
    """The lines of the diff, each with the line feed that ends it; neighbours of a kind share an element."""
    encoding = Source(result.before, result.path).encoding
    shown: list[tuple[str, str]] = []
    for part in result.parts:
        made = [line + b"\n" for line in b"".join(lines(result, part)).split(b"\n")[:-1]]
        shown += [("head", os.fsdecode(line)) for line in made[:2]]
        shown += [(LINES.get(line[:1], "same"), line.decode(encoding, "backslashreplace")) for line in made[2:]]
    for kind, group in groupby(shown, key=lambda pair: pair[0]):
        yield f'<span class="{kind}">{text("".join(line for _, line in group))}</span>'


def _finding(finding: Finding) -> str:
    cell = f"cell {finding.cell}:" if finding.cell else ""
    place = f"<code>{cell}{finding.line}:{finding.column}</code>"
    code = f"<strong>{text(finding.code)}</strong>"
    kind = f'<span class="badge {finding.kind}">{text(finding.kind)}</span>'
    said = f"<p>{place} {code} {kind} {text(finding.message)}</p>"
    return f"<li>{said}{_change(finding)}{_suggestion(finding)}{_way(finding)}</li>"


def _way(finding: Finding) -> str:
    """How what it speaks about came there, folded: most findings can be judged without."""
    if not finding.way:
        return ""
    lines = text("\n".join(finding.way))
    head = '<details class="way"><summary>How it came here</summary>'
    return f'{head}<pre tabindex="0"><code>{lines}</code></pre></details>'


def _suggestion(finding: Finding) -> str:
    """What to write instead: one click selects all of it."""
    if not finding.suggestion:
        return ""
    return f'<p class="soft">Write:</p><pre class="snippet" tabindex="0"><code>{text(finding.suggestion)}</code></pre>'


def _change(finding: Finding) -> str:
    if finding.kind != "rewrite" or finding.after == finding.before:
        return f"<pre><code>{text(finding.before)}</code></pre>" if finding.before else ""
    after = f"<ins>{text(finding.after)}</ins>" if finding.after else ""
    return f'<pre class="diff"><code><del>{text(finding.before)}</del>{after}</code></pre>'
