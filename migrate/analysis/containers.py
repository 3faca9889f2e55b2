"""What comes out of dicts, lists and tuples that the file spells out."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrate.analysis.values import UNKNOWN, Container, Values, union

if TYPE_CHECKING:
    from migrate.analysis.evaluator import Evaluator

LOOKUPS = ("get", "pop", "setdefault")


def display(_: Evaluator, node: ast.Dict | ast.List | ast.Tuple | ast.Set) -> Values:
    """The container itself."""
    return frozenset({Container(node)})


def subscript(evaluator: Evaluator, node: ast.Subscript) -> Values:
    """``container[key]``: the one element where the key is a constant, otherwise all of them."""
    key = node.slice
    if isinstance(key, ast.UnaryOp) and isinstance(key.op, ast.USub) and isinstance(key.operand, ast.Constant):
        value = key.operand.value
        return union(_at(evaluator, v, -value) for v in evaluator.evaluate(node.value))  # type: ignore[operator]
    constant = key.value if isinstance(key, ast.Constant) else None
    return union(_at(evaluator, v, constant) for v in evaluator.evaluate(node.value))


def elements(evaluator: Evaluator, iterable: ast.expr, place: int | None = None) -> Values:
    """What iterating yields; with ``place``, that part of each item (1 for the value of ``items()``)."""
    if isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Attribute) and not iterable.args:
        owner = evaluator.evaluate(iterable.func.value)
        if iterable.func.attr == "values" or (iterable.func.attr == "items" and place == 1):
            return union(_at(evaluator, v, None) for v in owner)
        return UNKNOWN
    items = union(_at(evaluator, v, None, keys=True) for v in evaluator.evaluate(iterable))
    return items if place is None else union(_at(evaluator, v, place) for v in items)


def lookup(evaluator: Evaluator, node: ast.Call) -> Values | None:
    """``mapping.get(key, default)`` and its like; None for any other call."""
    if not isinstance(node.func, ast.Attribute) or node.func.attr not in LOOKUPS or not node.args:
        return None
    key = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
    default = evaluator.evaluate(node.args[1]) if len(node.args) > 1 else frozenset()
    return union(_at(evaluator, v, key) for v in evaluator.evaluate(node.func.value)) | default


def part(evaluator: Evaluator, value: ast.expr, place: int) -> Values:
    """The item at ``place`` of an unpacked value."""
    return union(_at(evaluator, v, place) for v in evaluator.evaluate(value))


def _at(evaluator: Evaluator, owner: object, key: object, keys: bool = False) -> Values:
    """The elements of ``owner`` under ``key``; all of them for None. ``keys`` gives the keys of a dict."""
    if not isinstance(owner, Container):
        return UNKNOWN
    node = owner.node
    if isinstance(node, ast.Dict):
        if keys:
            return union(evaluator.evaluate(k) for k in node.keys if k is not None)
        pairs = list(zip(node.keys, node.values, strict=True))
        found = [v for k, v in pairs if isinstance(k, ast.Constant) and k.value == key]
        if key is not None and not found:
            return UNKNOWN
        spelled_out = all(isinstance(k, ast.Constant) for k in node.keys)
        chosen = found if key is not None and spelled_out else node.values
        unpacked = UNKNOWN if None in node.keys else frozenset()
        return union(evaluator.evaluate(v) for v in chosen) | unpacked
    starred = any(isinstance(e, ast.Starred) for e in node.elts)
    if (
        type(key) is int
        and not starred
        and isinstance(node, (ast.List, ast.Tuple))
        and -len(node.elts) <= key < len(node.elts)
    ):
        return evaluator.evaluate(node.elts[key])
    plain = union(evaluator.evaluate(e) for e in node.elts if not isinstance(e, ast.Starred))
    return plain | (UNKNOWN if starred or not node.elts else frozenset())
