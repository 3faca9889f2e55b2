"""What the reviews of constructor calls offer to write; empty wherever that might be wrong."""

from __future__ import annotations

import ast

from migrate.decide.arguments import Argument, Decided, decide
from migrate.decide.binding import Bound, source_order
from migrate.decide.drafts import Module
from migrate.decide.offers import Offer, written
from migrate.decide.values import Local, Migrated, Partial, Symbol, Unknown, Value
from migrate.edits import Change, Edit, Operation, Write
from migrate.rule import Rule
from migrate.syntax.source import is_plain


def without_refused(rule: Rule, call: ast.Call, decided: Decided, bound: Bound) -> Decided | None:
    """The changes that leave out or rewrite the refused arguments, where the rule says that this is what to do."""
    arguments, dropped = list(bound.arguments), []
    while decided.refusal is not None:
        refused = decided.refusal.argument
        parameter = rule.parameter(refused.parameter)
        if parameter is None or refused.container is not call:
            return None
        arguments.remove(refused)
        if parameter.treatment.suggest and not isinstance(refused.value, (ast.Tuple, ast.List, ast.Constant)):
            dropped.append((refused, Change(operation=Operation("template", parameter.treatment.suggest))))
        elif parameter.treatment.suggest_without:
            dropped.append((refused, Change(drop=True)))
        else:
            return None
        decided = decide(rule, arguments)
    return Decided((*decided.changes, *dropped))


def by_argument(
    module: Module,
    call: ast.Call,
    func: ast.expr,
    decided: Decided,
    bound: Bound,
    symbols: tuple[str, ...] = (),
    converted: tuple[Write, ...] = (),
) -> Offer:
    """The call with each argument chosen by what is called: the rule's value for its classes, the old one for others.

    ``symbols`` are classes that may be called although nothing shows it; ``converted`` are the stars that follow the
    rule, for its classes alone.
    """
    values = module.file.evaluate(func)
    values |= {Migrated(module.rules.by_name[symbol], None) for symbol in symbols}
    partials = any(_may_be_partial(v) for v in values)
    classes = _classes(module, call, values)
    edits: list[Edit] = []
    subject, named = _subject(module, call, func)
    if not subject or not classes:
        return Offer(call)
    subject = f"getattr({subject}, 'func', {subject})" if partials else subject
    test = f"{subject} is {classes[0]}" if len(classes) == 1 else f"{subject} in ({', '.join(classes)})"
    containers = {container for _, container in bound.dropped_stars}
    for argument, change in decided.changes:
        if argument.container in containers:
            continue
        if argument.container is not call or (argument.positional and (partials or change.keyword or change.drop)):
            return Offer(call)
        edits.append(_chosen(call, argument, change, test, func))
    of_stars = _chosen_stars(call, bound, converted, test, func)
    if of_stars is None:
        return Offer(call)
    edits += of_stars
    return Offer(call, (*edits, *named) if edits else ())


def _chosen_stars(
    call: ast.Call, bound: Bound, converted: tuple[Write, ...], test: str, func: ast.expr
) -> list[Write] | None:
    """Stars that are left out, or converted, for the rule's classes alone; None where that cannot be written."""
    stars: list[tuple[ast.AST, str]] = [(source_order(call)[place], "{}") for place, _ in bound.dropped_stars]
    stars += [(write.node, write.text.removeprefix("**")) for write in converted]
    edits = []
    for star, text in stars:
        if not isinstance(star, ast.keyword):
            return None  # a sequence has no names that the other classes take
        parts = (("star", star.value), ("func", func))
        edits.append(Write(star, f"**({text} if {test} else {{star}})", parts))
    return edits


def _classes(module: Module, call: ast.Call, values: frozenset[Value]) -> list[str]:
    """The classes that take the rule's arguments, as a test names them; empty where one cannot be named."""
    names = set()
    for value in values:
        of = value.of if isinstance(value, Partial) else value
        if isinstance(of, Migrated):
            names.add(f"{{{of.rule.target.name}}}")
        elif isinstance(of, Local) and isinstance(of.node, ast.ClassDef):
            classes = module.file.classes
            base = classes.migrated_base(of.node)
            if base is None or module.first_left([of.node, base.reference]) is not None:
                continue
            if classes.defines(of.node, "__init__"):
                continue  # its own arguments stay the source framework's
            here = module.file.home(of.node) is module.file
            if not here or module.index.scope(call).resolve(of.node.name) is not module.index.module:
                return []
            names.add(of.node.name)
    return sorted(names)


def _may_be_partial(value: Value) -> bool:
    if isinstance(value, Symbol):
        return not value.name.startswith(("torch.", "builtins."))
    return isinstance(value, (Partial, Unknown))


def _subject(module: Module, call: ast.Call, func: ast.expr) -> tuple[str, tuple[Edit, ...]]:
    """What a test calls ``func``, and the edit that gives it a name where it must not be repeated."""
    if is_plain(func):
        return "{func}", ()
    scope = module.index.scope(call)
    if scope.is_class or scope.is_comprehension:
        return "", ()
    bound = {n for s in module.index.inner.values() for n in s.bindings} | set(module.index.loads)
    name = next(n for n in ("chosen", *map("chosen{}".format, range(2, 1000))) if n not in bound)
    return name, (Write(func, f"({name} := {{func}})", (("func", func),)),)


def _chosen(call: ast.Call, argument: Argument, change: Change, test: str, func: ast.expr) -> Write:
    value: ast.expr = argument.value
    parts: dict[str, ast.expr] = {"value": value, "func": func}
    new = {
        "keep": "{value}",
        "literal": change.operation.text,
        "complement": "1 - {value}",
        "wrap": f"{change.operation.text}({{value}})",
        "template": change.operation.text,
    }[change.operation.kind]
    if change.operation.kind == "complement" and (rest := _complemented(value)) is not None:
        new, parts["rest"] = "{rest}", rest
    place: ast.expr | ast.keyword = value
    text = f"{new} if {test} else {{value}}"
    if change.drop or change.keyword:
        place = next(k for k in call.keywords if k.value is value)
        mine = "{}" if change.drop else f"{{'{change.keyword}': {new}}}"
        text = f"**({mine} if {test} else {{'{argument.parameter}': {{value}}}})"
    return Write(place, text, tuple((n, p) for n, p in parts.items() if f"{{{n}}}" in text))


def _complemented(value: ast.expr) -> ast.expr | None:
    """``x`` of ``1 - x``."""
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Sub):
        return None
    return value.right if isinstance(value.left, ast.Constant) and value.left.value == 1 else None


def into_setattr(call: ast.Call, parent: ast.Assign) -> Offer:
    """``setattr(model, name, call)`` for ``model._modules[name] = call``."""
    target = parent.targets[0]
    if len(parent.targets) > 1 or not isinstance(target, ast.Subscript) or not isinstance(target.value, ast.Attribute):
        return Offer(call)
    parts = {"model": target.value.value, "name": target.slice, "call": call}
    return written(parent, "setattr({model}, {name}, {call})", parts)
