"""Whether what arrives at a place is, or holds, a layer that becomes the target's."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from migrate.decide.drafts import Module
from migrate.decide.values import Instance, Migrated, Partial, Unknown, Value
from migrate.flow.queries import Layer
from migrate.rule import Rule


def rule_held(module: Module, node: ast.AST, method: str = "") -> Rule | None:
    """The rule about a layer that an expression, function or class is or holds, of those that become the target's.

    With ``method``, objects of classes that have one of that name themselves do not count.
    """
    if isinstance(node, ast.expr) and (known := _becoming(module, module.objects(node))) is not None:
        return known.rule
    layers = module.file.project.queries.layers(network_of(module, node), method)
    return next((module.rules.by_name[layer.name] for layer in layers if _becomes(module, layer)), None)


def network_of(module: Module, node: ast.AST) -> ast.AST:
    """What stands for an object that the flow has no node of: that of a method of all networks, and of ``super()``."""
    if any(fact[0] != "N" for fact in module.file.project.queries.facts(node)):
        return node
    if isinstance(node, ast.Attribute) and node.attr in module.rules.method_names:
        return node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super":
        return next((a for a in module.index.ancestors(node) if isinstance(a, ast.ClassDef)), node)
    return node


def _becomes(module: Module, layer: Layer) -> bool:
    """Whether a layer becomes the target's; one of which it is not known what made it does as others of its class."""
    origin = layer.origin
    if origin is None:
        return layer.name in module.migrated
    home = module.file.home(origin)
    if isinstance(origin, ast.ClassDef):
        base = home.classes.migrated_base(origin)
        return base is not None and not module.first_left((origin, base.reference))
    called = home.evaluate(origin.func)
    return _becoming(module, called) is not None or (Unknown() in called and layer.name in module.migrated)


def _becoming(module: Module, values: Iterable[Value]) -> Migrated | None:
    for value in values:
        of = value.of if isinstance(value, (Instance, Partial)) else value
        if isinstance(of, Migrated) and not module.why_left(of.reference):
            return of
    return None
