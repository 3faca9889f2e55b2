"""Names that code looks up in strings: ``setattr``, ``hasattr``, ``delattr``, and ``getattr`` with a default."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from migrate.decide import offers
from migrate.decide.drafts import Draft, Module
from migrate.decide.instances import is_defined_here, new_name, spoken_for, treatment, why_left, why_none
from migrate.decide.offers import Offer
from migrate.decide.reflection import decide_computed
from migrate.decide.values import Instance, Local, Migrated, Symbol, Value

LOOKUPS = ("getattr", "setattr", "hasattr", "delattr")


def decide_lookups(module: Module) -> None:
    """Every look-up of a known class or of a member of a known instance, which is left to a person."""
    for call, function in lookups(module):
        _decide(module, call, function, call.args[1])
    for call, name in unknown_lookups(module):
        values = module.objects(call.args[0])
        layers = [(v, base) for v in values if (base := module.base_of(v)) is not None]
        if layers and new_name(layers[0][1].rule, name) != name:
            module.add(replace(_member(module, call, *layers[0], name, values), node=call, suggestion=()))


def unknown_lookups(module: Module) -> Iterator[tuple[ast.Call, str]]:
    """The calls of something unknown that get an object and the name of an attribute, which they may look up."""
    for call in module.index.all(ast.Call):
        name = getattr(call.args[1], "value", None) if len(call.args) > 1 else None
        is_known = bool(module.file.project.queries.facts(call.func))
        if isinstance(name, str) and name in module.rules.attribute_names and not is_known:
            yield call, name


def lookups(module: Module) -> Iterator[tuple[ast.Call, str]]:
    """The calls of the builtin functions that look something up by its name, with the name of the function."""
    for call in module.index.all(ast.Call):
        func = call.func
        known = isinstance(func, ast.Name) and func.id in LOOKUPS and not module.file.bindings(func)
        if isinstance(func, ast.Name) and known and len(call.args) >= 2:
            yield call, func.id


def _decide(module: Module, call: ast.Call, function: str, name: ast.expr) -> None:
    values = module.objects(call.args[0])
    if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
        if any(isinstance(v, Symbol) and v.name in module.rules.homes for v in values):
            decide_computed(module, call)
        return
    for value in values:
        rule = module.rules.by_name.get(f"{value.name}.{name.value}") if isinstance(value, Symbol) else None
        if rule is not None:
            message = f"the class is looked up by name: write {rule.target.name}, or {function} on its module"
            edits = offers.looked_up_class(call, rule).edits
            module.add(Draft("BN211", "string", rule.source.name, call, message, suggestion=edits))
        base = module.base_of(value)
        if base is not None and name.value in module.rules.members and not is_defined_here(module, value, name.value):
            module.add(_member(module, call, value, base, name.value, values))
    if function == "delattr" and not isinstance(call.args[0], ast.Constant):
        _deleted(module, call, name.value)


def _member(module: Module, call: ast.Call, value: Value, base: Migrated, name: str, values: list[Value]) -> Draft:
    """A member of a known instance, looked up by its name in the source, where the object is one of ``values``."""
    symbol, function = f"{base.rule.source.name}.{name}", ast.unparse(call.func)
    ours = [(v, b) for v in values if (b := module.base_of(v)) is not None]
    spoken = spoken_for(module, ours, name, function != "setattr")
    origin = spoken or why_left(module, [base], [value])
    if origin is not None:
        what = f"{ast.unparse(call.args[0])} is {base.rule.source.name}"
        return module.stays(origin, "string", symbol, what, call, spoken=spoken is not None)
    new = new_name(base.rule, name)
    told = f"in MindSpore it is {new}" if new else why_none(base.rule, name, ast.unparse(call.args[0]))
    message = f"{function} by name: {told}"
    bases = [module.base_of(v) for v in values]
    look_up = offers.looked_up_in_any if None in bases else offers.looked_up_member
    alike = all(b is None or treatment(b.rule, name) == treatment(base.rule, name) for b in bases)
    offer = look_up(module, call, name, base.rule) if alike else Offer(call)
    return Draft("BN211", "string", symbol, offer.place, message, suggestion=offer.edits)


def _deleted(module: Module, call: ast.Call, name: str) -> None:
    for value in module.objects(call.args[0]):
        if isinstance(value, Instance) and isinstance(value.of, Local) and isinstance(value.of.node, ast.ClassDef):
            held = module.file.project.queries.attribute(value.of.node, name)
            layer = next((str(fact[1]) for fact in held if fact[0] == "I" and fact[1] in module.rules.by_name), "")
            if layer:
                message = f"{name} holds a {layer}: deleting it works the same on a MindSpore cell"
                module.add(Draft("BN303", "other", layer, call, message))
