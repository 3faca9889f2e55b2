"""What a test says of the class of what it looks at; purely syntactic."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from migrate.syntax.paths import dotted

EXITS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


AMONG, ASKED = "in", "()"

Known = Mapping[str, ast.expr]
"""Tests, and expressions that give the class of something, by the names that are bound to them."""


class Condition(NamedTuple):
    """What is at ``path`` is an instance of one of ``classes``, as a call of the builtin function ``told_by`` tells.

    Without classes, it is something other than None. Where ``AMONG`` tells it, it is an element of what is there
    instead of classes; where ``ASKED`` does, a function stands there, which was true of it. Where it ``is_excluded``,
    it is an instance of none of the classes.
    """

    path: str
    subject: ast.expr
    classes: tuple[ast.expr, ...]
    told_by: str = ""
    is_excluded: bool = False


def conditions(test: ast.expr, holds: bool, known: Known = MappingProxyType({})) -> Iterator[Condition]:
    """What is told of paths where ``test`` holds, or where it does not; ``known`` has what names were bound to."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from conditions(test.operand, not holds, known)
    elif isinstance(test, ast.BoolOp):
        if isinstance(test.op, ast.And if holds else ast.Or):
            for part in test.values:
                yield from conditions(part, holds, known)
        else:
            yield from _alternatives(test, holds, known)
    elif isinstance(test, ast.Call) and not holds:
        yield from _excluded(test)
    elif isinstance(test, ast.Call):
        yield from _instance_test(test, known)
        if len(test.args) == 1 and not test.keywords and dotted(test.args[0]) and dotted(test.func):
            yield Condition(dotted(test.args[0]), test.args[0], (test.func,), ASKED)
    elif isinstance(test, ast.Compare) and len(test.ops) == 1:
        yield from _comparison(test, holds, known)
    elif isinstance(test, ast.Name):
        if test.id in known:
            yield from conditions(known[test.id], holds)
        elif holds:
            yield Condition(test.id, test, ())


def _comparison(test: ast.Compare, holds: bool, known: Known) -> Iterator[Condition]:
    """``type(m) is C``, ``m is not None`` and ``isinstance(m, C) is True``."""
    same = (ast.Is, ast.Eq, ast.In) if holds else (ast.IsNot, ast.NotEq, ast.NotIn)
    against, is_same = test.comparators[0], isinstance(test.ops[0], same)
    subject = type_subject(test.left, known)
    if isinstance(against, ast.Constant) and against.value is None:
        if not is_same and dotted(test.left) and isinstance(test.ops[0], (ast.Is, ast.IsNot, ast.Eq, ast.NotEq)):
            yield Condition(dotted(test.left), test.left, ())
    elif is_same and subject is not None and dotted(subject):
        yield Condition(dotted(subject), subject, (against,))
    elif isinstance(test.ops[0], ast.In if holds else ast.NotIn) and isinstance(test.left, ast.Name):
        yield Condition(test.left.id, test.left, (against,), AMONG)
    elif is_same and isinstance(test.left, ast.Call) and isinstance(against, ast.Constant) and against.value is True:
        yield from _instance_test(test.left, known)


def _alternatives(test: ast.BoolOp, holds: bool, known: Known) -> Iterator[Condition]:
    """One condition where all parts speak about the classes of the same path."""
    parts = [list(conditions(part, holds, known)) for part in test.values]
    every = [each for part in parts for each in part]
    if any(not each.classes or each.told_by in (AMONG, ASKED) or each.is_excluded for each in every):
        return
    if all(len(part) == 1 for part in parts) and len({part[0].path for part in parts}) == 1:
        first = parts[0][0]
        classes = tuple(c for part in parts for c in part[0].classes)
        told_by = next((part[0].told_by for part in parts if part[0].told_by), "")
        yield Condition(first.path, first.subject, classes, told_by)


def _instance_test(call: ast.Call, known: Known) -> Iterator[Condition]:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if name not in ("isinstance", "issubclass") or len(call.args) != 2:
        return
    subject = type_subject(call.args[0], known) if name == "issubclass" else call.args[0]
    if subject is not None and dotted(subject):
        yield Condition(dotted(subject), subject, (call.args[1],), name)


def _excluded(call: ast.Call) -> Iterator[Condition]:
    """``not isinstance(m, (C, D))`` excludes one class after the other."""
    for told in _instance_test(call, {}):
        classes = told.classes[0].elts if isinstance(told.classes[0], ast.Tuple) else told.classes
        if told.told_by == "isinstance":
            yield from (told._replace(classes=(cls,), is_excluded=True) for cls in classes)


def type_subject(node: ast.expr, known: Known = MappingProxyType({})) -> ast.expr | None:
    """``m`` in ``type(m)`` and ``m.__class__``, and in a name that was bound to either."""
    if isinstance(node, ast.Name):
        return type_subject(known[node.id]) if node.id in known else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "type":
        return node.args[0] if len(node.args) == 1 else None
    return node.value if isinstance(node, ast.Attribute) and node.attr == "__class__" else None


def told_paths(node: ast.expr) -> list[str]:
    """The paths of which an expression tells the class, or whose class it is; none for any other expression."""
    subject = type_subject(node)
    if subject is not None:
        told = [dotted(subject)]
    else:
        told = [c.path for c in conditions(node, True) if c.classes and c.told_by != ASKED and not c.is_excluded]
    return [path for path in told if path]


def leaves(body: list[ast.stmt]) -> bool:
    """Whether a block always leaves the one around it."""
    return bool(body) and isinstance(body[-1], EXITS)


def tested_classes(body: list[ast.stmt], argument: str) -> Iterator[ast.expr]:
    """The classes for which a function tests an argument, where it does nothing else."""
    *before, last = body
    is_alone = all(isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant) for each in before)
    if is_alone and isinstance(last, ast.Return) and last.value is not None:
        told = list(conditions(last.value, True))
        is_told = len(told) == 1 and told[0].told_by in ("isinstance", "") and not told[0].is_excluded
        if is_told and told[0].path == argument:
            yield from told[0].classes
