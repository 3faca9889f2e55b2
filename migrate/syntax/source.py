"""One source file: its bytes, its text, its syntax tree, and the way between their positions."""

from __future__ import annotations

import ast
import bisect
import io
import re
import sys
import tokenize
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from migrate.errors import FileError
from migrate.notebooks import is_notebook
from migrate.stages import stage
from migrate.syntax.named_attributes import read_as_attributes

if TYPE_CHECKING:
    from migrate.notebooks.program import Program

BOM = b"\xef\xbb\xbf"
LINE_END = re.compile(r"\r\n|\r|\n")
Located = ast.expr | ast.stmt | ast.alias | ast.pattern | ast.arg | ast.keyword


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters ``start`` to ``end`` (exclusive) of a text."""

    start: int
    end: int

    def holds(self, other: Span) -> bool:
        return self.start <= other.start and other.end <= self.end


class Location(NamedTuple):
    """A place as findings have it: ``cell`` is the number of the cell in a notebook, in which the lines count."""

    cell: int | None
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def span(self) -> tuple[int, int, int, int]:
        """Line and column of the start, and those of the end."""
        return self[1:]


class Source:
    """The decoded text of a file and its tree; ``encode`` gives bytes back in the file's own encoding.

    A notebook is one more encoding: the text is the program of its cells. ``shown`` is what people see of a text.
    """

    def __init__(self, data: bytes, path: str) -> None:
        self.data = data
        self.path = path
        self.bom = data.startswith(BOM)
        self.notebook = _program(data) if is_notebook(path) else None
        self.encoding, self.text = _decode(data) if self.notebook is None else ("utf-8", self.notebook.text)

    def encode(self, text: str) -> bytes:
        if self.notebook is not None:
            return self.notebook.encode(text)
        return (BOM if self.bom else b"") + text.encode(self.encoding)

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree. Raises FileError: BN901 for a syntax error, BN904 for nesting that is too deep."""
        with stage("parse"):
            if self.notebook is not None:
                self._parse_cells(self.notebook)
            return read_as_attributes(parse(self.text), self.text, self.segment)

    def _parse_cells(self, notebook: Program) -> None:
        """Each cell has to be Python of its own; raises FileError for the first that is not."""
        for number, text in notebook.cells:
            try:
                parse(text)
            except FileError as error:
                raise FileError(error.code, error.message, error.line and max(1, error.line - 1), number) from None

    def shown(self, text: str) -> str:
        """A part of the text, rewritten or not, as the file has it."""
        return text if self.notebook is None else self.notebook.shown(text)

    @property
    def unread_words(self) -> set[str]:
        """The names that text may use which is not read as Python, such as the magics of a notebook."""
        return set() if self.notebook is None else self.notebook.unread_words

    def line_name(self, line: int) -> str:
        """A line of the text in the words of a message."""
        if self.notebook is None:
            return str(line)
        cell, line = self.notebook.place(line)
        return f"{line} of cell {cell}"

    def location(self, span: Span) -> Location:
        """Where a part of the text stands in the file, for people."""
        line, column = self.position(span.start)
        if self.notebook is None:
            return Location(None, line, column, *self.position(span.end))
        cell, line = self.notebook.place(line)
        *above, last = LINE_END.split(self.shown(self.text[span.start : span.end]))
        end_column = len(last) + (1 if above else column)
        return Location(cell, line, column, line + len(above), end_column)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(m.end() for m in LINE_END.finditer(self.text))]

    @cached_property
    def _ascii(self) -> bool:
        return self.text.isascii()

    @cached_property
    def newline(self) -> str:
        """The newline the file uses first; a line feed where it has none."""
        match = LINE_END.search(self.text)
        return match.group() if match else "\n"

    def offset(self, line: int, column: int) -> int:
        """The character offset of an ast position: a 1-based line and a column in UTF-8 bytes."""
        start = self._starts[line - 1]
        if self._ascii:
            return start + column
        end = self._starts[line] if line < len(self._starts) else len(self.text)
        text = self.text[start:end]
        return start + (column if text.isascii() else len(text.encode()[:column].decode(errors="ignore")))

    def span(self, node: Located) -> Span:
        assert node.end_lineno is not None and node.end_col_offset is not None
        return Span(self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset))

    def segment(self, node: Located) -> str:
        span = self.span(node)
        return self.text[span.start : span.end]

    def place_inside(self, string: ast.Constant, tree: ast.expr) -> bool:
        """Shift ``tree``, parsed from ``string``, to where it stands in the file; False where that cannot be told."""
        text, value = self.segment(string), str(string.value)
        quote = text[: len(text) - len(text.lstrip("\"'"))]
        whole = text == quote + value + quote and value == value.lstrip()
        if not whole or len(quote) not in (1, 3) or "\n" in value:
            return False
        shift = string.col_offset + len(quote)
        for n in ast.walk(tree):
            if isinstance(n, ast.expr):
                n.lineno = n.end_lineno = string.lineno
                n.col_offset += shift
                n.end_col_offset = (n.end_col_offset or 0) + shift
        return True

    def position(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column, both in characters, of an offset."""
        line = self._line_at(offset)
        return line + 1, offset - self._starts[line] + 1

    def line_text(self, line: int) -> str:
        """The text of a 1-based line, without its newline."""
        end = self._starts[line] if line < len(self._starts) else len(self.text)
        return self.text[self._starts[line - 1] : end].rstrip("\r\n")

    def lines_span(self, first: int, last: int) -> Span:
        """The lines ``first`` to ``last``, with the newline of the last."""
        return Span(self._starts[first - 1], self._starts[last] if last < len(self._starts) else len(self.text))

    def line_start(self, offset: int) -> int:
        return self._starts[self._line_at(offset)]

    def line_end(self, offset: int) -> int:
        """The offset just behind the newline that ends the line of ``offset``."""
        line = self._line_at(offset)
        return self._starts[line + 1] if line + 1 < len(self._starts) else len(self.text)

    def _line_at(self, offset: int) -> int:
        return bisect.bisect_right(self._starts, offset) - 1


def python_of(read: Callable[[str], bytes]) -> Callable[[str], bytes]:
    """``read``, but for notebooks their program; nothing where a file is none, which is an error where it matters."""
    known: dict[str, bytes] = {}

    def python(path: str) -> bytes:
        if not is_notebook(path):
            return read(path)
        if path not in known:
            try:
                known[path] = Source(read(path), path).text.encode()
            except FileError:
                known[path] = b""
        return known[path]

    return python


def decoded(data: bytes, path: str) -> str:
    """The text of a file as it is written, that of a notebook's JSON included; raises FileError BN902."""
    if is_notebook(path):
        from migrate.notebooks.document import decode

        return decode(data)
    return _decode(data)[1]


def parse(text: str) -> ast.Module:
    """``ast.parse`` with its failures as FileError."""
    version = "Python {}.{}".format(*sys.version_info)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        if "too many nested" in str(error.msg) or "too complex" in str(error.msg):
            raise FileError("BN904", f"nested too deep for {version}: {error.msg}", error.lineno) from None
        hint = f"; {version} read it, so for newer syntax run bn-migrate with that Python"
        raise FileError("BN901", f"syntax error: {error.msg}{hint}", error.lineno) from None
    except ValueError as error:
        raise FileError("BN901", f"syntax error: {error}") from None
    except (RecursionError, MemoryError):
        raise FileError("BN904", f"nested too deep for {version}: split the expression") from None


def is_plain(node: ast.expr) -> bool:
    """Whether repeating the text of ``node`` repeats no call."""
    return not any(isinstance(n, (ast.Call, ast.NamedExpr, ast.Await, ast.Yield)) for n in ast.walk(node))


def _program(data: bytes) -> Program:
    from migrate.notebooks.program import Program

    return Program(data)


def _decode(data: bytes) -> tuple[str, str]:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError as error:
        raise FileError("BN902", f"cannot decode: {error.msg}; correct the coding line or save as UTF-8") from None
    encoding = "utf-8" if encoding == "utf-8-sig" else encoding
    body = data.removeprefix(BOM)
    try:
        text = body.decode(encoding)
        survives = text.encode(encoding) == body
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise FileError("BN902", f"not {encoding}: {error.reason}; add a coding line or save as UTF-8", line) from None
    except (UnicodeError, LookupError) as error:
        raise FileError("BN902", f"cannot decode: {error}; correct the coding line or save as UTF-8") from None
    if not survives:
        raise FileError("BN902", f"{encoding} text that would not survive being written back")
    return encoding, text
