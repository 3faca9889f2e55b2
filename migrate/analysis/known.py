"""What the flow knows of a call, as values: it replaces all that evaluation finds there besides classes of rules."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrate.analysis.values import (
    NOTHING,
    UNKNOWN,
    Instance,
    Local,
    Migrated,
    Partial,
    Symbol,
    Unknown,
    Value,
    Values,
    union,
)
from migrate.flow.facts import Fact
from migrate.flow.library import KINDS

if TYPE_CHECKING:
    from migrate.analysis.project import Project


def callables(project: Project, func: ast.expr, values: Values) -> Values:
    """What is called: of the evaluated ``values`` the classes of rules that come there, and all else that may."""
    queries = project.queries
    called = queries.called(func)
    names = {str(fact[1]) for fact in called if fact[0] == "M"}
    ours = frozenset(v for v in values if _is_of_rule(project, v))
    if not ours and names:
        ours = _from_afar(project, func)
    is_open = queries.may_be_else(func) if ours else None
    if is_open is None:
        return values
    others = [known for fact in called if (known := _callable(project, fact)) is not None]
    found = NOTHING if queries.makes_none(func) else _among(project, ours, names)
    return found | frozenset(others) | (UNKNOWN if is_open else NOTHING)


def _from_afar(project: Project, func: ast.expr) -> Values:
    """The classes of rules that only the flow leads to a call, and partials of them."""
    queries = project.queries
    facts = [fact for fact in queries.objects(func) if fact[0] in "MP"]
    spelled = [node for fact in facts for node in queries.spellings(func, fact)]
    values = [frozenset(v for v in project.evaluate(node) if _is_of_rule(project, v)) for node in spelled]
    return union(values) if all(values) else NOTHING  # nothing tells whether what is not understood stays


def _among(project: Project, ours: Values, names: set[str]) -> Values:
    """The classes of rules that have some names; all of them where none does."""
    known = {project.queries.flow.names[name] for name in names}
    return frozenset(v for v in ours if _name(project, v) in (None, *known)) or ours


def _name(project: Project, value: Value) -> str | None:
    """The name by which the flow knows a class of a rule; None for what is not one itself."""
    if isinstance(value, Migrated):
        return value.rule.source.name
    return project.queries.flow.names.get(value.name) if isinstance(value, Symbol) else None


def _is_of_rule(project: Project, value: Value) -> bool:
    """Whether a value is a class of a rule, one that derives from it, or a partial of one."""
    if isinstance(value, Partial):
        return _is_of_rule(project, value.of)
    if isinstance(value, Local) and isinstance(value.node, ast.ClassDef):
        classes = project.classes
        return (classes.migrated_base(value.node) or classes.target_base(value.node)) is not None
    return isinstance(value, Migrated) or (isinstance(value, Symbol) and value.name in project.rules.by_target)


def _callable(project: Project, fact: Fact) -> Value | None:
    """The value for a fact of what is called; None for what cannot be, and for classes of rules."""
    if fact[0] == "N":
        return Unknown()
    if fact[0] == "S":
        return Symbol(str(fact[1]))
    if fact[0] in "LI":
        return None if fact[1] in KINDS else Instance(Symbol(str(fact[1])))
    definition = project.queries.definition(fact) if fact[0] in "FBKO" else None
    if definition is None or (fact[0] == "K" and _is_of_rule(project, Local(definition))):
        return None
    return Instance(Local(definition)) if fact[0] == "O" else Local(definition)
