"""What goes in circles is looked for until it stays the same, and nothing that was half found in one is kept."""

from __future__ import annotations

import pytest

from migrate.analysis.project import Project
from migrate.analysis.reading import read_project
from migrate.analysis.values import NOTHING, Instance, Symbol, Values, union
from migrate.engine import Options, migrate_files
from migrate.flow.load import load
from tests.reading import RULES

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
        self.project = Project(RULES, load((), (), lambda _: None, lambda _: b"", RULES))

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
def test_a_circle_is_gone_through_until_it_stays_the_same(name: str) -> None:
    """Not once for each way through it: these multiply."""
    graph = GRAPHS[name]
    for first in graph:
        search = Search(graph, NOTHING)
        search.found(first)
        assert search.steps <= 3 * len(reachable(graph, first))


@pytest.mark.parametrize("name", GRAPHS)
def test_all_of_a_circle_is_remembered(name: str) -> None:
    graph = GRAPHS[name]
    search = Search(graph, NOTHING)
    search.found(0)
    taken = search.steps
    assert search.found(0) == reachable(graph, 0)
    for node in graph:
        search.found(node)
    assert search.steps == taken


def test_a_circle_gives_what_the_caller_says() -> None:
    assert Search({0: [1], 1: [0]}, IN_CIRCLE).found(0) >= IN_CIRCLE
    assert not Search({0: [1], 1: []}, IN_CIRCLE).found(0) >= IN_CIRCLE


def test_what_follows_from_a_part_of_a_circle_follows_from_all_of_it() -> None:
    """The first has what follows from what the third holds, and that is not known before the second is through."""
    project = Project(RULES, load((), (), lambda _: None, lambda _: b"", RULES))

    def one() -> Values:
        return look(2) | frozenset({Symbol("followed")} if value(9) <= look(3) else ())

    def look(node: int) -> Values:
        find = {1: one, 2: lambda: look(3) | value(9), 3: lambda: look(2) | look(1)}[node]
        return project.opened(node, find, NOTHING)

    for node in (1, 2, 3):
        assert look(node) == {Symbol("followed"), *value(9)}


IMPORTS = {
    "k.py": "from m import x  # BatchNorm\nfrom z import x\n",
    "m.py": "from k2 import x\nfrom torch import nn\nx = nn.BatchNorm2d(3)\n",
    "k2.py": "from m import x  # BatchNorm\nfrom k import x\n",
    "z.py": "import k2  # BatchNorm\ny = k2.x\nx = y\ny.momentum = 0.3\nprint(y.running_mean)\n",
}


@pytest.mark.parametrize("first", IMPORTS)
def test_expressions_are_part_of_the_circles_that_they_stand_in(first: str) -> None:
    texts = {path: text.encode() for path, text in IMPORTS.items()}
    project = read_project(texts, texts, texts.__getitem__, RULES)
    for path in (first, *IMPORTS):
        assert any(isinstance(v, Instance) for v in project.exported(path, "x"))


@pytest.mark.parametrize("first", ["a.py", "zz.py"])
def test_a_name_that_is_imported_in_a_circle(first: str) -> None:
    """Whoever asks for it first, and from wherever."""
    files = {first: "import k  # BatchNorm\nk.x.momentum = 0.1\n", **IMPORTS}
    results = {r.path: r for r in migrate_files([(p, files[p].encode()) for p in sorted(files)], Options())}
    assert [f.code for f in results[first].findings] == ["BN110"]
    assert [f.code for f in results["z.py"].findings] == ["BN110", "BN105"]
