"""Scopes and the bindings in them."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Literal

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass(frozen=True, slots=True)
class Binding:
    """One place that binds a name. ``value`` is the bound expression where it can be read off the syntax.

    An ``element`` is one of the items of ``value``, a ``part`` the one at ``place``.
    """

    kind: Literal["import", "value", "element", "part", "entered", "parameter", "rest", "function", "class", "unknown"]
    name: str
    node: ast.AST
    scope: Scope
    value: ast.expr | None = None
    annotation: ast.expr | None = None
    place: int | None = None


@dataclass(slots=True, eq=False)
class Scope:
    """A namespace: module, class, function, lambda or comprehension."""

    node: ast.AST
    parent: Scope | None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    elsewhere: dict[str, Scope] = field(default_factory=dict)
    star_imports: list[ast.ImportFrom] = field(default_factory=list)

    @property
    def is_class(self) -> bool:
        return isinstance(self.node, ast.ClassDef)

    @property
    def function(self) -> Scope | None:
        """The function, class or module that holds the scope, or the scope itself where it is one."""
        return self.parent.function if self.is_comprehension and self.parent is not None else self

    @property
    def is_comprehension(self) -> bool:
        return isinstance(self.node, Comprehension)

    def resolve(self, name: str) -> Scope | None:
        """The scope whose ``name`` a use here means, or None where nothing in the file binds it."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.elsewhere:
                return scope.elsewhere[name]
            if name in scope.bindings and (scope is self or not scope.is_class):
                return scope
            scope = scope.parent
        return None


@dataclass(frozen=True, slots=True)
class AttributeBinding:
    """``owner.attr = value`` (or ``owner.add_module("attr", value)``)."""

    target: ast.Attribute | ast.Call | ast.Subscript
    owner: ast.expr
    attr: str
    value: ast.expr | None
    annotation: ast.expr | None
    scope: Scope
