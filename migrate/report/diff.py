"""Unified diffs that ``git apply`` takes, in the bytes of the files; of notebooks those of the cells, for people."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from migrate.files import repository
from migrate.findings import Part, Result, spot

COLOURS = {b"+": b"\x1b[32m", b"-": b"\x1b[31m", b"@": b"\x1b[36m"}


def base_of(paths: Iterable[str]) -> str:
    """The folder at which the paths of a diff start: the working directory where all files are below it.

    What is outside of it could not be applied from there, so then it is the repository around all, or their folder.
    """
    here = os.getcwd()
    common = os.path.commonpath([os.path.abspath(path) for path in paths])
    if common == here or common.startswith(os.path.join(here, "")):
        return here
    folder = common if os.path.isdir(common) else os.path.dirname(common)
    return str(repository(Path(folder)) or folder)


def diff(result: Result, colour: bool = False, base: str | None = None) -> bytes:
    """The diff of a file with paths relative to ``base``, or the working directory; empty where nothing changed."""
    parts = (line for part in result.parts for line in lines(result, part, base))
    return b"".join(_coloured(line) if colour else line for line in parts)


def lines(result: Result, part: Part, base: str | None = None) -> Iterator[bytes]:
    """The lines of the diff of one part, the first two of which name it."""
    name = os.path.relpath(result.path, base).replace(os.sep, "/") if result.path != "<stdin>" else "stdin"
    name = spot(name, part.cell)
    tab = b"\t" if " " in name and part.cell is None else b""
    before, after = _split(part.before), _split(part.after)
    old, new = _quoted(f"a/{name}"), _quoted(f"b/{name}")
    for i, line in enumerate(difflib.diff_bytes(difflib.unified_diff, before, after, old, new)):
        if i < 2:
            yield line.rstrip(b"\n") + tab + b"\n"
        elif line.endswith(b"\n"):
            yield line
        else:
            yield line + b"\n\\ No newline at end of file\n"


def _quoted(name: str) -> bytes:
    """A name as git writes it: in double quotes where it holds quotes, backslashes or control characters."""
    special = {'"': '\\"', "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
    text = "".join(special.get(c, c) for c in name)
    return os.fsencode(name if text == name else f'"{text}"')


def _split(data: bytes) -> list[bytes]:
    """Lines as git counts them: at line feeds alone."""
    lines = data.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _coloured(line: bytes) -> bytes:
    if line.startswith((b"+++", b"---")):
        return b"\x1b[1m" + line.rstrip(b"\n") + b"\x1b[0m\n"
    start = COLOURS.get(line[:1])
    return start + line.rstrip(b"\n") + b"\x1b[0m\n" if start else line
