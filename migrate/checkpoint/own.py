"""Tensors that a class gives all of its objects, as the statements of its constructor show."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrate.flow.attributes import Attributes
from migrate.flow.facts import Fact
from migrate.flow.queries import Queries

REGISTERED = frozenset({"register_buffer", "register_parameter"})


class Own:
    """The tensors of classes by name."""

    def __init__(self, queries: Queries, attributes: Attributes) -> None:
        self._queries = queries
        self._attributes = attributes
        self._known: dict[Fact, frozenset[str]] = {}

    def always(self, fact: Fact) -> frozenset[str]:
        """The names of tensors that every checkpoint of an object holds, those of the bases of its class among them."""
        if fact[0] != "O":
            return frozenset()
        if fact not in self._known:
            owners = self._attributes.owners(fact)
            classes = [self._queries.definition(owner) for owner in owners]
            names = (name for cls in classes if isinstance(cls, ast.ClassDef) for name in _registered(cls))
            self._known[fact] = frozenset(names)
        return self._known[fact]


def _registered(cls: ast.ClassDef) -> Iterator[str]:
    """The names that the constructor registers whatever it gets."""
    for function in cls.body:
        if isinstance(function, ast.FunctionDef) and function.name == "__init__":
            calls = [s.value for s in function.body if isinstance(s, ast.Expr) and isinstance(s.value, ast.Call)]
            for call in calls:
                if isinstance(call.func, ast.Attribute) and call.func.attr in REGISTERED and _is_kept(call):
                    yield from _name(call)


def _is_kept(call: ast.Call) -> bool:
    """Whether a checkpoint holds what a call registers: a value that is not None, and not said to be left out."""
    value = call.args[1] if len(call.args) == 2 and not call.keywords else None
    return value is not None and not (isinstance(value, ast.Constant) and value.value is None)


def _name(call: ast.Call) -> Iterator[str]:
    first = call.args[0]
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        yield first.value
