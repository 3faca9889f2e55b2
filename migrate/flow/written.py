"""What stands in the files where a flow has its nodes: expressions, literals and calls."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from migrate.flow.queries import Queries
from migrate.index.summary import Place

LITERALS = (ast.Constant, ast.BinOp)
"""The expressions that are literals, or may be calculated from these."""


class Written:
    """The expressions of the files of a run by the nodes that they stand for, in copies of functions too."""

    def __init__(self, queries: Queries) -> None:
        self._flow = queries.flow
        self._nodes: Mapping[ast.AST, int] = queries._nodes
        self._expressions: dict[int, list[ast.expr]] = {}
        self._literals: dict[tuple[str, Place], ast.expr] = {}
        for path, nodes in queries._numbers.items():
            for node in nodes.of:
                if isinstance(node, LITERALS) and node.end_lineno is not None and node.end_col_offset is not None:
                    place = Place(node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
                    self._literals[path, place] = node
        for node, number in self._nodes.items():
            if isinstance(node, ast.expr):
                for each in self._flow.everywhere(number):
                    self._expressions.setdefault(each, []).append(node)
        self._places = {
            number + loaded.base: (path, place)
            for path, loaded in self._flow.modules.loaded.items()
            if loaded is not None
            for number, place in loaded.summary.places.items()
            if number in loaded.summary.constants
        }

    def literal(self, node: int) -> ast.expr | None:
        """The literal of a node, or a calculation with literals alone; the first of them where several have one."""
        place = self._places.get(node)
        return self._literals.get(place) if place is not None else None

    def call(self, result: int) -> ast.Call | None:
        """The call that gives what a node holds."""
        return next((e for e in self._expressions.get(result, ()) if isinstance(e, ast.Call)), None)

    def expressions(self, nodes: Iterable[int]) -> list[ast.expr]:
        """The expressions that stand for any of some nodes."""
        return list(dict.fromkeys(e for node in nodes for e in self._expressions.get(node, ())))

    def nodes(self, expression: ast.AST) -> list[int]:
        """The nodes that an expression stands for."""
        number = self._nodes.get(expression)
        return self._flow.everywhere(number) if number is not None else []
