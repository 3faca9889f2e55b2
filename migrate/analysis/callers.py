"""What the calls of a file pass to its functions, and which classes a call constructs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrate.analysis.scopes import Binding, Function
from migrate.analysis.values import NONE, NOTHING, UNKNOWN, Instance, Local, Migrated, Partial, Symbol, Value, Values

if TYPE_CHECKING:
    from migrate.analysis.evaluator import Evaluator

ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Construction:
    """The migrated classes that a call (or a partial) makes, each with the positional arguments already filled.

    ``others`` is what else may be called there; ``skip`` counts leading arguments that are not the constructor's.
    """

    classes: tuple[tuple[Migrated, int], ...]
    others: tuple[Value, ...]
    skip: int = 0


class Callers:
    """The calls that reach each function of the file; found when first asked for."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._by_function: dict[ast.AST, list[tuple[ast.Call, int]]] | None = None

    def parameter(self, binding: Binding) -> Values:
        """What a parameter holds: its default and what the calls pass; anything where neither says."""
        function = binding.scope.node
        assert isinstance(function, Function)
        owner = self._evaluator.classes.owner(function)
        positional = [*function.args.posonlyargs, *function.args.args]
        if owner is not None and positional and binding.node is positional[0]:
            decorators = {getattr(d, "id", "") for d in getattr(function, "decorator_list", [])}
            if "staticmethod" not in decorators:
                by_class = "classmethod" in decorators or binding.name == "cls"
                return frozenset({Local(owner) if by_class else Instance(Local(owner))})
        result = self._evaluator.evaluate(binding.value) if binding.value is not None else NOTHING
        for call, bound in self._reaching(function):
            result |= self._passed(call, binding, positional, bound)
        return result or UNKNOWN

    def construction(self, call: ast.Call) -> Construction | None:
        """What ``call`` constructs, or None where no migrated class can be meant."""
        evaluate = self._evaluator.evaluate
        values = evaluate(call.func)
        skip = 0
        if values == frozenset({Symbol("functools.partial")}) and call.args:
            values, skip = evaluate(call.args[0]), 1
        classes, others = [], []
        for value in sorted(values - {NONE}, key=repr) if len(values) > 1 else values:
            filled = 0
            while isinstance(value, Partial):
                filled += len(value.call.args) - 1
                value = value.of
            if isinstance(value, Local) and isinstance(value.node, ast.ClassDef):
                base = self._evaluator.classes.migrated_base(value.node)
                if base is not None and not self._evaluator.classes.defines(value.node, "__init__"):
                    value = base
            if isinstance(value, Migrated):
                classes.append((value, filled))
            else:
                others.append(value)
        return Construction(tuple(classes), tuple(others), skip) if classes else None

    def _passed(self, call: ast.Call, binding: Binding, positional: list[ast.arg], bound: int) -> Values:
        """What ``call`` passes for the parameter; stars are not looked into."""
        for keyword in call.keywords:
            if keyword.arg == binding.name:
                return self._evaluator.evaluate(keyword.value)
        if binding.node not in positional:
            return NOTHING
        place = next(i for i, arg in enumerate(positional) if arg is binding.node) - bound
        if 0 <= place < len(call.args) and not any(isinstance(a, ast.Starred) for a in call.args[: place + 1]):
            return self._evaluator.evaluate(call.args[place])
        return NOTHING

    def _reaching(self, function: ast.AST) -> list[tuple[ast.Call, int]]:
        """The calls that reach ``function``, with the number of parameters they do not pass themselves."""
        if self._by_function is None:
            self._find()
        assert self._by_function is not None
        return self._by_function.get(function, [])

    def _find(self) -> None:
        """A call through a parameter needs the callers of its function first: repeated until nothing is new."""
        found: dict[ast.AST, list[tuple[ast.Call, int]]] = {}
        for _ in range(ROUNDS):
            self._by_function, found = found, {}
            with self._evaluator.fresh():
                for call in self._evaluator.index.all(ast.Call):
                    for value in self._evaluator.evaluate(call.func):
                        for function, bound in self._functions(value, call.func):
                            found.setdefault(function, []).append((call, bound))
            if found == self._by_function:
                break
        self._by_function = found

    def _functions(self, value: Value, func: ast.expr) -> Iterator[tuple[ast.AST, int]]:
        if not isinstance(value, Local):
            return
        classes = self._evaluator.classes
        if isinstance(value.node, ast.ClassDef):
            for init in classes.members(value.node, "__init__"):
                yield init.node, 1
            return
        owner = classes.owner(value.node)
        through_class = (
            owner is not None
            and isinstance(func, ast.Attribute)
            and Local(owner) in self._evaluator.evaluate(func.value)
        )
        yield value.node, int(owner is not None and not through_class)
