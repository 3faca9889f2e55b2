"""The names of scopes as mappings: ``globals()`` and ``locals()``."""

from __future__ import annotations

from migrate.index.builder import Builder
from migrate.index.scopes import Scope
from migrate.index.summary import Display, element


def namespace(b: Builder, scope: Scope) -> int:
    """The node of the names of a scope as a mapping."""
    return b.namespaces.setdefault(id(scope), (scope, b.new_of(scope.number)))[1]


def list_namespaces(b: Builder) -> None:
    """Let the namespaces have the names of their scopes, when all is read."""
    for scope, node in b.namespaces.values():
        b.summary.displays.append(Display(node, tuple(scope.names.items()), is_mapping=True))
        named = [*scope.names.items(), *b.summary.free.items()] if node in b.opened else []
        for name, to in named:
            b.copy(b.load(node, element(name)), to)
