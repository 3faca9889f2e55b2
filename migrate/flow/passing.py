"""Arguments of calls go to the parameters of functions."""

from __future__ import annotations

from migrate.flow.classes import RunFunction
from migrate.flow.facts import Fact, id_of
from migrate.flow.state import Flow
from migrate.index.summary import NOBODY, Call

PLACES = 8
"""How many arguments behind the parameters are told apart: who passes on what it gets and one more has no last one."""


class Passing:
    """What calls pass, by place and by name, also through stars."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.graph = flow.graph

    def give_unnamed(self, fact: Fact, call: Call) -> None:
        """The arguments of what runs a method without naming it go to the method that a look-up found."""
        if fact[0] == "F":
            function = self.flow.functions[id_of(fact)]
            self.give(function, call, function.owner is not None and function.summary.kind != "static")

    def give(self, function: RunFunction, call: Call, bound: bool) -> None:
        """The arguments of a call go to the parameters of a function."""
        summary = function.summary
        parameters = summary.parameters[1:] if bound else summary.parameters
        through = self._through(function, call)
        nodes = [through.get(node, node) for _, node in parameters]
        rest = summary.rest
        for i, value in enumerate(call.positional):
            if i < len(nodes):
                self.graph.edge(value, nodes[i])
            elif rest != NOBODY:
                self.flow.containers.put(rest, i - len(nodes), value)
        for place, star in call.stars:
            self.graph.watch(star, self._unpack, (nodes, rest, place))
        named = {name: through.get(node, node) for name, node in (*parameters, *summary.keyword_only)}
        keyword_rest = summary.keyword_rest
        for name, value in call.keywords:
            if name in named:
                self.graph.edge(value, named[name])
            elif keyword_rest != NOBODY:
                self.flow.containers.put(keyword_rest, name, value)
        for mapping in call.double_stars:
            by_place = parameters[: len(call.positional)]
            given = frozenset(name for name, _ in (*call.keywords, *by_place))
            self.graph.watch(mapping, self._unpack_mapping, (named, keyword_rest, given))

    def _through(self, function: RunFunction, call: Call) -> dict[int, int]:
        """Nodes on the way to the parameters that the function returns as they came: each call gets back its own."""
        found: dict[int, int] = {}
        for node in function.given_back if call.result != NOBODY else ():
            passed = found[node] = self.graph.new()
            self.flow.passages.add(passed)
            self.graph.edge(passed, node)
            self.graph.edge(passed, call.result)
        return found

    def _unpack(self, fact: Fact, to: tuple[list[int], int, int]) -> None:
        if fact[0] == "D":
            self.flow.containers.watch(id_of(fact), self._unpacked, to)

    def _unpacked(self, key: object, node: int, to: tuple[list[int], int, int]) -> None:
        nodes, rest, place = to
        if isinstance(key, int):
            if place + key < len(nodes):
                self.graph.edge(node, nodes[place + key])
            elif rest != NOBODY:
                behind = place + key - len(nodes)
                self.flow.containers.put(rest, behind if behind < PLACES else None, node)
        elif key is None:
            for parameter in nodes[place:]:
                self.graph.edge(node, parameter)
            if rest != NOBODY:
                self.flow.containers.put(rest, None, node)

    def _unpack_mapping(self, fact: Fact, to: tuple[dict[str, int], int, frozenset[str]]) -> None:
        if fact[0] == "D":
            self.flow.containers.watch(id_of(fact), self._unpacked_entry, to)

    def _unpacked_entry(self, key: object, node: int, to: tuple[dict[str, int], int, frozenset[str]]) -> None:
        named, keyword_rest, given = to
        if key in given:
            return
        if key in named:
            self.graph.edge(node, named[str(key)])
        elif keyword_rest != NOBODY:
            self.flow.containers.put(keyword_rest, key, node)
        elif key is None:
            for name, parameter in named.items():
                if name not in given:
                    self.graph.watch(node, self._may_be_named, parameter)

    def _may_be_named(self, fact: Fact, parameter: int) -> None:
        """Of what is under a key that is not known, which may come to any parameter, only what can be called does."""
        if fact[0] in "MPKF":
            self.graph.add(parameter, fact)
