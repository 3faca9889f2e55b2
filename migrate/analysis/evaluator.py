"""What an expression can hold, as far as one file shows."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

from migrate.analysis import containers
from migrate.analysis.annotations import promised
from migrate.analysis.callers import Callers
from migrate.analysis.calls import arithmetic, known_result, sign
from migrate.analysis.classes import Classes
from migrate.analysis.narrowing import Narrowing
from migrate.analysis.nones import is_none_test, is_not_none_test, is_replaced
from migrate.analysis.scopes import Binding, Function, Index
from migrate.analysis.values import (
    MAX_DEPTH,
    NONE,
    NOTHING,
    UNKNOWN,
    Container,
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

CHANGES = frozenset({"append", "extend", "insert", "update", "setdefault", "add", "register"})
MAX_ROUNDS = 6
MAX_DOTS = 8
MAX_SYMBOLS = 32
BROAD = frozenset({"torch.nn.Module", "torch.nn.modules.Module", "torch.nn.modules.module.Module", "builtins.object"})


@dataclass(slots=True)
class _State:
    """What is known so far, what is being evaluated, and what circles through ``heads`` are ``assumed`` to give."""

    memo: dict[ast.AST, Values] = field(default_factory=dict)
    active: set[ast.AST] = field(default_factory=set)
    heads: set[ast.AST] = field(default_factory=set)
    assumed: dict[ast.AST, Values] = field(default_factory=dict)
    done: list[ast.AST] = field(default_factory=list)


class Evaluator:
    """Evaluates expressions of one module to the set of values they can hold.

    Only what the file shows counts: a parameter holds its default and what the calls in the file pass.
    A cycle contributes nothing of its own; whatever is too deep or unreadable is Unknown.
    """

    def __init__(self, index: Index, rules: RuleSet) -> None:
        self.index = index
        self.rules = rules
        self.narrowing = Narrowing(index)
        self._state = _State()
        self.classes = Classes(index, self.evaluate, self._binding, self.annotated, self._returned)
        self.callers = Callers(self)

    def evaluate(self, node: ast.expr) -> Values:
        """The values of ``node`` where it stands, narrowed by the tests around it.

        Definitions may go in circles: they are evaluated again until the values stay the same.
        """
        state = self._state
        if node in state.memo:
            return state.memo[node]
        if node in state.active:
            state.heads.add(node)
            return state.assumed.get(node, NOTHING)
        if len(state.active) >= MAX_DEPTH:
            return UNKNOWN
        return self._once(node) if state.active else self._settled(node)

    def _settled(self, node: ast.expr) -> Values:
        """The values once they stay the same; a circle that goes on changing adds Unknown and is not remembered."""
        state = self._state
        for _ in range(MAX_ROUNDS):
            state.heads, state.done = set(), []
            result = self._once(node)
            moved = [h for h in state.heads if state.assumed.get(h, NOTHING) != state.memo.get(h, NOTHING)]
            if not moved:
                break
            state.assumed.update((h, state.memo.get(h, NOTHING)) for h in moved)
            for n in state.done:
                state.memo.pop(n, None)
        else:
            result |= UNKNOWN
        state.assumed = {}
        return result

    def _once(self, node: ast.expr) -> Values:
        state = self._state
        state.active.add(node)
        try:
            result = self._evaluate(node)
        finally:
            state.active.discard(node)
        if len(result) > MAX_SYMBOLS:
            symbols = frozenset(v for v in result if isinstance(v, Symbol))
            result = (result - symbols) | UNKNOWN if len(symbols) > MAX_SYMBOLS else result
        state.memo[node] = result
        state.done.append(node)
        return result

    @contextmanager
    def fresh(self) -> Iterator[None]:
        """A time in which nothing is remembered from before, nor afterwards."""
        kept, self._state = self._state, _State()
        yield
        self._state = kept

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
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
            return self._narrowed(node)
        handler = _EVALUATE.get(type(node))
        return handler(self, node) if handler else UNKNOWN

    def _narrowed(self, node: ast.Name | ast.Attribute | ast.Subscript) -> Values:
        """A name, attribute or item as the tests around it leave it; a test for a base class says nothing new."""
        told = [union(self.instances_of(c) for c in classes) for classes in self.narrowing.classes(node)]
        for values in told:
            if any(isinstance(v, Instance) and isinstance(v.of, (Migrated, Local)) for v in values):
                return values
        plain = _EVALUATE[type(node)](self, node)
        if NONE in plain and self.narrowing.is_not_none(node):
            plain -= {NONE}
        said = [values for values in told if not any(_is_broad(v, self.rules) for v in values)]
        return said[0] if said else plain

    def instances_of(self, classes: ast.expr) -> Values:
        """The instances that the second argument of ``isinstance`` accepts."""
        if isinstance(classes, (ast.Tuple, ast.List, ast.Set)):
            return union(self.instances_of(e) for e in classes.elts)
        if isinstance(classes, ast.BinOp) and isinstance(classes.op, (ast.BitOr, ast.Add)):
            return self.instances_of(classes.left) | self.instances_of(classes.right)
        if isinstance(classes, ast.Starred):
            return self.instances_of(classes.value)
        result: set[Value] = set()
        for value in self.evaluate(classes):
            if isinstance(value, Container) and not isinstance(value.node, ast.Dict):
                result |= self.instances_of(value.node)
            else:
                result.add(Instance(value) if isinstance(value, (Symbol, Migrated, Local)) else Unknown())
        return frozenset(result)

    def is_module_member(self, node: ast.expr) -> bool:
        """``module.a.b`` of something imported whose last name no rule is about: nothing of ours."""
        if not isinstance(node, ast.Attribute) or node.attr in self._interesting:
            return False
        root = node.value
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name):
            return False
        bindings = self.bindings(root)
        return bool(bindings) and all(b.kind == "import" for b in bindings)

    @cached_property
    def _interesting(self) -> frozenset[str]:
        related = {name.rpartition(".")[2] for name in self.rules.related}
        return self.rules.short_names | related | {"partial", "deepcopy", "copy", "cast"}

    def bindings(self, node: ast.Name) -> list[Binding]:
        """The bindings that a name can mean."""
        scope = self.index.scope(node).resolve(node.id)
        return scope.bindings.get(node.id, []) if scope else []

    def _name(self, node: ast.Name) -> Values:
        bindings = self.bindings(node)
        if not bindings:
            return self._unbound(node)
        result = union(self._binding(b, node) for b in bindings)
        if NONE in result and len(bindings) > 1 and is_replaced(self.index, node, bindings):
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

    def _binding(self, binding: Binding, use: ast.Name | None = None) -> Values:
        if binding.kind == "import":
            return frozenset({self._imported(binding, use)})
        if binding.kind in ("function", "class"):
            assert isinstance(binding.node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
            return frozenset({Local(binding.node)})
        if binding.kind == "unknown":
            return self._captured(binding)
        if binding.kind == "element":
            assert binding.value is not None
            return containers.elements(self, binding.value, binding.place)
        if binding.kind == "part":
            assert binding.value is not None and binding.place is not None
            return containers.part(self, binding.value, binding.place)
        if binding.annotation is not None:
            annotated = self.annotated(binding.annotation)
            if annotated:
                default = self.evaluate(binding.value) if binding.value is not None else NOTHING
                return annotated | frozenset(v for v in default if isinstance(v, (Migrated, Partial)))
        if binding.kind == "parameter":
            return self.callers.parameter(binding)
        values = self.evaluate(binding.value) if binding.value is not None else NOTHING
        uses = self.index.uses(binding.scope, binding.name) if _has_container(values) else ()
        return values | UNKNOWN if any(self._is_changed(u) for u in uses) else values

    def _is_changed(self, use: ast.expr) -> bool:
        """Whether the container that ``use`` holds is written to here, after it was spelled out."""
        parent = self.index.parent(use)
        if isinstance(parent, ast.Subscript):
            return not isinstance(parent.ctx, ast.Load)
        return isinstance(parent, ast.Attribute) and parent.attr in CHANGES

    def _imported(self, binding: Binding, use: ast.Name | None) -> Value:
        alias = binding.node
        assert isinstance(alias, ast.alias)
        statement = self.index.parents[alias]
        if isinstance(statement, ast.ImportFrom):
            module = "." * statement.level + (statement.module or "")
            return self.symbol(f"{module}.{alias.name}", use or alias)
        return self.symbol(alias.name if alias.asname else alias.name.partition(".")[0], use or alias)

    def _captured(self, binding: Binding) -> Values:
        """``case C() as name``; other captures hold anything."""
        node = binding.node
        pattern = node.pattern if isinstance(node, ast.MatchAs) else None
        options = pattern.patterns if isinstance(pattern, ast.MatchOr) else [pattern]
        classes = [p.cls for p in options if isinstance(p, ast.MatchClass)]
        return union(self.instances_of(c) for c in classes) if len(classes) == len(options) else UNKNOWN

    def annotated(self, annotation: ast.expr) -> Values:
        """What an annotation promises; nothing where it names no class that matters."""
        return promised(self, annotation)

    def _attribute(self, node: ast.Attribute) -> Values:
        result = union(self._member(value, node) for value in self.evaluate(node.value) - {NONE})
        result |= union(self.evaluate(v) for v in self._assigned_to(node))
        uses = self.index.all(ast.Attribute) if _has_container(result) else ()
        return result | UNKNOWN if any(u.attr == node.attr and self._is_changed(u) for u in uses) else result

    def _member(self, owner: Value, node: ast.Attribute) -> Values:
        if isinstance(owner, Symbol):
            if owner.name.count(".") > MAX_DOTS:
                return UNKNOWN
            return frozenset({self.symbol(f"{owner.name}.{node.attr}", node)})
        if isinstance(owner, Migrated):
            return frozenset({self.symbol(f"{owner.rule.source.name}.{node.attr}", node)})
        if isinstance(owner, Instance) and node.attr == "__class__":
            return frozenset({owner.of})
        cls = owner.of if isinstance(owner, Instance) else owner
        if isinstance(cls, Local) and isinstance(cls.node, ast.ClassDef):
            called = node.value.func if isinstance(node.value, ast.Call) else None
            return self.classes.attribute(cls.node, node.attr, getattr(called, "id", "") == "super")
        return UNKNOWN

    def _assigned_to(self, node: ast.Attribute) -> list[ast.expr]:
        """What the file assigns to the same path, for owners other than ``self``."""
        root = node.value
        if not isinstance(root, ast.Name) or root.id in ("self", "cls") or not isinstance(node.ctx, ast.Load):
            return []
        scope = self.index.scope(root).resolve(root.id)
        return [
            b.value
            for b in self.index.assigned_attributes.get(node.attr, ())
            if b.value is not None
            and isinstance(b.owner, ast.Name)
            and b.owner.id == root.id
            and b.scope.resolve(root.id) is scope
        ]

    def _call(self, node: ast.Call) -> Values:
        if isinstance(node.func, ast.Attribute) and node.func.attr in self.rules.returns_self:
            owner = self.evaluate(node.func.value)
            if any(isinstance(v, Instance) and isinstance(v.of, Migrated) for v in owner):
                return owner
        found = containers.lookup(self, node)
        if found is not None:
            return found
        return union(self._result(v, node) for v in self.evaluate(node.func))

    def _result(self, callee: Value, node: ast.Call) -> Values:
        if isinstance(callee, Partial):
            return self._result(callee.of, callee.call or node)
        if isinstance(callee, Migrated):
            return frozenset({Instance(callee)})
        if isinstance(callee, Local):
            if isinstance(callee.node, ast.ClassDef):
                return frozenset({Instance(callee)})
            return self._returned(callee.node)
        if isinstance(callee, Symbol):
            known = known_result(self, callee.name, node)
            return known if known is not None else frozenset({Instance(callee)})
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
        if isinstance(node.body, ast.Name) and is_not_none_test(node.test, node.body.id):
            body -= {NONE}
        if isinstance(node.orelse, ast.Name) and is_none_test(node.test, node.orelse.id):
            orelse -= {NONE}
        return body | orelse

    def _boolean(self, node: ast.BoolOp) -> Values:
        if isinstance(node.op, ast.And):
            return self.evaluate(node.values[-1]) | constant(False)
        first = union(self.evaluate(v) for v in node.values[:-1]) - {NONE}
        return first | self.evaluate(node.values[-1])


def _has_container(values: Values) -> bool:
    return any(isinstance(v, Container) for v in values)


def _is_broad(value: Value, rules: RuleSet) -> bool:
    """Whether an instance is only known to be of a class that migrated classes derive from, or not at all."""
    of = value.of if isinstance(value, Instance) else None
    return not isinstance(of, Symbol) or of.name in BROAD or of.name in rules.related


_EVALUATE: dict[type[ast.expr], Callable[..., Values]] = {
    ast.Name: Evaluator._name,
    ast.Attribute: Evaluator._attribute,
    ast.Call: Evaluator._call,
    ast.IfExp: Evaluator._choice,
    ast.BoolOp: Evaluator._boolean,
    ast.NamedExpr: lambda self, node: self.evaluate(node.value),
    ast.Lambda: lambda self, node: frozenset({Local(node)}),
    ast.Constant: lambda self, node: constant(node.value),
    ast.UnaryOp: sign,
    ast.BinOp: arithmetic,
    ast.Dict: containers.display,
    ast.List: containers.display,
    ast.Tuple: containers.display,
    ast.Set: containers.display,
    ast.Subscript: containers.subscript,
}
