"""What an expression can hold, as far as one file shows."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from migrate.analysis.callers import Callers
from migrate.analysis.classes import Classes
from migrate.analysis.narrowing import Narrowing
from migrate.analysis.scopes import Binding, Function, Index
from migrate.analysis.values import (
    MAX_DEPTH,
    NONE,
    NOTHING,
    UNKNOWN,
    Constant,
    Instance,
    Local,
    Migrated,
    Partial,
    Symbol,
    Unknown,
    Value,
    Values,
    constant,
    union,
)
from migrate.rules import RuleSet


class Evaluator:
    """Evaluates expressions of one module to the set of values they can hold.

    Only what the file shows counts: a parameter holds its default and what the calls in the file pass.
    A cycle contributes nothing of its own; whatever is too deep or unreadable is Unknown.
    """

    def __init__(self, index: Index, rules: RuleSet) -> None:
        self.index = index
        self.rules = rules
        self.narrowing = Narrowing(index)
        self._memo: dict[ast.AST, Values] = {}
        self._active: dict[ast.AST, int] = {}
        self._lowest = MAX_DEPTH
        self.classes = Classes(index, self.evaluate, self._binding, self.annotated, self._returned)
        self.callers = Callers(self)

    def evaluate(self, node: ast.expr) -> Values:
        """The values of ``node`` where it stands, narrowed by the tests around it."""
        if node in self._memo:
            return self._memo[node]
        if node in self._active:
            self._lowest = min(self._lowest, self._active[node])
            return NOTHING
        depth = len(self._active)
        if depth >= MAX_DEPTH:
            return UNKNOWN
        outer, self._lowest = self._lowest, MAX_DEPTH
        self._active[node] = depth
        try:
            result = self._evaluate(node)
        finally:
            del self._active[node]
        if self._lowest >= depth:
            self._memo[node] = result
            self._lowest = outer
        else:
            self._lowest = min(outer, self._lowest)
        return result

    @contextmanager
    def fresh(self) -> Iterator[None]:
        """A time in which nothing is remembered from before, nor afterwards."""
        kept = self._memo, self._active, self._lowest
        self._memo, self._active, self._lowest = {}, {}, MAX_DEPTH
        yield
        _, self._active, self._lowest = kept
        self._memo = {}

    def symbol(self, name: str, reference: ast.AST | None) -> Value:
        """The value behind a qualified name."""
        rule = self.rules.by_name.get(name)
        if rule is not None:
            return Migrated(rule, reference)
        owner, _, attr = name.rpartition(".")
        if owner in self.rules.by_name:
            name = f"{self.rules.by_name[owner].source.name}.{attr}"
        return Symbol(name)

    def _evaluate(self, node: ast.expr) -> Values:
        if isinstance(node, (ast.Name, ast.Attribute)):
            classes = self.narrowing.classes(node)
            if classes:
                return union(self.instances_of(c) for c in classes)
        handler = _EVALUATE.get(type(node))
        return handler(self, node) if handler else UNKNOWN

    def instances_of(self, classes: ast.expr) -> Values:
        """The instances that the second argument of ``isinstance`` accepts."""
        if isinstance(classes, (ast.Tuple, ast.List, ast.Set)):
            return union(self.instances_of(e) for e in classes.elts)
        if isinstance(classes, ast.BinOp) and isinstance(classes.op, ast.BitOr):
            return self.instances_of(classes.left) | self.instances_of(classes.right)
        if isinstance(classes, ast.Name):
            bindings = self.bindings(classes)
            if len(bindings) == 1 and isinstance(bindings[0].value, ast.Tuple):
                return self.instances_of(bindings[0].value)
        return frozenset(
            Instance(v) if isinstance(v, (Symbol, Migrated, Local)) else Unknown() for v in self.evaluate(classes)
        )

    def bindings(self, node: ast.Name) -> list[Binding]:
        """The bindings that a name can mean."""
        scope = self.index.scope(node).resolve(node.id)
        return scope.bindings.get(node.id, []) if scope else []

    def _name(self, node: ast.Name) -> Values:
        bindings = self.bindings(node)
        if not bindings:
            return self._unbound(node)
        result = union(self._binding(b, node) for b in bindings)
        if NONE in result and len(bindings) > 1 and self._none_replaced(node.id, bindings):
            result -= {NONE}
        return result

    def _unbound(self, node: ast.Name) -> Values:
        """A name that nothing in the file binds: from a star import, a builtin, or unknown."""
        stars = self.index.module.star_imports
        found: Values = NOTHING
        for star in stars:
            module = "." * star.level + (star.module or "")
            name = f"{module}.{node.id}"
            if name in self.rules.by_name or name in self.rules.related:
                found = frozenset({self.symbol(name, node)})
            elif not module.startswith("torch.") and module != "torch" and node.id in self.rules.short_names:
                found |= UNKNOWN
        if found:
            return found
        if hasattr(builtins, node.id):
            return frozenset({Symbol(f"builtins.{node.id}")})
        return UNKNOWN

    def _none_replaced(self, name: str, bindings: list[Binding]) -> bool:
        """Whether the file reads ``if name is None: name = ...`` or ``name = name or ...``."""
        for b in bindings:
            if b.kind != "value" or b.value is None:
                continue
            if isinstance(b.value, ast.BoolOp) and getattr(b.value.values[0], "id", "") == name:
                return True
            parent = self.index.parent(self.index.statement(b.node))
            if isinstance(parent, ast.If) and is_none_test(parent.test, name):
                return True
        return False

    def _binding(self, binding: Binding, use: ast.Name | None = None) -> Values:
        if binding.kind == "import":
            return frozenset({self._imported(binding, use)})
        if binding.kind in ("function", "class"):
            assert isinstance(binding.node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
            return frozenset({Local(binding.node)})
        if binding.kind == "unknown":
            return self._captured(binding)
        if binding.annotation is not None:
            annotated = self.annotated(binding.annotation)
            if annotated:
                return annotated
        if binding.kind == "parameter":
            return self.callers.parameter(binding)
        return self.evaluate(binding.value) if binding.value is not None else NOTHING

    def _imported(self, binding: Binding, use: ast.Name | None) -> Value:
        alias = binding.node
        assert isinstance(alias, ast.alias)
        statement = self.index.parents[alias]
        if isinstance(statement, ast.ImportFrom):
            module = "." * statement.level + (statement.module or "")
            return self.symbol(f"{module}.{alias.name}", use)
        return self.symbol(alias.name if alias.asname else alias.name.partition(".")[0], use)

    def _captured(self, binding: Binding) -> Values:
        """``case C() as name``; other captures hold anything."""
        node = binding.node
        if isinstance(node, ast.MatchAs) and isinstance(node.pattern, ast.MatchClass):
            return self.instances_of(node.pattern.cls)
        return UNKNOWN

    def annotated(self, annotation: ast.expr) -> Values:
        """What an annotation promises; nothing unless it names a migrated class or a class of this file."""
        values = self._promised(annotation)
        known = any(isinstance(getattr(v, "of", v), (Migrated, Local)) for v in values)
        return values if known else NOTHING

    def _promised(self, node: ast.expr) -> Values:
        if isinstance(node, ast.Constant):
            inner = self.index.strings.get(node)
            return self._promised(inner) if inner is not None else constant(node.value)
        if isinstance(node, ast.BinOp):
            return self._promised(node.left) | self._promised(node.right)
        if isinstance(node, ast.Subscript):
            name = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            if name in ("Optional", "Union"):
                return union(self._promised(p) for p in parts)
            if name in ("type", "Type"):
                return union(self.evaluate(p) for p in parts)
            return UNKNOWN
        return self.instances_of(node)

    def _attribute(self, node: ast.Attribute) -> Values:
        result: set[Value] = set()
        for value in self.evaluate(node.value):
            if isinstance(value, Symbol):
                result.add(self.symbol(f"{value.name}.{node.attr}", node))
            elif isinstance(value, Migrated):
                result.add(self.symbol(f"{value.rule.source.name}.{node.attr}", node))
            elif isinstance(value, Local) and isinstance(value.node, ast.ClassDef):
                result |= self.classes.attribute(value.node, node.attr)
            elif (
                isinstance(value, Instance) and isinstance(value.of, Local) and isinstance(value.of.node, ast.ClassDef)
            ):
                result |= self.classes.attribute(value.of.node, node.attr)
            elif value != NONE:
                result |= UNKNOWN
        return frozenset(result)

    def _call(self, node: ast.Call) -> Values:
        if isinstance(node.func, ast.Attribute) and node.func.attr in self.rules.returns_self:
            owner = self.evaluate(node.func.value)
            if any(isinstance(v, Instance) and isinstance(v.of, Migrated) for v in owner):
                return owner
        return union(self._result(v, node) for v in self.evaluate(node.func))

    def _result(self, callee: Value, node: ast.Call) -> Values:
        if isinstance(callee, Partial):
            return self._result(callee.of, callee.call)
        if isinstance(callee, Migrated):
            return frozenset({Instance(callee)})
        if isinstance(callee, Local):
            if isinstance(callee.node, ast.ClassDef):
                return frozenset({Instance(callee)})
            return self._returned(callee.node)
        if isinstance(callee, Symbol):
            known = _KNOWN_CALLS.get(callee.name)
            return known(self, node) if known else frozenset({Instance(callee)})
        return UNKNOWN

    def _returned(self, function: ast.AST) -> Values:
        if isinstance(function, ast.Lambda):
            return self.evaluate(function.body)
        if not isinstance(function, ast.FunctionDef):
            return UNKNOWN
        if function.returns is not None:
            promised = self.annotated(function.returns)
            if promised:
                return promised
        returns = [r for r in self.index.all(ast.Return) if self._function_of(r) is function]
        if any(self._function_of(y) is function for y in (*self.index.all(ast.Yield), *self.index.all(ast.YieldFrom))):
            return UNKNOWN
        return union(self.evaluate(r.value) if r.value else frozenset({NONE}) for r in returns)

    def _function_of(self, node: ast.AST) -> ast.AST | None:
        return next((a for a in self.index.ancestors(node) if isinstance(a, Function)), None)

    def _choice(self, node: ast.IfExp) -> Values:
        body, orelse = self.evaluate(node.body), self.evaluate(node.orelse)
        if isinstance(node.body, ast.Name) and _not_none(node.test, node.body.id):
            body -= {NONE}
        if isinstance(node.orelse, ast.Name) and is_none_test(node.test, node.orelse.id):
            orelse -= {NONE}
        return body | orelse

    def _boolean(self, node: ast.BoolOp) -> Values:
        if isinstance(node.op, ast.And):
            return self.evaluate(node.values[-1]) | constant(False)
        first = union(self.evaluate(v) for v in node.values[:-1]) - {NONE}
        return first | self.evaluate(node.values[-1])

    def _arithmetic(self, node: ast.BinOp) -> Values:
        operation = _ARITHMETIC.get(type(node.op))
        left, right = self.evaluate(node.left), self.evaluate(node.right)
        if operation is None or len(left) != 1 or len(right) != 1:
            return UNKNOWN
        (a,), (b,) = left, right
        if not (isinstance(a, Constant) and isinstance(b, Constant) and _is_number(a) and _is_number(b)):
            return UNKNOWN
        try:
            return constant(operation(a.value, b.value))
        except ArithmeticError:
            return UNKNOWN

    def _sign(self, node: ast.UnaryOp) -> Values:
        values = self.evaluate(node.operand)
        if isinstance(node.op, ast.Not):
            return UNKNOWN
        if isinstance(node.op, ast.USub) and all(isinstance(v, Constant) and _is_number(v) for v in values):
            return union(constant(-v.value) for v in values)  # type: ignore[union-attr, operator]
        return values if isinstance(node.op, ast.UAdd) else UNKNOWN


def is_none_test(test: ast.expr, name: str) -> bool:
    """``name is None`` or ``not name``."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return isinstance(test.operand, ast.Name) and test.operand.id == name
    return _compares_none(test, name, ast.Is)


def _not_none(test: ast.expr, name: str) -> bool:
    return (isinstance(test, ast.Name) and test.id == name) or _compares_none(test, name, ast.IsNot)


def _compares_none(test: ast.expr, name: str, operator: type[ast.cmpop]) -> bool:
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], operator)):
        return False
    against = test.comparators[0]
    return isinstance(test.left, ast.Name) and test.left.id == name and getattr(against, "value", 0) is None


def _is_number(value: Constant) -> bool:
    return isinstance(value.value, (int, float))


def _partial(self: Evaluator, node: ast.Call) -> Values:
    if not node.args:
        return UNKNOWN
    return frozenset(v if isinstance(v, Unknown) else Partial(v, node) for v in self.evaluate(node.args[0]))


def _first_argument(self: Evaluator, node: ast.Call) -> Values:
    return self.evaluate(node.args[0]) if node.args else UNKNOWN


def _cast(self: Evaluator, node: ast.Call) -> Values:
    return (self.annotated(node.args[0]) or self.evaluate(node.args[1])) if len(node.args) == 2 else UNKNOWN


def _super(self: Evaluator, node: ast.Call) -> Values:
    cls = next((a for a in self.index.ancestors(node) if isinstance(a, ast.ClassDef)), None)
    bases = [v for b in cls.bases for v in self.evaluate(b)] if cls else []
    return frozenset(Instance(v) if isinstance(v, (Symbol, Migrated, Local)) else Unknown() for v in bases) or UNKNOWN


def _float(self: Evaluator, node: ast.Call) -> Values:
    values = self.evaluate(node.args[0]) if len(node.args) == 1 else UNKNOWN
    try:
        return union(constant(float(v.value)) for v in values)  # type: ignore[union-attr, arg-type]
    except (AttributeError, TypeError, ValueError):
        return frozenset({Instance(Symbol("builtins.float"))})


_KNOWN_CALLS: dict[str, Callable[[Evaluator, ast.Call], Values]] = {
    "functools.partial": _partial,
    "copy.deepcopy": _first_argument,
    "copy.copy": _first_argument,
    "typing.cast": _cast,
    "builtins.super": _super,
    "builtins.float": _float,
}
_ARITHMETIC: dict[type[ast.operator], Callable[..., float]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}
_EVALUATE: dict[type[ast.expr], Callable[..., Values]] = {
    ast.Name: Evaluator._name,
    ast.Attribute: Evaluator._attribute,
    ast.Call: Evaluator._call,
    ast.IfExp: Evaluator._choice,
    ast.BoolOp: Evaluator._boolean,
    ast.NamedExpr: lambda self, node: self.evaluate(node.value),
    ast.Lambda: lambda self, node: frozenset({Local(node)}),
    ast.Constant: lambda self, node: constant(node.value),
    ast.UnaryOp: Evaluator._sign,
    ast.BinOp: Evaluator._arithmetic,
}
