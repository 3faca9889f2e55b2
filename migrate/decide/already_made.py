"""Constructor calls of the target's classes with arguments that mean something to the source's class alone."""

from __future__ import annotations

import ast
import itertools
from dataclasses import dataclass

from migrate.decide.already_fitting import are_nearer, fit_better, name_of, target_default, words_of
from migrate.decide.arguments import Argument, Decided, decide, described
from migrate.decide.binding import Bound, bind, source_order
from migrate.decide.drafts import Draft, Module
from migrate.decide.values import Constant, Instance, Local, Symbol, Unknown, Value
from migrate.edits import Change, ChangeArguments, Edit
from migrate.findings import Role
from migrate.rule import Parameter, Rule

NUMBERS = (int, float)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the arguments of a call, in words, and the edits that put it right, where that is clear."""

    message: str
    edits: tuple[Edit, ...] = ()


def decide_made(module: Module) -> None:
    """Review every call that hands a target's class an argument of the source's."""
    for call in module.index.all(ast.Call):
        if (call.args or call.keywords) and not module.file.is_module_member(call.func):
            called, skip = _called(module, call)
            classes = [(rule, filled) for v, filled in called if (rule := _rule(module, v)) is not None]
            if classes:
                _decide(module, call, classes, [v for v, _ in called if _rule(module, v) is None], skip)


def _rule(module: Module, value: Value) -> Rule | None:
    return module.rules.by_target.get(value.name) if isinstance(value, Symbol) else None


def _called(module: Module, call: ast.Call) -> tuple[list[tuple[Value, int]], int]:
    """What a call may call, also as ``super().__init__(...)`` and ``Base.__init__(self, ...)``."""
    func = call.func
    if not isinstance(func, ast.Attribute) or func.attr != "__init__":
        return module.file.callers.called(call)
    owners = module.objects(func.value)
    through_super = all(isinstance(v, Instance) for v in owners)
    return [(v.of if isinstance(v, Instance) else v, 0) for v in owners], int(not through_super)


def _decide(module: Module, call: ast.Call, classes: list[tuple[Rule, int]], others: list[Value], skip: int) -> None:
    kinds = {(rule.name, filled): rule for rule, filled in classes}
    faults = [f for (_, filled), rule in kinds.items() if (f := _fault(module, call, rule, skip, filled)) is not None]
    rule = classes[0][0]
    if not faults:
        shared = _shared(module, call, rule, others, skip, classes[0][1])
        faults = [shared] if shared is not None else []
    if faults:
        edits = faults[0].edits if len(kinds) == 1 and not others else ()
        role: Role = "partial" if skip and getattr(call.func, "attr", "") != "__init__" else "call"
        module.add(Draft("BN403", role, rule.target.name, call, faults[0].message, suggestion=edits))


def _fault(module: Module, call: ast.Call, rule: Rule, skip: int, filled: int) -> Fault | None:
    """What is wrong with the arguments for the target's class of a rule."""
    if not rule.target.parameters:
        return None
    arguments = _arguments(module, call, rule, skip, filled)
    earlier = {name for c in rule.target.convention for name in c.before} - set(rule.target.parameters)
    gone = [a.parameter for a in arguments if not a.positional and a.parameter in earlier]
    if gone:
        told = "a run with --from mindspore writes calls for it"
        return Fault(f"MindSpore's {rule.name} has another signature here, without {', '.join(gone)}: {told}")
    wrong = {a: reason for a in arguments if (reason := _reason(rule, a))}
    moved = [a for a in arguments if a.positional and not _holds(rule, a)]
    if moved and _is_source(rule, moved[0]):
        wrong |= {a: f"{a.parameter} has another position" for a in moved}
    if wrong:
        return _renamed(call, rule, arguments, wrong)
    return _exchanged(call, rule, list(arguments))


def _reason(rule: Rule, argument: Argument) -> str:
    """Why the target's class does not take an argument that has a keyword, or says None; empty where it may."""
    name, parameter = argument.parameter, rule.parameter(argument.parameter)
    if parameter is None:
        return ""
    if not argument.positional and name not in rule.target.parameters:
        return f"there is no {name}"
    of_source = parameter.treatment.action == "drop" and _is_of_package(rule, argument)
    is_none = isinstance(argument.value, ast.Constant) and argument.value.value is None
    if (of_source and not argument.positional) or (is_none and parameter.treatment.none):
        return f"{name} cannot be {ast.unparse(argument.value)}"
    return ""


def _arguments(module: Module, call: ast.Call, rule: Rule, skip: int, filled: int) -> tuple[Argument, ...]:
    """The arguments by the source's parameters; of a call with stars that hide some, those with a keyword."""
    bound = bind(module.file, call, rule, skip, filled)
    if isinstance(bound, Bound):
        return bound.arguments
    named = [(i, k) for i, k in enumerate(source_order(call)) if isinstance(k, ast.keyword) and k.arg]
    return tuple(Argument(k.arg or "", k.value, module.file.evaluate(k.value), call, i, False) for i, k in named)


def _holds(rule: Rule, argument: Argument) -> bool:
    """Whether the position of an argument means the same for both classes."""
    place = rule.positional.index(argument.parameter)
    return rule.target.positional[place : place + 1] == (argument.parameter,)


def _is_source(rule: Rule, argument: Argument) -> bool:
    """Whether the value at a position that means something else looks like what the source's class takes there."""
    parameter = rule.parameter(argument.parameter)
    assert parameter is not None
    place = rule.positional.index(argument.parameter)
    name = name_of(argument.value)
    if name in (argument.parameter, *rule.target.parameters[place : place + 1]):
        return name == argument.parameter
    kind = type(parameter.default)
    return _is_of_package(rule, argument) or any(_may_be(v, kind) for v in argument.values if kind is not type(None))


def _is_of_package(rule: Rule, argument: Argument) -> bool:
    """Whether the value is something of the source framework, such as a dtype."""
    source = rule.source.name.partition(".")[0]
    made = (getattr(v, "of", v) for v in argument.values)
    return any(isinstance(of, Symbol) and of.name.partition(".")[0] == source for of in made)


def _may_be(value: Value, kind: type) -> bool:
    return isinstance(value, Unknown) or (isinstance(value, Constant) and type(value.value) is kind)


def _renamed(call: ast.Call, rule: Rule, arguments: tuple[Argument, ...], wrong: dict[Argument, str]) -> Fault:
    """The fault of arguments that have another name or position, or no counterpart."""
    decided = decide(rule, [a for a in arguments if rule.parameter(a.parameter) is not None])
    message = f"in MindSpore's {rule.name}, {', '.join(wrong.values())}"
    if decided.refusal is not None:
        return Fault(f"{message}: {decided.refusal.advice}")
    changes = [(a, c) for a, c in decided.changes if a in wrong]
    direct = len(changes) == len(wrong) and all(a.container is call for a, _ in changes)
    edits = (ChangeArguments(call, tuple((a.index, c) for a, c in changes)),)
    return Fault(f"{message}: {', '.join(described(a, c) for a, c in changes)}", edits if direct else ())


def _exchanged(call: ast.Call, rule: Rule, arguments: list[Argument]) -> Fault | None:
    """The fault of two arguments that stand in each other's place, or of one in another's."""
    names = {p.name for p in rule.parameters} | set(rule.target.parameters)
    held = [a for a in arguments if not a.positional or _holds(rule, a)]
    meant = {a.parameter: name for a in held if a.positional and (name := _meant(a, names))}
    for first, second in itertools.combinations(held, 2):
        one, two = first.parameter, second.parameter
        if (meant.get(one) == two and meant.get(two) == one) or _are_exchanged(rule, first, second):
            texts = ast.unparse(first.value), ast.unparse(second.value)
            message = f"{texts[0]} stands where {one} belongs, and {texts[1]} where {two} does"
            return Fault(message, _by_keyword(call, rule, arguments, {one: two, two: one}))
    for argument in held:
        name = meant.get(argument.parameter, "") or _alone(rule, argument, arguments)
        if name:
            message = f"{ast.unparse(argument.value)} stands where {argument.parameter} belongs: pass it as {name}="
            return Fault(message, _by_keyword(call, rule, arguments, {argument.parameter: name}))
    return None


def _alone(rule: Rule, argument: Argument, arguments: list[Argument]) -> str:
    """The share that a number at a position fits better, where the call passes nothing else for it."""
    parameter = rule.parameter(argument.parameter)
    own = target_default(parameter) if parameter is not None else None
    if own is None or not argument.positional or argument.parameter in words_of(argument.value):
        return ""
    if any(isinstance(v, Constant) and v.value == 1 for v in argument.values):
        return ""  # what is written for an eps of 1 stays right
    passed = {a.parameter for a in arguments}
    free = [p for p in rule.parameters if p.name not in passed and p.treatment.action == "complement"]
    shares = [(p.name, fits) for p in free if (fits := target_default(p)) is not None]
    return next((name for name, fits in shares if are_nearer(_numbers(argument), fits, own)), "")


def _by_keyword(call: ast.Call, rule: Rule, arguments: list[Argument], names: dict[str, str]) -> tuple[Edit, ...]:
    """The edits that pass arguments under other names, and positions behind the first of them by keyword as well."""
    first = next(i for i, a in enumerate(arguments) if a.parameter in names)
    changed = [a for a in arguments[first:] if a.positional or a.parameter in names]
    changes = [(a.index, Change(keyword=names.get(a.parameter, a.parameter))) for a in changed]
    inside = all(a.container is call and a.parameter in rule.target.positional for a in changed)
    return (ChangeArguments(call, tuple(changes)),) if inside else ()


def _meant(argument: Argument, names: set[str]) -> str:
    """The other parameter that the text of an argument names; empty where it names none, or its own."""
    words = words_of(argument.value)
    if argument.parameter in words:
        return ""
    return next((name for name in sorted(names) if name in words), "")


def _are_exchanged(rule: Rule, first: Argument, second: Argument) -> bool:
    """Whether the known numbers of two arguments fit better in each other's place."""
    one, other = rule.parameter(first.parameter), rule.parameter(second.parameter)
    return one is not None and other is not None and fit_better(one, _numbers(first), other, _numbers(second))


def _numbers(argument: Argument) -> list[float]:
    """The numbers that an argument may be; none where it may be anything else."""
    numbers = [v.value for v in argument.values if isinstance(v, Constant) and type(v.value) in NUMBERS]
    return [float(n) for n in numbers] if len(numbers) == len(argument.values) else []  # type: ignore[arg-type]


def _shared(module: Module, call: ast.Call, rule: Rule, others: list[Value], skip: int, filled: int) -> Fault | None:
    """The fault of arguments that also reach classes of the source, to which their values mean something else."""
    theirs = [v for v in others if _is_of_source(module, v, rule, frozenset())]
    if not theirs:
        return None
    bound = bind(module.file, call, rule, skip, filled)
    decided = decide(rule, bound.arguments) if isinstance(bound, Bound) else Decided()
    told = {a.parameter for a, _ in decided.changes if _means_two(rule.parameter(a.parameter))}
    if not told:
        return None
    names = ", ".join(sorted({rule.target.name, *map(module.describe, theirs)}))
    return Fault(f"{ast.unparse(call.func)} may be {names}, for which {', '.join(sorted(told))} means different things")


def _means_two(parameter: Parameter | None) -> bool:
    return parameter is not None and parameter.treatment.action == "complement"


def _is_of_source(module: Module, value: Value, rule: Rule, seen: frozenset[Value]) -> bool:
    """Whether a class belongs to the source framework, or derives from one that does."""
    if isinstance(value, Local) and isinstance(value.node, ast.ClassDef) and value not in seen:
        bases = [b for node in value.node.bases for b in module.file.evaluate(node)]
        return any(_is_of_source(module, b, rule, seen | {value}) for b in bases)
    source = rule.source.name.partition(".")[0]
    return isinstance(value, Symbol) and value.name.partition(".")[0] == source
