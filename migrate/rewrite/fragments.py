"""Fragments of source as LibCST nodes and back, without a change of their own."""

from __future__ import annotations

import libcst as cst

from migrate.errors import FileError

MODULE = cst.Module([])


def parse_fragment(text: str) -> cst.BaseExpression:
    """An expression as it stands inside brackets: it may span lines and hold comments."""
    try:
        wrapped = cst.parse_expression(f"({text}\n)")
    except cst.ParserSyntaxError as error:
        raise FileError("BN905", f"LibCST cannot read {text!r}: {error.message}; please report it") from None
    return wrapped.with_changes(lpar=wrapped.lpar[1:], rpar=_close(wrapped))


def _close(node: cst.BaseExpression) -> list[cst.RightParen]:
    """The right parentheses of ``node`` without the outermost, which comes last."""
    return list(node.rpar[:-1])


def code(node: cst.CSTNode) -> str:
    return MODULE.code_for_node(node)


def in_parentheses(node: cst.BaseExpression) -> cst.BaseExpression:
    if node.lpar:
        return node
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def bare(node: cst.BaseExpression) -> cst.BaseExpression:
    """``node`` without parentheses where it stands between brackets or commas and needs none."""
    if isinstance(node, (cst.NamedExpr, cst.Yield, cst.GeneratorExp, cst.Tuple)):
        return node
    return node.with_changes(lpar=[], rpar=[])
