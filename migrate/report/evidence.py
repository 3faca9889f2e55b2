"""The verification as a part of the HTML report: verdict, failures, every call, the plot."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from migrate.proofs import MEASURES, Case, Measure, Proof, Verification
from migrate.report.failures import worst_case
from migrate.report.markup import number, text
from migrate.report.plot import comparisons, plot
from migrate.report.totals import plural

VERSIONS = ("torch", "mindspore", "numpy", "device", "mode")
FEW_SITES = 3
FEW_ROWS = 30
FEW_FAILURES = 10
MEASURED = "measured"
"""The id of what is said of the table of all calls."""
EXPLAINED = {
    "reference": "torch against the formula in double precision; where this fails, the bounds mean nothing",
    "initial": "the tensors of the new layer; they have to be equal",
    "trainable": "the number of tensors that only one framework trains; none may be",
    "first_call": "the output of the layer as it was made, where the source calls it so",
    "train": "the output in training mode",
    "moving_mean": "the mean kept by the layer after training",
    "moving_variance": "the variance kept by the layer after training",
    "eval": "the output in evaluation mode",
    "grad_input": "the gradient of the input",
    "grad_gamma": "the gradient of the scale",
    "grad_beta": "the gradient of the shift",
}
PASSED = '<span class="good">✓ proved</span>'
FAILED = '<span class="bad">✗ failed</span>'


def section(verification: Verification) -> str:
    """The proofs of a run, the failed ones first."""
    parts = [*_failures(verification), *_plot(verification), *_calls(verification), _glossary()]
    return "\n".join(['<section id="verification"><h2>Verification</h2>', *parts, "</section>"])


def verdict(verification: Verification) -> str:
    """One sentence: what was proved, or why nothing was."""
    if verification.recorded:
        said = f"{plural(verification.recorded, 'execution')} of torch recorded; nothing was proved or written."
        return f'<p class="verdict soft">{said}</p>'
    judged = {
        "distinct call": [p.passed for p in verification.proofs],
        "network": [n.passed for n in verification.networks],
    }
    failed = [f"{v.count(False)} of {plural(len(v), what)}" for what, v in judged.items() if False in v]
    if failed:
        files = plural(len(verification.failed_paths), "file")
        return f'<p class="verdict bad">✗ {" and ".join(failed)} failed; {files} not written.</p>'
    proved = [plural(len(v), what) for what, v in judged.items() if v]
    if not proved:
        return '<p class="verdict soft">There was no rewritten call to prove.</p>'
    return f'<p class="verdict good">✓ {" and ".join(proved)} proved.</p>'


def environment(verification: Verification) -> str:
    """Versions, device and mode, and how many cases passed."""
    found = verification.environment
    names = [*(n for n in VERSIONS if n in found), *(n for n in found if n not in VERSIONS)]
    shown = {name: found[name] for name in names}
    if verification.proofs:
        shown |= {"cases passed": str(verification.count(True)), "cases failed": str(verification.count(False))}
    return tiles({**shown, "time": f"{verification.seconds:.1f} s"})


def tiles(shown: dict[str, str]) -> str:
    """Names and values, side by side."""
    items = "".join(f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>" for name, value in shown.items())
    return f'<dl class="tiles">{items}</dl>'


def _failures(verification: Verification) -> Iterator[str]:
    failed = [p for p in verification.proofs if not p.passed]
    if failed:
        yield '<section id="failures"><h3>Failures</h3>'
        yield from (_failure(proof, i < FEW_FAILURES) for i, proof in enumerate(failed))
        yield "</section>"


def _failure(proof: Proof, is_open: bool) -> str:
    """A failed call; of its cases the one that says most may be open."""
    cases = [c for c in proof.cases if not c.passed]
    first = worst_case(proof)
    shown = "\n".join(_failed_case(case, is_open and case is first) for case in cases)
    head = f"<h4>{_pair(proof)}</h4>\n<p>at {_sites(proof)}</p>"
    return f"<article>{head}\n{shown}\n</article>"


def _failed_case(case: Case, is_open: bool) -> str:
    given = f"with <code>{text(case.bound_names)}</code>" if case.bindings else "as written"
    parts = [f'<details class="case"{" open" if is_open else ""}><summary>{given}: {_reason(case)}</summary>']
    if case.error is not None:
        parts.append(f"<pre><code>{text(case.error)}</code></pre>")
    if case.failures:
        parts.append(_excess(case))
    if case.first_call is not None and "first_call" in case.failures:
        ours, theirs = (" ".join(map(number, values)) for values in case.first_call)
        parts.append(f"<p>Called as it was made, on 1 and 2, torch gives {ours}, MindSpore {theirs}.</p>")
    if case.snippet:
        parts.append('<p>To see it, run this (one click selects all of it):</p><pre class="snippet" tabindex="0">')
        parts.append(f"<code>{text(case.snippet)}</code></pre>")
    return "".join([*parts, "</details>"])


def _reason(case: Case) -> str:
    if case.error is not None:
        return '<span class="bad">an error ended it</span>'
    name = case.failures[0]
    others = len(case.failures) - 1
    more = f", and {others} more failed" if others else ""
    how = f"{number(case.measures[name].ratio)} times its bound"
    return f'<span class="bad">{text(name)} is {how}{more}</span>'


def _excess(case: Case) -> str:
    """By how much each failed measure exceeds its bound."""
    rows = []
    for name in case.failures:
        m = case.measures[name]
        cells = "".join(f'<td class="number">{number(v)}</td>' for v in (m.max_abs, m.bound, m.ratio))
        rows.append(f'<tr><th scope="row">{text(name)}</th>{cells}</tr>')
    names = ("measure", "largest difference", "bound", "difference / bound")
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def _plot(verification: Verification) -> Iterator[str]:
    found = comparisons(verification.proofs)
    if not found:
        return
    broken = sum(case.error is not None for proof in verification.proofs for case in proof.cases)
    missing = f" {plural(broken, 'case')} ended in an error and so without a mark." if broken else ""
    yield '<h3>Error against bound</h3><figure><div class="scroll" tabindex="0" role="region" aria-label="Plot">'
    yield plot(found)
    yield f"""</div><figcaption class="soft">A mark for each case and measure, {len(found)} in all; it is named when
pointed at. Marks at the same place are drawn once. On the lines at 0 there is no error, or none is allowed.{missing}
</figcaption></figure>"""


def _calls(verification: Verification) -> Iterator[str]:
    """The table of all calls, folded where it is long."""
    proofs = verification.proofs
    measured = {name for p in proofs for name in p.worst}
    names = [name for name in MEASURES if name in measured]
    columns = ["call", "verdict", "places", "cases", *names]
    head = "".join(f'<th scope="col">{name.replace("_", "_<wbr>")}</th>' for name in columns)
    is_open = "" if len(proofs) > FEW_ROWS else " open"
    yield f"<details{is_open}><summary><h3>Every call</h3> ({len(proofs)})</summary>"
    yield f'<p class="soft" id="{MEASURED}">For each measure the largest difference as a part of its bound: '
    yield "up to 1 passes.</p>"
    yield '<div class="scroll" tabindex="0" role="region" aria-label="Every call">'
    yield f'<table aria-describedby="{MEASURED}">'
    yield f"<thead><tr>{head}</tr></thead><tbody>"
    yield from (_row(p, names) for p in proofs)
    yield "</tbody></table></div></details>"


def _row(proof: Proof, names: list[str]) -> str:
    worst = proof.worst
    cells = "".join(_ratio(worst.get(name)) for name in names)
    call = f'<th scope="row" class="call">{_pair(proof)}<div class="soft">{_sites(proof)}</div></th>'
    verdict = f'<td class="verdict">{PASSED if proof.passed else FAILED}</td>'
    counts = "".join(f'<td class="number">{n}</td>' for n in (len(proof.sites), len(proof.cases)))
    return f"<tr>{call}{verdict}{counts}{cells}</tr>"


def _ratio(measure: Measure | None) -> str:
    if measure is None:
        return '<td class="number">–</td>'
    detail = f' title="difference {number(measure.max_abs)}, bound {number(measure.bound)}"'
    if measure.passed:
        return f'<td class="number"{detail}>{number(measure.ratio)}</td>'
    return f'<td class="number bad"{detail}>✗ {number(measure.ratio)}</td>'


def _pair(proof: Proof) -> str:
    before, after = _outdented(proof.before), _outdented(proof.after)
    return f"<code>{before}</code>" + (f" → <code>{after}</code>" if after != before else "")


def _outdented(code: str) -> str:
    """Code whose later lines stand as far left as its first one."""
    first, newline, rest = code.partition("\n")
    return text(f"{first}{newline}{textwrap.dedent(rest)}")


def _sites(proof: Proof) -> str:
    places = [f"<code>{text(site)}</code>" for site in proof.sites]
    if len(places) <= FEW_SITES:
        return ", ".join(places)
    return f"<details><summary>{len(places)} places</summary>{', '.join(places)}</details>"


def _glossary() -> str:
    items = "".join(f"<dt>{name}</dt><dd>{EXPLAINED[name]}</dd>" for name in MEASURES)
    return f"<details><summary>What is measured</summary><dl>{items}</dl></details>"
