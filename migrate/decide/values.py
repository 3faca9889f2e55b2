"""The values that analysis tells apart: classes, instances, partials, constants.

Most are tuples, since they are hashed and compared millions of times; the ``tag`` keeps apart what has the same fields.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from migrate.rule import Rule
from migrate.rules import RuleSet
from migrate.syntax.scopes import Function


def _place(node: ast.AST | None) -> str:
    """Where a node stands: values are sorted by their text, which must not change from process to process."""
    return f"{getattr(node, 'lineno', 0):06}:{getattr(node, 'col_offset', 0):04}"


class Symbol(NamedTuple):
    """Something imported, by its qualified name; relative imports keep their dots.

    ``path`` is the file of the run that would define it, where that was not read.
    """

    name: str
    path: str = ""
    tag: str = "Symbol"


class Namespace(NamedTuple):
    """A module of the run, by the path of its file."""

    path: str
    tag: str = "Namespace"


@dataclass(frozen=True, slots=True)
class Migrated:
    """A class that has a rule; ``reference`` is the expression that spells it."""

    rule: Rule
    reference: ast.AST | None

    def __hash__(self) -> int:
        return hash((self.rule.name, self.reference))

    def __repr__(self) -> str:
        return f"Migrated({self.rule.name}, {_place(self.reference)})"


class Local(NamedTuple):
    """A class or function of a file of the run."""

    node: ast.ClassDef | Function
    tag: str = "Local"

    def __repr__(self) -> str:
        return f"Local({getattr(self.node, 'name', 'lambda')}, {_place(self.node)})"


class Partial(NamedTuple):
    """``functools.partial(of, ...)`` with ``filled`` positional arguments; a partial of a partial counts on from it.

    ``call`` is the innermost one, for a known function, whose result may depend on it.
    """

    of: Value
    call: ast.Call | None
    filled: int
    tag: str = "Partial"

    def __repr__(self) -> str:
        return f"Partial({self.of}, {_place(self.call)}, {self.filled})"


class Instance(NamedTuple):
    """An object made by calling ``of``."""

    of: Symbol | Migrated | Local
    tag: str = "Instance"


class Constant(NamedTuple):
    """A literal; ``kind`` keeps 1, 1.0 and True apart."""

    value: object
    kind: str
    tag: str = "Constant"


class Unknown(NamedTuple):
    """Anything at all."""

    tag: str = "Unknown"


Value = Symbol | Namespace | Migrated | Local | Partial | Instance | Constant | Unknown
Values = frozenset[Value]
UNKNOWN: Values = frozenset({Unknown()})
NOTHING: Values = frozenset()
NONE = Constant(None, "NoneType")


def has_rule(value: object, rules: RuleSet) -> bool:
    """Whether a value is a class that a rule is about: the source framework's, or the target's."""
    return isinstance(value, Migrated) or (isinstance(value, Symbol) and value.name in rules.by_target)


def without_constants(values: Values) -> Values:
    """What can be called, or has the attributes of a layer."""
    return frozenset(v for v in values if not isinstance(v, Constant))


def constant(value: object) -> Values:
    return frozenset({Constant(value, type(value).__name__)})


def union(parts: Iterable[Values]) -> Values:
    """All the values of ``parts``; most often there is one part, or all are the same."""
    result = NOTHING
    for part in parts:
        if part is not result:
            result = result | part if result else part
    return result


_INFINITE = {"math.inf": math.inf, "math.nan": math.nan, "numpy.inf": math.inf, "numpy.nan": math.nan}


def infinite(value: Value) -> Value:
    """``math.inf`` and its like as constants."""
    if isinstance(value, Symbol) and value.name in _INFINITE:
        return Constant(_INFINITE[value.name], "float")
    return value
