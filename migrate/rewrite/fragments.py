"""Fragments of source as LibCST nodes and back, without a change of their own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

import libcst as cst

from migrate.errors import FileError

MAX_DEPTH = 200
NO_SPACE = cst.SimpleWhitespace("")
OWNERS = (cst.Name, cst.Attribute, cst.Call, cst.Subscript)
Space = cst.BaseParenthesizableWhitespace
_MODULES = {newline: cst.Module([], default_newline=newline) for newline in ("\n", "\r\n", "\r")}


def parse_fragment(text: str) -> cst.BaseExpression:
    """An expression as it stands inside brackets: it may span lines and hold comments."""
    try:
        wrapped = cst.parse_expression(f"({text}{newline_of(text, '') or chr(10)})")
    except cst.ParserSyntaxError as error:
        raise FileError("BN905", f"LibCST cannot read {text!r}: {error.message}; please report it") from None
    return wrapped.with_changes(lpar=wrapped.lpar[1:], rpar=_close(wrapped))


def _close(node: cst.BaseExpression) -> list[cst.RightParen]:
    """The right parentheses of ``node`` without the outermost, which comes last."""
    return list(node.rpar[:-1])


def check_depth(node: ast.AST) -> None:
    """Raise FileError for an expression that LibCST could not read in reasonable time, or at all."""
    level: list[ast.AST] = [node]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in ast.iter_child_nodes(parent)]
        if not level:
            return
    line = getattr(node, "lineno", None)
    raise FileError("BN904", "an expression to be rewritten is nested too deep: split it", line)


def code(node: cst.CSTNode, newline: str) -> str:
    """The text of ``node``; LibCST forgets which newlines an expression had, so they are given."""
    return _MODULES[newline].code_for_node(node)


def newline_of(text: str, default: str) -> str:
    """The newline inside a fragment, or ``default`` where it has none. Raises FileError where it mixes them."""
    found = set(re.findall(r"\r\n|\r|\n", text))
    if len(found) > 1:
        raise FileError("BN905", f"different newlines within one expression: make them uniform first: {text!r}")
    return found.pop() if found else default


def in_parentheses(node: cst.BaseExpression, space: Space = NO_SPACE) -> cst.BaseExpression:
    """``node`` in parentheses, if it has none; ``space`` goes before the closing one."""
    if node.lpar:
        return node
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen(space)])


def comments_in(node: cst.CSTNode) -> list[cst.Comment]:
    """The comments inside ``node``, in order."""
    return [node] if isinstance(node, cst.Comment) else [c for child in node.children for c in comments_in(child)]


def without_comments(comma: cst.Comma) -> cst.Comma:
    """A comma whose line break stays and whose comments do not."""
    if comments_in(comma.whitespace_before):
        comma = comma.with_changes(whitespace_before=NO_SPACE)
    space = comma.whitespace_after
    if not isinstance(space, cst.ParenthesizedWhitespace):
        return comma
    first = space.first_line.with_changes(whitespace=NO_SPACE, comment=None)
    return comma.with_changes(whitespace_after=space.with_changes(first_line=first, empty_lines=[]))


def with_comments(space: Space, comments: list[cst.Comment]) -> Space:
    """Space inside brackets with ``comments`` on lines of their own before what follows."""
    if not comments:
        return space
    if not isinstance(space, cst.ParenthesizedWhitespace):
        first, *comments = comments
        space = cst.ParenthesizedWhitespace(cst.TrailingWhitespace(cst.SimpleWhitespace("  "), first))
    lines = [cst.EmptyLine(indent=False, whitespace=space.last_line, comment=c) for c in comments]
    return space.with_changes(empty_lines=[*space.empty_lines, *lines])


def gathered(nodes: Iterable[cst.CSTNode], default: Space) -> Space:
    """All comments of ``nodes`` in the first space that holds one; ``default`` where none does."""
    first, *others = [s for n in nodes for s in _spaces(n) if comments_in(s)] or [default]
    return with_comments(first, [c for s in others for c in comments_in(s)])


def _spaces(node: cst.CSTNode) -> list[Space]:
    """The spaces inside ``node`` that span lines, in order."""
    if isinstance(node, cst.ParenthesizedWhitespace):
        return [node]
    return [s for child in node.children for s in _spaces(child)]


def bare(node: cst.BaseExpression) -> cst.BaseExpression:
    """``node`` without parentheses where it stands between brackets or commas and needs none."""
    if isinstance(node, (cst.NamedExpr, cst.Yield, cst.GeneratorExp, cst.Tuple)):
        return node
    return node.with_changes(lpar=[], rpar=[])


def attribute_of(node: cst.BaseExpression) -> cst.Attribute | None:
    """``node`` as an attribute, which ``getattr(x, "name")`` becomes; None for anything else."""
    if isinstance(node, cst.Attribute):
        return node
    if not isinstance(node, cst.Call) or getattr(node.func, "value", "") != "getattr" or len(node.args) != 2:
        return None
    owner, name = (a.value for a in node.args)
    if not isinstance(name, (cst.SimpleString, cst.ConcatenatedString)):
        return None
    if not isinstance(owner, OWNERS) or "\n" in code(owner, "\n"):
        owner = in_parentheses(owner)
    attr = cst.Name(str(name.evaluated_value))
    return cst.Attribute(owner, attr, lpar=node.lpar, rpar=node.rpar)
