"""Which files of a run can matter: those with a trigger word, and those that what they carry leads to."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from migrate.analysis.carriers import Carriers
from migrate.analysis.changes import EMPTIES, PUTS
from migrate.analysis.containers import at, is_container
from migrate.analysis.decorators import Decorated, decorated_nodes
from migrate.analysis.evaluator import Evaluator
from migrate.analysis.givers import Givers
from migrate.analysis.importing import Read
from migrate.analysis.narrowing import LOOKS
from migrate.analysis.others import Others
from migrate.analysis.project import Project
from migrate.analysis.source import Source, python_of
from migrate.analysis.syntax import passed
from migrate.analysis.values import UNKNOWN, Instance, Local, Namespace, Symbol, Value, Values, has_rule, union
from migrate.errors import FileError
from migrate.index.tree import Tree
from migrate.rules import RuleSet

MAX_ROUNDS = 10
QUIET_ROUNDS = 3
"""Rounds without a new file after which callers that go in circles are left as they are."""


def read_project(paths: Iterable[str], triggered: dict[str, bytes], read: Read, rules: RuleSet) -> Project:
    """The project of the ``triggered`` files and of all others of ``paths`` that they reach or that reach them.

    Files that cannot be parsed are among its failures.
    """
    paths = list(paths)
    tree = Tree(paths)
    others = Others(paths, triggered, python_of(read), rules, tree)
    project = Project(rules, tree, others.has_heirs)

    def take(path: str, data: bytes) -> None:
        try:
            project.add(Source(data, path))
        except FileError as error:
            project.failed[path] = error

    for path, data in triggered.items():
        take(path, data)
    quiet = 0
    for _ in range(MAX_ROUNDS):
        settled = not project.link_once()
        if 0 < quiet < QUIET_ROUNDS and not settled:
            quiet += 1
            continue
        wanted = _wanted(project, others) if others.paths else []
        if not wanted and (settled or quiet == QUIET_ROUNDS):
            break
        quiet = 0 if wanted else 1
        for path in wanted:
            others.paths.discard(path)
            take(path, read(path))
    else:
        project.forget()
    return project


def _wanted(project: Project, others: Others) -> list[str]:
    """The files to read next, in the order of their names."""
    givers = Givers(project)
    classes, carriers = Carriers(project, givers, instances=False), Carriers(project, givers, instances=True)
    found = _forward(project, others, givers, classes, carriers) | _backward(project, others, classes, carriers)
    return sorted(found & others.paths)


def _forward(project: Project, others: Others, givers: Givers, classes: Carriers, carriers: Carriers) -> set[str]:
    """The files behind star imports, bases and arguments, and behind the functions and objects that get a carrier."""
    found: set[str] = set()

    def hand(to: Iterable[str], given: Callable[[], Iterable[Values]], kept: bool = False) -> None:
        for path in others.paths.intersection(to):
            instances = others.may_use(path)
            carried = carriers.any if kept or others.leads_to(path, carriers.spelled) else givers.give
            if any((instances and carried(v)) or classes.any(v) for v in given()):
                found.add(path)

    def look(module: Evaluator) -> None:
        for call in module.index.all(ast.Call):
            handing = project.remembered(("handing", call), partial(_handing, project, module, call, others.is_large))
            if handing is None:
                continue
            found.update(handing.made_with)
            given = partial(map, project.evaluate, passed(call))
            hand(handing.to, given)
            hand(handing.kept_by, given, kept=True)
        for node in decorated_nodes(module.index):
            parts = [part for d in node.decorator_list for part in _chain(d)]
            hand(_paths(project, parts), partial(_itself, node), kept=not others.is_large)
        for target, value in _assigned_members(module):
            hand(_paths(project, _chain(target.value)), partial(map, project.evaluate, [value]))
        found.update(_upward(project, others, carriers, module))

    project.for_each(look)
    found.update(file for path, name in project.missed for file in others.behind_star(path, name))
    return found


@dataclass(frozen=True, slots=True)
class Handing:
    """The files, not read so far, that a call hands its arguments ``to``, and those whose objects keep them.

    ``made_with``: the files of the arguments of a construction.
    """

    to: frozenset[str]
    kept_by: frozenset[str]
    made_with: frozenset[str]


def _handing(project: Project, module: Evaluator, call: ast.Call, is_large: bool) -> Handing | None:
    """Where the arguments of a call go; None where that is no file that may have to be read."""
    if module.is_module_member(call.func) or getattr(call.func, "id", "") in LOOKS:
        return None
    arguments = passed(call)
    objects = [] if is_large else arguments
    to = [*_chain(call.func), *objects]
    # The constructors and methods of the bases of a class get what those of the class get that are not its own.
    owners = [*objects, *([] if _is_resolved(project, call.func) else _chain(call.func))]
    family = [c for cls in _classes(project, owners) for c in project.classes.family(cls)]
    kept_by = [call.func.value] if isinstance(call.func, ast.Attribute) and call.func.attr in PUTS | EMPTIES else []
    construction = project.callers.construction(call)
    made_with = [a for a in arguments if not (is_large and project.evaluate(a) >= UNKNOWN)] if construction else []
    handing = Handing(
        frozenset(_paths(project, [*to, *(base for c in family for base in c.bases)])),
        frozenset(_paths(project, kept_by)),
        frozenset(_paths(project, made_with)),
    )
    return handing if handing.to or handing.made_with else None


def _is_resolved(project: Project, func: ast.expr) -> bool:
    """Whether all that a call may run stands in files that were read."""

    def defines(value: Value) -> bool:
        if isinstance(value, Local):
            node = value.node
            return not isinstance(node, ast.ClassDef) or bool(project.classes.members(node, "__init__"))
        cls = getattr(value.of, "node", None) if isinstance(value, Instance) else None
        return isinstance(cls, ast.ClassDef) and any(project.classes.members(cls, n) for n in ("forward", "__call__"))

    return all(map(defines, project.evaluate(func)))


def _upward(project: Project, others: Others, carriers: Carriers, module: Evaluator) -> Iterator[str]:
    """The files of those bases that can matter: of a class that carries, or one whose bases may."""

    def carries(path: str, name: str) -> bool:
        return carriers.any(project.exported(path, name))

    def spells(path: str) -> bool:
        return others.spells(path, carriers.spelled)

    for cls in module.index.all(ast.ClassDef):
        unread = [b for b in _symbols(project, cls.bases) if b.path in others.paths]
        if unread:
            carried = carriers.any(frozenset(map(Local, (cls, *project.classes.heirs(cls)))))
            yield from (b.path for b in unread if others.descends(b, carries, spells if carried else None))


def _itself(node: Decorated) -> list[Values]:
    return [frozenset({Local(node)})]


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


def _classes(project: Project, nodes: Iterable[ast.expr]) -> Iterator[ast.ClassDef]:
    """The classes of the project that the expressions name, or that their objects have."""
    for value in (v for node in nodes for v in project.evaluate(node)):
        cls = getattr(getattr(value, "of", value), "node", None)
        if isinstance(cls, ast.ClassDef):
            yield cls


def _symbols(project: Project, nodes: Iterable[ast.expr]) -> Iterator[Symbol | Namespace]:
    """What the expressions name in files of the run that may not be read, or the classes of their objects."""
    for node in nodes:
        for found in project.evaluate(node):
            value = getattr(found, "of", found)
            if (isinstance(value, Symbol) and value.path) or isinstance(value, Namespace):
                yield value


def _backward(project: Project, others: Others, classes: Carriers, carriers: Carriers) -> set[str]:
    """The files that name a carrier and import from a module that has it, as far as their bytes tell.

    One that gets instances only inside other objects matters where it, or who has them from there, spells their names.
    """
    names = classes.names(others.asked)
    for name, path in _layers(project):
        names.setdefault(path, {})[name] = frozenset()
    found = set(others.importing(names))
    found.update(path for cls, members in carriers.open().items() for path in others.heirs(cls, members))
    holding = carriers.names(others.asked)
    found.update(others.importing(holding, carriers.spelled, others.may_use))
    return found


def _layers(project: Project) -> list[tuple[str, str]]:
    """The names at module level that are instances of a migrated class themselves, or hold some."""
    found = []
    for path, module in project.modules.items():
        for name in module.index.module.bindings:
            values = project.exported(path, name)
            held = values | union(at(module, v, None) for v in values if is_container(v))
            if any(isinstance(v, Instance) and has_rule(v.of, project.rules) for v in held):
                found.append((name, path))
    return found
