"""Statements: what they bind, and where what they compute goes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import partial

from migrate.index.annotations import annotation, argument_values, returns, type_parameters
from migrate.index.arithmetic import combine
from migrate.index.builder import Builder, Literals
from migrate.index.calls import entered
from migrate.index.children import assign_children, registered_names
from migrate.index.dispatch import decorated
from migrate.index.displays import group_of
from migrate.index.expressions import assign, give_back, loop, narrow, value
from migrate.index.functions import declare, signature
from migrate.index.narrowing import conditions, leaves, tested_classes, told_paths
from migrate.index.patterns import bind_pattern, takes_all
from migrate.index.regions import any_values, bound_paths, enter_again, joined, left_anywhere, region, without
from migrate.index.scopes import Scope, bound_names, nonlocal_names
from migrate.index.summary import NO_LITERAL, NOBODY, RETURNED, Class, Import, element, iterated
from migrate.syntax.paths import dotted
from migrate.syntax.shapes import constants, tested_constant


def block(b: Builder, body: list[ast.stmt]) -> None:
    """Read the statements of a block; what it begins to know of names ends with it."""
    before = b.narrowed
    _read_inside(b, body)
    b.narrowed = {path: node for path, node in b.narrowed.items() if path in before}


def _read_inside(b: Builder, body: list[ast.stmt]) -> None:
    """Read the statements of a block, with what they begin to know left as it is."""
    b.depth += 1
    _read(b, body)
    b.depth -= 1


def _read(b: Builder, body: list[ast.stmt]) -> None:
    """Read statements; what is known behind one that leaves the block is known for the rest."""
    for statement in body:
        read = STATEMENTS.get(statement.__class__)
        if read is not None:
            read(b, statement)
        if isinstance(statement, ast.If) and leaves(statement.body):
            told = conditions(statement.test, False, b.tests)
            narrow(b, [c for c in told if c.path not in bound_paths(statement.orelse)])


def _expression(b: Builder, node: ast.Expr) -> None:
    value(b, node.value)


def _assign(b: Builder, node: ast.Assign) -> None:
    given = value(b, node.value)
    b.forget_behind(dotted(node.value))  # another name for it may change it
    for target in node.targets:
        if not assign_children(b, target, node.value):
            assign(b, target, given, node.value)
        if isinstance(target, ast.Name) and isinstance(node.value, ast.Tuple) and constants(node.value):
            b.literals[f"{target.id}[]"] = constants(node.value)
    if len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        name = node.targets[0].id
        if told_paths(node.value):
            b.tests[name] = node.value
        elif _replaces_none(name, node.value):
            b.narrow(name, given, inner=False)
        else:
            _begin(b, name, given)


def _begin(b: Builder, name: str, given: int) -> None:
    """Behind an assignment in a function, a name is nothing else than what it was given, and what it is declared as.

    What other scopes bind to it at any time comes besides. At module level other files may.
    """
    if b.scope.result == NOBODY or name in b.scope.elsewhere or given == b.anything:
        return
    if name in b.classes or name in b.aliases:
        return  # each use of it is told apart
    made = b.new()
    b.copy(given, made)
    if given in b.scope.copied:
        b.scope.copied[made] = b.scope.copied[given]
    b.instance_of(b.scope.declared.get(name, b.anything), made)
    b.narrow(name, made, inner=False)


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
        declare(b.scope, node.target.id, node.annotation, cls)
        for held in (b.variable(node.target.id), b.narrowed.get(node.target.id, b.anything)):
            if held != b.anything:
                b.instance_of(cls, held)
    elif isinstance(node.target, ast.Attribute):
        held = b.new()
        b.instance_of(cls, held)
        b.store(value(b, node.target.value), node.target.attr, held)


def _augmented(b: Builder, node: ast.AugAssign) -> None:
    given = value(b, node.value)
    if isinstance(node.target, ast.Name):
        base = b.name(node.target.id)
        b.summary.mixed.append(b.variable(node.target.id))
        b.forget_keyed(node.target.id)
        elements = b.literals.pop(f"{node.target.id}[]", ())
        if elements and constants(node.value):
            b.literals[f"{node.target.id}[]"] = (*elements, *constants(node.value))
    elif isinstance(node.target, (ast.Attribute, ast.Subscript)):
        base = value(b, node.target)
    combine(b, node.op, base, given)
    b.store(base, element(), b.load(given, iterated()))
    b.summary.merges.append((given, base))


def _for(b: Builder, node: ast.For | ast.AsyncFor) -> None:
    loop(b, node.target, node.iter)
    _repeated(b, node.body, lambda: _branches(b, [(node.body, _nothing), (node.orelse, _nothing)]))


def _repeated(b: Builder, body: Sequence[ast.AST], read: Callable[[], None]) -> None:
    """Read a loop: what its body binds anew may stand at the places above, too, and behind it where it was left."""
    outer = b.again
    again = enter_again(b, bound_paths(body))
    read()
    b.again = outer
    if again and any(isinstance(node, ast.Break) for part in body for node in ast.walk(part)):
        narrowed = {path: b.join((b.narrowed.get(path, node), node)) for path, node in again.items()}
        b.narrowed = b.narrowed | {p: n for p, n in narrowed.items() if p in b.narrowed or "." not in p}


def _nothing() -> None:
    """Nothing is known where a block begins."""


Branch = tuple[list[ast.stmt], Callable[[], None]]
"""A block, and what reads what is known where it begins."""


def _branches(b: Builder, branches: list[Branch]) -> None:
    """Read blocks of which any may run."""
    before, literals, remembered = b.narrowed, b.literals, b.tests
    after: list[dict[str, int]] = []
    known: list[Literals] = []
    kept: list[dict[str, ast.expr]] = []
    for body, enter in branches:
        b.narrowed, b.literals, b.tests = before, dict(literals), dict(remembered)
        enter()
        block(b, body)
        known.append(b.literals)
        kept.append(b.tests)
        if not leaves(body):
            after.append(b.narrowed)
    b.narrowed = joined(b, before, after, bound_paths(part for body, _ in branches for part in body))
    b.tests = {name: test for name, test in remembered.items() if all(each.get(name) is test for each in kept)}
    b.literals = {
        name: tuple(dict.fromkeys([*values, *(v for found in known for v in found[name])]))
        for name, values in literals.items()
        if all(name in found for found in known)
    }


def _if(b: Builder, node: ast.If | ast.While) -> None:
    value(b, node.test)

    def enter(holds: bool) -> None:
        narrow(b, conditions(node.test, holds, b.tests), inner=True)
        tested = tested_constant(node.test) if holds else None
        if tested is not None:
            b.literals[tested[0]] = (tested[1],)

    _branches(b, [(node.body, lambda: enter(True)), (node.orelse, lambda: enter(False))])
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
    _repeated(b, [node.test, *node.body], lambda: _if(b, node))


def _with(b: Builder, node: ast.With | ast.AsyncWith) -> None:
    """The targets get what context managers give."""
    for item in node.items:
        given = value(b, item.context_expr)
        if item.optional_vars is None:
            continue
        result = entered(b, given, item.context_expr, "__aenter__" if isinstance(node, ast.AsyncWith) else "__enter__")
        assign(b, item.optional_vars, result)
    if all(_lets_through(b, item.context_expr) for item in node.items):
        _read(b, node.body)
        return
    before, literals, outer = b.narrowed, dict(b.literals), b.again
    anywhere = region(b, bound_paths(node.body))
    block(b, node.body)
    b.again = outer
    b.narrowed = left_anywhere(b, before, [b.narrowed], anywhere)
    b.literals = any_values(literals, [b.literals])


def _lets_through(b: Builder, manager: ast.expr) -> bool:
    """Whether exceptions are known to leave a ``with``: any other context manager may swallow them."""
    path = dotted(manager.func if isinstance(manager, ast.Call) else manager)
    return path.startswith("torch.") or (path == "open" and b.scope.resolve(path) is None)


def _try(b: Builder, node: ast.Try) -> None:
    """A handler begins with what stood anywhere in the body; so does the last part, which is always run."""
    before, literals, outer = b.narrowed, dict(b.literals), b.again
    anywhere = region(b, bound_paths([node]))
    _read_inside(b, [*node.body, *node.orelse])
    ends, known = [b.narrowed], [b.literals]
    after = [] if leaves(node.body) or leaves(node.orelse) else [b.narrowed]
    thrown, raised = left_anywhere(b, before, ends, anywhere), any_values(literals, known)
    for handler in node.handlers:
        b.narrowed, b.literals = thrown, dict(raised)
        if handler.type is not None:
            value(b, handler.type)
        if handler.name:
            b.bind(handler.name, b.constant(NO_LITERAL))
            thrown_by = value(b, handler.type) if handler.type is not None else b.anything
            b.instance_of(thrown_by, b.variable(handler.name))
            if not isinstance(node, ast.Try):
                group_of(b, thrown_by, b.variable(handler.name))
        block(b, handler.body)
        ends.append(b.narrowed)
        known.append(b.literals)
        after += [] if leaves(handler.body) else [b.narrowed]
    b.again, b.literals = outer, any_values(literals, known)
    b.narrowed = left = after[0] if len(after) == 1 else joined(b, before, after)
    if node.finalbody:
        b.narrowed = left_anywhere(b, before, ends, anywhere)
        block(b, node.finalbody)
        b.narrowed = b.narrowed | without(left, bound_paths(node.finalbody))


def _assert(b: Builder, node: ast.Assert) -> None:
    value(b, node.test)
    if node.msg is not None:
        value(b, node.msg)
    narrow(b, conditions(node.test, True, b.tests))


def _return(b: Builder, node: ast.Return) -> None:
    if node.value is not None:
        give_back(b, node.value)


def _import(b: Builder, node: ast.Import) -> None:
    for alias in node.names:
        root = alias.name.partition(".")[0]
        bound = b.nodes[alias] = b.imported(alias.asname or root)
        b.summary.imports.append(Import(bound, 0, alias.name if alias.asname else root, None))


def _from(b: Builder, node: ast.ImportFrom) -> None:
    for alias in node.names:
        if alias.name == "*":
            b.summary.stars.append((node.level, node.module or ""))
            b.nodes[node] = b.anything
        else:
            bound = b.nodes[alias] = b.imported(alias.asname or alias.name)
            if alias.asname and alias.name in b.classes:
                b.aliases.add(alias.asname)
            b.summary.imports.append(Import(bound, node.level, node.module or "", alias.name))


def _match(b: Builder, node: ast.Match) -> None:
    subject = value(b, node.subject)
    path, outer = dotted(node.subject), b.again
    enter_again(b, bound_paths(part for case in node.cases for part in (case.pattern, case.guard) if part is not None))

    def enter(case: ast.match_case) -> None:
        bind_pattern(b, case.pattern, subject, path)
        if case.guard is not None:
            value(b, case.guard)
            narrow(b, conditions(case.guard, True, b.tests), inner=True)

    branches: list[Branch] = [(case.body, partial(enter, case)) for case in node.cases]
    if not takes_all(node.cases[-1]):
        branches.append(([], _nothing))
    _branches(b, branches)
    b.again = outer


def _function(b: Builder, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    names, redirects = bound_names(node.body)
    rebound = {*names, *nonlocal_names(node.body)}
    with type_parameters(b, node):
        function, scope = signature(b, node, node.name, argument_values(b, node.args), rebound)
        returns(b, node, function)
    b.bind(node.name, decorated(b, node, function.node))

    def read() -> None:
        b.redirect(redirects)
        b.reserve(names)
        block(b, node.body)
        asked = function.parameters[int(function.owner != NOBODY and function.kind != "static") :][:1]
        tested = [b.nodes[classes] for name, _ in asked for classes in tested_classes(node.body, name)]
        if tested:
            b.summary.tells.setdefault(function.number, b.join(tested))
        for made in scope.generators:
            for returned in scope.returned:
                b.store(made, RETURNED, returned)

    b.later.append(lambda: b.inside(scope, read))


def _class(b: Builder, node: ast.ClassDef) -> None:
    made = b.nodes[node] = b.new()
    with type_parameters(b, node):
        bases = tuple(value(b, base.value if isinstance(base, ast.Starred) else base) for base in node.bases)
        keywords = tuple((k.arg or "", value(b, k.value)) for k in node.keywords)
        scope = Scope(b.scope, owner=made)
    ordered = (_fields(node), registered_names(node))
    b.summary.classes.append(Class(made, node.name, bases, keywords, scope.names, *ordered, node.lineno))

    def read() -> None:
        names, redirects = bound_names(node.body)
        b.redirect(redirects)
        b.reserve(names)
        block(b, node.body)

    b.inside(scope, read)
    b.bind(node.name, decorated(b, node, made))


def _fields(node: ast.ClassDef) -> tuple[str, ...]:
    return tuple(s.target.id for s in node.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name))


def _delete(b: Builder, node: ast.Delete) -> None:
    for target in node.targets:
        if isinstance(target, (ast.Attribute, ast.Subscript)):
            b.reorder(value(b, target.value))
        if not isinstance(target, ast.Name):
            value(b, target)


def _raise(b: Builder, node: ast.Raise) -> None:
    for part in (node.exc, node.cause):
        if part is not None:
            value(b, part)


def _alias(b: Builder, node: ast.Expr) -> None:
    with type_parameters(b, node):
        made = annotation(b, node.value)
    b.bind(getattr(node, "name").id, made)  # noqa: B009 - no such statement before Python 3.12


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
if hasattr(ast, "TypeAlias"):
    STATEMENTS[ast.TypeAlias] = _alias
if hasattr(ast, "TryStar"):
    STATEMENTS[ast.TryStar] = _try
