"""Every node of a module with its parent and its scope, in one walk over the tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Literal, TypeVar

from migrate.syntax.binders import ENTER, Received
from migrate.syntax.nodes import plain_name
from migrate.syntax.paths import namespace_owner
from migrate.syntax.scopes import AttributeBinding, Binding, Function, Scope
from migrate.syntax.shapes import annotated
from migrate.syntax.source import Located, Source

N = TypeVar("N", bound=ast.AST)
WORD = re.compile(r"\w+")
INNER_FIELDS = frozenset({"body", "elt", "key", "value", "generators"})
LEAVES = frozenset(
    {"ctx", "op", "ops", "id", "attr", "arg", "asname", "module", "level", "kind", "type_comment", "conversion"}
)


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
        self.opaque_words: set[str] = set(source.unread_words)
        self._by_type: dict[type[ast.AST], list[ast.AST]] = {}
        self._received: dict[ast.AST, Received] = {}
        self._words: dict[ast.AST, frozenset[str]] = {}
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

    @property
    def named_functions(self) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        """The functions that are defined by a statement."""
        return [*self.all(ast.FunctionDef), *self.all(ast.AsyncFunctionDef)]

    @cached_property
    def nested(self) -> dict[ast.AST, list[ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda]]:
        """The functions inside each function, at any depth."""
        found: dict[ast.AST, list[ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda]] = {}
        for node in (*self.named_functions, *self.all(ast.Lambda)):
            for outer in self.ancestors(node):
                if isinstance(outer, Function):
                    found.setdefault(outer, []).append(node)
        return found

    def words(self, node: Located) -> frozenset[str]:
        """The words in the text of ``node``, its comments included."""
        if node not in self._words:
            self._words[node] = frozenset(map(plain_name, WORD.findall(self.source.segment(node))))
        return self._words[node]

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
            handler = ENTER.get(kind)
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
        tree = annotated(node)
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

    def receive(self, target: ast.AST, received: Received, scope: Scope) -> None:
        """Remember what an assignment target receives; tuples are taken apart where both sides are visible."""
        if isinstance(target, ast.Starred):
            self.receive(target.value, Received(), scope)
        elif isinstance(target, (ast.Tuple, ast.List)):
            star = next((i for i, e in enumerate(target.elts) if isinstance(e, ast.Starred)), len(target.elts))
            for i, element in enumerate(target.elts):
                self.receive(element, received.part(i) if i < star else Received(), scope)
        elif isinstance(target, ast.Attribute):
            value = received.value if received.kind == "value" else None
            binding = AttributeBinding(target, target.value, target.attr, value, received.annotation, scope)
            self.attribute_bindings.append(binding)
        else:
            if isinstance(target, ast.Subscript):
                self._receive_item(target, received, scope)
            self._received[target] = received

    def _receive_item(self, target: ast.Subscript, received: Received, scope: Scope) -> None:
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


_CHILDREN: dict[type[ast.AST], tuple[str, ...]] = {}


def _children(kind: type[ast.AST]) -> tuple[str, ...]:
    """The fields of a syntax type that hold nodes worth visiting, last first, as a stack wants them."""
    _CHILDREN[kind] = tuple(reversed([f for f in kind._fields if f not in LEAVES]))
    return _CHILDREN[kind]
