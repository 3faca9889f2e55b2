"""Where a test such as ``isinstance(m, C)`` fixes the class of an expression; purely syntactic."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from migrate.analysis.scopes import Index, Scope
from migrate.analysis.source import Span

EXITS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


@dataclass(frozen=True, slots=True)
class Region:
    """Inside ``span``, the dotted ``path`` is an instance of one of ``classes``."""

    path: str
    scope: Scope
    span: Span
    classes: tuple[ast.expr, ...]


@dataclass(frozen=True, slots=True)
class _Test:
    subject: ast.expr
    classes: tuple[ast.expr, ...]


def dotted(node: ast.AST) -> str:
    """``"a.b.c"`` for a name or a chain of attributes on one, otherwise an empty string."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])


class Narrowing:
    """The regions of a module, found by the path they narrow."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._regions: dict[str, list[Region]] = {}
        branches: list[ast.If | ast.While] = [*index.all(ast.If), *index.all(ast.While)]
        for node in branches:
            self._branch(node)
        for choice in index.all(ast.IfExp):
            self._expression(choice.test, choice.body, choice.orelse)
        for both in index.all(ast.BoolOp):
            self._operands(both)
        for claim in index.all(ast.Assert):
            self._rest(claim, positive(self._index, claim.test))
        for generator in index.all(ast.comprehension):
            self._comprehension(generator)
        for match in index.all(ast.Match):
            self._match(match)

    def classes(self, node: ast.expr) -> tuple[ast.expr, ...]:
        """The class expressions that ``node`` is known to be an instance of; empty where no test says."""
        path = dotted(node)
        if path not in self._regions:
            return ()
        scope = self._index.scope(node)
        span = self._index.source.span(node)
        root = path.partition(".")[0]
        found = [
            r
            for r in self._regions[path]
            if r.span.holds(span)
            and r.scope.resolve(root) is scope.resolve(root)
            and not self._rebound(path, r, span, scope)
        ]
        return min(found, key=lambda r: r.span.end - r.span.start).classes if found else ()

    def _rebound(self, path: str, region: Region, use: Span, scope: Scope) -> bool:
        root = path.partition(".")[0]
        owner = scope.resolve(root)
        source = self._index.source
        nodes: list[ast.AST] = [b.node for b in owner.bindings.get(root, [])] if owner else []
        nodes += [b.target for b in self._index.attribute_bindings if b.attr and dotted(b.target) == path]
        spans = [source.span(n) for n in nodes if isinstance(n, (ast.Name, ast.Attribute, ast.NamedExpr))]
        return any(region.span.start <= s.start < use.start and region.span.holds(s) for s in spans)

    def _add(self, tests: list[_Test], span: Span) -> None:
        for test in tests:
            path = dotted(test.subject)
            if path:
                region = Region(path, self._index.scope(test.subject), span, test.classes)
                self._regions.setdefault(path, []).append(region)

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

    def _expression(self, test: ast.expr, body: ast.expr, orelse: ast.expr) -> None:
        self._add(positive(self._index, test), self._index.source.span(body))
        self._add(negative(self._index, test), self._index.source.span(orelse))

    def _operands(self, node: ast.BoolOp) -> None:
        find = positive if isinstance(node.op, ast.And) else negative
        for i, value in enumerate(node.values[:-1]):
            for later in node.values[i + 1 :]:
                self._add(find(self._index, value), self._index.source.span(later))

    def _comprehension(self, generator: ast.comprehension) -> None:
        owner = self._index.parents[generator]
        for i, test in enumerate(generator.ifs):
            tests = positive(self._index, test)
            for part in ("elt", "key", "value"):
                if element := getattr(owner, part, None):
                    self._add(tests, self._index.source.span(element))
            for later in generator.ifs[i + 1 :]:
                self._add(tests, self._index.source.span(later))

    def _match(self, node: ast.Match) -> None:
        for case in node.cases:
            pattern = case.pattern
            if isinstance(pattern, ast.MatchAs) and pattern.pattern is not None:
                pattern = pattern.pattern
            options = pattern.patterns if isinstance(pattern, ast.MatchOr) else [pattern]
            classes = tuple(p.cls for p in options if isinstance(p, ast.MatchClass))
            if len(classes) == len(options):
                self._add([_Test(node.subject, classes)], self._over(case.body))


def positive(index: Index, test: ast.expr) -> list[_Test]:
    """What holds where ``test`` is true."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return [t for value in test.values for t in positive(index, value)]
    if isinstance(test, ast.BoolOp):
        parts = [positive(index, value) for value in test.values]
        paths = {dotted(p[0].subject) for p in parts if len(p) == 1}
        if len(paths) == 1 and all(len(p) == 1 for p in parts):
            return [_Test(parts[0][0].subject, tuple(c for p in parts for c in p[0].classes))]
        return []
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return negative(index, test.operand)
    if isinstance(test, ast.Call):
        return list(_isinstance(test))
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return list(_type_comparison(index, test))
    return []


def negative(index: Index, test: ast.expr) -> list[_Test]:
    """What holds where ``test`` is false."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return positive(index, test.operand)
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return [t for value in test.values for t in negative(index, value)]
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], (ast.IsNot, ast.NotEq)):
        return list(_type_comparison(index, test, negated=True))
    return []


def _isinstance(call: ast.Call) -> Iterator[_Test]:
    if isinstance(call.func, ast.Name) and call.func.id == "isinstance" and len(call.args) == 2:
        yield _Test(call.args[0], (call.args[1],))


def _type_comparison(index: Index, test: ast.Compare, negated: bool = False) -> Iterator[_Test]:
    """``type(m) is C``, ``type(m) == C``, ``type(m) in (C, D)``, and the same through ``t = type(m)``."""
    accepted = (ast.IsNot, ast.NotEq) if negated else (ast.Is, ast.Eq, ast.In)
    if isinstance(test.ops[0], accepted):
        subject = type_argument(index, test.left)
        if subject is not None:
            yield _Test(subject, (test.comparators[0],))


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
