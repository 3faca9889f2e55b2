"""The files of a run that were not read into its project, with what their bytes tell."""

from __future__ import annotations

import builtins
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

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
        self._asked: dict[str, list[frozenset[str] | None]] = {}
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
        for module, members in names.items():
            for path, imported in self._importers(module):
                if path in self.paths and any(
                    self._uses(path, through) and (imported is None or name in imported or "*" in imported)
                    for name, through in members.items()
                    if imported is not None or name in self._words(path)
                ):
                    yield path

    def asked(self, module: str, name: str) -> bool:
        """Whether one of the files may import ``name`` from the file ``module``."""
        if module not in self._asked:
            self._asked[module] = [names for _, names in self._importers(module)]
        return any(names is None or name in names or "*" in names for names in self._asked[module])

    def _importers(self, module: str) -> Iterator[tuple[str, frozenset[str] | None]]:
        """The files that import from a module, with the names; None where they import it, or a package that has it."""
        yield from self._by_module.get(module, ())
        folder, last = os.path.dirname(module), ""
        while folder != last:
            package = os.path.join(folder, f"{INIT}.py")
            yield from (row for row in self._by_module.get(package, ()) if row[1] is None)
            folder, last = os.path.dirname(folder), folder

    @cached_property
    def _by_module(self) -> dict[str, list[tuple[str, frozenset[str] | None]]]:
        """The imports of the files of the run, by the file that they mean."""
        found: dict[str, list[tuple[str, frozenset[str] | None]]] = {}
        for path in sorted(self.paths):
            for statement in self._imported(path):
                whole = self._module(path, statement, statement.module)
                if whole is not None:
                    found.setdefault(whole, []).append((path, statement.names or None))
                for name in statement.names - {"*"}:
                    inner = self._module(path, statement, f"{statement.module}.{name}" if statement.module else name)
                    if inner is not None:
                        found.setdefault(inner, []).append((path, None))
        return found

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
