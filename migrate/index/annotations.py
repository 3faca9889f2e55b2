"""What annotations say of variables, parameters and results."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager

from migrate.index.builder import Builder
from migrate.index.expressions import defaults, value
from migrate.index.functions import ArgumentValues
from migrate.index.summary import KEYS, Display, Function, place_of
from migrate.syntax.paths import dotted
from migrate.syntax.shapes import annotated

TRANSPARENT = frozenset(
    {
        "Optional",
        "Union",
        "Annotated",
        "Final",
        "ClassVar",
        "InitVar",
        "Required",
        "NotRequired",
        "ReadOnly",
        "Awaitable",
        "Coroutine",
    }
)
"""What promises the same as what stands in its brackets."""
ASKED = frozenset({"TypeGuard", "TypeIs"})
"""What promises something of the argument where the result is true."""
PLAIN = frozenset(
    {"Any", "Callable", "Module", "Path", "Tensor", "bool", "bytes", "complex", "float", "int", "object", "str"}
)
"""Names in annotations of elements that promise no class or layer of a rule."""
CLASSES = frozenset({"Type", "type"})
MAPPINGS = frozenset(
    {
        "Dict",
        "dict",
        "Mapping",
        "MutableMapping",
        "OrderedDict",
        "DefaultDict",
        "defaultdict",
        "ChainMap",
        "Counter",
        "MappingProxyType",
    }
)
CONTAINERS = (
    CLASSES
    | MAPPINGS
    | frozenset(
        {
            "List",
            "list",
            "Tuple",
            "tuple",
            "Set",
            "set",
            "FrozenSet",
            "frozenset",
            "AbstractSet",
            "MutableSet",
            "Sequence",
            "MutableSequence",
            "Iterable",
            "Iterator",
            "Collection",
            "Container",
            "Deque",
            "deque",
            "Generator",
            "AsyncIterable",
            "AsyncIterator",
            "AsyncGenerator",
            "Reversible",
            "ValuesView",
            "KeysView",
            "ContextManager",
            "AsyncContextManager",
            "AbstractContextManager",
            "AbstractAsyncContextManager",
        }
    )
)


def argument_values(b: Builder, arguments: ast.arguments) -> ArgumentValues:
    """The nodes of the defaults, of those of keyword-only parameters, and of annotations by parameter."""
    given = defaults(b, arguments)
    collecting = [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *collecting]
    return given._replace(annotations={a.arg: annotation(b, a.annotation) for a in every if a.annotation is not None})


def annotation(b: Builder, node: ast.expr) -> int:
    """The node of the classes that an annotation names: those of a union or Optional, in a string too."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        tree = annotated(node)
        if tree is None:
            return b.anything
        b.string, before = place_of(node), b.string
        found = annotation(b, tree)
        b.string = before
        return found
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return b.join((annotation(b, node.left), annotation(b, node.right)))
    if isinstance(node, ast.Subscript):
        value(b, node.value)
        name = getattr(node.value, "attr", getattr(node.value, "id", ""))
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        named = [annotation(b, part) for part in inner]
        if name in CONTAINERS and any(map(_tells, inner)):
            return _container(b, name, named)
        if name == "Callable" and len(inner) == 2 and _tells(inner[1]):
            return _container(b, name, named[1:])
        return b.join(named) if name in TRANSPARENT else b.anything
    return value(b, node)


def returns(b: Builder, node: ast.FunctionDef | ast.AsyncFunctionDef, function: Function) -> None:
    """What the annotation of a result says: of what classes it is, or those of what the function is asked about."""
    told = node.returns.slice if isinstance(node.returns, ast.Subscript) else None
    name = dotted(node.returns.value).rpartition(".")[2] if isinstance(node.returns, ast.Subscript) else ""
    if told is not None and name in ASKED:
        b.summary.tells[function.number] = annotation(b, told)
    elif node.returns is not None:
        b.instance_of(annotation(b, node.returns), function.result)


@contextmanager
def type_parameters(b: Builder, node: ast.stmt) -> Iterator[None]:
    """The signature, the bases or the value of a definition, where names of type parameters stand for their bounds."""
    around = b.scope
    before, around.types = around.types, dict(around.types)
    for parameter in getattr(node, "type_params", ()):  # none before Python 3.12
        told = (getattr(parameter, "bound", None), getattr(parameter, "default_value", None))
        classes = [part for each in told if each for part in (each.elts if isinstance(each, ast.Tuple) else (each,))]
        around.types[parameter.name] = b.join([annotation(b, each) for each in classes])
    try:
        yield
    finally:
        around.types = before


def _tells(node: ast.expr) -> bool:
    """Whether an annotation of elements names something that may have to do with layers, as ``int`` has not."""
    tree = annotated(node) if isinstance(node, ast.Constant) else node
    names = [n.attr if isinstance(n, ast.Attribute) else n.id for n in _named(tree)] if tree is not None else []
    return not ({*names} <= PLAIN | CONTAINERS | TRANSPARENT)


def _named(node: ast.AST) -> Iterator[ast.Name | ast.Attribute]:
    """The names of an annotation, and of dotted ones the last part."""
    if isinstance(node, (ast.Name, ast.Attribute)):
        yield node
    else:
        for child in ast.iter_child_nodes(node):
            yield from _named(child)


def _container(b: Builder, name: str, named: list[int]) -> int:
    """The node of a container that an annotation promises, or of the class itself in ``type[C]``."""
    made = b.new()
    if name in CLASSES:
        entries: list[tuple[object, int]] = [(None, each) for each in named]
    elif name in MAPPINGS:
        entries = [(None, _instance(b, named[-1]))]
        b.store(made, KEYS, _instance(b, named[0]))
    else:
        by_place = name in ("Tuple", "tuple") and len(named) > 1 and b.anything not in named
        entries = [(place if by_place else None, _instance(b, each)) for place, each in enumerate(named)]
    promised = "class" if name in CLASSES else "callable" if name == "Callable" else "container"
    b.summary.displays.append(Display(made, tuple(entries), is_mapping=name in MAPPINGS, promised=promised))
    return made


def _instance(b: Builder, cls: int) -> int:
    held = b.new()
    b.instance_of(cls, held)
    return held
