"""The graph: nodes with facts, edges along which they move, and what happens where one arrives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from migrate.flow.facts import Fact

React = Callable[[Fact, Any], None]
MANY = 64
"""Facts of a node beyond which only classes of rules and their instances are kept."""
KEPT = frozenset({"M", "I"})


class Graph:
    """A sparse graph in which facts only grow; each pair of a node and a fact is handled once."""

    def __init__(self) -> None:
        self.facts: list[dict[Fact, None] | None] = []
        self._successors: list[dict[int, None] | None] = []
        self._watchers: list[list[tuple[React, Any]] | None] = []
        self._work: list[tuple[int, Fact]] = []
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
        return list(self.facts[node] or ())

    def after(self, node: int) -> list[int]:
        """The nodes that hold whatever a node holds."""
        return list(self._successors[node] or ())

    def predecessors(self) -> dict[int, list[int]]:
        """For each node, those of which it holds whatever they hold."""
        found: dict[int, list[int]] = {}
        for node, after in enumerate(self._successors):
            for to in after or ():
                found.setdefault(to, []).append(node)
        return found

    def add(self, node: int, fact: Fact) -> None:
        """Let a node hold a fact."""
        known = self.facts[node]
        if known is None:
            self.facts[node] = {fact: None}
        elif fact in known:
            return
        elif len(known) >= MANY and fact[0] not in KEPT:
            self.full[node] = None
            return
        else:
            known[fact] = None
        self._work.append((node, fact))

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
        for fact in self.of(source):
            self.add(to, fact)

    def watch(self, node: int, react: React, payload: Any) -> None:
        """Have ``react`` called with every fact of a node, now and later."""
        watchers = self._watchers[node]
        if watchers is None:
            self._watchers[node] = [(react, payload)]
        else:
            watchers.append((react, payload))
        for fact in self.of(node):
            self._tell(node, fact, react, payload)

    def _tell(self, node: int, fact: Fact, react: React, payload: Any) -> None:
        react(fact, payload)

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
        work, successors, watchers, add = self._work, self._successors, self._watchers, self.add
        while work:
            node, fact = work.pop()
            after = successors[node]
            if after is not None:
                for to in list(after):
                    add(to, fact)
            watching = watchers[node]
            if watching is not None:
                for react, payload in list(watching):
                    react(fact, payload)


Held = tuple[int, Fact]
"""A node and a fact that it holds."""


class TracedGraph(Graph):
    """A graph that remembers where each fact came from: the node and the fact whose move brought it."""

    def __init__(self) -> None:
        super().__init__()
        self._causes: dict[Held, Held | None] = {}
        self._cause: Held | None = None
        self._before: dict[int, dict[int, None]] = {}

    def add(self, node: int, fact: Fact) -> None:
        known = self.facts[node]
        if known is None or fact not in known:
            self._causes.setdefault((node, fact), self._cause)
        super().add(node, fact)

    def edge(self, source: int, to: int) -> None:
        before = self._cause
        for fact in self.of(source):
            self._cause = (source, fact)
            self.add(to, fact)
        self._cause = before
        self._before.setdefault(to, {})[source] = None
        super().edge(source, to)

    def _tell(self, node: int, fact: Fact, react: React, payload: Any) -> None:
        before, self._cause = self._cause, (node, fact)
        react(fact, payload)
        self._cause = before

    def before(self, node: int) -> list[int]:
        """The nodes of which a node holds whatever they hold."""
        return list(self._before.get(node, ()))

    def _move(self) -> None:
        while self._work:
            node, fact = self._work.pop()
            self._cause = (node, fact)
            for to in self.after(node):
                self.add(to, fact)
            for react, payload in list(self._watchers[node] or ()):
                react(fact, payload)
        self._cause = None

    def path(self, node: int, fact: Fact) -> list[Held]:
        """How a node came to hold a fact: from the node back to where it was made."""
        found: dict[Held, None] = {}
        at: Held | None = (node, fact)
        while at is not None and at not in found:
            found[at] = None
            at = self._causes.get(at)
        return list(found)
