"""Expressions that give the class of something, or its name; purely syntactic."""

from __future__ import annotations

import ast

from migrate.syntax.index import Index


def type_argument(index: Index, node: ast.expr) -> ast.expr | None:
    """``m`` for ``type(m)``, ``m.__class__``, or a name bound once to either."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "type":
        return node.args[0] if len(node.args) == 1 else None
    if isinstance(node, ast.Attribute) and node.attr == "__class__":
        return node.value
    if isinstance(node, ast.Name):
        scope = index.scope(node).resolve(node.id)
        bindings = scope.bindings.get(node.id, []) if scope else []
        if len(bindings) == 1 and bindings[0].value is not None and not isinstance(bindings[0].value, ast.Name):
            return type_argument(index, bindings[0].value)
    return None


CASES = frozenset({"lower", "upper", "casefold", "strip"})
NAMES = frozenset({"__name__", "__qualname__", "__module__"})


def class_named(index: Index, node: ast.expr) -> ast.expr | None:
    """``m`` for an expression that gives the name of its class: ``type(m).__name__``, ``str(m.__class__)``."""
    if isinstance(node, ast.Attribute) and node.attr in NAMES:
        return type_argument(index, node.value)
    if isinstance(node, ast.Name):
        scope = index.scope(node).resolve(node.id)
        bindings = scope.bindings.get(node.id, []) if scope else []
        value = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "value" else None
        return class_named(index, value) if value is not None and not isinstance(value, ast.Name) else None
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Attribute):
        if node.func.attr == "_get_name":
            return node.func.value
        return class_named(index, node.func.value) if node.func.attr in CASES else None
    if isinstance(node.func, ast.Name) and node.func.id in ("str", "repr") and len(node.args) == 1:
        return type_argument(index, node.args[0])
    return None
