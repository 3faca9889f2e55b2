"""Calls of the target's classes that were written for one signature become those of the next.

A convention of a rule says what becomes of each argument. What may call something else, passes arguments that are not
seen, or flags whose values are not known, is left to a person.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrate.decide.arguments import Argument, decide, described
from migrate.decide.binding import Bound, Hidden, bind
from migrate.decide.drafts import Draft, Module
from migrate.decide.target_calls import TargetCall, TargetCalls
from migrate.edits import Change, ChangeArguments, Edit
from migrate.findings import Role
from migrate.flow.made import CONSTRUCTOR
from migrate.rule import Rule

CODES: dict[Role, str] = {"call": "BN101", "partial": "BN102"}


def decide_signatures(module: Module, calls: TargetCalls, rules: dict[str, Rule]) -> None:
    """Decide about the calls of a file; ``rules`` lead from one signature to the next, by the name of the rule."""
    for call in module.index.all(ast.Call):
        found = calls.by_call.get(call, [])
        between = {rules[each.rule.name].name: rules[each.rule.name] for each in found}
        if found and not module.skips.whole:
            draft = _decided(module, calls, found, list(between.values()))
            if draft is not None:
                module.add(draft)


def _decided(module: Module, calls: TargetCalls, found: list[TargetCall], rules: list[Rule]) -> Draft | None:
    """What becomes of a call; None where it stays as it is."""
    target, rule = found[0], rules[0]
    call, name = target.call, target.rule.target.name
    role: Role = "partial" if calls.is_partial(call) else "call"
    if target.made.name != name:
        passed = ", ".join(target.made.arguments)
        message = (
            f"{target.made.name} hands {passed} on to {name}, whose signature changes: what it then does is not known"
        )
        return Draft("BN201", role, name, call, message) if passed else None
    bound = bind(module.file, call, rule, _skipped(calls, call), _filled(calls, target, rule))
    if isinstance(bound, Hidden):
        hidden = [p for p in bound.parameters if _changes(rule, p)]
        message = f"{', '.join(hidden)} may be in {ast.unparse(bound.star)}, and changes with the signature"
        return Draft("BN202", role, name, call, message) if hidden else None
    if isinstance(bound, str):
        return Draft("BN201", role, name, call, bound)
    decided = decide(rule, bound.arguments)
    refusal = decided.refusal.advice if decided.refusal is not None else _doubt(calls, target, rule, bound)
    if refusal:
        return Draft("BN201", role, name, call, refusal)
    if not decided.changes:
        return None
    told = ", ".join(described(a, c) for a, c in decided.changes)
    edits = tuple(_edits(decided.changes))
    if len(rules) > 1 or not calls.is_alone(call) or _may_be_else(module, call):
        message = f"{ast.unparse(call.func)} may be something else than {name}, whose signature changes: {told}"
        return Draft("BN204", role, name, call, message, suggestion=edits)
    return Draft(CODES[role], role, name, call, f"for the next signature of {name}, {told}", edits)


def _changes(rule: Rule, name: str) -> bool:
    parameter = rule.parameter(name)
    return parameter is not None and parameter.treatment.action != "keep"


def _skipped(calls: TargetCalls, call: ast.Call) -> int:
    """How many leading arguments are not the constructor's: the class in a partial, the object in ``C.__init__``."""
    func = call.func
    if isinstance(func, ast.Attribute) and func.attr == CONSTRUCTOR:
        return int("super()" not in ast.unparse(func.value))
    return int(calls.is_partial(call))


def _filled(calls: TargetCalls, target: TargetCall, rule: Rule) -> int:
    """How many positional arguments a partial has filled, of which the call says nothing."""
    first = next((a for a in target.call.args[_skipped(calls, target.call) :]), None)
    nodes = set(calls.written.nodes(first)) if first is not None else set()
    places = (i for i, p in enumerate(rule.positional) if nodes & set(target.made.arguments.get(p, ())))
    return next(places, 0)


def _doubt(calls: TargetCalls, target: TargetCall, rule: Rule, bound: Bound) -> str:
    """Why it is not known what a flag of a call says."""
    for argument in bound.arguments:
        parameter = rule.parameter(argument.parameter)
        if parameter is None or parameter.treatment.action != "map" or isinstance(argument.value, ast.Constant):
            continue
        arriving = calls.arriving(target.made.arguments.get(argument.parameter, ()))
        known = {repr(calls.constants.values[node]) for node in arriving.literals}
        if arriving.unknown or not known or known & set(parameter.treatment.never):
            becomes = parameter.treatment.otherwise.replace("{value}", ast.unparse(argument.value))
            never = " or ".join(parameter.treatment.never)
            text = f"{ast.unparse(argument.value)} is not known: write {parameter.treatment.to}={becomes}"
            return f"{text} if it is never {never}"
    return ""


def _may_be_else(module: Module, call: ast.Call) -> bool:
    """Whether something that the files do not show may be called."""
    if isinstance(call.func, ast.Attribute) and call.func.attr == CONSTRUCTOR:
        return False
    found = module.file.project.queries.literals(call.func)
    return found is None or found.unknown


def _edits(changes: tuple[tuple[Argument, Change], ...]) -> Iterator[Edit]:
    """The changes of a call, and of each display that it unpacks."""
    containers = dict.fromkeys(a.container for a, _ in changes)
    for container in containers:
        yield ChangeArguments(container, tuple((a.index, c) for a, c in changes if a.container is container))
