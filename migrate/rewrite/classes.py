"""A test for classes, left with some of them: ``isinstance(m, (A, B))`` as ``isinstance(m, A)``."""

from __future__ import annotations

from typing import TypeVar

import libcst as cst

from migrate.edits import KeepClasses

N = TypeVar("N", cst.BinaryOperation, cst.BooleanOperation)


def keep_classes(test: cst.BaseExpression, edit: KeepClasses) -> cst.BaseExpression:
    """``test`` without the classes that ``edit`` does not keep; at least one stays."""
    kept = _Kept(frozenset(edit.keep)).of_test(test)
    assert kept is not None
    return kept


class _Kept:
    """Walks over the classes of a test in the order of the text and leaves out those that go."""

    def __init__(self, keep: frozenset[int]) -> None:
        self._keep = keep
        self._place = -1

    def of_test(self, node: cst.BaseExpression) -> cst.BaseExpression | None:
        if isinstance(node, cst.BooleanOperation):
            return _joined(node, self.of_test(node.left), self.of_test(node.right))
        if isinstance(node, cst.Call):
            classes = self._of_classes(node.args[1].value)
            args = [node.args[0], node.args[1].with_changes(value=classes), *node.args[2:]]
            return node.with_changes(args=args) if classes is not None else None
        return self._of_comparison(cst.ensure_type(node, cst.Comparison))

    def _of_comparison(self, node: cst.Comparison) -> cst.Comparison | None:
        """``type(m) in (A, B)`` with one class left is ``type(m) is A``."""
        target = node.comparisons[0]
        classes = self._of_classes(target.comparator)
        if classes is None:
            return None
        operator = target.operator
        listed = isinstance(target.comparator, (cst.Tuple, cst.List, cst.Set))
        if listed and not isinstance(classes, (cst.Tuple, cst.List, cst.Set)):
            assert isinstance(operator, cst.In)
            operator = cst.Is(operator.whitespace_before, operator.whitespace_after)
        return node.with_changes(comparisons=[target.with_changes(operator=operator, comparator=classes)])

    def _of_classes(self, node: cst.BaseExpression) -> cst.BaseExpression | None:
        if isinstance(node, cst.BinaryOperation):
            return _joined(node, self._of_classes(node.left), self._of_classes(node.right))
        if not isinstance(node, (cst.Tuple, cst.List, cst.Set)):
            self._place += 1
            return node if self._place in self._keep else None
        values = [(e, self._of_classes(e.value)) for e in node.elements]
        kept = [e.with_changes(value=v) for e, v in values if v is not None]
        if len(kept) < 2 and len(values) > 1:
            return kept[0].value if kept else None
        if not kept:
            return None
        last = cst.ensure_type(node.elements[-1], cst.Element)
        return node.with_changes(elements=[*kept[:-1], kept[-1].with_changes(comma=last.comma)])


def _joined(
    node: N, left: cst.BaseExpression | None, right: cst.BaseExpression | None
) -> N | cst.BaseExpression | None:
    """The operation on what is left of both sides, or the one side that is."""
    if left is None or right is None:
        return left or right
    return node.with_changes(left=left, right=right)
