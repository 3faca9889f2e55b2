"""Whether a module of the source framework, or what code makes of one, holds a migrated layer."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from migrate.analysis.containers import at, is_container
from migrate.analysis.drafts import Module
from migrate.analysis.evaluator import Evaluator
from migrate.analysis.syntax import passed
from migrate.analysis.values import Instance, Local, Migrated, Partial, Symbol, Value

MAX_NAMES = 8
"""Names through which what a function gets is followed."""
PUTS = frozenset({"add_module", "append", "extend", "insert", "register_module", "__init__"})
"""Methods by which a module gets what it holds; ``__init__`` is that of the base, such as of a sequence."""


def arriving(evaluator: Evaluator, node: ast.expr, names: int = MAX_NAMES) -> Iterator[Value]:
    """The values of an expression and of what it is made of: a sequence has its parts.

    ``Net().cuda()`` is a Net, and so is whoever gets ``net.forward``.
    """
    yield from evaluator.evaluate(node)
    if not names:
        return
    if isinstance(node, ast.Name):
        for binding in evaluator.bindings(node):
            if binding.kind == "value" and binding.value is not None:
                yield from arriving(evaluator.home(binding.node), binding.value, names - 1)
    elif isinstance(node, ast.Attribute) and node.attr in evaluator.rules.members:
        yield from arriving(evaluator, node.value, names - 1)
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr in evaluator.rules.returns_self:
            yield from arriving(evaluator, node.func.value, names - 1)
        elif any(_is_foreign(evaluator, v) for v in evaluator.evaluate(node.func)):
            yield from (v for p in passed(node) for v in arriving(evaluator, p, names - 1))


def _is_foreign(evaluator: Evaluator, value: Value) -> bool:
    """Whether a value is of the source framework, whose modules keep the modules that they get."""
    return isinstance(value, Symbol) and value.name.partition(".")[0] in evaluator.rules.packages


def layer_behind(module: Module, values: Iterable[Value]) -> Migrated | None:
    """The migrated class, of those that become the target's, that one of ``values`` is, makes, or holds."""
    todo = list(values)
    seen = set(todo)
    while todo:
        value = todo.pop()
        of = value.of if isinstance(value, (Instance, Partial)) else value
        if isinstance(of, Migrated):
            if not module.why_left(of.reference):
                return of
            continue
        new = [v for v in _inside(module, of) if v not in seen]
        seen.update(new)
        todo += new
    return None


def _inside(module: Module, of: Value) -> frozenset[Value]:
    """What a container has, what instances of a class hold, or what a function gives back."""
    if is_container(of):
        return at(module.evaluator, of, None)
    if not isinstance(of, Local):
        return frozenset()
    classes, project = module.evaluator.classes, module.evaluator.project
    node = classes.owner(of.node) or of.node
    if not isinstance(node, ast.ClassDef):
        return module.evaluator.home(node).returned(node)
    return project.remembered(("held", node), lambda: frozenset(_held(module.evaluator, node)))


def _held(evaluator: Evaluator, cls: ast.ClassDef) -> Iterator[Value]:
    """What the methods of a class and of its bases give to ``self``, by assignment or by a method."""
    for owner in evaluator.classes.family(cls):
        home = evaluator.home(owner)
        for binding in home.index.attribute_bindings:
            if binding.value is not None and home.classes.of_self(binding) is owner:
                yield from arriving(home, binding.value)
        for call in (n for n in ast.walk(owner) if isinstance(n, ast.Call)):
            if isinstance(call.func, ast.Attribute) and call.func.attr in PUTS:
                yield from (v for p in passed(call) for v in arriving(home, p))
