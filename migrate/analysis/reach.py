"""Which files of a run can matter: those with a trigger word, and those that what they carry leads to."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator

from migrate.analysis.changes import EMPTIES, PUTS
from migrate.analysis.containers import at, is_container
from migrate.analysis.decorators import decorated_nodes
from migrate.analysis.evaluator import Evaluator
from migrate.analysis.importing import Read
from migrate.analysis.narrowing import LOOKS
from migrate.analysis.others import Names, Others
from migrate.analysis.project import Project
from migrate.analysis.scopes import Binding, Function
from migrate.analysis.source import Source, python_of
from migrate.analysis.tree import Tree
from migrate.analysis.values import UNKNOWN, Instance, Local, Migrated, Namespace, Partial, Symbol, Value, Values, union
from migrate.errors import FileError
from migrate.rules import RuleSet

MAX_ROUNDS = 10
CALLED = frozenset({"__init__", "__new__", "__call__", "forward"})
"""Methods that run without being named."""
LOOKING = frozenset({"inspect", "typing", "logging", "warnings"})
"""Libraries that leave what they get as it is, and do not give it back."""
_UNASKED = frozenset({""})
WORD = re.compile(r"\w+")
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
    others = Others(paths, triggered, python_of(read), project.tree)
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


class Carriers:
    """Tells which values carry a migrated class, directly or in what they hold or take; ``instances`` count as well."""

    def __init__(self, project: Project, instances: bool) -> None:
        self._project = project
        self._instances = instances
        self._known: dict[ast.AST, bool] = {}
        self._opened: dict[Value, bool] = {}
        self._members: dict[ast.AST, set[str]] = {}
        self._keeping: dict[ast.AST, bool] = {}
        self._giving: dict[Value, bool] = {}
        self._holders: frozenset[str] | None = _UNASKED

    def any(self, values: Values) -> bool:
        return any(self._carries(v) for v in values)

    def names(self, asked: Callable[[str, str], bool]) -> Names:
        """The names at module level that are ``asked`` for and carry.

        With each, the members that do for a class that carries by them alone.
        """
        found: Names = {}

        def look(module: Evaluator) -> None:
            for name in dict.fromkeys((*module.index.module.bindings, *self._starred(module, set()))):
                if not asked(module.path, name):
                    continue
                values = [v for v in self._project.exported(module.path, name) if self._carries(v)]
                if values:
                    found.setdefault(module.path, {})[name] = self._through(values)

        self._project.for_each(look)
        return found

    def _starred(self, module: Evaluator, seen: set[str]) -> Iterator[str]:
        """The names that star imports may bring."""
        for star in module.index.module.star_imports:
            path = module.imported_module(star)
            if path in self._project.modules and path not in seen:
                seen.add(path)
                inner = self._project.modules[path]
                yield from inner.index.module.bindings
                yield from self._starred(inner, seen)

    def holders(self) -> frozenset[str] | None:
        """The names of attributes and functions that hold or give an instance itself; None where one needs no name.

        Whoever uses such an instance, and does not make it, spells one of them.
        """
        found: set[str] = set()

        def look(module: Evaluator) -> None:
            for cls in module.index.all(ast.ClassDef):
                names = self._project.classes.attributes(cls)
                found.update(n for n in names if self._gives(self._project.classes.attribute(cls, n, True)))
            scope = module.index.module.bindings
            found.update(n for n in scope if self._gives(self._project.exported(module.path, n)))

        self._project.for_each(look)
        nameless = any(name in CALLED or name.startswith("__") for name in found)
        return None if nameless else frozenset(found)

    def spelled(self) -> frozenset[str] | None:
        """The ``holders``, and the names of functions that do something with what they get, which may be another thing.

        Whoever gives them that spells their names.
        """
        holders = self.holders()
        if holders is None:
            return None
        found = set(holders)

        def look(module: Evaluator) -> None:
            functions: list[ast.FunctionDef | ast.AsyncFunctionDef] = [*module.index.all(ast.FunctionDef)]
            functions += module.index.all(ast.AsyncFunctionDef)
            found.update(f.name for f in functions if f.name not in found and self._keeps(f))

        self._project.for_each(look)
        return None if any(name in CALLED or name.startswith("__") for name in found) else frozenset(found)

    def _gives(self, values: Values) -> bool:
        return any(self._gives_one(v) for v in values)

    def _gives_one(self, value: Value) -> bool:
        """Whether a value is a migrated class or an instance of it, or holds one, or gives one when it is called."""
        if value not in self._giving:
            self._giving[value] = False
            of = value.of if isinstance(value, (Instance, Partial)) else value
            if isinstance(of, Local) and isinstance(of.node, ast.ClassDef):
                self._giving[value] = self._project.classes.migrated_base(of.node) is not None
            elif isinstance(of, Local) and isinstance(of.node, Function):
                self._giving[value] = self._gives(self._project.homes[of.node].returned(of.node))
            elif is_container(of):
                self._giving[value] = self._gives(at(next(iter(self._project.modules.values())), of, None))
            else:
                self._giving[value] = isinstance(of, Migrated)
        return self._giving[value]

    def _through(self, values: Iterable[Value]) -> frozenset[str]:
        """The members by which all of ``values`` carry; none where one of them does so by itself, or when called."""
        members: set[str] = set()
        for value in values:
            cls = getattr(getattr(value, "of", value), "node", None)
            through = self._members.get(cls, set()) if isinstance(cls, ast.ClassDef) else set()
            if not through or not CALLED.isdisjoint(through):
                return frozenset()
            members |= through
        return frozenset(members)

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
        # Not what classes that derive from it have: whoever names the base does not name those.
        names = classes.inherited_names(cls)
        self._members[cls] = {name for name in names if self.any(classes.attribute(cls, name, True))}
        return bool(self._members[cls])

    def _function(self, function: Function) -> bool:
        """Whether a function gives carriers of its own, or does something with those it gets.

        To give back what it gets is neither: each caller has its own back.
        """
        module = self._project.homes[function]
        if self.any(self._project.classes.of_function(Local(function))):
            return True
        given = {b: module.binding_values(b) for b in _parameters(module, function)}
        return self.any(module.returned(function) - union(given.values())) or self._keeps(function)

    def _keeps(self, function: Function) -> bool:
        """Whether a function does something with a carrier that it gets. Remembered; a circle adds nothing."""
        if function not in self._keeping:
            self._keeping[function] = False
            module = self._project.homes[function]
            own = (b for b in _parameters(module, function) if b.scope.node is function)
            self._keeping[function] = any(self._parameter(module, b, module.binding_values(b)) for b in own)
        return self._keeping[function]

    def _parameter(self, module: Evaluator, parameter: Binding, values: Values) -> bool:
        """Whether a parameter gets a carrier that matters; where it may be anything, more callers say nothing new.

        One that gets none matters where it is called with a carrier, or put where there is one.
        """
        uses = module.index.uses(parameter.scope, parameter.name)
        if any(self._is_called(module, use) for use in uses):
            return True
        if values >= UNKNOWN:
            return False
        if not self.any(values):
            return any(self._is_put(module, use) for use in uses)
        return any(self._matters(module, use, values) for use in uses)

    def _is_called(self, module: Evaluator, use: ast.expr) -> bool:
        call = module.index.parent(use)
        if not isinstance(call, ast.Call) or call.func is not use:
            return False
        return any(self.any(self._project.evaluate(a)) for a in (*call.args, *(k.value for k in call.keywords)))

    def _is_put(self, module: Evaluator, use: ast.AST) -> bool:
        parent = module.index.parent(use)
        while isinstance(parent, (ast.BoolOp, ast.IfExp)):
            parent = module.index.parent(parent)
        if not isinstance(parent, ast.Assign):
            return False
        return any(isinstance(t, ast.Attribute) and self.any(self._project.evaluate(t)) for t in parent.targets)

    def _matters(self, module: Evaluator, node: ast.expr, values: Values) -> bool:
        """Whether what an expression holds is made, changed, kept or handed on, rather than looked at or returned."""
        parent = module.index.parent(node)
        if isinstance(
            parent, (ast.Return, ast.Expr, ast.Compare, ast.If, ast.FormattedValue, ast.YieldFrom, ast.Yield)
        ):
            return False
        if isinstance(parent, ast.Attribute):
            held = self._project.evaluate(parent)
            if parent.attr.startswith("__"):
                return False
            named = parent.attr in self._project.rules.members or not isinstance(parent.ctx, ast.Load)
            return named or (self.any(held) and self._matters(module, parent, held))
        if isinstance(parent, ast.Call) and parent.func is node:
            held = self._project.evaluate(parent)
            made = any(isinstance(v, Instance) and isinstance(v.of, Migrated) for v in held)
            return made or (self.any(held) and self._matters(module, parent, held))
        call = module.index.parent(parent) if isinstance(parent, ast.keyword) else parent
        if isinstance(call, ast.Call):
            return self._handed(module, call, node, values)
        return self._gives(values) or self._spells(module, node)

    def _spells(self, module: Evaluator, node: ast.expr) -> bool:
        """Whether the function around ``node`` spells a name by which what holds an instance gives it."""
        if self._holders is _UNASKED:
            self._holders = self.holders()
        outer = [a for a in module.index.ancestors(node) if isinstance(a, Function)]
        if self._holders is None or not outer:
            return True
        text = module.index.source.segment(outer[-1])
        return not self._holders.isdisjoint(WORD.findall(text))

    def _handed(self, module: Evaluator, call: ast.Call, given: ast.expr, values: Values) -> bool:
        """Whether what ``call`` is given, or what it gives back for that, matters."""
        if getattr(call.func, "id", "") in LOOKS:
            return False
        callees = self._project.evaluate(call.func)
        if any(isinstance(v, Symbol) and v.name.partition(".")[0] in LOOKING for v in callees):
            return False
        functions = [v.node for v in callees if isinstance(v, Local) and isinstance(v.node, Function)]
        if any(self._keeps(f) for f in functions):
            return True
        if len(functions) < len(callees) and (self._gives(values) or self._spells(module, given)):
            return True
        held = self._project.evaluate(call)
        return self.any(held) and self._matters(module, call, held)


def _parameters(module: Evaluator, function: Function) -> Iterator[Binding]:
    """The parameters of a function and of those inside it, but for ``self``, which says no more than the class."""
    own = module.classes.owner(function) is not None and not _is_static(function)
    first = next(iter((*function.args.posonlyargs, *function.args.args)), None)
    inside = (function, *module.index.nested.get(function, ()))
    for bindings in (b for n in inside for b in module.index.inner[n].bindings.values()):
        yield from (b for b in bindings if b.kind == "parameter" and not (own and b.node is first))


def _is_static(function: Function) -> bool:
    return any(getattr(d, "id", "") == "staticmethod" for d in getattr(function, "decorator_list", ()))


def _forward(project: Project, others: Others) -> set[str]:
    """The files behind star imports, bases and arguments, and behind the functions and objects that get a carrier."""
    found: set[str] = set()
    carriers = Carriers(project, instances=True)

    def carries(path: str, name: str) -> bool:
        return carriers.any(project.exported(path, name))

    def hand(to: Iterable[ast.expr], values: Iterable[Values]) -> None:
        to = list(to)
        paths = others.paths.intersection((*_paths(project, to), *_paths(project, _bases(project, to))))
        if paths and any(carriers.any(v) for v in values):
            found.update(paths)

    def look(module: Evaluator) -> None:
        for cls in module.index.all(ast.ClassDef):
            unread = [b for b in _symbols(project, cls.bases) if b.path in others.paths]
            family = (cls, *project.classes.heirs(cls)) if unread else ()
            if carriers.any(frozenset(map(Local, family))):
                found.update(b.path for b in unread)
            else:
                found.update(b.path for b in unread if others.descends(b, carries))
        for call in module.index.all(ast.Call):
            if module.is_module_member(call.func):
                continue
            passed = [*call.args, *(k.value for k in call.keywords)]
            if project.callers.construction(call) is not None:
                found.update(_paths(project, passed))
            given = [project.evaluate(p) for p in passed]
            hand([*_chain(call.func), *passed], given)
            if isinstance(call.func, ast.Attribute) and call.func.attr in PUTS | EMPTIES:
                hand([call.func.value], given)
        for node in decorated_nodes(module.index):
            hand([part for d in node.decorator_list for part in _chain(d)], [frozenset({Local(node)})])
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
        holders = carriers.spelled() if instances else None
        for name, path in [] if instances else _layers(project):
            names.setdefault(path, {})[name] = frozenset()
        found.update(others.importing(names, holders))
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
