"""BN406: a training mode that is lost, or given to a part of a network alone.

A network hands its mode to what it holds at that time, by a way that does not run methods of the parts. So a layer that
is put in training mode where it is made computes with the statistics of the batch while the network around it does not
train; one that is added later does not train with it; and a method of a part that overrides the call is not run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrate.decide.drafts import Draft, Module
from migrate.decide.overrides import name_of
from migrate.decide.target_calls import TargetCalls
from migrate.edits import AddLines, Edit, Write
from migrate.rule import Rule
from migrate.syntax.nodes import passed
from migrate.syntax.paths import dotted

CODE = "BN406"
ADDING = ("append", "insert", "extend", "insert_child_to_cell")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def decide_modes(module: Module, calls: TargetCalls) -> None:
    """Review the calls and methods of a file after which a layer has another mode than its network."""
    methods = {_method(rule) for rule in module.rules.rules} - {""}
    for attribute in module.index.all(ast.Attribute):
        call = module.index.parent(attribute)
        if attribute.attr in methods and isinstance(call, ast.Call) and call.func is attribute and _trains(call):
            _decide(module, calls, call, attribute)
    for cls in module.index.all(ast.ClassDef):
        for function in cls.body:
            if isinstance(function, ast.FunctionDef) and function.name in methods:
                _override(module, calls, cls, function)


def _method(rule: Rule) -> str:
    """The method that puts a layer of the target's in training mode."""
    return rule.target.training_mode.partition("(")[0]


def _trains(call: ast.Call) -> bool:
    """Whether a call is known to ask for training mode."""
    given = [*call.args, *(k.value for k in call.keywords)]
    return not given or (isinstance(given[0], ast.Constant) and given[0].value is True)


def _decide(module: Module, calls: TargetCalls, call: ast.Call, method: ast.Attribute) -> None:
    function = next((a for a in module.index.ancestors(call) if isinstance(a, FUNCTIONS)), None)
    if function is not None and function.name == "__init__":
        rule = _held(module, calls, method.value)
        if rule is not None and not _is_given(module, function, method.value):
            _early(module, call, method, rule)
        return
    statement = module.index.parent(call)
    path = dotted(method.value)
    if isinstance(statement, ast.Expr) and path:
        _late(module, calls, statement, path, method.attr)


def _is_given(module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef, node: ast.expr) -> bool:
    """Whether layers are something that the function gets: whoever trains a network makes it train."""
    parameters = {a.arg for a in ast.walk(function.args) if isinstance(a, ast.arg)}
    path = dotted(node)
    assigned = [s.value for s in ast.walk(function) if isinstance(s, ast.Assign) and path in map(dotted, s.targets)]
    around = [argument for call in assigned if isinstance(call, ast.Call) for argument in passed(call)]
    queries = module.file.project.queries
    given = [each for each in (node, *assigned, *around) if getattr(each, "id", "") in parameters]
    return bool(path) and any(next(queries.layers(each), None) is not None for each in given)


def _held(module: Module, calls: TargetCalls, node: ast.expr) -> Rule | None:
    """The rule of a layer that an expression is, or holds; None for the object itself, and for frozen layers."""
    if isinstance(node, ast.Name) and node.id == "self":
        return None
    for layer in module.file.project.queries.layers(node):
        rule = module.rules.by_target.get(layer.name)
        made = calls.by_call.get(layer.origin, []) if isinstance(layer.origin, ast.Call) else []
        if rule is not None and not (made and all(map(calls.is_frozen, made))):
            return rule
    return None


def _early(module: Module, call: ast.Call, method: ast.Attribute, rule: Rule) -> None:
    """A layer is put in training mode where its network is made."""
    owner = ast.unparse(method.value)
    message = (
        f"until {method.attr} is called on the network, {owner} computes with the statistics of each batch and moves "
        f"the running ones, as the rest of the network does not: leave it out, and call {method.attr}() on the network"
    )
    alone = isinstance(module.index.parent(call), ast.Expr)
    edits: tuple[Edit, ...] = () if alone else (Write(call, "{object}", (("object", method.value),)),)
    module.add(Draft(CODE, "method", f"{rule.target.name}.{method.attr}", call, message, suggestion=edits))


def _late(module: Module, calls: TargetCalls, statement: ast.Expr, path: str, method: str) -> None:
    """Layers that a network gets behind the call, if it is not called once more."""
    block = module.index.block(statement)
    behind = block[block.index(statement) + 1 :]
    if any(_calls(s, path, method) for s in behind):
        return
    for added in behind:
        for node in _added(added, path):
            rule = _held(module, calls, node)
            if rule is not None:
                message = f"what is added behind {path}.{method}() does not train with the rest: call it once more"
                edits = (AddLines(added, (f"{{object}}.{method}()",), path),)
                symbol = f"{rule.target.name}.{method}"
                module.add(Draft(CODE, "method", symbol, added, message, suggestion=edits))
                break


def _calls(statement: ast.stmt, path: str, method: str) -> bool:
    """Whether a statement calls the method on the network, somewhere in it."""
    attributes = (n for n in ast.walk(statement) if isinstance(n, ast.Attribute) and n.attr == method)
    return any(dotted(n.value) == path for n in attributes)


def _added(statement: ast.stmt, path: str) -> Iterator[ast.expr]:
    """What a statement makes a part of a network."""
    if isinstance(statement, ast.Assign):
        if any(_is_part(target, path) for target in statement.targets):
            yield statement.value
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        func = statement.value.func
        if isinstance(func, ast.Attribute) and func.attr in ADDING and _is_inside(func.value, path):
            yield from statement.value.args


def _is_part(target: ast.expr, path: str) -> bool:
    inner = isinstance(target, (ast.Attribute, ast.Subscript))
    return inner and _is_inside(target.value, path)  # type: ignore[attr-defined]


def _is_inside(node: ast.expr, path: str) -> bool:
    """Whether an expression is a network or a part of it."""
    found = dotted(node)
    return found == path or found.startswith((f"{path}.", f"{path}["))


def _override(module: Module, calls: TargetCalls, cls: ast.ClassDef, function: ast.FunctionDef) -> None:
    """A method of a class whose objects are parts of networks, and which hold a layer."""
    if len(function.body) == 1 and "super()" in ast.unparse(function.body[0]):
        return
    queries = module.file.project.queries
    rule = next((r for layer in queries.layers(cls) if (r := module.rules.by_target.get(layer.name))), None)
    if rule is None or not calls.is_part(cls):
        return
    message = (
        f"a network around it does not run this method: it hands its mode to the layers in it directly. What "
        f"{function.name} does besides is lost: do it where the network is trained"
    )
    place = name_of(module.source, function)
    module.add(Draft(CODE, "method", f"{rule.target.name}.{function.name}", place or function, message))
