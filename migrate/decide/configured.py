"""Configurations of layers, ``dict(type=..., ...)``: their arguments go to a constructor that is looked up by name."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrate.decide.drafts import Draft, Module
from migrate.edits import ChangeArguments
from migrate.flow.made import Makers
from migrate.rule import Rule
from migrate.syntax.shapes import literal_string

KEY = "type"
"""The key under which a configuration has the name of a class."""
Arriving = frozenset[tuple[str, str, object]]
"""Names of parameters, with the kinds and values of literals that come to them."""


def decide_configured(module: Module) -> None:
    """A review of each configuration with an argument that means something else to the target's class.

    Where the files show the constructor that gets it, there is none: it is converted there, or in the configuration.
    A file that makes layers itself is taken to make them of its own configurations.
    """
    makes_layers = any(isinstance(e, ChangeArguments) for d in module.drafts for e in d.edits)
    if not module.rules.configured or makes_layers:
        return
    for node, entries in _mappings(module):
        rule = module.rules.configured.get(literal_string(entries[KEY])) if KEY in entries else None
        if rule is None:
            continue
        changed = [p.name for p in rule.parameters if p.name in entries and p.treatment.action != "keep"]
        left = [name for name in changed if not _arrives(module, name, entries[name])]
        if left:
            module.add(Draft("BN221", "other", rule.source.name, node, _message(rule, left)))


def _message(rule: Rule, changed: list[str]) -> str:
    return (
        f"what stands here as {', '.join(changed)} is meant for {rule.source.name}: where {rule.target.name} is made "
        "of this configuration, convert it in that call, or change it here and in all configurations that go there"
    )


def _arrives(module: Module, name: str, value: ast.expr) -> bool:
    """Whether a value is known to come to a parameter of a constructor by that alone, which is looked at there."""
    if not isinstance(value, ast.Constant):
        return False
    arriving = module.file.project.remembered("arriving", lambda: _arriving(module))
    return (name, type(value.value).__name__, value.value) in arriving


def _arriving(module: Module) -> Arriving:
    """The literals that come to the arguments of constructors, other than by stars."""
    queries = module.file.project.queries
    signatures = {r.source.name: [p.name for p in r.parameters] for r in module.rules.rules}
    found: set[tuple[str, str, object]] = set()
    for made in Makers(queries.flow, signatures).all():
        for name, nodes in made.arguments.items():
            for node in (each for each in nodes if each not in made.stars):
                found.update((name, *literal) for literal in queries.literals_at(node).values)
    return frozenset(found)


def _mappings(module: Module) -> Iterator[tuple[ast.expr, dict[str, ast.expr]]]:
    """The dicts that a file spells out, with what stands under each key that is a text."""
    for display in module.index.all(ast.Dict):
        pairs = zip(display.keys, display.values, strict=True)
        yield display, {k.value: v for k, v in pairs if isinstance(k, ast.Constant) and isinstance(k.value, str)}
    for call in module.index.all(ast.Call):
        if call.keywords and not call.args:
            yield call, {k.arg: k.value for k in call.keywords if k.arg is not None}
