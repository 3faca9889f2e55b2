"""What cannot be called at a place: a class that the branch excludes, what a name held before it was bound anew, and a
class that has no parameter of the name of an argument.

``norm_type(4, c)`` in the ``else`` of ``if norm_type is nn.BatchNorm2d`` does not make one, behind ``norm = norm(c)``
the name holds a layer, and ``layer(c, inplace=True)`` makes something else.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from migrate.decide.file import File
from migrate.decide.values import Constant, Instance, Local, Migrated, Partial, Values, union
from migrate.rule import Rule
from migrate.syntax.index import Index
from migrate.syntax.scopes import Function

LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)
BOUNDARIES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.Module)


def arriving(file: File, call: ast.Call, func: ast.expr, values: Values) -> Values:
    """Those of the ``values`` of ``func``, which a call or partial calls, that can arrive there."""
    values = _taking(call, values)
    if not isinstance(func, (ast.Name, ast.Attribute)) or not any(isinstance(v, Migrated) for v in values):
        return values
    result = _result_above(file.index, func)
    if result is not None and (made := _made(file.evaluate(result.func))):
        return made
    if isinstance(func, ast.Name):
        values = _before_itself(file, func, values)
    excluded = {name for test in _excluded(file.index, func) for name in _rules(file, test)}
    return frozenset(v for v in values if not isinstance(v, Migrated) or v.rule.name not in excluded)


def is_refused(rule: Rule, call: ast.Call) -> bool:
    """Whether the class has no parameter of the name of an argument in either framework: the call raises in both."""
    known = {None, *(p.name for p in rule.parameters), *rule.target.parameters}
    return any(k.arg not in known for k in call.keywords)


def _taking(call: ast.Call, values: Values) -> Values:
    """The values without classes that do not take the keywords of the call; all where nothing else can be called."""
    refused = set()
    for value in values:
        of = value.of if isinstance(value, Partial) else value
        if isinstance(of, Migrated) and is_refused(of.rule, call):
            refused.add(value)
    others = values - refused
    return others if any(not isinstance(v, Constant) for v in others) else values


def _made(called: Values) -> Values:
    """What calling one of ``called`` gives; nothing where a function of the run may give something else."""
    functions = any(isinstance(v, Local) and not isinstance(v.node, ast.ClassDef) for v in called)
    return frozenset(Instance(v) for v in called if isinstance(v, Migrated)) if not functions else frozenset()


def _before_itself(file: File, func: ast.Name, values: Values) -> Values:
    """The values of a name without what it is bound to only by the statement that calls it: ``norm = norm(c)``."""
    bindings = file.bindings(func)
    loops = (ast.For, ast.AsyncFor, ast.While, *BOUNDARIES)
    around = next((a for a in file.index.ancestors(func) if isinstance(a, loops)), None)
    own = [b for b in bindings if b.value is not None and any(n is func for n in ast.walk(b.value))]
    others = [b for b in bindings if b not in own]
    scope = file.index.scope(func).resolve(func.id)
    if not own or not others or not isinstance(around, Function) or scope is None or scope.node is not around:
        return values
    made = union(file.evaluate(b.value) for b in own if b.value is not None)
    return values - made if values != made else values


def _rules(file: File, test: ast.expr) -> set[str]:
    """The rule of the class that an expression names; nothing where it may name another one."""
    values = file.evaluate(test)
    rules = {v.rule.name for v in values if isinstance(v, Migrated)}
    return rules if len(rules) == 1 and all(isinstance(v, Migrated) for v in values) else set()


def _result_above(index: Index, func: ast.expr) -> ast.Call | None:
    """What the name of a called expression was bound to last, where that is the result of calling it."""
    name = ast.unparse(func)
    for block, at in _blocks(index, func):
        for statement in reversed(block[:at]):
            if isinstance(statement, ast.Assign) and [ast.unparse(t) for t in statement.targets] == [name]:
                value = statement.value
                return value if isinstance(value, ast.Call) and ast.unparse(value.func) == name else None
            if _binds([statement], name):
                return None
        around = index.parent(block[at])
        if around is None or (isinstance(around, (ast.For, ast.AsyncFor, ast.While)) and _binds([around], name)):
            return None
    return None


def _excluded(index: Index, func: ast.expr) -> Iterator[ast.expr]:
    """The classes that the called expression is known not to be: by the branches around it, and by those above it
    that do not go on."""
    name = ast.unparse(func)
    child: ast.AST = func
    for parent in index.ancestors(func):
        if isinstance(parent, BOUNDARIES):
            break
        if isinstance(parent, (ast.If, ast.IfExp)) and child is not parent.test:
            body = parent.body if isinstance(parent.body, list) else [parent.body]
            orelse = parent.orelse if isinstance(parent.orelse, list) else [parent.orelse]
            branch = body if any(child is s for s in body) else orelse
            if not _binds(branch, name):
                yield from _told(parent.test, name, branch is body)
        child = parent
    for block, at in _blocks(index, func):
        for place, statement in enumerate(block[:at]):
            ends = isinstance(statement, ast.If) and not statement.orelse and isinstance(statement.body[-1], LEAVES)
            if isinstance(statement, ast.If) and ends and not _binds(block[place : at + 1], name):
                yield from _told(statement.test, name, False)


def _blocks(index: Index, node: ast.expr) -> Iterator[tuple[list[ast.stmt], int]]:
    """The blocks of statements around ``node`` in its function, the innermost first, with the place in each."""
    child: ast.AST = node
    for parent in (node, *index.ancestors(node)):
        if isinstance(parent, ast.stmt) and not isinstance(parent, BOUNDARIES):
            block = index.block(parent)
            yield block, block.index(parent)
        elif isinstance(parent, BOUNDARIES) and parent is not child:
            return


def _told(test: ast.expr, name: str, holds: bool) -> Iterator[ast.expr]:
    """The classes that ``name`` is not where ``test`` holds, or does not."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _told(test.operand, name, not holds)
    elif isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) == holds:
        for value in test.values:
            yield from _told(value, name, holds)
    elif isinstance(test, ast.Compare) and len(test.ops) == 1 and ast.unparse(test.left) == name:
        against = test.comparators[0]
        if isinstance(test.ops[0], (ast.IsNot, ast.NotEq) if holds else (ast.Is, ast.Eq)):
            yield against
        elif isinstance(test.ops[0], ast.NotIn if holds else ast.In) and isinstance(against, (ast.Tuple, ast.List)):
            yield from against.elts


def _binds(nodes: Iterable[ast.AST], name: str) -> bool:
    """Whether something inside ``nodes`` may give ``name`` another value."""
    inner = (n for node in nodes for n in ast.walk(node))
    return any(
        isinstance(n, (ast.Name, ast.Attribute)) and not isinstance(n.ctx, ast.Load) and ast.unparse(n) == name
        for n in inner
    )
