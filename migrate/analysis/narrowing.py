"""Where a test such as ``isinstance(m, C)`` fixes the class of an expression; purely syntactic."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from migrate.analysis.index import Index
from migrate.analysis.scopes import Scope
from migrate.analysis.source import Located, Span
from migrate.analysis.syntax import passed
from migrate.index.paths import dotted

LOOKS = frozenset({"isinstance", "issubclass", "type", "len", "hasattr", "getattr", "print", "id", "repr", "str"})
"""Functions that leave what they get as it is."""
EXITS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


@dataclass(frozen=True, slots=True)
class Region:
    """Inside ``span``, ``path`` is an instance of one of ``classes`` or, where there are none, not None.

    ``since`` is where the test ends: a new binding from there on breaks the promise.
    """

    path: str
    names: frozenset[str]
    scope: Scope
    span: Span
    since: int
    classes: tuple[ast.expr, ...]


@dataclass(frozen=True, slots=True)
class _Test:
    subject: ast.expr
    classes: tuple[ast.expr, ...]
    test: ast.expr


def _root(path: str) -> str:
    return path.partition(".")[0].partition("[")[0]


class Narrowing:
    """The regions of a module, found by the path they narrow."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._regions: dict[str, list[Region]] = {}
        self._lasts: set[str] = set()
        branches: list[ast.If | ast.While] = [*index.all(ast.If), *index.all(ast.While)]
        for node in branches:
            self._branch(node)
        for choice in index.all(ast.IfExp):
            self._add(positive(index, choice.test), index.source.span(choice.body))
            self._add(negative(index, choice.test), index.source.span(choice.orelse))
        for both in index.all(ast.BoolOp):
            self._operands(both)
        for claim in index.all(ast.Assert):
            self._rest(claim, positive(index, claim.test))
        for generator in index.all(ast.comprehension):
            self._comprehension(generator)
        for match in index.all(ast.Match):
            self._match(match)

    def holding(self, node: ast.expr) -> list[tuple[ast.expr, ...]]:
        """What the tests around ``node`` promise, the innermost first: class expressions, or none for "not None"."""
        return [r.classes for r in self._holding(node)]

    def _holding(self, node: ast.expr) -> list[Region]:
        last = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "]")
        if last not in self._lasts:
            return []
        path = dotted(node)
        if path not in self._regions:
            return []
        scope = self._index.scope(node)
        span = self._index.source.span(node)
        found = [r for r in self._regions[path] if r.span.holds(span) and self._holds(r, span, scope)]
        return sorted(found, key=lambda r: r.span.end - r.span.start)

    def _holds(self, region: Region, use: Span, scope: Scope) -> bool:
        """Whether nothing that the path is made of may have changed between the test and the use."""
        if any(region.scope.resolve(n) is not scope.resolve(n) for n in region.names):
            return False
        return not any(self._spoils(change, region, use) for change in self._changes(region, scope))

    def _spoils(self, change: Located, region: Region, use: Span) -> bool:
        """Whether ``change`` can run after the test and before the use, also in an earlier round of a loop."""
        span = self._index.source.span(change)
        # Another function may run at any time.
        if self._index.scope(change).function is not region.scope.function and isinstance(change, ast.Name):
            return isinstance(change.ctx, ast.Store)
        if region.since <= span.start < use.start:
            return True
        if not region.span.holds(span):
            return False
        loops = (a for a in self._index.ancestors(change) if isinstance(a, (ast.For, ast.AsyncFor, ast.While)))
        return any(region.span.holds(s) and s.holds(use) for s in map(self._index.source.span, loops))

    def _changes(self, region: Region, scope: Scope) -> Iterator[Located]:
        """Where a part of the path is bound again, or what it is reached through is written to or handed on."""
        for name in region.names:
            owner = scope.resolve(name)
            for binding in owner.bindings.get(name, []) if owner else []:
                if isinstance(binding.node, (ast.Name, ast.NamedExpr)):
                    yield binding.node
            for path, target in self._assigned.get(name, ()):
                if f"{region.path}.".startswith(f"{path}."):
                    yield target
            for path, place in self._handed_on.get(name, ()):
                if region.path.startswith((f"{path}.", f"{path}[")):
                    yield place

    @cached_property
    def _assigned(self) -> dict[str, list[tuple[str, ast.Attribute]]]:
        """The assigned attributes with their paths, by the name that the path starts with."""
        found: dict[str, list[tuple[str, ast.Attribute]]] = {}
        for assigned in self._index.attribute_bindings:
            path = dotted(assigned.target)
            if path and isinstance(assigned.target, ast.Attribute):
                found.setdefault(_root(path), []).append((path, assigned.target))
        return found

    @cached_property
    def _handed_on(self) -> dict[str, list[tuple[str, ast.expr]]]:
        """Where an object is written to by index, called for a method, given a name, or passed on, by its root."""
        index = self._index
        held: list[ast.expr] = [s.value for s in index.all(ast.Subscript) if not isinstance(s.ctx, ast.Load)]
        for call in index.all(ast.Call):
            held += [call.func.value] if isinstance(call.func, ast.Attribute) else []
            if getattr(call.func, "id", "") not in LOOKS:
                held += passed(call)
        held += [a.value for a in index.all(ast.Assign)]
        found: dict[str, list[tuple[str, ast.expr]]] = {}
        for node in held:
            path = dotted(node)
            if path:
                found.setdefault(_root(path), []).append((path, node))
        return found

    def _add(self, tests: list[_Test], span: Span) -> None:
        for test in tests:
            path = dotted(test.subject)
            if path:
                names = frozenset(n.id for n in ast.walk(test.subject) if isinstance(n, ast.Name))
                names = frozenset({path}) if isinstance(test.subject, ast.NamedExpr) else names
                since = self._index.source.span(test.test).end
                scope = self._index.scope(test.test)
                region = Region(path, names, scope, span, since, test.classes)
                self._regions.setdefault(path, []).append(region)
                subject = test.subject.target if isinstance(test.subject, ast.NamedExpr) else test.subject
                self._lasts.add(getattr(subject, "attr", getattr(subject, "id", "]")))

    def _over(self, statements: list[ast.stmt]) -> Span:
        first, last = self._index.source.span(statements[0]), self._index.source.span(statements[-1])
        return Span(first.start, last.end)

    def _branch(self, node: ast.If | ast.While) -> None:
        self._add(positive(self._index, node.test), self._over(node.body))
        negated = negative(self._index, node.test)
        if node.orelse:
            self._add(negated, self._over(node.orelse))
        if negated and isinstance(node, ast.If) and isinstance(node.body[-1], EXITS):
            self._rest(node, negated)

    def _rest(self, node: ast.stmt, tests: list[_Test]) -> None:
        if not tests:
            return
        block = self._index.block(node)
        after = block[block.index(node) + 1 :]
        if after:
            self._add(tests, self._over(after))

    def _operands(self, node: ast.BoolOp) -> None:
        find = positive if isinstance(node.op, ast.And) else negative
        for i, value in enumerate(node.values[:-1]):
            tests = find(self._index, value)
            for later in node.values[i + 1 :] if tests else ():
                self._add(tests, self._index.source.span(later))

    def _comprehension(self, generator: ast.comprehension) -> None:
        owner = self._index.parents[generator]
        generators: list[ast.comprehension] = getattr(owner, "generators", [])
        later_generators = generators[generators.index(generator) + 1 :]
        for i, test in enumerate(generator.ifs):
            tests = positive(self._index, test)
            later: list[ast.expr] = [*generator.ifs[i + 1 :]]
            later += [e for part in ("elt", "key", "value") if (e := getattr(owner, part, None))]
            later += [e for g in later_generators for e in (g.iter, *g.ifs)]
            for expression in later if tests else ():
                self._add(tests, self._index.source.span(expression))

    def _match(self, node: ast.Match) -> None:
        for case in node.cases:
            pattern = case.pattern
            if isinstance(pattern, ast.MatchAs) and pattern.pattern is not None:
                pattern = pattern.pattern
            options = pattern.patterns if isinstance(pattern, ast.MatchOr) else [pattern]
            classes = tuple(p.cls for p in options if isinstance(p, ast.MatchClass))
            if len(classes) == len(options):
                test = [_Test(node.subject, classes, node.subject)]
                self._add(test, self._over(case.body))
                if case.guard is not None:
                    self._add(test, self._index.source.span(case.guard))


def positive(index: Index, test: ast.expr) -> list[_Test]:
    """What holds where ``test`` is true."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return [t for value in test.values for t in positive(index, value)]
    if isinstance(test, ast.BoolOp):
        return _either(test, [positive(index, value) for value in test.values])
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return negative(index, test.operand)
    if isinstance(test, ast.Call):
        return list(_isinstance(index, test))
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return list(_comparison(index, test, (ast.Is, ast.Eq, ast.In), (ast.IsNot,)))
    if isinstance(test, ast.Name):
        return [_Test(test, (), test), *_remembered(index, test)]
    return []


def negative(index: Index, test: ast.expr) -> list[_Test]:
    """What holds where ``test`` is false."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return positive(index, test.operand)
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return [t for value in test.values for t in negative(index, value)]
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return list(_comparison(index, test, (ast.IsNot, ast.NotEq, ast.NotIn), (ast.Is,)))
    return []


def _either(test: ast.BoolOp, parts: list[list[_Test]]) -> list[_Test]:
    """``isinstance(m, A) or isinstance(m, B)``: one of both."""
    firsts = [p[0] for p in parts if len(p) == 1 and p[0].classes]
    if len(firsts) < len(parts) or len({dotted(t.subject) for t in firsts}) > 1:
        return []
    return [_Test(firsts[0].subject, tuple(c for t in firsts for c in t.classes), test)]


def _remembered(index: Index, name: ast.Name) -> list[_Test]:
    """The test behind ``ok = isinstance(m, C)``."""
    scope = index.scope(name).resolve(name.id)
    bindings = scope.bindings.get(name.id, []) if scope else []
    value = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "value" else None
    return list(_isinstance(index, value)) if isinstance(value, ast.Call) else []


def _isinstance(index: Index, call: ast.Call) -> Iterator[_Test]:
    if not isinstance(call.func, ast.Name) or len(call.args) != 2:
        return
    if index.scope(call.func).resolve(call.func.id) is not None:
        return
    if call.func.id == "isinstance":
        yield _Test(call.args[0], (call.args[1],), call)
    elif call.func.id == "issubclass":
        subject = type_argument(index, call.args[0])
        if subject is not None:
            yield _Test(subject, (call.args[1],), call)


def _comparison(
    index: Index, test: ast.Compare, same: tuple[type[ast.cmpop], ...], different: tuple[type[ast.cmpop], ...]
) -> Iterator[_Test]:
    """``type(m) is C``, also through ``t = type(m)``; ``m is not None``; ``isinstance(m, C) is True``."""
    operator, against = test.ops[0], test.comparators[0]
    if isinstance(against, ast.Constant) and against.value is None:
        if isinstance(operator, different):
            yield _Test(test.left, (), test)
    elif isinstance(operator, same):
        subject = type_argument(index, test.left)
        if subject is not None:
            yield _Test(subject, (against,), test)
        elif isinstance(test.left, ast.Call) and isinstance(against, ast.Constant) and against.value is True:
            yield from _isinstance(index, test.left)


def type_argument(index: Index, node: ast.expr) -> ast.expr | None:
    """``m`` for ``type(m)``, ``m.__class__``, or a name bound once to either."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "type":
        return node.args[0] if len(node.args) == 1 else None
    if isinstance(node, ast.Attribute) and node.attr == "__class__":
        return node.value
    if isinstance(node, ast.Name):
        scope = index.scope(node).resolve(node.id)
        bindings = scope.bindings.get(node.id, []) if scope else []
        if len(bindings) == 1 and bindings[0].value is not None and not isinstance(bindings[0].value, ast.Name):
            return type_argument(index, bindings[0].value)
    return None


CASES = frozenset({"lower", "upper", "casefold", "strip"})
NAMES = frozenset({"__name__", "__qualname__", "__module__"})


def class_named(index: Index, node: ast.expr) -> ast.expr | None:
    """``m`` for an expression that gives the name of its class: ``type(m).__name__``, ``str(m.__class__)``."""
    if isinstance(node, ast.Attribute) and node.attr in NAMES:
        return type_argument(index, node.value)
    if isinstance(node, ast.Name):
        scope = index.scope(node).resolve(node.id)
        bindings = scope.bindings.get(node.id, []) if scope else []
        value = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "value" else None
        return class_named(index, value) if value is not None and not isinstance(value, ast.Name) else None
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Attribute):
        if node.func.attr == "_get_name":
            return node.func.value
        return class_named(index, node.func.value) if node.func.attr in CASES else None
    if isinstance(node.func, ast.Name) and node.func.id in ("str", "repr") and len(node.args) == 1:
        return type_argument(index, node.args[0])
    return None
