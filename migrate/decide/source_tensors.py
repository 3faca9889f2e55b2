"""Which expressions hold a tensor of the source framework, as far as the file shows."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

from migrate.decide.drafts import Module
from migrate.decide.values import Constant, Instance, Local, Migrated, Symbol, Value
from migrate.syntax.scopes import Binding, Function

IDENTITY = (ast.Is, ast.IsNot, ast.In, ast.NotIn)
COMBINED = frozenset({"abs", "max", "min", "sum"})
"""The builtins that give a tensor for tensors."""


def stays(module: Module, objects: Iterable[Value]) -> bool:
    """Whether the constructor or subclass of one of some instances was left, so that it is the source framework's."""
    found = [v for v in objects if isinstance(v, Instance)]
    classes: list[ast.AST | None] = [v.of.node for v in found if isinstance(v.of, Local)]
    return any(map(module.why_left, [*classes, *(b.reference for v in found if (b := module.base_of(v)) is not None)]))


class SourceTensors:
    """Tells the tensors of the source framework in one file; an attribute that leaves the target is one of them."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self._rules = module.rules
        self._table = module.rules.tensor
        self._known: dict[ast.AST, bool] = {}
        self._active: set[ast.AST] = set()

    def holds(self, node: ast.expr) -> bool:
        """Whether ``node`` may hold a tensor of the source framework, for a reason that the file shows."""
        if node not in self._known:
            if node in self._active:
                return False
            self._active.add(node)
            handler = _HOLDS.get(type(node))
            self._known[node] = handler(self, node) if handler else False
            self._active.discard(node)
        return self._known[node]

    def is_object(self, node: ast.expr) -> bool:
        """Whether ``node`` is something that the source framework made: a tensor, a layer, an optimizer."""
        made = any(isinstance(v, Instance) and self.is_foreign(v.of) for v in self._values(node))
        return made or self.is_made(node) or self.holds(node)

    def is_made(self, node: ast.expr) -> bool:
        """Whether ``node`` is an object of one of the source framework's own classes."""
        made = [v.of for v in self._values(node) if isinstance(v, Instance)]
        return any(isinstance(of, Symbol) and self.is_foreign(of) for of in (*made, *self._promised(node)))

    def is_kept(self, attribute: ast.Attribute) -> bool:
        """Whether what is assigned to an attribute is kept by a tensor or layer of the source framework."""
        owner = attribute.value
        named = attribute.attr in self._rules.tensors and self._has_its_own(attribute)
        return named or self.is_made(owner) or self.holds(owner)

    def _promised(self, node: ast.expr) -> list[Symbol]:
        """The classes that annotations of a name speak of."""
        bindings = self._bindings(node) if isinstance(node, ast.Name) else []
        return [s for b in bindings if b.annotation is not None for s in self._annotated(b.annotation)]

    def _annotated(self, annotation: ast.expr) -> list[Symbol]:
        """The classes of an annotation, also as a string, one of several, or optional."""
        index = self._module.index_of(annotation)
        if isinstance(annotation, ast.Constant) and annotation in index.strings:
            return self._annotated(index.strings[annotation])
        if isinstance(annotation, ast.BinOp):
            return [*self._annotated(annotation.left), *self._annotated(annotation.right)]
        if isinstance(annotation, ast.Subscript) and getattr(annotation.value, "id", "") in ("Optional", "Union"):
            inner = annotation.slice
            return [s for e in (inner.elts if isinstance(inner, ast.Tuple) else [inner]) for s in self._annotated(e)]
        return [v for v in self._values(annotation) if isinstance(v, Symbol)]

    def is_foreign(self, value: Value) -> bool:
        """Whether a class or function is the source framework's, or a module of this project around it."""
        if isinstance(value, Symbol):
            return value.name.partition(".")[0] == self._rules.source_package
        return isinstance(value, Local) and isinstance(value.node, ast.ClassDef) and self._is_network(value.node)

    def _is_network(self, cls: ast.ClassDef) -> bool:
        """Whether a class derives from one of the source framework's that no rule is about."""
        family = self._module.file.classes.family(cls)
        bases = [v for c in family for b in c.bases for v in self._module.file.evaluate(b)]
        return any(isinstance(v, Symbol) and v.name.partition(".")[0] == self._rules.source_package for v in bases)

    def _values(self, node: ast.expr) -> frozenset[Value]:
        return self._module.file.evaluate(node)

    def _is_given(self, node: ast.expr) -> bool:
        """Whether the values of ``node`` are what a function of the source framework gives as tensors."""
        made = [v.of for v in self._values(node) if isinstance(v, Instance)]
        return any(isinstance(of, Symbol) and self._table.is_given(of.name) for of in made)

    def _name(self, node: ast.Name) -> bool:
        if self._is_given(node) or any(self._table.is_given(s.name) for s in self._promised(node)):
            return True
        return any(map(self._bound, self._bindings(node)))

    def _bindings(self, node: ast.Name) -> list[Binding]:
        return self._module.file.home(node).bindings(node)

    def _bound(self, binding: Binding) -> bool:
        if binding.kind == "parameter":
            return self._is_input(binding) or any(map(self.holds, self._module.file.callers.arguments(binding)))
        grown = self._module.index_of(binding.node).parent(binding.node)
        if isinstance(grown, ast.AugAssign):
            return self.holds(grown.value)
        return binding.kind in ("value", "element", "part") and binding.value is not None and self.holds(binding.value)

    def _is_input(self, binding: Binding) -> bool:
        """``x`` of ``forward(self, x)``, where neither an annotation nor a default says otherwise."""
        function = binding.scope.node
        owner = self._module.file.classes.owner(function) if isinstance(function, Function) else None
        computes = getattr(function, "name", "") in self._rules.computations
        is_first = isinstance(function, Function) and binding.node is next(iter(function.args.args), None)
        if owner is None or not computes or is_first or binding.annotation is not None:
            return False
        is_none = isinstance(binding.value, ast.Constant) and binding.value.value is None
        return (binding.value is None or is_none) and self._is_network(owner)

    def _attribute(self, node: ast.Attribute) -> bool:
        if node in self._module.uses:
            use = self._module.uses[node]
            return use is not None and use.leaves
        owners = self._module.objects(node.value)
        if node.attr in self._rules.tensors and any(self._module.base_of(v) is not None for v in owners):
            return stays(self._module, owners)
        if self._is_given(node):
            return True
        if node.attr in self._table.views or node.attr in self._table.graph:
            return self.holds(node.value)
        if node.attr in self._rules.tensors and self._has_its_own(node):
            return True
        return any(map(self.holds, self._assigned(node)))

    def _has_its_own(self, node: ast.Attribute) -> bool:
        """``other.weight``: the name, which is the source framework's alone, of an object that stays as it is."""
        return not any(map(self._may_differ, self._values(node.value)))

    def _may_differ(self, owner: Value) -> bool:
        """Whether the attributes of an object may be anything: it is of a class of the run, or the target's."""
        if isinstance(owner, Instance):
            package = owner.of.name.partition(".")[0] if isinstance(owner.of, Symbol) else ""
            return package in ("", self._rules.target_package)
        return isinstance(owner, (Constant, Local, Migrated))

    def _assigned(self, node: ast.Attribute) -> list[ast.expr]:
        """What the file assigns to an attribute of the same text."""
        found = self._module.index_of(node).assigned_attributes.get(node.attr, ())
        owner = ast.unparse(node.value)
        return [b.value for b in found if b.value is not None and ast.unparse(b.owner) == owner]

    def _call(self, node: ast.Call) -> bool:
        function = node.func
        if isinstance(function, ast.Attribute) and self.holds(function.value):
            return function.attr not in (*self._table.plain, *self._table.numbers)
        if self._is_given(node):
            return True
        if self.is_made(function):
            return True
        arguments = [a.value if isinstance(a, ast.Starred) else a for a in node.args]
        for value in self._values(function):
            if isinstance(value, Symbol) and value.name.removeprefix("builtins.") in COMBINED:
                return any(map(self.holds, arguments))
            if isinstance(value, Instance) and self.is_foreign(value.of):
                return True
            if self._module.base_of(value) is not None and arguments and self.holds(arguments[0]):
                return True
            if isinstance(value, Local) and any(map(self.holds, self._returned(value))):
                return True
        return False

    def _returned(self, function: Local) -> list[ast.expr]:
        return [
            r.value for r in self._module.index_of(function.node).returns.get(function.node, ()) if r.value is not None
        ]

    def _compare(self, node: ast.Compare) -> bool:
        plain = any(isinstance(op, IDENTITY) for op in node.ops)
        return not plain and any(map(self.holds, (node.left, *node.comparators)))

    def _unary(self, node: ast.UnaryOp) -> bool:
        return not isinstance(node.op, ast.Not) and self.holds(node.operand)

    def _item(self, node: ast.Subscript) -> bool:
        return self._is_given(node) or self.holds(node.value)


_HOLDS: dict[type[ast.expr], Callable[..., bool]] = {
    ast.Name: SourceTensors._name,
    ast.Attribute: SourceTensors._attribute,
    ast.Call: SourceTensors._call,
    ast.Compare: SourceTensors._compare,
    ast.UnaryOp: SourceTensors._unary,
    ast.Subscript: SourceTensors._item,
    ast.BinOp: lambda self, node: self.holds(node.left) or self.holds(node.right),
    ast.IfExp: lambda self, node: self.holds(node.body) or self.holds(node.orelse),
    ast.BoolOp: lambda self, node: any(map(self.holds, node.values)),
    ast.NamedExpr: lambda self, node: self.holds(node.value),
    ast.Starred: lambda self, node: self.holds(node.value),
}
