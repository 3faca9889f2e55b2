"""Summaries become part of the graph of a run."""

from __future__ import annotations

from migrate.flow.calls import Calls
from migrate.flow.classes import RunClass, RunFunction
from migrate.flow.facts import Fact, id_of
from migrate.flow.members import Members
from migrate.flow.modules import Loaded
from migrate.flow.passing import Passing
from migrate.flow.state import Flow
from migrate.index.summary import NOBODY, Call, Summary, Test


class Linker:
    """Adds the summaries of files to a flow."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.graph = flow.graph
        passing = Passing(flow)
        self._members = Members(flow, passing)
        self._calls = Calls(flow, passing, self._members)

    def fail(self, path: str) -> None:
        """A file that cannot be read."""
        self.flow.modules.loaded[path] = None

    def link(self, summary: Summary) -> None:
        """Add a file: its nodes and edges, its classes and functions, and what it imports."""
        base = self.graph.extend(summary.size)
        graph, members, calls = self.graph, self._members, self._calls
        for source, to in summary.copies:
            graph.edge(source + base, to + base)
        for (owner, key), to in summary.loads.items():
            graph.watch(owner + base, members.load, (key, to + base))
        for owner, key, value in summary.stores:
            graph.watch(owner + base, members.store, (key, value + base))
        for test in summary.tests:
            graph.watch(test.classes + base, members.test, Test(*(node + base for node in test)))
        for cls, to in summary.instances:
            graph.watch(cls + base, members.instances, to + base)
        for source, into in summary.merges:
            graph.watch(source + base, self._merge, into + base)
        for display in summary.displays:
            site = display.node + base
            graph.add(site, ("D", site))
            for place, value in display.entries:
                self.flow.containers.put(site, place, value + base)
        owners = self._classes(summary, base)
        self._functions(summary, base, owners)
        for call in summary.calls:
            number = calls.new_call(_moved(call, base), summary.path)
            graph.watch(call.callee + base, calls.call, number)
        self.flow.modules.take(summary.path, Loaded(summary, base))

    def _classes(self, summary: Summary, base: int) -> dict[int, int]:
        """The numbers of the classes by their nodes in the file."""
        classes, owners = self.flow.classes, {}
        for cls in summary.classes:
            number = owners[cls.node] = classes.add(RunClass(summary.path, cls, base))
            self.graph.add(cls.node + base, ("K", number))
            for name, node in cls.members.items():
                self.graph.edge(node + base, classes.field(("K", number), name))
        for owner, name, to in summary.supers:
            if owner in owners:
                classes.supers.setdefault(owners[owner], []).append((name, to + base))
        for cls in summary.classes:
            for node in cls.bases:
                self.graph.watch(node + base, self._members.base, owners[cls.node])
            for name, node in cls.keywords:
                if name == "metaclass":
                    self.graph.watch(node + base, self._members.metaclass, owners[cls.node])
        return owners

    def _functions(self, summary: Summary, base: int, owners: dict[int, int]) -> None:
        for function in summary.functions:
            owner = owners.get(function.owner)
            self.flow.functions.append(RunFunction(summary.path, function, base, owner))
            self.graph.add(function.node + base, ("F", len(self.flow.functions) - 1))
            if owner is not None and function.parameters and function.kind != "static":
                first: Fact = ("K" if function.kind == "class" else "O", owner)
                self.graph.add(function.parameters[0][1] + base, first)
            for node in (function.rest, function.keyword_rest):
                if node != NOBODY:
                    self.graph.add(node + base, ("D", node + base))

    def _merge(self, fact: Fact, into: int) -> None:
        if fact[0] == "D":
            self.graph.watch(into, self._merge_into, id_of(fact))
        elif fact[0] == "N":
            self.graph.add(into, fact)

    def _merge_into(self, fact: Fact, source: int) -> None:
        if fact[0] == "D":
            self.flow.containers.merge(source, id_of(fact))


def _moved(call: Call, base: int) -> Call:
    """A call with the nodes that it has in the graph."""
    return Call(
        call.callee + base,
        tuple(node + base for node in call.positional),
        tuple((name, node + base) for name, node in call.keywords),
        tuple((place, node + base) for place, node in call.stars),
        tuple(node + base for node in call.double_stars),
        call.result + base if call.result != NOBODY else NOBODY,
        call.line,
        call.column,
    )
