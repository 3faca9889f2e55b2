"""What an annotation promises about a value."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrate.analysis.values import NOTHING, UNKNOWN, Local, Values, constant, has_rule, union

if TYPE_CHECKING:
    from migrate.analysis.evaluator import Evaluator


def promised(evaluator: Evaluator, annotation: ast.expr) -> Values:
    """The values of an annotation; nothing unless it names a migrated class or a class of this file."""
    values = _read(evaluator, annotation)
    classes = [getattr(v, "of", v) for v in values]
    known = any(isinstance(c, Local) or has_rule(c, evaluator.rules) for c in classes)
    return values if known else NOTHING


def _read(evaluator: Evaluator, node: ast.expr) -> Values:
    if isinstance(node, ast.Constant):
        inner = evaluator.index.strings.get(node)
        return _read(evaluator, inner) if inner is not None else constant(node.value)
    if isinstance(node, ast.BinOp):
        return _read(evaluator, node.left) | _read(evaluator, node.right)
    if isinstance(node, ast.Subscript):
        name = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if name in ("Optional", "Union", "Final", "ClassVar"):
            return union(_read(evaluator, p) for p in parts)
        if name == "Annotated":
            return _read(evaluator, parts[0])
        return union(evaluator.evaluate(p) for p in parts) if name in ("type", "Type") else UNKNOWN
    return evaluator.instances_of(node)
