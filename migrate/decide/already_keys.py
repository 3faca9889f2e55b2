"""Strings that are keys of what has the parameters of a network by name, or of what it takes them from."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrate.decide.drafts import Module
from migrate.decide.values import Symbol

LOOK_UPS = ("get", "pop")
TAKING = ("pop", "popitem", "items")
"""Methods of a mapping with which code gives its entries other names before it hands them over."""


class Keys:
    """The strings of a file that are such keys."""

    def __init__(self, module: Module) -> None:
        self._module = module
        targets = [rule.target for rule in module.rules.rules]
        self._giving = {name for target in targets for name in target.maps_parameters}
        self._filling = {name for target in targets for name in target.filled_by}
        words = {name.rpartition(".")[2] for name in self._filling}
        self._calls = [call for call in module.index.all(ast.Call) if _name(call.func) in self._giving | words]

    @property
    def any(self) -> bool:
        """Whether a file has any such mapping."""
        return bool(self._calls)

    def has(self, text: ast.Constant) -> bool:
        """Whether a string asks a mapping of a network's parameters, or is a key of what a network is filled with."""
        if not self._calls:
            return False
        index = self._module.index
        parent = index.parent(text)
        if isinstance(parent, ast.Dict) and text in parent.keys:
            return any(value is parent for value in self._handed())
        if isinstance(parent, ast.Subscript) and parent.slice is text:
            written = isinstance(parent.ctx, ast.Store) and self._is_handed(parent.value)
            return written or (isinstance(parent.ctx, ast.Load) and self._is_mapping(parent.value))
        if isinstance(parent, ast.Call) and text in parent.args[:1] and isinstance(parent.func, ast.Attribute):
            return parent.func.attr in LOOK_UPS and self._is_mapping(parent.func.value)
        return (
            isinstance(parent, ast.Compare)
            and isinstance(parent.ops[0], (ast.In, ast.NotIn))
            and any(self._is_mapping(other) for other in parent.comparators)
        )

    def _is_mapping(self, node: ast.expr) -> bool:
        """Whether an expression is what ``net.parameters_dict()`` gives, itself or by a name."""
        if isinstance(node, ast.Name):
            bound = [s.value for s in self._assigned(node)]
            return bool(bound) and all(not isinstance(value, ast.Name) and self._is_mapping(value) for value in bound)
        return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in self._giving

    def _handed(self) -> Iterator[ast.expr]:
        """What functions that fill a network get, itself and as a name is bound to it."""
        for call in self._calls:
            filling = any(
                isinstance(v, Symbol) and v.name in self._filling for v in self._module.file.evaluate(call.func)
            )
            given = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "parameter_dict")] if filling else []
            for node in given:
                yield node
                if isinstance(node, ast.Name) and not self._is_renamed(node):
                    yield from (statement.value for statement in self._assigned(node))

    def _is_handed(self, node: ast.expr) -> bool:
        """Whether an expression is a name under which a network is filled."""
        index = self._module.index
        return isinstance(node, ast.Name) and any(
            isinstance(other, ast.Name)
            and other.id == node.id
            and index.scope(other) is index.scope(node)
            and not self._is_renamed(other)
            for other in self._handed()
        )

    def _assigned(self, name: ast.Name) -> list[ast.Assign]:
        """The assignments to a name in its scope."""
        index = self._module.index
        scope = index.scope(name)
        return [
            statement
            for statement in index.all(ast.Assign)
            if any(isinstance(t, ast.Name) and t.id == name.id for t in statement.targets)
            and index.scope(statement) is scope
        ]

    def _is_renamed(self, name: ast.Name) -> bool:
        """Whether entries of a mapping are taken out, as is done to give them other names."""
        index = self._module.index
        return any(
            node.attr in TAKING
            and isinstance(node.value, ast.Name)
            and node.value.id == name.id
            and index.scope(node) is index.scope(name)
            for node in index.all(ast.Attribute)
        )


def _name(func: ast.expr) -> str:
    """The last name of what is called."""
    return getattr(func, "attr", getattr(func, "id", ""))
