"""Stars of constructor calls: what the review says of those that may hide arguments, and what it offers to write."""

from __future__ import annotations

import ast
import itertools

from migrate.decide.arguments import Argument, Decided, decide, described
from migrate.decide.binding import Hidden, source_order
from migrate.decide.callers import Construction
from migrate.decide.drafts import Module
from migrate.decide.keywords import Carried, carried, is_converted
from migrate.edits import Write
from migrate.rule import Parameter, Rule


def complement_of(rule: Rule) -> str:
    """What the rule complements, as an example in brackets; empty where it complements nothing."""
    name = _complemented(rule)
    if not name:
        return ""
    parameter, value = rule.parameter(name), name[0]
    written = parameter.treatment.to if parameter is not None else ""
    return f" ({name}={value} becomes {written or name}=1 - {value})"


def _complemented(rule: Rule) -> str:
    return next((p.name for p in rule.parameters if p.treatment.action == "complement"), "")


def advice(module: Module, call: ast.Call, construction: Construction, hidden: Hidden) -> str:
    """What to do about a star that may hide arguments.

    It is converted in the call itself: where it comes from, others may take it as it is, such as a function that
    follows the rule inside.
    """
    (migrated, filled), *_ = construction.classes
    rule, star = migrated.rule, ast.unparse(hidden.star)
    double = any(k.value is hidden.star for k in call.keywords)
    brought = carried(module, hidden.star)
    if brought is not None:
        said = _converted_already(module, rule, star, brought)
        said += [described(a, c) for a, c in unpacked(module, call, rule, construction.skip, filled)[0].changes]
        return f"**{star} may hide {', '.join(hidden.parameters)}: {'; '.join(said)}"
    example = complement_of(rule) if _complemented(rule) in hidden.parameters else ""
    said = [f"spell the arguments out, or convert what {star} carries in this call{example}, not where it comes from"]
    decided, _ = unpacked(module, call, rule, construction.skip, filled)
    said += [described(a, c) for a, c in decided.changes]
    if construction.others:
        others = module.described(construction.others)
        said.append(f"{others} may be called here, too, and takes them as they are")
    if not double and module.index.loads.get(star) and not _is_variadic(module, hidden.star):
        said.append(f"if {star} is a dict, *{star} passes its keys")
    return f"{'**' if double else '*'}{star} may hide {', '.join(hidden.parameters)}: {'; '.join(said)}"


def brings_converted(module: Module, call: ast.Call, construction: Construction, hidden: Hidden) -> bool:
    """Whether all that a star brings is converted where it comes from, and nothing else in the call changes."""
    (migrated, filled), *_ = construction.classes
    brought = carried(module, hidden.star)
    if brought is None or not is_converted(module, brought) or changed(migrated.rule, brought):
        return False
    decided, converted = unpacked(module, call, migrated.rule, construction.skip, filled)
    return not decided.changes and len(converted) == 1


def _converted_already(module: Module, rule: Rule, star: str, brought: Carried) -> list[str]:
    """What to do about a star with the keywords of partials, which would be converted twice."""
    names = ", ".join(dict.fromkeys(map(ast.unparse, brought.keywords)))
    said = [f"what {names} brings is converted where the partial is made, so {star} must not be converted as a whole"]
    for name, value in changed(rule, brought):
        said.append(f"convert {name} in line {module.line_name(value)}, where it is put in{complement_of(rule)}")
    if not brought.is_whole:
        said.append("convert what else comes in before it does")
    elif not changed(rule, brought):
        said.append(f"if {names} may be of a partial that is not converted, convert it there")
    return said


def changed(rule: Rule, brought: Carried) -> list[tuple[str, ast.expr]]:
    """What is put in under the name of a parameter that changes."""
    found = [(name, value, rule.parameter(name)) for name, value in brought.stored]
    return [(n, v) for n, v, p in found if p is not None and p.treatment.action in ("complement", "map", "drop")]


def _is_variadic(module: Module, star: ast.expr) -> bool:
    """Whether it is the ``*args`` of a function, which is a tuple."""
    return isinstance(star, ast.Name) and any(b.kind == "rest" for b in module.file.bindings(star))


def unpacked(module: Module, call: ast.Call, rule: Rule, skip: int, filled: int) -> tuple[Decided, tuple[Write, ...]]:
    """The changes of the arguments that are spelled out, and the edits that convert what its stars carry."""
    free = list(rule.positional)[filled:]
    arguments: list[Argument] = []
    stars: list[ast.keyword | ast.Starred] = []
    for i, item in list(enumerate(source_order(call)))[skip:]:
        if isinstance(item, ast.keyword) and item.arg is not None:
            values = module.file.evaluate(item.value)
            arguments.append(Argument(item.arg, item.value, values, call, i, False))
        elif isinstance(item, (ast.keyword, ast.Starred)):
            stars.append(item)
        elif not free or any(isinstance(s, ast.Starred) for s in stars):
            return Decided(), ()
        else:
            arguments.append(Argument(free.pop(0), item, module.file.evaluate(item), call, i, True))
    decided = decide(rule, arguments)
    if decided.refusal is not None or sum(isinstance(s, ast.Starred) for s in stars) > 1:
        return Decided(), ()
    given = {a.parameter for a in arguments}
    hidden = [p for p in rule.parameters if p.name not in given]
    within = list(itertools.takewhile(lambda name: name not in given, free))
    return decided, tuple(_converted(star, hidden, within) for star in stars)


def _converted(star: ast.keyword | ast.Starred, hidden: list[Parameter], free: list[str]) -> Write:
    """A star argument whose keys and values follow the rule; a starred sequence gets its names."""
    source = "{star}.items()"
    if isinstance(star, ast.Starred):
        hidden = [p for p in hidden if p.name in free]
        source = f"zip({tuple(free)!r}, {{star}})"
    key = "".join(f"{p.treatment.to!r} if k == {p.name!r} else " for p in hidden if p.treatment.to) + "k"
    value = "".join(f"{new} if k == {p.name!r} else " for p in hidden if (new := _new_value(p))) + "v"
    kept = [condition for p in hidden if (condition := _kept(p))]
    pair = [f"    {key}: {value}"] if key == "k" else [f"    {key}:", f"        {value}"]
    lines = ["**{", *pair, f"    for k, v in {source}"]
    lines += [f"    {'and' if i else 'if'} {condition}" for i, condition in enumerate(kept)]
    return Write(star, "\n".join([*lines, "}"]), (("star", star.value),))


def _new_value(parameter: Parameter) -> str:
    treatment = parameter.treatment
    if treatment.action == "complement":
        return "1 - v"
    return f"({treatment.otherwise.replace('{value}', 'v')})" if treatment.action == "map" else ""


def _kept(parameter: Parameter) -> str:
    """The condition under which a pair stays; what may not be dropped stays too, so that the target raises."""
    name, treatment = parameter.name, parameter.treatment
    if treatment.action != "drop":
        return ""
    if not treatment.only:
        return f"k != {name!r}"
    only = f"not in {treatment.only!r}" if len(treatment.only) > 1 else f"!= {treatment.only[0]!r}"
    return f"(k != {name!r} or str(v) {only})"
