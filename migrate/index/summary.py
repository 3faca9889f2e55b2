"""The flow graph of one file, as data: small, picklable, and made without a look at any other file.

A node is a number that stands for everything an expression, a variable, a parameter or a result can hold. Edges say
what moves where; who they lead to in other files is found when summaries are linked.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

ELEMENT = "[]"
SLICE = "[:]"
PART = "[:*]"
ORDER = "[~]"
PAIRS = "[=]"
METHOD = "[.]"
ITERATED = "[*]"

COMPUTED = "*"
"""What names of attributes look like of which nothing is known."""

Key = str | tuple[str, object]
"""What is loaded or stored: an attribute, or ``(ELEMENT, key)`` for an element, where the key is None for any.

``(SLICE, bounds)`` is what a slice gives, and ``(PART, bounds)`` a list of such elements, where bounds
of None are not known. ``(PAIRS, None)`` any element that has no name, as the pairs
have that a dict is made of, and ``(ITERATED, None)`` what a loop gives: any element, or of a mapping any key. What is
stored under ``(ORDER, None)`` is the same elements in another order, and under ``(COMPUTED, pattern)`` an attribute
whose name looks like a file name pattern. ``(METHOD, name)`` is a method of a container that is not called at once.
"""

SOMEWHERE = -1
Bounds = tuple[int | None, int | None]
"""The place of the first element of a slice, None where it is not known; and the place behind its last.

That is None for the end of what is sliced, and SOMEWHERE if it is not known.
"""

KEYS = "keys of"
"""The name under which a mapping has its keys."""

SENT, RETURNED = "sent to", "returned by"
"""The names under which a generator has what ``send`` passes, and what it returns."""

REGISTERED = "registered with"
"""The name under which a function has those that are registered with it."""

NO_LITERAL = "something that is no literal"
"""Stands for a value that is not followed, but is no class or layer."""

NOBODY = -1
"""Stands for a node or an owner that is not there."""


def iterated() -> tuple[str, object]:
    """The key of what a loop over something gives."""
    return ITERATED, None


def element(key: object = None) -> tuple[str, object]:
    """The key of an element: of the one under ``key``, or of any."""
    return ELEMENT, key


class Place(NamedTuple):
    """Where an expression starts and ends, with lines and columns as ``ast`` counts them."""

    line: int
    column: int
    end_line: int
    end_column: int


def place_of(node: ast.expr | ast.arg) -> Place | None:
    """Where an expression or a parameter starts and ends."""
    if node.end_lineno is None or node.end_col_offset is None:
        return None
    return Place(node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)


class Call(NamedTuple):
    """A call: ``stars`` are the unpacked positional arguments with their places, ``double_stars`` the mappings."""

    callee: int
    positional: tuple[int, ...]
    keywords: tuple[tuple[str, int], ...]
    stars: tuple[tuple[int, int], ...]
    double_stars: tuple[int, ...]
    result: int
    line: int
    column: int


class Function(NamedTuple):
    """A function or lambda. ``owner`` is the node of the class it is a method of; ``kind`` how it is bound there.

    ``number`` is its place among the functions of the file.
    """

    node: int
    name: str
    parameters: tuple[tuple[str, int], ...]
    keyword_only: tuple[tuple[str, int], ...]
    rest: int
    keyword_rest: int
    result: int
    owner: int
    kind: Literal["plain", "static", "class", "property"]
    line: int
    number: int


class Class(NamedTuple):
    """A class: the nodes of its bases, its keywords, and of the names that its body binds.

    ``fields`` are the annotated names in order, which a dataclass or named tuple takes as arguments; ``registered`` the
    attributes that the constructor sets, in order.
    """

    node: int
    name: str
    bases: tuple[int, ...]
    keywords: tuple[tuple[str, int], ...]
    members: dict[str, int]
    fields: tuple[str, ...]
    registered: tuple[str, ...]
    line: int


class Display(NamedTuple):
    """A container that the file spells out, or that a comprehension makes: keys with nodes, None for any key.

    ``is_plain``: each of its elements is written out, or one of those of the containers ``of``. ``is_mapping``: it is a
    dict.
    ``promised``: an annotation names it, a container of such elements or the class that is the one element.
    """

    node: int
    entries: tuple[tuple[object, int], ...]
    is_plain: bool = False
    is_mapping: bool = False
    of: tuple[int, ...] = ()
    promised: str = ""


class Import(NamedTuple):
    """``from <level dots>module import name``, or ``import module`` where the name is None."""

    node: int
    level: int
    module: str
    name: str | None


class Use(NamedTuple):
    """A place that spells one of the names that rules speak about, on the object ``base``."""

    base: int
    name: str
    line: int
    column: int


class LookUp(NamedTuple):
    """``result`` holds what ``base`` has under a key that ``key`` gives."""

    base: int
    key: int
    result: int


class Test(NamedTuple):
    """``narrowed`` holds what ``subject`` holds, as far as it may be an instance of ``classes``."""

    subject: int
    classes: int
    narrowed: int


class Membership(NamedTuple):
    """``narrowed`` holds what ``subject`` holds, as far as it may be an element of ``container``."""

    subject: int
    container: int
    narrowed: int


class Unpacked(NamedTuple):
    """``results`` hold the layers of the network that ``base`` holds, by their places."""

    base: int
    results: tuple[int, ...]


class Computed(NamedTuple):
    """The result of ``left operator right``; of ``a + b``, it has the elements of both where these are containers."""

    result: int
    left: int
    right: int
    operator: str


@dataclass(slots=True)
class Part:
    """Functions, and edges between nodes: of a file, or of a function with those inside of it.

    ``instances`` lead from a class to what holds its instances, as annotations promise. ``merges`` lead from a mapping
    to one that takes its elements over.
    """

    copies: list[tuple[int, int]] = field(default_factory=list)
    loads: dict[tuple[int, Key], int] = field(default_factory=dict)
    stores: list[tuple[int, Key, int]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    tests: list[Test] = field(default_factory=list)
    memberships: list[Membership] = field(default_factory=list)
    asked: list[Test] = field(default_factory=list)
    """Tests by functions, which stand in the place of the classes that they may tell."""
    excluded: list[Test] = field(default_factory=list)
    """Tests that do not hold: what is narrowed is an instance of none of the classes."""
    unpacked: list[Unpacked] = field(default_factory=list)
    instances: list[tuple[int, int]] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)
    displays: list[Display] = field(default_factory=list)
    merges: list[tuple[int, int]] = field(default_factory=list)
    look_ups: list[LookUp] = field(default_factory=list)
    without_none: list[int] = field(default_factory=list)
    """The nodes that hold what others do, but for None."""
    computed: list[Computed] = field(default_factory=list)
    operated: list[tuple[int, int, str]] = field(default_factory=list)
    """The results of operators of one side, with what stands there and the name of the method."""


@dataclass(slots=True)
class Summary(Part):
    """All that flow needs to know of a file; nodes are numbered from 0.

    ``owners`` has for each node the number of the function that it belongs to, NOBODY at module level. ``exports`` are
    the names at module level, and ``free`` those that nothing in the file binds.
    """

    path: str = ""
    owners: list[int] = field(default_factory=list)
    classes: list[Class] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    stars: list[tuple[int, str]] = field(default_factory=list)
    given_back: dict[int, dict[int, None]] = field(default_factory=dict)
    """The parameters that functions return as they came, which no edge leads to what they return."""
    tells: dict[int, int] = field(default_factory=dict)
    """For functions by number, the classes of which their arguments are where they are true."""
    exports: dict[str, int] = field(default_factory=dict)
    free: dict[str, int] = field(default_factory=dict)
    places: dict[int, Place] = field(default_factory=dict)
    """The first expression that each node stands for."""
    constants: dict[int, object] = field(default_factory=dict)
    mixed: list[int] = field(default_factory=list)
    """The nodes that also hold what is computed, such as ``1 - x``."""
    uses: list[Use] = field(default_factory=list)
    supers: list[tuple[int, str, int]] = field(default_factory=list)
    """``super().name`` inside the class of a node, and where it goes."""
