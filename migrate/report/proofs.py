"""The proofs of a run for people: a table of calls, what a failure looks like, and the totals."""

from __future__ import annotations

from collections.abc import Mapping

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from migrate.proofs import Measure, Proof, Verification
from migrate.report.failures import failure, worst_case
from migrate.report.totals import plural

COLUMNS = {
    "train": "train",
    "eval": "eval",
    "moving_mean": "mean",
    "moving_variance": "var",
    "grad_input": "dx",
    "grad_gamma": "dgamma",
    "grad_beta": "dbeta",
}
"""The measures that have a column; the others are exact, and named where they fail."""
SITES = 3


def show(verification: Verification, out: Console, *, verbose: bool) -> None:
    """Print the table, the failures with the script that shows each, and the totals."""
    if verification.recorded:
        out.print(Text(f"{plural(verification.recorded, 'execution')} of torch recorded, nothing proved or written."))
        return
    if verification.proofs:
        out.print(_table(verification, verbose), soft_wrap=False)
    for proof in verification.proofs:
        _show_first_call(proof, out)
    for proof in verification.proofs:
        if not proof.passed:
            _show_failure(proof, out)
    for path in sorted(verification.failed_paths):
        out.print(Text.assemble((path, "bold"), ": ", ("not migrated", "bold red"), ", since a proof failed"))
    out.print(totals(verification))


def totals(verification: Verification) -> Text:
    """The last line: how many calls and cases, and where they ran."""
    proved = sum(proof.passed for proof in verification.proofs)
    calls = len(verification.proofs)
    cases = verification.count(passed=True) + verification.count(passed=False)
    versions = [f"{name} {version}" for name, version in sorted(verification.environment.items())]
    style = "bold green" if proved == calls else "bold red"
    said = f"{proved} of {plural(calls, 'distinct call')} proved" if calls else "No rewritten call to prove"
    ran = f" in {plural(cases, 'case')}, {verification.seconds:.1f} s ({', '.join(versions)})." if calls else "."
    return Text.assemble((said, style), ran)


def _table(verification: Verification, verbose: bool) -> Table:
    """A row for every call, and with ``verbose`` one for each of its cases."""
    title = "Largest difference between torch and MindSpore, as a part of what rounding allows"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    table.add_column("call", overflow="fold")
    table.add_column("sites", justify="right", no_wrap=True)
    table.add_column("cases", justify="right", no_wrap=True)
    for column in COLUMNS.values():
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for proof in verification.proofs:
        counts = (str(len(proof.sites)), str(len(proof.cases)))
        table.add_row(_call(proof), *counts, *_ratios(proof.worst), _verdict(proof.passed))
        for case in proof.cases if verbose else ():
            table.add_row(
                Text(f"  {case.bound_names or 'as written'}"), "", "", *_ratios(case.measures), _verdict(case.passed)
            )
    return table


def _call(proof: Proof) -> Text:
    call = Text(" ".join(proof.before.split()))
    if proof.after != proof.before:
        call.append(f"\n→ {' '.join(proof.after.split())}", style="green" if proof.passed else "red")
    shown = ", ".join(str(site) for site in proof.sites[:SITES])
    more = len(proof.sites) - SITES
    return call.append(f"\n{shown}{f' and {more} more' if more > 0 else ''}", style="dim")


def _ratios(measures: Mapping[str, Measure]) -> list[str]:
    return [_ratio(measures[name].ratio) if name in measures else "" for name in COLUMNS]


def _ratio(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 1000 else f"{ratio:.0e}"


def _verdict(passed: bool) -> Text:
    return Text("proved", style="green") if passed else Text("FAILED", style="bold red")


def _show_first_call(proof: Proof, out: Console) -> None:
    """Where the source calls a layer as it made it: that both start in the same mode."""
    shown = next((case.first_call for case in proof.cases if case.first_call is not None), None)
    if shown is None:
        return
    ours, theirs = (" ".join(f"{v:g}" for v in map(_rounded, values)) for values in shown)
    text = f"called as it was made, on 1 and 2: torch gives {ours}, MindSpore {theirs}"
    out.print(Text.assemble((str(proof.sites[0]), "bold"), f": {text}"))


def _rounded(value: float) -> float:
    return round(value, 3)


def _show_failure(proof: Proof, out: Console) -> None:
    case = worst_case(proof)
    out.print(
        Text.assemble((str(proof.sites[0]), "bold"), ": ", ("BN907 proof failed", "bold red"), f": {failure(proof)}")
    )
    out.print(Text(f"    torch      {' '.join(proof.before.split())}"))
    out.print(Text(f"    MindSpore  {' '.join(proof.after.split())}"))
    if case.snippet:
        out.print(Text("  To see it, run:"))
        for line in case.snippet.splitlines():
            out.print(Text(f"    {line}"))
