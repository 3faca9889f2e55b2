"""Containers that are written out."""

from __future__ import annotations

import ast
from collections.abc import Callable

from migrate.index.builder import Builder
from migrate.index.summary import KEYS, Display, iterated

Value = Callable[[Builder, ast.expr], int]
"""What gives the node of an expression."""


def sequence(b: Builder, node: ast.List | ast.Tuple | ast.Set, value: Value) -> int:
    """A list, tuple or set: elements by place, as far as no star stands before them."""
    entries: list[tuple[object, int]] = []
    starred = False
    made = b.new()
    for i, part in enumerate(node.elts):
        if isinstance(part, ast.Starred):
            starred = True
            entries.append((None, b.load(value(b, part.value), iterated())))
        else:
            entries.append((None if starred else i, value(b, part)))
    b.summary.displays.append(Display(made, tuple(entries), not starred))
    return made


def mapping(b: Builder, node: ast.Dict, value: Value) -> int:
    """A dict: elements by key, and what the mappings have that are unpacked in it."""
    made = b.new()
    entries: list[tuple[object, int]] = []
    for key, part in zip(node.keys, node.values, strict=True):
        given = value(b, part)
        if key is None:
            b.summary.merges.append((given, made))
            continue
        held = value(b, key)
        entries.append((key.value if isinstance(key, ast.Constant) else None, given))
        if not isinstance(key, ast.Constant):
            b.store(made, KEYS, held)
    b.summary.displays.append(Display(made, tuple(entries), True, is_mapping=True))
    return made


def group_of(b: Builder, thrown_by: int, to: int) -> None:
    """``except* C as group``: ``group.exceptions`` are instances of the class."""
    group, exceptions, each = b.new(), b.new(), b.new()
    b.instance_of(thrown_by, each)
    b.summary.displays += [Display(group, ()), Display(exceptions, ((None, each),))]
    b.store(group, "exceptions", exceptions)
    b.copy(group, to)
