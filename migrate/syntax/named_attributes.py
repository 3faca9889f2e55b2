"""Attributes that code names in a string: ``getattr(x, "name")`` is ``x.name``, and is read as it."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Callable

LOOKUP = "getattr"


def read_as_attributes(tree: ast.Module, text: str, segment: Callable[[ast.expr], str]) -> ast.Module:
    """``tree`` with an attribute in the place of every ``getattr(x, "name")``; ``segment`` gives the text of a node.

    It stays a call where the file binds ``getattr`` itself, and where a comment stands inside, which has to stay.
    """
    if LOOKUP not in text or any(map(_binds_lookup, ast.walk(tree))):
        return tree
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                value[:] = [_attribute(v, segment) for v in value]
                todo += [v for v in value if isinstance(v, ast.AST)]
            elif isinstance(value, ast.AST):
                setattr(node, name, _attribute(value, segment))
                todo.append(getattr(node, name))
    return tree


def _attribute(node: object, segment: Callable[[ast.expr], str]) -> object:
    """The attribute that ``node`` looks up; ``node`` itself where it is anything else."""
    if not isinstance(node, ast.Call) or getattr(node.func, "id", "") != LOOKUP or len(node.args) != 2 or node.keywords:
        return node
    owner, name = node.args
    if isinstance(owner, ast.Starred) or not isinstance(name, ast.Constant) or not _is_attribute(name.value):
        return node
    text = segment(node)
    if not text.startswith(LOOKUP) or "#" in text:
        return node
    return ast.copy_location(ast.Attribute(owner, str(name.value), ast.Load()), node)


def _is_attribute(name: object) -> bool:
    """Whether ``name`` can stand behind a dot."""
    return isinstance(name, str) and name.isidentifier() and not keyword.iskeyword(name)


def _binds_lookup(node: ast.AST) -> bool:
    """Whether a node gives the name ``getattr`` a meaning of its own."""
    if isinstance(node, ast.Name):
        return node.id == LOOKUP and not isinstance(node.ctx, ast.Load)
    names = (getattr(node, "name", ""), getattr(node, "asname", ""), getattr(node, "arg", ""))
    return isinstance(node, ast.AST) and LOOKUP in names
