"""Tests of the form ``x in NAMES``: behind one, x is something that the container holds."""

from __future__ import annotations

from migrate.flow.facts import Fact, id_of
from migrate.flow.sources import Sources
from migrate.flow.state import Flow
from migrate.index.summary import Membership


class Memberships:
    """The tests of a run. A class that a container is not known to hold does not pass.

    If not all is known of the container when all that is known has moved, everything passes.
    """

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._sources: Sources | None = None
        self._plain: dict[int, list[int]] = {}
        """The containers that are written out, and those of which they have the elements."""
        self._merged: list[tuple[int, int]] = []
        self._parts = 0
        """How many parts of the flow the two were taken from."""
        self._held: dict[Membership, set[Fact]] = {}
        """What the container of each test holds, of what can be compared."""
        self._waiting: dict[Membership, list[Fact]] = {}
        """What does not pass, as far as is known."""
        self._open: set[Membership] = set()

    def add(self, test: Membership) -> None:
        """Let pass what the container of a test holds, and what cannot be told apart."""
        graph = self._flow.graph
        graph.gate(test.subject, test.narrowed)
        self._held[test], self._waiting[test] = set(), []
        graph.watch(test.container, self._contain, test)
        graph.watch(test.subject, self._arrive, test)

    def _contain(self, fact: Fact, test: Membership) -> None:
        if fact[0] == "D":
            self._flow.graph.watch(self._flow.containers.everything(id_of(fact)), self._hold, test)

    def _hold(self, fact: Fact, test: Membership) -> None:
        told = self._told(fact)
        if told is not None and told not in self._held[test]:
            self._held[test].add(told)
            for each in (each for each in self._waiting[test] if self._told(each) == told):
                self._flow.graph.add(test.narrowed, each)

    def _arrive(self, fact: Fact, test: Membership) -> None:
        told = self._told(fact)
        if told is None or told in self._held[test]:
            self._flow.graph.add(test.narrowed, fact)
        else:
            self._waiting[test].append(fact)

    def _told(self, fact: Fact) -> Fact | None:
        """A fact by the name that it has everywhere; None for what may be equal to something else.

        A partial is equal to itself alone, and they are not told apart here; an object may say what it is equal to.
        """
        kind, of = fact[0], fact[1]
        if kind == "M":
            return kind, self._flow.names.get(str(of), of)
        if kind == "S":  # a library has what is its own in several modules, and may have what is another's
            return None if self._is_foreign(fact) else (kind, str(of).rpartition(".")[2])
        if kind == "K":
            classes = self._flow.classes
            family = (id_of(fact), *classes.above(id_of(fact)))
            says = any(name == "metaclass" for each in family for name, _ in classes.classes[each].summary.keywords)
            return None if says else fact
        if kind == "F":  # copies of one are the same
            function = self._flow.functions[id_of(fact)]
            return kind, function.local.number, function.path
        return (kind, 0) if kind == "P" else None

    def _is_foreign(self, fact: Fact) -> bool:
        """Whether something is of a library of which nothing is known."""
        return fact[0] == "S" and str(fact[1]).partition(".")[0] not in self._flow.rules.packages | {"builtins"}

    def resolve(self) -> bool:
        """Let everything pass where not all is known of a container; whether that was new."""
        waiting = [test for test, facts in self._waiting.items() if facts and test not in self._open]
        if not waiting:
            return False
        if self._sources is None:
            self._sources = Sources(self._flow)
        else:
            self._sources.restart()
        for part, home in self._flow.parts[self._parts :]:
            at = home.at
            self._plain.update((at[d.node], [at[each] for each in d.of]) for d in part.displays if d.is_plain)
            self._merged += [(at[source], at[into]) for source, into in part.merges]
        self._parts = len(self._flow.parts)
        unknown = [test for test in waiting if not self._is_told(test.container)]
        for test in unknown:
            self._open.add(test)
            self._flow.graph.edge(test.subject, test.narrowed)
        return bool(unknown)

    def _is_told(self, container: int) -> bool:
        """Whether all is known that ``in`` compares with: of a mapping these are the keys."""
        mappings = self._flow.containers.mappings
        facts = self._flow.graph.of(container)
        return all(f[0] == "D" and id_of(f) not in mappings for f in facts) and self._is_known(container)

    def _is_known(self, container: int) -> bool:
        """Whether a node holds nothing but containers that are written out, with all that is put into them."""
        graph = self._flow.graph
        facts = graph.of(container)
        return self._shows(container) and bool(facts) and all(f[0] == "D" and self._is_whole(f) for f in facts)

    def _is_whole(self, fact: Fact) -> bool:
        everything = self._flow.containers.everything(id_of(fact))
        if id_of(fact) not in self._plain or not self._shows(everything):
            return False
        others = [source for source, into in self._merged if self._flow.graph.holds(into, fact)]
        return all(map(self._is_known, (*self._plain[id_of(fact)], *others)))

    def _shows(self, node: int) -> bool:
        """Whether all that may be at a node is known."""
        graph = self._flow.graph
        assert self._sources is not None
        is_read = all(fact[0] != "N" and not self._is_foreign(fact) for fact in graph.of(node))
        return is_read and node not in graph.full and not self._sources.of(node).unknown
