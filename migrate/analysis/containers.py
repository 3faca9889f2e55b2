"""What comes out of dicts, lists and tuples: spelled out, copied, filled later, or made of arguments."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrate.analysis.values import NOTHING, UNKNOWN, Bag, Container, Rest, Row, Unknown, Value, Values, union

if TYPE_CHECKING:
    from migrate.analysis.evaluator import Evaluator

LOOKUPS = ("get", "pop", "setdefault")
COPIES = ("copy", "values", "keys", "__iter__")
Display = ast.Dict | ast.List | ast.Tuple | ast.Set


def display(_: Evaluator, node: Display) -> Values:
    """The container itself."""
    return frozenset({Container(node)})


def comprehension(_: Evaluator, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Values:
    """Something that holds the values of one expression."""
    return frozenset({Bag((node.value if isinstance(node, ast.DictComp) else node.elt,))})


def subscript(evaluator: Evaluator, node: ast.Subscript) -> Values:
    """``container[key]``: one element where the key is a constant, otherwise all of them; a slice is a copy."""
    key = node.slice
    owners = evaluator.evaluate(node.value)
    if isinstance(key, ast.Slice):
        return union(frozenset({Bag((), (node.value,)) if is_container(v) else Unknown()}) for v in owners)
    if isinstance(key, ast.UnaryOp) and isinstance(key.op, ast.USub) and isinstance(key.operand, ast.Constant):
        value = key.operand.value
        return union(at(evaluator, v, -value) for v in owners)  # type: ignore[operator]
    constant = key.value if isinstance(key, ast.Constant) else None
    return union(at(evaluator, v, constant) for v in owners)


def elements(evaluator: Evaluator, iterable: ast.expr, place: int | None = None) -> Values:
    """What iterating yields; with ``place``, that part of each item (1 for the value of ``items()``)."""
    items = union(at(evaluator, v, None, keys=True) for v in evaluator.evaluate(iterable))
    return items if place is None else union(at(evaluator, v, place) for v in items)


def method(evaluator: Evaluator, node: ast.Call) -> Values | None:
    """``mapping.get(key, default)``, ``items()``, ``copy()`` and their like; None for any other call."""
    if not isinstance(node.func, ast.Attribute):
        return None
    name = node.func.attr
    if name in LOOKUPS and (node.args or name == "pop"):
        key = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
        default = evaluator.evaluate(node.args[1]) if len(node.args) > 1 else NOTHING
        return union(at(evaluator, v, key) for v in evaluator.evaluate(node.func.value)) | default
    if name not in (*COPIES, "items") or node.args:
        return None
    owners = evaluator.evaluate(node.func.value)
    if not any(is_container(v) for v in owners):
        return None
    return frozenset({Row((None, node.func.value), rows=True) if name == "items" else Bag((), (node.func.value,))})


def part(evaluator: Evaluator, value: ast.expr, place: int) -> Values:
    """The item at ``place`` of an unpacked value."""
    return union(at(evaluator, v, place) for v in evaluator.evaluate(value))


def is_container(value: object) -> bool:
    return isinstance(value, (Container, Bag, Row, Rest))


def at(evaluator: Evaluator, owner: Value, key: object, keys: bool = False) -> Values:
    """The elements of ``owner`` under ``key``; all of them for None. ``keys`` gives the keys of a dict."""
    if not is_container(owner):
        return evaluator.classes.item(owner, key)
    return evaluator.project.opened((owner, type(key), key, keys), lambda: _at(evaluator, owner, key, keys))


def _at(evaluator: Evaluator, owner: Value, key: object, keys: bool) -> Values:
    if isinstance(owner, Row):
        return _row(evaluator, owner, key)
    if isinstance(owner, Rest):
        return evaluator.callers.rest(owner, key)
    assert isinstance(owner, (Bag, Container))
    if isinstance(owner, Bag) or (_is_filled(evaluator, owner) and not keys):
        return _gathered(evaluator, owner)
    found = spelled(evaluator, owner, key, keys)
    return UNKNOWN if found is None else found


def _is_filled(evaluator: Evaluator, owner: Container) -> bool:
    """Whether more is in the container than its text says, or in another order."""
    change = evaluator.project.change(owner)
    if isinstance(owner.node, ast.Dict):
        return None in owner.node.keys or (change is not None and change.fills)
    return change is not None or any(isinstance(e, ast.Starred) for e in owner.node.elts)


def _gathered(evaluator: Evaluator, start: Value) -> Values:
    """All that a container holds, with what is moved into it from others; each of them is looked into once."""
    found, seen, todo = NOTHING, {start}, [start]
    while todo:
        owner = todo.pop()
        items, sources, anything = _contents(evaluator, owner)
        found |= union(evaluator.evaluate(i) for i in items) | (UNKNOWN if anything else NOTHING)
        for value in (v for source in sources for v in evaluator.evaluate(source)):
            if not isinstance(value, (Bag, Container)):
                found |= at(evaluator, value, None)
            elif value not in seen:
                seen.add(value)
                todo.append(value)
        for row in (v for pairs in getattr(owner, "pairs", ()) for v in elements_of_values(evaluator, pairs)):
            found |= at(evaluator, row, 1) if isinstance(row, (Container, Row)) else NOTHING
    return found or UNKNOWN


def _contents(evaluator: Evaluator, owner: Value) -> tuple[list[ast.expr], list[ast.expr], bool]:
    """The elements of a container, the containers whose elements it has too, and whether it may hold anything."""
    items: list[ast.expr] = []
    sources: list[ast.expr] = []
    if isinstance(owner, Bag):
        items, sources = list(owner.items), list(owner.sources)
    elif isinstance(owner, Container) and isinstance(owner.node, ast.Dict):
        for key, value in zip(owner.node.keys, owner.node.values, strict=True):
            (items if key is not None else sources).append(value)
    elif isinstance(owner, Container):
        elements = owner.node.elts  # type: ignore[union-attr]
        items = [e for e in elements if not isinstance(e, ast.Starred)]
        sources = [e.value for e in elements if isinstance(e, ast.Starred)]
    change = evaluator.project.change(owner)
    if change is None:
        return items, sources, False
    return [*items, *change.put], [*sources, *change.sources], change.by_others


def spelled(evaluator: Evaluator, owner: Container, key: object, keys: bool = False) -> Values | None:
    """The elements that a display spells out; None where it has none under the key."""
    node = owner.node
    if isinstance(node, ast.Dict):
        return _of_dict(evaluator, node, key, keys)
    starred = any(isinstance(e, ast.Starred) for e in node.elts)
    if type(key) is int and not starred and not isinstance(node, ast.Set):
        return evaluator.evaluate(node.elts[key]) if -len(node.elts) <= key < len(node.elts) else None
    if starred:
        return _gathered(evaluator, owner)
    return union(evaluator.evaluate(e) for e in node.elts) if node.elts else None


def _of_dict(evaluator: Evaluator, node: ast.Dict, key: object, keys: bool) -> Values | None:
    if keys:
        return union(evaluator.evaluate(k) for k in node.keys if k is not None)
    entries = evaluator.project.entries(node)
    if key is not None and entries is not None:
        return evaluator.evaluate(entries[key]) if key in entries else None
    if None in node.keys:
        return _gathered(evaluator, Container(node))
    missing = UNKNOWN if key is not None else NOTHING
    return union(evaluator.evaluate(v) for v in node.values) | missing if node.values else None


def _row(evaluator: Evaluator, owner: Row, key: object) -> Values:
    if owner.rows:
        return frozenset({Row(owner.parts)})
    if not isinstance(key, int) or not -len(owner.parts) <= key < len(owner.parts):
        chosen = owner.parts
    else:
        chosen = (owner.parts[key],)
    return union(UNKNOWN if p is None else elements_of_values(evaluator, p) for p in chosen)


def elements_of_values(evaluator: Evaluator, source: ast.expr) -> Values:
    """The values that a container holds (those of a dict, not its keys)."""
    return union(at(evaluator, v, None) for v in evaluator.evaluate(source))
