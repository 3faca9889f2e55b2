"""Where a tensor of the target's goes that code of the source framework reads: into its functions, beside its tensors,
or to a change in place.

A tensor is followed from the attribute that holds it through arithmetic, methods, containers, names, attributes and the
functions of the file, to the first spot where the two frameworks differ.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

from migrate.decide.drafts import Use
from migrate.decide.tensor_calls import passed_to
from migrate.decide.tensor_flow import Flow, Found, Kind, Step
from migrate.syntax.scopes import Function

IDENTITY = (ast.Is, ast.IsNot, ast.In, ast.NotIn)
OPENED = frozenset({"copy", "get", "items", "pop", "values"})
"""Methods of containers that give what is in them."""
MOST = 4
"""How many functions a tuple is followed through that returns it."""


def first_use(flow: Flow, node: ast.expr, kind: Kind = Kind.OWN, known: tuple[str, ...] = ()) -> Use | None:
    """The first spot on the way of the tensor that ``node`` reads where it cannot go on; None where none shows.

    ``known``: attributes that it is known not to lack, wherever it is.
    """
    seen: set[Step] = set()
    waiting: list[Step] = [(node, kind)]
    while waiting:
        step = waiting.pop(0)
        if step in seen:
            continue
        seen.add(step)
        expression, kind = step
        parent = flow.parent(expression)
        handler = _PARENTS.get(type(parent)) if parent is not None else None
        for found in handler(flow, parent, expression, kind) if handler is not None else ():
            if isinstance(found, Use) and found.why == "lacks" and found.what in known:
                continue
            if isinstance(found, Use):
                place = flow.module.place(expression)
                here = place == flow.module.place(node)
                return found if here else replace(found, what=f"{found.what} ({place})")
            waiting.append(found)
    return None


def _attribute(flow: Flow, parent: ast.Attribute, node: ast.expr, kind: Kind) -> Found:
    call = flow.parent(parent)
    called = call if isinstance(call, ast.Call) and call.func is parent else None
    name, table, result = parent.attr, flow.table, called or parent
    if kind is Kind.CONTAINER:
        if called is not None and name in OPENED:
            yield called, kind
    elif not isinstance(parent.ctx, ast.Load):
        if name == "data" and kind is not Kind.VALUE:
            yield Use("changed", ast.unparse(parent))
    elif name.endswith("_") and not name.endswith("__"):
        yield Use("changed", f"{ast.unparse(parent)}()", kind is not Kind.VALUE)
    else:
        if called is not None:
            yield from flow.beside(*called.args, *(k.value for k in called.keywords))
        own = name in table.own and kind is Kind.OWN
        if name in table.views:
            yield result, kind.element
        elif name in table.values or (own and called is not None):
            yield result, Kind.VALUE
        elif name not in table.plain and not own and table.plain:
            yield Use("lacks", f"{name}()" if called is not None else name, name not in table.graph)


def _item(flow: Flow, parent: ast.Subscript, node: ast.expr, kind: Kind) -> Found:
    if parent.value is not node:
        yield from flow.beside(parent.value)
        return
    yield from flow.beside(*(n for n in ast.walk(parent.slice) if isinstance(n, ast.expr)))
    if isinstance(parent.ctx, ast.Load):
        yield parent, kind.element
    elif kind in (Kind.OWN, Kind.VIEW):
        yield Use("changed", f"writing into {ast.unparse(parent)}")


def _binary(flow: Flow, parent: ast.BinOp, node: ast.expr, kind: Kind) -> Found:
    other = parent.right if parent.left is node else parent.left
    if kind is Kind.CONTAINER:
        yield parent, kind
        return
    yield from flow.beside(other)
    if flow.is_array(other):
        yield Use("lacks", f"an operator with {ast.unparse(other)}")
    if not isinstance(other, ast.Constant) or not isinstance(other.value, str):
        yield parent, Kind.VALUE


def _unary(flow: Flow, parent: ast.UnaryOp, node: ast.expr, kind: Kind) -> Found:
    if kind is not Kind.CONTAINER and not isinstance(parent.op, ast.Not):
        yield parent, Kind.VALUE


def _compare(flow: Flow, parent: ast.Compare, node: ast.expr, kind: Kind) -> Found:
    if kind is not Kind.CONTAINER and not any(isinstance(op, IDENTITY) for op in parent.ops):
        yield from flow.beside(*(n for n in (parent.left, *parent.comparators) if n is not node))
        yield parent, Kind.VALUE


def _passed_on(flow: Flow, parent: ast.expr, node: ast.expr, kind: Kind) -> Found:
    if not (isinstance(parent, ast.IfExp) and parent.test is node):
        yield parent, kind


def _named(flow: Flow, parent: ast.NamedExpr, node: ast.expr, kind: Kind) -> Found:
    yield parent, kind
    yield from flow.bound(parent.target, kind)


def _contained(flow: Flow, parent: ast.expr, node: ast.expr, kind: Kind) -> Found:
    yield parent, Kind.CONTAINER


def _sequence(flow: Flow, parent: ast.Tuple | ast.List, node: ast.expr, kind: Kind) -> Found:
    if any(isinstance(e, ast.Starred) for e in parent.elts):
        yield parent, Kind.CONTAINER
    else:
        yield from _taken_apart(flow, parent, parent.elts.index(node), len(parent.elts), kind)


def _taken_apart(flow: Flow, whole: ast.expr, place: int, length: int, kind: Kind, depth: int = 0) -> Found:
    """The part of a tuple at ``place`` goes to its own name where the tuple is taken apart, at once or by a caller."""
    user = flow.parent(whole)
    if isinstance(user, ast.Return) and depth < MOST:
        for given in _returned(flow, user):
            yield from _taken_apart(flow, given, place, length, kind, depth + 1)
        return
    for target in user.targets if isinstance(user, ast.Assign) and user.value is whole else ():
        same = isinstance(target, (ast.Tuple, ast.List)) and len(target.elts) == length
        if same and not any(isinstance(e, ast.Starred) for e in target.elts):  # type: ignore[attr-defined]
            yield from flow.bound(target.elts[place], kind)  # type: ignore[attr-defined]
        else:
            yield from flow.bound(target, Kind.CONTAINER)
    if isinstance(user, ast.Subscript) and user.value is whole and isinstance(user.slice, ast.Constant):
        if user.slice.value == place:
            yield user, kind
    elif not isinstance(user, ast.Assign):
        yield whole, Kind.CONTAINER


def _returned(flow: Flow, statement: ast.Return | ast.Lambda | ast.Yield) -> list[ast.expr]:
    around = (statement, *flow.module.index_of(statement).ancestors(statement))
    function = next((a for a in around if isinstance(a, Function)), None)
    return flow.given_by(function) if function is not None else []


def _given_back(flow: Flow, parent: ast.Return | ast.Lambda, node: ast.expr, kind: Kind) -> Found:
    if isinstance(parent, ast.Return) or parent.body is node:
        yield from ((given, kind.kept) for given in _returned(flow, parent))


def _yielded(flow: Flow, parent: ast.Yield, node: ast.expr, kind: Kind) -> Found:
    yield from ((given, Kind.CONTAINER) for given in _returned(flow, parent))


def _looped(flow: Flow, parent: ast.For | ast.comprehension, node: ast.expr, kind: Kind) -> Found:
    if parent.iter is node:
        yield from flow.bound(parent.target, kind.element)


def _formatted(flow: Flow, parent: ast.FormattedValue, node: ast.expr, kind: Kind) -> Found:
    if parent.format_spec is not None and kind is not Kind.CONTAINER:
        yield Use("lacks", "a format")


def _assigned(flow: Flow, parent: ast.Assign | ast.AnnAssign, node: ast.expr, kind: Kind) -> Found:
    if parent.value is node:
        for target in parent.targets if isinstance(parent, ast.Assign) else [parent.target]:
            yield from flow.bound(target, kind)


def _augmented(flow: Flow, parent: ast.AugAssign, node: ast.expr, kind: Kind) -> Found:
    if parent.value is node:
        yield from flow.beside(parent.target)
        yield from flow.bound(parent.target, kind if kind is Kind.CONTAINER else Kind.VALUE)


def _keyword(flow: Flow, parent: ast.keyword, node: ast.expr, kind: Kind) -> Found:
    call = flow.parent(parent)
    if isinstance(call, ast.Call):
        yield from passed_to(flow, call, node, kind, parent.arg)


def _argument(flow: Flow, parent: ast.Call, node: ast.expr, kind: Kind) -> Found:
    if parent.func is not node:
        yield from passed_to(flow, parent, node, kind, None)


_PARENTS: dict[type[ast.AST], Callable[..., Found]] = {
    ast.Attribute: _attribute,
    ast.Subscript: _item,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.Compare: _compare,
    ast.IfExp: _passed_on,
    ast.BoolOp: _passed_on,
    ast.Await: _passed_on,
    ast.NamedExpr: _named,
    ast.Starred: _contained,
    ast.Set: _contained,
    ast.Dict: _contained,
    ast.ListComp: _contained,
    ast.SetComp: _contained,
    ast.DictComp: _contained,
    ast.GeneratorExp: _contained,
    ast.Tuple: _sequence,
    ast.List: _sequence,
    ast.Return: _given_back,
    ast.Lambda: _given_back,
    ast.Yield: _yielded,
    ast.For: _looped,
    ast.AsyncFor: _looped,
    ast.comprehension: _looped,
    ast.FormattedValue: _formatted,
    ast.Assign: _assigned,
    ast.AnnAssign: _assigned,
    ast.AugAssign: _augmented,
    ast.keyword: _keyword,
    ast.Call: _argument,
}
