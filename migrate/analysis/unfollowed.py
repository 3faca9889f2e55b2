"""Uses that only the flow of the run shows to be of a layer: by ways along which no rewrite is decided.

A rewrite needs to know all that an object may be; a review needs to know only that a layer may come there. Where the
flow graph leads one to a use or to a call, and no finding speaks about it, a person has to look.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrate.analysis.already import decide_target_use
from migrate.analysis.drafts import Draft, Module
from migrate.analysis.exclusions import is_refused
from migrate.analysis.instances import decide_use, may_be_ours
from migrate.analysis.values import Instance, Migrated, Symbol, Unknown, Value
from migrate.flow.facts import Fact
from migrate.flow.modules import Loaded
from migrate.flow.state import Flow
from migrate.index.summary import Call
from migrate.rule import Rule

BY_NAME = "BN304"
"""The note on a name that looks like one of a layer's, where nothing is known of the object."""


def decide_unfollowed(module: Module, flow: Flow, migrated: frozenset[str]) -> None:
    """Review what the flow leads a layer, or a class that is called otherwise, to and nothing speaks about.

    ``migrated`` are the classes that the run rewrites somewhere.
    """
    loaded = flow.modules.loaded[module.evaluator.path]
    if loaded is None:
        return
    for node, base in _uses(module, loaded):
        facts = flow.of(base)
        if any(fact[0] == "I" for fact in facts):
            if not _is_told(module, node, facts):
                _decide_use(module, node, facts, migrated)
            elif any(_is_other(module, flow, fact) for fact in facts):
                _withdraw(module, node, facts)
    for call, passed in _calls(module, loaded):
        facts = flow.of(passed.callee + loaded.base)
        rule = _called(module, flow, facts, migrated)
        if rule is not None and is_refused(rule, call):
            continue
        changed = _changed(rule, passed) if rule is not None else ""
        if rule is not None and changed and not _is_told(module, call, facts):
            what = f"{rule.source.name} may be called here by a way that is not followed"
            message = f"{what}: {changed} would mean something else to {rule.target.name}"
            module.add(Draft("BN226", "call", rule.source.name, call, message))


def _uses(module: Module, loaded: Loaded) -> Iterator[tuple[ast.Attribute, int]]:
    """The attributes of a file that rules speak about, with the nodes of their receivers."""
    nodes = {(n.lineno, n.col_offset, n.attr): n for n in module.index.all(ast.Attribute)}
    for use in loaded.summary.uses:
        node = nodes.get((use.line, use.column, use.name))
        if node is not None and may_be_ours(module, node):
            yield node, use.base + loaded.base


def _calls(module: Module, loaded: Loaded) -> Iterator[tuple[ast.Call, Call]]:
    nodes: dict[tuple[int | None, ...], ast.Call] = {
        (n.lineno, n.col_offset, n.end_lineno, n.end_col_offset): n for n in module.index.all(ast.Call)
    }
    for call in loaded.summary.calls:
        place = loaded.summary.places.get(call.result)
        node = nodes.get(place) if place is not None else None
        if node is not None:
            yield node, call


def _is_told(module: Module, node: ast.Attribute | ast.Call, facts: list[Fact]) -> bool:
    """Whether a finding speaks about the place, or its object is known to be of classes that the flow knows, too."""
    span = module.source.span(node)
    if any(module.source.span(d.node).holds(span) for d in module.drafts if d.code != BY_NAME):
        return True
    values = module.objects(node.value if isinstance(node, ast.Attribute) else node.func)
    names = {str(fact[1]) for fact in facts if fact[0] in "LS"}
    return bool(values) and all(getattr(getattr(v, "of", v), "name", "") in names for v in values)


def _decide_use(module: Module, node: ast.Attribute, facts: list[Fact], migrated: frozenset[str]) -> None:
    """The review of an attribute of what may be a layer: what the use would become if it were known to be one."""
    rules = module.rules
    is_method = any(node.attr in rule.methods for rule in rules.rules)
    if is_method and any(fact[0] in "LO" for fact in facts):
        return  # a method that every layer has, on one of many
    values: list[Value] = []
    for fact in facts:
        name = str(fact[1])
        if fact[0] == "I" and name in rules.by_name and name in migrated:
            values.append(Instance(Migrated(rules.by_name[name], None)))
        elif (fact[0] == "I" and name in rules.by_target) or fact[0] == "L":
            values.append(Instance(Symbol(name)))
    already = decide_target_use(module, node, values)
    if already is not None:
        module.add(already)
        return
    is_layer = any(module.base_of(v) is not None for v in values)
    draft = decide_use(module, node, values) if is_layer else None
    if draft is not None and draft.kind != "note":
        module.drafts[:] = [d for d in module.drafts if d.node is not node or d.code != BY_NAME]
        message = f"a layer comes here by a way that is not followed: {draft.message}"
        edits = draft.edits or draft.suggestion
        module.add(Draft("BN226", draft.role, draft.symbol, draft.node, message, suggestion=edits))


def _is_other(module: Module, flow: Flow, fact: Fact) -> bool:
    """Whether a fact is an object that is no layer of a rule."""
    if fact[0] == "O" and isinstance(fact[1], int):
        return not flow.classes.derives_from_rule(fact[1])
    return fact[0] == "L" and str(fact[1]) not in module.rules.by_target


def _withdraw(module: Module, node: ast.Attribute, facts: list[Fact]) -> None:
    """Leave to a person a rewrite of a use to which the flow leads a layer of another class, too."""
    span = module.source.span(node)
    drafts = [d for d in module.drafts if d.kind == "rewrite" and module.source.span(d.node).holds(span)]
    if len(drafts) != 1 or drafts[0].role not in ("attribute", "method"):
        return
    values: list[Value] = []
    for kind, of, *_ in facts:
        if kind == "I" and str(of) in module.rules.by_name:
            values.append(Instance(Migrated(module.rules.by_name[str(of)], None)))
        elif kind in "IL":
            values.append(Instance(Symbol(str(of))))
        elif kind == "O":
            values.append(Unknown())
    draft = decide_use(module, node, values)
    if draft is not None and draft.kind == "review":
        module.drafts.remove(drafts[0])
        module.drafts.append(draft)


def _called(module: Module, flow: Flow, facts: list[Fact], migrated: frozenset[str]) -> Rule | None:
    """The rule of a migrated class, or of a partial of one, that may be what is called."""
    for fact in facts:
        for kind, of, *_ in flow.behind(fact):
            rule = module.rules.by_name.get(str(of)) if kind == "M" else None
            if rule is not None and rule.source.name in migrated:
                return rule
    return None


def _changed(rule: Rule, call: Call) -> str:
    """The arguments of a call that the target's class does not take as they are; empty where there are none."""
    kept = ("keep",)
    names = [p.name for p in rule.parameters if p.treatment.action not in kept]
    placed = [n for n in rule.positional[: len(call.positional)] if n in names]
    named = [name for name, _ in call.keywords if name in names]
    starred = ["what the stars bring"] if call.stars or call.double_stars else []
    return " and ".join([*placed, *named, *starred])
