"""Whether an expression is known to hold a tensor of the target framework, or a number."""

from __future__ import annotations

import ast

from migrate.decide.drafts import Module
from migrate.decide.source_tensors import stays
from migrate.decide.values import Constant, Instance, Symbol

CHECKED = 30
"""How far names are followed; what goes in circles is not known."""


def is_target(module: Module, node: ast.expr, depth: int = 0) -> bool:
    """Whether every value of ``node`` is a tensor of the target's, once the file is rewritten, or a number."""

    def known(*parts: ast.expr) -> bool:
        return depth < CHECKED and all(is_target(module, p, depth + 1) for p in parts)

    if isinstance(node, ast.Attribute):
        return _is_renamed(module, node) or (node.attr in _members(module) and known(node.value))
    if isinstance(node, ast.Name):
        bindings = module.file.bindings(node)
        bound = [b.value for b in bindings if b.kind == "value" and b.value is not None]
        return bool(bindings) and len(bound) == len(bindings) and known(*bound)
    if isinstance(node, ast.Call):
        return _is_made(module, node) or (isinstance(node.func, ast.Attribute) and known(node.func))
    if isinstance(node, ast.BinOp):
        return known(node.left, node.right)
    if isinstance(node, ast.UnaryOp):
        return known(node.operand)
    if isinstance(node, ast.IfExp):
        return known(node.body, node.orelse)
    if isinstance(node, ast.Subscript):
        return known(node.value)
    values = module.file.evaluate(node)
    return bool(values) and all(isinstance(v, Constant) and type(v.value) in (int, float) for v in values)


def _members(module: Module) -> frozenset[str]:
    table = module.rules.tensor
    return frozenset({*table.views, *table.values, *table.own})


def _is_renamed(module: Module, node: ast.Attribute) -> bool:
    """Whether ``node`` reads a tensor of the target's under its new name, and no spot on its way forbids that."""
    if node in module.uses:
        use = module.uses[node]
        return use is None or not use.leaves
    owners = module.objects(node.value)
    ours = bool(owners) and all(module.base_of(v) for v in owners)
    return node.attr in module.rules.tensors and ours and not stays(module, owners)


def _is_made(module: Module, call: ast.Call) -> bool:
    """Whether the target's own functions make what ``call`` gives."""
    values = module.file.evaluate(call)
    package = f"{module.rules.target_package}."
    made = [v.of for v in values if isinstance(v, Instance)]
    return (
        bool(made)
        and len(made) == len(values)
        and all(isinstance(of, Symbol) and of.name.startswith(package) for of in made)
    )
