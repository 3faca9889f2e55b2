"""What each kind of statement binds: a handler for every syntax type that binds a name or opens a scope."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from migrate.syntax.paths import namespace_owner
from migrate.syntax.scopes import AttributeBinding, Binding, Comprehension, Function, Scope

if TYPE_CHECKING:
    from migrate.syntax.index import Index


@dataclass(frozen=True, slots=True)
class Received:
    """What a target receives: ``value``, an element of it, the part at ``place``, or what ``with`` makes of it."""

    value: ast.expr | None = None
    kind: Literal["value", "element", "part", "entered"] = "value"
    annotation: ast.expr | None = None
    place: int | None = None

    def part(self, place: int) -> Received:
        if self.value is None or self.kind in ("part", "entered") or self.place is not None:
            return Received()
        if self.kind == "element":
            return Received(self.value, "element", None, place)
        known = isinstance(self.value, (ast.Tuple, ast.List)) and not any(
            isinstance(e, ast.Starred) for e in self.value.elts[: place + 1]
        )
        if known and place < len(self.value.elts):  # type: ignore[attr-defined]
            return Received(self.value.elts[place])  # type: ignore[attr-defined]
        return Received(self.value, "part", None, place)


def _name(index: Index, node: ast.Name, scope: Scope) -> Scope:
    if isinstance(node.ctx, ast.Store) and not isinstance(index.parents[node], ast.NamedExpr):
        got = index._received.get(node, Received())
        known = got.value is not None or got.annotation is not None
        kind = got.kind if known else "unknown"
        index.bind(scope, Binding(kind, node.id, node, scope, got.value, got.annotation, got.place))
    return scope


def _assign(index: Index, node: ast.Assign, scope: Scope) -> Scope:
    for target in node.targets:
        index.receive(target, Received(node.value), scope)
    return scope


def _annotated(index: Index, node: ast.AnnAssign, scope: Scope) -> Scope:
    index.annotations.add(node.annotation)
    index.receive(node.target, Received(node.value, annotation=node.annotation), scope)
    return scope


def _loop(index: Index, node: ast.For | ast.comprehension, scope: Scope) -> Scope:
    index.receive(node.target, Received(node.iter, "element"), scope)
    return scope


def _unknown_target(index: Index, node: ast.AsyncFor | ast.AugAssign, scope: Scope) -> Scope:
    index.receive(node.target, Received(), scope)
    return scope


def _with_item(index: Index, node: ast.withitem, scope: Scope) -> Scope:
    if node.optional_vars is not None:
        index.receive(node.optional_vars, Received(node.context_expr, "entered"), scope)
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


ENTER: dict[type[ast.AST], Callable[..., Scope]] = {
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
