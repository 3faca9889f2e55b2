"""From the tree of a file to its summary."""

from __future__ import annotations

import ast

from migrate.index.builder import Builder, Nodes, Words
from migrate.index.namespaces import list_namespaces
from migrate.index.scopes import bound_names
from migrate.index.statements import block
from migrate.index.summary import Summary


def summarise(path: str, tree: ast.Module, words: Words, nodes: Nodes | None = None) -> Summary:
    """The flow graph of a file; ``nodes`` is filled with the nodes of its expressions."""
    b = Builder(path, words, Nodes() if nodes is None else nodes)
    names, _ = bound_names(tree.body)
    b.reserve(names)
    block(b, tree.body)
    while b.later:
        b.later.pop()()
    list_namespaces(b)
    b.summary.exports = b.module.names
    for name in b.summary.free.keys() & b.module.names.keys():
        b.copy(b.module.names[name], b.summary.free.pop(name))  # bound by another function, as globals() allows
    return b.summary
