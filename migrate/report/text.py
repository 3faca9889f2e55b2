"""The summary for people: what changed in each file, what needs review and where, and the totals."""

from __future__ import annotations

from collections import Counter
from typing import IO, Literal

from rich.console import Console
from rich.text import Text

from migrate.findings import Finding, Report, Result, spot
from migrate.report.statistics import lines
from migrate.report.totals import plural, totals, traced
from migrate.syntax.source import LINE_END

STYLES = {"rewrite": "green", "review": "yellow", "note": "cyan"}
WIDTH = 132
"""Columns of a table where no terminal says how many there are."""
WORDS = {
    "call": "call",
    "partial": "partial",
    "reference": "reference",
    "base": "base class",
    "isinstance": "class test",
    "default": "default",
    "annotation": "annotation",
    "attribute": "attribute",
    "method": "method",
    "import": "import",
    "functional": "function",
    "string": "string",
    "other": "place",
}


class _Reported(Console):
    """Leaves it to the program to end where nobody reads; rich would exit with 1, which means something else here."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console(stream: IO[str], no_color: bool) -> Console:
    """A console that neither wraps nor interprets what it prints, coloured on a terminal alone."""
    system: Literal["auto"] | None = None if no_color else "auto"
    width = None if stream.isatty() else WIDTH
    return _Reported(
        file=stream, color_system=system, width=width, highlight=False, markup=False, emoji=False, soft_wrap=True
    )


def show(report: Report, out: Console, *, verbose: bool, writes: bool, statistics: bool) -> None:
    """Print the whole report; ``statistics``: how often each code was found, in the place of the findings."""
    for result in report.results:
        if statistics:
            show_error(result, out)
        else:
            show_file(result, out, verbose)
    for line in lines(report.codes) if statistics else ():
        out.print(Text(line))
    out.print(Text(totals(report.summary, writes=writes)))
    for line in traced(report.traced) if report.traced is not None else ():
        out.print(Text(line))


def show_file(result: Result, out: Console, verbose: bool) -> None:
    """Print what became of one file, and what needs review in it."""
    show_error(result, out)
    shown = [f for f in result.findings if verbose or f.kind == "review"]
    rewritten = [f for f in result.findings if f.kind == "rewrite"]
    if rewritten or shown:
        held = Text(", held back: a proof failed", style="bold red") if result.held else ""
        out.print(Text.assemble((result.path, "bold"), f": {_what_changed(result, rewritten)}", held))
    parts = result.parts if shown else ()
    texts = {part.cell: LINE_END.split(part.before.decode("utf-8-sig", errors="replace")) for part in parts}
    for finding in shown:
        _show_finding(finding, texts[finding.cell], result.path, out)


def show_error(result: Result, out: Console) -> None:
    """Print why a file could not be processed, where that is so."""
    if result.error is not None:
        out.print(Text.assemble((place_of_error(result), "bold"), ": ", ("error", "bold red"), f" {result.error}"))


def place_of_error(result: Result) -> str:
    """The file, with cell and line where one is to blame."""
    return spot(result.path, result.error_cell, *([result.error_line] if result.error_line else []))


def _what_changed(result: Result, findings: list[Finding]) -> str:
    """What was rewritten, as far as the findings that are reported tell."""
    if not findings:
        return "rewritten" if result.differs else "nothing rewritten"
    counts = Counter(WORDS[f.role] for f in findings)
    return ", ".join(plural(n, word) for word, n in counts.items()) + " rewritten"


def _show_finding(f: Finding, source_lines: list[str], path: str, out: Console) -> None:
    head = Text.assemble(
        "  ", (spot(path, f.cell, f.line, f.column), "bold"), " ", (f"{f.code} {f.kind}", STYLES[f.kind])
    )
    out.print(Text.assemble(head, f" {f.message}"))
    if not 0 < f.line <= len(source_lines):
        return
    source = source_lines[f.line - 1]
    end = f.end_column if f.end_line == f.line else len(source) + 1
    margin = "".join(c if c == "\t" else " " for c in source[: f.column - 1])
    out.print(Text(f"    {source}"))
    out.print(Text(f"    {margin}{'^' * max(1, end - f.column)}", style=STYLES[f.kind]))
    if f.kind == "rewrite" and f.after != f.before:
        out.print(Text(f"    {margin}{f.after or '(removed)'}", style="green"))
    for i, line in enumerate(suggested(f, source)):
        out.print(Text.assemble(f"    {'write: ' if i == 0 else '       '}", (line, "green")))


def suggested(finding: Finding, source: str) -> list[str]:
    """The lines of a suggestion without the indentation that they share with ``source``, the line of the place."""
    indent = source[: len(source) - len(source.lstrip())]
    first, *more = LINE_END.split(finding.suggestion)
    return [first, *(line.removeprefix(indent) for line in more)] if finding.suggestion else []
