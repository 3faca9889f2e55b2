"""What the calls of a project pass to its functions, and which classes a call constructs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from migrate.analysis.containers import at, is_container, spelled
from migrate.analysis.decorators import decorated_nodes, decorators
from migrate.analysis.exclusions import arriving
from migrate.analysis.known import callables
from migrate.analysis.scopes import Binding, Function
from migrate.analysis.syntax import field_names, has_decorator, passed
from migrate.analysis.values import (
    NOTHING,
    UNKNOWN,
    Constant,
    Container,
    Instance,
    Local,
    Migrated,
    Partial,
    Rest,
    Symbol,
    Value,
    Values,
    union,
)
from migrate.flow.queries import Callee, Definition

if TYPE_CHECKING:
    from migrate.analysis.evaluator import Evaluator
    from migrate.analysis.project import Project

Reaching = dict[ast.AST, list[tuple[ast.Call, int]]]


@dataclass(frozen=True, slots=True)
class Construction:
    """The migrated classes that a call (or a partial) makes, each with the positional arguments already filled.

    ``others`` is what else may be called there; ``skip`` counts leading arguments that are not the constructor's.
    """

    classes: tuple[tuple[Migrated, int], ...]
    others: tuple[Value, ...]
    skip: int = 0


@dataclass(slots=True)
class _Arriving:
    """Arguments by key, those that may have any key (under None), and the stars among them."""

    by_key: dict[object, list[ast.expr]] = field(default_factory=dict)
    stars: list[ast.expr] = field(default_factory=list)

    def add(self, key: object, argument: ast.expr) -> None:
        self.by_key.setdefault(key, []).append(argument)

    def under(self, key: object) -> list[ast.expr]:
        """The arguments that may stand under ``key``; all of them for None."""
        if key is None:
            return [a for arguments in self.by_key.values() for a in arguments]
        return [*self.by_key.get(key, ()), *self.by_key.get(None, ())]


class Callers:
    """The calls that reach each function of the project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._evaluate = project.evaluate
        self._by_function: Reaching = {}
        self._arrivals: dict[Rest, _Arriving] = {}
        self._decorated: dict[ast.AST, Values] = {}
        self._handed: dict[ast.AST, list[ast.Call]] = {}

    def parameter(self, binding: Binding) -> Values:
        """What a parameter holds: its default and what the calls pass; anything where neither says."""
        return self._project.remembered(("parameter", binding.node), lambda: self._parameter(binding))

    def _parameter(self, binding: Binding) -> Values:
        function = binding.scope.node
        assert isinstance(function, Function)
        owner = self._project.classes.owner(function)
        positional = [*function.args.posonlyargs, *function.args.args]
        is_first = bool(positional) and binding.node is positional[0]
        if owner is not None and is_first and not has_decorator(function, "staticmethod"):
            by_class = has_decorator(function, "classmethod") or binding.name == "cls"
            return frozenset({Local(owner) if by_class else Instance(Local(owner))})
        result = self._evaluate(binding.value) if binding.value is not None else NOTHING
        for call, bound in self.reaching(function):
            result |= self._passed(call, binding, positional, bound)
        if is_first:
            result |= self._decorated.get(function, NOTHING)
        return result | self._from_others(function) or UNKNOWN

    def _from_others(self, function: ast.AST) -> Values:
        """What code that is not followed may pass to a function it was given: what it was given besides, or more."""
        calls = self._handed.get(function, ())
        given = [a for c in calls for a in passed(c)]
        result = union(self._evaluate(g) for g in given)
        inner = union(at(self._project.homes[g], v, None) for g in given for v in self._evaluate(g) if is_container(v))
        return result | inner | UNKNOWN if calls else NOTHING

    def construction(self, call: ast.Call) -> Construction | None:
        """What ``call`` constructs, or None where no migrated class can be meant."""
        if self._makes_no_layer(call):
            return None
        called, skip = self.called(call)
        classes = tuple((value, filled) for value, filled in called if isinstance(value, Migrated))
        others = tuple(value for value, _ in called if not isinstance(value, Migrated))
        return Construction(classes, others, skip) if classes else None

    def _makes_no_layer(self, call: ast.Call) -> bool:
        """Whether the flow knows what is called, or made a partial of, and no class of a rule is among that."""
        queries = self._project.queries
        is_partial = queries.facts(call.func) == [("S", "functools.partial")] and call.args
        return queries.makes_none(call.args[0] if is_partial else call.func)

    def called(self, call: ast.Call) -> tuple[list[tuple[Value, int]], int]:
        """What a call, or a partial, may call, each with the positional arguments already filled.

        A class that only inherits the constructor of one with a rule counts as that one. Behind them, the number of
        leading arguments that are not the constructor's.
        """
        values, skip = self._evaluate(call.func), 0
        if values == frozenset({Symbol("functools.partial")}) and call.args:
            values, skip = self._evaluate(call.args[0]), 1
        func = call.args[0] if skip else call.func
        values = arriving(self._project.homes[call], call, func, callables(self._project, func, values))
        found: list[tuple[Value, int]] = []
        for value in sorted(values, key=repr):
            filled = 0
            if isinstance(value, Partial):
                filled, value = value.filled, value.of
            if isinstance(value, Constant):
                continue
            if isinstance(value, Local) and isinstance(value.node, ast.ClassDef):
                classes = self._project.classes
                base = classes.migrated_base(value.node) or classes.target_base(value.node)
                if base is not None and not classes.defines(value.node, "__init__"):
                    value = base
            found.append((value, filled))
        return found, skip

    def _passed(self, call: ast.Call, binding: Binding, positional: list[ast.arg], bound: int) -> Values:
        """What ``call`` passes for the parameter, also through stars."""
        result = NOTHING
        for keyword in call.keywords:
            if keyword.arg == binding.name:
                return self._evaluate(keyword.value)
            if keyword.arg is None:
                result |= self._unpacked(keyword.value, binding.name)
        if binding.node not in positional:
            return result
        place = next(i for i, arg in enumerate(positional) if arg is binding.node) - bound
        return result | (self._at_place(call, place) if place >= 0 else NOTHING)

    def _at_place(self, call: ast.Call, place: int) -> Values:
        """What stands at a position of a call; behind a star, whatever the star may bring there."""
        for i, argument in enumerate(call.args[: place + 1]):
            if isinstance(argument, ast.Starred):
                behind = [a for a in call.args[i + 1 :] if not isinstance(a, ast.Starred)]
                later = union(self._evaluate(a) for a in behind[: place - i])
                return later | self._unpacked(argument.value, place - i)
        return self._evaluate(call.args[place]) if place < len(call.args) else NOTHING

    def _unpacked(self, star: ast.expr, key: object) -> Values:
        """What a star argument carries under a name or at a place; nothing where it is known to have none there."""
        held = self._project.opened((star, type(key), key), lambda: self._held(star, key))
        rests = [v for v in self._evaluate(star) if isinstance(v, Rest)]
        return held | self._collected(rests, key) if rests else held

    def _held(self, star: ast.expr, key: object) -> Values:
        """What the containers among the values of a star argument carry under ``key``."""
        home = self._project.homes[star]
        result = NOTHING
        for value in self._evaluate(star):
            if isinstance(value, Container) and self._project.change(value) is None:
                result |= spelled(home, value, key) or NOTHING
            elif is_container(value) and not isinstance(value, Rest):
                result |= at(home, value, key)
        return result

    def rest(self, collected: Rest, key: object) -> Values:
        """What the calls pass to a ``*args`` or ``**kwargs`` parameter, under ``key`` or, for None, altogether."""
        return self._project.opened((collected, type(key), key), lambda: self._collected([collected], key))

    def _collected(self, todo: list[Rest], key: object) -> Values:
        """What arrives in parameters that collect, also in those that only pass theirs on to them."""
        result, seen = NOTHING, set(todo)
        while todo:
            arrives = self._arriving(todo.pop())
            for argument in arrives.under(key):
                result |= self._evaluate(argument)
            for star in arrives.stars:
                result |= self._project.opened((star, type(key), key), partial(self._held, star, key))
                rests = [v for v in self._evaluate(star) if isinstance(v, Rest) and v not in seen]
                todo += rests
                seen.update(rests)
        return result

    def _arriving(self, collected: Rest) -> _Arriving:
        """The arguments that a ``*args`` or ``**kwargs`` parameter collects."""
        if collected not in self._arrivals:
            arrives = self._arrivals[collected] = _Arriving()
            for call, bound in self.reaching(collected.function):
                if collected.named:
                    _add_named(arrives, call, collected.function.args)
                else:
                    _add_surplus(arrives, call, bound, collected.function.args)
        return self._arrivals[collected]

    def fields(self, cls: ast.ClassDef, name: str) -> Values:
        """What the calls of a class without ``__init__`` pass for a field, as a dataclass takes it."""
        reaching = self.reaching(cls)
        if not reaching:
            return NOTHING
        result = NOTHING
        family = [*reversed(self._project.classes.local_bases(cls)), cls]
        order = [name for c in family for name in field_names(c)]
        for call, bound in reaching if name in order else ():
            given = next((k.value for k in call.keywords if k.arg == name), None)
            place = order.index(name) - bound
            if given is not None:
                result |= self._evaluate(given)
            elif place >= 0:
                result |= self._at_place(call, place)
            result |= union(self._unpacked(k.value, name) for k in call.keywords if k.arg is None)
        return result

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
        methods = {n.name for m in self._project.modules.values() for n in m.index.all(ast.FunctionDef)}

        def look(module: Evaluator) -> None:
            self._find_decorated(module)
            self._find_handed(module, methods)
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

    def _find_decorated(self, module: Evaluator) -> None:
        """Find what the functions that decorate in a module are given."""
        for node in decorated_nodes(module.index):
            for decorator in decorators(module, node):
                self._decorated[decorator] = self._decorated.get(decorator, NOTHING) | {Local(node)}

    def _find_handed(self, module: Evaluator, methods: set[str]) -> None:
        """Find which functions, ``methods`` by name among them, a module hands to code that is not followed."""
        queries = self._project.queries
        for call in module.index.all(ast.Call):
            for argument in passed(call):
                if _names_function(module, argument, methods) and not self._is_followed(call):
                    for callee in queries.callables(argument):
                        handed = self._handed.setdefault(callee.node, [])
                        if callee.filled == 0 and call not in handed:
                            handed.append(call)

    def _is_followed(self, call: ast.Call) -> bool:
        queries = self._project.queries
        return queries.is_followed(call.func) or ("S", "functools.partial") in queries.facts(call.func)

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


def _names_function(module: Evaluator, argument: ast.expr, methods: set[str]) -> bool:
    """Whether an argument can be a function of the project, as far as its name tells."""
    if isinstance(argument, ast.Name):
        return any(b.kind in ("function", "import") for b in module.bindings(argument))
    return isinstance(argument, ast.Lambda) or (isinstance(argument, ast.Attribute) and argument.attr in methods)


def _add_surplus(arrives: _Arriving, call: ast.Call, bound: int, arguments: ast.arguments) -> None:
    """What a call passes by position behind the parameters; behind a star, every place is possible."""
    first = len(arguments.posonlyargs) + len(arguments.args) - bound
    moved = False
    for place, argument in enumerate(call.args):
        if isinstance(argument, ast.Starred):
            arrives.stars.append(argument.value)
            moved = True
        elif moved or place >= first:
            arrives.add(None if moved else place - first, argument)


def _add_named(arrives: _Arriving, call: ast.Call, arguments: ast.arguments) -> None:
    """What a call passes by a name that is no parameter's."""
    parameters = {a.arg for a in (*arguments.args, *arguments.kwonlyargs)}
    for keyword in call.keywords:
        if keyword.arg is None:
            arrives.stars.append(keyword.value)
        elif keyword.arg not in parameters:
            arrives.add(keyword.arg, keyword.value)
