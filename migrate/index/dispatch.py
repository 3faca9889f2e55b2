"""Functions that are registered with others for classes, as ``functools.singledispatch`` has it."""

from __future__ import annotations

import ast

from migrate.index.builder import Builder
from migrate.index.functions import GENERAL
from migrate.index.summary import REGISTERED
from migrate.syntax.paths import dotted

CONTAINERS = frozenset({"dict", "list", "set", "tuple", "Sequential", "ModuleList", "ModuleDict"})


def registered(b: Builder, node: ast.FunctionDef | ast.AsyncFunctionDef, decorator: ast.Call) -> None:
    """``@function.register(C)``: the function gets instances of the class.

    For a class of which layers and containers may be instances, it gets what the other one does.
    """
    parameters = [*node.args.posonlyargs, *node.args.args][int(b.scope.is_class) :]
    called = decorator.func
    if isinstance(called, ast.Attribute) and called.attr == "register" and len(decorator.args) == 1 and parameters:
        function = next(f for f in reversed(b.summary.functions) if f.node == b.nodes[node])
        b.instance_of(b.nodes[decorator.args[0]], dict(function.parameters)[parameters[0].arg])
        if dotted(decorator.args[0]).rpartition(".")[2] in GENERAL | CONTAINERS:
            b.store(b.nodes[called.value], REGISTERED, b.nodes[node])
