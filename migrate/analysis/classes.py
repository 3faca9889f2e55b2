"""The classes of a file: their bases, and what their instances hold under a name."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cached_property

from migrate.analysis.scopes import Binding, Function, Index
from migrate.analysis.values import NOTHING, UNKNOWN, Local, Migrated, Value, Values

Assigned = tuple[ast.expr | None, ast.expr | None]


class Classes:
    """Looks members up through bases and ``self``; values come from the evaluator it is given."""

    def __init__(
        self,
        index: Index,
        evaluate: Callable[[ast.expr], Values],
        binding_values: Callable[[Binding], Values],
        annotated: Callable[[ast.expr], Values],
        returned: Callable[[ast.AST], Values],
    ) -> None:
        self._index = index
        self._evaluate = evaluate
        self._binding_values = binding_values
        self._annotated = annotated
        self._returned = returned

    def owner(self, function: ast.AST) -> ast.ClassDef | None:
        """The class whose body holds the method ``function`` directly."""
        parent = self._index.parent(function)
        return parent if isinstance(parent, ast.ClassDef) and not isinstance(function, ast.Lambda) else None

    def members(self, cls: ast.ClassDef, name: str, seen: frozenset[ast.AST] = frozenset()) -> list[Binding]:
        """The bindings of ``name`` in the body of ``cls`` or, failing that, of its bases in this file."""
        found = self._index.inner[cls].bindings.get(name, [])
        if found or cls in seen:
            return found
        for base in self.local_bases(cls):
            found = self.members(base, name, seen | {cls})
            if found:
                return found
        return []

    def local_bases(self, cls: ast.ClassDef) -> list[ast.ClassDef]:
        values = [v for b in cls.bases for v in self._evaluate(b)]
        return [v.node for v in values if isinstance(v, Local) and isinstance(v.node, ast.ClassDef)]

    def migrated_base(self, cls: ast.ClassDef, seen: frozenset[ast.AST] = frozenset()) -> Migrated | None:
        """The migrated class that ``cls`` derives from, directly or through classes of this file."""
        if cls in seen:
            return None
        for value in (v for base in cls.bases for v in self._evaluate(base)):
            if isinstance(value, Migrated):
                return value
            if isinstance(value, Local) and isinstance(value.node, ast.ClassDef):
                found = self.migrated_base(value.node, seen | {cls})
                if found:
                    return found
        return None

    def attribute(self, cls: ast.ClassDef, name: str, through_super: bool = False) -> Values:
        """What ``name`` holds on instances of ``cls`` and of the classes of this file that derive from it:
        class bodies, bases, and assignments through ``self``. ``super()`` reaches no class that derives from it."""
        result: Values = NOTHING
        heirs = self._heirs.get(cls, []) if not through_super else []
        for member in (*self.members(cls, name), *(m for h in heirs for m in self._own(h, name))):
            result |= self._properties_called(self._binding_values(member))
        for owner in (*self._family(cls), *heirs):
            for value, annotation in self._self_assignments.get((owner, name), []):
                promised = self._annotated(annotation) if annotation is not None else NOTHING
                result |= promised or (self._evaluate(value) if value is not None else UNKNOWN)
        return result or UNKNOWN

    def defines(self, cls: ast.ClassDef, name: str) -> bool:
        """Whether the file itself gives instances of ``cls`` an attribute ``name``."""
        return bool(self.members(cls, name)) or any((c, name) in self._self_assignments for c in self._family(cls))

    def _properties_called(self, values: Values) -> Values:
        result: set[Value] = set()
        for v in values:
            decorators = getattr(v.node, "decorator_list", []) if isinstance(v, Local) else []
            if any(getattr(d, "id", getattr(d, "attr", "")) in ("property", "cached_property") for d in decorators):
                assert isinstance(v, Local)
                result |= self._returned(v.node)
            else:
                result.add(v)
        return frozenset(result)

    def _own(self, cls: ast.ClassDef, name: str) -> list[Binding]:
        return self._index.inner[cls].bindings.get(name, [])

    @cached_property
    def _heirs(self) -> dict[ast.ClassDef, list[ast.ClassDef]]:
        """The classes of this file that derive from each of them."""
        heirs: dict[ast.ClassDef, list[ast.ClassDef]] = {}
        for cls in self._index.all(ast.ClassDef):
            for base in self._family(cls)[1:]:
                heirs.setdefault(base, []).append(cls)
        return heirs

    def _family(self, cls: ast.ClassDef) -> list[ast.ClassDef]:
        family = [cls]
        for c in family:
            family += [b for b in self.local_bases(c) if b not in family]
        return family

    @cached_property
    def _self_assignments(self) -> dict[tuple[ast.ClassDef, str], list[Assigned]]:
        """Assignments to ``self.name`` in the methods of a class, by class and name."""
        found: dict[tuple[ast.ClassDef, str], list[Assigned]] = {}
        for b in self._index.attribute_bindings:
            if not isinstance(b.owner, ast.Name):
                continue
            scope = b.scope.resolve(b.owner.id)
            if scope is None or not isinstance(scope.node, Function) or not scope.node.args.args:
                continue
            cls = self.owner(scope.node)
            if cls is not None and scope.node.args.args[0].arg == b.owner.id:
                found.setdefault((cls, b.attr), []).append((b.value, b.annotation))
        return found
