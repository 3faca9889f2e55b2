"""The layers that nodes hold: themselves, as parts of networks, or as elements of containers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from migrate.flow.facts import Fact, id_of
from migrate.flow.state import Flow

Layer = tuple[str, int | Fact]
"""The name of the class of a layer, and the node that it comes from or the class of the run that derives from it."""
IN_NETWORKS = "ODI"
"""The kinds of facts of attributes and elements that are parts of a network."""


class Holding:
    """What networks hold, once a flow has come to rest."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._graph = flow.graph
        self._empty: set[Fact] = set()
        """What is known to hold no layer."""

    @cached_property
    def _before(self) -> dict[int, list[int]]:
        return self._graph.predecessors()

    def layers(self, facts: Iterable[Fact], nodes: Iterable[int]) -> Iterator[Layer]:
        """The layers behind facts of ``nodes``: the nearest first.

        A method stands for its object, a class for its own.
        """
        found: set[Layer] = set()
        inner = list(dict.fromkeys(same for fact in facts for same in self._behind(fact)))
        for name in sorted({str(fact[1]) for fact in inner if fact[0] == "I"}):
            yield from self._new(found, self._origins(("I", name), nodes))
        todo = [fact for fact in inner if fact[0] != "I" and fact not in self._empty]
        seen = set(todo)
        for fact in todo:
            yield from self._new(found, self._derived(fact))
            held: dict[Fact, list[int]] = {}
            for node in self._inside(fact):
                for each in self._graph.of(node):
                    held.setdefault(each, []).append(node)
            for each in sorted((f for f in held if f[0] == "I"), key=repr):
                yield from self._new(found, self._origins(each, held[each]))
            new = [f for f in held if self._is_part(f) and f not in seen and f not in self._empty]
            seen.update(new)
            todo += new
        if not found:
            self._empty |= seen

    def is_network(self, fact: Fact) -> bool:
        """Whether something is a network, whatever it holds."""
        if fact[0] == "D":
            return id_of(fact) in self._flow.containers.networks
        return fact[0] == "O" and self._is_part(fact)

    def _new(self, found: set[Layer], layers: Iterable[Layer]) -> Iterator[Layer]:
        for layer in layers:
            if layer not in found:
                found.add(layer)
                yield layer

    def _behind(self, fact: Fact) -> Iterator[Fact]:
        """The objects for which a fact stands that is given to a function."""
        kind = fact[0]
        if kind in "FB":
            owner = self._flow.functions[id_of(fact)].owner
            if owner is not None:
                yield ("O", owner)
        elif kind == "K":
            yield ("O", fact[1])
        elif kind in IN_NETWORKS:
            yield fact

    def _is_part(self, fact: Fact) -> bool:
        """Whether a network has something as a part: objects of classes without any base are none."""
        if fact[0] != "O":
            return fact[0] == "D"
        bases = self._flow.classes.library_bases(id_of(fact))
        return any(not str(base[1]).startswith("builtins.") for base in bases)

    def _derived(self, fact: Fact) -> Iterator[Layer]:
        """The layer that an object of a class of the run is itself."""
        if fact[0] == "O":
            for base in self._flow.classes.library_bases(id_of(fact)):
                if base[0] == "M":
                    yield self._flow.names[str(base[1])], ("K", fact[1])

    def _inside(self, fact: Fact) -> Iterator[int]:
        """The nodes of what an object has under its names, and of the elements of what may be a container."""
        classes, containers, of = self._flow.classes, self._flow.containers, id_of(fact)
        if fact[0] == "D":
            yield from (containers.everything(of), *classes.own(("D", of)).values())
            return
        for owner in (of, *classes.above(of), *classes.classes[of].subclasses):
            yield from (*classes.own(("K", owner)).values(), *classes.own(("O", owner)).values())
            yield containers.everything(classes.classes[owner].site)

    def _origins(self, layer: Fact, nodes: Iterable[int]) -> Iterator[Layer]:
        """The nodes that layers of a class come from, in some of ``nodes``."""
        todo = list(nodes)
        seen = set(todo)
        for node in todo:
            before = [n for n in self._before.get(node, ()) if self._graph.holds(n, layer)]
            if not before:
                yield str(layer[1]), node
            new = [n for n in before if n not in seen]
            seen.update(new)
            todo += new
