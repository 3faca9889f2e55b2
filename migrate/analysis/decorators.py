"""What decorators of the project make of the functions and classes they decorate."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from migrate.analysis.scopes import Function
from migrate.analysis.values import NOTHING, UNKNOWN, Local, Values

if TYPE_CHECKING:
    from migrate.analysis.evaluator import Evaluator
    from migrate.analysis.index import Index

Decorated = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
DECORATED: tuple[type[Decorated], ...] = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def decorated_nodes(index: Index) -> list[Decorated]:
    """The functions and classes of a module that are decorated."""
    return [node for kind in DECORATED for node in index.all(kind) if node.decorator_list]


def decorators(evaluator: Evaluator, node: Decorated) -> Iterator[Function]:
    """The functions of the project that decorate ``node``; those of libraries are taken to leave it as it is."""
    for decorator in node.decorator_list:
        for value in evaluator.evaluate(decorator):
            if isinstance(value, Local) and isinstance(value.node, Function):
                yield value.node


def decorated(evaluator: Evaluator, node: Decorated) -> Values:
    """What the name may hold besides the function or class itself."""
    result = NOTHING
    for decorator in decorators(evaluator, node):
        if not _is_transparent(evaluator, decorator):
            result |= evaluator.returned(decorator) | UNKNOWN
    return result


def _is_transparent(evaluator: Evaluator, decorator: Function) -> bool:
    """Whether a decorator returns what it gets, or a function that stands for it by ``functools.wraps``."""
    index = evaluator.home(decorator).index
    if isinstance(decorator, ast.Lambda):
        returned: list[ast.expr | None] = [decorator.body]
    else:
        returned = [r.value for r in index.returns.get(decorator, [])]
    first = next((a.arg for a in (*decorator.args.posonlyargs, *decorator.args.args)), "")
    inner = index.inner[decorator].bindings
    wrapping = {name for name, bindings in inner.items() if any(_wraps(b.node) for b in bindings)}
    return bool(returned) and all(isinstance(r, ast.Name) and r.id in {first, *wrapping} for r in returned)


def _wraps(node: ast.AST) -> bool:
    names = (getattr(d, "func", d) for d in getattr(node, "decorator_list", []))
    return any(getattr(n, "attr", getattr(n, "id", "")) == "wraps" for n in names)
