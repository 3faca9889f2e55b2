"""Summaries become part of the graph of a run."""

from __future__ import annotations

from collections.abc import Mapping

from migrate.flow.calls import Calls
from migrate.flow.children import Children
from migrate.flow.classes import RunClass, RunFunction
from migrate.flow.copies import Copies
from migrate.flow.exclusions import Exclusions
from migrate.flow.facts import Fact, id_of
from migrate.flow.guards import Guards
from migrate.flow.home import At, Home, Moved
from migrate.flow.members import Members
from migrate.flow.memberships import Memberships
from migrate.flow.modules import Loaded
from migrate.flow.operators import IN_PLACE, METHODS, Operators
from migrate.flow.passing import Passing
from migrate.flow.state import Flow
from migrate.index.bodies import Bodies, Body
from migrate.index.summary import NOBODY, Call, Display, Function, Membership, Part, Summary, Test


class Linker:
    """Adds the summaries of files to a flow."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.graph = flow.graph
        passing = Passing(flow)
        self._members = Members(flow, passing)
        self._operators = Operators(flow, passing)
        copies = Copies(flow, self._body, self._copy)
        self._calls = Calls(flow, passing, self._members, copies, self._operators)
        self._memberships = Memberships(flow)
        self._guards = Guards(flow, self._members.test)
        self._exclusions = Exclusions(flow)
        self._children = Children(flow, self._members.load, self._members.element_of)
        self._bodies: dict[str, Bodies] = {}

    def run(self) -> None:
        """Move what is known until nothing is new."""
        self.graph.run()
        waiting = (
            self._guards.resolve,
            self._exclusions.resolve,
            self._members.look_ups.resolve,
            self._children.resolve,
            self._members.assigned.resolve,
            self._calls.foreign.hand_over,
            self._memberships.resolve,
            self._exclusions.open_unknown,
        )
        while any(grows() for grows in waiting):
            self.graph.run()

    def fail(self, path: str) -> None:
        """A file that cannot be read."""
        self.flow.modules.fail(path)

    def link(self, summary: Summary) -> None:
        """Add a file: its nodes and edges, its classes and functions, and what it imports."""
        base = self.graph.extend(len(summary.owners))
        at = range(base, base + len(summary.owners))
        self._wire(summary, Home(summary, base, at), self._classes(summary, base))
        self.flow.modules.take(summary.path, Loaded(summary, base))

    def _wire(self, part: Part, home: Home, owners: Mapping[int, int]) -> None:
        """Add the edges and functions of a file, or once more those of a function; ``owners`` are its classes."""
        graph, members, at = self.graph, self._members, home.at
        self.flow.parts.append((part, home))
        for source, to in part.copies:
            graph.edge(at[source], at[to])
        for (owner, key), to in part.loads.items():
            graph.watch(at[owner], members.load, (key, at[to]))
        for owner, key, value in part.stores:
            graph.watch(at[owner], members.store, (key, at[value]))
        for test in part.tests:
            graph.watch(at[test.classes], members.test, Test(*(at[node] for node in test)))
        for test in part.asked:
            self._guards.add(Test(*(at[node] for node in test)))
        for test in part.excluded:
            self._exclusions.add(Test(*(at[node] for node in test)))
        for asked in part.memberships:
            self._memberships.add(Membership(*(at[node] for node in asked)))
        for unpacked in part.unpacked:
            self._children.add(unpacked, at)
        for look_up in part.look_ups:
            graph.watch(at[look_up.base], members.look_up, (at[look_up.key], at[look_up.result]))
        for cls, to in part.instances:
            graph.watch(at[cls], members.instances, at[to])
        for source, into in part.merges:
            between = graph.new()
            graph.watch(at[source], self._merge, (between, at[into]))
            graph.watch(at[into], self._merge_into, between)
        for display in part.displays:
            self._display(display, at)
        for result, left, right, operator in part.computed:
            self._operators.add(METHODS.get(operator) or IN_PLACE[operator], at[left], at[right], at[result])
        for result, operand, method in part.operated:
            self._operators.add(method, at[operand], NOBODY, at[result])
        self._functions(part, home, owners)
        for call in part.calls:
            number = self.flow.new_call(_moved(call, at), home)
            graph.watch(at[call.callee], self._calls.call, number)

    def _display(self, display: Display, at: At) -> None:
        """A container that is spelled out, with what it holds."""
        site, containers = at[display.node], self.flow.containers
        if display.promised:
            containers.promised[site] = display.promised
        if display.is_mapping:
            containers.mappings.add(site)
            if not display.promised:
                containers.dicts.add(site)
        self.graph.add(site, ("D", site))
        for place, value in display.entries:
            containers.put(site, place, at[value])

    def _body(self, number: int) -> Body | None:
        """The body of a function that is worth copies; None for others."""
        function = self.flow.functions[number]
        bodies = self._bodies.get(function.path)
        if bodies is None:
            bodies = self._bodies[function.path] = Bodies(function.home.summary)
        return bodies.body(function.local.number)

    def _copy(self, number: int, body: Body, depth: int, call: int) -> int:
        """The number of a new copy of a function with all inside of it, for a call."""
        function = self.flow.functions[number]
        summary = function.summary
        self.flow.forked.update(node for _, node in (*summary.parameters, *summary.keyword_only))
        first = self.graph.extend(len(body.nodes))
        nodes = range(first, first + len(body.nodes))
        moved = Moved(function.home.at, dict(zip(body.nodes, nodes, strict=True)))
        within = self.flow.homes[call].within if call != NOBODY else frozenset()
        home = Home(function.home.summary, function.home.base, moved, depth, call, within | {number})
        for node, copied in zip(body.nodes, nodes, strict=True):
            self.flow.copies.setdefault(node + home.base, []).append(copied)
        for node in body.imports:
            self.graph.edge(function.home.at[node], moved[node])
        made = self._add_function(function.local, home, function.owner)
        self.graph.postpone(lambda: self._wire(body, home, {}))
        return made

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

    def _functions(self, part: Part, home: Home, owners: Mapping[int, int]) -> None:
        for function in part.functions:
            number = self._add_function(function, home, owners.get(function.owner))
            self.graph.add(home.at[function.node], ("F", number))

    def _add_function(self, local: Function, home: Home, owner: int | None) -> int:
        summary = _moved_function(local, home.at)
        given_back = tuple(home.at[node] for node in home.summary.given_back.get(local.number, ()))
        self.flow.functions.append(RunFunction(home, local, summary, owner, given_back))
        if owner is not None and summary.parameters and summary.kind != "static":
            first: Fact = ("K" if summary.kind == "class" else "O", owner)
            self.graph.add(summary.parameters[0][1], first)
            if summary.kind == "class":
                self._members.class_method(owner, summary.parameters[0][1])
        self.flow.containers.mappings.add(summary.keyword_rest)
        self.flow.containers.dicts.add(summary.keyword_rest)
        for node in (summary.rest, summary.keyword_rest):
            if node != NOBODY:
                self.graph.add(node, ("D", node))
        return len(self.flow.functions) - 1

    def _merge(self, fact: Fact, to: tuple[int, int]) -> None:
        """What a mapping holds comes to a container in between first: any of many may be merged into any of many."""
        between, into = to
        if fact[0] == "D":
            self.flow.containers.merge(id_of(fact), between)
        elif fact[0] == "N":
            self.graph.add(into, fact)

    def _merge_into(self, fact: Fact, between: int) -> None:
        if fact[0] == "D":
            self.flow.containers.merge(between, id_of(fact))


def _moved(call: Call, at: At) -> Call:
    """A call with the nodes that it has in the graph."""
    return Call(
        at[call.callee],
        tuple(at[node] for node in call.positional),
        tuple((name, at[node]) for name, node in call.keywords),
        tuple((place, at[node]) for place, node in call.stars),
        tuple(at[node] for node in call.double_stars),
        at[call.result],
        call.line,
        call.column,
    )


def _moved_function(function: Function, at: At) -> Function:
    return function._replace(
        node=at[function.node],
        parameters=tuple((name, at[node]) for name, node in function.parameters),
        keyword_only=tuple((name, at[node]) for name, node in function.keyword_only),
        rest=at[function.rest] if function.rest != NOBODY else NOBODY,
        keyword_rest=at[function.keyword_rest] if function.keyword_rest != NOBODY else NOBODY,
        result=at[function.result],
    )
