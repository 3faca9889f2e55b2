"""Expressions that name a place, as text: ``m.norm``; and the owner of a namespace."""

from __future__ import annotations

import ast


def dotted(node: ast.AST) -> str:
    """``"a.b[i].c"`` for a name with attributes and simple subscripts, otherwise an empty string."""
    parts: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            parts.append(f".{node.attr}")
            node = node.value
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, (ast.Name, ast.Constant)):
            parts.append(f"[{ast.unparse(node.slice)}]")
            node = node.value
        elif isinstance(node, ast.NamedExpr) and not parts:
            return node.target.id
        else:
            break
    return "".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def namespace_owner(node: ast.expr) -> ast.expr | None:
    """``owner`` in ``owner.__dict__`` and ``vars(owner)``."""
    if isinstance(node, ast.Attribute) and node.attr == "__dict__":
        return node.value
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "vars" and len(node.args) == 1:
        return node.args[0]
    return None


def named_parts(node: ast.expr, name: str) -> ast.expr | None:
    """The owner of attributes that a mapping has by name; of a network, ``_modules`` has its layers."""
    is_held = isinstance(node, ast.Attribute) and node.attr == "_modules" and name.isidentifier()
    return node.value if is_held and isinstance(node, ast.Attribute) else namespace_owner(node)
