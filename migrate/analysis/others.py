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
PUBLIC = re.compile(
    rb"^__all__[ \t]*(?::[^=\n]+)?=[ \t]*[\[(]((?:[\s,]|#[^\n]*|\"\w+\"|'\w+')*)[\])][ \t]*(?:#.*)?\r?$", re.MULTILINE
)
QUOTED = re.compile(rb"\w+(?=[\"'])")
MAX_FOLLOWED = 500
"""Files without a trigger word up to which those that only hand things on count. In a larger tree most files have most
names by way of a package, and to follow them would be to read them all: there, a file has to use an attribute itself.
"""

Names = dict[str, dict[str, frozenset[str]]]
"""Names at module level by the path of their module, each with the members of which a file has to use one, if any."""


class Others:
    """Tells which of the files not read so far import a name, and which get it from those."""

    def __init__(self, paths: Iterable[str], known: Iterable[str], read: Read, rules: RuleSet, tree: Tree) -> None:
        self._all = sorted(paths)
        self.paths = set(self._all).difference(known)
        self._unread = frozenset(self.paths)
        self.is_large = len(self.paths) > MAX_FOLLOWED
        names = "|".join(sorted({re.escape(name) for rule in rules.rules for name in rule.attributes}))
        self._attribute = re.compile(rf"\.(?:{names})\b|[\"'](?:{names})[\"']".encode())
        self._instances: dict[str, bool] = {}
        self._read = read
        self._imports = Imports(read, tree)
        self._ancestry = Ancestry(read, self._imports)
        self._bound: dict[str, set[str]] = {}
        self._asked: dict[str, list[frozenset[str] | None]] = {}
        self._known_words: dict[str, set[str]] = {}
        self._margins: dict[str, set[str]] = {}
        self._reached: dict[tuple[str, str], frozenset[str]] = {}
        self._known_public: dict[str, set[str] | None] = {}

    def descends(
        self, cls: Symbol | Namespace, wanted: Callable[[str, str], bool], through: Callable[[str], bool] | None
    ) -> bool:
        """Whether a class of one of the files may derive from a name of another file of the run that is ``wanted``.

        Or through a class of one of the files that is for ``through`` to tell.
        """
        if isinstance(cls, Namespace):
            return True
        return self._ancestry.meets((cls.path, cls.name.rpartition(".")[2]), self.paths, wanted, through)

    def spells(self, path: str, names: frozenset[str] | None) -> bool:
        """Whether one of the names stands in the file; None: any name may do."""
        return names is None or not names.isdisjoint(self._words(path))

    def leads_to(self, path: str, names: frozenset[str] | None) -> bool:
        """Whether one of the names stands in the file, or in one that it imports from and may hand things on to."""
        if self.is_large:
            return self.spells(path, names)
        return self.spells(path, names) or any(self.spells(file, names) for file, _ in self._imports.targets(path))

    def may_use(self, path: str) -> bool:
        """Whether a file may do something with instances: in a large tree, one that spells an attribute of theirs."""
        if path not in self._instances:
            hands_on = not self.is_large or os.path.basename(path) == f"{INIT}.py"
            self._instances[path] = hands_on or bool(self._attribute.search(self._read(path)))
        return self._instances[path]

    def importing(self, names: Names, holders: frozenset[str] | None = None) -> Iterator[str]:
        """The paths of the files that import one of ``names`` from its module, by name, star, or through the module.

        One of which the members matter is passed over by a file that spells none of them, or none of the ``holders``,
        as long as nobody who has it from there does.
        """
        for module, members in names.items():
            for path, imported in self._importers(module):
                if path in self.paths and any(
                    (imported is None or name in imported or "*" in imported)
                    and self._uses(path, name, through, holders)
                    for name, through in members.items()
                    if imported is not None or name in self._words(path)
                ):
                    yield path

    def asked(self, module: str, name: str) -> bool:
        """Whether one of the files may import ``name`` from the file ``module``."""
        if module not in self._asked:
            self._asked[module] = [names for path, names in self._importers(module) if path in self._unread]
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
        for path in self._all:
            for file, names in self._imports.targets(path):
                found.setdefault(file, []).append((path, names))
        return found

    def defines(self, path: str, name: str) -> bool:
        """Whether a star import of the file may bring ``name``: from the file itself, or what it stars."""
        seen, todo = {path}, [path]
        while todo:
            at = todo.pop()
            public = self._public(at)
            if public is not None and name not in public:
                continue
            if self._binds(at, name):
                return True
            more = {file for file, names in self._imports.targets(at) if names is not None and "*" in names} - seen
            seen |= more
            todo += more
        return False

    def _public(self, path: str) -> set[str] | None:
        """The names of the ``__all__`` of a file; None where it has none, or one that is not a display of strings."""
        if path not in self._known_public:
            data = self._read(path)
            found = PUBLIC.findall(data)
            told = len(found) == 1 == data.count(b"__all__")
            self._known_public[path] = {n.decode() for n in QUOTED.findall(found[0])} if told else None
        return self._known_public[path]

    def _binds(self, path: str, name: str) -> bool:
        """Whether the file defines, assigns or imports ``name``; a builtin only where it stands at the margin."""
        if path not in self._bound:
            data = self._read(path)
            names = {n for n in _words_of(BOUND, data) if not hasattr(builtins, n)} | _words_of(MARGIN, data)
            self._bound[path] = names.union(*(statement.names for statement in self._imports.of(path)))
        return name in self._bound[path]

    def _uses(self, path: str, name: str, members: frozenset[str], holders: frozenset[str] | None) -> bool:
        """Whether a file that imports ``name``, together with those that it hands things on to, spells what matters."""
        if not members:
            return True
        files = (path,) if self.is_large else (path, *self._onward(path, name))
        return any(self.spells(f, members) and self.spells(f, holders) for f in files)

    def _onward(self, path: str, name: str) -> frozenset[str]:
        """The files that get ``name``, or anything that a file on the way defines, from a file that has imported it."""
        key = (path, name)
        if key not in self._reached:
            given = {path: {name, *self._renamed(path, {name})}}
            todo = [path]
            while todo:
                at = todo.pop()
                names = given[at] | self._defined(at)
                for file, imported in self._importers(at):
                    got = names if imported is None or "*" in imported else names & imported
                    if imported is None and names.isdisjoint(self._words(file)):
                        continue
                    got = got | self._renamed(file, got)
                    before = given.get(file)
                    if got and (before is None or not got <= before):
                        given[file] = got | (before or set())
                        todo.append(file)
            self._reached[key] = frozenset(given)
        return self._reached[key]

    def _renamed(self, path: str, names: set[str]) -> set[str]:
        """The names that imports of a file may give to ``names``."""
        return {n for i in self._imports.of(path) if "as" in i.names and not names.isdisjoint(i.names) for n in i.names}

    def _defined(self, path: str) -> set[str]:
        """What a file binds at the margin, other than by an import."""
        if path not in self._margins:
            self._margins[path] = _words_of(MARGIN, self._read(path))
        return self._margins[path]

    def _words(self, path: str) -> set[str]:
        if path not in self._known_words:
            self._known_words[path] = set(map(name_of, IDENTIFIER.findall(self._read(path))))
        return self._known_words[path]


def _words_of(pattern: re.Pattern[bytes], data: bytes) -> set[str]:
    return {name_of(word) for words in pattern.findall(data) for word in words if word}
