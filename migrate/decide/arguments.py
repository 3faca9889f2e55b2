"""What becomes of each argument of a constructor: pure decisions from the rule and the known values."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation

from migrate.decide.values import NONE, Constant, Instance, Symbol, Unknown, Value, Values, infinite
from migrate.edits import Change, Operation
from migrate.rule import Parameter, Rule, Treatment

CASTS = {"int": int, "float": float, "bool": bool}
SINGLE = "({value},)"
EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument as it is passed: to which parameter, and where it stands (``index`` in ``container``).

    ``container`` is the call itself, or the dict or tuple that the call unpacks; ``direct`` tells them apart.
    """

    parameter: str
    value: ast.expr
    values: Values
    container: ast.expr
    index: int
    positional: bool
    direct: bool = True


@dataclass(frozen=True, slots=True)
class Refusal:
    """An argument that MindSpore cannot take; ``advice`` says what to write."""

    argument: Argument
    advice: str


@dataclass(frozen=True, slots=True)
class Decided:
    """The changes for one call, or why there are none. ``append``: keywords for what it leaves at the default."""

    changes: tuple[tuple[Argument, Change], ...] = ()
    append: tuple[tuple[str, str], ...] = ()
    notes: tuple[tuple[Argument, str], ...] = ()
    refusal: Refusal | None = None


def decide(rule: Rule, arguments: Iterable[Argument]) -> Decided:
    """The changes that turn the arguments of the source class into those of the target class."""
    changes: list[tuple[Argument, Change]] = []
    notes: list[tuple[Argument, str]] = []
    positions_hold = True
    order = [p.name for p in rule.parameters]
    for argument in arguments:
        parameter = rule.parameter(argument.parameter)
        if parameter is None:
            return Decided(refusal=Refusal(argument, f"{rule.source.name} has no parameter {argument.parameter!r}"))
        advice = _refused(parameter, argument)
        if advice:
            return Decided(refusal=Refusal(argument, advice))
        change, written = _change(parameter, argument)
        if argument.positional:
            place = order.index(parameter.name)
            same_place = place < len(rule.target.positional) and rule.target.positional[place] == written
            positions_hold = positions_hold and same_place and not change.drop
            if not positions_hold and not change.drop:
                change = Change(keyword=written, operation=change.operation)
        if change != Change():
            changes.append((argument, change))
        if change.drop and parameter.treatment.note:
            notes.append((argument, parameter.treatment.note))
    return Decided(tuple(changes), notes=tuple(notes))


def omitted(rule: Rule, passed: set[str]) -> tuple[tuple[str, str], ...]:
    """The keywords for what a call does not pass, and what the target's class has another default for."""
    return tuple((keyword, value) for name, keyword, value in rule.written_out if name not in passed)


def comes_later(rule: Rule, arguments: Iterable[Argument]) -> str:
    """Why a partial cannot be rewritten that leaves a value to its callers which decides about the class."""
    passed = [a.parameter for a in arguments]
    later = (p for p in rule.parameters if p.treatment.cast == "tuple" and p.name not in passed)
    return next((f"{p.name} comes later: {p.treatment.outside}" for p in later), "")


def described(argument: Argument, change: Change) -> str:
    """What becomes of one argument, in words."""
    text = ast.unparse(argument.value)
    name = argument.parameter
    if change.drop:
        return f"{name} is dropped"
    operation = change.operation
    new = {
        "keep": text,
        "literal": operation.text,
        "complement": f"1 - ({text})",
        "wrap": f"{operation.text}({text})",
        "template": operation.text.format(value=text),
    }[operation.kind]
    return f"{name}={text} becomes {change.keyword or name}={new}"


def _change(parameter: Parameter, argument: Argument) -> tuple[Change, str]:
    """The change of one argument and the keyword it has afterwards."""
    treatment = parameter.treatment
    written = treatment.to or parameter.name
    keyword = written if written != parameter.name else ""
    if treatment.action == "drop":
        return Change(drop=True), written
    if treatment.action == "map":
        known = _literal(argument.value)
        if known is not None:
            text = treatment.when_true if known.value else treatment.when_false
            if not text:
                return Change(drop=True), written
            return Change(keyword=keyword, operation=Operation("literal", text)), written
        return Change(keyword=keyword, operation=Operation("template", treatment.otherwise)), written
    operation = Operation()
    if treatment.action == "complement":
        operation = complement(argument.value)
    elif treatment.cast == "tuple":
        operation = Operation() if _is_single(argument.value) else Operation("template", SINGLE)
    elif treatment.cast:
        operation = _cast(treatment, argument)
    return Change(keyword=keyword, operation=operation), written


def complement(value: ast.expr) -> Operation:
    """``1 - value``: exact for a literal, whole for every other expression."""
    text = complement_literal(value)
    return Operation("literal", text) if text else Operation("complement")


def complement_literal(value: ast.expr) -> str:
    """The exact decimal of 1 - value for a number literal in [0, 1]; empty for anything else."""
    if not isinstance(value, ast.Constant) or type(value.value) not in (int, float):
        return ""
    number = value.value
    if not 0 <= number <= 1:  # type: ignore[operator]
        return ""
    if isinstance(number, int):
        return str(1 - number)
    try:
        exact = EXACT.subtract(Decimal(1), Decimal(repr(number)))
    except Inexact:
        return ""
    text = format(EXACT.normalize(exact), "f")
    return text if "." in text else text + ".0"


def _cast(treatment: Treatment, argument: Argument) -> Operation:
    """A cast for a value that is known to be of a type MindSpore rejects."""
    cast = CASTS[treatment.cast]
    known = _literal(argument.value)
    if known is not None:
        if type(known.value) is cast or (cast is int and type(known.value) is not bool):
            return Operation()
        return Operation("literal", repr(cast(known.value)))
    if any(_is_array(v) for v in argument.values):
        return Operation("wrap", treatment.cast)
    if cast is not int and any(isinstance(v, Constant) and type(v.value) is not cast for v in argument.values):
        return Operation("wrap", treatment.cast)
    return Operation()


def _is_single(value: ast.expr) -> bool:
    """Whether an expression is spelled as a tuple or list of one element."""
    return (
        isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == 1 and not isinstance(value.elts[0], ast.Starred)
    )


def _is_array(value: object) -> bool:
    """Whether a value is known to be a NumPy scalar or a tensor."""
    return (
        isinstance(value, Instance) and isinstance(value.of, Symbol) and value.of.name.startswith(("numpy.", "torch."))
    )


def _literal(value: ast.expr) -> Constant | None:
    if isinstance(value, ast.Constant):
        return Constant(value.value, type(value.value).__name__)
    return None


def _refused(parameter: Parameter, argument: Argument) -> str:
    """Why MindSpore cannot take this value; empty where it can."""
    treatment = parameter.treatment
    if treatment.action == "refuse":
        return treatment.outside
    values = [infinite(v) for v in argument.values]
    if treatment.none and NONE in values:
        return treatment.none
    known = _literal(argument.value)
    if treatment.cast == "tuple":
        is_number = bool(values) and all(isinstance(v, Constant) and type(v.value) is int for v in values)
        return "" if is_number or _is_single(argument.value) else treatment.outside
    if treatment.cast in ("int", "float") and known is not None and not isinstance(known.value, (int, float)):
        return f"{parameter.name} has to be a number; write the value torch is to use"
    if treatment.only or treatment.never:
        return _outside_choices(treatment, argument)
    # A flag, or a count of none, that flows in through many hands says more about the analysis than the program.
    numbers = [v.value for v in values if isinstance(v, Constant) and isinstance(v.value, (int, float))]
    numbers = [n for n in numbers if known or type(n) is not bool]
    outside = [n for n in numbers if treatment.is_outside(n)]
    if outside and (treatment.cast != "int" or len(outside) == len(numbers)):
        return treatment.outside
    return ""


def _outside_choices(treatment: Treatment, argument: Argument) -> str:
    """``only`` lists what may be dropped, ``never`` what may not; an unknown value is dropped under ``never`` alone."""
    spelled = {spelling(v) for v in argument.values} | {ast.unparse(argument.value)}
    if treatment.never:
        return treatment.outside if spelled & set(treatment.never) else ""
    literal = isinstance(argument.value, ast.Constant)
    known = [v for v in argument.values if literal or _is_choice(v, treatment.only)]
    if any(spelling(v) not in treatment.only for v in known):
        return treatment.outside
    unsure = argument.direct and any(isinstance(v, (Unknown, Instance)) for v in argument.values)
    return treatment.outside if unsure else ""


def _is_choice(value: Value, choices: tuple[str, ...]) -> bool:
    """Whether a value that flows in is of a kind that may be chosen: a literal of the type of one, a symbol beside one.

    What a dict holds besides is not meant.
    """
    if isinstance(value, Constant):
        return value == NONE or any(type(ast.literal_eval(c)).__name__ == value.kind for c in choices if "." not in c)
    return isinstance(value, Symbol) and value.name.rpartition(".")[0] in {c.rpartition(".")[0] for c in choices}


def spelling(value: object) -> str:
    """A value as a rule file writes it: a literal or a qualified name."""
    if isinstance(value, Constant):
        return repr(value.value)
    return value.name if isinstance(value, Symbol) else ""
