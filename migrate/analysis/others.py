"""The files of a run that were not read into its project, with what their bytes tell."""

from __future__ import annotations

import builtins
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from migrate.analysis.tree import INIT, Tree
from migrate.rules import RuleSet

FROM = re.compile(
    rb"(?:^|[:;])[ \t]*from[ \t]+(\.*)[ \t]*([\w.]*)[ \t]+import[ \t]*(\([^)]*\)|(?:[^\n;\\]|\\\r?\n)*)", re.MULTILINE
)
IMPORT = re.compile(rb"(?:^|[:;])[ \t]*import[ \t]+([\w., \t]+)", re.MULTILINE)
NAME = re.compile(rb"[^\W\d]\w*|\*")
IDENTIFIER = re.compile(rb"[^\W\d]\w*")
BOUND = re.compile(rb"\b(?:def|class|as)[ \t]+(\w+)|^[ \t]*(\w+)[ \t]*[,:=][^=]", re.MULTILINE)
MARGIN = re.compile(rb"^(?:def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^\n=]*)?=[^=]", re.MULTILINE)

Read = Callable[[str], bytes]
Names = dict[str, dict[str, frozenset[str]]]
"""Names at module level by the path of their module, each with the members of which a file has to use one, if any."""


@dataclass(frozen=True, slots=True)
class _Import:
    """``from <level dots><module> import names``; without names, ``import module``."""

    level: int
    module: str
    names: frozenset[str] = frozenset()

    def words(self) -> Iterator[str]:
        """The parts of the names of the modules that it may mean."""
        yield from self.module.split(".")
        yield from self.names


class Others:
    """Tells which of the files not read so far import a name, and which use instances of a migrated class."""

    def __init__(self, paths: Iterable[str], read: Read, rules: RuleSet, tree: Tree) -> None:
        self.paths = set(paths)
        self._read = read
        self._tree = tree
        names = "|".join(sorted({re.escape(name) for rule in rules.rules for name in rule.attributes}))
        self._attribute = re.compile(rf"\.(?:{names})\b|[\"'](?:{names})[\"']".encode())
        self._imports: dict[str, list[_Import]] = {}
        self._bound: dict[str, set[str]] = {}
        self._known_words: dict[str, set[str]] = {}
        self._instances: dict[str, bool] = {}

    def uses_instances(self, path: str) -> bool:
        """Whether a name that instances of a migrated class have is in the file, or may pass through it to others."""
        if path not in self._instances:
            hands_on = os.path.basename(path) == f"{INIT}.py"
            self._instances[path] = hands_on or bool(self._attribute.search(self._read(path)))
        return self._instances[path]

    def importing(self, names: Names) -> Iterator[str]:
        """The paths of the files that import one of ``names`` from its module, by name, star, or through the module."""
        doors = {door for path in names for door in _doors(path)}
        for path in sorted(self.paths):
            if any(self._brings(path, statement, names, doors) for statement in self._imported(path)):
                yield path

    def defines(self, path: str, name: str) -> bool:
        """Whether a star import of the file may bring ``name``: from the file itself, or what it stars."""
        seen, todo = {path}, [path]
        while todo:
            at = todo.pop()
            if self._binds(at, name):
                return True
            stars = (self._module(at, s, s.module) for s in self._imported(at) if "*" in s.names)
            more = {star for star in stars if star is not None} - seen
            seen |= more
            todo += more
        return False

    def _binds(self, path: str, name: str) -> bool:
        """Whether the file defines, assigns or imports ``name``; a builtin only where it stands at the margin."""
        if path not in self._bound:
            data = self._read(path)
            names = {n for n in _words_of(BOUND, data) if not hasattr(builtins, n)} | _words_of(MARGIN, data)
            self._bound[path] = names.union(*(statement.names for statement in self._imported(path)))
        return name in self._bound[path]

    def _brings(self, path: str, statement: _Import, names: Names, doors: set[str]) -> bool:
        """Whether an import of the file ``path`` gives it one of ``names``."""
        if statement.level == 0 or statement.module:
            if doors.isdisjoint(statement.words()):
                return False
        elif doors.isdisjoint((*statement.names, *_packages(path, statement.level))):
            return False
        whole = self._module(path, statement, statement.module)
        if whole in names and "*" in statement.names:
            return True
        if whole in names and any(
            self._uses(path, members) for n, members in names[whole].items() if n in statement.names
        ):
            return True
        modules = {whole} if not statement.names else set()
        for name in statement.names - {"*"}:
            inner = f"{statement.module}.{name}" if statement.module else name
            modules.add(self._module(path, statement, inner))
        reached = [n for m in modules - {None} for n in _inside(m, names)]
        return any(n in self._words(path) and self._uses(path, members) for n, members in reached)

    def _uses(self, path: str, members: frozenset[str]) -> bool:
        return not members or not members.isdisjoint(self._words(path))

    def _module(self, path: str, statement: _Import, name: str) -> str | None:
        if statement.level:
            return self._tree.relative(path, statement.level, name)
        return self._tree.absolute(path, name)

    def _words(self, path: str) -> set[str]:
        if path not in self._known_words:
            self._known_words[path] = {word.decode() for word in IDENTIFIER.findall(self._read(path))}
        return self._known_words[path]

    def _imported(self, path: str) -> list[_Import]:
        """The imports of a file, as its bytes show them."""
        if path not in self._imports:
            data = self._read(path)
            found = [
                _Import(len(dots), module.decode(), frozenset(n.decode(errors="replace") for n in NAME.findall(names)))
                for dots, module, names in FROM.findall(data)
            ]
            for modules in IMPORT.findall(data):
                found += [_Import(0, m.split()[0].decode()) for m in modules.split(b",") if m.strip()]
            self._imports[path] = found
        return self._imports[path]


def _words_of(pattern: re.Pattern[bytes], data: bytes) -> set[str]:
    return {word.decode() for words in pattern.findall(data) for word in words if word}


def _doors(path: str) -> set[str]:
    """What an import of the module has in it: the last part of its name, or its package."""
    folder, last = os.path.split(os.path.splitext(os.path.abspath(path))[0])
    return {os.path.basename(folder)} | ({last} if last != INIT else set())


def _inside(module: str | None, names: Names) -> Iterator[tuple[str, frozenset[str]]]:
    """The names, with their members, of a module and, where it is a package, of the modules in it."""
    assert module is not None
    folder, last = os.path.split(module)
    inside = os.path.join(folder, "") if last == f"{INIT}.py" else None
    for path, found in names.items():
        if path == module or (inside is not None and path.startswith(inside)):
            yield from found.items()


def _packages(path: str, level: int) -> Iterator[str]:
    """The name of the package that ``from .. import`` (``level`` dots) means in ``path``."""
    folder = os.path.dirname(os.path.abspath(path))
    for _ in range(level - 1):
        folder = os.path.dirname(folder)
    yield os.path.basename(folder)
