"""Python in colours, a line at a time, with the places that findings are about marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pygments.lexers import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, String, _TokenType

from migrate.report.markup import text

KINDS = {Comment: "c", Keyword: "k", Number: "m", String: "s", Name.Decorator: "d", Name.Function: "f", Name.Class: "f"}


class Mark(NamedTuple):
    """Columns ``start`` to ``end`` of a line, exclusive and from 0, and the class of the element around them."""

    start: int
    end: int
    kind: str


Line = list[tuple[str, str]]
"""Pieces of a line: the class of each and its text."""


def coloured(lines: Iterable[str]) -> list[Line]:
    """The pieces of each line; line ends are left out."""
    bare = [line.rstrip("\r\n") for line in lines]
    found: list[Line] = [[]]
    for kind, value in PythonLexer(stripnl=False, ensurenl=False).get_tokens("\n".join(bare)):
        for number, piece in enumerate(value.split("\n")):
            if number:
                found.append([])
            if piece:
                found[-1].append((_class(kind), piece))
    # What the lexer takes for another kind of line end must not move all that follows.
    same = len(found) == len(bare) and all("".join(p for _, p in f) == b for f, b in zip(found, bare, strict=True))
    return found if same else [[("", line)] for line in bare]


def _class(kind: _TokenType) -> str:
    return next((name for start, name in KINDS.items() if kind in start), "")


def rendered(line: Line, marks: Iterable[Mark] = ()) -> str:
    """The line as HTML, its marks around the pieces inside them."""
    cuts = {at for mark in marks for at in (mark.start, mark.end)}
    starts = {mark.start: mark for mark in marks}
    ends = {mark.end for mark in marks}
    parts: list[str] = []
    open_mark = False
    for at, kind, piece in _cut(line, cuts):
        if open_mark and at in ends:
            parts.append("</mark>")
            open_mark = False
        if at in starts:
            parts.append(f'<mark class="{starts[at].kind}">')
            open_mark = True
        parts.append(f'<span class="{kind}">{text(piece)}</span>' if kind else text(piece))
    return "".join([*parts, "</mark>" * open_mark])


def _cut(line: Line, cuts: set[int]) -> Iterator[tuple[int, str, str]]:
    """The pieces of a line with where each starts, cut at columns."""
    at = 0
    for kind, piece in line:
        inner = sorted(cut - at for cut in cuts if at < cut < at + len(piece))
        for start, end in zip([0, *inner], [*inner, len(piece)], strict=True):
            yield at + start, kind, piece[start:end]
        at += len(piece)
