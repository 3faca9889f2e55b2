"""The lines of a file that a page shows: what changes and what findings are about, each once, with the findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from migrate.codes import level
from migrate.findings import Finding, Part
from migrate.report.blocks import Block, blocks, lines_of
from migrate.report.highlight import Line, Mark, coloured, rendered

CONTEXT = 3
"""Lines above and below what is shown for itself."""


@dataclass(slots=True)
class Row:
    """A line: ``old`` and ``new`` are its numbers before and after, and ``findings`` stand below it."""

    kind: str
    old: int | None
    new: int | None
    html: str
    findings: list[Finding]


def excerpts(part: Part, encoding: str, findings: Iterable[Finding]) -> list[list[Row]]:
    """The rows to show, in pieces that are apart in the file."""
    before, after = (lines_of(data.decode(encoding, "backslashreplace")) for data in (part.before, part.after))
    found = list(findings)
    rows = list(_rows(before, after, found))
    if not rows:
        return []
    _place(rows, found)
    shown = {i for i, row in enumerate(rows) if row.kind != "same" or row.findings or _is_about(row, found)}
    around = sorted({j for i in shown for j in range(max(0, i - CONTEXT), min(len(rows), i + CONTEXT + 1))})
    pieces: list[list[Row]] = []
    for number, i in enumerate(around):
        if not number or around[number - 1] != i - 1:
            pieces.append([])
        pieces[-1].append(rows[i])
    return pieces


def _rows(before: list[str], after: list[str], findings: list[Finding]) -> Iterator[Row]:
    """All lines of a file, those that go above those that come in their place."""
    old, new = coloured(before), coloured(after)
    at = new_at = 0
    for block in [*blocks(before, after), Block(len(before), len(before), len(after), len(after))]:
        for i in range(block.first - at):
            yield _old("same", at + i, new_at + i + 1, old, findings)
        yield from (_old("remove", i, None, old, findings) for i in range(block.first, block.end))
        yield from (Row("add", None, i + 1, rendered(new[i]), []) for i in range(block.new_first, block.new_end))
        at, new_at = block.end, block.new_end


def _old(kind: str, i: int, new: int | None, lines: list[Line], findings: list[Finding]) -> Row:
    return Row(kind, i + 1, new, rendered(lines[i], _marks(i + 1, lines[i], findings)), [])


def _marks(number: int, line: Line, findings: list[Finding]) -> list[Mark]:
    """The places of a line that need a person, none inside another."""
    marks: list[Mark] = []
    length = sum(len(piece) for _, piece in line)
    for f in findings:
        if level(f) in ("review", "warning") and f.line <= number <= f.end_line:
            start = f.column - 1 if f.line == number else 0
            end = f.end_column - 1 if f.end_line == number else length
            if start < end and all(end <= m.start or m.end <= start for m in marks):
                marks.append(Mark(start, end, level(f)))
    return marks


def _place(rows: list[Row], findings: list[Finding]) -> None:
    """Put each finding below the last line that it is about, or below what comes in its place."""
    last = {row.old: i for i, row in enumerate(rows) if row.old is not None}
    for f in findings:
        i = last.get(f.end_line, len(rows) - 1)
        while rows[i].kind == "remove" and i + 1 < len(rows) and rows[i + 1].kind == "remove":
            i += 1
        while (rows[i].kind != "same" or f.kind == "rewrite") and i + 1 < len(rows) and rows[i + 1].kind == "add":
            i += 1
        rows[i].findings.append(f)


def _is_about(row: Row, findings: list[Finding]) -> bool:
    return row.old is not None and any(f.line <= row.old <= f.end_line for f in findings)
