"""Modules of the run: what names mean in them, and whoever asks before a module is read."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable
from typing import NamedTuple

from migrate.flow.facts import Fact, id_of
from migrate.flow.graph import Graph
from migrate.index.summary import Summary
from migrate.index.tree import Tree

COMPUTING = "__getattr__"


class Loaded(NamedTuple):
    """A summary in the graph, with the number of its first node there."""

    summary: Summary
    base: int


OnRead = Callable[[str, Loaded | None], None]
Origins = Callable[[str, str], Iterable[tuple[str, str]]]
"""The names of other files that a file, which was not read, has under a name; an empty one is the file itself."""


class Modules:
    """The modules that were read, and the names that others want from those that were not.

    Those that are ``coming`` will be: nothing is said of what they hold until then.
    """

    def __init__(
        self, graph: Graph, tree: Tree, classes: frozenset[str], coming: frozenset[str], origins: Origins
    ) -> None:
        self._graph = graph
        self._tree = tree
        self._classes = classes
        self._coming = coming
        self._origins = origins
        self.result_of: Callable[[int], int]
        """Gives the node of what a function returns."""
        self.loaded: dict[str, Loaded | None] = {}
        self._exports: dict[str, dict[str, int]] = {}
        self._wanted: dict[str, dict[tuple[str, int], None]] = {}
        self._assigned: dict[str, list[tuple[str, int]]] = {}
        """What others assign to names of modules that were not read."""
        self._waiting: dict[str, list[OnRead]] = {}

    def take(self, path: str, loaded: Loaded) -> None:
        """A module that was read; whoever waited for its names gets them."""
        summary, base = loaded
        self.loaded[path] = loaded
        self._exports[path] = {name: node + base for name, node in summary.exports.items()}
        for entry in summary.imports:
            self._import(path, entry.level, entry.module, entry.name, entry.node + base)
        for name, node in summary.free.items():
            self._free(path, name, node + base)
        for name, node in self._wanted.pop(path, {}):
            self.export(path, name, node)

        for name, node in self._assigned.pop(path, ()):
            self.assign(path, name, node)
        for told in self._waiting.pop(path, ()):
            told(path, loaded)

    def when_read(self, path: str, told: OnRead) -> None:
        """Have ``told`` called when a module is read, or at once if it was read or is not going to be."""
        if path in self.loaded:
            told(path, self.loaded[path])
        elif path in self._coming:
            self._waiting.setdefault(path, []).append(told)
        else:
            told(path, None)

    def fail(self, path: str) -> None:
        """A module that cannot be read: who waited for its names waits for nothing."""
        self.loaded[path] = None
        for name, node in self._wanted.pop(path, {}):
            self.export(path, name, node)
        for told in self._waiting.pop(path, ()):
            told(path, None)

    def names(self, path: str) -> dict[str, int]:
        """The names at module level that the file binds or that were asked for, with their nodes."""
        return self._exports.get(path, {})

    def by_stars(self) -> dict[int, str]:
        """The nodes of names that others want of a module and that it has by a star import, with its path."""
        found: dict[int, str] = {}
        for path, names in self._exports.items():
            loaded = self.loaded[path]
            own = loaded.summary.exports if loaded is not None else {}
            found.update((node, path) for name, node in names.items() if name not in own)
        return found

    def symbol(self, name: str) -> Fact:
        """The fact for something of a library."""
        return ("M", name) if name in self._classes else ("S", name)

    def export(self, path: str, name: str, to: int) -> None:
        """Let ``to`` hold what ``name`` is in a module."""
        if path not in self.loaded:
            self._want(path, name, to)
            return
        if self.loaded[path] is None:  # it cannot be read
            self._graph.add(to, ("N", path, name))
            return
        exports = self._exports[path]
        if name not in exports:
            inner = self._tree.submodule(path, name)
            if inner is not None:
                self._graph.add(to, ("X", inner))
                return
            node = exports[name] = self._graph.new()
            self._from_stars(path, name, node)
            if COMPUTING in exports and not name.startswith("__"):
                self._graph.watch(exports[COMPUTING], self._compute, node)
        self._graph.edge(exports[name], to)

    def _compute(self, fact: Fact, to: int) -> None:
        """What ``__getattr__`` of a module gives may be anything that the module does not bind."""
        if fact[0] == "F":
            self._graph.edge(self.result_of(id_of(fact)), to)

    def assign(self, path: str, name: str, value: int) -> None:
        """What another file assigns to a name of a module."""
        if path not in self._exports:
            self._assigned.setdefault(path, []).append((name, value))
            return
        exports = self._exports[path]
        if name not in exports:
            exports[name] = self._graph.new()
        self._graph.edge(value, exports[name])

    def _want(self, path: str, name: str, to: int) -> None:
        wanted = self._wanted.setdefault(path, {})
        if (name, to) in wanted:
            return
        wanted[name, to] = None
        if path in self._coming:
            return
        inner = self._tree.submodule(path, name)
        if inner is not None:
            self._graph.add(to, ("X", inner))
            return
        origins = list(self._origins(path, name))
        for file, original in origins:
            if original:
                self.export(file, original, to)
            else:
                self._graph.add(to, ("X", file))
        if not origins:
            self._graph.add(to, ("N", path, name))

    def file(self, importer: str, level: int, module: str) -> str | None:
        """The file of the run that an import means."""
        if level:
            return self._tree.relative(importer, level, module)
        return self._tree.absolute(importer, module)

    def _import(self, importer: str, level: int, module: str, name: str | None, to: int) -> None:
        path = self.file(importer, level, module)
        if name is None:
            self._graph.add(to, ("X", path) if path is not None else self.symbol(module))
        elif path is not None and (path != importer or self._tree.submodule(path, name) is None):
            self.export(path, name, to)
        else:
            inner = self.file(importer, level, f"{module}.{name}" if module else name)
            if inner is not None:
                self._graph.add(to, ("X", inner))
            else:
                self._graph.add(to, self.symbol("." * level + f"{module}.{name}"))

    def _free(self, path: str, name: str, to: int) -> None:
        """A name that nothing in the file binds: a builtin, or what a star import brings."""
        if hasattr(builtins, name):
            self._graph.add(to, ("S", f"builtins.{name}"))
        self._from_stars(path, name, to)

    def _from_stars(self, path: str, name: str, to: int) -> None:
        loaded = self.loaded[path]
        assert loaded is not None
        for level, module in loaded.summary.stars:
            file = self.file(path, level, module)
            if file is None:
                self._graph.add(to, self.symbol(f"{'.' * level}{module}.{name}"))
            elif file != path:
                self.export(file, name, to)
