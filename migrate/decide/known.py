"""What an expression may be, as the flow of the run knows it, in the values that decisions are made of."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from migrate.decide.values import (
    NOTHING,
    UNKNOWN,
    Constant,
    Instance,
    Local,
    Migrated,
    Namespace,
    Partial,
    Symbol,
    Unknown,
    Value,
    Values,
    constant,
    union,
)
from migrate.flow.facts import Fact
from migrate.flow.library import EFFECTS

if TYPE_CHECKING:
    from migrate.decide.project import Project

DISPLAYS: dict[type[ast.expr], str] = {
    ast.Dict: "builtins.dict",
    ast.DictComp: "builtins.dict",
    ast.List: "builtins.list",
    ast.ListComp: "builtins.list",
    ast.Set: "builtins.set",
    ast.SetComp: "builtins.set",
    ast.Tuple: "builtins.tuple",
}


def values_of(project: Project, node: ast.expr) -> Values:
    """What an expression may be; anything, too, where the files do not show all of it."""
    form = FORMS.get(type(node))
    return form(project, node) if form is not None else held(project, node)


def held(project: Project, node: ast.expr) -> Values:
    """What the flow has for an expression."""
    queries = project.queries
    facts = queries.objects(node)
    found = frozenset(v for fact in facts if not queries.is_among(fact, facts) for v in _of_fact(project, node, fact))
    literals = queries.literals(node)
    if literals is None:
        kept = frozenset(v for fact in queries.kept(node) for v in _of_fact(project, node, fact))
        return kept | UNKNOWN
    found |= frozenset(Constant(value, kind) for kind, value in literals.values)
    return found | UNKNOWN if literals.unknown or not found else found


def _of_fact(project: Project, node: ast.AST, fact: Fact) -> Iterator[Value]:
    kind, of = fact[0], str(fact[1])
    queries = project.queries
    if kind in "MI":
        for each in queries.origins(node, fact):
            cls = _class(project, of, each)
            yield cls if kind == "M" else Instance(cls)
            if each is None and isinstance(cls, Migrated):
                yield Unknown()
    elif kind in "FBKO":
        definition = queries.definition(fact)
        if definition is not None:
            yield Instance(Local(definition)) if kind == "O" else Local(definition)
    elif kind == "P":
        yield from _partials(project, fact)
    elif kind == "S":
        yield Symbol(of)
    elif kind == "L":
        yield from _of_library(project, node, fact)
    elif kind == "X":
        yield Namespace(of)
    elif kind == "D":
        yield Instance(Symbol(queries.library_container(fact) or "builtins.object"))
    else:
        yield Unknown()


def _of_library(project: Project, node: ast.AST, fact: Fact) -> Iterator[Value]:
    """An object of a class of a library; for one beside the classes of rules, an instance of any of those."""
    related = project.rules.related.get(str(fact[1]))
    names = [n for n in related.classes if n in project.rules.by_name] if related is not None else []
    for spelled in project.queries.origins(node, fact) if names else ():
        yield from (Instance(Migrated(project.rules.by_name[name], spelled)) for name in names)
    if not names:
        yield Instance(Symbol(str(fact[1])))


def _partials(project: Project, fact: Fact) -> Iterator[Value]:
    for at, inner, filled in project.queries.partials(fact):
        for value in _at(project, at, inner):
            yield Partial(value, None, filled)


def _at(project: Project, at: int, fact: Fact) -> Iterator[Value]:
    """The values of what is made a partial of."""
    if fact[0] == "M":
        for each in project.queries.origins_at([at], fact):
            yield _class(project, str(fact[1]), each)
    elif fact[0] in "FBK":
        definition = project.queries.definition(fact)
        if definition is not None:
            yield Local(definition)
    elif fact[0] == "S":
        yield Symbol(str(fact[1]))


def _class(project: Project, name: str, reference: ast.AST | None) -> Migrated | Symbol:
    rules = project.rules
    if name in rules.by_name:
        return Migrated(rules.by_name[name], reference)
    return Symbol(rules.by_target[name].target.name)


def _called(project: Project, node: ast.Call) -> Values:
    if isinstance(node.func, ast.Name) and node.func.id == "super" and not node.keywords:
        return _above(project, node)
    found = held(project, node)
    called = project.queries.objects(node.func)
    foreign = [str(f[1]) for f in called if f[0] == "S" and str(f[1]) not in EFFECTS]
    if not foreign or found != UNKNOWN:
        return found
    if foreign == ["builtins.float"] and len(node.args) == 1:
        return _float(project, node.args[0])
    own = all(f[0] == "S" for f in called)
    return (NOTHING if own else found) | {Instance(Symbol(name)) for name in foreign}


def _float(project: Project, node: ast.expr) -> Values:
    found = project.evaluate(node)
    try:
        return union(constant(float(v.value)) for v in found)  # type: ignore[union-attr, arg-type]
    except (AttributeError, TypeError, ValueError):
        return frozenset({Instance(Symbol("builtins.float"))})


def _above(project: Project, node: ast.expr) -> Values:
    """``super()``: an instance of each base of the class around it."""
    index = project.homes[node].index
    cls = next((a for a in index.ancestors(node) if isinstance(a, ast.ClassDef)), None)
    bases = [v for b in cls.bases for v in project.evaluate(b)] if cls else []
    return frozenset(Instance(v) if isinstance(v, (Symbol, Migrated, Local)) else Unknown() for v in bases) or UNKNOWN


FORMS: dict[type[ast.expr], Callable[..., Values]] = {
    ast.Constant: lambda project, node: constant(node.value),
    ast.Lambda: lambda project, node: frozenset({Local(node)}),
    ast.Call: _called,
    **{kind: lambda project, node: frozenset({Instance(Symbol(DISPLAYS[type(node)]))}) for kind in DISPLAYS},
}
