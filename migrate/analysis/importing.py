"""What files import from each other, as their bytes show it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple
from unicodedata import normalize

from migrate.index.tree import Tree

WORD = r"[A-Za-z_\x80-\xff][\w\x80-\xff]*"
"""A name in the bytes of a file, where UTF-8 has more than one byte for most letters."""
FROM = re.compile(
    rb"from[ \t]+(\.*)[ \t]*([\w.\x80-\xff]*)[ \t]+import[ \t]*(\((?:#[^\n]*\n|[^)#])*\)|(?:[^\n;\\]|\\\r?\n)*)"
)
IMPORT = re.compile(rb"import(?:[ \t]|\\\r?\n)+((?:[\w., \t\x80-\xff]|\\\r?\n)+)")
DOT = re.compile(rb"[ \t]*\.[ \t]*")
NAME = re.compile(rf"{WORD}|\*".encode("latin-1"))

Read = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Import:
    """``from <level dots><module> import names``; without names, ``import module``, and the name ``bound`` by that."""

    level: int
    module: str
    names: frozenset[str] = frozenset()
    bound: str = ""


class Target(NamedTuple):
    """A file that another one imports from, with the names; None where it is had as a whole, by those ``bound``."""

    path: str
    names: frozenset[str] | None
    bound: frozenset[str] = frozenset()


def name_of(data: bytes) -> str:
    """A name as Python has it, of the bytes of a file."""
    return plain_name(data.decode(errors="replace"))


def plain_name(word: str) -> str:
    """A name as Python has it, which is the same for several ways to write it."""
    return word if word.isascii() else normalize("NFKC", word)


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


def _all_statements(data: bytes) -> Iterator[re.Match[bytes]]:
    yield from _statements(b"from", FROM, data)
    yield from _statements(b"import", IMPORT, data)


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
        self._known: dict[str, list[Import]] = {}
        self._targets: dict[str, list[Target]] = {}
        self._by_name: dict[str, dict[str, list[tuple[str, frozenset[str]]]]] = {}

    def of(self, path: str) -> list[Import]:
        """The imports of a file, remembered."""
        if path not in self._known:
            data = self._read(path)
            found = []
            for statement in _statements(b"from", FROM, data):
                dots, module, names = statement.groups()
                found.append(Import(len(dots), name_of(module), frozenset(map(name_of, NAME.findall(names)))))
            for statement in _statements(b"import", IMPORT, data):
                modules = DOT.sub(b".", statement[1].replace(b"\\", b"")).split(b",")
                for module in filter(None, map(bytes.split, modules)):
                    found += _whole(*map(name_of, module))
            self._known[path] = found
        return self._known[path]

    def targets(self, path: str) -> list[Target]:
        """What a file imports from the run."""
        if path not in self._targets:
            self._targets[path] = list(self._find_targets(path))
        return self._targets[path]

    def origins(self, path: str, name: str) -> Iterator[tuple[str, str]]:
        """The members of other files of the run that ``name`` may be imported from, by name or star."""
        if path not in self._by_name:
            self._by_name[path] = {}
            for file, names, _ in self.targets(path):
                for imported in names or ():
                    self._by_name[path].setdefault(imported, []).append((file, names or frozenset()))
        known = self._by_name[path]
        for file, names in (*known.get(name, ()), *known.get("*", ())):
            yield from ((file, n) for n in renamed(frozenset({name}), names))

    def modules(self, path: str, name: str) -> dict[str, tuple[str, ...]]:
        """The files of the run that may be the member ``name`` of a file, or of the package that it is the root of.

        With each, the files whose imports bring it there.
        """
        found: dict[str, tuple[str, ...]] = {}
        todo: list[tuple[str, str, tuple[str, ...]]] = [(path, name, ())]
        seen = {(path, name)}
        for at, member, through in todo:
            inner = self._tree.submodule(at, member)
            if inner is not None:
                found.setdefault(inner, through)
            for file in (file for file, _, bound in self.targets(at) if member in bound):
                found.setdefault(file, (*through, at))
            before = [origin for origin in self.origins(at, member) if origin not in seen]
            todo += [(file, n, (*through, at)) for file, n in before]
            seen.update(before)
        return found

    def _find_targets(self, path: str) -> Iterator[Target]:
        for statement in self.of(path):
            whole = self._file(path, statement, statement.module)
            if whole is not None:
                bound = frozenset({statement.bound} - {""})
                yield Target(whole, statement.names or None, bound)
            for name in statement.names - {"*"}:
                inner = self._file(path, statement, f"{statement.module}.{name}" if statement.module else name)
                if inner is not None:
                    yield Target(inner, None, renamed(frozenset({name}), statement.names))

    def _file(self, path: str, statement: Import, name: str) -> str | None:
        if statement.level:
            return self._tree.relative(path, statement.level, name)
        return self._tree.absolute(path, name)


def renamed(names: frozenset[str], imported: frozenset[str]) -> frozenset[str]:
    """The names that a file may have by importing ``imported`` from one that has ``names``."""
    if "*" in imported:
        return names
    found = names & imported
    return imported if found and "as" in imported else found


def _whole(module: str, _as: str = "", alias: str = "", *_: str) -> Iterator[Import]:
    """The imports of ``import module as alias``; without an alias, its packages are had, too."""
    yield Import(0, module, bound=alias or module.partition(".")[0])
    while not alias and "." in module:
        module = module.rpartition(".")[0]
        yield Import(0, module, bound=module.partition(".")[0])
