"""Where a tensor of the target's goes that code of the source framework reads: into its functions, beside its tensors,
or to a change in place.

A tensor is followed from the attribute that holds it through arithmetic, methods, containers, names and the functions
of the file to the first spot where the two frameworks differ.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import Enum

from migrate.analysis.drafts import Module, Use
from migrate.analysis.reaching import reached
from migrate.analysis.scopes import Function
from migrate.analysis.source_tensors import SourceTensors
from migrate.analysis.syntax import has_decorator
from migrate.analysis.values import Instance, Local, Symbol

COPIES = frozenset({"copy.copy", "copy.deepcopy", "builtins.abs", "builtins.max", "builtins.min", "builtins.sum"})
COLLECTED = frozenset({"enumerate", "iter", "list", "reversed", "set", "sorted", "tuple", "zip"})
TAKEN = frozenset({"append", "appendleft", "add", "extend", "insert"})
"""Methods of containers that keep what they are given."""


class Kind(Enum):
    """What an expression holds: the attribute itself, memory of it, a new tensor, or a container of any."""

    OWN = 0
    VIEW = 1
    VALUE = 2
    CONTAINER = 3


Step = tuple[ast.expr, Kind]
Found = Iterator[Use | Step]


class Follower:
    """Follows the tensors of one file."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.sources = SourceTensors(module)
        self.table = module.rules.tensor

    def use(self, node: ast.expr) -> Use | None:
        """The first spot on the way of the tensor that ``node`` reads; None where none shows."""
        seen: set[tuple[ast.AST, Kind]] = set()
        waiting: list[Step] = [(node, Kind.OWN)]
        while waiting:
            expression, kind = waiting.pop(0)
            if (expression, kind) in seen:
                continue
            seen.add((expression, kind))
            for found in self._next(expression, kind):
                if isinstance(found, Use):
                    here = self.module.line(expression) == self.module.line(node)
                    return found if here else replace(found, what=f"{found.what} ({self.module.place(expression)})")
                waiting.append(found)
        return None

    def _next(self, node: ast.expr, kind: Kind) -> Found:
        parent = self.module.index.parent(node)
        handler = _PARENTS.get(type(parent)) if parent is not None else None
        if handler is not None:
            yield from handler(self, parent, node, kind)

    def _is_source(self, node: ast.AST | None) -> bool:
        return isinstance(node, ast.expr) and self.sources.holds(node)

    def _beside(self, *others: ast.expr) -> Iterator[Use]:
        yield from (Use("beside", ast.unparse(o)) for o in others if self.sources.holds(o))

    def _attribute(self, parent: ast.Attribute, node: ast.expr, kind: Kind) -> Found:
        call = self.module.index.parent(parent)
        called = call if isinstance(call, ast.Call) and call.func is parent else None
        if kind is Kind.CONTAINER or parent.value is not node:
            return
        name, table = parent.attr, self.table
        if not isinstance(parent.ctx, ast.Load):
            if name == "data" and kind is not Kind.VALUE:
                yield Use("changed", ast.unparse(parent))
            return
        result: ast.expr = called or parent
        if name.endswith("_") and not name.endswith("__"):
            yield Use("changed", f"{ast.unparse(parent)}()", kind is not Kind.VALUE)
            return
        if called is not None:
            yield from self._beside(*called.args, *(k.value for k in called.keywords))
        if name in table.views:
            yield result, Kind.VALUE if kind is Kind.VALUE else Kind.VIEW
        elif name in table.values or (name in table.own and kind is Kind.OWN and called is not None):
            yield result, Kind.VALUE
        elif name not in table.plain and not (name in table.own and kind is Kind.OWN) and table.plain:
            yield Use("lacks", f"{name}()" if called is not None else name, name not in table.graph)

    def _item(self, parent: ast.Subscript, node: ast.expr, kind: Kind) -> Found:
        if parent.value is not node:
            if kind is not Kind.CONTAINER:
                yield from self._beside(parent.value)
            return
        yield from self._beside(*(n for n in ast.walk(parent.slice) if isinstance(n, ast.expr)))
        if isinstance(parent.ctx, ast.Load):
            yield parent, Kind.VIEW if kind in (Kind.OWN, Kind.CONTAINER) else kind
        elif kind is Kind.OWN or kind is Kind.VIEW:
            yield Use("changed", f"writing into {ast.unparse(parent)}")

    def _binary(self, parent: ast.BinOp, node: ast.expr, kind: Kind) -> Found:
        other = parent.right if parent.left is node else parent.left
        if kind is Kind.CONTAINER:
            yield parent, kind
            return
        yield from self._beside(other)
        if not isinstance(other, ast.Constant) or not isinstance(other.value, str):
            yield parent, Kind.VALUE

    def _unary(self, parent: ast.UnaryOp, node: ast.expr, kind: Kind) -> Found:
        if kind is not Kind.CONTAINER and not isinstance(parent.op, ast.Not):
            yield parent, Kind.VALUE

    def _compare(self, parent: ast.Compare, node: ast.expr, kind: Kind) -> Found:
        if kind is Kind.CONTAINER or any(isinstance(op, (ast.Is, ast.IsNot, ast.In, ast.NotIn)) for op in parent.ops):
            return
        yield from self._beside(*(n for n in (parent.left, *parent.comparators) if n is not node))
        yield parent, Kind.VALUE

    def _passed_on(self, parent: ast.expr, node: ast.expr, kind: Kind) -> Found:
        if not (isinstance(parent, ast.IfExp) and parent.test is node):
            yield parent, kind

    def _named(self, parent: ast.NamedExpr, node: ast.expr, kind: Kind) -> Found:
        yield parent, kind
        yield from self._bound(parent.target, kind)

    def _contained(self, parent: ast.expr, node: ast.expr, kind: Kind) -> Found:
        yield parent, Kind.CONTAINER

    def _sequence(self, parent: ast.Tuple | ast.List, node: ast.expr, kind: Kind) -> Found:
        """An element goes to its own name where the tuple is taken apart at once."""
        statement = self.module.index.parent(parent)
        targets = statement.targets if isinstance(statement, ast.Assign) and statement.value is parent else []
        apart = [t for t in targets if isinstance(t, (ast.Tuple, ast.List)) and len(t.elts) == len(parent.elts)]
        stars = [e for t in (parent, *apart) for e in t.elts if isinstance(e, ast.Starred)]
        if not apart or stars:
            yield parent, Kind.CONTAINER
            return
        for target in apart:
            yield from self._bound(target.elts[parent.elts.index(node)], kind)

    def _looped(self, parent: ast.For | ast.comprehension, node: ast.expr, kind: Kind) -> Found:
        if parent.iter is node:
            yield from self._bound(parent.target, Kind.VALUE if kind is Kind.VALUE else Kind.VIEW)

    def _formatted(self, parent: ast.FormattedValue, node: ast.expr, kind: Kind) -> Found:
        if parent.format_spec is not None and kind is not Kind.CONTAINER:
            yield Use("lacks", "a format")

    def _assigned(self, parent: ast.Assign | ast.AnnAssign, node: ast.expr, kind: Kind) -> Found:
        if parent.value is node:
            for target in parent.targets if isinstance(parent, ast.Assign) else [parent.target]:
                yield from self._bound(target, kind)

    def _augmented(self, parent: ast.AugAssign, node: ast.expr, kind: Kind) -> Found:
        if parent.value is node:
            target = parent.target
            if self._is_source(target):
                yield Use("beside", ast.unparse(target))
            yield from self._bound(target, kind if kind is Kind.CONTAINER else Kind.VALUE)

    def _bound(self, target: ast.expr, kind: Kind) -> Found:
        """What becomes of a tensor that ``target`` is given."""
        if isinstance(target, ast.Name):
            yield from self._held_by(target.id, target, kind)
        elif isinstance(target, ast.Attribute):
            if self.sources.holds(target) or self.sources.is_made(target.value):
                yield Use("enters", ast.unparse(target), False)
        elif isinstance(target, ast.Subscript) and self._is_source(target.value):
            yield Use("enters", ast.unparse(target))

    def _held_by(self, name: str, binder: ast.AST, kind: Kind) -> Found:
        """The uses of a name that may still hold what ``binder`` gave it."""
        index = self.module.index
        scope = index.inner[binder] if isinstance(binder, Function) else index.scope(binder).resolve(name)
        for use in reached(index, scope, name, binder) if scope is not None else ():
            statement = index.parent(use)
            if isinstance(use.ctx, ast.Load):
                yield use, Kind.VIEW if kind is Kind.OWN else kind
            elif isinstance(statement, ast.AugAssign) and kind in (Kind.OWN, Kind.VIEW):
                yield Use("changed", f"{ast.unparse(statement.target)} in {ast.unparse(statement)}")

    def _keyword(self, parent: ast.keyword, node: ast.expr, kind: Kind) -> Found:
        call = self.module.index.parents[parent]
        if isinstance(call, ast.Call):
            yield from self._passed(call, node, kind, parent.arg)

    def _argument(self, parent: ast.Call, node: ast.expr, kind: Kind) -> Found:
        if parent.func is not node:
            yield from self._passed(parent, node, kind, None)

    def _passed(self, call: ast.Call, node: ast.expr, kind: Kind, keyword: str | None) -> Found:
        """A tensor, or a container of it, as an argument."""
        function, followed = call.func, False
        for value in self.module.evaluator.evaluate(function):
            if isinstance(value, Symbol):
                yield from self._given_to(call, node, kind, keyword, value.name)
            elif isinstance(value, Local) and isinstance(value.node, Function):
                yield from self._parameter(call, node, kind, keyword, value.node)
                followed = True
            elif isinstance(value, Instance) and self.sources.is_foreign(value.of):
                yield Use("enters", ast.unparse(function))
        if self.sources.is_made(function):
            yield Use("enters", ast.unparse(function))
        if isinstance(function, ast.Attribute) and not followed:
            yield from self._given_to_method(call, function)

    def _given_to_method(self, call: ast.Call, function: ast.Attribute) -> Found:
        owner = function.value
        if self.sources.is_object(owner):
            yield Use("enters", ast.unparse(function), self.sources.holds(owner))
        elif function.attr in TAKEN:
            yield from self._bound(owner, Kind.CONTAINER)
        elif isinstance(owner, ast.Constant) and function.attr == "format" and ":" in str(owner.value):
            yield Use("lacks", "a format")

    def _given_to(self, call: ast.Call, node: ast.expr, kind: Kind, keyword: str | None, name: str) -> Found:
        rules = self.module.rules
        package, _, builtin = name.partition(".")
        if name.rpartition(".")[0] in rules.initializer_package or (
            keyword == "out" and package == rules.source_package
        ):
            yield Use("changed", name)
        elif package == rules.source_package:
            yield Use("enters", name, self.table.is_given(name))
        elif name == "builtins.isinstance" and len(call.args) == 2:
            yield from self._tested(call.args[1])
        elif name in COPIES or package == rules.target_package:
            if kind is not Kind.CONTAINER:
                yield from self._beside(*(a for a in call.args if a is not node))
            yield call, Kind.VALUE
        elif package == "builtins" and builtin in COLLECTED:
            yield call, Kind.CONTAINER
        elif name == "builtins.next":
            yield call, Kind.VIEW
        elif kind is not Kind.CONTAINER and name in ("builtins.format", "builtins.round") and len(call.args) > 1:
            yield Use("lacks", f"{builtin}() with a second argument")

    def _tested(self, classes: ast.expr) -> Found:
        package = self.module.rules.source_package
        for node in classes.elts if isinstance(classes, ast.Tuple) else [classes]:
            values = self.module.evaluator.evaluate(node)
            if any(isinstance(v, Symbol) and v.name.partition(".")[0] == package for v in values):
                yield Use("tested", ast.unparse(node))

    def _parameter(
        self, call: ast.Call, node: ast.expr, kind: Kind, keyword: str | None, function: Function | ast.AST
    ) -> Found:
        """What a function of this file does with its parameter; stars are not followed."""
        if self.module.evaluator.home(function) is not self.module.evaluator or not isinstance(function, Function):
            return
        arguments = function.args
        parameters = [*arguments.posonlyargs, *arguments.args]
        bound = isinstance(call.func, ast.Attribute) and self.module.evaluator.classes.owner(function) is not None
        if bound and not has_decorator(function, "staticmethod"):
            parameters = parameters[1:]
        if keyword is not None:
            named = [a for a in (*parameters, *arguments.kwonlyargs) if a.arg == keyword]
        elif node in call.args and not any(isinstance(a, ast.Starred) for a in call.args):
            named = parameters[call.args.index(node) :][:1]
        else:
            named = []
        for parameter in named:
            yield from self._held_by(parameter.arg, function, kind)


_PARENTS: dict[type[ast.AST], Callable[..., Found]] = {
    ast.Attribute: Follower._attribute,
    ast.Subscript: Follower._item,
    ast.BinOp: Follower._binary,
    ast.UnaryOp: Follower._unary,
    ast.Compare: Follower._compare,
    ast.IfExp: Follower._passed_on,
    ast.BoolOp: Follower._passed_on,
    ast.Await: Follower._passed_on,
    ast.NamedExpr: Follower._named,
    ast.Starred: Follower._contained,
    ast.Set: Follower._contained,
    ast.Dict: Follower._contained,
    ast.ListComp: Follower._contained,
    ast.SetComp: Follower._contained,
    ast.DictComp: Follower._contained,
    ast.GeneratorExp: Follower._contained,
    ast.Tuple: Follower._sequence,
    ast.List: Follower._sequence,
    ast.For: Follower._looped,
    ast.AsyncFor: Follower._looped,
    ast.comprehension: Follower._looped,
    ast.FormattedValue: Follower._formatted,
    ast.Assign: Follower._assigned,
    ast.AnnAssign: Follower._assigned,
    ast.AugAssign: Follower._augmented,
    ast.keyword: Follower._keyword,
    ast.Call: Follower._argument,
}
