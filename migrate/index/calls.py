"""Calls that move values in a way of their own: attributes by name, containers, and what builds them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NamedTuple

from migrate.index.builder import Builder
from migrate.index.namespaces import namespace
from migrate.index.summary import (
    KEYS,
    METHOD,
    NO_LITERAL,
    NOBODY,
    PAIRS,
    PART,
    SENT,
    Call,
    Display,
    Use,
    element,
    iterated,
)
from migrate.syntax.paths import dotted, namespace_owner
from migrate.syntax.shapes import looks_like


class Passed(NamedTuple):
    """The arguments of a call as nodes."""

    positional: tuple[int, ...]
    keywords: tuple[tuple[str, int], ...]
    stars: tuple[tuple[int, int], ...]
    double_stars: tuple[int, ...]

    def all(self) -> list[int]:
        values = [*self.positional, *(v for _, v in self.keywords), *(v for _, v in self.stars), *self.double_stars]
        return values


Form = Callable[[Builder, ast.Call, int, Passed], int]
"""What a call of a name, or of a method of a node, gives."""


COPYING = frozenset({"copy.copy", "copy.deepcopy"})
"""Functions that give a copy of what they get."""


def plain_call(b: Builder, node: ast.Call, callee: int, passed: Passed) -> int:
    """A call that is followed when it is known what is called."""
    if callee == b.anything:
        return callee
    result = b.new()
    b.summary.calls.append(Call(callee, *passed, result, node.lineno, node.col_offset))
    _remember_copy(b, node, passed, result)
    return result


def _remember_copy(b: Builder, node: ast.Call, passed: Passed, result: int) -> None:
    """Remember ``deepcopy(x)`` of a parameter as it came: who returns that returns nothing of its own."""
    function, given = b.scope.function(), node.args[0] if node.args else None
    if function is None or not isinstance(given, ast.Name) or given.id not in function.sources:
        return
    if passed.positional[0] == function.names[given.id] and imported(b, dotted(node.func)) in COPYING:
        function.copied[result] = given.id


def imported(b: Builder, path: str) -> str:
    """What a path means that begins with a name which an import binds; empty for other paths."""
    first, dot, rest = path.partition(".")
    scope = b.scope.resolve(first)
    bound = scope.names[first] if scope is not None else NOBODY
    found = (f"{each.module}.{each.name or ''}".strip(".") for each in b.summary.imports if each.node == bound)
    whole = next(found, "")
    return f"{whole}{dot}{rest}" if whole else ""


def entered(b: Builder, manager: int, at: ast.expr, method: str) -> int:
    """What a context manager of the run gives, of whatever kind it is: itself, what it yields, or what it enters."""
    result = b.new()
    b.summary.calls.append(Call(b.load(manager, method), (), (), (), (), result, at.lineno, at.col_offset))
    return b.join((manager, b.load(manager, element()), result))


def _getattr(b: Builder, node: ast.Call, callee: int, passed: Passed) -> int:
    names = b.spellings(node.args[1]) if len(node.args) > 1 else []
    if not names or not passed.positional:
        return plain_call(b, node, callee, passed)
    base = passed.positional[0]
    for name in names:
        if name in b.members:
            b.summary.uses.append(Use(base, name, node.lineno, node.col_offset))
    methods = [b.load(base, (METHOD, name)) for name in names if name in METHODS]
    found = (b.spelled(name, b.load(base, name), node) for name in names)
    return b.join((*found, *methods, *passed.positional[2:]))


def _setattr(b: Builder, node: ast.Call, callee: int, passed: Passed) -> int:
    names = b.spellings(node.args[1]) if len(node.args) > 1 else []
    if not names or len(passed.positional) != 3:
        return plain_call(b, node, callee, passed)
    for name in names:
        b.store(passed.positional[0], name, passed.positional[2])
        if name in b.members:
            b.summary.uses.append(Use(passed.positional[0], name, node.lineno, node.col_offset))
    return b.anything


def put(b: Builder, base: int, key: ast.expr, given: int, source: ast.expr | None) -> None:
    """Put what ``source`` gives under a key; all of a mapping under its keys, where a loop over it does so."""
    mapping = b.paired(key, source)
    if mapping is not None:
        b.summary.merges.append((mapping, base))
    else:
        for each in b.keys(key):
            b.store(base, element(each), given)
        if not isinstance(key, ast.Constant):
            b.store(base, KEYS, b.nodes[key])
            b.opened.add(base)


def _dict(b: Builder, node: ast.Call, callee: int, passed: Passed) -> int:
    made = b.new()
    b.summary.displays.append(Display(made, passed.keywords, True, is_mapping=True))
    b.summary.merges += [(source, made) for source in (*passed.positional, *passed.double_stars)]
    for pairs in passed.positional:
        pair = b.load(pairs, (PAIRS, None))
        b.store(made, element(), b.load(pair, element(1)))
        b.store(made, KEYS, b.load(pair, element(0)))
    return made


def _names(b: Builder, node: ast.Call, callee: int, passed: Passed) -> int:
    """``globals()``, ``locals()`` and ``vars()`` without an object."""
    if node.args or node.keywords:
        return plain_call(b, node, callee, passed)
    is_module = getattr(node.func, "id", "") == "globals"
    return namespace(b, b.module if is_module else b.scope.around_comprehensions())


BY_NAME: dict[str, Form] = {
    "getattr": _getattr,
    "setattr": _setattr,
    "dict": _dict,
    **dict.fromkeys(("globals", "locals", "vars"), _names),
}


def _register(b: Builder, node: ast.Call, base: int, passed: Passed) -> int:
    """``add_module("name", value)`` and the like make attributes."""
    named = dict(passed.keywords)
    value = passed.positional[1] if len(passed.positional) > 1 else next(iter(named.values()), b.anything)
    names = b.spellings(node.args[0]) if node.args else []
    for name in names:
        b.store(base, name, value)
    if not names and passed.positional:
        _set(b, node, (base, passed.positional[0], value))
    return b.anything


def _set(b: Builder, node: ast.Call, given: tuple[int, int, int]) -> None:
    """An attribute is set under a name that nothing spells: object, name and value."""
    b.summary.calls.append(Call(b.name("setattr"), given, (), (), (), b.new(), node.lineno, node.col_offset))


def _put(b: Builder, node: ast.Call, base: int, passed: Passed) -> int:
    for value in passed.all():
        b.store(base, element(), value)
    return b.anything


def _set_item(b: Builder, node: ast.Call, base: int, passed: Passed) -> int:
    if len(node.args) == len(passed.positional) == 2:
        put(b, base, node.args[0], passed.positional[1], node.args[1])
    return b.anything


def _get_item(b: Builder, node: ast.Call, base: int, passed: Passed) -> int:
    is_one = len(node.args) == len(passed.positional) == 1
    return b.items(base, node.args[0], passed.positional[0]) if is_one else b.anything


def _insert(b: Builder, node: ast.Call, base: int, passed: Passed) -> int:
    b.reorder(base)
    return _put(b, node, base, passed)


def _reorder(b: Builder, node: ast.Call, base: int, passed: Passed) -> int:
    b.reorder(base)
    return b.anything


def _take(b: Builder, node: ast.Call, base: int, passed: Passed) -> int:
    b.reorder(base)
    return _look(b, node, base, passed)


def _extend(b: Builder, node: ast.Call, base: int, passed: Passed) -> int:
    for value in passed.all():
        b.store(base, element(), b.load(value, iterated()))
    return b.anything


def _update(b: Builder, node: ast.Call, base: int, passed: Passed) -> int:
    mappings = (*passed.positional, *passed.double_stars)
    b.summary.merges += [(source, base) for source in mappings]
    b.opened.add(base)
    for name, value in passed.keywords:
        b.store(base, element(name), value)
    owner = namespace_owner(node.func.value) if isinstance(node.func, ast.Attribute) else None
    if owner is not None:
        _set_attributes(b, node, b.nodes[owner], passed.keywords, mappings)
    return b.anything


def _set_attributes(
    b: Builder, node: ast.Call, owner: int, named: tuple[tuple[str, int], ...], mappings: tuple[int, ...]
) -> None:
    """``vars(x).update(...)`` sets attributes: those that are named, and under names that nobody spells."""
    for name, value in named:
        b.store(owner, name, value)
    for mapping in mappings:
        _set(b, node, (owner, b.constant(NO_LITERAL), b.load(mapping, element())))


def _look(b: Builder, node: ast.Call, base: int, passed: Passed) -> int:
    """``get``, ``pop`` and ``setdefault``: an element, or the default, which the last of them keeps there."""
    if not passed.positional:
        return b.load(base, element())
    default = passed.positional[1] if len(passed.positional) > 1 else b.anything
    if isinstance(node.func, ast.Attribute) and node.func.attr == "setdefault":
        put(b, base, node.args[0], default, node.args[1] if len(node.args) > 1 else None)
    return b.join((b.items(base, node.args[0], passed.positional[0]), default))


def _copy(b: Builder, node: ast.Call, base: int, passed: Passed) -> int:
    return base


def _values(b: Builder, node: ast.Call, base: int, passed: Passed) -> int:
    return b.load(base, (PART, None))


def _keys(b: Builder, node: ast.Call, base: int, passed: Passed) -> int:
    if base == b.anything:
        return base
    made = b.new()
    b.summary.displays.append(Display(made, ((None, b.load(base, KEYS)),)))
    return made


def _items(b: Builder, node: ast.Call, base: int, passed: Passed) -> int:
    """Pairs, of which the elements are told apart by place."""
    pair, made = b.new(), b.new()
    entries = ((0, b.load(base, KEYS)), (1, b.load(base, element())))
    b.summary.displays.append(Display(pair, entries))
    b.summary.displays.append(Display(made, ((None, pair),)))
    return made


def _format(b: Builder, node: ast.Call, base: int, passed: Passed) -> int:
    looks = looks_like(node)
    return b.constant(f"{NO_LITERAL}: {looks}") if looks else b.anything


def _submodule(b: Builder, node: ast.Call, base: int, passed: Passed) -> int:
    """``net.get_submodule("layer1.0")`` is the attribute of that path; so are parameters and buffers."""
    if not passed.positional:
        return b.anything
    result = b.new()
    given = (base, passed.positional[0])
    b.summary.calls.append(Call(b.name("getattr"), given, (), (), (), result, node.lineno, node.col_offset))
    return result


def _send(b: Builder, node: ast.Call, base: int, passed: Passed) -> int:
    """``generator.send(value)``: the generator gets it, and yields something."""
    for given in passed.positional[:1]:
        b.store(base, SENT, given)
    return b.load(base, element())


def _enter(b: Builder, node: ast.Call, base: int, passed: Passed) -> int:
    """``stack.enter_context(manager)``."""
    if len(passed.positional) != 1:
        return b.anything
    method = "__aenter__" if getattr(node.func, "attr", "") == "enter_async_context" else "__enter__"
    return entered(b, passed.positional[0], node, method)


def _sort(b: Builder, node: ast.Call, base: int, passed: Passed) -> int:
    """``items.sort(key=function)``: it gets the elements."""
    for callee in (given for name, given in passed.keywords if name == "key"):
        given = (b.load(base, element()),)
        b.summary.calls.append(Call(callee, given, (), (), (), b.new(), node.lineno, node.col_offset))
    return _reorder(b, node, base, passed)


def _tree(name: str) -> Form:
    """The layers of a network, as its method ``name`` gives them."""

    def given(b: Builder, node: ast.Call, base: int, passed: Passed) -> int:
        method, result = b.load(base, name), b.new()
        b.summary.calls.append(Call(method, (), (), (), (), result, node.lineno, node.col_offset))
        return result

    return given


def _named_tree(b: Builder, node: ast.Call, base: int, passed: Passed) -> int:
    """Pairs of the names of layers and these."""
    return _items(b, node, _tree("modules")(b, node, base, passed), passed)


METHODS: dict[str, Form] = {
    **dict.fromkeys(("add_module", "register_module", "register_buffer", "register_parameter"), _register),
    **dict.fromkeys(("append", "add", "register"), _put),
    **dict.fromkeys(("insert", "appendleft"), _insert),
    **dict.fromkeys(("extend", "extendleft"), _extend),
    **dict.fromkeys(("get", "setdefault"), _look),
    **dict.fromkeys(("pop", "popleft", "popitem"), _take),
    **dict.fromkeys(("remove", "reverse", "rotate", "__delitem__"), _reorder),
    "__setitem__": _set_item,
    "__getitem__": _get_item,
    "__iadd__": _extend,
    "__ior__": _update,
    "copy": _copy,
    "sort": _sort,
    "format": _format,
    **dict.fromkeys(("get_submodule", "get_parameter", "get_buffer"), _submodule),
    "keys": _keys,
    "values": _values,
    "items": _items,
    "cells": _tree("children"),
    **dict.fromkeys(("cells_and_names", "named_modules", "named_children"), _named_tree),
    "update": _update,
    **dict.fromkeys(("send", "asend"), _send),
    **dict.fromkeys(("enter_context", "enter_async_context"), _enter),
}
"""Methods of containers, by name: on objects that are none, the call is followed besides."""


def hand_on(b: Builder, node: ast.Call) -> None:
    """What a call gets, or is a method of, may have other attributes and elements behind it."""
    if isinstance(node.func, ast.Attribute):
        b.forget_behind(dotted(node.func.value))
    if getattr(node.func, "id", "") not in LOOKS:
        for argument in (*node.args, *(k.value for k in node.keywords)):
            b.forget_behind(dotted(argument.value if isinstance(argument, ast.Starred) else argument))


LOOKS = frozenset({"isinstance", "issubclass", "type", "len", "hasattr", "getattr", "print", "id", "repr", "str"})
"""Functions that leave what they get as it is."""
