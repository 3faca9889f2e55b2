"""Which argument of a call goes to which parameter, through stars where the file shows what they hold."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from migrate.decide.arguments import Argument
from migrate.decide.file import File
from migrate.rule import Rule
from migrate.syntax.index import Index
from migrate.syntax.scopes import Scope


@dataclass(frozen=True, slots=True)
class Bound:
    """The arguments of a call, and the stars that stand for nothing but dropped arguments."""

    arguments: tuple[Argument, ...]
    dropped_stars: tuple[tuple[int, ast.expr], ...] = ()
    shared: tuple[ast.expr, ...] = ()


@dataclass(frozen=True, slots=True)
class Hidden:
    """A star argument that cannot be resolved, with the parameters it may carry."""

    star: ast.expr
    parameters: tuple[str, ...]


def source_order(call: ast.Call) -> list[ast.expr | ast.keyword]:
    """The arguments of a call in the order of the text."""
    return sorted([*call.args, *call.keywords], key=lambda a: (a.lineno, a.col_offset))


def bind(file: File, call: ast.Call, rule: Rule, skip: int = 0, filled: int = 0) -> Bound | Hidden | str:
    """The arguments of ``call`` by parameter.

    ``skip`` leading arguments are not the constructor's (the class in a partial); ``filled`` positional
    parameters are bound already (by a partial). An error the source framework would raise too comes back as text.
    """
    positional = list(rule.positional)
    bound: list[Argument] = []
    named: list[Argument] = []
    dropped: list[tuple[int, ast.expr]] = []
    shared: list[ast.expr] = []
    for i, item in list(enumerate(source_order(call)))[skip:]:
        free = positional[filled + len(bound) :]
        if isinstance(item, ast.keyword) and item.arg is not None:
            named.append(Argument(item.arg, item.value, file.evaluate(item.value), call, i, False))
        elif isinstance(item, (ast.keyword, ast.Starred)):
            container = _container(file, item, call)
            if container is None:
                taken = {
                    *positional[: filled + len(bound)],
                    *(a.parameter for a in named),
                    *(k.arg for k in call.keywords),
                }
                return Hidden(item.value, tuple(p.name for p in rule.parameters if p.name not in taken))
            found = _entries(file, container, free)
            (bound if isinstance(item, ast.Starred) else named).extend(found)
            if _are_dropped(found, (rule,)):
                dropped.append((i, container))
            elif container is not item.value:
                shared.append(container)
        elif free:
            bound.append(Argument(free[0], item, file.evaluate(item), call, i, True))
        else:
            return f"{rule.source.name} takes at most {len(positional)} positional arguments"
    names = [a.parameter for a in (*bound, *named)]
    twice = next((n for n in names if names.count(n) > 1), None)
    return f"{twice} is given twice" if twice else Bound((*bound, *named), tuple(dropped), tuple(shared))


def _are_dropped(found: list[Argument], rules: Iterable[Rule]) -> bool:
    """Whether there are arguments, and every rule drops them all."""
    treated = [r.parameter(a.parameter) for a in found for r in rules]
    return bool(found) and all(p is not None and p.treatment.action == "drop" for p in treated)


def _entries(file: File, container: ast.expr, positional: list[str]) -> list[Argument]:
    """The arguments that a dict, ``dict(...)`` call, tuple or list carries."""
    if isinstance(container, ast.Dict):
        pairs = [
            (k.value, v) for k, v in zip(container.keys, container.values, strict=True) if isinstance(k, ast.Constant)
        ]
        return [
            Argument(str(k), v, file.evaluate(v), container, i, False, direct=False) for i, (k, v) in enumerate(pairs)
        ]
    if isinstance(container, ast.Call):
        return [
            Argument(k.arg or "", k.value, file.evaluate(k.value), container, i, False, direct=False)
            for i, k in enumerate(container.keywords)
        ]
    assert isinstance(container, (ast.Tuple, ast.List))
    return [
        Argument(name, v, file.evaluate(v), container, i, True, direct=False)
        for i, (name, v) in enumerate(zip(positional, container.elts, strict=False))
    ]


def _container(file: File, star: ast.keyword | ast.Starred, call: ast.Call) -> ast.expr | None:
    """The display that a star unpacks: written in place, or bound once in the same scope and used for stars alone.

    A dict whose keys are all dropped anyway may also be used elsewhere, as long as nothing changes it.
    """
    double = isinstance(star, ast.keyword)
    if _is_display(star.value, double):
        return star.value
    if not isinstance(star.value, ast.Name):
        return None
    index = file.index
    scope = index.scope(star.value).resolve(star.value.id)
    if scope is None or scope.is_class or scope is not _function_scope(index.scope(call)):
        return None
    bindings = scope.bindings[star.value.id]
    value = bindings[0].value
    if len(bindings) != 1 or bindings[0].kind != "value" or value is None or not _is_display(value, double):
        return None
    uses = index.uses(scope, star.value.id)
    if all(_is_unpacked(file, use) for use in uses):
        return value
    only_dropped = _are_dropped(_entries(file, value, []), file.rules.rules)
    return value if only_dropped and not any(_changes(index, u) for u in uses) else None


def _function_scope(scope: Scope) -> Scope:
    while scope.is_comprehension and scope.parent is not None:
        scope = scope.parent
    return scope


def _is_display(value: ast.expr, double: bool) -> bool:
    if not double:
        return isinstance(value, (ast.Tuple, ast.List)) and not any(isinstance(e, ast.Starred) for e in value.elts)
    if isinstance(value, ast.Dict):
        return all(isinstance(k, ast.Constant) and isinstance(k.value, str) for k in value.keys)
    is_dict = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "dict"
    return is_dict and not value.args and all(k.arg for k in value.keywords)  # type: ignore[attr-defined]


def _is_unpacked(file: File, use: ast.Name) -> bool:
    """Whether ``use`` is a star argument of a call that makes migrated classes only."""
    parent = file.index.parents[use]
    call = file.index.parents.get(parent)
    if not isinstance(parent, (ast.keyword, ast.Starred)) or not isinstance(call, ast.Call):
        return False
    construction = file.callers.construction(call)
    return construction is not None and not construction.others


def _changes(index: Index, use: ast.Name) -> bool:
    parent = index.parents[use]
    if isinstance(parent, ast.Subscript):
        return not isinstance(parent.ctx, ast.Load)
    return isinstance(parent, ast.Attribute) and parent.attr not in ("get", "items", "keys", "values", "copy")
