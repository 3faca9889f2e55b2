"""Where diagnostics of an older text stand in a newer one, as far as the changes tell."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
from lsprotocol import types

from migrate.lsp.text import Change, Encoding, units
from migrate.syntax.source import LINE_END


def shifted(
    diagnostics: Iterable[types.Diagnostic], changes: Iterable[Change], encoding: Encoding, untouched: bool = False
) -> list[types.Diagnostic]:
    """The diagnostics moved along with ``changes``; those that a change touches stay where they begin.

    ``untouched``: those that a change touches go. A change of the whole text tells nothing: they keep their
    places then.
    """
    found = list(diagnostics)
    for change in changes:
        if isinstance(change, types.TextDocumentContentChangePartial):
            if untouched:
                found = [d for d in found if not _touches(change, d.range)]
            found = [attrs.evolve(d, range=_moved(d.range, change, encoding)) for d in found]
    return found


def _moved(place: types.Range, change: types.TextDocumentContentChangePartial, encoding: Encoding) -> types.Range:
    start, end = place.start, place.end
    if not _before(start, change.range.end):
        return types.Range(_behind(start, change, encoding), _behind(end, change, encoding))
    if not _before(end, change.range.end):
        start = start if _before(start, change.range.start) else change.range.start
        return types.Range(start, _behind(end, change, encoding))
    return place


def _touches(change: types.TextDocumentContentChangePartial, place: types.Range) -> bool:
    """Whether a change is inside or next to a place; what ends with a line only moves the next one."""
    if not _before(change.range.end, place.start):
        return not _before(place.end, change.range.start) and not (
            change.range.end == place.start and LINE_END.search(change.text[-1:] or "\n")
        )
    return False


def _before(one: types.Position, other: types.Position) -> bool:
    return (one.line, one.character) < (other.line, other.character)


def _behind(
    position: types.Position, change: types.TextDocumentContentChangePartial, encoding: Encoding
) -> types.Position:
    """A position at or behind the end of a change, after it."""
    *lines, last = LINE_END.split(change.text)
    line = position.line - (change.range.end.line - change.range.start.line) + len(lines)
    if position.line != change.range.end.line:
        return types.Position(line, position.character)
    begins = 0 if lines else change.range.start.character
    return types.Position(line, position.character - change.range.end.character + begins + units(last, encoding))
