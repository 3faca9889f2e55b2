"""Expressions of a source file as terms that can be computed: a whitelist, and everything else is a free name.

Nothing of the file is run: numbers, arithmetic, comparisons, choices and names that the file binds to such are
computed here; any other expression is `Free`, and a proof gives it a value.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from migrate.syntax.index import Index
from migrate.syntax.scopes import Binding, Scope
from migrate.verify.operations import (
    BINARY,
    COMPARE,
    FUNCTIONS,
    NUMBERS,
    UNARY,
    Symbol,
    Value,
    all_of,
    any_of,
    choose,
    negation,
    numeric,
    scalars,
)

MAX_DEPTH = 40
MAX_SIZE = 200
SYMBOL_ROOTS = ("torch", "mindspore")


@dataclass(frozen=True, slots=True)
class Known:
    value: Value


@dataclass(frozen=True, slots=True)
class Free:
    """An expression that only a run of the program could compute, by its text.

    ``places`` are the scopes of its names, so that two variables of one name stay two. A ``flag`` is the outcome of a
    comparison. ``usual`` is the value a name has where nothing else is passed or assigned.
    """

    text: str
    places: tuple[int, ...] = ()
    flag: bool = False
    usual: Value = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Use:
    """A place of a free name in a term: whether its truth decides something there, and whether its value counts."""

    free: Free
    tested: bool
    valued: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """A function of other terms. A ``choice`` computes only the operands it needs."""

    function: Callable[..., Value]
    operands: tuple[Term, ...]
    choice: bool = False

    @property
    def size(self) -> int:
        """The number of terms in it, counted up to `MAX_SIZE`."""
        return min(MAX_SIZE, 1 + sum(t.size if isinstance(t, Operation) else 1 for t in self.operands))


Term = Known | Free | Operation
Given = Mapping[Free, Value]


def compute(term: Term, given: Given) -> Value:
    """The value of a term; raises ArithmeticError, TypeError or ValueError as the program would."""
    if isinstance(term, Known):
        return term.value
    if isinstance(term, Free):
        return given[term]
    if term.choice:
        return term.function(*((lambda t=t: compute(t, given)) for t in term.operands))
    return term.function(*(compute(t, given) for t in term.operands))


def uses(term: Term, tested: bool = False, valued: bool = True) -> Iterator[Use]:
    """Where the free names of a term stand."""
    if isinstance(term, Free):
        yield Use(term, tested, valued)
    elif isinstance(term, Operation):
        for i, operand in enumerate(term.operands):
            if term.function in (negation, bool) or (term.function is choose and i == 0):
                yield from uses(operand, tested=True, valued=False)
            elif term.function in (all_of, any_of) and i < len(term.operands) - 1:
                yield from uses(operand, tested=True, valued=valued)
            elif term.choice:
                yield from uses(operand, tested, valued)
            else:
                yield from uses(operand)


@dataclass(frozen=True, slots=True)
class Renamed:
    """What a migration renames, so that a free name reads the same before and after it.

    ``classes`` gives one name to the source and the target of a rule; ``attributes`` maps a new name to the old one,
    and the steps of a path before it to nothing.
    """

    classes: Mapping[str, str]
    attributes: Mapping[str, str]


class Reader:
    """Reads the expressions of one file into terms."""

    def __init__(self, index: Index, renamed: Renamed) -> None:
        self._index = index
        self._renamed = renamed
        self._active: list[Binding] = []
        self._terms: dict[int, Term] = {}
        self._names: dict[int, str | None] = {}
        self._numbers = {id(scope): i for i, scope in enumerate(index.inner.values())}

    def term(self, node: ast.expr, scope: Scope) -> Term:
        """The term of ``node``, an expression that stands in ``scope``."""
        read = _READ.get(type(node))
        if read is None or len(self._active) > MAX_DEPTH:
            return self.free(node, scope)
        return read(self, node, scope)

    def argument(self, node: ast.expr, scope: Scope) -> Term:
        """The term of a whole argument, which may also be a name of a framework such as torch.float32."""
        name = self._known_name(node, scope)
        if name is not None and name.partition(".")[0] in SYMBOL_ROOTS:
            return Known(Symbol(name))
        return self.term(node, scope)

    def free(self, node: ast.expr, scope: Scope, usual: Value = None, flag: bool = False) -> Free:
        """``node`` as a free name, spelled as before the migration."""
        spelled = _OldNames(self._renamed, lambda n: self._class(n, scope)).visit(_copy(node))
        names = [n.id for n in ast.walk(spelled) if isinstance(n, ast.Name)]
        places = tuple(self._place(n, scope) for n in names if n not in self._renamed.classes.values())
        return Free(ast.unparse(spelled), places, flag, usual)

    def _place(self, name: str, scope: Scope) -> int:
        """The number of the scope that binds ``name``, the same before and after a migration."""
        bound = scope.resolve(name)
        return -1 if bound is None else self._numbers[id(bound)]

    def _class(self, node: ast.expr, scope: Scope) -> str | None:
        """The name of the migrated class that ``node`` spells, in either framework."""
        return self._renamed.classes.get(self._known_name(node, scope) or "")

    def _known_name(self, node: ast.expr, scope: Scope) -> str | None:
        try:
            return self.qualified(node, scope)
        except NameError:
            return None

    def qualified(self, node: ast.expr, scope: Scope) -> str | None:
        """The qualified name behind a dotted name, through imports and aliases; None where the file does not say.

        Raises NameError for a name that nothing binds.
        """
        if isinstance(node, ast.Attribute):
            owner = self.qualified(node.value, scope)
            return f"{owner}.{node.attr}" if owner else None
        if not isinstance(node, ast.Name):
            return None
        bound = scope.resolve(node.id)
        if bound is None:
            if self._index.module.star_imports or hasattr(builtins, node.id):
                return None
            raise NameError(node.id)
        names = set()
        for binding in bound.bindings[node.id]:
            if id(binding) not in self._names:
                self._names[id(binding)] = self._imported(binding)
            names.add(self._names[id(binding)])
        return names.pop() if len(names) == 1 else None

    def single(self, node: ast.Name, scope: Scope) -> Binding | None:
        """The one binding a name has, or None."""
        bound = scope.resolve(node.id)
        bindings = bound.bindings[node.id] if bound is not None else []
        return bindings[0] if len(bindings) == 1 else None

    def is_builtin(self, node: ast.expr, scope: Scope) -> bool:
        return isinstance(node, ast.Name) and scope.resolve(node.id) is None

    def _imported(self, binding: Binding) -> str | None:
        if binding.kind == "value" and binding.value is not None and binding not in self._active:
            self._active.append(binding)
            try:
                return self._known_name(binding.value, binding.scope)
            finally:
                self._active.pop()
        if binding.kind != "import":
            return None
        alias = binding.node
        assert isinstance(alias, ast.alias)
        statement = self._index.parents[alias]
        if isinstance(statement, ast.ImportFrom):
            return f"{statement.module}.{alias.name}" if not statement.level else None
        return alias.name if alias.asname else alias.name.partition(".")[0]

    def _name(self, node: ast.Name, scope: Scope) -> Term:
        binding = self.single(node, scope)
        if binding is None or binding in self._active:
            return self.free(node, scope)
        if binding.kind == "import":
            return self._number(node, scope)
        if binding.kind not in ("value", "parameter") or binding.value is None:
            return self.free(node, scope)
        term = self._bound(binding)
        if binding.kind == "parameter":
            return self.free(node, scope, term.value if isinstance(term, Known) else None)
        return self.free(node, scope) if isinstance(term, Free) else term

    def _bound(self, binding: Binding) -> Term:
        assert binding.value is not None
        if id(binding) not in self._terms:
            self._active.append(binding)
            try:
                self._terms[id(binding)] = self.term(binding.value, binding.scope)
            finally:
                self._active.pop()
        return self._terms[id(binding)]

    def _number(self, node: ast.expr, scope: Scope) -> Term:
        """A number of the standard library, such as math.inf."""
        name = self._known_name(node, scope)
        return Known(NUMBERS[name]) if name in NUMBERS else self.free(node, scope)

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Term:
        constant = self._class_constant(node, scope)
        if constant is None:
            return self._number(node, scope)
        term = self._bound(constant)
        if getattr(node.value, "id", "") not in ("self", "cls"):
            return term
        # A subclass may have another value.
        return self.free(node, scope, term.value if isinstance(term, Known) else None)

    def _class_constant(self, node: ast.Attribute, scope: Scope) -> Binding | None:
        """``self.X``, ``cls.X`` or ``Class.X`` where the class body binds X once and nothing assigns it."""
        if not isinstance(node.value, ast.Name) or self._index.assigned_attributes.get(node.attr):
            return None
        owner = self._class_scope(node.value, scope)
        bindings = owner.bindings.get(node.attr, []) if owner is not None else []
        usable = len(bindings) == 1 and bindings[0].kind == "value" and bindings[0].value is not None
        return bindings[0] if usable and bindings[0] not in self._active else None

    def _class_scope(self, owner: ast.Name, scope: Scope) -> Scope | None:
        binding = self.single(owner, scope)
        if binding is not None and isinstance(binding.node, ast.ClassDef):
            return self._index.inner.get(binding.node)
        function = scope
        while function.parent is not None and not function.parent.is_class:
            function = function.parent
        return function.parent if owner.id in ("self", "cls") else None

    def _sequence(self, node: ast.Tuple | ast.List, scope: Scope) -> Term:
        if any(isinstance(e, ast.Starred) for e in node.elts):
            return self.free(node, scope)
        return self._operation(node, scope, scalars, *(self.term(e, scope) for e in node.elts))

    def _unary(self, node: ast.UnaryOp, scope: Scope) -> Term:
        return self._operation(node, scope, UNARY[type(node.op)], self.term(node.operand, scope))

    def _binary(self, node: ast.BinOp, scope: Scope) -> Term:
        function = BINARY.get(type(node.op))
        if function is None:
            return self.free(node, scope)
        return self._operation(
            node, scope, numeric(function), self.term(node.left, scope), self.term(node.right, scope)
        )

    def _compare(self, node: ast.Compare, scope: Scope) -> Term:
        """The outcome of a comparison: computed, or free as a whole, so that both ways are tried."""
        functions = [COMPARE[type(op)] for op in node.ops]
        operands = tuple(self.term(e, scope) for e in (node.left, *node.comparators))

        def holds(*values: Value) -> bool:
            return all(f(a, b) for f, a, b in zip(functions, values[:-1], values[1:], strict=True))

        term = self._operation(node, scope, holds, *operands)
        return term if isinstance(term, Known) else self.free(node, scope, flag=True)

    def _boolean(self, node: ast.BoolOp, scope: Scope) -> Term:
        function = all_of if isinstance(node.op, ast.And) else any_of
        return self._operation(node, scope, function, *(self.term(v, scope) for v in node.values), choice=True)

    def _choice(self, node: ast.IfExp, scope: Scope) -> Term:
        parts = (node.test, node.body, node.orelse)
        return self._operation(node, scope, choose, *(self.term(p, scope) for p in parts), choice=True)

    def _call(self, node: ast.Call, scope: Scope) -> Term:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        plain = not node.keywords and not any(isinstance(a, ast.Starred) for a in node.args)
        if name not in FUNCTIONS or not plain or not self.is_builtin(node.func, scope):
            return self.free(node, scope)
        return self._operation(node, scope, FUNCTIONS[name], *(self.term(a, scope) for a in node.args))

    def _operation(
        self, node: ast.expr, scope: Scope, function: Callable[..., Value], *operands: Term, choice: bool = False
    ) -> Term:
        """The operation, or its value where that is known; free where it cannot be computed."""
        operation = Operation(function, operands, choice)
        if any(isinstance(t, (Free, Operation)) for t in operands):
            return operation if operation.size < MAX_SIZE else self.free(node, scope)
        try:
            return Known(compute(operation, {}))
        except (ArithmeticError, TypeError, ValueError):
            return self.free(node, scope)


class _OldNames(ast.NodeTransformer):
    """Spells an expression as before the migration, and a migrated class by its rule, without arguments."""

    def __init__(self, renamed: Renamed, class_of: Callable[[ast.expr], str | None]) -> None:
        self._renamed = renamed
        self._class_of = class_of

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = self._class_of(node.func)
        return ast.Call(ast.Name(name), [ast.Constant(...)], []) if name else self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self._class_of(node) or node.id)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        name = self._class_of(node)
        if name:
            return ast.Name(name)
        attr = self._renamed.attributes.get(node.attr, node.attr)
        owner = self.visit(node.value)
        return ast.Attribute(owner, attr) if attr else owner


def _copy(node: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(node), mode="eval").body


_READ: dict[type[ast.expr], Callable[..., Term]] = {
    ast.Constant: lambda self, node, scope: (
        Known(node.value) if isinstance(node.value, (bool, int, float, str, type(None))) else self.free(node, scope)
    ),
    ast.Name: Reader._name,
    ast.Attribute: Reader._attribute,
    ast.Tuple: Reader._sequence,
    ast.List: Reader._sequence,
    ast.UnaryOp: Reader._unary,
    ast.BinOp: Reader._binary,
    ast.Compare: Reader._compare,
    ast.BoolOp: Reader._boolean,
    ast.IfExp: Reader._choice,
    ast.NamedExpr: lambda self, node, scope: self.term(node.value, scope),
    ast.Call: Reader._call,
}
