"""The files of a run that were not read into its project, with what their bytes tell."""

from __future__ import annotations

import builtins
import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from migrate.analysis.ancestry import Ancestry
from migrate.analysis.importing import WORD, Imports, Read, name_of
from migrate.analysis.tree import INIT, Tree
from migrate.analysis.values import Namespace, Symbol
from migrate.rules import RuleSet

IDENTIFIER = re.compile(WORD.encode("latin-1"))
BOUND = re.compile(rf"\b(?:def|class|as)[ \t]+({WORD})|^[ \t]*({WORD})[ \t]*[,:=][^=]".encode("latin-1"), re.MULTILINE)
MARGIN = re.compile(rf"^(?:def|class)[ \t]+({WORD})|^({WORD})[ \t]*(?::[^\n=]*)?=[^=]".encode("latin-1"), re.MULTILINE)

Names = dict[str, dict[str, frozenset[str]]]
"""Names at module level by the path of their module, each with the members of which a file has to use one, if any."""


class Others:
    """Tells which of the files not read so far import a name, and which use instances of a migrated class."""

    def __init__(self, paths: Iterable[str], read: Read, rules: RuleSet, tree: Tree) -> None:
        self.paths = set(paths)
        self._read = read
        self._imports = Imports(read, tree)
        self._ancestry = Ancestry(read, self._imports)
        names = "|".join(sorted({re.escape(name) for rule in rules.rules for name in rule.attributes}))
        self._attribute = re.compile(rf"\.(?:{names})\b|[\"'](?:{names})[\"']".encode())
        self._bound: dict[str, set[str]] = {}
        self._asked: dict[str, list[frozenset[str] | None]] = {}
        self._known_words: dict[str, set[str]] = {}
        self._instances: dict[str, bool] = {}

    def descends(self, cls: Symbol | Namespace, wanted: Callable[[str, str], bool]) -> bool:
        """Whether a class of one of the files may derive from a name of another file of the run that is ``wanted``."""
        if isinstance(cls, Namespace):
            return True
        return self._ancestry.meets((cls.path, cls.name.rpartition(".")[2]), self.paths, wanted)

    def uses_instances(self, path: str) -> bool:
        """Whether a name that instances of a migrated class have is in the file, or may pass through it to others."""
        if path not in self._instances:
            hands_on = os.path.basename(path) == f"{INIT}.py"
            self._instances[path] = hands_on or bool(self._attribute.search(self._read(path)))
        return self._instances[path]

    def importing(self, names: Names, holders: frozenset[str] | None = None) -> Iterator[str]:
        """The paths of the files that import one of ``names`` from its module, by name, star, or through the module.

        One of which the members matter is passed over by a file that spells none of the ``holders``.
        """
        for module, members in names.items():
            for path, imported in self._importers(module):
                if path in self.paths and any(
                    self._uses(path, through, holders) and (imported is None or name in imported or "*" in imported)
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
            for file, names in self._imports.targets(path):
                found.setdefault(file, []).append((path, names))
        return found

    def defines(self, path: str, name: str) -> bool:
        """Whether a star import of the file may bring ``name``: from the file itself, or what it stars."""
        seen, todo = {path}, [path]
        while todo:
            at = todo.pop()
            if self._binds(at, name):
                return True
            more = {file for file, names in self._imports.targets(at) if names is not None and "*" in names} - seen
            seen |= more
            todo += more
        return False

    def _binds(self, path: str, name: str) -> bool:
        """Whether the file defines, assigns or imports ``name``; a builtin only where it stands at the margin."""
        if path not in self._bound:
            data = self._read(path)
            names = {n for n in _words_of(BOUND, data) if not hasattr(builtins, n)} | _words_of(MARGIN, data)
            self._bound[path] = names.union(*(statement.names for statement in self._imports.of(path)))
        return name in self._bound[path]

    def _uses(self, path: str, members: frozenset[str], holders: frozenset[str] | None) -> bool:
        if not members:
            return True
        words = self._words(path)
        return not members.isdisjoint(words) and (holders is None or not holders.isdisjoint(words))

    def _words(self, path: str) -> set[str]:
        if path not in self._known_words:
            self._known_words[path] = set(map(name_of, IDENTIFIER.findall(self._read(path))))
        return self._known_words[path]


def _words_of(pattern: re.Pattern[bytes], data: bytes) -> set[str]:
    return {name_of(word) for words in pattern.findall(data) for word in words if word}
