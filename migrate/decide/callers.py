"""What the calls of a project pass to its functions, and which classes a call constructs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrate.decide.exclusions import arriving
from migrate.decide.values import Constant, Instance, Local, Migrated, Partial, Symbol, Value
from migrate.flow.library import CALLABLES, KINDS
from migrate.flow.queries import Callee, Definition
from migrate.syntax.nodes import has_decorator
from migrate.syntax.scopes import Binding, Function

if TYPE_CHECKING:
    from migrate.decide.file import File
    from migrate.decide.project import Project

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

    def construction(self, call: ast.Call) -> Construction | None:
        """What ``call`` constructs, or None where no migrated class can be meant."""
        called, skip = self.called(call)
        classes = tuple((value, filled) for value, filled in called if isinstance(value, Migrated))
        others = tuple(value for value, _ in called if not isinstance(value, Migrated))
        return Construction(classes, others, skip) if classes else None

    def called(self, call: ast.Call) -> tuple[list[tuple[Value, int]], int]:
        """What a call, or a partial, may call, each with the positional arguments already filled.

        A class that only inherits the constructor of one with a rule counts as that one. Behind them, the number of
        leading arguments that are not the constructor's.
        """
        values, skip = self._evaluate(call.func), 0
        if values == frozenset({Symbol("functools.partial")}) and call.args:
            values, skip = self._evaluate(call.args[0]), 1
        func = call.args[0] if skip else call.func
        values = arriving(self._project.homes[call], call, func, values)
        found: list[tuple[Value, int]] = []
        for value in sorted(values, key=repr):
            filled = 0
            if isinstance(value, Partial):
                filled, value = value.filled, value.of
            if isinstance(value, Constant) or _is_plain(value):
                continue
            if isinstance(value, Local) and isinstance(value.node, ast.ClassDef):
                classes = self._project.classes
                base = classes.migrated_base(value.node) or classes.target_base(value.node)
                if base is not None and not classes.defines(value.node, "__init__"):
                    value = base
            found.append((value, filled))
        return found, skip

    def arguments(self, parameter: Binding) -> list[ast.expr]:
        """What the calls of a function pass for a parameter, by position or by its name; stars are left out."""
        function = parameter.scope.node
        assert isinstance(function, Function)
        positional = [*function.args.posonlyargs, *function.args.args]
        found: list[ast.expr] = []
        for call, bound in self.reaching(function):
            found += [k.value for k in call.keywords if k.arg == parameter.name]
            place = positional.index(parameter.node) - bound if parameter.node in positional else -1
            if 0 <= place < len(call.args) and not any(isinstance(a, ast.Starred) for a in call.args[: place + 1]):
                found.append(call.args[place])
        return found

    def reaching(self, function: ast.AST) -> list[tuple[ast.Call, int]]:
        """The calls that reach ``function``, with the number of parameters they do not pass themselves."""
        return self._by_function.get(function, [])

    def find(self) -> None:
        """Find the callers of all functions, as the flow of the run has them."""
        queries = self._project.queries

        def look(module: File) -> None:
            for call in module.index.all(ast.Call):
                for callee in queries.callables(call.func):
                    self._enter(call, call.func, callee)
                if call.args and ("S", "functools.partial") in queries.facts(call.func):
                    # The function itself stands in the first place.
                    for callee in queries.callables(call.args[0]):
                        self._enter(call, call.args[0], callee, -1)

        self._project.for_each(look)

    def _enter(self, call: ast.Call, func: ast.expr, callee: Callee, filled: int = 0) -> None:
        for function, bound in self._functions(callee.node, func, callee.filled + filled):
            self._by_function.setdefault(function, []).append((call, bound))

    def _functions(self, node: Definition, func: ast.expr, filled: int) -> Iterator[tuple[ast.AST, int]]:
        classes = self._project.classes
        if isinstance(node, ast.ClassDef):
            inits = classes.members(node, "__init__")
            yield from ((init.node, 1 + filled) for init in inits)
            if not inits:
                yield node, filled
            return
        owner = classes.owner(node)
        if owner is None or has_decorator(node, "staticmethod"):
            yield node, filled
            return
        owners = self._project.queries.callables(func.value) if isinstance(func, ast.Attribute) else []
        through_class = any(callee.node is owner for callee in owners)
        yield node, filled + int(has_decorator(node, "classmethod") or not through_class)


def _is_plain(value: Value) -> bool:
    """Whether a value is a string, a number or a container of the language, which nobody can call."""
    of = value.of if isinstance(value, Instance) else None
    return isinstance(of, Symbol) and ((of.name in KINDS and of.name not in CALLABLES) or of.name == "builtins.object")
