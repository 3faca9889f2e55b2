"""What analysis asks rewriting to do: plain data, tied to syntax nodes by position."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Literal

PLACE = re.compile(r"\{([^\W\d]\w*(?:\.\w+)*)\}")
"""In the text of a Write: a part of the node, or something imported where the name is qualified."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What happens to the text of one argument.

    ``literal`` replaces it by ``text``; ``complement`` writes 1 - it; ``wrap`` writes ``text(it)``;
    ``template`` fills it into ``text`` as {value}, where it stands as the test of a conditional expression.
    """

    kind: Literal["keep", "literal", "complement", "wrap", "template"] = "keep"
    text: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One argument: dropped, given a keyword, or given another value."""

    drop: bool = False
    keyword: str = ""
    operation: Operation = Operation()


@dataclass(frozen=True, slots=True)
class ReferTo:
    """A reference to a class becomes a reference to ``target``, spelled as the file's imports have it."""

    node: ast.expr
    target: str


@dataclass(frozen=True, slots=True)
class ChangeArguments:
    """Changes in a call, dict, tuple or list, by the place of the argument in the text; ``append`` adds keywords."""

    node: ast.expr
    changes: tuple[tuple[int, Change], ...]
    append: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CallMethod:
    """``node`` becomes ``node.text``, for instance ``BatchNorm2d(3).set_train()``."""

    node: ast.expr
    text: str


@dataclass(frozen=True, slots=True)
class RenameAttribute:
    """``owner.old`` becomes ``owner.to``, which may be a path."""

    node: ast.Attribute
    to: str


@dataclass(frozen=True, slots=True)
class ReplaceMethod:
    """``owner.method(...)`` becomes ``owner.text``."""

    node: ast.Call
    text: str


@dataclass(frozen=True, slots=True)
class SetTensor:
    """An in-place initialisation or assignment becomes ``tensor.set_data(value)``.

    ``attribute`` is the new name of the tensor. ``tensor`` and ``arguments`` are read from the statement:
    of a call ``f(tensor, ...)``, of ``tensor[.data].method(...)``, or of ``tensor.data = value``.
    """

    node: ast.Call | ast.Assign
    form: Literal["function", "method", "assignment"]
    attribute: str
    value: str
    arguments: tuple[tuple[str, int | str], ...]


@dataclass(frozen=True, slots=True)
class ReplaceStatement:
    """``owner.method()`` on a line of its own becomes ``lines``, with {object} and {fresh} filled in."""

    node: ast.Expr
    lines: tuple[str, ...]
    fresh: str


@dataclass(frozen=True, slots=True)
class AddLines:
    """``lines``, with ``owner`` filled in as {object}, go behind ``node``, which ends its line."""

    node: ast.stmt
    lines: tuple[str, ...]
    owner: str


@dataclass(frozen=True, slots=True)
class KeepClasses:
    """``node``, a test for classes, is left with those whose places in the text are among ``keep``."""

    node: ast.expr
    keep: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RepeatBranch:
    """The if or elif that ``node`` covers, to the end of a line, follows once more, as an elif after ``edits``."""

    node: ast.stmt
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class ReplaceExpression:
    """``node`` becomes ``text``, such as the name of a method where it is defined."""

    node: ast.expr
    text: str


@dataclass(frozen=True, slots=True)
class MakeStatic:
    """The header of a method, ``def name(self, ...)``, becomes that of a static one with ``parameters``."""

    node: ast.expr
    parameters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Write:
    """The text of ``node`` becomes ``text``, in which {name} stands for the text of one of the ``parts``.

    ``{package.name}`` stands for something imported, spelled as the file has it.
    """

    node: ast.expr | ast.stmt | ast.keyword
    text: str
    parts: tuple[tuple[str, ast.expr], ...] = ()


@dataclass(frozen=True, slots=True)
class NeedImport:
    """The edits of a finding use a name that the file must import, by its qualified name."""

    name: str


@dataclass(frozen=True, slots=True)
class SwapImport:
    """``alias`` is imported from ``module`` as ``name`` instead; the name in the file stays."""

    statement: ast.ImportFrom
    alias: ast.alias
    module: str
    name: str


@dataclass(frozen=True, slots=True)
class RemoveImport:
    """``alias`` goes, and the statement with its last one."""

    statement: ast.Import | ast.ImportFrom
    alias: ast.alias


Edit = (
    ReferTo
    | ChangeArguments
    | CallMethod
    | RenameAttribute
    | ReplaceMethod
    | SetTensor
    | ReplaceStatement
    | AddLines
    | KeepClasses
    | RepeatBranch
    | ReplaceExpression
    | MakeStatic
    | Write
    | NeedImport
    | SwapImport
    | RemoveImport
)


@dataclass(frozen=True, slots=True)
class Spelling:
    """How the rewritten file spells what the edits need.

    ``references`` gives the text for each ReferTo node, ``needed`` the local name for each NeedImport.
    ``inserted`` is the text of new import statements, which goes in at offset ``at``; ``own``: where the top-level
    imports of the project's own modules start.
    """

    references: dict[ast.AST, str]
    needed: dict[str, str]
    inserted: str = ""
    at: int = 0
    own: frozenset[int] = frozenset()
