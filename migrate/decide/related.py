"""Functions of the source framework that a migrated layer does not get through, such as its compiler."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from migrate.decide.drafts import Draft, Module
from migrate.decide.holding import network_of, rule_held
from migrate.decide.values import Symbol, Unknown
from migrate.rule import Related, Rule
from migrate.syntax.nodes import passed


def decide_given(module: Module) -> None:
    """A review for each call, and each decorator, by which one of the functions gets a migrated layer."""
    if not module.rules.given:
        return
    for call in module.index.all(ast.Call):
        for name, related in _meant(module, call.func):
            _review(module, call.func, name, related, passed(call))
    for node in (*module.index.named_functions, *module.index.all(ast.ClassDef)):
        for decorator in node.decorator_list:
            function = decorator.func if isinstance(decorator, ast.Call) else decorator
            for name, related in _meant(module, function):
                _review(module, function, name, related, [node])


def decide_holders(module: Module) -> None:
    """One review a file for each method that concerns what a module holds, such as the loading of a checkpoint."""
    found: dict[str, list[tuple[ast.Attribute, Rule]]] = {}
    for node in module.index.all(ast.Attribute):
        if node.attr not in module.rules.of_holders or any(module.base_of(v) for v in module.objects(node.value)):
            continue
        rule = rule_held(module, node.value, node.attr)
        if rule is not None and rule.methods[node.attr].holder:
            found.setdefault(node.attr, []).append((node, rule))
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


def _review(module: Module, function: ast.expr, name: str, related: Related, given: Sequence[ast.AST]) -> None:
    """A review where one of the arguments ``given`` has a layer, or the first may have one that this file makes."""
    rule = next((rule for node in given if (rule := rule_held(module, node)) is not None), None)
    gets, symbol = "gets", rule.source.name if rule is not None else ""
    if rule is None and given and _may_be_any(module, given[0]):
        gets, symbol = "may get", next((d.symbol for d in module.drafts if d.makes_layers), "")
    if symbol:
        message = f"{name} {gets} {symbol} here: {related.advice}"
        module.add(Draft("BN210", related.role, name, function, message))


def _may_be_any(module: Module, node: ast.AST) -> bool:
    """Whether an argument may be any network: it is not known what it is, and it is no network that is known."""
    known = module.file.project.queries.is_network(network_of(module, node))
    return not known and isinstance(node, ast.expr) and Unknown() in module.objects(node)
