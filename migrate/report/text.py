"""The report for people: what changed in each file, what needs review and where, and the totals."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import IO, Literal

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from migrate.codes import CODES, level
from migrate.findings import Finding, Level, Report, Result, spot
from migrate.report.statistics import lines
from migrate.report.totals import plural, totals, traced
from migrate.syntax.source import LINE_END

STYLES: dict[Level, str] = {"rewrite": "green", "review": "yellow", "warning": "magenta", "note": "cyan"}
SHOWN: tuple[Level, ...] = ("review", "warning")
"""What is listed without ``--verbose``."""
COUNTS = {
    "changed": (r"\d+ files? (would be )?rewritten", "bold"),
    "errors": (r"\d+ not processed", "bold red"),
    "rewrites": (r"\d+ rewrites?", "green"),
    "reviews": (r"\d+ places? to review", "bold yellow"),
    "notes": (r"\d+ warnings?", "magenta"),
}
"""How the totals show what there is any of."""
WIDTH = 132
"""Columns of a table where no terminal says how many there are."""
INDENT = 6
"""Columns before the second line of a message."""
LEAST = 20
"""Columns that are taken whatever a terminal says."""
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


def show(report: Report, out: Console, err: Console, *, verbose: bool, writes: bool, statistics: bool) -> None:
    """Print the whole report; ``statistics``: how often each code was found, in the place of the findings."""
    for result in report.results:
        show_error(result, err)
        if not statistics:
            show_file(result, out, verbose)
    for line, kind in lines(report.codes) if statistics else ():
        out.print(Text(line, STYLES[kind]))
    hint = "" if verbose or statistics else ": -v shows them"
    for sentence in _sentences(_totals(report, writes, hint), out):
        out.print(sentence)
    for line in traced(report.traced) if report.traced is not None else ():
        print_wrapped(Text(line), out)


def _totals(report: Report, writes: bool, hint: str) -> Text:
    summary, warnings = report.summary, sum(n for code, n in report.codes.items() if CODES[code].warns)
    text = Text(totals(summary, writes=writes, warnings=warnings, hint=hint))
    for name, (words, style) in COUNTS.items():
        if getattr(summary, name):
            text.highlight_regex(words, style)
    return text


def _sentences(text: Text, out: Console) -> Iterable[Text]:
    """The text as one line, or a line a sentence where a terminal is too narrow for it."""
    end = text.plain.find(". ") + 1
    return text.divide([end, end + 1])[::2] if out.file.isatty() and text.cell_len > out.width else [text]


def show_file(result: Result, out: Console, verbose: bool) -> None:
    """Print what became of one file, and what needs review in it."""
    shown = [f for f in result.findings if verbose or level(f) in SHOWN]
    rewritten = [f for f in result.findings if f.kind == "rewrite"]
    if rewritten or shown:
        held = Text(", held back: a proof failed", style="bold red") if result.held else ""
        print_wrapped(Text.assemble((result.path, "bold"), f": {_what_changed(result, rewritten)}", held), out)
    parts = result.parts if shown else ()
    texts = {part.cell: LINE_END.split(part.before.decode("utf-8-sig", errors="replace")) for part in parts}
    for finding in shown:
        _show_finding(finding, texts[finding.cell], result.path, out)


def show_error(result: Result, err: Console) -> None:
    """Print why a file could not be processed, where that is so."""
    if result.error is not None:
        place = (place_of_error(result), "bold")
        print_wrapped(Text.assemble(place, ": ", ("error", "bold red"), f" {error_at_place(result)}"), err)


def error_at_place(result: Result) -> str:
    """Why a file could not be processed, without the line and cell that its place names."""
    return re.sub(r" \((cell \d+, )?line \d+\)$", "", result.error or "")


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
    style = STYLES[level(f)]
    place = (spot(path, f.cell, f.line, f.column), "bold")
    print_wrapped(Text.assemble("  ", place, " ", (f"{f.code} {level(f)}", style), f" {f.message}"), out)
    if not 0 < f.line <= len(source_lines):
        return
    source = source_lines[f.line - 1]
    shown, start, end = _window(source, f, out)
    margin = "".join(c if c == "\t" else " " * cell_len(c) for c in shown[:start])
    out.print(Text(f"    {shown}"))
    out.print(Text(f"    {margin}{'^' * max(1, cell_len(shown[start:end]))}", style=style))
    if f.kind == "rewrite" and f.after != f.before:
        out.print(Text(f"    {margin}{f.after or '(removed)'}", style="green"))
    for i, line in enumerate(suggested(f, source)):
        out.print(Text.assemble(f"    {'write: ' if i == 0 else '       '}", (line, "green")))


def print_wrapped(message: Text, out: Console) -> None:
    """Print a message, on a terminal wrapped at its width."""
    if not out.file.isatty():
        out.print(message)
        return
    for i, line in enumerate(message.wrap(out, max(out.width - INDENT, LEAST), overflow="fold")):
        line.rstrip()
        out.print(Text(" " * (INDENT if i else 0)).append_text(line))


def _window(source: str, f: Finding, out: Console) -> tuple[str, int, int]:
    """The part of a line that a terminal can show, and where what the finding marks starts and ends in it."""
    start, end = f.column - 1, f.end_column - 1 if f.end_line == f.line else len(source)
    room = max(out.width - len("    "), LEAST)
    if not out.file.isatty() or cell_len(source) <= room:
        return source, start, end
    left = max(0, min(start - room // 4, len(source) - room))
    right = left + room - 1
    before, after = "…" * (left > 0), "…" * (right < len(source))
    shown = before + source[left + len(before) : right] + after
    return shown, start - left, min(end - left, len(shown))


def suggested(finding: Finding, source: str) -> list[str]:
    """The lines of a suggestion without the indentation that they share with ``source``, the line of the place."""
    indent = source[: len(source) - len(source.lstrip())]
    first, *more = LINE_END.split(finding.suggestion)
    return [first, *(line.removeprefix(indent) for line in more)] if finding.suggestion else []
