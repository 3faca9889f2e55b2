"""Classes that go, with their arguments, to code which calls them itself: ``map``, ``starmap``, a pool."""

from __future__ import annotations

import ast

from migrate.decide.drafts import Draft, Module
from migrate.decide.values import Migrated, Partial
from migrate.flow.library import EFFECTS, is_class_name, is_foreign
from migrate.rule import Rule

FOLLOWED = frozenset("FBKMPOIRVCTGXY")
"""The kinds of facts of what is called that the flow follows."""
STARRED = "itertools.starmap"
CALLING = frozenset({"builtins.map", STARRED})
"""Functions of libraries that call what they get with the elements of the rest."""


def decide_handed(module: Module) -> None:
    """A review of each call that hands a class on with arguments which mean something else to the target's."""
    for call in module.index.all(ast.Call):
        given = call.args if len(call.args) + len(call.keywords) > 1 and _may_call(module, call) else []
        for place, argument in enumerate(given):
            rule = _class(module, argument)
            if rule is not None and _changes(module, call, call.args[place + 1 :], rule):
                message = (
                    f"{ast.unparse(call.func)} may call {rule.source.name} with these arguments, as torch takes them: "
                    f"call {rule.target.name} in a function of your own, and hand that on"
                )
                module.add(Draft("BN204", "call", rule.source.name, call, message))
                break
        _escaped(module, call)


def _escaped(module: Module, call: ast.Call) -> None:
    """A call of what may be a class that went into code which is not followed."""
    for fact in module.file.project.queries.escaped(call.func):
        rule = module.rules.by_name.get(str(fact[1])) if fact[0] == "M" else None
        if rule is not None and _mean_another(call, call.args, rule):
            message = (
                f"{ast.unparse(call.func)} may be {rule.source.name}, which went into code that is not followed: for "
                f"{rule.target.name}, convert the arguments"
            )
            module.add(Draft("BN204", "call", rule.source.name, call, message))
            return


def _class(module: Module, node: ast.expr) -> Rule | None:
    """The rule about the class that an expression is."""
    values = [v.of if isinstance(v, Partial) else v for v in module.file.evaluate(node)]
    rules = {v.rule.name: v.rule for v in values if isinstance(v, Migrated)}
    is_class = len(rules) == 1 and all(isinstance(v, Migrated) for v in values)
    return next(iter(rules.values())) if is_class else None


def _may_call(module: Module, call: ast.Call) -> bool:
    """Whether a call is of code that is not followed, or of a function that is known to call what it gets."""
    callees = module.file.project.queries.facts(call.func)
    symbols = {str(fact[1]) for fact in callees if fact[0] == "S"}
    if not symbols.isdisjoint(CALLING):
        return True
    kinds = {str(fact[0]) for fact in callees}
    is_followed = "E" not in kinds and not FOLLOWED.isdisjoint(kinds)
    return not is_followed and not any(_is_known(module, symbol) for symbol in symbols)


def _changes(module: Module, call: ast.Call, behind: list[ast.expr], rule: Rule) -> bool:
    """Whether the arguments ``behind`` the class, or those that are named, mean another; a star may be anything."""
    is_starred = any(fact == ("S", STARRED) for fact in module.file.project.queries.facts(call.func))
    return is_starred or _mean_another(call, behind, rule)


def _mean_another(call: ast.Call, given: list[ast.expr], rule: Rule) -> bool:
    """Whether arguments by place, or those that a call names, mean something else to the target's class."""
    changed = [place for place, p in enumerate(rule.parameters) if p.treatment.action != "keep"]
    names = {p.name for p in rule.parameters if p.treatment.action != "keep"}
    return len(given) > changed[0] or not names.isdisjoint(k.arg for k in call.keywords)


def _is_known(module: Module, symbol: str) -> bool:
    """Whether it is known what a function of a library does with a class that it gets."""
    return symbol in EFFECTS or is_class_name(symbol) or not is_foreign(symbol, module.rules.packages)
