"""A generated program: its strands, and the files they are in."""

from __future__ import annotations

import ast
import re
import symtable
from dataclasses import dataclass

from tests.soundness.strand import Strand


@dataclass(frozen=True)
class Piece:
    """A definition that strands share, or a strand: its text, its forms, and the definitions it uses.

    ``library`` is the part of a strand that stands in the other file.
    """

    text: str
    forms: tuple[str, ...] = ()
    shared: frozenset[str] = frozenset()
    name: str = ""
    library: str = ""


@dataclass(frozen=True)
class File:
    """A module of the package: a head of imports, then texts, each below the place of its piece in a comment."""

    name: str
    head: str
    parts: tuple[tuple[int, str], ...]

    @property
    def text(self) -> str:
        return self.head + "".join(f"# {i}\n{text}" for i, text in self.parts)


def piece_at(text: str, line: int) -> int | None:
    """The place of the piece that holds a line of a file's text, before the migration or after it."""
    marks = [n for n in text.splitlines()[:line] if n.startswith("# ")]
    return int(marks[-1].removeprefix("# ")) if marks else None


@dataclass(frozen=True)
class Program:
    """A module, or two of a package, in which each piece follows the other."""

    head: str
    pieces: tuple[Piece, ...]

    @property
    def files(self) -> tuple[File, ...]:
        program = File("program", self.head, tuple((i, p.text) for i, p in enumerate(self.pieces)))
        if not any(p.library for p in self.pieces):
            return (program,)
        parts = tuple((i, p.text if p.name else p.library) for i, p in enumerate(self.pieces))
        return File("library", self.head, parts), program

    @property
    def text(self) -> str:
        return "".join(f"# {f.name}.py\n{f.text}" for f in self.files)


def divided(s: Strand, text: str) -> tuple[str, str]:
    """The first statements, and the rest, which imports from them what it uses."""
    ends = [statement.end_lineno for statement in ast.parse(text).body]
    if len(ends) < 2:
        return "", text
    lines = text.splitlines(keepends=True)
    end = s.pick(*ends[:-1])
    first, rest = "".join(lines[:end]), "".join(lines[end:])
    symbols = symtable.symtable(first, "library", "exec").get_symbols()
    used = sorted({n.get_name() for n in symbols if n.is_assigned()} & set(re.findall(r"\w+", rest)))
    if not used:
        return "", text
    s.forms.append("another file")
    names = ", ".join(used)
    absolute, relative = f"from pack.library import {names}\n", f"from .library import {names}\n"
    if "global" in rest or not all(n[-1].isdigit() for n in used):
        return first, s.pick(absolute, relative) + rest
    qualified = re.sub(rf"\b({'|'.join(used)})\b", r"library.\1", rest)
    return first, s.pick(absolute + rest, relative + rest, "from . import library\n" + qualified)
