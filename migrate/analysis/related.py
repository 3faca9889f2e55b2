"""Functions of the source framework that a migrated layer does not get through, such as its compiler."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrate.analysis.drafts import Draft, Module
from migrate.analysis.holding import arriving, layer_behind
from migrate.analysis.syntax import passed
from migrate.analysis.values import Local, Symbol, Unknown, Value
from migrate.rule import Related, Rule


def decide_given(module: Module) -> None:
    """A review for each call, and each decorator, by which one of the functions gets a migrated layer."""
    if not module.rules.given:
        return
    for call in module.index.all(ast.Call):
        for name, related in _meant(module, call.func):
            given = [list(arriving(module.evaluator, p)) for p in passed(call)]
            _review(module, call.func, name, related, given)
    for node in (*module.index.named_functions, *module.index.all(ast.ClassDef)):
        for decorator in node.decorator_list:
            function = decorator.func if isinstance(decorator, ast.Call) else decorator
            for name, related in _meant(module, function):
                _review(module, function, name, related, [[Local(node)]])


def decide_holders(module: Module) -> None:
    """One review a file for each method that concerns what a module holds, such as the loading of a checkpoint."""
    found: dict[str, list[tuple[ast.Attribute, Rule]]] = {}
    for node in module.index.all(ast.Attribute):
        if node.attr not in module.rules.of_holders or any(module.base_of(v) for v in module.objects(node.value)):
            continue
        layer = layer_behind(module, arriving(module.evaluator, node.value))
        if layer is not None and layer.rule.methods[node.attr].holder:
            found.setdefault(node.attr, []).append((node, layer.rule))
    for name, calls in found.items():
        wanted = [(n, rule) for n, rule in calls if not module.is_skipped(n, "BN210")] or calls
        node, rule = min(wanted, key=lambda call: module.source.span(call[0]))
        others = sorted({module.line(n) for n, _ in wanted} - {module.line(node)})
        also = f" (as in line {', '.join(map(str, others))})" if others else ""
        advice = rule.methods[name].holder.replace("{renamed}", _renamed(rule))
        message = f"{ast.unparse(node.value)} holds {rule.source.name}{also}: {advice}"
        module.add(Draft("BN210", "method", f"{rule.source.name}.{name}", node, message))


def _renamed(rule: Rule) -> str:
    """The attributes of a layer whose names change, in words."""
    names = {old: a.to for old, a in rule.attributes.items() if a.to not in ("", old)}
    return f"rename {', '.join(f'{old} to {new}' for old, new in names.items())}"


def _meant(module: Module, function: ast.expr) -> Iterator[tuple[str, Related]]:
    """The functions of the rules that an expression means, by name."""
    if not isinstance(function, (ast.Name, ast.Attribute)):
        return
    for value in module.objects(function):
        if isinstance(value, Symbol) and value.name in module.rules.given:
            yield value.name, module.rules.given[value.name]


def _review(module: Module, function: ast.expr, name: str, related: Related, given: list[list[Value]]) -> None:
    """A review where one of the arguments ``given`` has a layer, or the first may have one that this file makes."""
    layer = layer_behind(module, (v for values in given for v in values))
    gets, symbol = "gets", layer.rule.source.name if layer is not None else ""
    if layer is None and given and Unknown() in given[0]:
        gets, symbol = "may get", next((d.symbol for d in module.drafts if d.makes_layers), "")
    if symbol:
        message = f"{name} {gets} {symbol} here: {related.advice}"
        module.add(Draft("BN210", related.role, name, function, message))
