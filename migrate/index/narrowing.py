"""What a test says of the class of what it looks at; purely syntactic."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from migrate.index.paths import dotted

EXITS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


class Condition(NamedTuple):
    """What is at ``path`` is an instance of one of ``classes``, as a call of the builtin function ``told_by`` tells."""

    path: str
    subject: ast.expr
    classes: tuple[ast.expr, ...]
    told_by: str = ""


def conditions(test: ast.expr, holds: bool) -> Iterator[Condition]:
    """What is known of classes where ``test`` holds, or where it does not."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from conditions(test.operand, not holds)
    elif isinstance(test, ast.BoolOp):
        if isinstance(test.op, ast.And if holds else ast.Or):
            for part in test.values:
                yield from conditions(part, holds)
        else:
            yield from _alternatives(test, holds)
    elif isinstance(test, ast.Call) and holds:
        yield from _instance_test(test)
    elif isinstance(test, ast.Compare) and len(test.ops) == 1:
        same = (ast.Is, ast.Eq, ast.In) if holds else (ast.IsNot, ast.NotEq, ast.NotIn)
        subject = type_subject(test.left)
        if isinstance(test.ops[0], same) and subject is not None and dotted(subject):
            yield Condition(dotted(subject), subject, (test.comparators[0],))


def _alternatives(test: ast.BoolOp, holds: bool) -> Iterator[Condition]:
    """One condition where all parts speak about the same path."""
    parts = [list(conditions(part, holds)) for part in test.values]
    if all(len(part) == 1 for part in parts) and len({part[0].path for part in parts}) == 1:
        first = parts[0][0]
        classes = tuple(c for part in parts for c in part[0].classes)
        told_by = next((part[0].told_by for part in parts if part[0].told_by), "")
        yield Condition(first.path, first.subject, classes, told_by)


def _instance_test(call: ast.Call) -> Iterator[Condition]:
    is_test = isinstance(call.func, ast.Name) and call.func.id in ("isinstance", "issubclass")
    if is_test and len(call.args) == 2 and dotted(call.args[0]):
        yield Condition(dotted(call.args[0]), call.args[0], (call.args[1],), getattr(call.func, "id", ""))


def type_subject(node: ast.expr) -> ast.expr | None:
    """``m`` in ``type(m)`` and ``m.__class__``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "type":
        return node.args[0] if len(node.args) == 1 else None
    return node.value if isinstance(node, ast.Attribute) and node.attr == "__class__" else None


def leaves(body: list[ast.stmt]) -> bool:
    """Whether a block always leaves the one around it."""
    return bool(body) and isinstance(body[-1], EXITS)
