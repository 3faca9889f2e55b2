"""What the files of a run know of each other: classes, callers, and the values of every expression."""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, TypeVar, cast

from migrate.decide.callers import Callers
from migrate.decide.classes import Classes
from migrate.decide.file import File
from migrate.decide.known import values_of
from migrate.decide.values import Values
from migrate.flow.queries import Queries
from migrate.rules import RuleSet

if TYPE_CHECKING:
    from migrate.syntax.source import Source

T = TypeVar("T")


class Project:
    """The files of a run that were read, and what the flow of the run knows of their expressions."""

    def __init__(self, rules: RuleSet, queries: Queries) -> None:
        self.rules = rules
        self.queries = queries
        self.flow = queries.flow
        self.tree = queries.flow.tree
        self.modules: dict[str, File] = {}
        self.failed: dict[str, Exception] = {}
        self.homes: dict[ast.AST, File] = {}
        self._values: dict[ast.AST, Values] = {}
        self._remembered: dict[Hashable, object] = {}
        self.classes = Classes(self)
        self.callers = Callers(self)

    def for_each(self, look: Callable[[File], None]) -> None:
        """Apply ``look`` to every file; one that fails leaves the project and does not stop the others."""
        for path, module in list(self.modules.items()):
            try:
                look(module)
            except Exception as error:
                self.failed[path] = error
                del self.modules[path]

    def add(self, source: Source) -> File:
        """Take a file in. Raises FileError where it cannot be parsed."""
        file = self.modules[source.path] = File(source, self)
        self.homes.update(dict.fromkeys(file.index.scopes, file))
        return file

    def evaluate(self, node: ast.expr) -> Values:
        """The values of ``node`` where it stands."""
        found = self._values.get(node)
        if found is None:
            found = self._values[node] = values_of(self, node)
        return found

    def remembered(self, key: Hashable, find: Callable[[], T]) -> T:
        """What ``find`` finds, which is looked for once."""
        if key not in self._remembered:
            self._remembered[key] = find()
        return cast(T, self._remembered[key])

    def is_imported(self, path: str, name: str) -> bool:
        """Whether another module that was read imports ``name`` from the module ``path``."""
        return any(
            m.imported_module(statement) == path
            for m in self.modules.values()
            if m.path != path
            for statement in m.index.all(ast.ImportFrom)
            if any(a.name in (name, "*") for a in statement.names)
        )
