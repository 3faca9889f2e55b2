"""Changes arguments in a call, a dict or a tuple, keeping comments and line breaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import libcst as cst

from migrate.edits import Change, ChangeArguments, Operation
from migrate.rewrite.fragments import bare, comments_in, in_parentheses, parse_fragment, with_comments, without_comments

Item = TypeVar("Item", bound=cst.CSTNode)
Display = cst.Dict | cst.Tuple | cst.List

ATOMS = (
    cst.Name,
    cst.Attribute,
    cst.Call,
    cst.Subscript,
    cst.Integer,
    cst.Float,
    cst.Await,
    cst.List,
    cst.Dict,
    cst.Set,
    cst.SimpleString,
)
TIGHTER_THAN_MINUS = (
    cst.Minus,
    cst.Plus,
    cst.BitInvert,
    cst.Multiply,
    cst.Divide,
    cst.FloorDivide,
    cst.Modulo,
    cst.MatrixMultiply,
    cst.Power,
)
LOOSER_THAN_TEST = (cst.IfExp, cst.Lambda, cst.NamedExpr, cst.Yield)


def change_arguments(node: cst.BaseExpression, edit: ChangeArguments) -> cst.BaseExpression:
    """``node`` with the changes of ``edit``, its items counted in the order of the text."""
    changes = dict(edit.changes)
    dropped = {i for i, c in changes.items() if c.drop}
    if isinstance(node, cst.Call):
        before = with_comments(node.whitespace_before_args, _leading(node.args, dropped))
        args = [_change_arg(a, changes[i]) if i in changes else a for i, a in enumerate(node.args)]
        args = _without(args, dropped)
        for keyword, text in edit.append:
            args = _append(args, keyword, text)
        return node.with_changes(args=args, whitespace_before_args=before)
    assert isinstance(node, (cst.Dict, cst.Tuple, cst.List))
    node = _opened(node, _leading(node.elements, dropped))
    if isinstance(node, cst.Dict):
        entries = [_change_entry(e, changes[i]) if i in changes else e for i, e in enumerate(node.elements)]
        return node.with_changes(elements=_without(entries, dropped))
    elements = [
        e.with_changes(value=operate(e.value, changes[i].operation)) if i in changes else e
        for i, e in enumerate(node.elements)
    ]
    elements = _without(elements, dropped)
    if isinstance(node, cst.Tuple) and len(elements) == 1 and not isinstance(elements[0].comma, cst.Comma):
        elements = [elements[0].with_changes(comma=cst.Comma())]
    return node.with_changes(elements=elements)


def _leading(items: Sequence[cst.CSTNode], dropped: set[int]) -> list[cst.Comment]:
    """The comments of the items dropped before the first one that stays."""
    count = next((i for i in range(len(items)) if i not in dropped), len(items))
    return [c for item in items[:count] for c in comments_in(item)]


def _opened(node: Display, comments: list[cst.Comment]) -> Display:
    """``node`` with ``comments`` behind its opening bracket."""
    if not comments:
        return node
    if isinstance(node, cst.Dict):
        return node.with_changes(lbrace=_before(node.lbrace, comments))
    if isinstance(node, cst.List):
        return node.with_changes(lbracket=_before(node.lbracket, comments))
    *outer, inner = node.lpar or [cst.LeftParen()]
    return node.with_changes(lpar=[*outer, _before(inner, comments)], rpar=node.rpar or [cst.RightParen()])


def _before(bracket: Item, comments: list[cst.Comment]) -> Item:
    space = bracket.whitespace_after  # type: ignore[attr-defined]
    return bracket.with_changes(whitespace_after=with_comments(space, comments))


def operate(value: cst.BaseExpression, operation: Operation) -> cst.BaseExpression:
    """One argument's value after ``operation``."""
    if operation.kind == "literal":
        return parse_fragment(operation.text).with_changes(lpar=value.lpar, rpar=value.rpar)
    if operation.kind == "complement":
        return _complement(value)
    if operation.kind == "wrap":
        return cst.Call(func=cst.Name(operation.text), args=[cst.Arg(bare(value))])
    if operation.kind == "template":
        test = in_parentheses(value) if isinstance(value, LOOSER_THAN_TEST) else value
        template = parse_fragment(operation.text.format(value="VALUE"))
        return template.deep_replace(_only_name(template, "VALUE"), test)
    return value


def _only_name(node: cst.CSTNode, name: str) -> cst.CSTNode:
    if isinstance(node, cst.Name) and node.value == name:
        return node
    return next(found for child in node.children if (found := _find(child, name)) is not None)


def _find(node: cst.CSTNode, name: str) -> cst.CSTNode | None:
    if isinstance(node, cst.Name) and node.value == name:
        return node
    return next((found for child in node.children if (found := _find(child, name)) is not None), None)


def _complement(value: cst.BaseExpression) -> cst.BaseExpression:
    """``x`` for ``1 - x``, otherwise ``1 - value`` with the parentheses it needs."""
    if isinstance(value, cst.BinaryOperation) and isinstance(value.operator, cst.Subtract) and _is_one(value.left):
        right = bare(value.right)
        if len(comments_in(right)) == len(comments_in(value)):
            return right
    if isinstance(value, (cst.BinaryOperation, cst.UnaryOperation)):
        tight = isinstance(value.operator, TIGHTER_THAN_MINUS)
    else:
        tight = isinstance(value, ATOMS)
    right = value if tight else in_parentheses(value)
    return cst.BinaryOperation(left=cst.Integer("1"), operator=cst.Subtract(), right=right)


def _is_one(node: cst.BaseExpression) -> bool:
    return isinstance(node, (cst.Integer, cst.Float)) and node.evaluated_value == 1


def _change_arg(arg: cst.Arg, change: Change) -> cst.Arg:
    arg = arg.with_changes(value=operate(arg.value, change.operation))
    if not change.keyword:
        return arg
    equal = (
        arg.equal if arg.keyword is not None else cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    )
    return arg.with_changes(keyword=cst.Name(change.keyword), equal=equal)


def _change_entry(entry: cst.BaseDictElement, change: Change) -> cst.BaseDictElement:
    assert isinstance(entry, cst.DictElement)
    entry = entry.with_changes(value=operate(entry.value, change.operation))
    if change.keyword and isinstance(entry.key, cst.SimpleString):
        quote = entry.key.quote
        return entry.with_changes(key=entry.key.with_changes(value=f"{quote}{change.keyword}{quote}"))
    return entry


def _without(items: Sequence[Item], dropped: set[int]) -> list[Item]:
    """The items that stay. Where the last one goes, the one before takes over its comma and what follows it."""
    kept: list[Item] = []
    for i, item in enumerate(items):
        if i not in dropped:
            kept.append(item)
        elif kept:
            kept[-1] = _take_over(kept[-1], item, last=i == len(items) - 1)
    return kept


def _take_over(kept: Item, dropped: Item, last: bool) -> Item:
    """``kept`` with the comments of the item dropped behind it and, where that was the last, with its comma."""
    own, comma = kept.comma, dropped.comma  # type: ignore[attr-defined]
    if not last:
        return _with_comma(kept, own, comments_in(dropped))
    ending = comma if isinstance(comma, cst.Comma) else getattr(dropped, "whitespace_after_arg", None)
    left = [c for c in comments_in(dropped) if ending is None or c not in comments_in(ending)]
    comments = [*comments_in(own), *left]
    if isinstance(comma, cst.Comma):
        return _with_comma(kept, comma, comments)
    if isinstance(kept, cst.Arg) and isinstance(dropped, cst.Arg):
        space = with_comments(dropped.whitespace_after_arg, [*comments_in(kept.whitespace_after_arg), *comments])
        return kept.with_changes(comma=comma, whitespace_after_arg=space)
    return _with_comma(kept, cst.Comma(), comments) if comments else kept.with_changes(comma=comma)


def _with_comma(kept: Item, comma: cst.Comma, comments: list[cst.Comment]) -> Item:
    return kept.with_changes(comma=comma.with_changes(whitespace_after=with_comments(comma.whitespace_after, comments)))


def _append(args: list[cst.Arg], keyword: str, text: str) -> list[cst.Arg]:
    equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    new = cst.Arg(value=parse_fragment(text), keyword=cst.Name(keyword), equal=equal)
    if not args:
        return [new]
    last = args[-1]
    plain = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    between = args[-2].comma if len(args) > 1 else plain
    space = without_comments(between) if isinstance(between, cst.Comma) else plain
    return [*args[:-1], last.with_changes(comma=space), new.with_changes(comma=last.comma)]
