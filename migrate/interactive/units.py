"""What a person is asked about: the changes of a file, each with the lines that it is made of, and suggestions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from migrate.choices import Spot
from migrate.findings import Finding, Part, Result
from migrate.report.blocks import Block, blocks, lines_of
from migrate.syntax.source import Source

CONTEXT = 3
"""Lines above and below a change that are shown with it."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A change, which is what rewrites on the same lines make of them, or the suggestion of one review.

    ``before`` and ``after`` are the lines from ``first`` on, with their ends; ``above`` and ``below`` are around them.
    """

    path: str
    cell: int | None
    findings: tuple[Finding, ...]
    first: int
    before: tuple[str, ...]
    after: tuple[str, ...]
    above: tuple[str, ...]
    below: tuple[str, ...]

    @property
    def is_suggestion(self) -> bool:
        return self.findings[0].kind == "review"

    @property
    def spots(self) -> frozenset[Spot]:
        return frozenset((self.path, f.cell, f.line, f.column, f.code) for f in self.findings)

    @property
    def lines(self) -> Iterator[int]:
        """The lines of the findings, which are those that are left where the change is."""
        for f in self.findings:
            yield from range(f.line, f.end_line + 1)

    @property
    def hunk(self) -> Iterator[str]:
        """The change as a hunk of a diff, without line ends."""
        start, around = self.first - len(self.above), len(self.above) + len(self.below)
        yield f"@@ -{start},{len(self.before) + around} +{start},{len(self.after) + around} @@"
        for mark, lines in ((" ", self.above), ("-", self.before), ("+", self.after), (" ", self.below)):
            yield from (mark + line.rstrip("\r\n") for line in lines)


def units(result: Result) -> list[Unit]:
    """The units of a file in the order of its lines. Imports that come and go with others are in none of them."""
    if result.error is not None or not result.findings:
        return []
    encoding = Source(result.before, result.path).encoding
    found = [unit for part in result.parts for unit in _of_part(result, part, encoding)]
    return sorted(found, key=lambda unit: (unit.cell or 0, unit.first, unit.is_suggestion))


def _of_part(result: Result, part: Part, encoding: str) -> Iterator[Unit]:
    before, after = (lines_of(data.decode(encoding, "replace")) for data in (part.before, part.after))
    mine = [f for f in result.findings if f.cell == part.cell]
    rewrites = [f for f in mine if f.kind == "rewrite"]
    for changed, findings in _connected(list(blocks(before, after)), rewrites):
        yield _change(result.path, part.cell, findings, changed, before, after)
    for f in mine:
        if f.kind == "review" and f.suggestion:
            yield _suggestion(result.path, f, before)


def _connected(blocks: list[Block], rewrites: list[Finding]) -> Iterator[tuple[list[Block], list[Finding]]]:
    """Blocks that have rewrites in common, with these; what has no rewrite of its own follows from others."""
    groups: list[tuple[list[Block], list[Finding]]] = []
    for block in blocks:
        own = [f for f in rewrites if block.belongs(f)]
        joined = [g for g in groups if any(f in g[1] for f in own)]
        groups = [g for g in groups if g not in joined]
        together = [b for g in joined for b in g[0]], [f for g in joined for f in g[1]]
        if own:
            groups.append(([*together[0], block], [*together[1], *(f for f in own if f not in together[1])]))
    yield from groups


def _change(
    path: str, cell: int | None, findings: Iterable[Finding], blocks: list[Block], before: list[str], after: list[str]
) -> Unit:
    ordered = tuple(sorted(findings, key=lambda f: f.place))
    first, last = min(blocks, key=lambda b: b.first), max(blocks, key=lambda b: (b.end, b.new_end))
    start, end = min(first.first, ordered[0].line - 1), max(last.end, *(f.end_line for f in ordered))
    new = after[first.new_first - (first.first - start) : last.new_end + (end - last.end)]
    return _unit(path, cell, ordered, before, start, end, new)


def _suggestion(path: str, finding: Finding, before: list[str]) -> Unit:
    start, end = finding.line - 1, finding.end_line
    head, tail = before[start][: finding.column - 1], before[end - 1][finding.end_column - 1 :]
    return _unit(path, finding.cell, (finding,), before, start, end, lines_of(head + finding.suggestion + tail))


def _unit(
    path: str, cell: int | None, findings: tuple[Finding, ...], before: list[str], start: int, end: int, new: list[str]
) -> Unit:
    above, below = before[max(0, start - CONTEXT) : start], before[end : end + CONTEXT]
    return Unit(path, cell, findings, start + 1, tuple(before[start:end]), tuple(new), tuple(above), tuple(below))
