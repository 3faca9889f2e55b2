"""Which names of a project hold or give a migrated class or an instance of it, by themselves."""

from __future__ import annotations

import ast
from functools import cached_property

from migrate.analysis.containers import at, is_container
from migrate.analysis.evaluator import Evaluator
from migrate.analysis.project import Project
from migrate.analysis.scopes import Function
from migrate.analysis.syntax import is_special
from migrate.analysis.values import Instance, Local, Partial, Value, Values, has_rule

CALLED = frozenset({"__init__", "__new__", "__call__", "forward"})
"""Methods that run without being named."""


class Givers:
    """Tells which values are a migrated class or an instance of it, hold one, or give one when they are called."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._sources = {*project.rules.short_names, *project.rules.target_names}
        self._giving: dict[Value, bool] = {}

    @cached_property
    def names(self) -> frozenset[str] | None:
        """The names of the attributes and functions that hold or give one; None where that needs no name.

        Whoever uses such an instance, and does not make it, spells one of them. So does a function that gives one,
        or it spells the class, or it gets what it gives from callers that do: no other has to be evaluated.
        """
        held: list[tuple[str, Values]] = []

        def look(module: Evaluator) -> None:
            classes = self._project.classes
            for cls in module.index.all(ast.ClassDef):
                held.extend((n, classes.attribute(cls, n, True)) for n in classes.own_names(cls))
            held.extend((n, self._project.exported(module.path, n)) for n in module.index.module.bindings)

        self._project.for_each(look)
        found: set[str] = set()
        more = {name for name, values in held if self._any(values)}
        while more:
            found |= more
            self._sources |= more
            self._giving = {value: True for value, gives in self._giving.items() if gives}
            more = {name for name, values in held if name not in found and self._any(values)}
        return None if any(map(is_nameless, found)) else frozenset(found)

    def give(self, values: Values) -> bool:
        """Whether one of the values is a migrated class or an instance of it, or holds or gives one itself."""
        self.names  # noqa: B018 - functions are judged by them
        return self._any(values)

    def _any(self, values: Values) -> bool:
        return any(map(self._gives, values))

    def _gives(self, value: Value) -> bool:
        """Remembered; a circle adds nothing."""
        if value not in self._giving:
            self._giving[value] = False
            of = value.of if isinstance(value, (Instance, Partial)) else value
            if isinstance(of, Local) and isinstance(of.node, ast.ClassDef):
                self._giving[value] = self._project.classes.has_rule(of.node)
            elif isinstance(of, Local) and isinstance(of.node, Function):
                self._giving[value] = self._function(of.node)
            elif is_container(of):
                self._giving[value] = self._any(self.inside(of))
            else:
                self._giving[value] = has_rule(of, self._project.rules)
        return self._giving[value]

    def _function(self, function: Function) -> bool:
        module = self._project.homes[function]
        may_give = not self._sources.isdisjoint(module.index.words(function))
        return may_give and self._any(module.returned(function))

    def inside(self, container: Value) -> Values:
        """All that a container holds, which is the same from whichever module one looks."""
        return at(next(iter(self._project.modules.values())), container, None)


def is_nameless(name: str) -> bool:
    """Whether what has this name runs without being spelled."""
    return name in CALLED or is_special(name)
