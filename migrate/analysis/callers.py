"""What the calls of a project pass to its functions, and which classes a call constructs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrate.analysis.scopes import Binding, Function
from migrate.analysis.values import NONE, NOTHING, UNKNOWN, Instance, Local, Migrated, Partial, Symbol, Value, Values

if TYPE_CHECKING:
    from migrate.analysis.project import Project

ROUNDS = 4
Reaching = dict[ast.AST, list[tuple[ast.Call, int]]]


@dataclass(frozen=True, slots=True)
class Construction:
    """The migrated classes that a call (or a partial) makes, each with the positional arguments already filled.

    ``others`` is what else may be called there; ``skip`` counts leading arguments that are not the constructor's.
    """

    classes: tuple[tuple[Migrated, int], ...]
    others: tuple[Value, ...]
    skip: int = 0


class Callers:
    """The calls that reach each function of the project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._evaluate = project.evaluate
        self._by_function: Reaching = {}
        self._asked = False

    def parameter(self, binding: Binding) -> Values:
        """What a parameter holds: its default and what the calls pass; anything where neither says."""
        function = binding.scope.node
        assert isinstance(function, Function)
        owner = self._project.classes.owner(function)
        positional = [*function.args.posonlyargs, *function.args.args]
        if owner is not None and positional and binding.node is positional[0]:
            decorators = {getattr(d, "id", "") for d in getattr(function, "decorator_list", [])}
            if "staticmethod" not in decorators:
                by_class = "classmethod" in decorators or binding.name == "cls"
                return frozenset({Local(owner) if by_class else Instance(Local(owner))})
        result = self._evaluate(binding.value) if binding.value is not None else NOTHING
        for call, bound in self._reaching(function):
            result |= self._passed(call, binding, positional, bound)
        return result or UNKNOWN

    def construction(self, call: ast.Call) -> Construction | None:
        """What ``call`` constructs, or None where no migrated class can be meant."""
        evaluate = self._evaluate
        values = evaluate(call.func)
        skip = 0
        if values == frozenset({Symbol("functools.partial")}) and call.args:
            values, skip = evaluate(call.args[0]), 1
        classes, others = [], []
        for value in sorted(values - {NONE}, key=repr) if len(values) > 1 else values:
            filled = 0
            if isinstance(value, Partial):
                filled, value = value.filled, value.of
            if isinstance(value, Local) and isinstance(value.node, ast.ClassDef):
                base = self._project.classes.migrated_base(value.node)
                if base is not None and not self._project.classes.defines(value.node, "__init__"):
                    value = base
            if isinstance(value, Migrated):
                classes.append((value, filled))
            else:
                others.append(value)
        return Construction(tuple(classes), tuple(others), skip) if classes else None

    def _passed(self, call: ast.Call, binding: Binding, positional: list[ast.arg], bound: int) -> Values:
        """What ``call`` passes for the parameter; of stars, only a dict that is written out is looked into."""
        for keyword in call.keywords:
            if keyword.arg == binding.name:
                return self._evaluate(keyword.value)
            if keyword.arg is None and isinstance(keyword.value, ast.Dict):
                for key, value in zip(keyword.value.keys, keyword.value.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == binding.name:
                        return self._evaluate(value)
        if binding.node not in positional:
            return NOTHING
        place = next(i for i, arg in enumerate(positional) if arg is binding.node) - bound
        if 0 <= place < len(call.args) and not any(isinstance(a, ast.Starred) for a in call.args[: place + 1]):
            return self._evaluate(call.args[place])
        return NOTHING

    def _reaching(self, function: ast.AST) -> list[tuple[ast.Call, int]]:
        """The calls that reach ``function``, with the number of parameters they do not pass themselves."""
        self._asked = True
        return self._by_function.get(function, [])

    def find(self) -> None:
        """Find the callers of every function.

        A call through a parameter needs the callers of its function first: repeated until nothing is new.
        """
        for _ in range(ROUNDS):
            if not self.find_once():
                return
        self._project.forget()

    def find_once(self) -> bool:
        """Find the callers with what is known of them so far; returns whether that may not be all."""
        self._project.forget()
        self._asked = False
        found: Reaching = {}
        for module in self._project.modules.values():
            for call in module.index.all(ast.Call):
                if not module.is_module_member(call.func):
                    for function, bound in self._reached(call):
                        found.setdefault(function, []).append((call, bound))
        same, self._by_function = found == self._by_function, found
        return self._asked and not same

    def _reached(self, call: ast.Call) -> Iterator[tuple[ast.AST, int]]:
        """The functions that ``call`` calls, or makes a partial of."""
        evaluate = self._evaluate
        for value in evaluate(call.func):
            if value == Symbol("functools.partial") and call.args:
                # The function itself stands in the first place.
                for function in evaluate(call.args[0]):
                    yield from self._functions(function, call.args[0], -1)
            else:
                yield from self._functions(value, call.func, 0)

    def _functions(self, value: Value, func: ast.expr, filled: int) -> Iterator[tuple[ast.AST, int]]:
        if isinstance(value, Partial):
            filled, value = filled + value.filled, value.of
        if not isinstance(value, Local):
            return
        classes = self._project.classes
        if isinstance(value.node, ast.ClassDef):
            for init in classes.members(value.node, "__init__"):
                yield init.node, 1 + filled
            return
        owner = classes.owner(value.node)
        decorators = {getattr(d, "id", "") for d in getattr(value.node, "decorator_list", [])}
        if owner is None or "staticmethod" in decorators:
            yield value.node, filled
            return
        through_class = isinstance(func, ast.Attribute) and Local(owner) in self._evaluate(func.value)
        yield value.node, filled + int("classmethod" in decorators or not through_class)
