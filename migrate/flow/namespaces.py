"""The attributes of objects and the names of modules as mappings: ``vars(net)``, ``models.__dict__``."""

from __future__ import annotations

from migrate.flow.facts import Fact, id_of
from migrate.flow.modules import Loaded
from migrate.flow.state import Flow
from migrate.index.summary import COMPUTED


class Namespaces:
    """A container for each class and module that is asked for, which grows with what they have."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._graph = flow.graph
        self._objects: dict[int, int] = {}
        self._modules: dict[str, int] = {}
        self._taken: set[tuple[int, str]] = set()
        flow.classes.watchers.append(self._new_attribute)

    def of_objects(self, cls: int) -> int:
        """The container of what objects of a class have."""
        site = self._objects.get(cls)
        if site is None:
            site = self._objects[cls] = self._new()
            for name in self._flow.classes.names(cls):
                self._take_name(cls, name)
            for node in self._flow.classes.computed(cls):
                self._flow.containers.put(site, None, node)
            self._flow.containers.watch(site, self._put, cls)
        return site

    def of_module(self, path: str) -> int:
        """The container of the names of a module of the run."""
        site = self._modules.get(path)
        if site is None:
            site = self._modules[path] = self._new()
            self._flow.modules.when_read(path, self._take_names)
        return site

    def _new(self) -> int:
        site = self._graph.new()
        self._flow.containers.mappings.add(site)
        return site

    def _take_names(self, path: str, loaded: Loaded | None) -> None:
        site = self._modules[path]
        if loaded is None:
            self._flow.containers.put(site, None, self._unread(path))
            return
        for name, node in loaded.summary.exports.items():
            self._flow.containers.put(site, name, node + loaded.base)
        for level, module in loaded.summary.stars:
            file = self._flow.modules.file(path, level, module)
            if file is not None and file != path:
                self._flow.containers.merge(self.of_module(file), site)

    def _unread(self, path: str) -> int:
        node = self._graph.new()
        self._graph.add(node, ("N", path, ""))
        return node

    def _new_attribute(self, cls: int, name: str) -> None:
        for owner in (cls, *self._flow.classes.above(cls), *self._flow.classes.classes[cls].subclasses):
            if owner in self._objects:
                self._take_name(owner, name)

    def _take_name(self, cls: int, name: str) -> None:
        if (cls, name) in self._taken:
            return
        self._taken.add((cls, name))
        found, cell = self._flow.classes.lookup(cls, name, True), self._flow.containers.cell(self._objects[cls], name)
        self._graph.gate(found, cell)
        self._graph.watch(found, self._take, cell)

    def _take(self, fact: Fact, cell: int) -> None:
        """An object has its methods by its class alone."""
        if fact[0] != "F" or self._flow.functions[id_of(fact)].owner is None:
            self._graph.add(cell, fact)

    def _put(self, key: object, node: int, cls: int) -> None:
        """What is put there under a computed name is an attribute under a computed name."""
        if key is None:
            self._graph.edge(node, self._flow.classes.field(("O", cls), COMPUTED))
