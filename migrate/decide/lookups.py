"""Members that code looks up by names: by ``getattr`` and its like, and methods such as ``__getattr__``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from migrate.decide import offers
from migrate.decide.drafts import Draft, Module
from migrate.decide.instances import is_defined_here, new_name, spoken_for, treatment, why_left, why_none
from migrate.decide.offers import Offer
from migrate.decide.references import PATTERN
from migrate.decide.reflection import decide_computed
from migrate.decide.values import Instance, Local, Migrated, Symbol, Value
from migrate.flow.library import NAMING
from migrate.rule import Rule
from migrate.syntax.scopes import Function

METHODS = {
    "__getattr__": "getattr",
    "__getattribute__": "getattr",
    "__setattr__": "setattr",
    "__delattr__": "delattr",
}
"""Methods that do what a builtin does, without being given the object."""


class Lookup(NamedTuple):
    """A call that does to a member of ``owner`` what the builtin ``function`` does.

    ``name`` is what the call spells for the member, empty where it spells no literal. ``names`` are all literals that
    may come there; others, too, where it ``is_open``.
    """

    call: ast.Call
    function: str
    owner: ast.expr
    name: str
    names: tuple[str, ...]
    is_open: bool


def decide_lookups(module: Module) -> None:
    """Every look-up of a known class or of a member of a known instance, which is left to a person."""
    for look_up in lookups(module):
        _decide(module, look_up)
    for call, name in unknown_lookups(module):
        values = module.objects(call.args[0])
        layers = [(v, base) for v in values if (base := module.base_of(v)) is not None]
        if layers and new_name(layers[0][1].rule, name) != name:
            look_up = Lookup(call, ast.unparse(call.func), call.args[0], name, (name,), False)
            module.add(replace(_member(module, look_up, *layers[0], values), node=call, suggestion=()))


def decide_patterns(module: Module) -> None:
    """Every pattern of another class, such as a base, that reads an attribute of a layer by its name."""
    facts, names = module.file.project.queries.facts, module.rules.by_name
    for pattern in module.index.all(ast.MatchClass):
        layers = [names[str(fact[1])] for fact in facts(pattern) if fact[0] == "I" and fact[1] in names]
        renamed = [name for name in pattern.kwd_attrs if layers and new_name(layers[0], name) != name]
        if renamed:
            symbol = f"{layers[0].source.name}.{renamed[0]}"
            module.add(Draft("BN205", "isinstance", symbol, pattern.cls, PATTERN))


def unknown_lookups(module: Module) -> Iterator[tuple[ast.Call, str]]:
    """The calls of something unknown that get an object and the name of an attribute, which they may look up."""
    for call in module.index.all(ast.Call):
        name = getattr(call.args[1], "value", None) if len(call.args) > 1 else None
        is_known = bool(module.file.project.queries.facts(call.func))
        if isinstance(name, str) and name in module.rules.attribute_names and not is_known:
            yield call, name


def lookups(module: Module) -> list[Lookup]:
    """The calls that look members up by their names."""
    return module.file.project.remembered(("look-ups", module.file.path), lambda: list(_find_lookups(module)))


def _find_lookups(module: Module) -> Iterator[Lookup]:
    for call in module.index.all(ast.Call):
        if any(isinstance(argument, ast.Starred) for argument in call.args):
            continue
        found = _builtin(module, call) or _method(module, call)
        if found is not None:
            function, owner, spelled = found
            yield _named(module, call, function, owner, spelled)


Found = tuple[str, ast.expr, list[ast.expr]]
"""The builtin that a call is like, the object, and the expressions of the names."""


def _named(module: Module, call: ast.Call, function: str, owner: ast.expr, spelled: list[ast.expr]) -> Lookup:
    literals = [module.file.project.queries.literals(node) for node in spelled]
    names = {str(value) for each in literals if each is not None for kind, value in each.values if kind == "str"}
    written = [node.value for node in spelled if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    is_open = len(written) < len(spelled) and any(each is None or each.unknown for each in literals)
    name = written[0] if len(written) == len(spelled) == 1 else ""
    return Lookup(call, function, owner, name, tuple(sorted({*names, *written})), is_open)


def _symbols(module: Module, node: ast.expr) -> list[str]:
    """The symbols of libraries that an expression may be."""
    return [str(fact[1]) for fact in module.file.project.queries.facts(node) if fact[0] == "S"]


def _builtin(module: Module, call: ast.Call) -> Found | None:
    for symbol in _symbols(module, call.func) if len(call.args) > 1 else ():
        package, _, function = symbol.rpartition(".")
        if package == "builtins" and function in NAMING:
            return function, call.args[0], call.args[1:2]
    return None


def _method(module: Module, call: ast.Call) -> Found | None:
    """``m.__getattr__(name)``, also as ``C.__getattr__(m, name)``; what overrides it passes the name on itself."""
    function = METHODS.get(call.func.attr) if isinstance(call.func, ast.Attribute) else None
    if function is None or not isinstance(call.func, ast.Attribute):
        return None
    around = next((a for a in module.index.ancestors(call) if isinstance(a, Function)), None)
    if getattr(around, "name", "") == call.func.attr:
        return None
    if len(call.args) == NAMING[function] - 1:
        return function, call.func.value, call.args[:1]
    return (function, call.args[0], call.args[1:2]) if len(call.args) == NAMING[function] else None


def _decide(module: Module, look_up: Lookup) -> None:
    values = module.objects(look_up.owner)
    if not look_up.name and look_up.function in NAMING and _is_home(module, values):
        decide_computed(module, look_up.call)
    for value in values:
        rule = module.rules.by_name.get(f"{value.name}.{look_up.name}") if isinstance(value, Symbol) else None
        if rule is not None:
            message = f"the class is looked up by name: write {rule.target.name}, or {look_up.function} on its module"
            edits = offers.looked_up_class(look_up.call, rule).edits
            module.add(Draft("BN211", "string", rule.source.name, look_up.call, message, suggestion=edits))
        base = module.base_of(value)
        if base is not None and look_up.name:
            if look_up.name in module.rules.members and not is_defined_here(module, value, look_up.name):
                module.add(_member(module, look_up, value, base, values))
        elif base is not None:
            _members(module, look_up, value, base, values)
    if look_up.function == "delattr" and look_up.name:
        _deleted(module, look_up)


def _is_home(module: Module, values: list[Value]) -> bool:
    """Whether something may be a module of a library that holds a migrated class."""
    return any(isinstance(v, Symbol) and v.name in module.rules.homes for v in values)


def _member(module: Module, look_up: Lookup, value: Value, base: Migrated, values: list[Value]) -> Draft:
    """A member of a known instance, looked up by its name in the source, where the object is one of ``values``."""
    name, owner = look_up.name, ast.unparse(look_up.owner)
    symbol = f"{base.rule.source.name}.{name}"
    ours = [(v, b) for v in values if (b := module.base_of(v)) is not None]
    spoken = spoken_for(module, ours, name, look_up.function != "setattr")
    origin = spoken or why_left(module, [base], [value])
    if origin is not None:
        what = f"{owner} is {base.rule.source.name}"
        return module.stays(origin, "string", symbol, what, look_up.call, spoken=spoken is not None)
    new = new_name(base.rule, name)
    told = f"in MindSpore it is {new}" if new else why_none(base.rule, name, owner)
    bases = [module.base_of(v) for v in values]
    offer_of = offers.looked_up_in_any if None in bases else offers.looked_up_member
    alike = all(b is None or treatment(b.rule, name) == treatment(base.rule, name) for b in bases)
    offer = offer_of(module, look_up.call, name, base.rule) if alike else Offer(look_up.call)
    message = f"{ast.unparse(look_up.call.func)} by name: {told}"
    return Draft("BN211", "string", symbol, offer.place, message, suggestion=offer.edits)


def _members(module: Module, look_up: Lookup, value: Value, base: Migrated, values: list[Value]) -> None:
    """The members of a known instance that a look-up under a name may mean that the call does not spell.

    Of an object that may be anything in a network, an unknown name most often is that of a layer: that is a note.
    """
    owner, rule = ast.unparse(look_up.owner), base.rule
    names = look_up.names if not look_up.is_open else sorted({*rule.attributes, *rule.methods})
    told = [
        text
        for name in names
        if name in module.rules.members and not is_defined_here(module, value, name)
        if (text := becomes(rule, name, look_up.function, owner))
    ]
    if not told:
        return
    origin = why_left(module, [base], [value])
    if origin is not None:
        what = f"{owner} is {rule.source.name}"
        module.add(module.stays(origin, "string", rule.source.name, what, look_up.call))
        return
    what = "any member, of which the files do not show the name" if look_up.is_open else "members by names"
    message = f"{look_up.function} of {what}, on {rule.source.name}: {'; '.join(told)}"
    is_vague = look_up.is_open and any(isinstance(v, Instance) and module.base_of(v) is None for v in values)
    module.add(Draft("BN304" if is_vague else "BN211", "string", rule.source.name, look_up.call, message))


def becomes(rule: Rule, name: str, function: str, owner: str) -> str:
    """What has to be known of a member that is looked up by name; empty where it is the same in the target."""
    new = new_name(rule, name)
    attribute = rule.attributes.get(name)
    if new and new != name:
        return f"{name} is called {new} in MindSpore"
    if not new:
        return why_none(rule, name, owner)
    return attribute.write if attribute is not None and function == "setattr" else ""


def _deleted(module: Module, look_up: Lookup) -> None:
    for value in module.objects(look_up.owner):
        if isinstance(value, Instance) and isinstance(value.of, Local) and isinstance(value.of.node, ast.ClassDef):
            held = module.file.project.queries.attribute(value.of.node, look_up.name)
            layer = next((str(fact[1]) for fact in held if fact[0] == "I" and fact[1] in module.rules.by_name), "")
            if layer:
                message = f"{look_up.name} holds a {layer}: deleting it works the same on a MindSpore cell"
                module.add(Draft("BN303", "other", layer, look_up.call, message))
