"""The JSON of a notebook: the sources of its code cells, and new sources in their place.

nbformat would give the sources, but not where they stand, and it writes the whole file in a layout of its own. The
standard library's decoder tells where a value ends (``raw_decode``), which is all that is needed to leave every byte
around a changed line alone; so notebooks need no package beyond those that every installation has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any

from migrate.errors import FileError

BOM = b"\xef\xbb\xbf"
FORMAT = 4
"""The major version of the notebook format; the older ones keep cells in worksheets."""
LONGEST = 100
"""Digits of a number that is read; no number matters but the version of the format, and Python refuses long ones."""
_DECODER = json.JSONDecoder(parse_int=lambda digits: int(digits) if len(digits) <= LONGEST else 0)
_SPACE = re.compile(r"[ \t\r\n]*")
_PIECE = re.compile(r"\\(?P<newline>n|u000[aA])|\\.|[^\\]+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell. ``number`` is 1-based and counts every cell of the notebook, whatever its type."""

    number: int
    source: str


def decode(data: bytes) -> str:
    """The text of a notebook without its byte order mark. Raises FileError BN902: the format allows UTF-8 alone."""
    body = data.removeprefix(BOM)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise FileError("BN902", f"not utf-8: {error.reason}; save the notebook as UTF-8", line) from None


def code_cells(text: str) -> list[Cell]:
    """The code cells of a notebook in Python; none where another language is named. Raises FileError BN908."""
    notebook = _load(text)
    cells = _checked(notebook)
    if not _is_python(notebook.get("metadata")):
        return []
    return [Cell(n, _source(n, cell)) for n, cell in enumerate(cells, start=1) if cell.get("cell_type") == "code"]


def cell_sources(data: bytes) -> dict[int, bytes]:
    """What the code cells hold, by their numbers, each line with a newline: the last one of a cell has none."""
    found = {cell.number: cell.source.encode() for cell in code_cells(decode(data))}
    return {n: source + b"\n" * (not source.endswith(b"\n")) if source else b"" for n, source in found.items()}


def _load(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise FileError("BN908", f"not a notebook: no JSON: {error.msg}", error.lineno) from None
    except RecursionError:
        raise FileError("BN904", "nested too deep for a notebook") from None


def _checked(notebook: Any) -> list[dict[str, Any]]:
    """The cells of a notebook of the format that is known here."""
    version = notebook.get("nbformat") if isinstance(notebook, dict) else None
    if type(version) is not int:
        raise FileError("BN908", "not a notebook: the JSON names no nbformat")
    if version != FORMAT:
        raise FileError("BN908", f"a notebook of format {version}: convert it with jupyter nbconvert --to notebook")
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise FileError("BN908", "not a notebook: it has no list of cells")
    return cells


def _source(number: int, cell: dict[str, Any]) -> str:
    source = cell.get("source")
    lines: list[Any] = source if isinstance(source, list) else [source]
    if not all(isinstance(line, str) for line in lines):
        raise FileError("BN908", "not a notebook: the source of a cell is no text", cell=number)
    text = "".join(lines)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise FileError("BN902", "no text: a cell holds half of a surrogate pair", cell=number) from None
    return text


def _is_python(metadata: Any) -> bool:
    """Whether the metadata name Python, or no language at all."""
    for part, key in (("language_info", "name"), ("kernelspec", "language")):
        table = metadata.get(part) if isinstance(metadata, dict) else None
        language = table.get(key) if isinstance(table, dict) else None
        if isinstance(language, str) and language:
            return language.lower().startswith(("python", "ipython"))
    return True


def with_sources(text: str, sources: Mapping[int, str]) -> str:
    """The text of a notebook with other ``sources`` of the cells of these numbers; only lines that differ change."""
    # Of members that have the same key the last one counts.
    cells = [at for key, at, _ in _members(text, _skip(text, 0)) if key == "cells"][-1]
    pieces: list[str] = []
    done = 0
    for number, at in enumerate(_elements(text, cells), start=1):
        if number in sources:
            start, end = [(start, end) for key, start, end in _members(text, at) if key == "source"][-1]
            pieces += [text[done:start], _rewritten(text, start, end, sources[number])]
            done = end
    return "".join([*pieces, text[done:]])


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    assert match is not None
    return match.end()


def _end(text: str, at: int) -> int:
    """Where the JSON value at ``at`` ends."""
    end: int = _DECODER.raw_decode(text, at)[1]
    return end


def _members(text: str, at: int) -> Iterator[tuple[str, int, int]]:
    """The members of the object at ``at`` of valid JSON: the key, where its value starts, and where that ends."""
    at = _skip(text, at + 1)
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, at)
        start = _skip(text, _skip(text, at) + 1)
        end = _end(text, start)
        yield key, start, end
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at


def _elements(text: str, at: int) -> Iterator[int]:
    """Where the elements of the array at ``at`` of valid JSON start."""
    at = _skip(text, at + 1)
    while text[at] != "]":
        yield at
        at = _skip(text, _end(text, at))
        at = _skip(text, at + 1) if text[at] == "," else at


@dataclass(frozen=True, slots=True)
class _Unit:
    """A string of a source, or a line of one: its text, how the file writes it, and what stands before it."""

    text: str
    raw: str
    before: str = ""


def _rewritten(text: str, start: int, end: int, source: str) -> str:
    """The JSON of a source, a string or a list of strings, after it has become ``source``."""
    if text[start] == '"':
        units = [_Unit(json.loads(raw), raw) for raw in _lines_of(text[start + 1 : end - 1])]
        return '"' + "".join(unit.raw[1:-1] for unit in _changed(units, source, text.isascii())) + '"'
    spans = [(at, _end(text, at)) for at in _elements(text, start)]
    assert spans, "an empty cell has no line that could change"
    gaps = ["", *(text[a[1] : b[0]] for a, b in pairwise(spans))]
    units = [_Unit(json.loads(text[a:b]), text[a:b], gap) for (a, b), gap in zip(spans, gaps, strict=True)]
    margin = text[start + 1 : spans[0][0]]
    usual = gaps[1] if len(gaps) > 1 else "," + (margin or _behind_colon(text, start))
    changed = _changed(units, source, text.isascii())
    inner = "".join((unit.before or usual if i else "") + unit.raw for i, unit in enumerate(changed))
    return f"[{margin}{inner}{text[spans[-1][1] : end]}" if changed else "[]"


def _behind_colon(text: str, at: int) -> str:
    """The space before the value at ``at``, which compact JSON leaves out behind commas, too."""
    return text[len(text[:at].rstrip(" ")) : at]


def _lines_of(raw: str) -> Iterator[str]:
    """The lines inside a JSON string, each as a JSON string in the file's own escapes."""
    start = 0
    for match in _PIECE.finditer(raw):
        if match["newline"] or match.end() == len(raw):
            yield f'"{raw[start : match.end()]}"'
            start = match.end()


def _changed(units: list[_Unit], source: str, is_ascii: bool) -> list[_Unit]:
    """The units that make up ``source``: those whose lines stay as they are, and one for each other line."""
    old, new = _lines("".join(unit.text for unit in units)), _lines(source)
    kept: dict[int, int] = {}
    for a, b, size in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        kept.update(zip(range(a, a + size), range(b, b + size), strict=True))
    result: list[_Unit] = []
    gone: list[_Unit] = []

    def write(lines: list[str]) -> None:
        """Non-ASCII characters are escaped where the file, or what stood there, does so."""
        escaped = is_ascii or any(u.raw.isascii() and not u.text.isascii() for u in gone)
        result.extend(_Unit(line, json.dumps(line, ensure_ascii=escaped)) for line in lines)
        gone.clear()

    at = done = 0
    for group in _whole_lines(units):
        size = len(_lines("".join(unit.text for unit in group)))
        first = kept.get(at, done if not size else None)
        if first is not None and all(kept.get(at + i) == first + i for i in range(size)):
            write(new[done:first])
            result += group
            done = first + size
        else:
            gone += group
        at += size
    write(new[done:])
    return result


def _lines(text: str) -> list[str]:
    """Lines as notebooks count them, each with the line feed that ends it."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _whole_lines(units: list[_Unit]) -> Iterator[list[_Unit]]:
    """The units in runs that end where a line ends: usually one each, but any may hold many lines or a part of one."""
    run: list[_Unit] = []
    for unit in units:
        run.append(unit)
        if unit.text.endswith("\n"):
            yield run
            run = []
    if run:
        yield run
