"""Which files of a run can matter: those with a trigger word, and those that what they carry leads to."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from migrate.analysis.carriers import Carriers
from migrate.analysis.changes import EMPTIES, PUTS
from migrate.analysis.containers import at, is_container
from migrate.analysis.decorators import decorated_nodes
from migrate.analysis.evaluator import Evaluator
from migrate.analysis.importing import Read
from migrate.analysis.narrowing import LOOKS
from migrate.analysis.others import Others
from migrate.analysis.project import Project
from migrate.analysis.source import Source, python_of
from migrate.analysis.tree import Tree
from migrate.analysis.values import Instance, Local, Migrated, Namespace, Symbol, Values, union
from migrate.errors import FileError
from migrate.rules import RuleSet

MAX_ROUNDS = 10
QUIET_ROUNDS = 3
"""Rounds without a new file after which callers that go in circles are left as they are."""


def read_project(paths: Iterable[str], triggered: dict[str, bytes], read: Read, rules: RuleSet) -> Project:
    """The project of the ``triggered`` files and of all others of ``paths`` that they reach or that reach them.

    Files that cannot be parsed are among its failures.
    """
    paths = list(paths)
    project = Project(rules, Tree(paths))

    def take(path: str, data: bytes) -> None:
        try:
            project.add(Source(data, path))
        except FileError as error:
            project.failed[path] = error

    for path, data in triggered.items():
        take(path, data)
    others = Others(paths, triggered, python_of(read), rules, project.tree)
    quiet = 0
    for _ in range(MAX_ROUNDS):
        settled = not project.link_once()
        if 0 < quiet < QUIET_ROUNDS and not settled:
            quiet += 1
            continue
        wanted = sorted((_forward(project, others) | _backward(project, others)) & others.paths) if others.paths else []
        if not wanted and (settled or quiet == QUIET_ROUNDS):
            break
        quiet = 0 if wanted else 1
        for path in wanted:
            others.paths.discard(path)
            take(path, read(path))
    else:
        project.forget()
    return project


def _forward(project: Project, others: Others) -> set[str]:
    """The files behind star imports, bases and arguments, and behind the functions and objects that get a carrier."""
    found: set[str] = set()
    classes, carriers = Carriers(project, instances=False), Carriers(project, instances=True)

    def carries(path: str, name: str) -> bool:
        return carriers.any(project.exported(path, name))

    def spells(path: str) -> bool:
        return others.spells(path, carriers.spelled)

    def hand(to: Iterable[ast.expr], values: Iterable[Values], kept: bool = False) -> None:
        for path in others.paths.intersection(_paths(project, to)):
            instances = others.may_use(path)
            carried = carriers.any if kept or others.leads_to(path, carriers.spelled) else carriers.gives
            if any((instances and carried(v)) or classes.any(v) for v in values):
                found.add(path)

    def look(module: Evaluator) -> None:
        for cls in module.index.all(ast.ClassDef):
            unread = [b for b in _symbols(project, cls.bases) if b.path in others.paths]
            family = (cls, *project.classes.heirs(cls)) if unread else ()
            carried = carriers.any(frozenset(map(Local, family)))
            found.update(b.path for b in unread if others.descends(b, carries, spells if carried else None))
        for call in module.index.all(ast.Call):
            if module.is_module_member(call.func) or getattr(call.func, "id", "") in LOOKS:
                continue
            passed = [*call.args, *(k.value for k in call.keywords)]
            if project.callers.construction(call) is not None:
                found.update(_paths(project, passed))
            given = [project.evaluate(p) for p in passed]
            to = [*_chain(call.func), *passed]
            hand([*to, *_bases(project, to)], given)
            if isinstance(call.func, ast.Attribute) and call.func.attr in PUTS | EMPTIES:
                hand([call.func.value], given, kept=True)
        for node in decorated_nodes(module.index):
            hand(
                [part for d in node.decorator_list for part in _chain(d)],
                [frozenset({Local(node)})],
                not others.is_large,
            )
        for target, value in _assigned_members(module):
            hand(_chain(target.value), [project.evaluate(value)])

    project.for_each(look)
    found.update(path for path, name in project.missed if others.defines(path, name))
    return found


def _assigned_members(module: Evaluator) -> Iterator[tuple[ast.Attribute | ast.Subscript, ast.expr]]:
    """``owner.name = value`` and ``owner[key] = value``."""
    for statement in module.index.all(ast.Assign):
        for target in statement.targets:
            if isinstance(target, (ast.Attribute, ast.Subscript)):
                yield target, statement.value


def _chain(node: ast.expr) -> Iterator[ast.expr]:
    """An expression and the objects that it is a member or an item of, or that were called for it."""
    yield node
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
        yield node


def _paths(project: Project, nodes: Iterable[ast.expr]) -> Iterator[str]:
    """The files, not read so far, that would define what the expressions name, or the classes of their objects."""
    return (value.path for value in _symbols(project, nodes))


def _bases(project: Project, nodes: Iterable[ast.expr]) -> Iterator[ast.expr]:
    """The bases of the classes that the expressions name, whose constructors and methods get what these get."""
    for value in (v for node in nodes for v in project.evaluate(node)):
        cls = getattr(getattr(value, "of", value), "node", None)
        if isinstance(cls, ast.ClassDef):
            yield from (base for c in project.classes.family(cls) for base in c.bases)


def _symbols(project: Project, nodes: Iterable[ast.expr]) -> Iterator[Symbol | Namespace]:
    """What the expressions name in files of the run that may not be read, or the classes of their objects."""
    for node in nodes:
        for found in project.evaluate(node):
            value = getattr(found, "of", found)
            if (isinstance(value, Symbol) and value.path) or isinstance(value, Namespace):
                yield value


def _backward(project: Project, others: Others) -> set[str]:
    """The files that name a carrier and import from a module that has it, as far as their bytes tell.

    One that gets instances only inside other objects matters where it, or who has them from there, spells their names.
    """
    found: set[str] = set()
    for instances in (False, True):
        carriers = Carriers(project, instances)
        names = carriers.names(others.asked)
        holders = carriers.spelled if instances else None
        for name, path in [] if instances else _layers(project):
            names.setdefault(path, {})[name] = frozenset()
        found.update(p for p in others.importing(names, holders) if not instances or others.may_use(p))
    return found


def _layers(project: Project) -> list[tuple[str, str]]:
    """The names at module level that are instances of a migrated class themselves, or hold some."""
    found = []
    for path, module in project.modules.items():
        for name in module.index.module.bindings:
            values = project.exported(path, name)
            held = values | union(at(module, v, None) for v in values if is_container(v))
            if any(isinstance(v, Instance) and isinstance(v.of, Migrated) for v in held):
                found.append((name, path))
    return found
