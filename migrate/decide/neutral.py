"""Whether the code of a method means the same in both frameworks: what it computes with, and what it calls."""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from migrate.decide.drafts import Module
from migrate.decide.values import Constant, Local, Migrated, Symbol
from migrate.rule import Rule
from migrate.syntax.nodes import passed

ROUNDS = 4
ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
OF_TENSORS = ("abs", "len", "isinstance")
OF_VALUES = (*OF_TENSORS, "all", "any", "bool", "dict", "enumerate", "float", "int", "list", "max", "min", "print")
FUNCTIONS = frozenset({*OF_VALUES, "range", "repr", "round", "set", "sorted", "str", "sum", "tuple", "type", "zip"})


class Kind(IntEnum):
    """What an expression holds; the worse one wins where both are possible."""

    PLAIN = 0
    TENSOR = 1
    UNCLEAR = 2


@dataclass(slots=True)
class Surroundings:
    """The class around a method: what its own attributes hold, its methods, and statements that an edit replaces.

    ``replaced`` gives for such a statement or call the parts of it that stay. ``constructors`` are the calls of the
    base's ``__init__`` with their arguments that stay.
    """

    module: Module
    cls: ast.ClassDef
    rule: Rule
    attributes: dict[str, Kind] = field(default_factory=dict)
    methods: frozenset[str] = frozenset()
    replaced: Mapping[ast.AST, tuple[ast.expr, ...]] = field(default_factory=dict)
    constructors: Mapping[ast.AST, tuple[ast.expr, ...]] = field(default_factory=dict)


class Expressions:
    """What the expressions of one method hold. ``strict``: they are computed when the layer is used, on tensors."""

    def __init__(self, around: Surroundings, strict: bool) -> None:
        self.around = around
        self.strict = strict
        self.problems: dict[tuple[int, str], None] = {}
        self.assigned: dict[str, Kind] = {}
        self.kinds: dict[str, Kind] = {}
        self.itself = ""

    def problem(self, node: ast.AST, text: str) -> Kind:
        self.problems[self.around.module.line(node), text] = None
        return Kind.UNCLEAR

    def _unclear(self, node: ast.AST, text: str) -> Kind:
        """Harmless while a layer is built, as long as nothing computes with it."""
        return self.problem(node, text) if self.strict else Kind.UNCLEAR

    def replaced(self, node: ast.AST) -> Kind:
        """A statement or call that is written anew; what it keeps has to be neutral."""
        if self.strict:
            self.problem(node, "it initialises a parameter when the layer is used")
        for part in self.around.replaced[node]:
            self.expression(part)
        return Kind.PLAIN

    def test(self, node: ast.expr) -> None:
        if self.expression(node) is Kind.TENSOR:
            self.problem(node, f"whether {ast.unparse(node)} holds depends on a tensor")

    def expression(self, node: ast.expr) -> Kind:
        """The kind of an expression; what cannot be told is a problem where it matters."""
        if node in self.around.replaced:
            return self.replaced(node)
        if isinstance(node, (ast.Name, ast.Attribute)):
            foreign = self._foreign(node)
            if foreign:
                return self.problem(node, foreign)
        handler = _EXPRESSIONS.get(type(node))
        return handler(self, node) if handler else self._other(node)

    def _foreign(self, node: ast.expr) -> str:
        """The name of the source framework that ``node`` spells; a migrated class is none."""
        package = self.around.rule.source.name.partition(".")[0]
        for value in self.around.module.file.evaluate(node):
            if isinstance(value, Symbol) and value.name.partition(".")[0] == package:
                return f"it uses {value.name}"
        return ""

    def _other(self, node: ast.expr) -> Kind:
        """An expression that is not followed: nothing in it may be a tensor or the layer itself."""
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
                self._name(part)
                if self._foreign(part):
                    self.problem(part, self._foreign(part))
        return self._unclear(node, self._unknown(node))

    def _several(self, nodes: Iterable[ast.expr | None]) -> Kind:
        return max((self.expression(n) for n in nodes if n is not None), default=Kind.PLAIN)

    def _name(self, node: ast.Name) -> Kind:
        if node.id == self.itself:
            return self.problem(node, f"{node.id} is handed on")
        if node.id in self.kinds:
            return self.kinds[node.id]
        values = self.around.module.file.evaluate(node)
        if values and all(isinstance(v, (Constant, Migrated)) for v in values):
            return Kind.PLAIN
        if not self.around.module.file.bindings(node) and self._is_neutral_function(node):
            return Kind.PLAIN
        return self._unclear(node, self._unknown(node))

    def _is_migrated(self, node: ast.expr) -> bool:
        values = self.around.module.file.evaluate(node)
        return bool(values) and all(isinstance(v, Migrated) for v in values)

    def _is_neutral_function(self, node: ast.expr) -> bool:
        """A builtin on the list, an exception, or a function of the standard library."""
        values = self.around.module.file.evaluate(node)
        names = [v.name for v in values if isinstance(v, Symbol) and not v.path]
        if not names or len(names) < len(values):
            return False
        return all(_is_neutral(name) for name in names)

    def is_own(self, node: ast.expr) -> bool:
        return (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and bool(self.itself)
            and node.value.id == self.itself
        )

    def is_super(self, node: ast.expr) -> bool:
        """``super()`` or ``super(Class, self)``."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != "super":
            return False
        if not node.args:
            return not node.keywords
        first, *rest = node.args
        own = frozenset({Local(self.around.cls)})
        names = [getattr(r, "id", "") for r in rest]
        return self.around.module.file.evaluate(first) == own and names == [self.itself]

    def is_parameter_member(self, node: ast.Attribute) -> bool:
        """``self.weight.requires_grad``: what a parameter has in both frameworks."""
        owner = node.value
        if not self.is_own(owner):
            return False
        treatment = self.around.rule.attributes.get(owner.attr)  # type: ignore[attr-defined]
        return treatment is not None and treatment.tensor and node.attr in self.around.rule.subclass.parameter

    def _attribute(self, node: ast.Attribute) -> Kind:
        if self.is_own(node) or self.is_super(node.value):
            return self._own(node)
        if self.is_parameter_member(node):
            return Kind.PLAIN
        if self._is_neutral_function(node) or self._is_migrated(node):
            return Kind.PLAIN
        if isinstance(node.value, ast.Attribute) and node.value.attr == "__class__":
            return Kind.PLAIN if node.attr == "__name__" else self._unclear(node, self._unknown(node))
        kind = self.expression(node.value)
        if kind is Kind.TENSOR and node.attr not in self.around.rule.subclass.tensor:
            return self.problem(node, self._on_tensors(node))
        return Kind.PLAIN if kind is Kind.TENSOR else self._unclear(node, self._unknown(node))

    def _on_tensors(self, node: ast.expr) -> str:
        return f"{ast.unparse(node)} may be missing or another on MindSpore's tensors"

    def _unknown(self, node: ast.expr) -> str:
        return f"{ast.unparse(node)} is not known to be free of torch"

    def _own(self, node: ast.Attribute) -> Kind:
        """``self.name``."""
        treatment = self.around.rule.attributes.get(node.attr)
        if treatment is not None:
            return Kind.TENSOR if treatment.tensor else Kind.PLAIN
        if node.attr in self.around.methods:
            return Kind.TENSOR
        kind = self.around.attributes.get(node.attr, self.assigned.get(node.attr))
        if kind is None and node.attr not in self.around.rule.methods:
            return self.problem(node, f"{ast.unparse(node)} is not known here")
        if kind is None or kind is Kind.UNCLEAR:
            return self._unclear(node, f"what {ast.unparse(node)} holds is not known")
        return kind

    def _call(self, node: ast.Call) -> Kind:
        constructor = self.around.constructors.get(node)
        if constructor is not None:
            for argument in constructor:
                self.expression(argument)
            if self.strict or not isinstance(self.around.module.index.parent(node), ast.Expr):
                self.problem(node, "the base is built outside of __init__")
            return Kind.PLAIN
        arguments = self._several(passed(node))
        function = node.func
        if isinstance(function, ast.Attribute) and self.is_super(function.value):
            return self._of_parent(node, function)
        if self.is_own(function):
            if function.attr in self.around.methods:  # type: ignore[attr-defined]
                return Kind.TENSOR
            if self.expression(function) is Kind.UNCLEAR:
                return Kind.UNCLEAR
            return self._unclear(node, f"what {ast.unparse(function)} does is not known")
        if self._foreign(function):
            return self.problem(node, self._foreign(function))
        if self._is_neutral_function(function):
            name = getattr(function, "id", "")
            if arguments is Kind.TENSOR and name not in OF_TENSORS:
                return self.problem(node, f"{ast.unparse(function)} of a tensor")
            return Kind.TENSOR if arguments is Kind.TENSOR and name == "abs" else Kind.PLAIN
        if arguments is Kind.TENSOR:
            return self.problem(node, f"{ast.unparse(function)} gets a tensor")
        if self._is_migrated(function):
            return self._unclear(node, self._unknown(node))
        if isinstance(function, ast.Attribute):
            if isinstance(function.value, (ast.Constant, ast.JoinedStr)):
                return max(arguments, self.expression(function.value))
            if self.expression(function.value) is Kind.TENSOR:
                return self.problem(node, self._on_tensors(function))
        return self._unclear(node, self._unknown(function))

    def _of_parent(self, node: ast.Call, function: ast.Attribute) -> Kind:
        """``super().forward(x)``: renamed with the method, where it gets the one input."""
        treatment = self.around.rule.methods.get(function.attr)
        if treatment is None or not treatment.override or treatment.override == "check":
            return self.problem(node, f"it calls super().{function.attr} from here")
        wanted = 1 if treatment.override == "computation" else 0
        if node.keywords or len(node.args) != wanted or any(isinstance(a, ast.Starred) for a in node.args):
            return self.problem(node, f"it passes other arguments to super().{function.attr}")
        return Kind.TENSOR if wanted else Kind.PLAIN

    def _binary(self, node: ast.BinOp) -> Kind:
        return self.arithmetic(node, node.op, self._several([node.left, node.right]))

    def arithmetic(self, node: ast.AST, operator: ast.operator, kind: Kind) -> Kind:
        if kind is Kind.TENSOR and not isinstance(operator, ARITHMETIC):
            return self.problem(node, f"{type(operator).__name__} of a tensor")
        return kind

    def _unary(self, node: ast.UnaryOp) -> Kind:
        if isinstance(node.op, ast.Not):
            self.test(node.operand)
            return Kind.PLAIN
        return self.expression(node.operand)

    def _boolean(self, node: ast.BoolOp) -> Kind:
        for value in node.values[:-1]:
            self.test(value)
        return self._several(node.values)

    def _choice(self, node: ast.IfExp) -> Kind:
        self.test(node.test)
        return self._several([node.body, node.orelse])

    def _compare(self, node: ast.Compare) -> Kind:
        kind = self._several([node.left, *node.comparators])
        identity = all(isinstance(op, (ast.Is, ast.IsNot)) for op in node.ops)
        if kind is Kind.TENSOR and not identity:
            return self.problem(node, f"the comparison {ast.unparse(node)} of a tensor")
        return Kind.PLAIN if kind is Kind.TENSOR else kind

    def _plain_only(self, node: ast.expr) -> Kind:
        """Text and items of plain values."""
        parts = [c for c in ast.iter_child_nodes(node) if isinstance(c, ast.expr)]
        kind = self._several(parts)
        return self.problem(node, f"{ast.unparse(node)} of a tensor") if kind is Kind.TENSOR else kind

    def _collection(self, node: ast.expr) -> Kind:
        parts = [c for c in ast.iter_child_nodes(node) if isinstance(c, ast.expr)]
        kind = self._several(parts)
        return self._unclear(node, self._unknown(node)) if kind is Kind.TENSOR else kind


def _is_neutral(name: str) -> bool:
    package, _, rest = name.partition(".")
    if package != "builtins":
        return package in sys.stdlib_module_names
    found = getattr(builtins, rest, None)
    return rest in FUNCTIONS or (isinstance(found, type) and issubclass(found, BaseException))


_EXPRESSIONS: dict[type[ast.expr], Callable[..., Kind]] = {
    ast.Constant: lambda self, node: Kind.PLAIN,
    ast.Name: Expressions._name,
    ast.Attribute: Expressions._attribute,
    ast.Call: Expressions._call,
    ast.BinOp: Expressions._binary,
    ast.UnaryOp: Expressions._unary,
    ast.BoolOp: Expressions._boolean,
    ast.IfExp: Expressions._choice,
    ast.Compare: Expressions._compare,
    ast.Subscript: Expressions._plain_only,
    ast.Slice: Expressions._plain_only,
    ast.JoinedStr: Expressions._plain_only,
    ast.FormattedValue: Expressions._plain_only,
    ast.Tuple: Expressions._collection,
    ast.List: Expressions._collection,
    ast.Set: Expressions._collection,
    ast.Dict: Expressions._collection,
    ast.Starred: lambda self, node: self.expression(node.value),
}
