"""Functions: their parameters, and the scope of their bodies."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import Literal, NamedTuple

from migrate.index.builder import Builder
from migrate.index.scopes import Function as FunctionNode
from migrate.index.scopes import Scope, Source
from migrate.index.summary import NOBODY, RETURNED, SENT, Display, Function, element, iterated, place_of

Kind = Literal["plain", "static", "class", "property"]
KINDS: dict[str, Kind] = {
    "staticmethod": "static",
    "classmethod": "class",
    "property": "property",
    "cached_property": "property",
    "lazy_property": "property",
    "getter": "property",
    "setter": "property",
    "__new__": "static",
}


class ArgumentValues(NamedTuple):
    """The nodes of the defaults, of those of keyword-only parameters, and of annotations by parameter."""

    defaults: list[int]
    keyword_defaults: list[int | None]
    annotations: dict[str, int]


def signature(
    b: Builder, node: FunctionNode, name: str, given: ArgumentValues, rebound: Collection[str] = ()
) -> tuple[Function, Scope]:
    """The function with nodes for all of its parameters, and the scope of its body, which binds names ``rebound``."""
    arguments = node.args
    number = len(b.summary.functions)
    scope = Scope(b.scope, result=b.new_of(number), number=number)
    made = b.nodes[node] = b.new()

    def parameter(argument: ast.arg, default: int | None) -> tuple[str, int]:
        source = Source(default, given.annotations.get(argument.arg, b.anything))
        return argument.arg, _parameter(b, scope, argument, source, rebound)

    positional = [*arguments.posonlyargs, *arguments.args]
    padded = [*[None] * (len(positional) - len(given.defaults)), *given.defaults]
    rest, keyword_rest = (_collects(b, scope, a, given) for a in (arguments.vararg, arguments.kwarg))
    function = Function(
        made,
        name,
        tuple(map(parameter, positional, padded)),
        tuple(map(parameter, arguments.kwonlyargs, given.keyword_defaults)),
        rest,
        keyword_rest,
        scope.result,
        b.scope.owner,
        _kind(node),
        node.lineno,
        number,
    )
    b.summary.functions.append(function)
    if b.scope.is_class and function.kind != "static" and positional:
        scope.sources.pop(positional[0].arg, None)  # it is bound without being passed
    return function, scope


def _parameter(b: Builder, scope: Scope, argument: ast.arg, source: Source, rebound: Collection[str]) -> int:
    """The node of what is passed for a parameter, with the node of its name."""
    name = argument.arg
    made = scope.names[name] = b.new_of(scope.number)
    if source.default is not None:
        b.copy(source.default, made)
    if source.annotation != b.anything:
        b.instance_of(source.annotation, made)
        declare(scope, name, argument.annotation, source.annotation)
    if name not in rebound:
        scope.sources[name] = source
        return made
    scope.names[name] = b.new_of(scope.number)  # what is passed may be unknown, whatever is bound besides
    b.copy(made, scope.names[name])
    if (place := place_of(argument)) is not None:
        b.summary.places[made] = place
    return made


def given_back(b: Builder, function: Scope, node: ast.expr, given: int) -> str:
    """The parameter that a function returns as it came, or a copy of it; empty for anything else."""
    name = node.id if isinstance(node, ast.Name) else ""
    if given in function.copied:
        function.copies.add(name)
        for value in function.rebound.get(name, ()):
            b.copy(value, function.result)
        return function.copied[given]
    is_parameter = name in function.sources
    as_it_came = is_parameter and (given == function.names[name] or b.narrowed.get(name) in b.without_none)
    return name if as_it_came else ""


GENERAL = frozenset({"Module", "Cell", "Tensor", "Callable", "Any", "object", "type", "str", "int", "float", "bool"})
"""Names in annotations that promise no layer of a rule."""


def declare(scope: Scope, name: str, annotation: ast.expr | None, cls: int) -> None:
    """Remember what a name is annotated with, where that may promise a layer of whatever is bound to it."""
    parts = (n.attr if isinstance(n, ast.Attribute) else getattr(n, "id", "") for n in _ends_of(annotation))
    if any(part not in GENERAL for part in parts):
        scope.declared[name] = cls


def _ends_of(annotation: ast.expr | None) -> Iterator[ast.expr]:
    """The names at the ends of an annotation; a string stands for any."""
    if isinstance(annotation, (ast.Name, ast.Attribute)):
        yield annotation
    elif isinstance(annotation, ast.Constant):
        if annotation.value is not None:
            yield annotation
    elif annotation is not None:
        for part in ast.iter_child_nodes(annotation):
            if isinstance(part, ast.expr):
                yield from _ends_of(part)


def _collects(b: Builder, scope: Scope, argument: ast.arg | None, given: ArgumentValues) -> int:
    """The node of ``*args`` or ``**kwargs``, whose annotation speaks about each element."""
    if argument is None:
        return NOBODY
    node = scope.names[argument.arg] = b.nodes[argument] = b.new_of(scope.number)
    if argument.arg in given.annotations:
        held = b.new_of(scope.number)
        b.instance_of(given.annotations[argument.arg], held)
        b.store(node, element(), held)
    return node


def _kind(node: FunctionNode) -> Kind:
    """How a function is bound where it is a member of a class."""
    if isinstance(node, ast.Lambda):
        return "plain"
    names = [getattr(d, "id", getattr(d, "attr", "")) for d in node.decorator_list]
    found = [KINDS[name] for name in (*names, node.name) if name in KINDS]
    implicit: Kind = "class" if node.name in ("__init_subclass__", "__class_getitem__") else "plain"
    return found[0] if found else implicit


def yielded(b: Builder, given: int, from_another: bool) -> int:
    """What a generator yields are the elements of what it returns; it gets what is sent to it.

    With ``from_another``, it yields the elements of another one, and gets what that returns.
    """
    function = b.scope.function()
    if function is None:
        return b.anything
    made = b.new()
    inner = b.load(given, iterated()) if from_another else given
    b.summary.displays.append(Display(made, ((None, inner),)))
    b.copy(made, function.result)
    function.generators.append(made)
    return b.load(given, RETURNED) if from_another else b.load(made, SENT)
