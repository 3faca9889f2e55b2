"""What an expression of one module can hold, as far as the project shows."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from migrate.analysis import containers
from migrate.analysis.annotations import promised
from migrate.analysis.broad import classes_under, is_broad
from migrate.analysis.calls import arithmetic, known_result, sign
from migrate.analysis.decorators import decorated
from migrate.analysis.index import Index
from migrate.analysis.narrowing import Narrowing
from migrate.analysis.nones import is_none_test, is_not_none_test, is_replaced
from migrate.analysis.patterns import captured
from migrate.analysis.scopes import Binding, Function
from migrate.analysis.syntax import passed
from migrate.analysis.values import (
    NONE,
    NOTHING,
    UNKNOWN,
    Bag,
    Constant,
    Container,
    Instance,
    Local,
    Migrated,
    Namespace,
    Partial,
    Rest,
    Symbol,
    Unknown,
    Value,
    Values,
    constant,
    has_rule,
    held_layer,
    union,
)

if TYPE_CHECKING:
    from migrate.analysis.callers import Callers
    from migrate.analysis.classes import Classes
    from migrate.analysis.project import Project
    from migrate.analysis.source import Source

MAX_DOTS = 8


class Evaluator:
    """Evaluates expressions of one module to the set of values they can hold.

    Only what the file shows counts: a parameter holds its default and what the calls in the file pass.
    A cycle contributes nothing of its own; whatever is too deep or unreadable is Unknown.
    """

    def __init__(self, source: Source, project: Project) -> None:
        self.path = source.path
        self.index = Index(source)
        self.project = project
        self.evaluate = project.evaluate
        self.rules = project.rules
        self.narrowing = Narrowing(self.index)

    @property
    def classes(self) -> Classes:
        return self.project.classes

    @property
    def callers(self) -> Callers:
        return self.project.callers

    def home(self, node: ast.AST) -> Evaluator:
        """The evaluator of the module that holds ``node``."""
        return self.project.homes[node]

    def symbol(self, name: str, reference: ast.AST | None) -> Values:
        """The value behind a qualified name: of a rule, of the run, or of a library."""
        rule = self.rules.by_name.get(name)
        if rule is not None:
            return frozenset({Migrated(rule, reference)})
        if name in self.rules.by_target:
            return frozenset({Symbol(self.rules.by_target[name].target.name)})
        owner, _, attr = name.rpartition(".")
        if owner in self.rules.by_name:
            return frozenset({Symbol(f"{self.rules.by_name[owner].source.name}.{attr}")})
        foreign = name.partition(".")[0] in ("", *self.rules.packages)
        path = None if foreign else self.project.tree.absolute(self.path, name)
        return frozenset({Symbol(name) if path is None else Namespace(path)})

    def evaluate_here(self, node: ast.expr) -> Values:
        """The values of an expression of this module, one step; the project takes care of circles."""
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
            return self._narrowed(node)
        handler = _EVALUATE.get(type(node))
        return handler(self, node) if handler else UNKNOWN

    def _narrowed(self, node: ast.Name | ast.Attribute | ast.Subscript) -> Values:
        """A name, attribute or item as the tests around it leave it; a test for a base class says nothing new."""
        tests = self.narrowing.holding(node)
        if not tests:
            return _EVALUATE[type(node)](self, node)
        told = [union(self.instances_of(c) for c in classes) for classes in tests if classes]
        for values in told:
            if any(isinstance(v, Instance) and (isinstance(v.of, Local) or has_rule(v.of, self.rules)) for v in values):
                return values
        plain = _EVALUATE[type(node)](self, node)
        if NONE in plain and not all(tests):
            plain -= {NONE}
        said = [values for values in told if not any(is_broad(v, self.rules) for v in values)]
        return said[0] if said else plain

    def instances_of(self, classes: ast.expr, seen: frozenset[Value] = frozenset()) -> Values:
        """The instances that the second argument of ``isinstance`` accepts; a tuple that is in itself adds nothing."""
        if isinstance(classes, (ast.Tuple, ast.List, ast.Set)):
            return union(self.instances_of(e, seen) for e in classes.elts)
        if isinstance(classes, ast.BinOp) and isinstance(classes.op, (ast.BitOr, ast.Add)):
            return self.instances_of(classes.left, seen) | self.instances_of(classes.right, seen)
        if isinstance(classes, ast.Starred):
            return self.instances_of(classes.value, seen)
        result: set[Value] = set()
        for value in self.evaluate(classes) - seen:
            if isinstance(value, Container) and not isinstance(value.node, ast.Dict):
                result |= self.instances_of(value.node, seen | {value})
            elif under := classes_under(value, self.rules, classes):
                result |= under
            else:
                result.add(Instance(value) if isinstance(value, (Symbol, Migrated, Local)) else Unknown())
        return frozenset(result)

    def is_module_member(self, node: ast.expr) -> bool:
        """``module.a.b`` of a library's module or class, whose last name no rule is about: nothing of ours."""
        if not isinstance(node, ast.Attribute) or node.attr in self._interesting:
            return False
        root = node.value
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name):
            return False
        bindings = self.bindings(root)
        if not bindings or any(b.kind != "import" for b in bindings):
            return False
        return all(isinstance(v, Symbol) and not v.path for v in self.evaluate(root))

    @cached_property
    def _interesting(self) -> frozenset[str]:
        related = {name.rpartition(".")[2] for name in self.rules.related}
        return self.rules.short_names | self.rules.target_names | related | {"partial", "deepcopy", "copy", "cast"}

    def bindings(self, node: ast.Name) -> list[Binding]:
        """The bindings that a name can mean."""
        scope = self.index.scope(node).resolve(node.id)
        return scope.bindings.get(node.id, []) if scope else []

    def _name(self, node: ast.Name) -> Values:
        bindings = self.bindings(node)
        if not bindings:
            return self._unbound(node)
        result = union(self.binding_values(b, node) for b in bindings)
        if NONE in result and len(bindings) > 1 and is_replaced(self.index, node, bindings):
            result -= {NONE}
        return result

    def _unbound(self, node: ast.Name) -> Values:
        """A name that nothing in the file binds: from a star import, a builtin, or unknown."""
        found = self.star_imported(node.id, node)
        if found:
            return found
        if hasattr(builtins, node.id):
            return frozenset({Symbol(f"builtins.{node.id}")})
        return UNKNOWN

    def star_imported(self, name: str, use: ast.Name | None = None) -> Values:
        """What the star imports bring under ``name``; a later one hides an earlier one."""
        found: Values = NOTHING
        for star in self.index.module.star_imports:
            path = self.imported_module(star)
            if path is not None:
                read = path in self.project.modules
                found = (self.project.exported if read else self.project.handed_on)(path, name) or found
                if read:
                    continue
            module = "." * star.level + (star.module or "")
            qualified = f"{module}.{name}"
            if any(qualified in names for names in (self.rules.by_name, self.rules.by_target, self.rules.related)):
                found = self.symbol(qualified, use or star)
            elif module.partition(".")[0] not in self.rules.packages and name in self.rules.short_names:
                found |= UNKNOWN
        return found

    def imported_module(self, statement: ast.ImportFrom) -> str | None:
        """The file of the run that a from-import names."""
        tree, name = self.project.tree, statement.module or ""
        if statement.level:
            return tree.relative(self.path, statement.level, name)
        return None if name.partition(".")[0] in self.rules.packages else tree.absolute(self.path, name)

    def binding_values(self, binding: Binding, use: ast.Name | None = None) -> Values:
        """What a binding of any module of the project gives its name."""
        return self.home(binding.node)._bound(binding, use)

    def _bound(self, binding: Binding, use: ast.Name | None) -> Values:
        if binding.kind == "import":
            return self._imported(binding, use)
        if binding.kind in ("function", "class"):
            assert isinstance(binding.node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
            return frozenset({Local(binding.node)}) | decorated(self, binding.node)
        if binding.kind == "unknown":
            return captured(self, binding)
        if binding.kind == "rest":
            assert isinstance(binding.scope.node, Function)
            return frozenset({Rest(binding.scope.node, binding.node is binding.scope.node.args.kwarg)})
        if binding.kind == "entered":
            assert binding.value is not None
            return frozenset(v for v in self.evaluate(binding.value) if not isinstance(v, Constant)) | UNKNOWN
        if binding.kind == "element":
            assert binding.value is not None
            return containers.elements(self, binding.value, binding.place)
        if binding.kind == "part":
            assert binding.value is not None and binding.place is not None
            return containers.part(self, binding.value, binding.place)
        if binding.annotation is not None:
            annotated = self.annotated(binding.annotation)
            if annotated:
                default = self.evaluate(binding.value) if binding.value is not None else NOTHING
                return annotated | frozenset(v for v in default if isinstance(v, Partial) or has_rule(v, self.rules))
        if binding.kind == "parameter":
            return self.callers.parameter(binding)
        return self.evaluate(binding.value) if binding.value is not None else NOTHING

    def _imported(self, binding: Binding, use: ast.Name | None) -> Values:
        alias = binding.node
        assert isinstance(alias, ast.alias)
        statement = self.index.parents[alias]
        if isinstance(statement, ast.ImportFrom):
            path = self.imported_module(statement)
            if path is not None:
                return self.project.exported(path, alias.name)
            inner = f"{statement.module}.{alias.name}" if statement.module else alias.name
            beside = self.project.tree.relative(self.path, statement.level, inner) if statement.level else None
            if beside is not None:
                return frozenset({Namespace(beside)})
            module = "." * statement.level + (statement.module or "")
            return self.symbol(f"{module}.{alias.name}", use or alias)
        return self.symbol(alias.name if alias.asname else alias.name.partition(".")[0], use or alias)

    def annotated(self, annotation: ast.expr) -> Values:
        """What an annotation promises; nothing where it names no class that matters."""
        return promised(self, annotation)

    def _attribute(self, node: ast.Attribute) -> Values:
        result = union(self.member(value, node.attr, node) for value in self.evaluate(node.value) - {NONE})
        result |= union(self.evaluate(v) for v in self._assigned_to(node))
        return result

    def member(self, owner: Value, attr: str, node: ast.expr) -> Values:
        """``owner.attr`` as ``node`` spells it."""
        if attr == "func" and isinstance(owner, Partial):
            return frozenset({owner.of})
        if isinstance(owner, Symbol):
            name = f"{owner.name}.{attr}"
            found = frozenset({Symbol(name, owner.path)}) if owner.path else self.symbol(name, node)
            return found if owner.name.count(".") <= MAX_DOTS else UNKNOWN
        if isinstance(owner, Namespace):
            return self.project.exported(owner.path, attr)
        if isinstance(owner, Migrated):
            return self.symbol(f"{owner.rule.source.name}.{attr}", node)
        if isinstance(owner, Instance) and isinstance(owner.of, Symbol) and owner.of.path:
            return UNKNOWN | {Symbol(f"{owner.of.name}.{attr}", owner.of.path)}
        inner = held_layer(owner, attr, self.rules)
        if inner is not None:
            return frozenset({inner})
        if isinstance(owner, Instance) and attr == "__class__":
            return frozenset({owner.of})
        cls = owner.of if isinstance(owner, Instance) else owner
        if isinstance(cls, Local) and isinstance(cls.node, ast.ClassDef):
            called = node.value.func if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Call) else None
            return self.classes.attribute(cls.node, attr, getattr(called, "id", "") == "super")
        return self.classes.of_function(owner, attr) or UNKNOWN if isinstance(owner, Local) else UNKNOWN

    def _assigned_to(self, node: ast.Attribute) -> list[ast.expr]:
        """What the file assigns to the same path, for owners other than ``self``."""
        root = node.value
        if not isinstance(root, ast.Name) or root.id in ("self", "cls") or not isinstance(node.ctx, ast.Load):
            return []
        scope = self.index.scope(root).resolve(root.id)
        return [
            b.value
            for b in self.index.assigned_attributes.get(node.attr, ())
            if b.value is not None
            and isinstance(b.owner, ast.Name)
            and b.owner.id == root.id
            and b.scope.resolve(root.id) is scope
        ]

    def _call(self, node: ast.Call) -> Values:
        if isinstance(node.func, ast.Attribute) and node.func.attr in self.rules.returns_self:
            owner = self.evaluate(node.func.value)
            if any(isinstance(v, Instance) and has_rule(v.of, self.rules) for v in owner):
                return owner
        found = containers.method(self, node)
        if found is not None:
            return found
        return union(self._result(v, node) for v in self.evaluate(node.func))

    def _result(self, callee: Value, node: ast.Call) -> Values:
        if isinstance(callee, Partial):
            call = callee.call or node
            return self.home(call)._result(callee.of, call)
        if isinstance(callee, Migrated):
            return frozenset({Instance(callee)})
        if isinstance(callee, Local):
            if isinstance(callee.node, ast.ClassDef):
                return frozenset({Instance(callee)})
            return self.returned(callee.node)
        if isinstance(callee, Symbol):
            known = known_result(self, callee.name, node)
            if known is not None:
                return known
            package = callee.name.partition(".")[0]
            made: Values = frozenset({Instance(callee)})
            return made if package in (*self.rules.packages, "builtins") else made | self._may_return(node)
        return UNKNOWN | self._may_return(node)

    def _may_return(self, node: ast.Call) -> Values:
        """What a function that is not followed may give back: what it gets, as far as that matters."""
        held = union(self.evaluate(p) for p in passed(node))
        kinds = [(v, getattr(v, "of", v)) for v in held]
        of_run = {v for v, of in kinds if isinstance(of, Local) or has_rule(of, self.rules)}
        of_run |= {v for v, of in kinds if isinstance(of, Symbol) and of.path}
        back = frozenset({*of_run, *filter(containers.is_container, held)})
        return back | UNKNOWN if back else back

    def returned(self, function: ast.AST) -> Values:
        """What calling a function of any module of the project gives."""
        return self.home(function)._returned(function)

    def _returned(self, function: ast.AST) -> Values:
        if isinstance(function, ast.Lambda):
            return self.evaluate(function.body)
        if not isinstance(function, ast.FunctionDef):
            return UNKNOWN
        if function.returns is not None:
            promised = self.annotated(function.returns)
            if promised:
                return promised
        yields = self.index.yields.get(function)
        if yields is not None:
            items = tuple(y.value for y in yields if isinstance(y, ast.Yield) and y.value is not None)
            return frozenset({Bag(items, tuple(y.value for y in yields if isinstance(y, ast.YieldFrom)))})
        returns = self.index.returns.get(function, [])
        return union(self.evaluate(r.value) if r.value else frozenset({NONE}) for r in returns)

    def _choice(self, node: ast.IfExp) -> Values:
        body, orelse = self.evaluate(node.body), self.evaluate(node.orelse)
        if isinstance(node.body, ast.Name) and is_not_none_test(node.test, node.body.id):
            body -= {NONE}
        if isinstance(node.orelse, ast.Name) and is_none_test(node.test, node.orelse.id):
            orelse -= {NONE}
        return body | orelse

    def _boolean(self, node: ast.BoolOp) -> Values:
        if isinstance(node.op, ast.And):
            return self.evaluate(node.values[-1]) | constant(False)
        first = union(self.evaluate(v) for v in node.values[:-1]) - {NONE}
        return first | self.evaluate(node.values[-1])


_EVALUATE: dict[type[ast.expr], Callable[..., Values]] = {
    ast.Name: Evaluator._name,
    ast.Attribute: Evaluator._attribute,
    ast.Call: Evaluator._call,
    ast.IfExp: Evaluator._choice,
    ast.BoolOp: Evaluator._boolean,
    ast.NamedExpr: lambda self, node: self.evaluate(node.value),
    ast.Lambda: lambda self, node: frozenset({Local(node)}),
    ast.Constant: lambda self, node: constant(node.value),
    ast.UnaryOp: sign,
    ast.BinOp: arithmetic,
    ast.Dict: containers.display,
    ast.List: containers.display,
    ast.Tuple: containers.display,
    ast.Set: containers.display,
    ast.ListComp: containers.comprehension,
    ast.SetComp: containers.comprehension,
    ast.DictComp: containers.comprehension,
    ast.GeneratorExp: containers.comprehension,
    ast.Subscript: containers.subscript,
}
