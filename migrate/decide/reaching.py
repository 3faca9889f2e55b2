"""Which uses of a name may still find what one of its bindings gave it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrate.syntax.index import Index
from migrate.syntax.scopes import Function, Scope

LOOPS = (ast.For, ast.AsyncFor, ast.While)


def reached(index: Index, scope: Scope, name: str, binder: ast.AST) -> Iterator[ast.Name]:
    """The reads of ``name``, and the targets of its augmented assignments, behind ``binder`` and before another value.

    ``binder`` is the target that is bound, or the function that has the name as a parameter.
    """
    changed = [b.node for b in scope.bindings.get(name, ()) if isinstance(index.parent(b.node), ast.AugAssign)]
    for use in (*index.uses(scope, name), *(n for n in changed if isinstance(n, ast.Name))):
        if use is not binder and _reaches(index, name, binder, use):
            yield use


def _reaches(index: Index, name: str, binder: ast.AST, use: ast.Name) -> bool:
    # Another function may run at any time, and the element of a comprehension stands before its loop.
    in_comprehension = any(isinstance(a, ast.comprehension) for a in index.ancestors(binder))
    if in_comprehension or _function(index, binder) is not _function(index, use):
        return True
    loop = next((a for a in index.ancestors(use) if isinstance(a, LOOPS) and _inside(index, binder, a)), None)
    statement = index.statement(use)
    own = not isinstance(binder, Function) and statement is index.statement(binder)
    if _place(use) < _place(binder) or (own and isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign))):
        return loop is not None and not any(
            _inside(index, s, loop) and _place(s) < _place(statement) for s in _binding(index, name, use)
        )
    if loop is None and _is_other_branch(index, binder, use):
        return False
    return not any(_place(binder) < _place(s) < _place(statement) for s in _binding(index, name, use))


def _binding(index: Index, name: str, use: ast.Name) -> Iterator[ast.stmt]:
    """The assignments to the name that stand in one of the blocks around a use, each of which replaces its value."""
    statement: ast.AST | None = index.statement(use)
    while isinstance(statement, ast.stmt):
        for other in index.block(statement):
            if isinstance(other, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in other.targets):
                yield other
        parent = index.parent(statement)
        while isinstance(parent, (ast.ExceptHandler, ast.match_case)):
            parent = index.parent(parent)
        statement = parent if not isinstance(parent, Function) else None


def _is_other_branch(index: Index, binder: ast.AST, use: ast.AST) -> bool:
    """Whether a binding and a use stand in the two branches of one statement."""
    for branch in index.ancestors(use):
        if isinstance(branch, ast.If) and _inside(index, binder, branch):
            return any(_within(index, binder, s) for s in branch.body) != any(
                _within(index, use, s) for s in branch.body
            ) and not any(n is use for n in ast.walk(branch.test))
    return False


def _function(index: Index, node: ast.AST) -> ast.AST | None:
    around = (node, *index.ancestors(node)) if isinstance(node, Function) else index.ancestors(node)
    return next((a for a in around if isinstance(a, Function)), None)


def _inside(index: Index, node: ast.AST, outer: ast.AST) -> bool:
    return any(a is outer for a in index.ancestors(node))


def _within(index: Index, node: ast.AST, outer: ast.AST) -> bool:
    return node is outer or _inside(index, node, outer)


def _place(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
