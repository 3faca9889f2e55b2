"""One file of a run under analysis: its index, and what its names and imports mean."""

from __future__ import annotations

import ast
from functools import cached_property
from typing import TYPE_CHECKING

from migrate.decide.values import Symbol
from migrate.syntax.index import Index
from migrate.syntax.scopes import Binding

if TYPE_CHECKING:
    from migrate.decide.callers import Callers
    from migrate.decide.classes import Classes
    from migrate.decide.project import Project
    from migrate.syntax.source import Source


class File:
    """A file, by which decisions ask what the run knows of its expressions."""

    def __init__(self, source: Source, project: Project) -> None:
        self.path = source.path
        self.index = Index(source)
        self.project = project
        self.evaluate = project.evaluate
        self.rules = project.rules

    @property
    def classes(self) -> Classes:
        return self.project.classes

    @property
    def callers(self) -> Callers:
        return self.project.callers

    def home(self, node: ast.AST) -> File:
        """The file that holds ``node``."""
        return self.project.homes[node]

    def is_module_member(self, node: ast.expr) -> bool:
        """``module.a.b`` of a library's module or class, whose last name no rule is about: nothing of ours."""
        if not isinstance(node, ast.Attribute) or node.attr in self._interesting:
            return False
        root = node.value
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name):
            return False
        bindings = self.bindings(root)
        if not bindings or any(b.kind != "import" for b in bindings):
            return False
        return all(isinstance(v, Symbol) and not v.path for v in self.evaluate(root))

    @cached_property
    def _interesting(self) -> frozenset[str]:
        return self.rules.class_names | {"partial", "deepcopy", "copy", "cast"}

    def bindings(self, node: ast.Name) -> list[Binding]:
        """The bindings that a name can mean."""
        scope = self.index.scope(node).resolve(node.id)
        return scope.bindings.get(node.id, []) if scope else []

    def imported_module(self, statement: ast.ImportFrom) -> str | None:
        """The file of the run that a from-import names."""
        tree, name = self.project.tree, statement.module or ""
        if statement.level:
            return tree.relative(self.path, statement.level, name)
        return None if name.partition(".")[0] in self.rules.packages else tree.absolute(self.path, name)
