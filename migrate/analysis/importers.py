"""Which files of a run have a name from a module, directly or by way of others that import the module as a whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from migrate.analysis.importing import Imports, renamed
from migrate.analysis.outline import Outline
from migrate.analysis.tree import INIT


class Importer(NamedTuple):
    """A file that imports ``names`` from a module, or, with None, has the module as a whole, or a package that has it.

    ``between``: the files through which it has that, the nearest to the module first. ``bound``: its names for it.
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

    def of(self, module: str) -> list[Importer]:
        """The files that have ``module``, or names from it."""
        if module not in self._found:
            self._found[module] = list(self._find(module))
        return self._found[module]

    def _find(self, module: str) -> Iterator[Importer]:
        """The importers of a module, and of those that have it as a whole, as far as they may get it from these.

        With ``by_margin``, a file may hand a module on by whatever it defines at the margin.
        """
        todo = list(self._direct(module))
        yield from todo
        todo = [importer for importer in todo if importer.names is None]
        held: dict[str, frozenset[str]] = {}
        for path, _, bound, between in todo:
            given = bound | self._outline(path).margin if self._by_margin and path not in held else bound
            new = given - held.get(path, frozenset())
            held[path] = held.get(path, frozenset()) | new
            for file, names, as_whole, _ in self._direct(path) if new else ():
                got = as_whole if names is None else renamed(new, names)
                if not got <= held.get(file, frozenset()):
                    importer = Importer(file, None, got, (*between, path))
                    todo.append(importer)
                    if file not in held:
                        yield importer

    def _direct(self, module: str) -> Iterator[Importer]:
        """The files that import from a module, or a package that has it as a whole, maybe under a name of its own."""
        rows = self._by_module.get(module, [])
        own = {path for path, names, *_ in rows if names is None}
        folder, last = os.path.dirname(module), ""
        while folder != last:
            package = os.path.join(folder, f"{INIT}.py")
            between = (package,) if package in own else ()
            yield from (r._replace(between=between) for r in self._by_module.get(package, ()) if r.names is None)
            folder, last = os.path.dirname(folder), folder
        yield from rows

    @cached_property
    def _by_module(self) -> dict[str, list[Importer]]:
        found: dict[str, list[Importer]] = {}
        for path in self._paths:
            for target in self._imports.targets(path):
                found.setdefault(target.path, []).append(Importer(path, target.names, target.bound))
        return found
