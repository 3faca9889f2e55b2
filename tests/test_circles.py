"""What goes in circles is gone through once, and nothing that was half found in one is kept."""

from __future__ import annotations

import pytest

from migrate.analysis.project import Project
from migrate.analysis.tree import Tree
from migrate.analysis.values import NOTHING, Symbol, Values, union
from migrate.rules import load_rules

GRAPHS = {
    "everyone leads to everyone": {n: [m for m in range(10) if m != n] for n in range(10)},
    "a ring": {n: [(n + 1) % 10] for n in range(10)},
    "a circle in a circle": {0: [1], 1: [2, 3], 2: [1], 3: [0]},
    "two circles, one of which leads to the other": {0: [1], 1: [0, 2], 2: [3], 3: [2]},
    "an eight": {0: [1, 3], 1: [2], 2: [0], 3: [4], 4: [0]},
    "a way in that is no circle": {0: [1, 2], 1: [2], 2: [3], 3: [1]},
    "a second way to what is half found": {0: [1, 2], 1: [0], 2: [1]},
    "no circle": {0: [1, 2], 1: [3], 2: [3], 3: []},
}
IN_CIRCLE: Values = frozenset({Symbol("circle")})


def value(node: int) -> Values:
    return frozenset({Symbol(str(node))})


class Search:
    """Looks for everything that a node of a graph leads to, as analysis does for containers; counts the steps."""

    def __init__(self, graph: dict[int, list[int]], in_circle: Values) -> None:
        self.graph = graph
        self.in_circle = in_circle
        self.steps = 0
        self.project = Project(load_rules("mindspore.nn"), Tree([]), lambda *_: False)

    def found(self, node: int) -> Values:
        return self.project.opened(node, lambda: self._step(node), self.in_circle)

    def _step(self, node: int) -> Values:
        self.steps += 1
        return value(node) | union(map(self.found, self.graph[node]))


def reachable(graph: dict[int, list[int]], start: int) -> Values:
    seen, todo = {start}, [start]
    while todo:
        new = [n for n in graph[todo.pop()] if n not in seen]
        seen.update(new)
        todo += new
    return union(map(value, seen))


@pytest.mark.parametrize("name", GRAPHS)
def test_whoever_asks_gets_all_that_a_circle_holds(name: str) -> None:
    graph = GRAPHS[name]
    for first in graph:
        search = Search(graph, NOTHING)
        for node in (first, *graph):
            assert search.found(node) == reachable(graph, node)


@pytest.mark.parametrize("name", GRAPHS)
def test_a_circle_is_gone_through_once_for_each_way_in(name: str) -> None:
    """Not once for each way through it: these multiply."""
    graph = GRAPHS[name]
    for first in graph:
        search = Search(graph, NOTHING)
        search.found(first)
        assert search.steps <= len(reachable(graph, first)) ** 2


@pytest.mark.parametrize("name", GRAPHS)
def test_what_is_no_circle_is_remembered(name: str) -> None:
    graph = GRAPHS[name]
    search = Search(graph, NOTHING)
    search.found(0)
    taken = search.steps
    search.found(0)
    assert search.steps == taken


def test_a_circle_gives_what_the_caller_says() -> None:
    assert Search({0: [1], 1: [0]}, IN_CIRCLE).found(0) >= IN_CIRCLE
    assert not Search({0: [1], 1: []}, IN_CIRCLE).found(0) >= IN_CIRCLE
