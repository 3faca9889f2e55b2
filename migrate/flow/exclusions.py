"""Tests that do not hold: ``if isinstance(cfg, dict): cfg = make(**cfg)``, behind which it is no dict."""

from __future__ import annotations

from itertools import islice

from migrate.flow.facts import Fact, id_of
from migrate.flow.sources import Sources
from migrate.flow.state import Flow
from migrate.index.summary import Test


class Exclusions:
    """The tests of a run that do not hold. What is an instance of the class does not pass.

    What passes is found whenever all that is known has moved, so that it does not depend on what moved first. A class
    of which not all is known then lets everything pass.
    """

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._sources: Sources | None = None
        self._holding: dict[Test, None] = {}
        """The tests that hold something back."""
        self._seen: dict[Test, int] = {}
        """How many facts of the subject of each test were looked at; tests that let everything pass are not here."""

    def add(self, test: Test) -> None:
        """Let pass what is no instance of the class of a test."""
        self._seen[test] = 0
        self._flow.graph.gate(test.subject, test.narrowed)

    def resolve(self) -> bool:
        """Let what has come since pass, or not; whether anything was new."""
        graph, is_new = self._flow.graph, False
        for test, seen in list(self._seen.items()):
            classes, facts = graph.of(test.classes), graph.facts[test.subject] or {}
            if len(classes) != 1:
                self._open(test)
                is_new = is_new or bool(facts)
            elif len(facts) > seen:
                self._seen[test] = len(facts)
                for number in list(islice(facts, seen, None)):
                    if self._is_instance(graph.table[number], classes[0]):
                        self._holding[test] = None
                    else:
                        graph.add(test.narrowed, graph.table[number])
                        is_new = True
        return is_new

    def open_unknown(self) -> bool:
        """Let everything pass where the class may be another one, which is not known; whether anything was new."""
        holding = [test for test in self._holding if test in self._seen]
        if not holding:
            return False
        if self._sources is None:
            self._sources = Sources(self._flow)
        else:
            self._sources.restart()
        unknown = [test for test in holding if self._sources.of(test.classes).unknown]
        for test in unknown:
            self._open(test)
        return bool(unknown)

    def _open(self, test: Test) -> None:
        del self._seen[test]
        self._flow.graph.edge(test.subject, test.narrowed)

    def _is_instance(self, fact: Fact, cls: Fact) -> bool:
        """Whether something is known to be an instance of a class."""
        kind, of = fact[0], fact[1]
        if cls[0] == "S":
            is_dict = kind == "D" and cls[1] == "builtins.dict" and id_of(fact) in self._flow.containers.dicts
            return is_dict or (kind == "L" and of == cls[1])
        if cls[0] == "M" and kind == "I":
            return self._flow.names.get(str(cls[1]), cls[1]) == of
        if kind != "O":
            return False
        above = (id_of(fact), *self._flow.classes.above(id_of(fact)))
        if cls[0] == "K":
            return id_of(cls) in above
        return cls[0] == "M" and cls in self._flow.classes.library_bases(id_of(fact))
