"""The layers of networks, as ``modules()`` gives them: what they have under their names, and what that holds."""

from __future__ import annotations

from migrate.flow.facts import Fact, id_of
from migrate.flow.library import CONTAINERS
from migrate.flow.state import Flow


class Trees:
    """For each network a container of all layers in it; lists and dicts of the language are no part of it.

    Containers of layers are one only in whole trees: who asks for the class of a layer has nothing of them.
    """

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.graph = flow.graph
        self._objects: dict[int, int] = {}
        self._containers: dict[int, int] = {}
        self._done: set[tuple[object, ...]] = set()
        flow.classes.watchers.append(self._new_attribute)

    def of_objects(self, cls: int) -> int:
        """The container of the layers of objects of a class."""
        if cls not in self._objects:
            self._objects[cls] = self.graph.new()
            self._branch_out(cls)
        return self._objects[cls]

    def of_container(self, site: int) -> int:
        """The container of the layers of a network that is a container itself."""
        if site not in self._containers:
            self._containers[site] = self.graph.new()
            self._grow(("D", site), (site, self._containers[site]))
        return self._containers[site]

    def take_base(self, cls: int) -> None:
        """A class has a new base."""
        for owner in self._family(cls):
            self._branch_out(owner)

    def _first_time(self, *key: object) -> bool:
        if key in self._done:
            return False
        self._done.add(key)
        return True

    def _branch_out(self, cls: int) -> None:
        if cls not in self._objects:
            return
        classes, tree = self.flow.classes, self._objects[cls]
        for name in classes.names(cls):
            if self._first_time("name", cls, name):
                lookup = classes.lookup(cls, name, True)
                self.graph.watch(lookup, self._grow, (lookup, tree))
        if any(str(base[1]) in CONTAINERS for base in classes.library_bases(cls)):
            for owner in self._family(cls):
                self._take_elements(classes.classes[owner].site, tree)

    def _new_attribute(self, cls: int, name: str) -> None:
        for owner in self._family(cls):
            self._branch_out(owner)

    def _family(self, cls: int) -> tuple[int, ...]:
        """A class, and those of the run that it derives from or that derive from it."""
        return (cls, *self.flow.classes.above(cls), *self.flow.classes.classes[cls].subclasses)

    def _grow(self, fact: Fact, what: tuple[int, int]) -> None:
        """Take something that a node holds into a tree, with the layers in it."""
        source, tree = what
        is_container = fact[0] == "D" and id_of(fact) in self.flow.containers.networks
        if is_container:
            self._take_elements(id_of(fact), tree)
        is_object = fact[0] == "O" and bool(self.flow.classes.classes[id_of(fact)].summary.bases)
        if not (is_object or fact[0] in "IL" or (is_container and self.flow.has_whole_trees)):
            return
        held = self.graph.new()
        self.flow.grown[held] = source
        self.graph.add(held, fact)
        self.flow.containers.put(tree, None, held)
        if is_object:
            self.flow.containers.merge(self.of_objects(id_of(fact)), tree)

    def _take_elements(self, site: int, tree: int) -> None:
        if self._first_time("elements", site, tree):
            held = self.flow.containers.everything(site)
            self.graph.watch(held, self._grow, (held, tree))
