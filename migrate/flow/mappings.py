"""Mappings that library functions make: of pairs, of keywords, of keys."""

from __future__ import annotations

from migrate.flow.facts import Fact, id_of
from migrate.flow.members import Members
from migrate.flow.state import Flow
from migrate.index.summary import KEYS, Call


class Mappings:
    """The effects of calls that make mappings."""

    def __init__(self, flow: Flow, members: Members) -> None:
        self.flow = flow
        self.graph = flow.graph
        self._members = members

    def give(self, call: Call, number: int) -> None:
        """What it gets, or a mapping of the pairs that it gets, and of its keywords."""
        for value in call.positional:
            self.graph.edge(value, call.result)
        self.flow.containers.mappings.add(call.result)
        if not call.positional or call.keywords:
            self.graph.add(call.result, ("D", call.result))
        for name, value in call.keywords:
            self.flow.containers.put(call.result, name, value)
        for mapping in call.double_stars:
            self.graph.watch(mapping, self._members.take_over, call.result)
        for value in call.positional:
            self.graph.watch(value, self._take_pairs, call.result)

    def _take_pairs(self, fact: Fact, site: int) -> None:
        """Let a mapping have what the pairs in a list tell."""
        if fact[0] == "D" and id_of(fact) not in self.flow.containers.mappings:
            pairs = self.graph.new()
            self.flow.containers.take_unnamed(id_of(fact), pairs)
            self.graph.watch(pairs, self._take_pair, site)

    def _take_pair(self, fact: Fact, site: int) -> None:
        if fact[0] == "D" and id_of(fact) != site:
            key, value = (self.flow.containers.cell(id_of(fact), place) for place in (0, 1))
            self.graph.add(site, ("D", site))
            self.graph.edge(key, self.flow.containers.attribute(site, KEYS))
            self._members.look_ups.add(self._put, ("D", site), key, value)

    def _put(self, fact: Fact, key: object, looks: str, value: int) -> None:
        self.flow.containers.put(id_of(fact), key, value)

    def give_keys(self, call: Call, number: int) -> None:
        """``dict.fromkeys(keys, value)``."""
        self.flow.containers.mappings.add(call.result)
        self.graph.add(call.result, ("D", call.result))
        for keys in call.positional[:1]:
            self.graph.watch(keys, self._members.element_of, self.flow.containers.attribute(call.result, KEYS))
        for value in call.positional[1:2]:
            self.flow.containers.put(call.result, None, value)
