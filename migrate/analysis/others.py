"""The files of a run that were not read into its project, with what their bytes tell."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from migrate.analysis.ancestry import Ancestry
from migrate.analysis.importers import Importers
from migrate.analysis.importing import Imports, Read
from migrate.analysis.outline import Outline
from migrate.analysis.syntax import is_special
from migrate.analysis.values import Namespace, Symbol
from migrate.index.tree import INIT, Tree
from migrate.rules import RuleSet

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
        self._of_holders = rules.of_holders
        used = {name for rule in rules.rules for name in rule.attributes} | rules.of_holders
        names = "|".join(sorted(map(re.escape, used)))
        self._attribute = re.compile(rf"\.(?:{names})\b|[\"'](?:{names})[\"']".encode())
        self._outline = cache(lambda path: Outline(read(path)))
        self._imports = Imports(lambda path: self._outline(path).data, tree)
        self._importers = Importers(self._all, self._imports, self._outline, by_margin=not self.is_large)
        self._ancestry = Ancestry(self._all, self._outline, self._imports)
        self._instances: dict[str, bool] = {}
        self._asked: dict[str, list[frozenset[str] | None]] = {}

    def descends(
        self, cls: Symbol | Namespace, wanted: Callable[[str, str], bool], through: Callable[[str], bool] | None
    ) -> bool:
        """Whether a class of one of the files may derive from a name of another file of the run that is ``wanted``.

        Or through a class of one of the files that is for ``through`` to tell.
        """
        if isinstance(cls, Namespace):
            return True
        return self._ancestry.meets((cls.path, cls.name.rpartition(".")[2]), self.paths, wanted, through)

    def has_heirs(self, cls: tuple[str, str], number: int) -> bool:
        """Whether more classes of the run than ``number`` derive from one, as the bytes of all files tell."""
        return self._ancestry.has_heirs(cls, number)

    def heirs(self, cls: tuple[str, str], names: frozenset[str]) -> Iterator[str]:
        """The files with classes that derive from one and spell one of the names, and the files between."""
        return self._ancestry.heirs(cls, lambda path: self.spells(path, names))

    def spells(self, path: str, names: frozenset[str] | None) -> bool:
        """Whether one of the names stands in the file; None: any name may do."""
        return names is None or not names.isdisjoint(self._outline(path).words)

    def leads_to(self, path: str, names: frozenset[str] | None) -> bool:
        """Whether one of the names stands in the file, or in one that it imports from and may hand things on to."""
        if self.is_large:
            return self.spells(path, names)
        return self.spells(path, names) or any(self.spells(file, names) for file, *_ in self._imports.targets(path))

    def may_use(self, path: str) -> bool:
        """Whether a file may do something with instances: in a large tree, one that spells an attribute of theirs."""
        if path not in self._instances:
            hands_on = not self.is_large or os.path.basename(path) == f"{INIT}.py"
            self._instances[path] = hands_on or bool(self._attribute.search(self._outline(path).data))
        return self._instances[path]

    def importing(
        self, names: Names, holders: frozenset[str] | None = None, using: Callable[[str], bool] = bool
    ) -> Iterator[str]:
        """The files that import one of ``names`` from its module, by name, star, or through the module or others.

        One of which the members matter is passed over by a file that spells none of them, or none of the ``holders``,
        as long as nobody who has it from there does; and one that is not ``using`` it always.
        """
        for module, members in names.items():
            for path, imported, _, between in self._importers.of(module):
                if self.paths.isdisjoint((path, *between)) or not using(path):
                    continue
                if any(
                    (imported is None or name in imported or "*" in imported)
                    and self._uses(path, name, through, holders)
                    for name, through in members.items()
                    if imported is not None or name in self._outline(path).words
                ):
                    yield from (path, *between)

    def asked(self, module: str, name: str) -> bool:
        """Whether one of the files may import ``name`` from the file ``module``."""
        if module not in self._asked:
            importers = self._importers.of(module)
            self._asked[module] = [importer.names for importer in importers if importer.path in self._unread]
        return any(names is None or name in names or "*" in names for names in self._asked[module])

    def behind_star(self, path: str, name: str) -> set[str]:
        """The files through which a star import of the file may bring ``name``, to those that bind it."""
        return self._behind_star(path, name, {path})

    def _behind_star(self, path: str, name: str, seen: set[str]) -> set[str]:
        outline = self._outline(path)
        brings = name in outline.public if outline.public is not None else outline.has_public or not is_special(name)
        if not brings:
            return set()
        if self._binds(path, name):
            return {path}
        found: set[str] = set()
        for file, names, _ in self._imports.targets(path):
            if names is not None and "*" in names and file not in seen:
                seen.add(file)
                found |= self._behind_star(file, name, seen)
        return found | {path} if found else found

    def _binds(self, path: str, name: str) -> bool:
        """Whether the file defines, assigns or imports ``name``; a builtin only where it stands at the margin."""
        return name in self._outline(path).bound or any(name in statement.names for statement in self._imports.of(path))

    def _uses(self, path: str, name: str, members: frozenset[str], holders: frozenset[str] | None) -> bool:
        """Whether a file that imports ``name``, together with those that it hands things on to, spells what matters.

        What concerns all that an object holds needs no name of it.
        """
        if not members:
            return True
        files = (path,) if self.is_large else self._onward(path, name)
        return any(
            (self.spells(f, members) and self.spells(f, holders)) or self.spells(f, self._of_holders) for f in files
        )

    def _onward(self, path: str, name: str) -> Iterator[str]:
        """A file that has imported ``name``, and those that get this from it, or anything that one on the way defines.

        One comes as soon as it is found: whoever asks is often content with the first.
        """
        given: dict[str, set[str]] = {}
        todo = [(path, {name})]
        while todo:
            at, got = todo.pop()
            if at not in given:
                yield at
                given[at] = set()
                got = got | self._outline(at).margin
            names = given[at]
            new = got - names
            names |= new
            for file, imported, *_ in self._importers.of(at) if new else ():
                spelled = self._outline(file).words if imported is None else imported
                passed = new if "*" in spelled else new & spelled
                if not passed <= given.get(file, set()):
                    todo.append((file, passed))
