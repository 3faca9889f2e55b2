"""The classes of a project: their bases, and what their instances hold under a name."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from migrate.decide.values import (
    Local,
    Migrated,
    Symbol,
    Value,
    has_rule,
)
from migrate.syntax.index import Index
from migrate.syntax.scopes import AttributeBinding, Binding, Function

if TYPE_CHECKING:
    from migrate.decide.project import Project

Assigned = tuple[ast.expr | None, ast.expr | None]


class Classes:
    """Looks members up through bases, ``self``, and assignments from outside."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._evaluate = project.evaluate

    def owner(self, function: ast.AST) -> ast.ClassDef | None:
        """The class whose body holds the method ``function`` directly."""
        parent = self._index(function).parent(function)
        return parent if isinstance(parent, ast.ClassDef) and not isinstance(function, ast.Lambda) else None

    def _index(self, node: ast.AST) -> Index:
        return self._project.homes[node].index

    def members(self, cls: ast.ClassDef, name: str, seen: frozenset[ast.AST] = frozenset()) -> list[Binding]:
        """The bindings of ``name`` in the body of ``cls`` or, failing that, of its bases in this file."""
        found = self._index(cls).inner[cls].bindings.get(name, [])
        if found or cls in seen:
            return found
        for base in self.local_bases(cls):
            found = self.members(base, name, seen | {cls})
            if found:
                return found
        return []

    def local_bases(self, cls: ast.ClassDef) -> tuple[ast.ClassDef, ...]:
        """The bases of ``cls`` that are classes of the project."""
        return self._project.remembered(("bases", cls), lambda: self._local_bases(cls)) if cls.bases else ()

    def _local_bases(self, cls: ast.ClassDef) -> tuple[ast.ClassDef, ...]:
        values = (v for b in cls.bases for v in self._evaluate(b))
        return tuple(v.node for v in values if isinstance(v, Local) and isinstance(v.node, ast.ClassDef))

    def migrated_base(self, cls: ast.ClassDef) -> Migrated | None:
        """The migrated class that ``cls`` derives from, directly or through classes of this file."""
        found = self._base(cls, lambda v: isinstance(v, Migrated))
        assert found is None or isinstance(found, Migrated)
        return found

    def target_base(self, cls: ast.ClassDef) -> Symbol | None:
        """The class of the target framework that ``cls`` derives from, where a rule is about that one."""
        targets = self._project.rules.by_target
        found = self._base(cls, lambda v: isinstance(v, Symbol) and v.name in targets)
        assert found is None or isinstance(found, Symbol)
        return found

    def has_rule(self, cls: ast.ClassDef) -> bool:
        """Whether ``cls`` derives from a class that a rule is about, of either framework."""
        return self._base(cls, lambda v: has_rule(v, self._project.rules)) is not None

    def _base(
        self, cls: ast.ClassDef, fits: Callable[[Value], bool], seen: frozenset[ast.AST] = frozenset()
    ) -> Value | None:
        """The first of the classes that ``cls`` derives from that ``fits``."""
        if cls in seen:
            return None
        for value in (v for base in cls.bases for v in self._evaluate(base)):
            if fits(value):
                return value
            if isinstance(value, Local) and isinstance(value.node, ast.ClassDef):
                found = self._base(value.node, fits, seen | {cls})
                if found:
                    return found
        return None

    def defines(self, cls: ast.ClassDef, name: str) -> bool:
        """Whether the file itself gives instances of ``cls`` an attribute ``name``."""
        return bool(self.members(cls, name)) or any(c in self._self_assignments.get(name, {}) for c in self.family(cls))

    def family(self, cls: ast.ClassDef) -> list[ast.ClassDef]:
        """A class and those that it derives from."""
        return self._project.remembered(("family", cls), lambda: self._family(cls)) if cls.bases else [cls]

    def _family(self, cls: ast.ClassDef) -> list[ast.ClassDef]:
        family = [cls]
        for c in family:
            family += [b for b in self.local_bases(c) if b not in family]
        return family

    @cached_property
    def _self_assignments(self) -> dict[str, dict[ast.ClassDef, list[Assigned]]]:
        """Assignments to ``self.name`` in the methods of a class, by name and class."""
        found: dict[str, dict[ast.ClassDef, list[Assigned]]] = {}
        for module in self._project.modules.values():
            for b in module.index.attribute_bindings:
                cls = self.of_self(b)
                if cls is not None:
                    found.setdefault(b.attr, {}).setdefault(cls, []).append((b.value, b.annotation))
        return found

    def of_self(self, assigned: AttributeBinding) -> ast.ClassDef | None:
        """The class whose method assigns to an attribute of its own ``self``."""
        if not isinstance(assigned.owner, ast.Name):
            return None
        scope = assigned.scope.resolve(assigned.owner.id)
        if scope is None or not isinstance(scope.node, Function) or not scope.node.args.args:
            return None
        return self.owner(scope.node) if scope.node.args.args[0].arg == assigned.owner.id else None
