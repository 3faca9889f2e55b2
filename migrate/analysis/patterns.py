"""What the names that a pattern captures can hold."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrate.analysis import containers
from migrate.analysis.scopes import Binding
from migrate.analysis.values import UNKNOWN, Values, union

if TYPE_CHECKING:
    from migrate.analysis.evaluator import Evaluator


def captured(evaluator: Evaluator, binding: Binding) -> Values:
    """``case C() as name``; other captures hold anything."""
    node = binding.node
    pattern = node.pattern if isinstance(node, ast.MatchAs) else None
    options = pattern.patterns if isinstance(pattern, ast.MatchOr) else [pattern]
    classes = [p.cls for p in options if isinstance(p, ast.MatchClass)]
    if len(classes) == len(options):
        return union(evaluator.instances_of(c) for c in classes)
    match = next((a for a in evaluator.index.ancestors(node) if isinstance(a, ast.Match)), None)
    if match is None:
        return UNKNOWN
    subject = evaluator.evaluate(match.subject)
    return subject | containers.elements_of_values(evaluator, match.subject) | UNKNOWN
