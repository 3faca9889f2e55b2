"""Scopes and bindings of a module, in one walk over its tree."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeVar

from migrate.analysis.source import Source, parse_string

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
N = TypeVar("N", bound=ast.AST)
INNER_FIELDS = frozenset({"body", "elt", "key", "value", "generators"})
LEAVES = frozenset(
    {"ctx", "op", "ops", "id", "attr", "arg", "asname", "module", "level", "kind", "type_comment", "conversion"}
)


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


class Index:
    """Every node of a module by kind, with its parent and, for names, its scope."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.module = Scope(source.tree, None)
        self.parents: dict[ast.AST, ast.AST] = {}
        self.scopes: dict[ast.AST, Scope] = {}
        self.inner: dict[ast.AST, Scope] = {source.tree: self.module}
        self.annotations: set[ast.AST] = set()
        self.strings: dict[ast.Constant, ast.expr] = {}
        self.attribute_bindings: list[AttributeBinding] = []
        self.opaque_words: set[str] = set()
        self._by_type: dict[type[ast.AST], list[ast.AST]] = {}
        self._received: dict[ast.AST, _Received] = {}
        self._walk()

    def all(self, kind: type[N]) -> list[N]:
        """The nodes of a syntax type, in the order of the walk."""
        return self._by_type.get(kind, [])  # type: ignore[return-value]

    def scope(self, node: ast.AST) -> Scope:
        """The scope in which ``node`` is evaluated; that of a function or class itself is the one around it."""
        return self.scopes[node]

    def parent(self, node: ast.AST) -> ast.AST | None:
        return self.parents.get(node)

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        parent = self.parents.get(node)
        while parent is not None:
            yield parent
            parent = self.parents.get(parent)

    def statement(self, node: ast.AST) -> ast.stmt:
        """The statement that holds ``node``."""
        while not isinstance(node, ast.stmt):
            node = self.parents[node]
        return node

    def block(self, statement: ast.stmt) -> list[ast.stmt]:
        """The list of statements that ``statement`` stands in."""
        parent = self.parents[statement]
        for name in ("body", "orelse", "finalbody", "handlers"):
            block = getattr(parent, name, None)
            if isinstance(block, list) and statement in block:
                return block
        return [statement]

    def uses(self, binding_scope: Scope, name: str) -> list[ast.Name]:
        """The loads of ``name`` that mean the variable of ``binding_scope``."""
        return [n for n in self.loads.get(name, ()) if self.scopes[n].resolve(name) is binding_scope]

    @cached_property
    def loads(self) -> dict[str, list[ast.Name]]:
        """The names that are read or deleted, by name."""
        loads: dict[str, list[ast.Name]] = {}
        for n in self.all(ast.Name):
            if not isinstance(n.ctx, ast.Store):
                loads.setdefault(n.id, []).append(n)
        return loads

    @cached_property
    def returns(self) -> dict[ast.AST | None, list[ast.Return]]:
        """The return statements by function."""
        found: dict[ast.AST | None, list[ast.Return]] = {}
        for node in self.all(ast.Return):
            found.setdefault(self._function_of(node), []).append(node)
        return found

    @cached_property
    def yields(self) -> dict[ast.AST | None, list[ast.Yield | ast.YieldFrom]]:
        """The yields by function; the keys are the generators."""
        found: dict[ast.AST | None, list[ast.Yield | ast.YieldFrom]] = {}
        yields: list[ast.Yield | ast.YieldFrom] = [*self.all(ast.Yield), *self.all(ast.YieldFrom)]
        for node in yields:
            found.setdefault(self._function_of(node), []).append(node)
        return found

    def _function_of(self, node: ast.AST) -> ast.AST | None:
        return next((a for a in self.ancestors(node) if isinstance(a, Function)), None)

    def _walk(self) -> None:
        """Visit every node once, parents first and in the order of the text; this is where most of the time goes."""
        stack: list[tuple[ast.AST, Scope]] = [(self.source.tree, self.module)]
        by_type, parents, scopes, annotations = self._by_type, self.parents, self.scopes, self.annotations
        while stack:
            node, scope = stack.pop()
            kind = node.__class__
            by_type.setdefault(kind, []).append(node)
            scopes[node] = scope
            handler = _ENTER.get(kind)
            inner = handler(self, node, scope) if handler else scope
            if inner is not scope:
                self.inner[node] = inner
            marked = node in annotations
            if marked:
                self._mark(node)
            for name in _CHILDREN.get(kind) or _children(kind):
                value = getattr(node, name, None)
                where = inner if inner is scope or name in INNER_FIELDS else scope
                if value.__class__ is list:
                    for child in reversed(value):
                        if isinstance(child, ast.AST):
                            parents[child] = node
                            stack.append((child, where))
                elif isinstance(value, ast.AST):
                    parents[value] = node
                    stack.append((value, where))
            if marked and kind is ast.Constant:
                tree = self._string_annotation(node)  # type: ignore[arg-type]
                if tree is not None:
                    parents[tree] = node
                    annotations.add(tree)
                    stack.append((tree, scope))
        redirects: list[ast.Global | ast.Nonlocal] = [*self.all(ast.Global), *self.all(ast.Nonlocal)]
        for redirect in redirects:
            self._redirect(redirect)

    def _mark(self, node: ast.AST) -> None:
        """What stands in an annotation belongs to it, but for the values of a Literal."""
        generic = node.value if isinstance(node, ast.Subscript) else None
        if getattr(generic, "attr", getattr(generic, "id", "")) != "Literal":
            self.annotations.update(ast.iter_child_nodes(node))

    def _string_annotation(self, node: ast.Constant) -> ast.expr | None:
        """The expression inside a string annotation; the names in one that has no place in the file are opaque."""
        tree = parse_string(node.value)
        if tree is None:
            return None
        if not self.source.place_inside(node, tree):
            self.opaque_words |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
            return None
        self.strings[node] = tree
        return tree

    def bind(self, scope: Scope, binding: Binding) -> None:
        scope.bindings.setdefault(binding.name, []).append(binding)

    def _redirect(self, node: ast.Global | ast.Nonlocal) -> None:
        scope = self.scope(node)
        for name in node.names:
            target: Scope | None = self.module
            if isinstance(node, ast.Nonlocal):
                target = scope.parent.resolve(name) if scope.parent else None
            if target is None or target is scope:
                continue
            scope.elsewhere[name] = target
            for binding in scope.bindings.pop(name, []):
                self.bind(target, binding)

    def receive(self, target: ast.AST, received: _Received, scope: Scope) -> None:
        """Remember what an assignment target receives; tuples are taken apart where both sides are visible."""
        if isinstance(target, ast.Starred):
            self.receive(target.value, _Received(), scope)
        elif isinstance(target, (ast.Tuple, ast.List)):
            star = next((i for i, e in enumerate(target.elts) if isinstance(e, ast.Starred)), len(target.elts))
            for i, element in enumerate(target.elts):
                self.receive(element, received.part(i) if i < star else _Received(), scope)
        elif isinstance(target, ast.Attribute):
            value = received.value if received.kind == "value" else None
            binding = AttributeBinding(target, target.value, target.attr, value, received.annotation, scope)
            self.attribute_bindings.append(binding)
        else:
            if isinstance(target, ast.Subscript):
                self._receive_item(target, received, scope)
            self._received[target] = received

    def _receive_item(self, target: ast.Subscript, received: _Received, scope: Scope) -> None:
        """``vars(owner)["attr"] = value``, and ``globals()["NAME"] = value``."""
        name = target.slice.value if isinstance(target.slice, ast.Constant) else None
        if not isinstance(name, str):
            return
        value = received.value if received.kind == "value" else None
        function = getattr(target.value.func, "id", "") if isinstance(target.value, ast.Call) else ""
        if function == "globals":
            kind: Literal["value", "unknown"] = "unknown" if value is None else "value"
            self.bind(self.module, Binding(kind, name, target, self.module, value))
        owner = namespace_owner(target.value)
        if owner is not None:
            self.attribute_bindings.append(AttributeBinding(target, owner, name, value, None, scope))

    @cached_property
    def assigned_attributes(self) -> dict[str, list[AttributeBinding]]:
        """The assignments to attributes, by the name of the attribute."""
        found: dict[str, list[AttributeBinding]] = {}
        for binding in self.attribute_bindings:
            found.setdefault(binding.attr, []).append(binding)
        return found


def namespace_owner(node: ast.expr) -> ast.expr | None:
    """``owner`` in ``owner.__dict__`` and ``vars(owner)``."""
    if isinstance(node, ast.Attribute) and node.attr == "__dict__":
        return node.value
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "vars" and len(node.args) == 1:
        return node.args[0]
    return None


@dataclass(frozen=True, slots=True)
class _Received:
    """What a target receives: ``value``, an element of it, the part at ``place``, or what ``with`` makes of it."""

    value: ast.expr | None = None
    kind: Literal["value", "element", "part", "entered"] = "value"
    annotation: ast.expr | None = None
    place: int | None = None

    def part(self, place: int) -> _Received:
        if self.value is None or self.kind in ("part", "entered") or self.place is not None:
            return _Received()
        if self.kind == "element":
            return _Received(self.value, "element", None, place)
        known = isinstance(self.value, (ast.Tuple, ast.List)) and not any(
            isinstance(e, ast.Starred) for e in self.value.elts[: place + 1]
        )
        if known and place < len(self.value.elts):  # type: ignore[attr-defined]
            return _Received(self.value.elts[place])  # type: ignore[attr-defined]
        return _Received(self.value, "part", None, place)


def _name(index: Index, node: ast.Name, scope: Scope) -> Scope:
    if isinstance(node.ctx, ast.Store) and not isinstance(index.parents[node], ast.NamedExpr):
        got = index._received.get(node, _Received())
        known = got.value is not None or got.annotation is not None
        kind = got.kind if known else "unknown"
        index.bind(scope, Binding(kind, node.id, node, scope, got.value, got.annotation, got.place))
    return scope


def _assign(index: Index, node: ast.Assign, scope: Scope) -> Scope:
    for target in node.targets:
        index.receive(target, _Received(node.value), scope)
    return scope


def _annotated(index: Index, node: ast.AnnAssign, scope: Scope) -> Scope:
    index.annotations.add(node.annotation)
    index.receive(node.target, _Received(node.value, annotation=node.annotation), scope)
    return scope


def _loop(index: Index, node: ast.For | ast.comprehension, scope: Scope) -> Scope:
    index.receive(node.target, _Received(node.iter, "element"), scope)
    return scope


def _unknown_target(index: Index, node: ast.AsyncFor | ast.AugAssign, scope: Scope) -> Scope:
    index.receive(node.target, _Received(), scope)
    return scope


def _with_item(index: Index, node: ast.withitem, scope: Scope) -> Scope:
    if node.optional_vars is not None:
        index.receive(node.optional_vars, _Received(node.context_expr, "entered"), scope)
    return scope


def _walrus(index: Index, node: ast.NamedExpr, scope: Scope) -> Scope:
    owner = scope
    while owner.is_comprehension and owner.parent is not None:
        owner = owner.parent
    index.bind(owner, Binding("value", node.target.id, node, owner, node.value))
    return scope


def _import(index: Index, node: ast.Import | ast.ImportFrom, scope: Scope) -> Scope:
    for alias in node.names:
        if alias.name == "*" and isinstance(node, ast.ImportFrom):
            scope.star_imports.append(node)
            continue
        name = alias.asname or (alias.name.split(".")[0] if isinstance(node, ast.Import) else alias.name)
        index.bind(scope, Binding("import", name, alias, scope))
    return scope


def _function(index: Index, node: Function, scope: Scope) -> Scope:
    inner = Scope(node, scope)
    if not isinstance(node, ast.Lambda):
        index.bind(scope, Binding("function", node.name, node, scope))
        if node.returns is not None:
            index.annotations.add(node.returns)
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: dict[ast.arg, ast.expr | None] = dict(zip(positional[::-1], arguments.defaults[::-1], strict=False))
    defaults.update(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
    plain = [*positional, *arguments.kwonlyargs]
    variadic = [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
    for arg in plain:
        index.bind(inner, Binding("parameter", arg.arg, arg, inner, defaults.get(arg), arg.annotation))
    for arg in variadic:
        index.bind(inner, Binding("rest", arg.arg, arg, inner))
    index.annotations.update(a.annotation for a in (*plain, *variadic) if a.annotation is not None)
    return inner


def _class(index: Index, node: ast.ClassDef, scope: Scope) -> Scope:
    index.bind(scope, Binding("class", node.name, node, scope))
    return Scope(node, scope)


def _comprehension(index: Index, node: Comprehension, scope: Scope) -> Scope:
    return Scope(node, scope)


def _named(
    index: Index, node: ast.ExceptHandler | ast.MatchAs | ast.MatchStar | ast.MatchMapping, scope: Scope
) -> Scope:
    name = node.rest if isinstance(node, ast.MatchMapping) else node.name
    if name is not None:
        index.bind(scope, Binding("unknown", name, node, scope))
    return scope


def _call(index: Index, node: ast.Call, scope: Scope) -> Scope:
    """``owner.add_module("name", value)``, ``setattr(owner, "name", value)`` and the like assign an attribute."""
    if isinstance(node.func, ast.Attribute) and node.func.attr == "update":
        owner = namespace_owner(node.func.value)
        for keyword in node.keywords if owner is not None else ():
            if keyword.arg is not None and owner is not None:
                index.attribute_bindings.append(AttributeBinding(node, owner, keyword.arg, keyword.value, None, scope))
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("add_module", "register_module"):
        named = {k.arg: k.value for k in node.keywords}
        parts = [node.func.value, *node.args, *(named[n] for n in ("name", "module") if n in named)]
    elif isinstance(node.func, ast.Name) and node.func.id == "setattr":
        parts = list(node.args)
    else:
        return scope
    if len(parts) == 3 and isinstance(parts[1], ast.Constant):
        binding = AttributeBinding(node, parts[0], str(parts[1].value), parts[2], None, scope)
        index.attribute_bindings.append(binding)
    return scope


_CHILDREN: dict[type[ast.AST], tuple[str, ...]] = {}


def _children(kind: type[ast.AST]) -> tuple[str, ...]:
    """The fields of a syntax type that hold nodes worth visiting, last first, as a stack wants them."""
    _CHILDREN[kind] = tuple(reversed([f for f in kind._fields if f not in LEAVES]))
    return _CHILDREN[kind]


_ENTER: dict[type[ast.AST], Callable[..., Scope]] = {
    ast.Name: _name,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.For: _loop,
    ast.comprehension: _loop,
    ast.AsyncFor: _unknown_target,
    ast.AugAssign: _unknown_target,
    ast.withitem: _with_item,
    ast.NamedExpr: _walrus,
    ast.Import: _import,
    ast.ImportFrom: _import,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.Lambda: _function,
    ast.ClassDef: _class,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.ExceptHandler: _named,
    ast.MatchAs: _named,
    ast.MatchStar: _named,
    ast.MatchMapping: _named,
    ast.Call: _call,
}
