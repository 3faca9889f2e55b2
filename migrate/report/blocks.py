"""Which lines of a file became which: what a page and questions show of a change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from migrate.findings import Finding
from migrate.syntax.source import LINE_END

MANY_LINES = 1000


@dataclass(frozen=True, slots=True)
class Block:
    """Lines ``first`` to ``end``, exclusive and from 0, that become ``new_first`` to ``new_end``."""

    first: int
    end: int
    new_first: int
    new_end: int

    def belongs(self, finding: Finding) -> bool:
        """Whether the finding is about these lines, or about the line that they are added behind."""
        if self.first == self.end:
            return finding.line <= self.first <= finding.end_line
        return finding.line <= self.end and self.first < finding.end_line


def lines_of(text: str) -> list[str]:
    """Lines with their ends, counted as findings count them."""
    ends = [0, *(m.end() for m in LINE_END.finditer(text)), len(text)]
    return [text[a:b] for a, b in pairwise(ends) if a < b]


def blocks(before: list[str], after: list[str]) -> Iterator[Block]:
    """The lines that differ, one by one where a line becomes another."""
    is_long = len(before) > MANY_LINES  # comparing each line with all that equal it takes seconds there
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=is_long).get_opcodes():
        if tag == "replace" and i2 - i1 == j2 - j1:
            yield from (Block(i1 + n, i1 + n + 1, j1 + n, j1 + n + 1) for n in range(i2 - i1))
        elif tag != "equal":
            yield Block(i1, i2, j1, j2)
