"""The comments of a file, and its logical lines: statements or their headers, with decorators, however many lines."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from migrate.syntax.source import Source, Span

BLANK = (tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER)


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment. ``alone``: nothing but the comment is on its line, which is inside no statement."""

    span: Span
    line: int
    text: str
    alone: bool


@dataclass(frozen=True, slots=True)
class Logical:
    """A logical line with its decorators, each a part of its own; a new line above ``first`` is above all of it."""

    first: int
    last: int
    parts: tuple[Span, ...]


def comments(source: Source) -> Iterator[Comment]:
    """The comments of a file."""
    inside = False
    for token in _tokens(source):
        if token.type == tokenize.COMMENT:
            alone = not inside and not source.line_text(token.start[0])[: token.start[1]].strip()
            yield Comment(_span(source, token, token), token.start[0], token.string, alone)
        elif token.type == tokenize.NEWLINE:
            inside = False
        elif token.type not in BLANK:
            inside = True


def logical_lines(source: Source) -> Iterator[Logical]:
    """The logical lines of a file; a decorator is part of the one that it decorates."""
    first: tokenize.TokenInfo | None = None
    last = first
    parts: list[tuple[tokenize.TokenInfo, tokenize.TokenInfo]] = []
    for token in _tokens(source):
        if token.type == tokenize.NEWLINE and first is not None and last is not None:
            parts.append((first, last))
            if first.string != "@":
                spans = tuple(_span(source, *part) for part in parts)
                yield Logical(parts[0][0].start[0], last.end[0], spans)
                parts = []
            first = None
        elif token.type not in (*BLANK, tokenize.COMMENT, tokenize.NEWLINE):
            first, last = first or token, token


def _tokens(source: Source) -> Iterator[tokenize.TokenInfo]:
    """The tokens, with lines as the source counts them."""
    return tokenize.generate_tokens(io.StringIO(source.text, newline=None).readline)


def _span(source: Source, first: tokenize.TokenInfo, last: tokenize.TokenInfo) -> Span:
    """The text of tokens, whose columns count characters, not bytes as those of nodes do."""
    return Span(source.offset(first.start[0], 0) + first.start[1], source.offset(last.end[0], 0) + last.end[1])
