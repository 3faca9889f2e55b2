"""What stands at names and paths behind code that may be left at any point, or that runs again."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable

from migrate.index.builder import Builder, Literals
from migrate.index.narrowing import AMONG, ASKED, Condition
from migrate.index.summary import Membership, Test
from migrate.syntax.paths import dotted

Narrowed = dict[str, int]
PLAIN = frozenset({"str", "int", "float", "bool", "bytes", "complex"})
"""Classes of literals."""


def bound_paths(code: Iterable[ast.AST]) -> set[str]:
    """The names and paths such as ``m.norm`` that code binds, functions inside of it too."""
    paths = {path for part in code for node in ast.walk(part) if (path := _bound_by(node))}
    paths.discard("*")
    return paths


def _bound_by(node: ast.AST) -> str:
    if isinstance(node, (ast.Name, ast.Attribute)):
        return dotted(node) if isinstance(node.ctx, ast.Store) else ""
    if isinstance(node, ast.alias):
        return node.asname or node.name.partition(".")[0]
    if isinstance(node, ast.MatchMapping):
        return node.rest or ""
    if isinstance(node, NAMED):
        return node.name or ""
    return ""


NAMED = (ast.ExceptHandler, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.MatchAs, ast.MatchStar)


def walrused(code: ast.AST) -> set[str]:
    """The names that assignment expressions bind."""
    return {node.target.id for node in ast.walk(code) if isinstance(node, ast.NamedExpr)}


def _is_bound(path: str, bound: set[str]) -> bool:
    return any(path == each or path.startswith((f"{each}.", f"{each}[")) for each in bound)


def without(narrowed: Narrowed, bound: set[str]) -> Narrowed:
    """What is narrowed besides some names, and what is behind them."""
    return {path: node for path, node in narrowed.items() if not _is_bound(path, bound)} if narrowed else narrowed


def region(b: Builder, bound: set[str]) -> Narrowed:
    """Nodes for the narrowed paths that are bound in what is read next: for what stands there at any time of it.

    Whoever calls puts ``b.again`` back behind it.
    """
    found: Narrowed = {}
    b.again = dict(b.again)
    for path, node in b.narrowed.items():
        if "[" in path or not _is_bound(path, bound):
            continue
        again = found[path] = b.new()
        b.copy(node, again)
        if path in b.again:
            b.copy(again, b.again[path])  # what is around it runs again, too
        b.again[path] = again
    return found


def enter_again(b: Builder, bound: set[str]) -> Narrowed:
    """Let the paths that are bound in what is read next stand for all that they are in it, from its start on."""
    for path in bound:
        b.forget_tests(path)
    again = region(b, bound)
    b.narrowed = {p: n for p, n in b.narrowed.items() if "[" not in p or not _is_bound(p, bound)} | again
    return again


def left_anywhere(b: Builder, before: Narrowed, ends: list[Narrowed], anywhere: Narrowed) -> Narrowed:
    """What is narrowed where code was left at any point: ``before`` it, ``anywhere`` in it, and at its ``ends``."""
    found: Narrowed = {}
    for path, node in before.items():
        stays = all(path in end for end in ends)
        if path in anywhere and (stays or "." not in path):
            found[path] = anywhere[path]
        elif stays and path not in anywhere:
            found[path] = b.join((node, *(end[path] for end in ends)))
    return found


def joined(b: Builder, before: Narrowed, ends: list[Narrowed], bound: Collection[str] = ()) -> Narrowed:
    """What is narrowed where blocks come together: before them, or in each of them and ``bound`` in some."""
    found: Narrowed = {}
    for path in (path for path in (ends[0] if ends else ()) if path in before or path in bound):
        nodes = [end[path] for end in ends if path in end]
        if len(nodes) == len(ends):
            found[path] = b.join(nodes)
            if path not in before:
                b.depths[path] = b.depth
    return found


def any_values(before: Literals, ends: list[Literals]) -> Literals:
    """The literals that variables may be behind code that was left at any point, as far as the ends of it know."""
    found: Literals = {}
    for end in ends:
        for name, values in end.items():
            if name not in before or all(name in each for each in ends):
                found[name] = tuple(dict.fromkeys((*found.get(name, before.get(name, ())), *values)))
    return found


def may_be(b: Builder, bound: list[tuple[str, int]]) -> None:
    """Let names stand for what an expression binds to them besides, which may not have been evaluated."""
    for name, node in bound:
        if name in b.narrowed:
            either = b.join((b.narrowed[name], node))
            b.forget(name)
            b.narrowed[name] = either


def _is_one_class(b: Builder, path: str) -> bool:
    """Whether a path means the same class at any time: a builtin, one that is imported, or a class of the file.

    Of literals there are no facts, so that nothing is told by their classes.
    """
    if not path or path in PLAIN:
        return False
    first = path.partition(".")[0]
    scope = b.scope.resolve(first)
    if scope is None:
        return True
    is_imported = any(each.node == scope.names[first] for each in b.summary.imports)
    return is_imported or (scope is b.module and any(each.name == first for each in b.summary.classes))


def told(b: Builder, condition: Condition, subject: int, classes: int, narrowed: int) -> bool:
    """Let a node hold what a test says of a ``subject``; whether anything here says it."""
    summary = b.summary
    if condition.told_by == ASKED:
        if b.scope.resolve(dotted(condition.classes[0]).partition(".")[0]) is None:
            return False  # a builtin function
        summary.asked.append(Test(subject, classes, narrowed))
    elif condition.is_excluded:
        if not _is_one_class(b, dotted(condition.classes[0])):
            return False
        summary.excluded.append(Test(subject, classes, narrowed))
    elif condition.told_by != AMONG:
        summary.tests.append(Test(subject, classes, narrowed))
    elif b.is_told_by_names(condition.path, condition.classes):
        summary.memberships.append(Membership(subject, classes, narrowed))
    else:
        return False
    return True
