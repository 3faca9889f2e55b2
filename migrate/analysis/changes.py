"""Which containers of a project are written to after they were made, and with what."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrate.analysis.containers import is_container
from migrate.analysis.scopes import Function
from migrate.analysis.syntax import passed
from migrate.analysis.values import Container, Rest, Value
from migrate.flow.facts import Fact
from migrate.flow.queries import DISPLAYS

if TYPE_CHECKING:
    from migrate.analysis.evaluator import Evaluator
    from migrate.analysis.project import Project

PUTS = frozenset({"append", "insert", "setdefault", "add", "register", "__setitem__"})
EMPTIES = frozenset({"extend", "update", "__ior__", "__iadd__"})
REORDERS = frozenset({"pop", "popitem", "remove", "clear", "sort", "reverse", "discard", "__delitem__"})
TRUSTED = ("builtins", "functools", "itertools", "collections", "copy", "typing", "math", "os", "re", "json", "numpy")
"""Libraries whose functions leave a container that they get as it is."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is put into a container, and the ``sources`` whose elements are.

    ``by_others``: code that is not followed may put in more.
    """

    put: tuple[ast.expr, ...] = ()
    sources: tuple[ast.expr, ...] = ()
    by_others: bool = False

    @property
    def fills(self) -> bool:
        """Whether something is put in, as against taken out or moved."""
        return bool(self.put or self.sources) or self.by_others

    def __or__(self, other: Change) -> Change:
        put = self.put + tuple(p for p in other.put if p not in self.put)
        sources = self.sources + tuple(s for s in other.sources if s not in self.sources)
        return Change(put, sources, self.by_others or other.by_others)


def find_changes(project: Project) -> dict[Value, Change]:
    """The changed containers by value."""
    found: dict[Value, Change] = {}

    def look(module: Evaluator) -> None:
        for receiver, change in _sites(module):
            for value in _containers(project, receiver):
                found[value] = found.get(value, Change()) | change

    project.for_each(look)
    return found


def _containers(project: Project, receiver: ast.expr) -> Iterator[Value]:
    """The containers that an expression may be."""
    made = project.queries.containers(receiver)
    for node in [receiver] if made is None else made:
        if isinstance(node, DISPLAYS) and made is not None:
            yield Container(node)
        elif isinstance(node, ast.expr):
            yield from filter(is_container, project.evaluate(node))
        elif isinstance(node, ast.arg):
            function = project.homes[node].index.scope(node).node
            if isinstance(function, Function):
                yield Rest(function, node is function.args.kwarg)


def _sites(module: Evaluator) -> Iterator[tuple[ast.expr, Change]]:
    """The places of a module that change a container: the expression that holds it, and the change."""
    index = module.index
    for item in index.all(ast.Subscript):
        if not isinstance(item.ctx, ast.Load):
            assigned = tuple(_assigned(index.parent(item)))
            yield item.value, Change((), assigned) if isinstance(item.slice, ast.Slice) else Change(assigned)
    for grown in index.all(ast.AugAssign):
        if isinstance(grown.op, (ast.Add, ast.BitOr)) and isinstance(grown.target, (ast.Name, ast.Attribute)):
            yield grown.target, Change((), (grown.value,))
    for call in index.all(ast.Call):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if name in PUTS | EMPTIES | REORDERS:
            assert isinstance(call.func, ast.Attribute)
            yield call.func.value, _by_method(name, call)
        for argument in passed(call):
            if _may_hold(module, argument) and _is_foreign(module, call):
                yield argument, Change(by_others=True)


def _by_method(name: str, call: ast.Call) -> Change:
    """What a method of a container does to it."""
    named = tuple(k.value for k in call.keywords if k.arg is not None)
    if name in PUTS:
        return Change((*call.args, *named))
    starred = tuple(k.value for k in call.keywords if k.arg is None)
    return Change(named, (*call.args, *starred)) if name in EMPTIES else Change()


def _assigned(statement: ast.AST | None) -> Iterable[ast.expr]:
    """What an assignment with the item as a target puts somewhere."""
    if isinstance(statement, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
        return [statement.value] if statement.value is not None else []
    if isinstance(statement, (ast.Tuple, ast.List)):
        return [e for e in statement.elts if isinstance(e, ast.expr)]
    return []


def _may_hold(module: Evaluator, argument: ast.expr) -> bool:
    """Whether an argument names something that the file fills as a container; cheap."""
    if isinstance(argument, ast.Name):
        values = [b.value for b in module.bindings(argument) if b.kind == "value"]
    elif isinstance(argument, ast.Attribute):
        values = [b.value for b in module.index.assigned_attributes.get(argument.attr, ())]
    else:
        return False
    return any(isinstance(v, (ast.Dict, ast.List, ast.Set)) for v in values)


def _is_foreign(module: Evaluator, call: ast.Call) -> bool:
    """Whether the call runs code that is not followed and may change its arguments."""
    queries = module.project.queries
    facts = [held for fact in queries.facts(call.func) for held in queries.flow.behind(fact)]
    return not facts or not all(_is_followed(fact, module.rules.packages) for fact in facts)


def _is_followed(fact: Fact, packages: frozenset[str]) -> bool:
    if fact[0] in "SL":
        return str(fact[1]).partition(".")[0] in (*TRUSTED, *packages)
    return fact[0] != "N"
