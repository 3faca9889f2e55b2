"""Classes that go, with their arguments, to code which calls them itself: ``map``, ``starmap``, a pool."""

from __future__ import annotations

import ast

from migrate.decide.drafts import Draft, Module
from migrate.decide.values import Migrated, Partial
from migrate.flow.library import EFFECTS, LOOKING, is_class_name
from migrate.rule import Rule

FOLLOWED = frozenset("FBKMPOIRVCTGX")
"""The kinds of facts of what is called that the flow follows."""


def decide_handed(module: Module) -> None:
    """A review of each call that hands a class on with arguments which mean something else to the target's."""
    for call in module.index.all(ast.Call):
        for place, argument in enumerate(call.args if len(call.args) + len(call.keywords) > 1 else ()):
            rule = _class(module, argument)
            if rule is not None and _changes(module, call, call.args[place + 1 :], rule):
                message = (
                    f"{ast.unparse(call.func)} may call {rule.source.name} with these arguments, as torch takes them: "
                    f"call {rule.target.name} in a function of your own, and hand that on"
                )
                module.add(Draft("BN204", "call", rule.source.name, call, message))
                break


def _class(module: Module, node: ast.expr) -> Rule | None:
    """The rule about a class that an expression may be."""
    for value in sorted(module.file.evaluate(node), key=repr):
        of = value.of if isinstance(value, Partial) else value
        if isinstance(of, Migrated):
            return of.rule
    return None


def _changes(module: Module, call: ast.Call, behind: list[ast.expr], rule: Rule) -> bool:
    """Whether a call is of code that is not followed, and the arguments ``behind`` the class or named mean another."""
    callees = module.file.project.queries.facts(call.func)
    symbols = {str(fact[1]) for fact in callees if fact[0] == "S"}
    if "itertools.starmap" in symbols:
        return True
    is_map = "builtins.map" in symbols
    if not is_map and (not FOLLOWED.isdisjoint(f[0] for f in callees) or any(_is_known(module, s) for s in symbols)):
        return False
    changed = [place for place, p in enumerate(rule.parameters) if p.treatment.action != "keep"]
    names = {p.name for p in rule.parameters if p.treatment.action != "keep"}
    return len(behind) > changed[0] or not names.isdisjoint(k.arg for k in call.keywords)


def _is_known(module: Module, symbol: str) -> bool:
    """Whether it is known what a function of a library does with a class that it gets."""
    package = symbol.partition(".")[0]
    return symbol in EFFECTS or is_class_name(symbol) or package in LOOKING | {"builtins"} | module.rules.packages
