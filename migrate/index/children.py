"""The layers of a network, in the order in which its constructor registers them."""

from __future__ import annotations

import ast

from migrate.index.builder import Builder
from migrate.index.expressions import assign
from migrate.index.summary import Unpacked
from migrate.syntax.shapes import literal_string

REGISTER = ("add_module", "register_module")


def registered_names(node: ast.ClassDef) -> tuple[str, ...]:
    """The attributes that the constructor sets one after the other, under no condition, each once; else none."""
    made = next((f for f in node.body if isinstance(f, ast.FunctionDef) and f.name == "__init__"), None)
    first = made.args.args[0].arg if made is not None and made.args.args else ""
    names = [name for statement in (made.body if made is not None else ()) for name in _set(statement, first)]
    return tuple(names) if len(set(names)) == len(names) else ()


def _set(statement: ast.stmt, owner: str) -> list[str]:
    """The attributes of ``owner`` that a statement sets."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        targets = [statement.target]
    found = [t.attr for t in targets if isinstance(t, ast.Attribute) and getattr(t.value, "id", "") == owner]
    call = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in REGISTER and call.args:
        found += [literal_string(call.args[0])] if getattr(call.func.value, "id", "") == owner else []
    return found


def assign_children(b: Builder, target: ast.expr, given: ast.expr) -> bool:
    """Whether a target takes a network apart; then its parts are bound to the layers."""
    owner = _taken_apart(given)
    if owner is None or not isinstance(target, (ast.Tuple, ast.List)):
        return False
    if owner not in b.nodes or any(isinstance(part, ast.Starred) for part in target.elts):
        return False
    results = tuple(b.new() for _ in target.elts)
    b.summary.unpacked.append(Unpacked(b.nodes[owner], results))
    for part, result in zip(target.elts, results, strict=True):
        assign(b, part, result)
    return True


def _taken_apart(node: ast.expr) -> ast.expr | None:
    """``net`` in ``net._modules.values()`` and ``net.children()``, also in a list of these."""
    if not isinstance(node, ast.Call):
        return None
    if getattr(node.func, "id", "") in ("list", "tuple") and len(node.args) == 1:
        return _taken_apart(node.args[0])
    func = node.func if isinstance(node.func, ast.Attribute) and not node.args and not node.keywords else None
    if func is None or func.attr not in ("children", "values"):
        return None
    if func.attr == "children":
        return func.value
    return func.value.value if isinstance(func.value, ast.Attribute) and func.value.attr == "_modules" else None
