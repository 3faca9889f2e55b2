"""The classes of a project: their bases, and what their instances hold under a name."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from migrate.analysis.index import Index
from migrate.analysis.scopes import AttributeBinding, Binding, Function
from migrate.analysis.syntax import field_names
from migrate.analysis.values import (
    NOTHING,
    UNKNOWN,
    Constant,
    Instance,
    Local,
    Migrated,
    Symbol,
    Unknown,
    Value,
    Values,
    has_rule,
    union,
)

if TYPE_CHECKING:
    from migrate.analysis.project import Project

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

    def _bound(self, binding: Binding) -> Values:
        return self._project.homes[binding.node].binding_values(binding)

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

    def attribute(self, cls: ast.ClassDef, name: str, through_super: bool = False) -> Values:
        """What ``name`` holds on instances of ``cls`` and of the classes of this file that derive from it:
        class bodies, bases, and assignments through ``self``. ``super()`` reaches no class that derives from it."""
        key = ("attribute", cls, name, through_super)
        return self._project.remembered(key, lambda: self._attribute(cls, name, through_super))

    def _attribute(self, cls: ast.ClassDef, name: str, through_super: bool) -> Values:
        result: Values = NOTHING
        heirs = self._heirs.get(cls, set()) if not through_super else set()
        bodies, by_class = self._bodies.get(name, {}), self._self_assignments.get(name, {})
        # Thousands of classes have a ``forward``, and few of them are heirs.
        giving = {heir for heir in heirs if heir in bodies or heir in by_class}
        inherited = (b for heir in giving if heir in bodies for b in bodies[heir])
        for member in (*self.members(cls, name), *inherited):
            result |= self._properties_called(self._bound(member))
        related = heirs.union(self.family(cls))
        for value, annotation in (a for owner in related if owner in by_class for a in by_class[owner]):
            promised = self._project.homes[annotation].annotated(annotation) if annotation is not None else NOTHING
            result |= promised or (self._evaluate(value) if value is not None else UNKNOWN)
        result |= self._project.callers.fields(cls, name)
        result |= self._from_outside(cls, related, name)
        if result:
            result |= self._by_computed_names(related, name)
        return result or self._looked_up(cls)

    def _looked_up(self, cls: ast.ClassDef) -> Values:
        """What ``__getattr__`` of the class returns."""
        methods = [b.node for b in self.members(cls, "__getattr__")]
        return union(self._project.homes[m].returned(m) for m in methods) | UNKNOWN

    def of_function(self, function: Local, name: str | None = None) -> Values:
        """What is assigned to an attribute of a function; to any of them without a name."""
        held = self._of_functions.get(function, ())
        return union(self._evaluate(value) for attr, value in held if name in (None, attr))

    @cached_property
    def _of_functions(self) -> dict[Value, list[tuple[str, ast.expr]]]:
        """The attributes that are assigned to functions by their names, with the values."""
        found: dict[Value, list[tuple[str, ast.expr]]] = {}
        for attr, bindings in self._outside.items():
            for b in bindings:
                home = self._project.homes[b.owner]
                root = b.owner.value if isinstance(b.owner, ast.Attribute) else b.owner
                known = home.bindings(root) if isinstance(root, ast.Name) else ()
                if b.value is not None and any(k.kind in ("function", "import") for k in known):
                    for function in self._evaluate(b.owner):
                        found.setdefault(function, []).append((attr, b.value))
        return found

    def _from_outside(self, cls: ast.ClassDef, related: set[ast.ClassDef], name: str) -> Values:
        """What code outside the methods assigns to ``name`` of ``related`` classes, their instances, or the unknown."""
        result: Values = NOTHING
        assigned = self.assigned_outside(name)
        for binding in assigned:
            owners = {getattr(v, "of", v) for v in self._evaluate(binding.owner)}
            if any(isinstance(v, Unknown) or (isinstance(v, Local) and v.node in related) for v in owners):
                result |= self._evaluate(binding.value) if binding.value is not None else UNKNOWN
        return result

    def _by_computed_names(self, related: set[ast.ClassDef], name: str) -> Values:
        """What ``setattr(x, computed, value)`` may put in the place of an attribute of one of the classes."""
        result: Values = NOTHING
        for call, pattern in self._computed:
            if pattern.fullmatch(name):
                owners = {getattr(v, "of", v) for v in self._evaluate(call.args[0])}
                if any(isinstance(v, Local) and v.node in related for v in owners):
                    result |= self._evaluate(call.args[2]) | UNKNOWN
        return result

    @cached_property
    def _computed(self) -> list[tuple[ast.Call, re.Pattern[str]]]:
        """The calls of ``setattr`` with a name that no literal spells, and the names that it may be."""
        calls = (call for module in self._project.modules.values() for call in module.index.all(ast.Call))
        sets = (c for c in calls if getattr(c.func, "id", "") == "setattr" and len(c.args) == 3)
        return [(c, self._names(c.args[1])) for c in sets if not isinstance(c.args[1], ast.Constant)]

    def _names(self, node: ast.expr) -> re.Pattern[str]:
        """The names that an expression may give, as far as literals spell them or parts of them."""
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        return re.compile("".join(map(self._part_of_name, parts)))

    def _part_of_name(self, node: ast.expr) -> str:
        values = self._evaluate(node.value if isinstance(node, ast.FormattedValue) else node)
        known = sorted(re.escape(str(v.value)) for v in values if isinstance(v, Constant))
        return f"(?:{'|'.join(known)})" if len(known) == len(values) > 0 else ".*"

    def assigned_outside(self, name: str) -> list[AttributeBinding]:
        """The assignments to an attribute of that name, other than those of methods to their ``self``."""
        return self._outside.get(name, [])

    @cached_property
    def _outside(self) -> dict[str, list[AttributeBinding]]:
        """The assignments to attributes of something other than ``self``, by name."""
        found: dict[str, list[AttributeBinding]] = {}
        for module in self._project.modules.values():
            for b in module.index.attribute_bindings:
                if self.of_self(b) is None:
                    found.setdefault(b.attr, []).append(b)
        return found

    def item(self, owner: Value, key: object) -> Values:
        """``owner[key]`` of a named tuple of this project; anything for other objects."""
        cls = owner.of.node if isinstance(owner, Instance) and isinstance(owner.of, Local) else None
        if not isinstance(cls, ast.ClassDef) or not isinstance(key, int):
            return UNKNOWN
        names = field_names(cls)
        tuples = Symbol("typing.NamedTuple") in {v for b in cls.bases for v in self._evaluate(b)}
        return self.attribute(cls, names[key]) if tuples and -len(names) <= key < len(names) else UNKNOWN

    def defines(self, cls: ast.ClassDef, name: str) -> bool:
        """Whether the file itself gives instances of ``cls`` an attribute ``name``."""
        return bool(self.members(cls, name)) or any(c in self._self_assignments.get(name, {}) for c in self.family(cls))

    def _properties_called(self, values: Values) -> Values:
        result: set[Value] = set()
        for v in values:
            decorators = getattr(v.node, "decorator_list", []) if isinstance(v, Local) else []
            if any(getattr(d, "id", getattr(d, "attr", "")) in ("property", "cached_property") for d in decorators):
                assert isinstance(v, Local)
                result |= self._project.homes[v.node].returned(v.node)
            else:
                result.add(v)
        return frozenset(result)

    @cached_property
    def _bodies(self) -> dict[str, dict[ast.ClassDef, list[Binding]]]:
        """What the bodies of the classes bind, by name and class."""
        found: dict[str, dict[ast.ClassDef, list[Binding]]] = {}
        for module in self._project.modules.values():
            for cls in module.index.all(ast.ClassDef):
                for name, bindings in module.index.inner[cls].bindings.items():
                    found.setdefault(name, {})[cls] = bindings
        return found

    @cached_property
    def _heirs(self) -> dict[ast.ClassDef, set[ast.ClassDef]]:
        """The classes of the project that derive from each of them."""
        heirs: dict[ast.ClassDef, set[ast.ClassDef]] = {}
        for module in self._project.modules.values():
            for cls in module.index.all(ast.ClassDef):
                for base in self.family(cls)[1:]:
                    heirs.setdefault(base, set()).add(cls)
        return heirs

    def heirs(self, cls: ast.ClassDef) -> set[ast.ClassDef]:
        """The classes of the project that derive from ``cls``."""
        return self._heirs.get(cls, set())

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
