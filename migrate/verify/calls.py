"""A constructor call of a source file as a callee and terms, with stars and partials taken apart."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, repeat
from typing import Generic, TypeVar

from migrate.errors import ProofError
from migrate.syntax.scopes import Scope
from migrate.verify.operations import Value
from migrate.verify.terms import Free, Given, Known, Reader, Term, compute

T = TypeVar("T")
MAX_PARTIALS = 8
MAX_BASES = 16


@dataclass(frozen=True, slots=True)
class Arguments(Generic[T]):
    """The arguments of a call, as terms or as values."""

    positional: tuple[T, ...] = ()
    named: tuple[tuple[str, T], ...] = ()

    @property
    def all(self) -> tuple[T, ...]:
        return (*self.positional, *(value for _, value in self.named))

    def by_name(self, order: Sequence[str]) -> list[tuple[str, T]]:
        """Each with its parameter; ``order`` names those that have a position."""
        return [*zip(order, self.positional, strict=False), *self.named]

    def then(self, later: Arguments[T]) -> Arguments[T]:
        """These, already bound by a partial, and what the call itself passes on top."""
        named = {**dict(self.named), **dict(later.named)}
        return Arguments(self.positional + later.positional, tuple(named.items()))

    def changed(self, order: Sequence[str], change: Callable[[str, T], T]) -> Arguments[T]:
        """Each after ``change``, which is told the parameter; it has no name behind the last of ``order``."""
        positional = (change(n, v) for n, v in zip(chain(order, repeat("")), self.positional, strict=False))
        return Arguments(tuple(positional), tuple((n, change(n, v)) for n, v in self.named))


@dataclass(frozen=True, slots=True)
class Call:
    """``callee(arguments)``, then methods called on the result.

    ``callee`` is None where the file does not name the class; ``spelled`` is what it calls.
    """

    callee: str | None
    spelled: Free
    arguments: Arguments[Term]
    methods: tuple[tuple[str, tuple[Value, ...]], ...] = ()


def computed(arguments: Arguments[Term], given: Given) -> Arguments[Value]:
    """The values of the arguments; raises as `terms.compute` does."""
    positional = tuple(compute(t, given) for t in arguments.positional)
    return Arguments(positional, tuple((name, compute(t, given)) for name, t in arguments.named))


def read_call(reader: Reader, node: ast.expr, scope: Scope, methods: frozenset[str]) -> Call:
    """The call that ``node``, standing in ``scope``, makes; raises ProofError.

    ``methods`` are those that a rewrite may append, such as set_train.
    """
    appended: list[tuple[str, tuple[Value, ...]]] = []
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in methods:
        if node.keywords:
            break
        terms = [reader.term(a, scope) for a in node.args]
        if not isinstance(node.func.value, ast.Call) or not all(isinstance(t, Known) for t in terms):
            break
        appended.append((node.func.attr, tuple(compute(t, {}) for t in terms)))
        node = node.func.value
    if not isinstance(node, ast.Call):
        raise ProofError(f"{ast.unparse(node)} is not a call")
    call = _read(reader, node, scope, 0)
    return replace(call, methods=tuple(reversed(appended)))


def _read(reader: Reader, node: ast.Call, scope: Scope, depth: int) -> Call:
    try:
        made_of = node.func
        if _is_partial(reader, node, scope):
            made_of = node.args[0]
        bound = _callee(reader, made_of, scope, depth)
    except NameError as error:
        raise ProofError(f"nothing in the file binds {error}") from None
    leading = made_of is not node.func or _is_named_constructor(reader, node.func, scope)
    arguments = _arguments(reader, node, scope, skip=int(leading))
    return replace(bound, arguments=bound.arguments.then(arguments))


def _callee(reader: Reader, node: ast.expr, scope: Scope, depth: int) -> Call:
    """What is called through ``node``: a class, or a partial of one with the arguments it binds."""
    made, there = _display(reader, node, scope)
    if isinstance(made, ast.Call) and depth < MAX_PARTIALS and _is_partial(reader, made, there):
        return _read(reader, made, there, depth + 1)
    return Call(_class_called(reader, node, scope), reader.free(node, scope), Arguments())


def _class_called(reader: Reader, node: ast.expr, scope: Scope) -> str | None:
    """The qualified name of the class that a call of ``node`` builds, also where a subclass builds its base."""
    if isinstance(node, ast.Attribute) and node.attr == "__init__":
        if not _is_super(reader, node.value, scope):
            return reader.qualified(node.value, scope)
        while scope.parent is not None and not scope.is_class:
            scope = scope.parent
        if isinstance(scope.node, ast.ClassDef) and scope.parent is not None:
            return _base(reader, scope.node, scope.parent)
    return reader.qualified(node, scope)


def _is_super(reader: Reader, node: ast.expr, scope: Scope) -> bool:
    called = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "super"
    return called and reader.is_builtin(node.func, scope)  # type: ignore[attr-defined]


def _is_named_constructor(reader: Reader, node: ast.expr, scope: Scope) -> bool:
    """``Class.__init__``, which is told the instance first."""
    named = isinstance(node, ast.Attribute) and node.attr == "__init__"
    return named and not _is_super(reader, node.value, scope)  # type: ignore[attr-defined]


def _base(reader: Reader, cls: ast.ClassDef, scope: Scope, depth: int = 0) -> str | None:
    """The qualified name of the class that ``cls`` derives from, through classes of the file."""
    if not cls.bases or depth > MAX_BASES:
        return None
    name = reader.qualified(cls.bases[0], scope)
    if name is not None or not isinstance(cls.bases[0], ast.Name):
        return name
    binding = reader.single(cls.bases[0], scope)
    if binding is None or not isinstance(binding.node, ast.ClassDef):
        return None
    return _base(reader, binding.node, binding.scope, depth + 1)


def _is_partial(reader: Reader, node: ast.Call, scope: Scope) -> bool:
    return bool(node.args) and reader.qualified(node.func, scope) == "functools.partial"


def _arguments(reader: Reader, node: ast.Call, scope: Scope, skip: int = 0) -> Arguments[Term]:
    positional: list[Term] = []
    named: dict[str, Term] = {}
    for value in node.args[skip:]:
        if isinstance(value, ast.Starred):
            positional += _items(reader, value.value, scope)
        else:
            positional.append(reader.argument(value, scope))
    for keyword in node.keywords:
        if keyword.arg is None:
            entries = _entries(reader, keyword.value, scope)
        else:
            entries = {keyword.arg: reader.argument(keyword.value, scope)}
        twice = next((name for name in entries if name in named), None)
        if twice is not None:
            raise ProofError(f"{twice} is passed twice")
        named |= entries
    return Arguments(tuple(positional), tuple(named.items()))


def _display(reader: Reader, node: ast.expr, scope: Scope) -> tuple[ast.expr, Scope]:
    """What a name is bound to once, such as the display behind a star or a partial; other expressions as they are."""
    if isinstance(node, ast.Name):
        binding = reader.single(node, scope)
        if binding is not None and binding.kind == "value" and binding.value is not None:
            return binding.value, binding.scope
    return node, scope


def _items(reader: Reader, node: ast.expr, scope: Scope) -> list[Term]:
    display, scope = _display(reader, node, scope)
    if isinstance(display, (ast.Tuple, ast.List)) and not any(isinstance(e, ast.Starred) for e in display.elts):
        return [reader.argument(e, scope) for e in display.elts]
    raise ProofError(f"what *{ast.unparse(node)} passes cannot be read")


def _entries(reader: Reader, node: ast.expr, scope: Scope) -> dict[str, Term]:
    display, scope = _display(reader, node, scope)
    if isinstance(display, ast.Dict):
        keys = [k.value if isinstance(k, ast.Constant) else None for k in display.keys]
        if all(isinstance(k, str) for k in keys):
            return {str(k): reader.argument(v, scope) for k, v in zip(keys, display.values, strict=True)}
    if isinstance(display, ast.Call) and _is_plain_dict(reader, display, scope):
        return {str(k.arg): reader.argument(k.value, scope) for k in display.keywords}
    raise ProofError(f"what **{ast.unparse(node)} passes cannot be read")


def _is_plain_dict(reader: Reader, call: ast.Call, scope: Scope) -> bool:
    """``dict(name=value, ...)``."""
    plain = not call.args and all(k.arg for k in call.keywords)
    named = isinstance(call.func, ast.Name) and call.func.id == "dict"
    return plain and named and reader.is_builtin(call.func, scope)
