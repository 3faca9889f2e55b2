"""Scopes as the language has them: which names a block binds, and where a name is looked up."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from migrate.index.summary import NOBODY

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
CLOSED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
BLOCKS = ("body", "orelse", "finalbody")
WITHOUT_NAMES = (ast.Expr, ast.Return, ast.Raise, ast.Pass, ast.Assert)
"""Statements that bind nothing and hold no block."""


class Source(NamedTuple):
    """The nodes of a parameter's default and annotation."""

    default: int | None
    annotation: int


@dataclass(slots=True, eq=False)
class Scope:
    """A namespace under construction: its names with their nodes.

    ``elsewhere`` holds the names that a global or nonlocal statement sends to another scope, ``sources`` the parameters
    that nothing else is bound to, ``declared`` the annotations that speak about all that is bound to names, ``types``
    the type parameters of this and what is around it, but for those that it binds anew.
    ``narrowed`` are the nodes that stand for names at places, as tests made them, ``rebound`` what other scopes bind to
    them, at any time. ``owner`` is the node of the class whose body this is, ``result`` that of what the
    function returns, and ``number`` says which function of the file it is or is inside of. ``generators`` are the nodes
    of what it yields, one for each place, and ``returned`` those of what such a function returns besides. ``copied``
    has the parameters of which nodes hold a copy, and ``copies`` the names under which the function returns such.
    """

    parent: Scope | None
    names: dict[str, int] = field(default_factory=dict)
    elsewhere: dict[str, Scope] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    declared: dict[str, int] = field(default_factory=dict)
    types: dict[str, int] = field(default_factory=dict)
    narrowed: dict[str, list[int]] = field(default_factory=dict)
    rebound: dict[str, list[int]] = field(default_factory=dict)
    owner: int = NOBODY
    result: int = NOBODY
    is_comprehension: bool = False
    number: int = NOBODY
    returned: list[int] = field(default_factory=list)
    copied: dict[int, str] = field(default_factory=dict)
    copies: set[str] = field(default_factory=set)
    generators: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.parent is not None:
            self.types = dict(self.parent.types)
            self.number = self.parent.number if self.number == NOBODY else self.number

    @property
    def is_class(self) -> bool:
        return self.owner != NOBODY

    def home(self, name: str) -> Scope:
        """The scope that a binding of ``name`` here belongs to."""
        return self.elsewhere.get(name, self)

    def resolve(self, name: str) -> Scope | None:
        """The scope whose ``name`` a use here means; None where nothing in the file binds it."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.elsewhere:
                return scope.elsewhere[name]
            if name in scope.names and (scope is self or not scope.is_class):
                return scope
            scope = scope.parent
        return None

    def function(self) -> Scope | None:
        """The function around the scope, or the scope itself where it is one."""
        scope: Scope | None = self
        while scope is not None and scope.result == NOBODY:
            scope = None if scope.is_class else scope.parent
        return scope

    def standing(self, name: str) -> list[int]:
        """The nodes that stand for a name at places, which hold what other scopes bind to it, at any time."""
        return [*self.narrowed.get(name, ()), *([self.result] if name in self.copies else ())]

    def around_comprehensions(self) -> Scope:
        """The scope in which assignment expressions bind."""
        scope = self
        while scope.is_comprehension and scope.parent is not None:
            scope = scope.parent
        return scope

    def enclosing_class(self) -> int:
        """The node of the class around the scope; NOBODY outside of classes."""
        scope: Scope | None = self
        while scope is not None and not scope.is_class:
            scope = scope.parent
        return scope.owner if scope is not None else NOBODY


def bound_names(body: Iterable[ast.stmt]) -> tuple[list[str], list[ast.Global | ast.Nonlocal]]:
    """The names that the statements of a block bind in its own scope, and its global and nonlocal statements.

    Assignment expressions are not looked for, which would double the time: they bind their names where they are read.
    """
    names: dict[str, None] = {}
    redirects: list[ast.Global | ast.Nonlocal] = []
    _collect(body, names, redirects)
    sent = {name for redirect in redirects for name in redirect.names}
    return [name for name in names if name not in sent], redirects


def _collect(body: Iterable[ast.stmt], names: dict[str, None], redirects: list[ast.Global | ast.Nonlocal]) -> None:
    for statement in body:
        kind = statement.__class__
        if kind in WITHOUT_NAMES:
            continue
        if isinstance(statement, (ast.Global, ast.Nonlocal)):
            redirects.append(statement)
            continue
        for name in _binds(statement):
            names[name] = None
        if kind in CLOSED:
            continue
        for handler in getattr(statement, "handlers", ()):
            if handler.name:
                names[handler.name] = None
        for case in getattr(statement, "cases", ()):
            names.update(dict.fromkeys(n for p in ast.walk(case.pattern) for n in _captured(p)))
        for inner in _bodies(statement):
            _collect(inner, names, redirects)


def _bodies(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of a statement."""
    for part in BLOCKS:
        yield getattr(statement, part, [])
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield part.body


def nonlocal_names(body: Iterable[ast.stmt]) -> Iterator[str]:
    """The names of all nonlocal statements in a block, and in functions inside of it."""
    for statement in body:
        if isinstance(statement, ast.Nonlocal):
            yield from statement.names
        for inner in _bodies(statement):
            yield from nonlocal_names(inner)


def _binds(node: ast.stmt) -> Iterator[str]:
    """The names that a statement itself binds."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _targets(target)
    elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.For, ast.AsyncFor)):
        yield from _targets(node.target)
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        for alias in node.names:
            if alias.name != "*":
                is_module = isinstance(node, ast.Import) and not alias.asname
                yield alias.name.partition(".")[0] if is_module else alias.asname or alias.name
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        for item in node.items:
            if item.optional_vars is not None:
                yield from _targets(item.optional_vars)
    elif type(node).__name__ == "TypeAlias":
        yield from _targets(getattr(node, "name"))  # noqa: B009 - no such statement before Python 3.12
    elif isinstance(node, ast.Delete):
        for target in node.targets:
            yield from _targets(target)


def _targets(node: ast.expr) -> Iterator[str]:
    """The names among what is assigned to."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, (ast.Tuple, ast.List)):
        for part in node.elts:
            yield from _targets(part)
    elif isinstance(node, ast.Starred):
        yield from _targets(node.value)


def _captured(node: ast.AST) -> Iterator[str]:
    """The names that a part of a pattern binds."""
    name = node.rest if isinstance(node, ast.MatchMapping) else getattr(node, "name", None)
    if name is not None and isinstance(node, ast.pattern):
        yield name
