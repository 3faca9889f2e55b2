"""Tensors of the target, or containers of them, as arguments: which functions take them, and what they give back."""

from __future__ import annotations

import ast

from migrate.decide.drafts import Use
from migrate.decide.tensor_flow import Flow, Found, Kind
from migrate.decide.values import Instance, Local, Symbol
from migrate.syntax.nodes import field_names, has_decorator
from migrate.syntax.scopes import Function

COPIES = frozenset({"copy.copy", "copy.deepcopy", "builtins.abs", "builtins.max", "builtins.min", "builtins.sum"})
COLLECTED = frozenset({"dict", "enumerate", "iter", "list", "reversed", "set", "sorted", "tuple", "zip"})
APPLIED = frozenset({"builtins.map", "builtins.filter", "functools.partial", "functools.reduce"})
"""Functions that call their first argument with the others."""
TAKEN = frozenset({"append", "appendleft", "add", "extend", "insert", "setdefault", "update"})
"""Methods of containers that keep what they are given."""


def passed_to(flow: Flow, call: ast.Call, node: ast.expr, kind: Kind, keyword: str | None) -> Found:
    """What becomes of ``node``, an argument of ``call``."""
    function, followed = call.func, False
    for value in flow.module.file.evaluate(function):
        if isinstance(value, Symbol):
            yield from _to_function(flow, call, node, kind, keyword, value.name)
        elif isinstance(value, Local) and isinstance(value.node, Function):
            yield from _to_parameter(flow, call, node, kind, keyword, value.node)
            followed = True
        elif isinstance(value, Local) and isinstance(value.node, ast.ClassDef):
            yield from _to_class(flow, call, node, kind, keyword, value.node)
        elif isinstance(value, Instance) and flow.sources.is_foreign(value.of):
            yield Use("enters", ast.unparse(function))
    if flow.sources.is_made(function):
        yield Use("enters", ast.unparse(function))
    if isinstance(function, ast.Attribute) and not followed:
        yield from _to_method(flow, call, function)


def _to_method(flow: Flow, call: ast.Call, function: ast.Attribute) -> Found:
    owner = function.value
    if flow.sources.is_object(owner):
        yield Use("enters", ast.unparse(function), flow.sources.holds(owner))
    elif function.attr in TAKEN:
        yield from flow.bound(owner, Kind.CONTAINER)
    elif isinstance(owner, ast.Constant) and function.attr == "format" and ":" in str(owner.value):
        yield Use("lacks", "a format")


def _to_function(flow: Flow, call: ast.Call, node: ast.expr, kind: Kind, keyword: str | None, name: str) -> Found:
    rules = flow.module.rules
    package, _, builtin = name.partition(".")
    if name in rules.related:
        return  # it has a review of its own, which says what takes its place and the tensors with it
    if package == rules.source_package:
        yield _in_source(flow, keyword, name)
    elif name in APPLIED and node in call.args[1:]:
        for value in flow.module.file.evaluate(call.args[0]):
            if isinstance(value, Symbol) and value.name.partition(".")[0] == rules.source_package:
                yield _in_source(flow, None, value.name)
    elif name == "builtins.isinstance" and len(call.args) == 2:
        yield from _tested(flow, call.args[1])
    elif name == "builtins.setattr" and flow.sources.is_made(call.args[0]):
        yield Use("enters", ast.unparse(call.func), False)
    elif name in COPIES or package in (rules.target_package, "operator"):
        if kind is not Kind.CONTAINER:
            yield from flow.beside(*(a for a in call.args if a is not node))
        yield call, Kind.VALUE
    elif package == "builtins" and builtin in COLLECTED:
        yield call, Kind.CONTAINER
    elif name == "builtins.next":
        yield call, Kind.VIEW
    elif kind is not Kind.CONTAINER and name == "builtins.format" and len(call.args) > 1:
        yield Use("lacks", "a format")


def _in_source(flow: Flow, keyword: str | None, name: str) -> Use:
    """A function of the source framework: it takes the tensor, or changes it."""
    given = flow.table.is_given(name)
    initializes = name.rpartition(".")[0] in flow.module.rules.initializer_package
    if initializes or keyword == "out" or (given and name.endswith("_")):
        return Use("changed", name)
    return Use("enters", name, given)


def _tested(flow: Flow, classes: ast.expr) -> Found:
    package = flow.module.rules.source_package
    for node in classes.elts if isinstance(classes, ast.Tuple) else [classes]:
        values = flow.module.file.evaluate(node)
        if any(isinstance(v, Symbol) and v.name.partition(".")[0] == package for v in values):
            yield Use("tested", ast.unparse(node))


def _to_class(flow: Flow, call: ast.Call, node: ast.expr, kind: Kind, keyword: str | None, cls: ast.ClassDef) -> Found:
    """What a class does with an argument of its constructor, or with what a dataclass keeps under a name."""
    inits = [b.node for b in flow.module.file.classes.members(cls, "__init__")]
    for init in inits:
        if isinstance(init, Function):
            yield from _to_parameter(flow, call, node, kind, keyword, init, constructs=True)
    fields = field_names(cls)
    place = call.args.index(node) if node in call.args else len(fields)
    name = keyword or (fields[place] if place < len(fields) else "")
    if name in fields and not inits:
        yield from ((read, kind.kept) for read in flow.read_of(cls, name))


def _to_parameter(
    flow: Flow,
    call: ast.Call,
    node: ast.expr,
    kind: Kind,
    keyword: str | None,
    function: Function,
    constructs: bool = False,
) -> Found:
    """What a function does with its parameter; stars are not followed."""
    arguments = function.args
    parameters = [*arguments.posonlyargs, *arguments.args]
    bound = isinstance(call.func, ast.Attribute) and flow.module.file.classes.owner(function) is not None
    if constructs or (bound and not has_decorator(function, "staticmethod")):
        parameters = parameters[1:]
    named: list[ast.arg] = []
    if keyword is not None:
        named = [a for a in (*parameters, *arguments.kwonlyargs) if a.arg == keyword]
    elif node in call.args and not any(isinstance(a, ast.Starred) for a in call.args):
        named = parameters[call.args.index(node) :][:1]
    for parameter in named:
        yield from flow.held(parameter.arg, function, kind)
