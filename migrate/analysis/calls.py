"""What well-known functions return, and the arithmetic of constants."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from migrate.analysis.annotations import promised
from migrate.analysis.containers import at, is_container
from migrate.analysis.values import (
    UNKNOWN,
    Bag,
    Constant,
    Instance,
    Local,
    Migrated,
    Partial,
    Row,
    Symbol,
    Unknown,
    Value,
    Values,
    constant,
    union,
)

if TYPE_CHECKING:
    from migrate.analysis.evaluator import Evaluator

MAX_FILLED = 16


def known_result(evaluator: Evaluator, name: str, node: ast.Call) -> Values | None:
    """The result of calling the function of that qualified name; None for one that is not known."""
    function = _FUNCTIONS.get(name)
    return function(evaluator, node) if function else None


def arithmetic(evaluator: Evaluator, node: ast.BinOp) -> Values:
    """The sum, difference, product or quotient of two number constants; two containers in one."""
    operation = _ARITHMETIC.get(type(node.op))
    left, right = evaluator.evaluate(node.left), evaluator.evaluate(node.right)
    if any(map(is_container, left | right)):
        return frozenset({Bag((), (node.left, node.right))})
    if operation is None or len(left) != 1 or len(right) != 1:
        return UNKNOWN
    (a,), (b,) = left, right
    if not (isinstance(a, Constant) and isinstance(b, Constant) and _is_number(a) and _is_number(b)):
        return UNKNOWN
    try:
        return constant(operation(a.value, b.value))
    except ArithmeticError:
        return UNKNOWN


def sign(evaluator: Evaluator, node: ast.UnaryOp) -> Values:
    """A signed constant."""
    values = evaluator.evaluate(node.operand)
    if isinstance(node.op, ast.USub) and all(isinstance(v, Constant) and _is_number(v) for v in values):
        return union(constant(-v.value) for v in values)  # type: ignore[union-attr, operator]
    return values if isinstance(node.op, ast.UAdd) else UNKNOWN


def _is_number(value: Constant) -> bool:
    return isinstance(value.value, (int, float))


def _partial(evaluator: Evaluator, node: ast.Call) -> Values:
    """A star fills an unknown number of places: two numbers stand for it, so that they disagree where it matters."""
    if not node.args:
        return UNKNOWN
    count = len(node.args) - 1
    stars = sum(isinstance(a, ast.Starred) for a in node.args)
    values = evaluator.evaluate(node.args[0])
    return frozenset(_filled(v, node, n) for v in values for n in {count, count - stars})


def _filled(value: Value, call: ast.Call, count: int) -> Value:
    """A partial of ``value``. A name bound again to its own partial would count for ever; the limit ends that."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Partial):
        return Partial(value.of, value.call, min(value.filled + count, MAX_FILLED))
    return Partial(value, call if isinstance(value, Symbol) else None, count)


def _first_argument(evaluator: Evaluator, node: ast.Call) -> Values:
    return evaluator.evaluate(node.args[0]) if node.args else UNKNOWN


def _cast(evaluator: Evaluator, node: ast.Call) -> Values:
    if len(node.args) != 2:
        return UNKNOWN
    return promised(evaluator, node.args[0]) or evaluator.evaluate(node.args[1])


def _super(evaluator: Evaluator, node: ast.Call) -> Values:
    cls = next((a for a in evaluator.index.ancestors(node) if isinstance(a, ast.ClassDef)), None)
    bases = [v for b in cls.bases for v in evaluator.evaluate(b)] if cls else []
    return frozenset(Instance(v) if isinstance(v, (Symbol, Migrated, Local)) else Unknown() for v in bases) or UNKNOWN


def _float(evaluator: Evaluator, node: ast.Call) -> Values:
    values = evaluator.evaluate(node.args[0]) if len(node.args) == 1 else UNKNOWN
    try:
        return union(constant(float(v.value)) for v in values)  # type: ignore[union-attr, arg-type]
    except (AttributeError, TypeError, ValueError):
        return frozenset({Instance(Symbol("builtins.float"))})


def _type(evaluator: Evaluator, node: ast.Call) -> Values:
    values = evaluator.evaluate(node.args[0]) if len(node.args) == 1 else UNKNOWN
    return frozenset(v.of if isinstance(v, Instance) else Unknown() for v in values)


def _getattr(evaluator: Evaluator, node: ast.Call) -> Values:
    """An attribute by a known name, with the default where one is given."""
    default = evaluator.evaluate(node.args[2]) if len(node.args) == 3 else frozenset()
    name = str(node.args[1].value) if len(node.args) > 1 and isinstance(node.args[1], ast.Constant) else ""
    owners = evaluator.evaluate(node.args[0]) if node.args else UNKNOWN
    found = union(evaluator.member(o, name, node) if name else UNKNOWN for o in owners)
    return found | default


def _copy(evaluator: Evaluator, node: ast.Call) -> Values:
    """A container with what the first argument holds."""
    return frozenset({Bag((), (node.args[0],))}) if len(node.args) == 1 and not node.keywords else UNKNOWN


def _dict(evaluator: Evaluator, node: ast.Call) -> Values:
    """A dict with what the argument holds, and the keywords."""
    items = tuple(k.value for k in node.keywords if k.arg is not None)
    sources = (*node.args, *(k.value for k in node.keywords if k.arg is None))
    return frozenset({Bag(items, sources, tuple(node.args))})


def _rows(evaluator: Evaluator, node: ast.Call) -> Values:
    """``zip(a, b)``."""
    return frozenset({Row(tuple(node.args), rows=True)}) if node.args else UNKNOWN


def _enumerated(evaluator: Evaluator, node: ast.Call) -> Values:
    return frozenset({Row((None, node.args[0]), rows=True)}) if node.args else UNKNOWN


def _one_of(evaluator: Evaluator, node: ast.Call) -> Values:
    """An element of the argument, or one of the arguments."""
    if not node.args:
        return UNKNOWN
    values = [v for a in node.args for v in evaluator.evaluate(a)]
    return union(at(evaluator, v, None) if is_container(v) else frozenset({v}) for v in values)


_FUNCTIONS: dict[str, Callable[[Evaluator, ast.Call], Values]] = {
    "functools.partial": _partial,
    "copy.deepcopy": _first_argument,
    "copy.copy": _first_argument,
    "typing.cast": _cast,
    "builtins.super": _super,
    "builtins.float": _float,
    "builtins.type": _type,
    "builtins.getattr": _getattr,
    "builtins.list": _copy,
    "builtins.tuple": _copy,
    "builtins.set": _copy,
    "builtins.frozenset": _copy,
    "builtins.sorted": _copy,
    "builtins.reversed": _copy,
    "builtins.iter": _copy,
    "builtins.dict": _dict,
    "builtins.zip": _rows,
    "builtins.enumerate": _enumerated,
    "builtins.next": _one_of,
    "builtins.max": _one_of,
    "builtins.min": _one_of,
}
_ARITHMETIC: dict[type[ast.operator], Callable[..., float]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}
