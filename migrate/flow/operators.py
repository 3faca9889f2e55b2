"""Operators: the methods of objects that they call, and the containers that they make of others."""

from __future__ import annotations

from migrate.flow.facts import Fact, id_of
from migrate.flow.passing import Passing
from migrate.flow.state import Flow
from migrate.index.summary import NOBODY, Call

METHODS = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "truediv",
    "//": "floordiv",
    "%": "mod",
    "**": "pow",
    "@": "matmul",
    "<<": "lshift",
    ">>": "rshift",
    "&": "and",
    "|": "or",
    "^": "xor",
    "<": "lt",
    "<=": "le",
    ">": "gt",
    ">=": "ge",
    "==": "eq",
    "!=": "ne",
    "in": "contains",
    "[]": "getitem",
}
"""The names of the methods for operators, without the underscores around them."""
ARITHMETIC = ("+", "-", "*", "/", "//", "%", "**", "@", "<<", ">>", "&", "|", "^")
IN_PLACE = {f"{sign}=": f"i{METHODS[sign]}" for sign in ARITHMETIC}
"""Those for operators that change what stands on their left side."""
ONE_SIDED = frozenset({*IN_PLACE.values(), "contains", "getitem"})
"""Methods of the left side that the right one has nothing like."""
REFLECTED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}
"""The methods of the right side that are not called as those of the left one with an ``r`` before."""
COLLECTING = frozenset({"add", "sub", "and", "or", "xor", "concat", "repeated", "imul"})
"""Operators that make a container of those on their sides."""
CONCATENATING = frozenset({"add", "concat"})
"""Those of them that leave the elements to the left at their places."""
INTO = frozenset({"iadd", "iconcat", "ior"})
"""Operators by which the container to the left has the elements of the other."""
INVERTED = {"inv": "invert"}
"""Other names of methods."""


class Operators:
    """The effect of what stands on the sides of operators."""

    def __init__(self, flow: Flow, passing: Passing) -> None:
        self._flow = flow
        self._graph = flow.graph
        self._passing = passing
        self._done: set[tuple[Fact, str, int]] = set()

    def add(self, name: str, left: int, right: int, result: int) -> None:
        """``left operator right``, by the name of its method; for an operator of one side, ``right`` is NOBODY."""
        self._graph.watch(left, self._operate, (name, right, result))
        if right != NOBODY and name not in ONE_SIDED:
            self._graph.watch(right, self._operate, (REFLECTED.get(name, f"r{name}"), left, result))

    def call(self, name: str, call: Call) -> None:
        """A function of the module ``operator``."""
        method = name.rpartition(".")[2].strip("_")
        left, right = (*call.positional, NOBODY, NOBODY)[:2]
        if left == NOBODY or call.result == NOBODY:
            return
        for each in {method, INVERTED.get(method, method), method.removeprefix("i") if right != NOBODY else method}:
            self.add(each, left, right, call.result)
        if method.endswith("mul"):
            self.add("repeated", left, NOBODY, call.result)
        if method in INTO:
            self._graph.watch(left, self._extend, right)

    def _extend(self, fact: Fact, source: int) -> None:
        """What is added to a list or mapping stays there."""
        if fact[0] == "D":
            self._graph.watch(source, self._take_over, id_of(fact))

    def _take_over(self, fact: Fact, site: int) -> None:
        if fact[0] == "D":
            self._flow.containers.merge(id_of(fact), site)

    def _operate(self, fact: Fact, what: tuple[str, int, int]) -> None:
        name, other, result = what
        if fact[0] == "D" and (name in COLLECTING or (name[0] == "r" and name[1:] in COLLECTING)):
            self._flow.containers.reorder(id_of(fact), name not in CONCATENATING)
            self._graph.add(result, fact)
        elif fact[0] == "O" and (fact, name, result) not in self._done:
            self._done.add((fact, name, result))
            given = (other,) if other != NOBODY else ()
            call = Call(NOBODY, given, (), (), (), result, 0, 0)
            self._graph.watch(self._flow.classes.lookup(id_of(fact), f"__{name}__", True), self._call, call)

    def _call(self, fact: Fact, call: Call) -> None:
        if fact[0] == "F":
            function = self._flow.functions[id_of(fact)]
            self._passing.give(function, call, function.owner is not None)
            self._graph.edge(function.summary.result, call.result)
