"""Slices, and what is unpacked of them."""

from __future__ import annotations

import ast
from collections.abc import Callable

from migrate.index.builder import Builder
from migrate.index.summary import PART, SLICE, Bounds

Value = Callable[[Builder, ast.expr], int]
"""What gives the node of an expression."""


def sliced(b: Builder, base: int, of: ast.Slice) -> int:
    """The node of what a slice gives."""
    return b.load(base, (SLICE, _bounds(of)))


def _bounds(of: ast.Slice) -> Bounds | None:
    """The places that a slice begins and ends at, as far as they are literals that count from the start."""
    first = 0 if of.lower is None else _place(of.lower)
    return (first, _place(of.upper)) if of.step is None and first is not None else None


def _place(node: ast.expr | None) -> int | None:
    return node.value if isinstance(node, ast.Constant) and type(node.value) is int else None


def unpacked(b: Builder, node: ast.expr, value: Value) -> int:
    """The node of what a star stands before: of a slice the elements by place, whatever their names in a network."""
    given = value(b, node)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        return b.load(b.nodes[node.value], (PART, _bounds(node.slice)))
    return given
