"""Which values of a project carry a migrated class or an instance, and by which names others get at it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from migrate.analysis.containers import is_container
from migrate.analysis.evaluator import Evaluator
from migrate.analysis.givers import Givers, is_nameless
from migrate.analysis.narrowing import LOOKS
from migrate.analysis.others import Names
from migrate.analysis.project import Project
from migrate.analysis.scopes import Binding, Function
from migrate.analysis.syntax import has_decorator, passed
from migrate.analysis.values import UNKNOWN, Instance, Local, Partial, Symbol, Value, Values, has_rule, union

LOOKING = frozenset({"inspect", "typing", "logging", "warnings"})
"""Libraries that leave what they get as it is, and do not give it back."""


class Carriers:
    """Tells which values carry a migrated class, directly or in what they hold or take; ``instances`` count as well."""

    def __init__(self, project: Project, givers: Givers, instances: bool) -> None:
        self._project = project
        self._givers = givers
        self._instances = instances
        self._known: dict[ast.AST, bool] = {}
        self._opened: dict[Value, bool] = {}
        self._members: dict[ast.AST, set[str]] = {}
        self._looking_at: set[ast.ClassDef] = set()
        self._keeping: dict[ast.AST, bool] = {}

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

    def open(self) -> dict[tuple[str, str], frozenset[str]]:
        """The classes, by path and name, on which names that are used carry, with the names.

        Whoever derives another from one of them may hold something else there.
        """
        found: dict[tuple[str, str], frozenset[str]] = {}

        def look(module: Evaluator) -> None:
            for cls in module.index.all(ast.ClassDef):
                names = frozenset(self._open(cls))
                if names:
                    key = (module.path, cls.name)
                    found[key] = found.get(key, frozenset()) | names

        self._project.for_each(look)
        return found

    def _open(self, cls: ast.ClassDef) -> Iterator[str]:
        """The names on ``cls`` that are used somewhere and carry, other than where anything may be under them."""
        classes = self._project.classes
        family = (cls, *classes.heirs(cls))
        for name in sorted({n for c in family for n in classes.attributes(c)} & self._used):
            values = classes.attribute(cls, name)
            if not values >= UNKNOWN and self.any(values):
                yield name

    @cached_property
    def _used(self) -> set[str]:
        """The names of the attributes that are used in the project."""
        return {node.attr for module in self._project.modules.values() for node in module.index.all(ast.Attribute)}

    def _starred(self, module: Evaluator, seen: set[str]) -> Iterator[str]:
        """The names that star imports may bring."""
        for star in module.index.module.star_imports:
            path = module.imported_module(star)
            if path in self._project.modules and path not in seen:
                seen.add(path)
                inner = self._project.modules[path]
                yield from inner.index.module.bindings
                yield from self._starred(inner, seen)

    @cached_property
    def spelled(self) -> frozenset[str] | None:
        """The names of givers, and of functions that do something with what they get, which may be another thing.

        Whoever gives them that spells their names.
        """
        if self._givers.names is None:
            return None
        found = set(self._givers.names)

        def look(module: Evaluator) -> None:
            named = (f for f in module.index.named_functions if not is_nameless(f.name))
            found.update(f.name for f in named if f.name not in found and self._takes(f))

        self._project.for_each(look)
        return frozenset(found)

    def _through(self, values: Iterable[Value]) -> frozenset[str]:
        """The members by which all of ``values`` carry; none where one of them does so by itself, or when called."""
        members: set[str] = set()
        for value in values:
            cls = getattr(getattr(value, "of", value), "node", None)
            through = self._members.get(cls, set()) if isinstance(cls, ast.ClassDef) else set()
            if not through or any(map(is_nameless, through)):
                return frozenset()
            members |= through
        return frozenset(members)

    def _carries(self, value: Value) -> bool:
        if isinstance(value, Instance) and has_rule(value.of, self._project.rules):
            return self._instances
        if isinstance(value, (Instance, Partial)):
            return self._carries(value.of)
        if is_container(value):
            return self._container(value)
        return has_rule(value, self._project.rules) or (isinstance(value, Local) and self._node(value.node))

    def _container(self, value: Value) -> bool:
        if value not in self._opened:
            self._opened[value] = False
            self._opened[value] = self.any(self._givers.inside(value))
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
        if classes.has_rule(cls):
            return True
        bases = classes.local_bases(cls)
        inherited = {name for base in bases if self._node(base) for name in self._members.get(base, ())}
        is_circle = not self._looking_at.isdisjoint(bases)
        names = classes.inherited_names(cls) if is_circle else classes.own_names(cls)
        self._looking_at.add(cls)
        # Not what classes that derive from it have: whoever names the base does not name those.
        members = {name for name in names if self.any(classes.attribute(cls, name, True))}
        self._looking_at.discard(cls)
        self._members[cls] = members | inherited
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

    def _takes(self, function: Function) -> bool:
        """Whether a function does something with a layer that it gets itself."""
        module = self._project.homes[function]
        given = ((b, module.binding_values(b)) for b in _parameters(module, function))
        return any(self._givers.give(values) and self._parameter(module, b, values) for b, values in given)

    def _is_called(self, module: Evaluator, use: ast.expr) -> bool:
        call = module.index.parent(use)
        if not isinstance(call, ast.Call) or call.func is not use:
            return False
        return any(self._givers.give(self._project.evaluate(a)) for a in passed(call))

    def _is_put(self, module: Evaluator, use: ast.AST) -> bool:
        parent = module.index.parent(use)
        while isinstance(parent, (ast.BoolOp, ast.IfExp)):
            parent = module.index.parent(parent)
        if not isinstance(parent, ast.Assign):
            return False
        return any(
            isinstance(t, ast.Attribute) and self._givers.give(self._project.evaluate(t)) for t in parent.targets
        )

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
            made = any(isinstance(v, Instance) and has_rule(v.of, self._project.rules) for v in held)
            return made or (self.any(held) and self._matters(module, parent, held))
        call = module.index.parent(parent) if isinstance(parent, ast.keyword) else parent
        if isinstance(call, ast.Call):
            return self._handed(module, call, node, values)
        return self._givers.give(values) or self._spells(module, node)

    def _spells(self, module: Evaluator, node: ast.expr) -> bool:
        """Whether the function around ``node`` spells a name by which what holds an instance gives it."""
        outer = [a for a in module.index.ancestors(node) if isinstance(a, Function)]
        if self._givers.names is None or not outer:
            return True
        return not self._givers.names.isdisjoint(module.index.words(outer[-1]))

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
        if len(functions) < len(callees) and (self._givers.give(values) or self._spells(module, given)):
            return True
        held = self._project.evaluate(call)
        return self.any(held) and self._matters(module, call, held)


def _parameters(module: Evaluator, function: Function) -> Iterator[Binding]:
    """The parameters of a function and of those inside it, but for ``self``, which says no more than the class."""
    own = module.classes.owner(function) is not None and not has_decorator(function, "staticmethod")
    first = next(iter((*function.args.posonlyargs, *function.args.args)), None)
    inside = (function, *module.index.nested.get(function, ()))
    for bindings in (b for n in inside for b in module.index.inner[n].bindings.values()):
        yield from (b for b in bindings if b.kind == "parameter" and not (own and b.node is first))
