"""Layers that are called where they are made, and so own their mode."""

from __future__ import annotations

import ast

from migrate.syntax.index import Index


def owns_mode(index: Index, call: ast.Call) -> bool:
    """Whether the instance is called in the function (or module) that makes it, and so owns its own mode."""
    parent = index.parent(call)
    if isinstance(parent, ast.Call):
        return parent.func is call
    if isinstance(parent, ast.NamedExpr):
        outer = index.parent(parent)
        if isinstance(outer, ast.Call) and outer.func is parent:
            return True
        targets: list[ast.expr] = [parent.target]
    elif isinstance(parent, ast.Assign):
        targets = parent.targets
    elif isinstance(parent, ast.AnnAssign):
        targets = [parent.target]
    else:
        return False
    scope = index.scope(call)
    names = [t.id for t in targets if isinstance(t, ast.Name)]
    if scope.is_class:
        return False
    return any(
        isinstance(use_parent := index.parent(use), ast.Call) and use_parent.func is use and index.scope(use) is scope
        for name in names
        for use in index.uses(scope.elsewhere.get(name, scope), name)
    )
