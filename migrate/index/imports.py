"""What files import from each other, as their bytes show it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from migrate.index.tree import Tree
from migrate.syntax.nodes import plain_name

WORD = r"[A-Za-z_\x80-\xff][\w\x80-\xff]*"
"""A name in the bytes of a file, where UTF-8 has more than one byte for most letters."""
FROM = re.compile(
    rb"from[ \t]+(\.*)[ \t]*([\w.\x80-\xff]*)[ \t]+import[ \t]*(\((?:#[^\n]*\n|[^)#])*\)|(?:[^\n;\\]|\\\r?\n)*)"
)
IMPORT = re.compile(rb"import(?:[ \t]|\\\r?\n)+((?:[\w., \t\x80-\xff]|\\\r?\n)+)")
CALLED = re.compile(
    rf"(?:({WORD})[ \t]*=[ \t]*)?(?:{WORD}[ \t]*\.[ \t]*)?".encode("latin-1")
    + rb"(?:import_module|__import__)\(\s*f?[\"'](\.*)([\w.\x80-\xff]*)(\{)?"
)
"""An import by a call, with the name that is given to the module, and what is computed of its name from a brace on."""
DOT = re.compile(rb"[ \t]*\.[ \t]*")
IMPORTED = re.compile(rf"({WORD}|\*)(?:(?:\s|\\)+as(?:\s|\\)+({WORD}))?".encode("latin-1"))
COMMENT = re.compile(rb"#[^\n]*")

Read = Callable[[str], bytes]


class Target(NamedTuple):
    """What a file imports from another one of the run: a name under the one it is ``bound`` to.

    The name is empty where the module is had as a whole, ``*`` stands for all of its names, and ``.`` for a module that
    is had by way of its package.
    """

    path: str
    name: str
    bound: str


def name_of(data: bytes) -> str:
    """A name as Python has it, of the bytes of a file."""
    return plain_name(data.decode(errors="replace"))


def _statements(word: bytes, pattern: re.Pattern[bytes], data: bytes) -> Iterator[re.Match[bytes]]:
    """The matches of ``pattern`` where ``word``, which it begins with, begins a statement.

    A search for the plain word takes a tenth of the time of one for the beginning of a statement.
    """
    at = data.find(word)
    while at >= 0:
        before = at
        while before and data[before - 1] in b" \t":
            before -= 1
        found = pattern.match(data, at) if not before or data[before - 1] in b"\n:;" else None
        if found:
            yield found
        at = data.find(word, found.end() if found else at + 1)


def _calls(data: bytes) -> Iterator[re.Match[bytes]]:
    """The imports by calls that spell the name of a module, or its beginning."""
    if b"import_module" in data or b"__import__" in data:
        yield from CALLED.finditer(data)


def _all_statements(data: bytes) -> Iterator[re.Match[bytes]]:
    yield from _statements(b"from", FROM, data)
    yield from _statements(b"import", IMPORT, data)
    yield from _calls(data)


def only_imports(data: bytes) -> bytes:
    """The imports of a file, one a line: from these, the same is read as from the whole file."""
    return b"\n".join(statement.group() for statement in _all_statements(data))


def without_imports(data: bytes) -> bytes:
    """A file without its imports."""
    found = sorted(statement.span() for statement in _all_statements(data))
    ends = [0, *(end for _, end in found)]
    starts = [*(start for start, _ in found), len(data)]
    return b"\n".join(data[end:start] for end, start in zip(ends, starts, strict=True))


class Imports:
    """The imports of files, without parsing them: what a comment or a string holds may be among them."""

    def __init__(self, read: Read, tree: Tree) -> None:
        self._read = read
        self._tree = tree
        self._targets: dict[str, list[Target]] = {}
        self._by_name: dict[str, dict[str, list[tuple[str, str]]]] = {}

    def targets(self, path: str) -> list[Target]:
        """What a file imports from the run, remembered."""
        if path not in self._targets:
            self._targets[path] = list(dict.fromkeys(self._find_targets(path, self._read(path))))
        return self._targets[path]

    def origins(self, path: str, name: str) -> list[tuple[str, str]]:
        """The names of other files of the run that a file imports as ``name``; an empty one is the file itself."""
        if path not in self._by_name:
            known = self._by_name[path] = {}
            for target in self.targets(path):
                if target.name not in ("*", "."):
                    known.setdefault(target.bound, []).append((target.path, target.name))
        return self._by_name[path].get(name, [])

    def stars(self, path: str) -> list[str]:
        """The files of the run from which a file imports all names."""
        return [target.path for target in self.targets(path) if target.name == "*"]

    def _find_targets(self, path: str, data: bytes) -> Iterator[Target]:
        for statement in _statements(b"from", FROM, data):
            dots, module, names = statement.groups()
            yield from self._from(path, len(dots), name_of(module), names)
        for statement in _statements(b"import", IMPORT, data):
            modules = DOT.sub(b".", statement[1].replace(b"\\", b"")).split(b",")
            for parts in filter(None, map(bytes.split, modules)):
                yield from self._whole(path, *map(name_of, parts))

        for call in _calls(data):
            bound, dots, module, computed = call.groups()
            yield from self._called(path, name_of(bound or b""), len(dots), name_of(module), bool(computed))

    def _called(self, path: str, bound: str, level: int, module: str, computed: bool) -> Iterator[Target]:
        """``import_module("package.module")``; of a computed name, all modules that it may be.

        A module that is given no name has its own, as its package has it.
        """
        if not computed:
            file = self._file(path, level, module) if module else None
            if file is not None:
                yield Target(file, "", bound or module.rpartition(".")[2])
        elif "." in module or level:
            for file in self._tree.inside(path, level, module.rpartition(".")[0]):
                yield Target(file, "", bound or self._tree.name(file).rpartition(".")[2])

    def _from(self, path: str, level: int, module: str, names: bytes) -> Iterator[Target]:
        whole = self._file(path, level, module)
        for found in IMPORTED.finditer(COMMENT.sub(b"", names)):
            name = name_of(found[1])
            bound = name_of(found[2]) if found[2] else name
            inner = self._file(path, level, f"{module}.{name}" if module else name) if name != "*" else None
            if whole is not None:
                yield Target(whole, name, bound)
            if inner is not None:
                yield Target(inner, "", bound)

    def _whole(self, path: str, module: str, _as: str = "", alias: str = "", *_: str) -> Iterator[Target]:
        """``import module as alias``; without an alias, its packages are had, too."""
        bound = alias or module.partition(".")[0]
        while module:
            file = self._file(path, 0, module)
            if file is not None:
                yield Target(file, "" if alias or module == bound else ".", bound)
            module = "" if alias else module.rpartition(".")[0]

    def _file(self, path: str, level: int, name: str) -> str | None:
        return self._tree.relative(path, level, name) if level else self._tree.absolute(path, name)
