"""Operators: what comes of the nodes on their sides."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable

from migrate.index.builder import Builder
from migrate.index.summary import Computed

OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitAnd: "&",
    ast.BitXor: "^",
    ast.BitOr: "|",
}
NUMBERS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
"""What operators make of numbers."""
UNARY: dict[type[ast.unaryop], str] = {ast.USub: "neg", ast.UAdd: "pos", ast.Invert: "invert"}
"""The names of methods."""
COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
CONTAINS = "in"
SUBSCRIPT = "[]"
REPEATED = "repeated"
"""Stands for a list as often as a number says."""


def operation(b: Builder, node: ast.BinOp, left: int, right: int) -> int:
    """A union of classes, containers that are joined, numbers, or what objects make of it."""
    number = _number(b, node, left, right)
    if number is not None:
        return b.constant(number)
    if isinstance(node.op, ast.Mult) and isinstance(node.left, ast.List):
        return b.reorder(left)  # its elements stand at more places then
    if isinstance(node.op, ast.Mult) and isinstance(node.right, ast.List):
        return b.reorder(right)
    joined = b.join((left, right)) if isinstance(node.op, ast.BitOr) else b.anything
    if b.anything in (left, right):
        return joined
    made = b.new()
    if not isinstance(node.op, ast.BitOr):
        b.unshown.add(made)
    b.summary.computed.append(Computed(made, left, right, OPERATORS[type(node.op)]))
    if isinstance(node.op, ast.Mult) and isinstance(getattr(node.right, "value", None), int):
        b.summary.operated.append((made, left, REPEATED))
    if isinstance(node.op, ast.Add):
        for part in (left, right):
            b.copy(part, made)
        b.reorder(right)  # what is to the left comes before it
    return b.join((joined, made))


def _number(b: Builder, node: ast.BinOp, left: int, right: int) -> float | None:
    """The number that two literals make, such as ``1 / 10``; None for anything else."""
    one, other = b.summary.constants.get(left), b.summary.constants.get(right)
    if type(one) not in (int, float) or type(other) not in (int, float) or type(node.op) not in NUMBERS:
        return None
    try:
        return NUMBERS[type(node.op)](one, other)  # type: ignore[arg-type]
    except ArithmeticError:
        return None


def combine(b: Builder, operator: ast.operator, left: int, right: int) -> None:
    """Let what stands to the left also hold what is computed in its place, and what an object makes of it."""
    b.summary.mixed.append(left)
    if b.anything in (left, right):
        return
    made, sign = b.new(), OPERATORS[type(operator)]
    b.unshown.add(made)
    b.summary.computed += [Computed(made, left, right, each) for each in (f"{sign}=", sign)]
    b.copy(made, left)


def give_key(b: Builder, base: int, key: int, held: int) -> int:
    """Let an object have what stands in brackets behind it, and what it ``held`` there be what it makes of that."""
    if b.anything not in (base, key, held) and key not in b.summary.constants:
        b.summary.computed.append(Computed(held, base, key, SUBSCRIPT))
    return held


def compared(b: Builder, node: ast.Compare, left: int, right: int) -> int:
    """A truth value, or what an object makes of it."""
    sign = COMPARISONS.get(type(node.ops[0]))
    if isinstance(node.ops[0], (ast.In, ast.NotIn)) and b.anything not in (left, right):
        b.summary.computed.append(Computed(b.new(), right, left, CONTAINS))
    if sign is None or b.anything in (left, right):
        return b.anything
    made = b.new()
    b.unshown.add(made)
    b.summary.computed.append(Computed(made, left, right, sign))
    return made


def signed(b: Builder, operator: ast.unaryop, operand: int) -> int:
    """A number with its sign, or what an object makes of it."""
    if operand == b.anything or type(operator) not in UNARY:
        return b.anything
    made = b.new()
    b.summary.operated.append((made, operand, UNARY[type(operator)]))
    if isinstance(operator, ast.UAdd):
        return b.join((operand, made))
    b.unshown.add(made)
    if isinstance(operator, ast.USub):
        b.summary.computed.append(Computed(made, b.constant(0), operand, "-"))
    return made
