"""Objects that come from a walk through the modules of a network, any of which may be a migrated layer."""

from __future__ import annotations

import ast

from migrate.decide.file import File
from migrate.decide.project import Project
from migrate.decide.values import Local, Partial
from migrate.syntax.nodes import has_decorator, passed
from migrate.syntax.scopes import Binding, Function

WALKS = frozenset({"modules", "named_modules", "children", "named_children"})
HELD = "_modules"
THROUGH = frozenset({"list", "tuple", "set", "iter", "reversed", "enumerate", "filter", "zip"})
MAX_HOPS = 4


def names_a_class(project: Project) -> bool:
    """Whether a file of the run names a migrated class in its code, so that a network of it may hold one."""
    return project.remembered("names a class", lambda: any(map(_names_a_class, project.modules.values())))


def _names_a_class(module: File) -> bool:
    index, names = module.index, module.rules.short_names
    return any(n.attr in names for n in index.all(ast.Attribute)) or any(
        a.name.rpartition(".")[2] in names for a in index.all(ast.alias)
    )


def is_walked(file: File, node: ast.expr, hops: int = MAX_HOPS) -> bool:
    """Whether ``node`` is a name for a module that a loop over a network, or ``network.apply``, arrives at."""
    if not isinstance(node, ast.Name) or not hops:
        return False
    for binding in file.bindings(node):
        if binding.kind == "element" and binding.value is not None and _walks(binding.value):
            return True
        if binding.kind == "parameter" and _is_handed(file, binding, hops):
            return True
    return False


def _walks(iterable: ast.expr) -> bool:
    """``net.modules()``, ``net._modules.values()``, also inside ``list()`` and its like."""
    if not isinstance(iterable, ast.Call):
        return False
    if isinstance(iterable.func, ast.Name) and iterable.func.id in THROUGH:
        return any(map(_walks, passed(iterable)))
    if not isinstance(iterable.func, ast.Attribute):
        return False
    return iterable.func.attr in WALKS or getattr(iterable.func.value, "attr", "") == HELD


def _is_handed(file: File, binding: Binding, hops: int) -> bool:
    """Whether a parameter is the one of a function that is applied to a network, or gets such an object."""
    function = binding.scope.node
    assert isinstance(function, Function)
    owner = file.classes.owner(function)
    bound = int(owner is not None and not has_decorator(function, "staticmethod"))
    positional = [*function.args.posonlyargs, *function.args.args]
    if binding.node not in positional[bound:]:
        return False
    project = file.project
    if binding.node is positional[bound] and function in _applied(project):
        return True
    place = positional.index(binding.node)
    for call, filled in project.callers.reaching(function):
        given = [k.value for k in call.keywords if k.arg == binding.name]
        given += call.args[place - filled : place - filled + 1] if place >= filled else []
        if any(is_walked(project.homes[g], g, hops - 1) for g in given):
            return True
    return False


def _applied(project: Project) -> frozenset[ast.AST]:
    """The functions that ``apply`` of some object gets."""
    return project.remembered("applied", lambda: frozenset(f for m in project.modules.values() for f in _callbacks(m)))


def _callbacks(module: File) -> set[ast.AST]:
    calls = [c for c in module.index.all(ast.Call) if isinstance(c.func, ast.Attribute) and c.func.attr == "apply"]
    values = [v for c in calls if len(c.args) == 1 for v in module.evaluate(c.args[0])]
    functions = [v.of if isinstance(v, Partial) else v for v in values]
    return {v.node for v in functions if isinstance(v, Local)}
