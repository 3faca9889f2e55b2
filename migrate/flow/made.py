"""Calls that make objects of classes of libraries, with the nodes of their arguments by parameter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from migrate.flow.facts import Fact, id_of
from migrate.flow.state import Flow
from migrate.index.summary import Call

PARTIAL = ("S", "functools.partial")
CONSTRUCTOR = "__init__"


class Made(NamedTuple):
    """A call that makes an object of the class ``name``, directly, by a partial or from a subclass.

    ``arguments`` are nodes by parameter, and ``stars`` those that come through stars; ``hides``: something else may
    come there, too. ``result`` is the node of the call.
    """

    name: str
    result: int
    arguments: Mapping[str, list[int]]
    stars: frozenset[int]
    hides: bool


class Makers:
    """The calls in a flow that has come to rest; ``signatures`` has the parameters of the classes that are asked about.

    A call with more positional arguments than parameters keeps those that have a place.
    """

    def __init__(self, flow: Flow, signatures: Mapping[str, Sequence[str]]) -> None:
        self._flow = flow
        self._signatures = signatures
        self._supers = dict(self._find_supers())

    def all(self) -> Iterator[Made]:
        """All calls, in copies of functions too."""
        for call in self._flow.calls:
            facts = self._flow.graph.of(call.callee)
            if PARTIAL in facts and call.positional:
                inner = self._flow.graph.of(call.positional[0])
                yield from self._made(call, [f for f in inner if f[0] == "M"], 1)
            else:
                yield from self._made(call, facts, 0)

    def _made(self, call: Call, facts: Sequence[Fact], skip: int) -> Iterator[Made]:
        names = {name: first for fact in facts for name, first in self._called(fact)}
        name = self._supers.get(call.callee)
        if name is not None:
            names.setdefault(name, 0)
        for name, first in names.items():
            if name in self._signatures:
                yield self._bound(call, name, skip + first)

    def _called(self, fact: Fact) -> Iterator[tuple[str, int]]:
        """The class of a library whose constructor a call runs, and how much stands before its arguments."""
        kind, of = fact[0], str(fact[1])
        if kind in "MS":
            is_constructor = of.endswith(f".{CONSTRUCTOR}")
            name = of.removesuffix(f".{CONSTRUCTOR}")
            yield self._flow.names.get(name, name), int(is_constructor)
        elif kind == "K" and not self._flow.classes.has(id_of(fact), CONSTRUCTOR):
            for base in self._flow.classes.library_bases(id_of(fact)):
                if base[0] == "M":
                    yield self._flow.names[str(base[1])], 0

    def _find_supers(self) -> Iterator[tuple[int, str]]:
        """The nodes of ``super().__init__`` that mean the constructor of a class of a rule."""
        classes = self._flow.classes
        for cls, loads in classes.supers.items():
            bases = [b for b in classes.library_bases(cls) if b[0] == "M"]
            above = any(CONSTRUCTOR in classes.own(("K", owner)) for owner in classes.above(cls))
            for name, to in loads if bases and not above else ():
                if name == CONSTRUCTOR:
                    yield to, self._flow.names[str(bases[0][1])]

    def _bound(self, call: Call, name: str, skip: int) -> Made:
        parameters = self._signatures[name]
        arguments: dict[str, list[int]] = {}
        stars: set[int] = set()
        first_star = min((place for place, _ in call.stars), default=len(call.positional))
        for parameter, node in zip(parameters, call.positional[skip : max(first_star, skip)], strict=False):
            arguments.setdefault(parameter, []).append(node)
        for keyword, node in call.keywords:
            arguments.setdefault(keyword, []).append(node)
        hides = False
        for place, star in call.stars:
            for key, node in self._cells(star):
                hides |= not isinstance(key, int)
                if isinstance(key, int) and place - skip + key < len(parameters):
                    arguments.setdefault(parameters[place - skip + key], []).append(node)
                    stars.add(node)
            hides |= not self._is_shown(star)
        for mapping in call.double_stars:
            for key, node in self._cells(mapping):
                hides |= not isinstance(key, str)
                if isinstance(key, str):
                    arguments.setdefault(key, []).append(node)
                    stars.add(node)
            hides |= not self._is_shown(mapping)
        return Made(name, call.result, arguments, frozenset(stars), hides)

    def _is_shown(self, node: int) -> bool:
        """Whether only containers of the files come to a node."""
        facts = self._flow.graph.of(node)
        return bool(facts) and all(fact[0] == "D" for fact in facts)

    def _cells(self, node: int) -> list[tuple[object, int]]:
        found: list[tuple[object, int]] = []

        def take(key: object, cell: int, _: None) -> None:
            found.append((key, cell))

        for fact in self._flow.graph.of(node):
            if fact[0] == "D":
                self._flow.containers.watch(id_of(fact), take, None)
        return found
