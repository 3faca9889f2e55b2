"""The report as one HTML page for people, which loads nothing and runs nothing but its own filter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from migrate.codes import CODES, level
from migrate.findings import Finding, Level, Report, Result
from migrate.report import evidence, network_page
from migrate.report.code_view import Row, excerpts
from migrate.report.markup import text
from migrate.report.script import POLICY, SCRIPT
from migrate.report.style import CSS
from migrate.report.text import error_at_place
from migrate.report.totals import plural, traced
from migrate.syntax.source import Source

# The policy is a second line of defence: whatever slipped through the escaping could neither run nor load.
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
script-src 'sha256-{policy}'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>bn-migrate report</title>
<style>{style}</style>
</head>
<body>
<header><h1>bn-migrate report</h1>
{about}
<nav aria-label="Parts of the page">{links}</nav></header>
<main>
{parts}
</main>
<footer class="soft"><code>bn-migrate --explain CODE</code> gives the reason for a code.</footer>
<script>{script}</script>
</body>
</html>
"""
FEW_FILES = 20
LEVELS: dict[Level, str] = {"review": "to review", "warning": "warnings", "rewrite": "rewrites", "note": "notes"}
"""The levels of findings, what asks for a person first, and what a filter calls them."""
SIGNS = {"same": " ", "remove": "−", "add": "+"}


def render(report: Report, about: Mapping[str, str] | None = None) -> str:
    """The page; ``about``: what the run was, for its head."""
    links = ['<a href="#summary">Summary</a>', '<a href="#files">Files</a>']
    results = sorted(report.results, key=_urgency)
    parts = [_summary(report, results), _files(report, results)]
    if report.verification is not None and report.verification.proofs:
        links.insert(1, '<a href="#verification">Verification</a>')
        parts.insert(1, evidence.section(report.verification))
    if report.verification is not None and report.verification.networks:
        links.insert(-1, '<a href="#networks">Networks</a>')
        parts.insert(-1, network_page.section(report.verification.networks))
    run = "".join(f"<dt>{text(name)}</dt><dd>{text(value)}</dd>" for name, value in (about or {}).items())
    return PAGE.format(
        style=CSS,
        script=SCRIPT,
        policy=POLICY,
        about=f'<dl class="about">{run}</dl>' if run else "",
        links=" · ".join(links),
        parts="\n".join(parts),
    )


def _urgency(result: Result) -> int:
    """What a person has to look at comes first."""
    if result.error is not None or result.held or result.count("review"):
        return 0
    return 1 if any(level(f) == "warning" for f in result.findings) else 2


def _summary(report: Report, results: list[Result]) -> str:
    summary, found = report.summary, _levels(report)
    shown = {
        "files": summary.files,
        "changed": summary.changed,
        "rewrites": summary.rewrites,
        "to review": summary.reviews,
        "warnings": found["warning"],
        "notes": found["note"],
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
    return f'<section id="summary"><h2>Summary</h2>{counts}{verdict}{seen}{_attention(results)}</section>'


def _levels(report: Report) -> Counter[Level]:
    return Counter(level(f) for r in report.results for f in r.findings)


def _attention(results: list[Result]) -> str:
    """Links to the files that are left to a person."""
    items = [
        f'<li><a href="#file-{i}"><code>{text(result.path)}</code></a> {badges}</li>'
        for i, result in enumerate(results)
        if (badges := _urgent(result))
    ]
    if not items:
        return ""
    is_open = "" if len(items) > FEW_FILES else " open"
    head = f"<summary><h3>Needs attention</h3> ({plural(len(items), 'file')})</summary>"
    return f'<details{is_open}>{head}<ul class="plain">{"".join(items)}</ul></details>'


def _files(report: Report, results: list[Result]) -> str:
    silent = report.summary.files - len(results)
    parts = ['<section id="files"><h2>Files</h2>', *_filter(report)]
    if silent > 0:
        parts.append(f'<p class="soft">{plural(silent, "file")} without findings not listed.</p>')
    failures, alone = _failures(report), len(results) == 1
    for i, result in enumerate(results):
        is_open = alone or (i < FEW_FILES and _urgency(result) == 0)
        parts.append(_file(i, result, is_open, failures))
    return "\n".join([*parts, "</section>"])


def _filter(report: Report) -> Iterator[str]:
    """The form that filters the findings; only the script shows it, since it does nothing without."""
    found = _levels(report)
    if not found:
        return
    yield '<form id="filter" hidden aria-label="Filter the findings">'
    yield '<label>Path <input name="path" type="search" autocomplete="off" spellcheck="false"></label>'
    options = "".join(
        f'<option value="{text(code)}">{text(code)} {text(CODES[code].title)} ({n})</option>'
        for code, n in sorted(report.codes.items())
    )
    yield f'<label>Code <select name="code"><option value="">all</option>{options}</select></label>'
    for kind, name in LEVELS.items():
        if found[kind]:
            box = f'<input name="kind" type="checkbox" value="{kind}" checked>'
            yield f"<label>{box} {name} ({found[kind]})</label>"
    yield '<button type="reset">Show all</button>'
    yield '<button id="open" type="button">Open all</button><button id="fold" type="button">Fold all</button>'
    yield '<output id="shown" class="soft"></output></form>'


def _failures(report: Report) -> str:
    """The part of the page that says what failed."""
    calls = report.verification.proofs if report.verification is not None else ()
    return "networks" if all(p.passed for p in calls) else "failures"


def _file(index: int, result: Result, is_open: bool, failures: str) -> str:
    head = f"<h3><code>{text(result.path)}</code></h3> {_urgent(result)} {_counts(result)}"
    named = f'id="file-{index}" data-path="{text(result.path)}"'
    parts = [f'<details class="file" {named}{" open" if is_open else ""}><summary>{head}</summary>']
    if result.error is not None:
        cell = f"cell {result.error_cell}, " if result.error_cell else ""
        line = f"{cell}line {result.error_line}: " if result.error_line else ""
        parts.append(f'<p class="bad">✗ {line}{text(error_at_place(result))}</p>')
    if result.held:
        parts.append(f'<p class="bad">✗ Not written, since a <a href="#{failures}">proof failed</a>.</p>')
    if result.findings:
        parts += _code(result)
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
    found = Counter(level(f) for f in result.findings)
    kinds: tuple[Level, ...] = ("warning", "rewrite", "note")
    counted = ((kind, found[kind]) for kind in kinds)
    return " ".join(f'<span class="badge {kind}">{plural(n, kind)}</span>' for kind, n in counted if n)


def _code(result: Result) -> Iterator[str]:
    """The lines of a file that change or that findings are about, with the findings below them."""
    encoding = Source(result.before, result.path).encoding
    for part in result.parts:
        mine = [f for f in result.findings if f.cell == part.cell]
        if part.cell is not None and (mine or part.before != part.after):
            yield f"<h4>cell {part.cell}</h4>"
        for rows in excerpts(part, encoding, mine):
            yield f'<div class="excerpt">{"".join(map(_row, rows))}</div>'


def _row(row: Row) -> str:
    numbers = "".join(f'<span class="number">{n or ""}</span>' for n in (row.old, row.new))
    sign = f'<span class="sign">{SIGNS[row.kind]}</span>'
    line = f'<div class="line {row.kind}">{numbers}{sign}<code>{row.html}</code></div>'
    items = "".join(map(_finding, row.findings))
    return line + (f'<ul class="plain findings">{items}</ul>' if items else "")


def _finding(finding: Finding) -> str:
    cell = f"cell {finding.cell}:" if finding.cell else ""
    place = f"<code>{cell}{finding.line}:{finding.column}</code>"
    code = f"<strong>{text(finding.code)}</strong>"
    shown = level(finding)
    kind = f'<span class="badge {shown}">{text(shown)}</span>'
    said = f"<p>{place} {code} {kind} {text(finding.message)}</p>"
    head = f'<li class="finding {shown}" data-code="{text(finding.code)}" data-level="{shown}">'
    return f"{head}{said}{_suggestion(finding)}{_way(finding)}</li>"


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
