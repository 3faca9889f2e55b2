"""What the bytes of a file tell of its names, without a parse: what a comment or a string holds may be among them."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cached_property

from migrate.index.imports import WORD, name_of, without_imports

HEADER = re.compile(
    rf"^[ \t]*class[ \t]+({WORD})[ \t]*(?:\[[^\]\n]*\])?[ \t]*(\((?:[^()]|\([^()]*\))*\)|\()?".encode("latin-1"),
    re.MULTILINE,
)
LINE_COMMENT = re.compile(rb"^[ \t]*#.*", re.MULTILINE)
COMMENT = re.compile(rb"#[^\n]*")
DOTTED = re.compile(rf"{WORD}(?:\.{WORD})*".encode("latin-1"))
OPAQUE = "("
"""Stands for bases that are nested too deep to be read here."""
IDENTIFIER = re.compile(WORD.encode("latin-1"))
APART = bytes(byte if byte >= 0x80 or chr(byte).isalnum() or byte == ord("_") else ord(" ") for byte in range(256))
"""A table that leaves spaces of all that is part of no name."""
GAP = r"(?:[\s)\]}\\]|#[^\n]*\n)*"
BOUND = re.compile(rf"\b(?:def|class|as)(?:[ \t]|\\\r?\n)+({WORD})|({WORD}){GAP}(?:[,:]|=[^=]|in\b)".encode("latin-1"))
"""Names that may be bound there: arguments and the keys of dicts are among them."""
INSIDE = re.compile(
    rb"^((?:async[ \t]+)?(?:def|class)(?:[ \t]|\\\r?\n)+[\w\x80-\xff]+).*(?:\n(?:[ \t\r\f)\]}#].*)?)*", re.MULTILINE
)
"""What belongs to a function or class at the margin, behind its name."""
PART = re.compile(
    rf"^(?:async[ \t]+)?(?:def|class)[ \t]+({WORD}).*(?:\n(?:[ \t\r\f)\]}}#].*)?)*".encode("latin-1"), re.MULTILINE
)
GLOBAL = re.compile(rb"\bglobal(?:[ \t]|\\\r?\n)+((?:[^\n;#\\]|\\\r?\n)+)")
PUTS = "append|insert|extend|update|setdefault|add_module|register_module|__setitem__"
GIVEN = re.compile(
    rf"(?<!\bself)\.({WORD})\s*(?::[^\n=]*)?=[^=]|\.({WORD})(?:\[[^\]\n]*\]\s*=[^=]|\.(?:{PUTS})\()".encode("latin-1")
)
FILLED = re.compile(rf"(?<![.\w])({WORD})(?:\[[^\]\n]*\]\s*=[^=]|\.(?:{PUTS}|add|register)\()".encode("latin-1"))
SETS = re.compile(rb"\b(?:setattr|add_module|register_module)\(")
MEMBER = re.compile(
    rf"\.({WORD})\s*(?::[^\n=]*)?=[^=]|\bdef[ \t]+({WORD})|^[ \t]+({WORD})[ \t]*(?::[^\n=]*)?=[^=]".encode("latin-1"),
    re.MULTILINE,
)
ALONE = r"(?:\s|#[^\n]*\n)*"
STRING = rf"(?:\"\w+\"|'\w+'){ALONE}"
STRINGS = rf"[\[(]{ALONE}((?:{STRING},{ALONE})*(?:{STRING})?)[\])]"
PUBLIC = re.compile(
    rf"^__all__[ \t]*(?::[^=\n]+)?=[ \t]*{STRINGS}[ \t]*(?:#.*)?\r?$".encode(),
    re.MULTILINE,
)
QUOTED = re.compile(rb"\w+(?=[\"'])")


class Outline:
    """The names of one file; each kind is looked for when it is first asked for."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    @cached_property
    def _code(self) -> bytes:
        """The file without the comments that have a line of their own."""
        return LINE_COMMENT.sub(b"", self.data)

    @cached_property
    def words(self) -> set[str]:
        """Every name that stands in the file."""
        return words_of(self.data)

    @cached_property
    def code_words(self) -> set[str]:
        """Every name that stands outside of its imports."""
        return words_of(without_imports(self._code))

    @cached_property
    def replaced(self) -> set[str]:
        """The names that its classes may give a meaning: attributes of ``self``, methods, what a body binds."""
        return _names(MEMBER, self._code)

    @cached_property
    def given(self) -> set[str]:
        """The attributes of objects that it may assign or fill, those that it spells as strings among them."""
        strings = QUOTED.findall(self._code) if SETS.search(self._code) else []
        return _names(GIVEN, self._code) | set(map(name_of, strings))

    @cached_property
    def parts(self) -> dict[str, bytes]:
        """The text of the functions and classes at the margin, by name."""
        found: dict[str, bytes] = {}
        for part in PART.finditer(self._code):
            name = name_of(part[1])
            found[name] = found.get(name, b"") + part[0]
        return found

    def made_of(self, names: Collection[str]) -> set[str]:
        """What it binds at the margin by code that spells one of ``names``, or something that is made so."""
        found, todo = set(names), list(names)
        beside, rest = self._beside
        for word in todo:
            more = self._makers.get(word, ())
            if rest and word in beside:
                more, rest = (*more, *rest), ()
            new = [name for name in more if name not in found]
            todo += new
            found.update(new)
        return found.difference(names)

    @cached_property
    def _makers(self) -> dict[str, list[str]]:
        """The functions and classes at the margin by the names that stand in them."""
        found: dict[str, list[str]] = {}
        for name, text in self.parts.items():
            for word in words_of(text):
                found.setdefault(word, []).append(name)
        return found

    @cached_property
    def _beside(self) -> tuple[set[str], tuple[str, ...]]:
        """The names that stand beside functions and classes, and the others at the margin, which are bound there."""
        words = words_of(without_imports(PART.sub(b"", self._code)))
        return words, tuple(sorted(self.margin - self.parts.keys()))

    @cached_property
    def margin(self) -> set[str]:
        """What it may bind at the margin, other than by an import."""
        inside = b",".join(GLOBAL.findall(self._code))
        return _names(BOUND, INSIDE.sub(rb"\1\n", self._code)) | set(map(name_of, IDENTIFIER.findall(inside)))

    @cached_property
    def filled(self) -> set[str]:
        """What it binds at the margin and puts something into."""
        return self.margin.intersection(map(name_of, FILLED.findall(self._code)))

    @cached_property
    def public(self) -> set[str] | None:
        """The names of its ``__all__``; None where it has none, or one that is not a display of strings."""
        found = PUBLIC.findall(self._code) if self.has_public else []
        told = len(found) == 1 == self._code.count(b"__all__")
        return {name.decode() for name in QUOTED.findall(found[0])} if told else None

    @cached_property
    def has_public(self) -> bool:
        """Whether it may have an ``__all__``."""
        return b"__all__" in self._code

    @cached_property
    def headers(self) -> dict[str, list[str]]:
        """The names in the headers of its classes, by the name of the class."""
        found: dict[str, list[str]] = {}
        for name, bases in HEADER.findall(COMMENT.sub(b"", self.data)):
            names = [OPAQUE] if bases == OPAQUE.encode() else [name_of(n) for n in DOTTED.findall(bases)]
            found.setdefault(name_of(name), []).extend(names)
        return found


def words_of(data: bytes) -> set[str]:
    """Every name that stands in a piece of a file; what begins with a digit is none."""
    return {name_of(word) for word in set(data.translate(APART).split()) if not word[:1].isdigit()}


def _names(pattern: re.Pattern[bytes], data: bytes) -> set[str]:
    return {name_of(word) for words in pattern.findall(data) for word in words if word}
