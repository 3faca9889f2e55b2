"""Tests and look-ups by name, ``hasattr(m, "bias")``, on an object that nothing shows and that may be a layer."""

from __future__ import annotations

import ast

from migrate.decide import offers
from migrate.decide.broad import is_broad
from migrate.decide.drafts import Draft, Module
from migrate.decide.lookups import Lookup, lookups
from migrate.decide.offers import Offer
from migrate.decide.strings import is_named_otherwise
from migrate.decide.values import Instance, Symbol, Unknown, Value
from migrate.decide.walks import is_walked, names_a_class
from migrate.edits import Write
from migrate.rule import Rule
from migrate.rules import RuleSet
from migrate.syntax.paths import dotted
from migrate.syntax.source import is_plain


def decide_by_name(module: Module) -> None:
    """A review of each look-up by a name that MindSpore's layer does not know, or does not see written.

    Some names tell the class by themselves; others are those of many modules, and matter on a walk through a network.
    """
    for look_up in lookups(module):
        names = [name for name in look_up.names if _may_be_layer(module, look_up.owner, name)]
        if names:
            _review(module, look_up, names)


def _may_be_layer(module: Module, node: ast.expr, name: str) -> bool:
    rules = module.rules
    if name not in rules.telling and name not in rules.tested:
        return False
    values = module.objects(node)
    if not any(_is_open(v, rules) for v in values) or any(module.base_of(v) is not None for v in values):
        return False
    if name in rules.telling:
        return True
    walked = is_walked(module.file, node) and names_a_class(module.file.project)
    return walked and not is_named_otherwise(module, node)


def _is_open(value: Value, rules: RuleSet) -> bool:
    """Whether a value may be a layer: anything, or an instance of a class so far up that layers are instances, too."""
    of = value.of if isinstance(value, Instance) else None
    return isinstance(value, Unknown) or (isinstance(of, Symbol) and is_broad(value, rules))


def _review(module: Module, look_up: Lookup, names: list[str]) -> None:
    call, owner = look_up.call, ast.unparse(look_up.owner)
    told: dict[str, list[Rule]] = {}
    for name in names:
        written = look_up.function == "setattr" or _is_written(module, call, look_up.owner, name)
        for rule in module.rules.rules:
            told.setdefault(_told(rule, name, owner, written), []).append(rule)
    told.pop("", None)
    if told:
        said = "; ".join(f"{', '.join(r.name for r in rules)}: {text}" for text, rules in told.items())
        message = f"{owner} may be one of {said}; test for these classes first, and write that there"
        offered = look_up.function == "getattr" and look_up.name
        offer = _offer(module, call, look_up.owner, look_up.name) if offered else Offer(call)
        module.add(Draft("BN211", "string", names[0], offer.place, message, suggestion=offer.edits))


def _told(rule: Rule, name: str, owner: str, written: bool) -> str:
    """What MindSpore's layer has instead of a name, or what becomes of writing it; empty where it has the same."""
    attribute, method = rule.attributes.get(name), rule.methods.get(name)
    if attribute is not None:
        if attribute.refuse or attribute.to == name:
            return attribute.refuse or (attribute.write if written else "")
        return f"{name} is called {attribute.to} in MindSpore"
    return method.refuse.replace("{object}", owner) if method is not None else ""


def _offer(module: Module, call: ast.Call, node: ast.expr, name: str) -> Offer:
    """What ``getattr(m, name, default)`` is for each class; nothing where None is looked for, which may be missing."""
    texts: dict[str, list[str]] = {}
    for rule in module.rules.rules:
        attribute = rule.attributes.get(name)
        text = attribute.suggest or (attribute.to and f"{{object}}.{attribute.to}") if attribute is not None else ""
        texts.setdefault(text, []).append(f"{{{rule.target.name}}}")
    missing = offers.tests_for_none(module, call) and not _is_exact(module, name)
    if "" in texts or missing or call.keywords or not is_plain(node):
        return Offer(call)
    choices = [(text, offers.spelled_classes(names)) for text, names in texts.items()]
    text = offers.chosen_by_class(module, call, choices, "{old}")
    return Offer(call, (Write(call, text, (("object", node), ("old", call))),))


def _is_exact(module: Module, name: str) -> bool:
    """Whether the text to write gives the same as the source's attribute, whatever the layer was made with."""
    return all(a.suggest for r in module.rules.rules if (a := r.attributes.get(name)) is not None)


def _is_written(module: Module, call: ast.Call, node: ast.expr, name: str) -> bool:
    """Whether the attribute is assigned to the same object somewhere in the function."""
    path, scope = dotted(node), module.index.scope(call)
    written = module.index.assigned_attributes.get(name, ())
    return any(dotted(b.owner) == path and b.scope is scope for b in written)
