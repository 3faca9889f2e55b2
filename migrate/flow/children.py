"""Networks that are taken apart into their layers: ``conv, norm = self._modules.values()``."""

from __future__ import annotations

from migrate.flow.facts import Fact, id_of
from migrate.flow.graph import React
from migrate.flow.home import At
from migrate.flow.state import Flow
from migrate.index.summary import Unpacked


class Children:
    """Where a constructor gives its object the layers one by one, each name gets the layer in its place.

    That is looked at when all facts have moved; any layer may stand anywhere as long as it is not so.
    """

    def __init__(self, flow: Flow, load: React, element_of: React) -> None:
        self._flow = flow
        self._load = load
        self._element_of = element_of
        self._waiting: list[tuple[Fact, Unpacked]] = []
        self._told: set[tuple[Fact, Unpacked, bool]] = set()

    def add(self, unpacked: Unpacked, at: At) -> None:
        """Take apart what ``base`` holds in a file or copy whose nodes are found by ``at``."""
        base, results = at[unpacked.base], tuple(at[node] for node in unpacked.results)
        for result in results:
            self._flow.graph.gate(base, result)
        self._flow.graph.watch(base, self._arrive, Unpacked(base, results))

    def _arrive(self, fact: Fact, unpacked: Unpacked) -> None:
        if fact[0] == "O":
            self._waiting.append((fact, unpacked))
        else:
            self._take_any(fact, unpacked)

    def _take_any(self, fact: Fact, unpacked: Unpacked) -> None:
        held = self._flow.graph.new()
        self._load(fact, ("_modules", held))
        for result in unpacked.results:
            self._flow.graph.watch(held, self._element_of, result)

    def resolve(self) -> bool:
        """Take apart what has arrived; whether anything was new."""
        before = len(self._told)
        for fact, unpacked in self._waiting:
            names = self._names(id_of(fact))
            case = (fact, unpacked, bool(names))
            if case in self._told:
                continue
            self._told.add(case)
            for name, result in zip(names, unpacked.results, strict=False):
                self._flow.graph.edge(self._flow.classes.lookup(id_of(fact), name, True), result)
            if not names:
                self._take_any(fact, unpacked)
        return len(self._told) > before

    def _names(self, cls: int) -> tuple[str, ...]:
        """The names of the layers of a class in the order in which they are registered, if nothing else is set.

        What is set under a computed name takes the place of a layer: with one more there would be too many.
        """
        classes = self._flow.classes
        family = [(each, classes.classes[each]) for each in (cls, *classes.above(cls))]
        is_shown = all(len(of.library) + len(of.bases) >= len(of.summary.bases) for _, of in family)
        own = {each: set(classes.own(("K", each))) - set(of.summary.members) for each, of in family}
        setting = [of for each, of in family if own[each]]
        if not is_shown or len(setting) != 1 or not classes.reordered.isdisjoint(each for each, _ in family):
            return ()
        names = setting[0].summary.registered
        is_whole = set(names) == set().union(*own.values())
        holds_more = any(self._flow.containers.cells(of.site) for _, of in family)
        return names if is_whole and not holds_more else ()
