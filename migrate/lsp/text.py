"""A text as the protocol counts it: lines, and columns in the units that server and client have agreed on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from lsprotocol import types

from migrate.findings import Finding
from migrate.syntax.source import LINE_END

Encoding = types.PositionEncodingKind | str
Change = types.TextDocumentContentChangeEvent


def units(text: str, encoding: Encoding) -> int:
    """The length of ``text`` in code units."""
    if encoding == types.PositionEncodingKind.Utf32 or text.isascii():
        return len(text)
    if encoding == types.PositionEncodingKind.Utf8:
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def characters(line: str, column: int, encoding: Encoding) -> int:
    """How many characters of ``line`` the first ``column`` code units are; one that is cut through counts not."""
    if encoding == types.PositionEncodingKind.Utf32 or line.isascii():
        return min(column, len(line))
    at = 0
    for count, character in enumerate(line):
        at += units(character, encoding)
        if at > column:
            return count
    return len(line)


@dataclass(frozen=True, slots=True)
class Edit:
    """The characters ``start`` to ``end`` of a text become ``new``."""

    start: int
    end: int
    new: str


def edited(text: str, edits: Iterable[Edit]) -> str:
    """``text`` after edits that do not overlap."""
    for edit in sorted(edits, key=lambda e: (e.start, e.end), reverse=True):
        text = text[: edit.start] + edit.new + text[edit.end :]
    return text


class Text:
    """A text and the way between offsets and positions.

    Lines end as Python's do, and the protocol's: pygls takes a form feed for the end of a line as well.
    """

    def __init__(self, text: str, encoding: Encoding) -> None:
        self.text = text
        self.encoding = encoding
        self.starts = [0, *(m.end() for m in LINE_END.finditer(text))]

    def line(self, number: int) -> str:
        """The text of a 0-based line without its end; nothing beyond the last."""
        if number >= len(self.starts):
            return ""
        end = self.starts[number + 1] if number + 1 < len(self.starts) else len(self.text)
        return self.text[self.starts[number] : end].rstrip("\r\n")

    def offset(self, position: types.Position) -> int:
        """The offset of a position; what lies beyond a line or the text is its end."""
        if position.line >= len(self.starts):
            return len(self.text)
        return self.starts[position.line] + characters(self.line(position.line), position.character, self.encoding)

    def position(self, offset: int) -> types.Position:
        """The position of an offset."""
        line = bisect_right(self.starts, offset) - 1
        return types.Position(line, units(self.text[self.starts[line] : offset], self.encoding))

    def range(self, start: int, end: int) -> types.Range:
        """The range between two offsets."""
        return types.Range(self.position(start), self.position(end))

    def span(self, finding: Finding) -> tuple[int, int]:
        """The offsets of a finding of this text."""
        start, end = self.starts[finding.line - 1], self.starts[finding.end_line - 1]
        return start + finding.column - 1, end + finding.end_column - 1

    def line_range(self, number: int) -> types.Range:
        """The range of a 0-based line without its indentation; the last line instead of one beyond it."""
        number = min(max(number, 0), len(self.starts) - 1)
        line = self.line(number)
        start = self.starts[number]
        return self.range(start + len(line) - len(line.lstrip()), start + len(line))

    def changed(self, changes: Iterable[Change]) -> Text:
        """The text after the changes of one notification, in their order."""
        text = self
        for change in changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                start, end = text.offset(change.range.start), text.offset(change.range.end)
                text = Text(text.text[:start] + change.text + text.text[max(start, end) :], self.encoding)
            else:
                text = Text(change.text, self.encoding)
        return text

    def text_edits(self, edits: Iterable[Edit]) -> list[types.TextEdit]:
        """The edits as the protocol has them."""
        return [types.TextEdit(self.range(e.start, e.end), e.new) for e in edits]
