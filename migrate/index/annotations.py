"""What annotations say of variables, parameters and results."""

from __future__ import annotations

import ast

from migrate.index.builder import Builder
from migrate.index.expressions import defaults, value
from migrate.index.functions import ArgumentValues
from migrate.index.summary import place_of
from migrate.syntax.shapes import annotated


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
        return b.join(named) if name in ("Optional", "Union", "Annotated", "Final", "ClassVar") else b.anything
    return value(b, node)
