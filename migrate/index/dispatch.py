"""Decorators: those that are followed as calls, and those by which functions are registered with others for classes."""

from __future__ import annotations

import ast

from migrate.index.builder import Builder
from migrate.index.expressions import value
from migrate.index.functions import GENERAL, KINDS
from migrate.index.summary import REGISTERED, Call
from migrate.syntax.paths import dotted

CONTAINERS = frozenset({"dict", "list", "set", "tuple", "Sequential", "ModuleList", "ModuleDict"})


def _registered(b: Builder, node: ast.FunctionDef | ast.AsyncFunctionDef, decorator: ast.Call) -> None:
    """``@function.register(C)``, of ``functools.singledispatch``: the function gets instances of the class.

    For a class of which layers and containers may be instances, it gets what the other one does.
    """
    parameters = [*node.args.posonlyargs, *node.args.args][int(b.scope.is_class) :]
    called = decorator.func
    if isinstance(called, ast.Attribute) and called.attr == "register" and len(decorator.args) == 1 and parameters:
        function = next(f for f in reversed(b.summary.functions) if f.node == b.nodes[node])
        b.instance_of(b.nodes[decorator.args[0]], dict(function.parameters)[parameters[0].arg])
        if dotted(decorator.args[0]).rpartition(".")[2] in GENERAL | CONTAINERS:
            b.store(b.nodes[called.value], REGISTERED, b.nodes[node])


def decorated(b: Builder, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, made: int) -> int:
    """What a definition is bound to: what its decorators make of it, or itself where one of them is not known."""
    for decorator in reversed(node.decorator_list):
        name = getattr(decorator, "id", getattr(decorator, "attr", ""))
        callee = value(b, decorator)
        if name in KINDS:
            continue
        if name == "" and isinstance(decorator, ast.Call) and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            _registered(b, node, decorator)
        result = b.new()
        b.summary.calls.append(Call(callee, (made,), (), (), (), result, decorator.lineno, decorator.col_offset))
        made = b.join((made, result)) if isinstance(node, ast.ClassDef) else result
    return made
