"""The functions of a file one by one, each with those inside of it: what flow can add to its graph once more.

Where many callers meet in one function that only passes on what it gets, or that makes a function around it, what they
pass is mixed up. Such functions are worth a copy for each of their calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from migrate.index.summary import NOBODY, Call, Function, Part, Summary

LARGEST = 400
"""Nodes of a function beyond which it is not copied."""
STEPS = 4


@dataclass(slots=True)
class Body(Part):
    """A function with the functions inside of it: their nodes, and all edges that begin or end at one of them."""

    nodes: list[int] = field(default_factory=list)
    imports: list[int] = field(default_factory=list)
    """The nodes of what is imported inside of it."""
    is_closed_over: bool = False
    """Whether functions inside of it use what it has: as those of decorators do."""


class Bodies:
    """The bodies of the functions of a file, as far as copies of them are worth while."""

    def __init__(self, summary: Summary) -> None:
        self._summary = summary
        self._closed_over: set[int] = set()
        """The functions that others inside of them use something of."""
        self._own = [Body() for _ in summary.functions]
        self._split()
        self._inner: dict[int, list[int]] = {}
        for number, function in enumerate(summary.functions):
            self._inner.setdefault(summary.owners[function.node], []).append(number)
        self._never = {summary.owners[cls.node] for cls in summary.classes}
        self._never.update(summary.owners[to] for _, _, to in summary.supers)
        self._found: dict[int, Body | None] = {}

    def body(self, number: int) -> Body | None:
        """The body of a function that is worth copies; None for others."""
        if number not in self._found:
            self._found[number] = self._body(number)
        return self._found[number]

    def _split(self) -> None:
        """Give each function the nodes and edges that belong to it alone."""
        summary, own = self._summary, self._own
        for node, owner in enumerate(summary.owners):
            if owner != NOBODY:
                own[owner].nodes.append(node)
        for names, nodes_of in EDGES.items():
            for edge in getattr(summary, names):
                home = self._home(nodes_of(edge))
                if home != NOBODY:
                    getattr(own[home], names).append(edge)
        for (base, key), to in summary.loads.items():
            home = self._home((base, to))
            if home != NOBODY:
                own[home].loads[base, key] = to

    def _home(self, nodes: Iterable[int]) -> int:
        """The function that an edge belongs to: the innermost one, which has the highest number."""
        owners = self._summary.owners
        found = {owners[node] for node in nodes}
        home = max(found)
        self._closed_over.update(found - {home})
        return home

    def _body(self, number: int) -> Body | None:
        family = [number]
        for inside in family:
            family += self._inner.get(inside, ())
        if not self._never.isdisjoint(family) or sum(len(self._own[n].nodes) for n in family) > LARGEST:
            return None
        if number not in self._closed_over and not _forwards(self._summary.functions[number], self._own[number]):
            return None
        whole = Body(is_closed_over=number in self._closed_over)
        for part in (self._own[n] for n in family):
            whole.nodes += part.nodes
            whole.loads |= part.loads
            for names in EDGES:
                getattr(whole, names).extend(getattr(part, names))
        whole.imports = [e.node for e in self._summary.imports if self._summary.owners[e.node] in family]
        return whole


def _forwards(function: Function, body: Body) -> bool:
    """Whether a function calls one of its parameters, passes its stars on, or gives back what a parameter says.

    It may look up what it gives back, take a parameter apart before, or have others make something of it.
    """
    if function.name.startswith("__") or (function.owner != NOBODY and function.kind in ("plain", "property")):
        return False
    given = {node for _, node in (*function.parameters, *function.keyword_only)}
    stars = {function.rest, function.keyword_rest} - {NOBODY}
    edges = [*body.copies, *body.merges, *((test.subject, test.narrowed) for test in body.excluded)]
    given, stars = _reached(given, edges), _reached(stars, edges)
    parts = [*edges, *((test.subject, test.narrowed) for test in body.tests)]
    made = [*parts, *((node, call.result) for call in body.calls for node in _given_to(call))]
    parts += [(base, to) for (base, _), to in body.loads.items()]
    parts += [(call.callee, call.result) for call in body.calls]
    said = _reached({node for _, node in function.parameters}, parts, 2 * STEPS)
    looked_up = {look_up.result for look_up in body.look_ups if look_up.key in said}
    if function.result in _reached(looked_up, parts, 2 * STEPS) | _reached(given, made, 2 * STEPS):
        return True
    passed = {node for call in body.calls for node in (*call.double_stars, *(n for _, n in call.stars))}
    called = {call.callee for call in body.calls}
    return not (stars.isdisjoint(passed) and (given | _reached(looked_up, edges)).isdisjoint(called))


def _given_to(call: Call) -> Iterator[int]:
    yield from (*call.positional, *(node for _, node in call.keywords))


def _reached(nodes: set[int], edges: list[tuple[int, int]], steps: int = STEPS) -> set[int]:
    """The nodes that edges lead to from some of them, in few steps."""
    found = set(nodes)
    for _ in range(steps):
        found |= {to for source, to in edges if source in found}
    return found


def _of_call(call: Call) -> Iterator[int]:
    yield from (call.callee, call.result, *call.positional, *call.double_stars)
    yield from (node for _, node in (*call.keywords, *call.stars))


EDGES: dict[str, Callable[[Any], Iterable[int]]] = {
    "copies": iter,
    "stores": lambda store: (store[0], store[2]),
    "calls": _of_call,
    "tests": iter,
    "memberships": iter,
    "asked": iter,
    "excluded": iter,
    "unpacked": lambda unpacked: (unpacked.base, *unpacked.results),
    "instances": iter,
    "functions": lambda function: (function.node,),
    "displays": lambda display: (display.node, *(node for _, node in display.entries), *display.of),
    "merges": iter,
    "look_ups": iter,
    "computed": lambda computed: computed[:3],
    "operated": lambda operated: operated[:2],
    "without_none": lambda node: (node,),
}
"""The nodes of each kind of edge; loads, which are found by what they ask for, come besides."""
