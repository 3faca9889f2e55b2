"""Star arguments that carry what partials were made with, ``**p.keywords``, which is converted where these are made."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from migrate.decide.drafts import Module
from migrate.decide.values import Instance, Migrated, Partial, Symbol, Unknown

KEYWORDS = "keywords"
COPIES = ("dict", "copy")
TESTS = (ast.If, ast.While, ast.Assert, ast.Compare, ast.UnaryOp, ast.Subscript)


@dataclass(slots=True)
class Carried:
    """What comes into a star argument: the ``keywords`` of partials, and values under literal keys.

    ``is_whole``: nothing else does, as far as the function shows.
    """

    keywords: list[ast.Attribute] = field(default_factory=list)
    stored: list[tuple[str, ast.expr]] = field(default_factory=list)
    is_whole: bool = True


def carried(module: Module, star: ast.expr) -> Carried | None:
    """What a star argument carries; None where no partial's keywords are among it."""
    found = Carried()
    if not isinstance(star, ast.Name):
        _given(star, found)
        return found if found.keywords else None
    for bound in module.file.bindings(star):
        if bound.kind == "value" and bound.value is not None:
            _given(bound.value, found)
        else:
            found.is_whole = False
    scope = module.index.scope(star).resolve(star.id)
    for use in module.index.uses(scope, star.id) if scope is not None else ():
        _used(module, use, found)
    return found if found.keywords else None


def is_converted(module: Module, found: Carried) -> bool:
    """Whether each partial is one of a class that the run rewrites, so that its keywords are the target's already."""
    values = [v for node in found.keywords for v in module.file.evaluate(node.value)]
    partials = [v.of for v in values if isinstance(v, Partial)]
    unknown = any(isinstance(v, Unknown) or v == Instance(Symbol("functools.partial")) for v in values)
    ours = all(isinstance(of, Migrated) and module.why_left(of.reference) is None for of in partials)
    return found.is_whole and bool(partials) and ours and not unknown


def _given(value: ast.expr, found: Carried) -> None:
    """Enter what an expression brings that is, or comes into, the star argument."""
    if isinstance(value, ast.Attribute) and value.attr == KEYWORDS:
        found.keywords.append(value)
    elif isinstance(value, ast.Dict):
        for key, inner in zip(value.keys, value.values, strict=True):
            if key is None:
                _given(inner, found)
            else:
                _stored(key, inner, found)
    elif isinstance(value, ast.Call):
        inside = list(_copied(value))
        found.is_whole = found.is_whole and bool(inside or not (value.args or value.keywords))
        for inner in inside:
            _given(inner, found)
    else:
        found.is_whole = False


def _copied(call: ast.Call) -> Iterator[ast.expr]:
    """What ``dict(x)`` and ``x.copy()`` copy."""
    if isinstance(call.func, ast.Attribute) and call.func.attr in COPIES:
        yield call.func.value
    elif isinstance(call.func, ast.Name) and call.func.id in COPIES and len(call.args) == 1 and not call.keywords:
        yield call.args[0]


def _stored(key: ast.expr, value: ast.expr, found: Carried) -> None:
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        found.stored.append((key.value, value))
    else:
        found.is_whole = False


def _used(module: Module, use: ast.Name, found: Carried) -> None:
    """Enter what a use of the name puts in; what hands it on may put in anything."""
    parent = module.index.parent(use)
    if isinstance(parent, ast.Subscript) and not isinstance(parent.ctx, ast.Load):
        statement = module.index.parent(parent)
        if isinstance(statement, ast.Assign):
            _stored(parent.slice, statement.value, found)
        elif not isinstance(statement, ast.Delete):
            found.is_whole = False
    elif isinstance(parent, ast.Attribute):
        call = module.index.parent(parent)
        arguments = call.args if isinstance(call, ast.Call) and call.func is parent else []
        if parent.attr == "update" and len(arguments) == 1 and isinstance(call, ast.Call) and not call.keywords:
            _given(arguments[0], found)
        elif parent.attr == "setdefault" and len(arguments) == 2:
            _stored(arguments[0], arguments[1], found)
        elif parent.attr not in ("get", "items", "keys", "values", "copy", "pop"):
            found.is_whole = False
    elif not isinstance(parent, TESTS):
        unpacks = isinstance(parent, ast.keyword) and parent.arg is None
        tests = isinstance(parent, ast.IfExp) and parent.test is use
        found.is_whole = found.is_whole and (unpacks or tests)
