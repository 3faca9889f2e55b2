"""What is known while tensors of the target are followed through a file, and where names and attributes take them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import Enum

from migrate.decide.drafts import Module, Use
from migrate.decide.reaching import reached
from migrate.decide.source_tensors import SourceTensors
from migrate.decide.values import Instance, Local, Symbol
from migrate.syntax.nodes import has_decorator
from migrate.syntax.scopes import Function


class Kind(Enum):
    """What an expression holds: the attribute itself, memory of it, a new tensor, or a container of any."""

    OWN = 0
    VIEW = 1
    VALUE = 2
    CONTAINER = 3

    @property
    def kept(self) -> Kind:
        """What a name holds that is given this."""
        return Kind.VIEW if self is Kind.OWN else self

    @property
    def element(self) -> Kind:
        """What an element of it is."""
        return Kind.VALUE if self is Kind.VALUE else Kind.VIEW


Step = tuple[ast.expr, Kind]
Found = Iterator[Use | Step]
"""The spots where the two frameworks differ, and the expressions to go on with."""


class Flow:
    """One file, its tensors of the source framework, and who calls its functions."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.sources = SourceTensors(module)
        self.table = module.rules.tensor

    def beside(self, *others: ast.expr) -> Iterator[Use]:
        """The first of ``others`` that the source framework made."""
        yield from (Use("beside", ast.unparse(o)) for o in others if self.sources.holds(o))

    def is_array(self, node: ast.expr) -> bool:
        """Whether ``node`` is of a package whose values the target's operators do not take."""
        made = [v.of for v in self.module.file.evaluate(node) if isinstance(v, Instance)]
        return any(isinstance(of, Symbol) and of.name.partition(".")[0] in self.table.arrays for of in made)

    def bound(self, target: ast.expr, kind: Kind) -> Found:
        """What becomes of a tensor that ``target`` is given."""
        if isinstance(target, ast.Name):
            yield from self.held(target.id, target, kind)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for element in target.elts:
                yield from self.bound(element, kind.element)
        elif isinstance(target, ast.Attribute):
            if self.sources.is_kept(target):
                yield Use("enters", ast.unparse(target), target.attr in self.table.views)
            yield from ((use, kind.kept) for use in self._same_attribute(target))
        elif isinstance(target, ast.Subscript) and self.sources.holds(target.value):
            yield Use("enters", ast.unparse(target))
        elif isinstance(target, ast.Subscript):
            yield from self.bound(target.value, Kind.CONTAINER)

    def held(self, name: str, binder: ast.AST, kind: Kind) -> Found:
        """The uses of a name that may still hold what ``binder``, a target or a function, gave it."""
        index = self.module.index_of(binder)
        scope = index.inner[binder] if isinstance(binder, Function) else index.scope(binder).resolve(name)
        for use in reached(index, scope, name, binder) if scope is not None else ():
            statement = index.parent(use)
            if not isinstance(use.ctx, ast.Store):
                yield use, kind.kept
            elif isinstance(statement, ast.AugAssign) and kind in (Kind.OWN, Kind.VIEW):
                yield Use("changed", ast.unparse(statement))

    def _same_attribute(self, target: ast.Attribute) -> list[ast.Attribute]:
        """The reads of an attribute of the same text, in the class or else the function around, and those of the
        class's instances. Those of a layer's own tensors are followed for themselves."""
        owner, around = ast.unparse(target.value), self._around(target)
        if target.attr in self.table.views:
            return []
        alike = [n for n in self._reads(target, target.attr) if ast.unparse(n.value) == owner]
        same = [n for n in alike if self._around(n) is around]
        of_self = isinstance(around, ast.ClassDef) and isinstance(target.value, ast.Name)
        return [*same, *self.read_of(around, target.attr)] if of_self and isinstance(around, ast.ClassDef) else same

    def read_of(self, cls: ast.ClassDef, name: str) -> list[ast.Attribute]:
        """The reads of an attribute of instances of a class, in its file and in this one."""
        evaluate = self.module.file.evaluate
        reads = self._reads(cls, name)
        if self.module.file.home(cls) is not self.module.file:
            reads += self._reads(self.module.source.tree, name)
        return [n for n in reads if Instance(Local(cls)) in evaluate(n.value)]

    def _reads(self, node: ast.AST, name: str) -> list[ast.Attribute]:
        """The reads of an attribute in the file that holds ``node``."""
        nodes = self.module.index_of(node).all(ast.Attribute)
        return [n for n in nodes if n.attr == name and isinstance(n.ctx, ast.Load) and n not in self.module.uses]

    def _around(self, node: ast.AST) -> ast.AST | None:
        outer = [a for a in self.module.index_of(node).ancestors(node) if isinstance(a, (Function, ast.ClassDef))]
        return next((a for a in outer if isinstance(a, ast.ClassDef)), outer[0] if outer else None)

    def parent(self, node: ast.AST) -> ast.AST | None:
        return self.module.index_of(node).parent(node)

    def given_by(self, function: ast.AST) -> list[ast.expr]:
        """The expressions that give what a function returns: its calls, or the reads of a property in its class."""
        if not has_decorator(function, "property"):
            return [call for call, _ in self.module.file.callers.reaching(function)]
        name, around = getattr(function, "name", ""), self._around(function)
        return [n for n in self._reads(function, name) if self._around(n) is around]
