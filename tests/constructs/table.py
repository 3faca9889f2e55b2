"""Every construct of Python that moves a value, with what becomes of a layer that goes in by it.

A file of this folder speaks about one module: the names that move ``nothing``, by the reason; and for each other name
what it ``moves``, with an ``example`` that puts ``layer`` into the construct and gets it out as ``got``. It is

``modelled``: what is used of ``got`` is rewritten
``escape``: it is not followed, and a review says so

``since`` and ``until`` have the names that not all versions of Python know, by the first one that does, or does not.
"""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parent
KINDS = ("modelled", "escape")
TITLES = {"ast": "Syntax", "builtins": "Builtins"}
HEAD = """\
from torch import nn

layer = nn.BatchNorm2d(3, momentum=0.3)


def same(value):
    return value


class Box:
    def __init__(self, held):
        self.held = held

    def __add__(self, other=None):
        return self.held

    __and__ = __floordiv__ = __lshift__ = __matmul__ = __mod__ = __mul__ = __or__ = __pow__ = __rshift__ = __add__
    __sub__ = __truediv__ = __xor__ = __abs__ = __invert__ = __neg__ = __pos__ = __add__


"""
USES = {"layer": "got.weight", "class": "got(3, momentum=0.3)"}


@dataclass(frozen=True)
class Row:
    """A construct of a module. ``uses``: whether a layer or its class comes out."""

    module: str
    name: str
    kind: str
    moves: str
    example: str
    uses: str = "layer"

    @property
    def program(self) -> str:
        """The example behind what it needs, and a use of what comes out."""
        head = "" if self.module in TITLES else f"import {self.module}\n"
        use = "" if self.has_use else f"{USES[self.uses]}\n"
        return f"{head}{HEAD}{self.example.strip()}\n{use}"

    @property
    def has_use(self) -> bool:
        """Whether the example uses what comes out itself, in a function that nothing calls."""
        return any(use in self.example for use in USES.values())

    @property
    def place(self) -> tuple[int, int]:
        """The lines where the example begins and where what comes out is used."""
        lines = self.program.splitlines()
        use = next(i for i, line in enumerate(lines, 1) if any(use in line for use in USES.values()))
        return len(lines) - len(self.example.strip().splitlines()) + self.has_use, use


@dataclass(frozen=True)
class Table:
    """What is said of one module; ``nothing`` has patterns of names by reason."""

    module: str
    title: str
    rows: list[Row]
    nothing: dict[str, list[str]]
    since: dict[str, list[str]]
    until: dict[str, list[str]]

    def is_here(self, name: str) -> bool:
        """Whether this version of Python is expected to know a name."""
        version = sys.version_info[:2]
        late = any(name in names and version < _version(first) for first, names in self.since.items())
        return not late and not any(name in names and version >= _version(end) for end, names in self.until.items())

    def listed(self) -> list[str]:
        """The names and patterns of names that it speaks about."""
        return [*(row.name for row in self.rows), *(name for names in self.nothing.values() for name in names)]

    def lists(self, name: str) -> bool:
        """Whether it speaks about a name."""
        return any(fnmatchcase(name, pattern) for pattern in self.listed())


def _version(text: str) -> tuple[int, int]:
    major, minor = text.split(".")
    return int(major), int(minor)


def read_tables() -> list[Table]:
    return [_table(path) for path in sorted(FOLDER.glob("*.toml"))]


def _table(path: Path) -> Table:
    data: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    module = data["module"]
    rows = [Row(module, name, kind, **row) for kind in KINDS for name, row in data.get(kind, {}).items()]
    title = TITLES.get(module, f"`{module}`")
    return Table(module, title, rows, data["nothing"], data.get("since", {}), data.get("until", {}))


def names_of(module: str) -> set[str]:
    """The constructs that this version of Python has in a module: the node types of the syntax, or public names."""
    if module == "ast":
        types = (getattr(ast, name) for name in dir(ast))
        return {t.__name__ for t in types if isinstance(t, type) and issubclass(t, ast.AST) and t.__module__ in NODES}
    if module == "builtins":
        text = "import builtins; print(*dir(builtins))"  # without what libraries have put there
        return {
            *subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout.split()
        }
    loaded = importlib.import_module(module)
    return {*getattr(loaded, "__all__", [name for name in dir(loaded) if not name.startswith("_")])}


NODES = ("ast", "_ast")
PAGE = """\
# Constructs

What becomes of a layer or a class that goes into a construct of Python and comes out of it again. *Modelled*: it is
followed, and what is used of it is rewritten. *Escape*: it is not followed, and what is used of it is a review. The
tests run an example of each row, and hold the tables against the node types and the names of the Python that runs them.

This page is written by `python docs/generate.py` from `tests/constructs/`.
"""


def page() -> str:
    """The whole of docs/constructs.md."""
    return PAGE + "".join(line for table in read_tables() for line in _section(table))


def _section(table: Table) -> Iterator[str]:
    yield f"\n## {table.title}\n\n| construct | moves | |\n|---|---|---|\n"
    for row in sorted(table.rows, key=lambda row: row.name.lower()):
        yield f"| `{row.name}` | {row.moves} | {row.kind} |\n"
    yield "\nMoving nothing:\n\n"
    for reason, names in table.nothing.items():
        yield f"- {reason}: {', '.join(f'`{name}`' for name in sorted(names, key=str.lower))}\n"
