"""BN403 at tensors: ``set_data`` gets what only the function that makes initial values takes."""

from __future__ import annotations

import ast

from migrate.decide.drafts import Draft, Module
from migrate.edits import Write
from migrate.rule import Rule

CODE = "BN403"
METHOD = "set_data"


def decide_tensors(module: Module) -> None:
    """Review the calls that hand the name of an initial value to a tensor of a layer."""
    for call in module.index.all(ast.Call):
        tensor = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr == METHOD else None
        first = call.args[0] if call.args else None
        if not isinstance(tensor, ast.Attribute) or not isinstance(first, ast.Constant):
            continue
        if isinstance(first.value, str) and (rule := _rule(module, tensor)) is not None:
            _review(module, call, tensor, first, rule)


def _rule(module: Module, tensor: ast.Attribute) -> Rule | None:
    """The rule of the layer that an attribute is a tensor of, by the target's name."""
    for value in module.objects(tensor.value):
        rule = module.target_rule(value)
        if rule is not None and any(a.tensor and a.to == tensor.attr for a in rule.attributes.values()):
            return rule
    return None


def _review(module: Module, call: ast.Call, tensor: ast.Attribute, first: ast.Constant, rule: Rule) -> None:
    makers = [name for i in rule.initializers for name in i.imports if i.value.startswith(name.rpartition(".")[2])]
    if not makers:
        return
    maker = makers[0].rpartition(".")[2]
    text = f"{{tensor}}.{METHOD}({{{makers[0]}}}({{value}}, {{tensor}}.shape, {{tensor}}.dtype))"
    message = f"{METHOD} takes a tensor, not {ast.unparse(first)}: make one with {maker}"
    edits = (Write(call, text, (("tensor", tensor), ("value", first))),)
    module.add(Draft(CODE, "method", f"{rule.target.name}.{tensor.attr}", call, message, suggestion=edits))
