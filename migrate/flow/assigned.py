"""What the assignment of an attribute runs: the setter of a property, a descriptor, or ``__setattr__``."""

from __future__ import annotations

from migrate.flow.facts import Fact, id_of
from migrate.flow.passing import Passing
from migrate.flow.state import Flow
from migrate.index.summary import NOBODY, Call

SET_ANY = "__setattr__"


class Assigned:
    """What is assigned to attributes of objects of the run, by the names of the attributes."""

    def __init__(self, flow: Flow, passing: Passing) -> None:
        self._flow = flow
        self._graph = flow.graph
        self._passing = passing
        self._stored: dict[str, dict[tuple[int, int], None]] = {}
        """The classes of the objects, and the nodes of the values."""
        self._open: set[str] = set()
        """The names under which a class has something that runs."""
        self._passed: set[tuple[int, int]] = set()

    def add(self, cls: int, name: str, value: int) -> None:
        """``base.name = value``, for an object of a class."""
        stored = self._stored.setdefault(name, {})
        if (cls, value) not in stored:
            stored[cls, value] = None
            if name in self._open:
                self._pass(cls, name, value)

    def resolve(self) -> bool:
        """Pass on what is assigned under names that turned out to run something; False where nothing is new."""
        new = self._running().difference(self._open)
        self._open |= new
        for name in sorted(new & self._stored.keys()):
            for cls, value in self._stored[name]:
                self._pass(cls, name, value)
        return self._pass_any() or not new.isdisjoint(self._stored)

    def _running(self) -> set[str]:
        """The names that classes bind to a setter or to an object, which may be a descriptor."""
        table, classes = self._graph.table, self._flow.classes.classes
        members = ((name, node + cls.base) for cls in classes for name, node in cls.summary.members.items())
        return {name for name, node in members for at in self._graph.facts[node] or () if self._runs(table[at])}

    def _runs(self, fact: Fact) -> bool:
        if fact[0] == "F":
            summary = self._flow.functions[id_of(fact)].summary
            return summary.kind == "property" and len(summary.parameters) > 1
        return fact[0] == "O" and self._flow.classes.has(id_of(fact), "__set__")

    def _pass(self, cls: int, name: str, value: int) -> None:
        self._graph.watch(self._flow.classes.lookup(cls, name, True), self._set, (cls, value))

    def _set(self, fact: Fact, what: tuple[int, int]) -> None:
        cls, value = what
        if not self._runs(fact):
            return
        if fact[0] == "F":
            self._passing.give(self._flow.functions[id_of(fact)], _call(value), True)
        else:
            holder = self._graph.new()
            self._graph.add(holder, ("O", cls))
            self._graph.watch(
                self._flow.classes.lookup(id_of(fact), "__set__", True),
                self._passing.give_unnamed,
                _call(holder, value),
            )

    def _pass_any(self) -> bool:
        """Pass on what is assigned under any name to objects whose class has a method for that."""
        classes = self._flow.classes
        if not any(SET_ANY in cls.summary.members for cls in classes.classes):
            return False
        stored = [each for values in self._stored.values() for each in values if each not in self._passed]
        found = [(cls, value) for cls, value in stored if classes.has(cls, SET_ANY)]
        self._passed.update(found)
        for cls, value in found:
            self._graph.watch(
                classes.lookup(cls, SET_ANY, True), self._passing.give_unnamed, _call(self._graph.new(), value)
            )
        return bool(found)


def _call(*values: int) -> Call:
    return Call(NOBODY, values, (), (), (), NOBODY, 0, 0)
