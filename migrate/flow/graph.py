"""The graph: nodes with facts, edges along which they move, and what happens where one arrives."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

from migrate.flow.facts import Fact

React = Callable[[Fact, Any], None]
MANY = 64
"""Facts of a node beyond which only classes of rules and their instances are kept."""
KEPT = frozenset({"M", "I"})


class Graph:
    """A sparse graph in which facts only grow; each pair of a node and a fact is handled once."""

    def __init__(self) -> None:
        self.table: list[Fact] = []
        """The facts by number."""
        self.numbers: dict[Fact, int] = {}
        self.kept: set[int] = set()
        """The numbers of classes of rules and their instances."""
        self.facts: list[dict[int, None] | None] = []
        """The numbers of the facts of each node, in the order in which they came."""
        self._before: dict[int, list[int]] = {}
        self._gates: dict[int, list[int]] = {}
        """The nodes to which only some facts of others come."""
        self._counted: dict[int, int] = {}
        """Predecessors, and how many edges of each node they are made of."""
        self._led_on: set[int] = set()
        """The nodes that have got edges since."""
        self._successors: list[dict[int, None] | None] = []
        self._watchers: list[list[tuple[React, Any]] | None] = []
        self._work: list[tuple[int, int]] = []
        self._postponed: list[Callable[[], None]] = []
        self.full: dict[int, None] = {}
        """The nodes that more came to than they keep."""

    def new(self) -> int:
        return self.extend(1)

    def extend(self, count: int) -> int:
        """The number of the first of ``count`` new nodes."""
        first = len(self.facts)
        self.facts.extend([None] * count)
        self._successors.extend([None] * count)
        self._watchers.extend([None] * count)
        return first

    def of(self, node: int) -> list[Fact]:
        """The facts of a node."""
        facts, table = self.facts[node], self.table
        return [table[number] for number in facts] if facts else []

    def after(self, node: int) -> list[int]:
        """The nodes that hold whatever a node holds, or some of it."""
        return [*(self._successors[node] or ()), *self._gates.get(node, ())]

    def holds(self, node: int, fact: Fact) -> bool:
        """Whether a node holds a fact."""
        number = self.numbers.get(fact)
        return number is not None and number in (self.facts[node] or ())

    def gate(self, source: int, to: int) -> None:
        """Let ``to`` be behind ``source`` for who goes backwards; what of it comes there is added fact by fact."""
        self._before.setdefault(to, []).append(source)
        self._gates.setdefault(source, []).append(to)

    def predecessors(self) -> dict[int, list[int]]:
        """For each node, those of which it holds whatever they hold."""
        before, counted = self._before, self._counted
        for node in sorted(self._led_on):
            after = self._successors[node] or {}
            for to in islice(after, counted.get(node, 0), None):
                known = before.get(to)
                if known is None:
                    before[to] = [node]
                else:
                    known.append(node)
            counted[node] = len(after)
        self._led_on.clear()
        return before

    def _number(self, fact: Fact) -> int:
        number = self.numbers.get(fact)
        if number is None:
            number = self.numbers[fact] = len(self.table)
            self.table.append(fact)
            if fact[0] in KEPT:
                self.kept.add(number)
        return number

    def add(self, node: int, fact: Fact) -> None:
        """Let a node hold a fact."""
        self._give(node, self._number(fact))

    def _give(self, node: int, number: int) -> None:
        known = self.facts[node]
        if known is None:
            self.facts[node] = {number: None}
        elif number in known:
            return
        elif len(known) >= MANY and number not in self.kept:
            self.full[node] = None
            return
        else:
            known[number] = None
        self._work.append((node, number))

    def edge(self, source: int, to: int) -> None:
        """Let ``to`` hold whatever ``source`` holds."""
        if source == to:
            return
        after = self._successors[source]
        if after is None:
            self._successors[source] = {to: None}
        elif to in after:
            return
        else:
            after[to] = None
        self._led_on.add(source)
        for number in list(self.facts[source] or ()):
            self._give(to, number)

    def watch(self, node: int, react: React, payload: Any) -> None:
        """Have ``react`` called with every fact of a node, now and later."""
        watchers = self._watchers[node]
        if watchers is None:
            self._watchers[node] = [(react, payload)]
        else:
            watchers.append((react, payload))
        for number in list(self.facts[node] or ()):
            self._tell(node, number, react, payload)

    def _tell(self, node: int, number: int, react: React, payload: Any) -> None:
        react(self.table[number], payload)

    def postpone(self, grow: Callable[[], None]) -> None:
        """Have the graph grow when the facts at hand have been moved: one thing may lead to the next without end."""
        self._postponed.append(grow)

    def run(self) -> None:
        """Move facts until nothing is new."""
        self._move()
        while self._postponed:
            self._postponed.pop()()
            self._move()

    def _move(self) -> None:
        work, successors, watchers, table, give = self._work, self._successors, self._watchers, self.table, self._give
        while work:
            node, number = work.pop()
            after = successors[node]
            if after is not None:
                for to in list(after):
                    give(to, number)
            watching = watchers[node]
            if watching is not None:
                fact = table[number]
                for react, payload in list(watching):
                    react(fact, payload)


Held = tuple[int, Fact]
"""A node and a fact that it holds."""


class TracedGraph(Graph):
    """A graph that remembers where each fact came from: the node and the fact whose move brought it."""

    def __init__(self) -> None:
        super().__init__()
        self._causes: dict[tuple[int, int], tuple[int, int] | None] = {}
        self._cause: tuple[int, int] | None = None
        """The node and the fact that are being handled."""
        self._sources: dict[int, dict[int, None]] = {}

    def _give(self, node: int, number: int) -> None:
        known = self.facts[node]
        if known is None or number not in known:
            self._causes.setdefault((node, number), self._cause)
        super()._give(node, number)

    def edge(self, source: int, to: int) -> None:
        before = self._cause
        for number in list(self.facts[source] or ()):
            self._cause = (source, number)
            self._give(to, number)
        self._cause = before
        self._sources.setdefault(to, {})[source] = None
        super().edge(source, to)

    def _tell(self, node: int, number: int, react: React, payload: Any) -> None:
        before, self._cause = self._cause, (node, number)
        react(self.table[number], payload)
        self._cause = before

    def gate(self, source: int, to: int) -> None:
        self._sources.setdefault(to, {})[source] = None
        super().gate(source, to)

    def before(self, node: int) -> list[int]:
        """The nodes of which a node holds whatever they hold."""
        return list(self._sources.get(node, ()))

    def _move(self) -> None:
        while self._work:
            node, number = self._work.pop()
            self._cause = (node, number)
            for to in list(self._successors[node] or ()):
                self._give(to, number)
            for react, payload in list(self._watchers[node] or ()):
                react(self.table[number], payload)
        self._cause = None

    def path(self, node: int, fact: Fact) -> list[Held]:
        """How a node came to hold a fact: from the node back to where it was made."""
        found: dict[tuple[int, int], None] = {}
        at: tuple[int, int] | None = (node, self._number(fact))
        while at is not None and at not in found:
            found[at] = None
            at = self._causes.get(at)
        return [(held, self.table[number]) for held, number in found]
