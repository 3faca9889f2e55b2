"""Slices, and what is unpacked of them."""

from __future__ import annotations

import ast
from collections.abc import Callable

from migrate.index.builder import Builder
from migrate.index.summary import PART, SLICE, SOMEWHERE, Bounds

Value = Callable[[Builder, ast.expr], int]
"""What gives the node of an expression."""


def sliced(b: Builder, base: int, of: ast.Slice) -> int:
    """The node of what a slice gives."""
    return b.load(base, (SLICE, _bounds(of)))


def _bounds(of: ast.Slice) -> Bounds:
    """Where a slice begins and ends, as far as that are literals that count from the start."""
    first = 0 if of.lower is None else _place(of.lower)
    end = None if of.upper is None else _place(of.upper)
    return first if of.step is None and first != SOMEWHERE else None, end


def _place(node: ast.expr) -> int:
    return node.value if isinstance(node, ast.Constant) and type(node.value) is int else SOMEWHERE


def unpacked(b: Builder, node: ast.expr, value: Value) -> int:
    """The node of what a star stands before: of a slice the elements by place, whatever their names in a network."""
    given = value(b, node)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        return b.load(b.nodes[node.value], (PART, _bounds(node.slice)))
    return given
