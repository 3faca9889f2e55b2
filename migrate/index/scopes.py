"""Scopes as the language has them: which names a block binds, and where a name is looked up."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from migrate.index.summary import NOBODY

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
CLOSED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(slots=True, eq=False)
class Scope:
    """A namespace under construction: its names with their nodes.

    ``elsewhere`` holds the names that a global or nonlocal statement sends to another scope. ``owner`` is the node of
    the class whose body this is, ``result`` that of what the function returns.
    """

    parent: Scope | None
    names: dict[str, int] = field(default_factory=dict)
    elsewhere: dict[str, Scope] = field(default_factory=dict)
    owner: int = NOBODY
    result: int = NOBODY
    is_comprehension: bool = False

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

    def enclosing_class(self) -> int:
        """The node of the class around the scope; NOBODY outside of classes."""
        scope: Scope | None = self
        while scope is not None and not scope.is_class:
            scope = scope.parent
        return scope.owner if scope is not None else NOBODY


def bound_names(body: Iterable[ast.AST]) -> tuple[list[str], list[ast.Global | ast.Nonlocal]]:
    """The names that a block binds in its own scope, and its global and nonlocal statements."""
    names: dict[str, None] = {}
    redirects: list[ast.Global | ast.Nonlocal] = []
    for node in _own_nodes(body):
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            redirects.append(node)
        else:
            names.update(dict.fromkeys(_binds(node)))
    sent = {name for redirect in redirects for name in redirect.names}
    return [name for name in names if name not in sent], redirects


def _own_nodes(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of a block that belong to its scope, in the order of the text."""
    stack = list(body)[::-1]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, CLOSED):
            continue
        if isinstance(node, COMPREHENSIONS):
            # Only an assignment expression inside of it binds a name out here.
            stack += [n for n in ast.walk(node) if isinstance(n, ast.NamedExpr)]
            continue
        stack += list(ast.iter_child_nodes(node))[::-1]


def _binds(node: ast.AST) -> Iterator[str]:
    """The names that a node itself binds."""
    if isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Load):
            yield node.id
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        for alias in node.names:
            if alias.name != "*":
                is_module = isinstance(node, ast.Import) and not alias.asname
                yield alias.name.partition(".")[0] if is_module else alias.asname or alias.name
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest
