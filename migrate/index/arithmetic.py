"""Operators: what comes of the nodes on their sides."""

from __future__ import annotations

import ast

from migrate.index.builder import Builder
from migrate.index.summary import Computed

OPERATORS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


def operation(b: Builder, node: ast.BinOp, left: int, right: int) -> int:
    """A union of classes, containers that are joined, or numbers; other results are nothing to follow."""
    if isinstance(node.op, ast.BitOr):
        return b.join((left, right))
    if isinstance(node.op, ast.Mult) and isinstance(node.left, ast.List):
        return b.reorder(left)  # its elements stand at more places then
    sign = OPERATORS.get(type(node.op), "")
    if not sign or b.anything in (left, right):
        return b.anything
    made = b.new()
    b.unshown.add(made)
    b.summary.computed.append(Computed(made, left, right, sign))
    if isinstance(node.op, ast.Add):
        for part in (left, right):
            b.copy(part, made)
        b.reorder(right)  # what is to the left comes before it
    return made


def signed(b: Builder, operator: ast.unaryop, operand: int) -> int:
    """A number with its sign."""
    if not isinstance(operator, ast.USub) or operand == b.anything:
        return operand if isinstance(operator, ast.UAdd) else b.anything
    made = b.new()
    b.unshown.add(made)
    b.summary.computed.append(Computed(made, b.constant(0), operand, "-"))
    return made
