"""What IPython takes and Python does not: magics, shell lines and help, told from Python as IPython tells them.

IPython reads a cell line by line: one that starts with an escape character is its own, where a statement may start;
one that assigns a magic is, too, and one that ends in a question mark. No Python statement looks like any of these.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Form = Literal["python", "statement", "value", "timed", "close", "comment"]


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


ESCAPES = ("%", "!", "?", ",", ";", "/")
"""The characters that start a line of IPython's; no statement of Python starts with one of them."""
PYTHON_CELLS = frozenset({"capture", "memit", "prun", "time", "timeit"})
"""Cell magics whose body runs as Python in the notebook's own namespace."""
FUNCTION_CELLS = frozenset({"memit", "timeit"})
"""Those whose body runs in a function, so that what it imports is not seen by other cells."""
FOREIGN_CELLS = _words(
    "! bash cmd cython file html javascript js latex markdown perl pypy python python2 python3 ruby script sh sql svg",
    "sx system writefile",
)
"""Cell magics whose body uses no name of the notebook; that of an unknown one may."""
FOREIGN_LINES = _words(
    "alias autoreload cat cd conda cp env less load_ext ls mamba man matplotlib micromamba mkdir more mv pip pwd",
    "reload_ext rm rmdir sx system uv",
)
"""Line magics that use no name of the notebook, but what stands in braces or behind a dollar sign."""
AUTOMATIC = re.compile(rf"(?:{'|'.join(sorted(FOREIGN_LINES))}|run|time|timeit|who|whos)[ \t]+[^\s=]")
"""What IPython takes for a magic without the percent sign, where it is no Python."""
TIMED = re.compile(
    r"%(?:time|timeit|prun|memit)"
    r"(?:[ \t]+(?:-[nrplsTDfvtiI](?:[ \t]*[\w./:]+)?(?=[ \t])|-\w+|--[\w-]+))*[ \t]+(?=[^\s-])"
)
"""A line magic that executes the Python behind it in the notebook's namespace."""
_TOKEN = re.compile(
    r"""(?P<comment>\#[^\r\n]*)
    |(?P<string>\"{3}(?:\\.|(?!\"{3}).)*(?:\"{3})?|'{3}(?:\\.|(?!'{3}).)*(?:'{3})?
        |"(?:\\(?:\r\n|.)|[^"\\\r\n])*"?|'(?:\\(?:\r\n|.)|[^'\\\r\n])*'?)
    |(?P<joined>\\(?:\r\n|\r|\n))
    |(?P<newline>\r\n|\r|\n)
    |(?P<open>[(\[{])|(?P<close>[)\]}])
    |(?P<operator>==|!=|<=|>=|:=|->|//=|\*\*=|<<=|>>=|[-+*/%&|^@]=)
    |(?P<assign>=)
    |(?P<space>[ \t\f]+)
    |(?P<word>\w+)
    |.""",
    re.VERBOSE | re.DOTALL,
)
_CELL_MAGIC = re.compile(r"\s*(?P<head>%%(?P<name>!|[\w.]+))")
_IMPORT = re.compile(r"^\s*(?:import|from)\b", re.MULTILINE)
_INDENT = re.compile(r"[ \t\f]*")
_NEWLINE = re.compile(r"[\r\n]")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_VALUE = re.compile(r"[ \t]*(?=!|%\w)")
_WORD = re.compile(r"[^\W\d]\w*")
_FILLED = re.compile(r"\{([^{}]*)\}|\$(\w+)")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a cell: Python, or what is IPython's and where it stands.

    ``timed`` is what comes before a statement that a magic executes; ``close`` adds no text, but repeats that behind
    the statement. ``foreign``: it uses no name of the notebook but those that are filled in.
    """

    form: Form
    text: str
    foreign: bool = False

    @property
    def words(self) -> set[str]:
        """The names that it may use."""
        if self.form in ("python", "timed", "close"):
            return set()
        filled = " ".join(a or b for a, b in _FILLED.findall(self.text))
        return set(_WORD.findall(filled if self.foreign else self.text))


def pieces(source: str) -> Iterator[Piece]:
    """The stretches of a cell in their order; together they are its text."""
    magic = _CELL_MAGIC.match(source)
    if magic is None:
        yield from _line_by_line(source)
        return
    name = magic["name"]
    head = _joined_end(source, magic.start("head"))
    body = source[head:]
    yield from _python(source[: magic.start("head")])
    is_read = name in PYTHON_CELLS and not (name in FUNCTION_CELLS and _IMPORT.search(body))
    yield Piece(
        "comment",
        source[magic.start("head") :] if not is_read else source[magic.start("head") : head],
        name in FOREIGN_CELLS,
    )
    if is_read:
        yield from _line_by_line(body)


def _line_by_line(source: str) -> Iterator[Piece]:
    at = start = 0
    while at < len(source):
        indent = _INDENT.match(source, at)
        assert indent is not None
        first = indent.end()
        if source[first : first + 1] in ESCAPES:
            yield from _python(source[start:first])
            end = _joined_end(source, first)
            yield from _escaped(source[first:end])
            start = at = end
            continue
        end, value, asks = _logical_line(source, first)
        line = source[first:end].rstrip("\r\n")
        if value is not None:
            yield from _python(source[start:value])
            start = end = _joined_end(source, value)
            yield _shell_or_magic("value", source[value:end])
        elif asks or (AUTOMATIC.match(line) and not _parses(line)):
            yield from _python(source[start:first])
            start = first + len(line)
            yield Piece("statement", line, foreign=not asks)
        at = end
    yield from _python(source[start:])


def _python(text: str) -> Iterator[Piece]:
    if text:
        yield Piece("python", text)


def _escaped(line: str) -> Iterator[Piece]:
    """A line that starts with an escape character; what a timed one executes stays Python."""
    timed = TIMED.match(line)
    if timed and not _NEWLINE.search(line) and _parses("if 1: " + line[timed.end() :]):
        yield Piece("timed", timed.group())
        yield Piece("python", line[timed.end() :])
        yield Piece("close", timed.group())
    else:
        yield _shell_or_magic("statement", line)


def _shell_or_magic(form: Form, line: str) -> Piece:
    name = re.match(r"%+(\w+)", line)
    foreign = line.startswith("!") or (name is not None and name[1] in FOREIGN_LINES)
    return Piece(form, line, foreign)


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _joined_end(source: str, at: int) -> int:
    """The end of the line at ``at`` without its newline, and of those that backslashes join to it."""
    while True:
        match = _LINE.match(source, at)
        assert match is not None
        text = match.group().rstrip("\r\n")
        if not text.endswith("\\") or match.end() == len(source):
            return match.start() + len(text)
        at = match.end()


def _logical_line(source: str, at: int) -> tuple[int, int | None, bool]:
    """The end of the statement line at ``at`` with its newline, where a magic is assigned in it, and whether it asks
    for help."""
    depth = 0
    assigned = False
    last = ""
    start = at
    while at < len(source):
        match = _TOKEN.match(source, at)
        assert match is not None
        kind, at = match.lastgroup, match.end()
        if kind == "newline" and depth <= 0:
            break
        if kind == "assign" and depth == 0 and not assigned:
            assigned = True
            value = _VALUE.match(source, at)
            if value:
                return at, value.end(), False
        depth += (kind == "open") - (kind == "close")
        if kind not in ("space", "newline", "joined"):
            last = match.group() if kind is None else kind
    one_line = not _NEWLINE.search(source[start:at].rstrip("\r\n"))
    return at, None, last == "?" and one_line
