"""The context that an expression stands in: what the code does with its value at once, and with what it yields."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from migrate.decide.drafts import Module
from migrate.decide.values import Symbol
from migrate.syntax.nodes import passed

Context = Literal[
    "read", "compared", "looked up", "iterated", "gathered", "next", "stored", "passed", "written", "deleted"
]
"""``gathered``: consumed at once by what takes any iterable. ``looked up``: hashed, as the key of a dict is.
``read``: anything else."""
FLAG = "requires_grad"
"""What says of a parameter, in either framework, whether it is trained."""
GATHER = frozenset({"all", "any", "dict", "enumerate", "filter", "frozenset", "len", "list", "map", "max", "min", "set",
                    "sorted", "sum", "tuple", "zip"})  # fmt: skip
METHODS_THAT_GATHER = ("extend", "update", "join", "extendleft")
HASHED = ("get", "setdefault", "pop", "index", "count", "add", "__contains__", "__getitem__")
STORES = (ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.Return, ast.Yield, ast.Tuple, ast.List, ast.Lambda, ast.IfExp)


def context(module: Module, node: ast.expr) -> Context:
    """The context of ``node``."""
    parent = module.index.parent(node)
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return "deleted" if isinstance(node.ctx, ast.Del) else "written"  # type: ignore[attr-defined]
    if isinstance(parent, (ast.For, ast.comprehension)) and parent.iter is node:
        return "iterated"
    if isinstance(parent, (ast.Starred, ast.YieldFrom)) or _is_unpacked(parent, node):
        return "gathered"
    if isinstance(parent, ast.Call) and parent.func is not node:
        return _of_argument(module, parent)
    if isinstance(parent, ast.keyword):
        return "passed"
    if isinstance(parent, ast.Compare):
        return "read" if _is_identity(parent) else "compared"
    if isinstance(parent, ast.Dict):
        return "stored" if node in parent.values else "looked up"
    if isinstance(parent, ast.Set) or (isinstance(parent, ast.Subscript) and parent.slice is node):
        return "looked up"
    if isinstance(parent, ast.Match) and parent.subject is node:
        return "compared"
    return "stored" if isinstance(parent, STORES) else "read"


def _is_unpacked(parent: ast.AST | None, node: ast.expr) -> bool:
    """``a, b = node``."""
    return isinstance(parent, ast.Assign) and all(isinstance(t, (ast.Tuple, ast.List)) for t in parent.targets)


def _is_identity(test: ast.Compare) -> bool:
    """Whether a comparison asks for identity, or for None."""
    sides = [test.left, *test.comparators]
    none = any(isinstance(s, ast.Constant) and s.value is None for s in sides)
    return none or all(isinstance(op, (ast.Is, ast.IsNot)) for op in test.ops)


def _of_argument(module: Module, call: ast.Call) -> Context:
    name = builtin(module, call)
    if name == "hash":
        return "looked up"
    if name == "next":
        return "next"
    if name in GATHER or name == "iter":
        return "gathered"
    if isinstance(call.func, ast.Attribute) and call.func.attr in METHODS_THAT_GATHER:
        return "gathered"
    return "looked up" if isinstance(call.func, ast.Attribute) and call.func.attr in HASHED else "passed"


def builtin(module: Module, call: ast.Call) -> str:
    """The name of the builtin function that ``call`` calls; empty for anything else."""
    if not isinstance(call.func, ast.Name):
        return ""
    values = module.file.evaluate(call.func)
    names = {v.name for v in values if isinstance(v, Symbol)}
    name = names.pop() if len(names) == len(values) == 1 else ""
    return name.removeprefix("builtins.") if name.startswith("builtins.") else ""


@dataclass(frozen=True, slots=True)
class Elements:
    """What code gets one at a time: ``names`` for the parts of each, and the code that may use them.

    ``tests`` are the conditions that come before anything else is done; ``body`` what is done then.
    """

    names: tuple[str, ...]
    tests: tuple[ast.expr, ...]
    body: tuple[ast.AST, ...]

    def uses(self, position: int) -> list[ast.Name]:
        """Where the part at ``position`` of each element is used, or bound anew."""
        inside = (n for part in (*self.tests, *self.body) for n in ast.walk(part))
        return [n for n in inside if isinstance(n, ast.Name) and n.id == self.names[position]]


def elements(module: Module, node: ast.expr) -> Elements | None:
    """How a loop, a comprehension or a filter goes through ``node``; None for any other context."""
    parent = module.index.parent(node)
    if isinstance(parent, ast.For) and parent.iter is node:
        return Elements(_names(parent.target), (), (*parent.body, *parent.orelse))
    if isinstance(parent, ast.comprehension) and parent.iter is node:
        owner = module.index.parents[parent]
        assert isinstance(owner, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp))
        later = owner.generators[owner.generators.index(parent) + 1 :]
        results = (owner.key, owner.value) if isinstance(owner, ast.DictComp) else (owner.elt,)
        body: list[ast.AST] = [*results, *(x for g in later for x in (g.iter, *g.ifs))]
        if not later and isinstance(owner, ast.GeneratorExp):
            return Elements(_names(parent.target), (*parent.ifs, *_asked(module, owner)), tuple(body))
        return Elements(_names(parent.target), tuple(parent.ifs), tuple(body))
    if isinstance(parent, ast.Call) and builtin(module, parent) == "filter" and parent.args[1:] == [node]:
        function = parent.args[0]
        if isinstance(function, ast.Lambda) and len(function.args.args) == 1:
            return Elements((function.args.args[0].arg,), (function.body,), ())
    return None


def _asked(module: Module, owner: ast.GeneratorExp) -> Iterator[ast.expr]:
    """The condition that ``any(test for ...)`` asks, or ``all(not test for ...)``: without it the answer is the same
    as for no element at all."""
    call = module.index.parent(owner)
    name = builtin(module, call) if isinstance(call, ast.Call) else ""
    if name == "any":
        yield owner.elt
    if name == "all" and isinstance(owner.elt, ast.UnaryOp) and isinstance(owner.elt.op, ast.Not):
        yield owner.elt.operand


def _names(target: ast.expr) -> tuple[str, ...]:
    """The names of a target; empty for one that is no name and no plain tuple of names."""
    parts: Iterable[ast.expr] = target.elts if isinstance(target, (ast.Tuple, ast.List)) else (target,)
    names = tuple(p.id for p in parts if isinstance(p, ast.Name))
    return names if len(names) == (len(target.elts) if isinstance(target, (ast.Tuple, ast.List)) else 1) else ()


def passes_frozen(loop: Elements) -> bool:
    """Whether the loop does nothing for a parameter that is not trained, but to freeze it once more."""
    if not loop.names:
        return False
    name = loop.names[-1]
    if any(_asks_flag(test, name) for test in loop.tests[:1]):
        return True
    return bool(loop.body) and all(isinstance(s, ast.stmt) and _skips_frozen(s, name) for s in loop.body)


def _asks_flag(test: ast.expr, name: str) -> bool:
    """Whether a test holds for parameters that are trained alone."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return _asks_flag(test.values[0], name)
    return _is_flag(test, name)


def _is_flag(node: ast.expr, name: str) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr == FLAG
        and isinstance(node.value, ast.Name)
        and node.value.id == name
    )


def _skips_frozen(statement: ast.stmt, name: str) -> bool:
    if isinstance(statement, ast.If):
        return not statement.orelse and _asks_flag(statement.test, name)
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        function, values = statement.value.func, passed(statement.value)
        sets = isinstance(function, ast.Attribute) and function.attr == f"{FLAG}_" and len(values) == 1
        return sets and _is_false(values[0])
    if not isinstance(statement, ast.Assign) or not all(_is_flag(t, name) for t in statement.targets):
        return False
    return _is_false(statement.value)


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def is_counted(module: Module, node: ast.expr) -> bool:
    """``len(list(node))``."""
    outer = module.index.parent(node)
    length = module.index.parent(outer) if outer is not None else None
    return (
        isinstance(outer, ast.Call)
        and builtin(module, outer) in ("list", "tuple")
        and isinstance(length, ast.Call)
        and builtin(module, length) == "len"
    )


def is_inside(module: Module, node: ast.AST, name: str) -> bool:
    """Whether ``node`` stands in a function of that name, such as the override of a method."""
    around = (a for a in module.index.ancestors(node) if isinstance(a, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return getattr(next(around, None), "name", "") == name


def sets_flag(module: Module, use: ast.Name) -> bool:
    """``p.requires_grad_(...)`` as a statement, which both frameworks have."""
    method = module.index.parent(use)
    call = module.index.parent(method) if isinstance(method, ast.Attribute) else None
    if not isinstance(method, ast.Attribute) or not isinstance(call, ast.Call) or call.func is not method:
        return False
    return method.attr == f"{FLAG}_" and isinstance(module.index.parent(call), ast.Expr)
