"""BN404: arguments with which evaluation computes with the statistics of the batch, and moves the running ones.

A rule maps a flag of the source to such an argument: what the flag is by default needs none. A call of the target's
class that passes what only the other value of the flag becomes was meant to say something else, as it seems.
"""

from __future__ import annotations

import ast

from migrate.decide.binding import source_order
from migrate.decide.drafts import Draft, Module
from migrate.decide.target_calls import TargetCall, TargetCalls, has_stars
from migrate.edits import Change, ChangeArguments, Edit, Write
from migrate.rule import Parameter
from migrate.syntax.source import Located

CODE = "BN404"


def decide_flags(module: Module, calls: TargetCalls) -> None:
    """Review the calls of a file that pass what only the rare value of a flag becomes."""
    for call in module.index.all(ast.Call):
        for parameter, target in _mistaken(calls, call).items():
            passed = calls.passed(target, parameter)
            by_star = _by_star(target, parameter) if has_stars(call) else None
            draft = _draft(target, parameter, passed) if passed is not None else by_star
            if draft is not None:
                module.add(draft)


def _mistaken(calls: TargetCalls, call: ast.Call) -> dict[Parameter, TargetCall]:
    found: dict[Parameter, TargetCall] = {}
    for target in calls.by_call.get(call, ()):
        for parameter in target.rule.parameters:
            if parameter.treatment.action == "map" and _may_be_rare(calls, target, parameter):
                found.setdefault(parameter, target)
    return found


def _may_be_rare(calls: TargetCalls, target: TargetCall, parameter: Parameter) -> bool:
    """Whether the rare value of a flag may come to an argument: a literal, or what ``not`` makes of something."""
    passed = calls.passed(target, parameter)
    value = passed.value if isinstance(passed, ast.keyword) else passed
    rare = _rare(parameter)
    if isinstance(rare, bool) and isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not):
        operand = calls.written.nodes(value.operand)
        arriving = calls.arriving(operand)
        return arriving.unknown or not arriving.literals or any(v is not rare for v in calls.values(operand))
    return rare in calls.values(target.nodes(parameter))


def _rare(parameter: Parameter) -> object:
    """What the target gets for the value of a flag that the source does not have by default."""
    text = parameter.treatment.when_false if parameter.default else parameter.treatment.when_true
    return ast.literal_eval(text) if text else None


def _is_written(parameter: Parameter, value: ast.expr) -> bool:
    """Whether an expression is what a rule writes for a flag of the source."""
    if not isinstance(value, ast.IfExp):
        return False
    template = parameter.treatment.otherwise.format(value="_")
    return ast.unparse(ast.IfExp(ast.Name("_"), value.body, value.orelse)) == template


def _by_star(target: TargetCall, parameter: Parameter) -> Draft:
    """The review of a call that gets the rare value through a star: it is written elsewhere."""
    name, rare = parameter.treatment.to, _rare(parameter)
    said = f"{name} may be {rare} by what the star unpacks, and {parameter.treatment.mistaken}: leave it out there"
    return Draft(CODE, "call", target.rule.target.name, target.call, said)


def _draft(target: TargetCall, parameter: Parameter, passed: ast.expr | ast.keyword) -> Draft | None:
    """The review of an argument; None for one that says both what the source's class and the target's do."""
    value = passed.value if isinstance(passed, ast.keyword) else passed
    name, told = parameter.treatment.to, parameter.treatment.mistaken
    node: Located = passed
    edits: tuple[Edit, ...] = ()
    if _is_written(parameter, value):
        return None
    if isinstance(value, ast.Constant):
        place = next((i for i, a in enumerate(source_order(target.call)) if a is passed), None)
        if place is not None and isinstance(passed, ast.keyword):
            node, edits = target.call, (ChangeArguments(target.call, ((place, Change(drop=True)),)),)
        said = f"{told}: leave it out"
    else:
        keyword = f"{name}=" if isinstance(passed, ast.keyword) else ""
        edits = (Write(passed, keyword + parameter.treatment.flag, (("value", value),)),)
        text = ast.unparse(value)
        is_open = not isinstance(value, (ast.Name, ast.Attribute, ast.Call, ast.Subscript))
        flag = parameter.treatment.flag.replace("{value}", f"({text})" if is_open else text)
        said = f"{ast.unparse(value)} may be {_rare(parameter)}, and {told}: write {name}={flag}"
    return Draft(CODE, "call", target.rule.target.name, node, said, suggestion=edits)
