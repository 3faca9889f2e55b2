"""Small readings of the syntax tree that several modules share."""

from __future__ import annotations

import ast
from unicodedata import normalize


def passed(call: ast.Call) -> list[ast.expr]:
    """What a call passes: its arguments, then the values of its keywords; what a star unpacks instead of the star."""
    positional = (a.value if isinstance(a, ast.Starred) else a for a in call.args)
    return [*positional, *(k.value for k in call.keywords)]


def has_decorator(function: ast.AST, name: str) -> bool:
    """Whether a function is decorated by a plain ``name``, such as staticmethod."""
    return any(getattr(d, "id", "") == name for d in getattr(function, "decorator_list", ()))


def plain_name(word: str) -> str:
    """A name as Python has it, which is the same for several ways to write it."""
    return word if word.isascii() else normalize("NFKC", word)


def field_names(cls: ast.ClassDef) -> list[str]:
    """The annotated names of a class body in order, which are the fields of a dataclass or named tuple."""
    return [s.target.id for s in cls.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)]
