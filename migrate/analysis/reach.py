"""Which files of a run can matter: those with a trigger word, and those that what they carry leads to."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterable, Iterator

from migrate.analysis.changes import EMPTIES, PUTS
from migrate.analysis.containers import at, is_container
from migrate.analysis.decorators import decorated_nodes
from migrate.analysis.evaluator import Evaluator
from migrate.analysis.project import Project
from migrate.analysis.scopes import Function
from migrate.analysis.source import Source
from migrate.analysis.tree import INIT, Tree
from migrate.analysis.values import Instance, Local, Migrated, Namespace, Partial, Symbol, Value, Values, union
from migrate.errors import FileError
from migrate.rules import RuleSet

IMPORT = re.compile(rb"^[ \t]*(?:from|import)[ \t]+([\w.]+)", re.MULTILINE)
IDENTIFIER = re.compile(rb"[^\W\d]\w*")
MAX_ROUNDS = 10
QUIET_ROUNDS = 3
"""Rounds without a new file after which callers that go in circles are left as they are."""

Read = Callable[[str], bytes]


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
    others = _Others((p for p in paths if p not in triggered), read, rules)
    quiet = 0
    for _ in range(MAX_ROUNDS):
        settled = not project.link_once()
        wanted = sorted((_forward(project, others) | _backward(project, others)) & others.paths) if others.paths else []
        quiet = 0 if wanted else quiet + 1
        if quiet and (settled or quiet == QUIET_ROUNDS):
            break
        for path in wanted:
            others.paths.discard(path)
            take(path, read(path))
    else:
        project.forget()
    return project


class _Others:
    """The files that were not read into the project, with what their bytes tell."""

    def __init__(self, paths: Iterable[str], read: Read, rules: RuleSet) -> None:
        self.paths = set(paths)
        self._read = read
        names = "|".join(sorted({re.escape(name) for rule in rules.rules for name in rule.attributes}))
        self._attribute = re.compile(rf"\.(?:{names})\b|[\"'](?:{names})[\"']".encode())
        self._imports: dict[str, frozenset[bytes]] = {}
        self._uses: dict[str, bool] = {}

    def imports(self, path: str) -> frozenset[bytes]:
        """Every part of the module names that the file imports; ``b"."`` for ``from . import``."""
        if path not in self._imports:
            found = IMPORT.findall(self._read(path))
            self._imports[path] = frozenset(p or b"." for name in found for p in name.split(b"."))
        return self._imports[path]

    def words(self, path: str) -> frozenset[bytes]:
        data = self._read(path)
        star = {b"*"} if b"import *" in data else set()
        return frozenset(IDENTIFIER.findall(data)) | star

    def uses_instances(self, path: str) -> bool:
        """Whether a name that instances of a migrated class have is in the file, or may pass through it to others."""
        if path not in self._uses:
            hands_on = os.path.basename(path) == f"{INIT}.py"
            self._uses[path] = hands_on or bool(self._attribute.search(self._read(path)))
        return self._uses[path]


class Carriers:
    """Tells which values carry a migrated class, directly or in what they hold or take; ``instances`` count as well."""

    def __init__(self, project: Project, instances: bool) -> None:
        self._project = project
        self._instances = instances
        self._known: dict[ast.AST, bool] = {}
        self._opened: dict[Value, bool] = {}

    def any(self, values: Values) -> bool:
        return any(self._carries(v) for v in values)

    def names(self) -> list[tuple[str, str]]:
        """The names at module level that carry, with the path of their module."""
        found: list[tuple[str, str]] = []

        def look(module: Evaluator) -> None:
            names = module.index.module.bindings
            found.extend((n, module.path) for n in names if self.any(self._project.exported(module.path, n)))

        self._project.for_each(look)
        return found

    def _carries(self, value: Value) -> bool:
        if isinstance(value, Instance) and isinstance(value.of, Migrated):
            return self._instances
        if isinstance(value, (Instance, Partial)):
            return self._carries(value.of)
        if is_container(value):
            return self._container(value)
        return isinstance(value, Migrated) or (isinstance(value, Local) and self._node(value.node))

    def _container(self, value: Value) -> bool:
        if value not in self._opened:
            self._opened[value] = False
            self._opened[value] = self.any(at(next(iter(self._project.modules.values())), value, None))
        return self._opened[value]

    def _node(self, node: ast.AST) -> bool:
        """Remembered; a circle adds nothing."""
        if node not in self._known:
            self._known[node] = False
            if isinstance(node, ast.ClassDef):
                self._known[node] = self._class(node)
            elif isinstance(node, Function):
                self._known[node] = self._function(node)
            elif isinstance(node, ast.expr):
                self._known[node] = self.any(self._project.evaluate(node))
        return self._known[node]

    def _class(self, cls: ast.ClassDef) -> bool:
        classes = self._project.classes
        if classes.migrated_base(cls) is not None:
            return True
        return any(self.any(classes.attribute(cls, name)) for name in classes.attributes(cls))

    def _function(self, function: Function) -> bool:
        module = self._project.homes[function]
        bindings = [b for bs in module.index.inner[function].bindings.values() for b in bs if b.kind == "parameter"]
        if self.any(self._project.classes.of_function(Local(function))):
            return True
        return any(self.any(module.binding_values(b)) for b in bindings) or self.any(module.returned(function))


def _forward(project: Project, others: _Others) -> set[str]:
    """The files behind star imports, bases and arguments, and behind the functions and objects that get a carrier."""
    found: set[str] = set()
    classes, all_carriers = Carriers(project, instances=False), Carriers(project, instances=True)

    def hand(to: Iterable[ast.expr], values: Iterable[Values], kept: bool = False) -> None:
        for path in others.paths.intersection(_paths(project, to)):
            carriers = all_carriers if kept or others.uses_instances(path) else classes
            if any(carriers.any(v) for v in values):
                found.add(path)

    def look(module: Evaluator) -> None:
        stars = (module.imported_module(star) for star in module.index.module.star_imports)
        found.update(path for path in stars if path is not None)
        found.update(_paths(project, [b for cls in module.index.all(ast.ClassDef) for b in cls.bases]))
        for call in module.index.all(ast.Call):
            if module.is_module_member(call.func):
                continue
            passed = [*call.args, *(k.value for k in call.keywords)]
            if project.callers.construction(call) is not None:
                found.update(_paths(project, passed))
            given = [project.evaluate(p) for p in passed]
            hand([*_chain(call.func), *passed], given)
            if isinstance(call.func, ast.Attribute) and call.func.attr in PUTS | EMPTIES:
                hand([call.func.value], given, kept=True)
        for node in decorated_nodes(module.index):
            hand([part for d in node.decorator_list for part in _chain(d)], [frozenset({Local(node)})])
        for target, value in _assigned_members(module):
            hand(_chain(target.value), [project.evaluate(value)])

    project.for_each(look)
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
    for node in nodes:
        for found in project.evaluate(node):
            value = getattr(found, "of", found)
            if (isinstance(value, Symbol) and value.path) or isinstance(value, Namespace):
                yield value.path


def _backward(project: Project, others: _Others) -> set[str]:
    """The files that name a carrier and import from a module that has it, as far as their bytes tell.

    One that gets instances only inside other objects matters where it uses an attribute of theirs.
    """
    found: set[str] = set()
    for instances in (False, True):
        names: dict[bytes, set[bytes]] = {}
        for name, path in Carriers(project, instances).names() + ([] if instances else _layers(project)):
            for door in _doors(path):
                names.setdefault(door, set()).add(name.encode())
        for path in sorted(others.paths - found):
            doors = names.keys() & others.imports(path)
            if doors and (not instances or others.uses_instances(path)):
                wanted = {n for door in doors for n in names[door]} | {b"*"}
                found |= {path} if wanted & others.words(path) else set()
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


def _doors(path: str) -> set[bytes]:
    """What a file that imports the module, or from it, has in the name of a module: its name, its package, or a dot."""
    folder, last = os.path.split(os.path.splitext(os.path.abspath(path))[0])
    names = {os.path.basename(folder)} | ({last} if last != INIT else set())
    return {b".", *map(os.fsencode, names)}
