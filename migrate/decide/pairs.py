"""Writes of one attribute that may concern one layer: all of them are given their effect, or none.

A write that takes effect while the one that takes it back does not leaves the layer with a value it should not keep.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace

from migrate.decide.drafts import LEFT, Module
from migrate.decide.instances import decide_use
from migrate.decide.lookups import lookups
from migrate.decide.values import Migrated, Unknown, Value
from migrate.decide.writes import together
from migrate.syntax.scopes import Function

Place = ast.Attribute | ast.Call


@dataclass(frozen=True, slots=True)
class _Write:
    """A write of ``attr`` at ``node``.

    ``layers`` are the classes that its object may have; without any, nothing is known of it, and it counts inside its
    own ``definition`` only. ``run``: the writes that get their effect from the same statements.
    """

    node: Place
    attr: str
    layers: tuple[Migrated, ...]
    definition: ast.AST
    run: tuple[ast.AST, ...] = ()


@dataclass(slots=True)
class Pairs:
    """The writes of all files: those that can be given their effect, and those that are left."""

    able: list[_Write] = field(default_factory=list)
    left: list[_Write] = field(default_factory=list)
    _partners: dict[ast.AST, Place] | None = None

    def enter(self, module: Module) -> None:
        """Find the writes of a file."""
        written = {a for rule in module.rules.rules for back in rule.write_backs for a in back.attributes}
        for node in module.index.all(ast.Attribute):
            if node.attr in written and not isinstance(node.ctx, ast.Load):
                self._enter(module, node, node.attr, node.value)
        for look_up in lookups(module):
            for name in written.intersection(look_up.names) if look_up.function == "setattr" else ():
                self._enter(module, look_up.call, name, look_up.owner)

    def _enter(self, module: Module, node: Place, attr: str, owner: ast.expr) -> None:
        values = module.objects(owner)
        layers = tuple(base for v in values if (base := module.base_of(v)) is not None)
        if not layers and not any(isinstance(v, Unknown) for v in values):
            return
        write = _Write(node, attr, layers, _definition(module, node))
        code = _code(module, node, values) if layers else ""
        if code == "BN110" and isinstance(node, ast.Attribute):
            statement = module.index.statement(node)
            assert isinstance(statement, ast.Assign)
            run = together(module, statement, layers[0].rule)
            self.able.append(_Write(node, attr, layers, write.definition, tuple(run)))
        elif code not in LEFT:
            self.left.append(write)
        elif any(isinstance(v, Unknown) for v in values):
            self.left.append(replace(write, layers=()))

    def settle(self, module: Module) -> dict[ast.AST, Place]:
        """The writes that could have been given their effect and are left, with the one that each is left for.

        Every file has to have entered its writes.
        """
        if self._partners is not None:
            return self._partners
        partners: dict[ast.AST, Place] = {}
        self._partners = partners
        left = list(self.left)
        while left:
            other = left.pop()
            for write in self.able:
                if write.node not in partners and _may_meet(module, write, other):
                    same = [w for w in self.able if w.run == write.run and w.node not in partners]
                    partners.update((w.node, partners.get(other.node, other.node)) for w in same)
                    left += same
        return partners


def _code(module: Module, node: Place, values: list[Value]) -> str:
    """The code of what becomes of a write alone; one that a comment leaves is as good as any other that is left."""
    draft = decide_use(module, node, values) if isinstance(node, ast.Attribute) else None
    if draft is None or (draft.code == "BN110" and module.is_skipped(draft.node, draft.code)):
        return ""
    return draft.code


def _may_meet(module: Module, one: _Write, other: _Write) -> bool:
    """Whether two writes may concern the same attribute of the same layer."""
    if one.attr != other.attr or one.node is other.node:
        return False
    if not other.layers:
        return one.definition is other.definition
    if not {layer.rule.name for layer in one.layers} & {layer.rule.name for layer in other.layers}:
        return False
    if not all(_is_made(module, layer) for write in (one, other) for layer in write.layers):
        return True
    return bool({layer.reference for layer in one.layers} & {layer.reference for layer in other.layers})


def _is_made(module: Module, layer: Migrated) -> bool:
    """Whether a class is spelled where a layer is made, as against a test or an annotation, which mean any layer."""
    reference = layer.reference
    parent = module.file.home(reference).index.parent(reference) if reference is not None else None
    return isinstance(parent, ast.Call) and parent.func is reference


def _definition(module: Module, node: ast.AST) -> ast.AST:
    """The outermost function or class around ``node``, or the module."""
    around = [a for a in module.index.ancestors(node) if isinstance(a, (ast.ClassDef, Function))]
    return around[-1] if around else module.source.tree
