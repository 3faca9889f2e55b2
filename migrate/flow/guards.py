"""Functions that tell of what they get whether it is an instance of some classes: ``if is_norm(layer):``."""

from __future__ import annotations

from migrate.flow.facts import Fact, id_of
from migrate.flow.graph import React
from migrate.flow.state import Flow
from migrate.index.summary import NOBODY, Test


class Guards:
    """The tests of a run by functions; behind one that tells nothing, all is as it was before."""

    def __init__(self, flow: Flow, test: React) -> None:
        self._flow = flow
        self._test = test
        self._waiting: list[Test] = []
        """Tests by functions that are not known."""

    def add(self, asked: Test) -> None:
        """Follow a test with the function in the place of classes."""
        self._waiting.append(asked)
        self._flow.graph.watch(asked.classes, self._ask, asked)

    def resolve(self) -> bool:
        """Let pass what functions are asked about of which nothing is known; whether there was anything."""
        graph = self._flow.graph
        unknown = [asked for asked in self._waiting if not graph.facts[asked.classes]]
        self._waiting.clear()
        for asked in unknown:
            graph.edge(asked.subject, asked.narrowed)
        return bool(unknown)

    def _ask(self, fact: Fact, asked: Test) -> None:
        classes = self._told_by(fact)
        if classes == NOBODY or asked.narrowed in self._flow.guarded:  # of several, one may let texts pass
            self._flow.graph.edge(asked.subject, asked.narrowed)
        if classes != NOBODY:
            self._flow.guarded.setdefault(asked.narrowed, (asked.subject, classes))
            self._flow.graph.watch(classes, self._test, asked._replace(classes=classes))

    def _told_by(self, fact: Fact) -> int:
        """The node of the classes that a function tells; NOBODY where it tells none."""
        if fact[0] not in "FB":
            return NOBODY
        function = self._flow.functions[id_of(fact)]
        node = function.home.summary.tells.get(function.local.number, NOBODY)
        return function.home.at[node] if node != NOBODY else NOBODY
