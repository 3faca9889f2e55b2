"""Tests of a name against None, and the replacement that they guard; purely syntactic."""

from __future__ import annotations

import ast

from migrate.analysis.index import Index
from migrate.analysis.scopes import Binding


def is_none_test(test: ast.expr, name: str) -> bool:
    """``name is None`` or ``not name``."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return isinstance(test.operand, ast.Name) and test.operand.id == name
    return _compares(test, name, ast.Is)


def is_not_none_test(test: ast.expr, name: str) -> bool:
    """``name is not None`` or ``name``."""
    return (isinstance(test, ast.Name) and test.id == name) or _compares(test, name, ast.IsNot)


def is_replaced(index: Index, node: ast.Name, bindings: list[Binding]) -> bool:
    """Whether ``if name is None: name = ...`` or ``name = name or ...`` stands above ``node``."""
    for b in bindings:
        if b.kind != "value" or b.value is None or getattr(b.node, "lineno", 0) >= node.lineno:
            continue
        if isinstance(b.value, ast.BoolOp) and getattr(b.value.values[0], "id", "") == node.id:
            return True
        if isinstance(b.value, ast.IfExp) and is_none_test(b.value.test, node.id):
            return True
        parent = index.parent(index.statement(b.node))
        if isinstance(parent, ast.If) and is_none_test(parent.test, node.id):
            return True
    return False


def _compares(test: ast.expr, name: str, operator: type[ast.cmpop]) -> bool:
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], operator)):
        return False
    against = test.comparators[0]
    return isinstance(test.left, ast.Name) and test.left.id == name and getattr(against, "value", 0) is None
