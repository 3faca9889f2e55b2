"""Statements: what they bind, and where what they compute goes."""

from __future__ import annotations

import ast
from collections.abc import Callable

from migrate.index.annotations import annotation, argument_values
from migrate.index.builder import Builder, Literals
from migrate.index.expressions import assign, give_back, loop, narrow, value
from migrate.index.functions import KINDS, signature
from migrate.index.narrowing import conditions, leaves, told_paths
from migrate.index.scopes import Scope, bound_names
from migrate.index.summary import NO_LITERAL, SLICE, Call, Class, Import, Test, element
from migrate.syntax.paths import dotted
from migrate.syntax.shapes import constants, tested_constant


def block(b: Builder, body: list[ast.stmt]) -> None:
    """Read the statements of a block; what is known behind one that leaves it is known for the rest."""
    before = b.narrowed
    b.depth += 1
    for statement in body:
        read = STATEMENTS.get(statement.__class__)
        if read is not None:
            read(b, statement)
        if isinstance(statement, ast.If) and leaves(statement.body):
            b.narrowed = dict(b.narrowed)
            narrow(b, conditions(statement.test, False, b.tests))
    b.depth -= 1
    b.narrowed = {path: node for path, node in b.narrowed.items() if path in before}


def _expression(b: Builder, node: ast.Expr) -> None:
    value(b, node.value)


def _assign(b: Builder, node: ast.Assign) -> None:
    given = value(b, node.value)
    b.forget_behind(dotted(node.value))  # another name for it may change it
    for target in node.targets:
        assign(b, target, given, node.value)
        if isinstance(target, ast.Name) and isinstance(node.value, ast.Tuple) and constants(node.value):
            b.literals[f"{target.id}[]"] = constants(node.value)
    if len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        name = node.targets[0].id
        if told_paths(node.value):
            b.tests[name] = node.value
        elif _replaces_none(name, node.value):
            b.narrow(name, given, inner=False)


def _replaces_none(name: str, given: ast.expr) -> bool:
    """``name or 3``, and ``3 if name is None else name``."""
    if isinstance(given, ast.BoolOp):
        return isinstance(given.op, ast.Or) and getattr(given.values[0], "id", "") == name
    return isinstance(given, ast.IfExp) and any(not c.classes and c.path == name for c in conditions(given.test, False))


def _annotated(b: Builder, node: ast.AnnAssign) -> None:
    cls = annotation(b, node.annotation)
    if node.value is not None:
        assign(b, node.target, value(b, node.value), node.value)
    if isinstance(node.target, ast.Name):
        b.instance_of(cls, b.variable(node.target.id))
    elif isinstance(node.target, ast.Attribute):
        held = b.new()
        b.instance_of(cls, held)
        b.store(value(b, node.target.value), node.target.attr, held)


def _augmented(b: Builder, node: ast.AugAssign) -> None:
    given = value(b, node.value)
    if isinstance(node.target, ast.Name):
        base = b.name(node.target.id)
        b.forget_keyed(node.target.id)
        elements = b.literals.pop(f"{node.target.id}[]", ())
        if elements and constants(node.value):
            b.literals[f"{node.target.id}[]"] = (*elements, *constants(node.value))
    elif isinstance(node.target, (ast.Attribute, ast.Subscript)):
        base = value(b, node.target)
    b.summary.mixed.append(base)
    b.store(base, element(), b.load(given, element()))
    b.summary.merges.append((given, base))


def _for(b: Builder, node: ast.For | ast.AsyncFor) -> None:
    loop(b, node.target, node.iter)
    _repeated(b, node.body, lambda: _branches(b, [(node.body, ()), (node.orelse, ())]))


def _repeated(b: Builder, body: list[ast.stmt], read: Callable[[], None]) -> None:
    """Read a loop: what its body binds anew may stand at the places above, too."""
    if not b.narrowed and not b.tests:
        read()
        return
    bound = _bound_paths(body)
    for path in bound:
        b.forget_tests(path)
    before, b.again, b.narrowed = b.again, dict(b.again), dict(b.narrowed)
    for path in list(b.narrowed):
        if any(path == each or path.startswith((f"{each}.", f"{each}[")) for each in bound):
            if "[" in path:
                del b.narrowed[path]
                continue
            b.again[path] = again = b.new()
            b.copy(b.narrowed[path], again)
            b.narrowed[path] = again
    read()
    b.again = before


def _bound_paths(body: list[ast.stmt]) -> set[str]:
    """The names and paths such as ``m.norm`` that statements bind."""
    nodes = (node for statement in body for node in ast.walk(statement))
    stored = [n for n in nodes if isinstance(n, (ast.Name, ast.Attribute)) and isinstance(n.ctx, ast.Store)]
    return {path for path in map(dotted, stored) if path}


def _branches(b: Builder, branches: list[tuple[list[ast.stmt], tuple[tuple[ast.expr, bool], ...]]]) -> None:
    """Read blocks of which any may run, each with the tests that hold there."""
    before, literals, remembered = b.narrowed, b.literals, b.tests
    after: list[dict[str, int]] = []
    known: list[Literals] = []
    kept: list[dict[str, ast.expr]] = []
    for body, tests in branches:
        b.narrowed, b.literals, b.tests = dict(before), dict(literals), dict(remembered)
        for test, holds in tests:
            narrow(b, conditions(test, holds, b.tests), inner=True)
            tested = tested_constant(test) if holds else None
            if tested is not None:
                b.literals[tested[0]] = (tested[1],)
        block(b, body)
        known.append(b.literals)
        kept.append(b.tests)
        if not leaves(body):
            after.append(b.narrowed)
    b.narrowed = {}
    for path in before:
        nodes = [narrowed[path] for narrowed in after if path in narrowed]
        if nodes and len(nodes) == len(after):
            b.narrowed[path] = b.join(nodes)
    b.tests = {name: test for name, test in remembered.items() if all(each.get(name) is test for each in kept)}
    b.literals = {
        name: tuple(dict.fromkeys([*values, *(v for found in known for v in found[name])]))
        for name, values in literals.items()
        if all(name in found for found in known)
    }


def _if(b: Builder, node: ast.If | ast.While) -> None:
    value(b, node.test)
    _branches(b, [(node.body, ((node.test, True),)), (node.orelse, ((node.test, False),))])
    if isinstance(node, ast.If) and not node.orelse:
        _replaced(b, node)


def _replaced(b: Builder, node: ast.If) -> None:
    """Behind ``if name is None: name = 3``, the name is what it was, or 3."""
    told = [c.path for c in conditions(node.test, False) if not c.classes and isinstance(c.subject, ast.Name)]
    last = [s for s in node.body if isinstance(s, ast.Assign) and [getattr(t, "id", "") for t in s.targets] == told]
    if len(told) != 1 or not last or not b.may_be_none(told[0]):
        return
    given = b.nodes[last[-1].value]
    b.narrow(told[0], b.join((b.some(b.name(told[0])), given)), inner=False)


def _while(b: Builder, node: ast.While) -> None:
    _repeated(b, node.body, lambda: _if(b, node))


def _with(b: Builder, node: ast.With | ast.AsyncWith) -> None:
    """What a context manager of the run gives, of whatever kind it is: itself, what it yields, or what it enters."""
    for item in node.items:
        given = value(b, item.context_expr)
        if item.optional_vars is None:
            continue
        entered = b.load(given, "__enter__")
        result = b.new()
        at = item.context_expr
        b.summary.calls.append(Call(entered, (), (), (), (), result, at.lineno, at.col_offset))
        assign(b, item.optional_vars, b.join((given, b.load(given, element()), result)))
    block(b, node.body)


def _try(b: Builder, node: ast.Try) -> None:
    block(b, node.body)
    for handler in node.handlers:
        if handler.type is not None:
            value(b, handler.type)
        if handler.name:
            b.bind(handler.name, b.constant(NO_LITERAL))
            b.instance_of(value(b, handler.type) if handler.type is not None else b.anything, b.variable(handler.name))
        block(b, handler.body)
    block(b, node.orelse)
    block(b, node.finalbody)


def _assert(b: Builder, node: ast.Assert) -> None:
    value(b, node.test)
    if node.msg is not None:
        value(b, node.msg)
    b.narrowed = dict(b.narrowed)
    narrow(b, conditions(node.test, True, b.tests))


def _return(b: Builder, node: ast.Return) -> None:
    if node.value is not None:
        give_back(b, node.value)


def _import(b: Builder, node: ast.Import) -> None:
    for alias in node.names:
        root = alias.name.partition(".")[0]
        bound = b.nodes[alias] = b.variable(alias.asname or root)
        b.summary.imports.append(Import(bound, 0, alias.name if alias.asname else root, None))


def _from(b: Builder, node: ast.ImportFrom) -> None:
    for alias in node.names:
        if alias.name == "*":
            b.summary.stars.append((node.level, node.module or ""))
            b.nodes[node] = b.anything
        else:
            bound = b.nodes[alias] = b.variable(alias.asname or alias.name)
            if alias.asname and alias.name in b.classes:
                b.aliases.add(alias.asname)
            b.summary.imports.append(Import(bound, node.level, node.module or "", alias.name))


def _match(b: Builder, node: ast.Match) -> None:
    subject = value(b, node.subject)
    path = dotted(node.subject)
    before = b.narrowed
    for case in node.cases:
        b.narrowed = dict(before)
        _pattern(b, case.pattern, subject, path)
        if case.guard is not None:
            value(b, case.guard)
        block(b, case.body)
    b.narrowed = before


def _pattern(b: Builder, pattern: ast.pattern, subject: int, path: str) -> None:
    """Bind what a pattern captures; ``path`` is narrowed where the pattern tests its class."""
    if isinstance(pattern, ast.MatchAs):
        classes = _classes(pattern.pattern)
        narrowed = _narrowed(b, classes, subject, path) if classes else subject
        if pattern.pattern is not None:
            _pattern(b, pattern.pattern, subject, "")
        if pattern.name:
            b.bind(pattern.name, narrowed)
    elif _classes(pattern):
        narrowed = _narrowed(b, _classes(pattern), subject, path)
        for inner in pattern.patterns if isinstance(pattern, ast.MatchOr) else [pattern]:
            for i, part in enumerate(getattr(inner, "patterns", [])):
                _pattern(b, part, b.load(narrowed, element(i)), "")
            for name, part in zip(getattr(inner, "kwd_attrs", []), getattr(inner, "kwd_patterns", []), strict=True):
                _pattern(b, part, b.load(narrowed, name), "")
    elif isinstance(pattern, (ast.MatchSequence, ast.MatchOr)):
        for part in pattern.patterns:
            key = (SLICE, None) if isinstance(part, ast.MatchStar) else element()
            _pattern(b, part, subject if isinstance(pattern, ast.MatchOr) else b.load(subject, key), "")
    elif isinstance(pattern, ast.MatchMapping):
        for part in pattern.patterns:
            _pattern(b, part, b.load(subject, element()), "")
        if pattern.rest:
            b.bind(pattern.rest, subject)
    elif isinstance(pattern, ast.MatchStar) and pattern.name:
        b.bind(pattern.name, subject)
    elif isinstance(pattern, ast.MatchValue):
        value(b, pattern.value)


def _classes(pattern: ast.pattern | None) -> list[ast.expr]:
    """The classes of a pattern that tests for nothing else."""
    options = pattern.patterns if isinstance(pattern, ast.MatchOr) else [pattern]
    classes = [option.cls for option in options if isinstance(option, ast.MatchClass)]
    return classes if len(classes) == len(options) else []


def _narrowed(b: Builder, classes: list[ast.expr], subject: int, path: str) -> int:
    narrowed = b.new()
    b.summary.tests.append(Test(subject, b.join(value(b, c) for c in classes), narrowed))
    if path:
        b.narrow(path, narrowed, inner=True)
    return narrowed


def _function(b: Builder, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    function, scope = signature(b, node, node.name, argument_values(b, node.args))
    if node.returns is not None:
        b.instance_of(annotation(b, node.returns), function.result)
    b.bind(node.name, _decorated(b, node, function.node))

    def read() -> None:
        names, redirects = bound_names(node.body)
        b.redirect(redirects)
        b.reserve(names)
        for name in names:
            scope.sources.pop(name, None)
        block(b, node.body)

    b.later.append(lambda: b.inside(scope, read))


def _decorated(b: Builder, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, made: int) -> int:
    """What a definition is bound to: what its decorators make of it, or itself where one of them is not known."""
    for decorator in reversed(node.decorator_list):
        name = getattr(decorator, "id", getattr(decorator, "attr", ""))
        callee = value(b, decorator)
        if name in KINDS:
            continue
        if name == "" and isinstance(decorator, ast.Call) and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            _registered(b, node, decorator)
        result = b.new()
        b.summary.calls.append(Call(callee, (made,), (), (), (), result, decorator.lineno, decorator.col_offset))
        made = b.join((made, result)) if isinstance(node, ast.ClassDef) else result
    return made


def _registered(b: Builder, node: ast.FunctionDef | ast.AsyncFunctionDef, decorator: ast.Call) -> None:
    """``@function.register(C)``: the function gets instances of the class."""
    parameters = [*node.args.posonlyargs, *node.args.args][int(b.scope.is_class) :]
    if getattr(decorator.func, "attr", "") == "register" and len(decorator.args) == 1 and parameters:
        function = next(f for f in reversed(b.summary.functions) if f.node == b.nodes[node])
        b.instance_of(b.nodes[decorator.args[0]], dict(function.parameters)[parameters[0].arg])


def _class(b: Builder, node: ast.ClassDef) -> None:
    made = b.nodes[node] = b.new()
    bases = tuple(value(b, base.value if isinstance(base, ast.Starred) else base) for base in node.bases)
    keywords = tuple((k.arg or "", value(b, k.value)) for k in node.keywords)
    scope = Scope(b.scope, owner=made)
    b.summary.classes.append(Class(made, node.name, bases, keywords, scope.names, _fields(node), node.lineno))

    def read() -> None:
        names, redirects = bound_names(node.body)
        b.redirect(redirects)
        b.reserve(names)
        block(b, node.body)

    b.inside(scope, read)
    b.bind(node.name, _decorated(b, node, made))


def _fields(node: ast.ClassDef) -> tuple[str, ...]:
    return tuple(s.target.id for s in node.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name))


def _delete(b: Builder, node: ast.Delete) -> None:
    for target in node.targets:
        if isinstance(target, ast.Subscript):
            b.reorder(value(b, target.value))
        if not isinstance(target, ast.Name):
            value(b, target)


def _raise(b: Builder, node: ast.Raise) -> None:
    for part in (node.exc, node.cause):
        if part is not None:
            value(b, part)


STATEMENTS: dict[type[ast.stmt], Callable[..., None]] = {
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.If: _if,
    ast.While: _while,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.Assert: _assert,
    ast.Return: _return,
    ast.Import: _import,
    ast.ImportFrom: _from,
    ast.Match: _match,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.Delete: _delete,
    ast.Raise: _raise,
}
if hasattr(ast, "TryStar"):
    STATEMENTS[ast.TryStar] = _try
