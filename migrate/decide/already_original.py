"""BN407: layers of a port that the original makes otherwise, or that it has and the port has not."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from migrate.decide.arguments import complement_literal
from migrate.decide.binding import source_order
from migrate.decide.drafts import Draft, Module
from migrate.decide.target_calls import TargetCall, TargetCalls
from migrate.differences import Beside, Difference, Missing
from migrate.edits import Change, ChangeArguments, Edit, Operation
from migrate.rule import Parameter

CODE = "BN407"


def decide_original(module: Module, calls: TargetCalls, beside: Iterable[Beside]) -> None:
    """Review the calls of a file at the places of differences from the original."""
    here = [each for each in beside if each.path == module.file.path]
    if not here:
        return
    for call in module.index.all(ast.Call):
        of_call = [each for each in here if (each.line, each.column) == (call.lineno, call.col_offset)]
        target = next(iter(calls.by_call.get(call, ())), None)
        if not of_call or target is None:
            continue
        differences = [each for each in of_call if isinstance(each, Difference)]
        missing = [each for each in of_call if isinstance(each, Missing)]
        told = [_told(target, each) for each in differences]
        told += [f"{each.owner} of the original has {each.name}, too ({each.original})" for each in missing]
        edits = _edits(calls, target, differences)
        module.add(Draft(CODE, "call", target.rule.target.name, call, "; ".join(told), suggestion=edits))


def _told(target: TargetCall, difference: Difference) -> str:
    """A difference in words, with what to write."""
    values = " or ".join(repr(value) for value in difference.values)
    parameter = target.rule.parameter(difference.parameter)
    right = _right(parameter, difference.values) if parameter is not None else ""
    written = f": write {_name(parameter)}={right}" if parameter is not None and right else ""
    return f"the original has {difference.parameter}={values} ({difference.original}){written}"


def _name(parameter: Parameter) -> str:
    return parameter.treatment.to or parameter.name


def _right(parameter: Parameter, values: tuple[object, ...]) -> str:
    """What the target's class has to get for the value of the original; empty where that is not one literal."""
    if len(values) != 1:
        return ""
    action, (value,) = parameter.treatment.action, values
    if action == "complement":
        return complement_literal(ast.Constant(value)) if isinstance(value, (int, float)) else ""
    return repr(value) if action == "keep" else ""


def _edits(calls: TargetCalls, target: TargetCall, differences: list[Difference]) -> tuple[Edit, ...]:
    """The edits that give a call the arguments of the original; none where one of them is not written there."""
    changes: list[tuple[int, Change]] = []
    more: list[tuple[str, str]] = []
    for difference in differences:
        parameter = target.rule.parameter(difference.parameter)
        right = _right(parameter, difference.values) if parameter is not None else ""
        if parameter is None or not right:
            return ()
        passed = calls.passed(target, parameter)
        value = passed.value if isinstance(passed, ast.keyword) else passed
        if passed is None and not target.nodes(parameter) and not target.made.hides:
            more.append((_name(parameter), right))
        elif isinstance(value, ast.Constant):
            place = next(i for i, argument in enumerate(source_order(target.call)) if argument is passed)
            changes.append((place, Change(operation=Operation("literal", right))))
        else:
            return ()
    return (ChangeArguments(target.call, tuple(changes), tuple(more)),) if changes or more else ()
