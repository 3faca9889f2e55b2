"""The sets that a closure finds are the least ones: those that going round until nothing is new gives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from migrate.flow.closure import ALL, Behind, Closure

ITEMS = range(8)
MASKS = st.sampled_from([ALL, ALL, 0b0111, 0b0001])
CIRCULAR = 0b10000

Graph = dict[int, Behind[int]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """For each item what it has by itself and of which others; some are computed of one other instead."""
    found: Graph = {}
    for item in ITEMS:
        edges = draw(st.lists(st.tuples(st.sampled_from(ITEMS), MASKS), max_size=3))
        inputs = draw(st.lists(st.sampled_from(ITEMS), max_size=1)) if draw(st.integers(0, 3)) == 0 else []
        found[item] = Behind(1 << draw(st.integers(0, 3)), edges, tuple(inputs))
    return found


def leads_back(graph: Graph, item: int) -> bool:
    """Whether an input of an item depends on the item."""
    todo, seen = list(graph[item].inputs), set(graph[item].inputs)
    while todo:
        behind = graph[todo.pop()]
        for other in (*(each for each, _ in behind.before), *behind.inputs):
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return item in seen


def computed(item: int, inputs: list[int]) -> int:
    return sum(inputs) << 5


def going_round(graph: Graph) -> dict[int, int]:
    circular = {item for item in ITEMS if leads_back(graph, item)}
    values = {item: behind.own for item, behind in graph.items()}
    while True:
        before = dict(values)
        for item, behind in graph.items():
            for other, mask in behind.before:
                values[item] |= values[other] & mask
            if item in circular:
                values[item] |= CIRCULAR
        if values == before:
            break
    return values


def with_computed(graph: Graph) -> dict[int, int]:
    """What is computed is so of sets that are complete; so all is found again until no computed one differs."""
    own = {item: behind.own for item, behind in graph.items()}
    while True:
        values = going_round({item: Behind(own[item], graph[item].before, graph[item].inputs) for item in ITEMS})
        new = {
            item: own[item] | (computed(item, [values[i] for i in behind.inputs]) if behind.inputs else 0)
            for item, behind in graph.items()
            if not leads_back(graph, item)
        }
        if {**own, **new} == own:
            return values
        own |= new


@given(graphs(), st.permutations(list(ITEMS)))
def test_the_least_sets_are_found_in_any_order(graph: Graph, asked: list[int]) -> None:
    closure = Closure(graph.__getitem__, computed, CIRCULAR)
    assert {item: closure.of(item) for item in asked} == with_computed(graph)
