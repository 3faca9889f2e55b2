"""Which files of a run have a name from a module, directly or by way of others that import the module as a whole."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from migrate.analysis.importing import Imports, renamed
from migrate.analysis.outline import Outline
from migrate.index.tree import INIT


class Importer(NamedTuple):
    """A file that imports ``names`` from a module, or, with None, has the module as a whole, or a package that has it.

    ``between``: the files through which it has that. ``bound``: its names for it.
    """

    path: str
    names: frozenset[str] | None
    bound: frozenset[str]
    between: tuple[str, ...] = ()


class Importers:
    """The imports of the files of a run, by the file that they mean."""

    def __init__(
        self, paths: Iterable[str], imports: Imports, outline: Callable[[str], Outline], by_margin: bool
    ) -> None:
        self._paths = paths
        self._imports = imports
        self._outline = outline
        self._by_margin = by_margin
        self._found: dict[str, list[Importer]] = {}
        self._known: dict[str, list[Importer]] = {}

    def of(self, module: str) -> list[Importer]:
        """The files that have ``module``, or names from it."""
        if module not in self._found:
            self._found[module] = list(self._find(module))
        return self._found[module]

    def _find(self, module: str) -> Iterator[Importer]:
        """The importers of a module, and of those that have it as a whole, as far as they may get it from these.

        With ``by_margin``, a file that does more with it than look into it may hand it on by all that it defines.
        """
        yield from (importer for importer in self._direct(module) if importer.names is not None)
        todo = [importer for importer in self._direct(module) if importer.names is None]
        held: dict[str, dict[str, tuple[str, ...]]] = {}
        own = os.path.splitext(os.path.basename(module))[0]
        for path, _, given, between in todo:
            known = held.setdefault(path, {})
            if self._by_margin and not self._outline(path).bare.isdisjoint((own, *given)):
                given |= self._outline(path).margin
            new = given - known.keys()
            known.update(dict.fromkeys(new, between))
            for file, names, bound, _ in self._direct(path) if new else ():
                got = bound if names is None else renamed(new, names)
                if not got <= held.get(file, {}).keys():
                    todo.append(Importer(file, None, got, (*between, path)))
        for path, known in held.items():
            spelled = [between for name, between in known.items() if name in self._outline(path).words]
            if spelled:
                yield Importer(path, None, frozenset(known), tuple(_between(spelled, held)))

    def _direct(self, module: str) -> list[Importer]:
        """The files that import from a module, or a package that has it as a whole, maybe under a name of its own."""
        if module not in self._known:
            found: list[Importer] = []
            folder, last = os.path.dirname(module), ""
            while folder != last:
                package = os.path.join(folder, f"{INIT}.py")
                having = (row for row in self._by_module.get(package, ()) if row.names is None)
                found += [row._replace(between=(package,)) for row in having]
                folder, last = os.path.dirname(folder), folder
            self._known[module] = [*found, *self._by_module.get(module, ())]
        return self._known[module]

    @cached_property
    def _by_module(self) -> dict[str, list[Importer]]:
        found: dict[str, list[Importer]] = {}
        for path in self._paths:
            for target in self._imports.targets(path):
                found.setdefault(target.path, []).append(Importer(path, target.names, target.bound))
        return found


def _between(chains: list[tuple[str, ...]], held: Mapping[str, Mapping[str, tuple[str, ...]]]) -> Iterable[str]:
    """The files of all the chains; packages only where they have the module, too, and then by way of whom."""
    found: dict[str, None] = {}
    todo = list(dict.fromkeys(itertools.chain(*chains)))
    for file in todo:
        if file in held and file not in found:
            found[file] = None
            if os.path.basename(file) == f"{INIT}.py":
                todo += itertools.chain(*held[file].values())
    return found
