"""The statements of a method, read for whether they mean the same in both frameworks."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

from migrate.decide.neutral import Expressions, Kind, Surroundings
from migrate.decide.values import Instance, Migrated
from migrate.syntax.nodes import has_decorator

ROUNDS = 4


class Body(Expressions):
    """One method, or the values of a class body."""

    def __init__(self, around: Surroundings, strict: bool) -> None:
        super().__init__(around, strict)
        self.returned: set[Kind] = set()

    def read(self, function: ast.FunctionDef) -> None:
        """Fill ``problems``, what the method assigns to ``self``, and what it returns."""
        arguments = function.args
        positional = [*arguments.posonlyargs, *arguments.args]
        static = has_decorator(function, "staticmethod")
        self.itself = positional[0].arg if positional and not static else ""
        defaults = dict(zip([a.arg for a in positional[::-1]], arguments.defaults[::-1], strict=False))
        defaults |= {a.arg: d for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d}
        for argument in (*positional, *arguments.kwonlyargs):
            self.kinds[argument.arg] = self._parameter(defaults.get(argument.arg))
        for variadic in (arguments.vararg, arguments.kwarg):
            if variadic is not None:
                self.kinds[variadic.arg] = Kind.UNCLEAR if self.strict else Kind.PLAIN
        for _ in range(ROUNDS):
            before = (dict(self.kinds), dict(self.assigned))
            self.problems.clear()
            for default in defaults.values():
                self.expression(default)
            self._block(function.body)
            if (self.kinds, self.assigned) == before:
                break

    def _parameter(self, default: ast.expr | None) -> Kind:
        """What is passed when the layer is used may be a tensor, unless the default says otherwise."""
        flag = isinstance(default, ast.Constant) and default.value is not None
        return Kind.TENSOR if self.strict and not flag else Kind.PLAIN

    def _block(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            handler = _STATEMENTS.get(type(statement))
            if statement in self.around.replaced:
                self.replaced(statement)
            elif handler is None:
                self.problem(statement, f"it has a {type(statement).__name__.lower()} statement")
            else:
                handler(self, statement)

    def _assign(self, node: ast.Assign) -> None:
        kind = self.expression(node.value)
        for target in node.targets:
            self._bind(target, kind)

    def _annotated(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._bind(node.target, self.expression(node.value))

    def _augmented(self, node: ast.AugAssign) -> None:
        """In place in one framework, perhaps not in the other: only on a value that nothing else holds."""
        kind = self.arithmetic(node, node.op, self.expression(node.value))
        if not isinstance(node.target, ast.Name):
            self._bind(node.target, kind)
            return
        self._bind(node.target, kind)
        if self.kinds[node.target.id] is not Kind.PLAIN and not self._is_fresh(node.target):
            self.problem(node, f"{node.target.id} is changed in place, which may change another tensor")

    def _is_fresh(self, name: ast.Name) -> bool:
        """Whether a name only ever holds new results, and until here no other name, attribute or container does."""
        index = self.around.module.index
        scope = index.scope(name).resolve(name.id)
        values = [b.value for b in scope.bindings[name.id] if b.node is not name] if scope else []
        made = all(b is None or isinstance(b, ast.BinOp) or self._is_inherited(b) for b in values)
        parameter = scope is None or any(b.kind == "parameter" for b in scope.bindings[name.id])
        loops = any(isinstance(a, ast.For) for a in index.ancestors(name))
        uses = [u for u in index.uses(scope, name.id) if loops or u.lineno < name.lineno] if scope else []
        alone = (ast.BinOp, ast.Return, ast.AugAssign, ast.Attribute)
        return made and not parameter and all(isinstance(index.parent(u), alone) for u in uses)

    def _is_inherited(self, node: ast.expr) -> bool:
        """A call of the migrated class itself through ``super()``."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return False
        owner = node.func.value
        values = self.around.module.file.evaluate(owner)
        return self.is_super(owner) and all(isinstance(v, Instance) and isinstance(v.of, Migrated) for v in values)

    def _bind(self, target: ast.expr, kind: Kind) -> None:
        if isinstance(target, ast.Name):
            self.kinds[target.id] = max(kind, self.kinds.get(target.id, Kind.PLAIN))
        elif isinstance(target, (ast.Tuple, ast.List)):
            for element in target.elts:
                self._bind(element, kind)
        elif self.is_own(target):
            assert isinstance(target, ast.Attribute)
            self._bind_attribute(target, kind)
        elif isinstance(target, ast.Attribute) and self._is_parameter_member(target):
            return
        elif self.strict or self.expression(target.value) is not Kind.PLAIN:  # type: ignore[attr-defined]
            self.problem(target, f"it writes to {ast.unparse(target)}")

    def _is_parameter_member(self, target: ast.Attribute) -> bool:
        """What parameters have in both frameworks, of one of the layer's or of what a loop over them yields."""
        loop = not self.strict and isinstance(target.value, ast.Name) and target.value.id != self.itself
        return self.is_parameter_member(target) or (loop and target.attr in self.around.rule.subclass.parameter)

    def _bind_attribute(self, target: ast.Attribute, kind: Kind) -> None:
        name, rule = target.attr, self.around.rule
        if name in rule.attributes or name in rule.methods or name in rule.subclass.taken:
            self.problem(target, f"it assigns self.{name}, which the class uses for itself")
        elif self.strict or kind is Kind.TENSOR:
            self.problem(target, f"it keeps state in self.{name}")
        self.assigned[name] = max(kind, self.assigned.get(name, Kind.PLAIN))

    def _return(self, node: ast.Return) -> None:
        self.returned.add(self.expression(node.value) if node.value is not None else Kind.PLAIN)

    def _if(self, node: ast.If) -> None:
        self.test(node.test)
        self._block(node.body)
        self._block(node.orelse)

    def _for(self, node: ast.For) -> None:
        kind = self.expression(node.iter)
        if kind is Kind.TENSOR:
            self.problem(node, "it loops over a tensor")
        self._bind(node.target, kind)
        self._block(node.body)
        self._block(node.orelse)

    def _try(self, node: ast.Try) -> None:
        if self.strict:
            self.problem(node, "it has a try statement")
        for handler in node.handlers:
            if handler.type is not None:
                self.expression(handler.type)
            if handler.name:
                self.kinds[handler.name] = Kind.UNCLEAR
            self._block(handler.body)
        for block in (node.body, node.orelse, node.finalbody):
            self._block(block)

    def _raise(self, node: ast.Raise) -> None:
        for part in (node.exc, node.cause):
            if part is not None:
                self.expression(part)

    def _assert(self, node: ast.Assert) -> None:
        self.test(node.test)
        if node.msg is not None:
            self.expression(node.msg)


_STATEMENTS: dict[type[ast.stmt], Callable[..., None]] = {
    ast.Expr: lambda self, node: self.expression(node.value),
    ast.Assign: Body._assign,
    ast.AnnAssign: Body._annotated,
    ast.AugAssign: Body._augmented,
    ast.Return: Body._return,
    ast.If: Body._if,
    ast.For: Body._for,
    ast.Try: Body._try,
    ast.Raise: Body._raise,
    ast.Assert: Body._assert,
    ast.Pass: lambda self, node: None,
}
