"""What the bytes of a file tell of its names, without a parse: what a comment or a string holds may be among them."""

from __future__ import annotations

import builtins
import re
from functools import cached_property

from migrate.analysis.importing import WORD, name_of, without_imports

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
BARE = re.compile(rf"{WORD}(?![\w\x80-\xff]|\s*\.)".encode("latin-1"))
GAP = r"(?:[\s)\]}\\]|#[^\n]*\n)*"
BOUND = re.compile(rf"\b(?:def|class|as)(?:[ \t]|\\\r?\n)+({WORD})|({WORD}){GAP}(?:[,:]|=[^=]|in\b)".encode("latin-1"))
"""Names that may be bound there: arguments and the keys of dicts are among them."""
INSIDE = re.compile(
    rb"^((?:async[ \t]+)?(?:def|class)(?:[ \t]|\\\r?\n)+[\w\x80-\xff]+).*(?:\n(?:[ \t\r\f)\]}#].*)?)*", re.MULTILINE
)
"""What belongs to a function or class at the margin, behind its name."""
GLOBAL = re.compile(rb"\bglobal(?:[ \t]|\\\r?\n)+((?:[^\n;#\\]|\\\r?\n)+)")
ASSIGNED = re.compile(
    rf"\b(?:def|as|for)[ \t]+({WORD})|^[ \t]*({WORD})[ \t]*(?::[^\n=]*)?=[^=]".encode("latin-1"), re.MULTILINE
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
        return set(map(name_of, IDENTIFIER.findall(self.data)))

    @cached_property
    def margin(self) -> set[str]:
        """What it may bind at the margin, other than by an import."""
        inside = b",".join(GLOBAL.findall(self._code))
        return _names(BOUND, INSIDE.sub(rb"\1\n", self._code)) | set(map(name_of, IDENTIFIER.findall(inside)))

    @cached_property
    def bare(self) -> set[str]:
        """Names that stand somewhere without a dot behind them, other than in an import."""
        return set(map(name_of, BARE.findall(without_imports(self._code))))

    @cached_property
    def bound(self) -> set[str]:
        """What it may define or assign anywhere; a builtin only where it stands at the margin."""
        return {name for name in _names(BOUND, self._code) if not hasattr(builtins, name)} | self.margin

    @cached_property
    def assigned(self) -> set[str]:
        """What it binds other than by a class or an import."""
        return _names(ASSIGNED, self.data)

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


def _names(pattern: re.Pattern[bytes], data: bytes) -> set[str]:
    return {name_of(word) for words in pattern.findall(data) for word in words if word}
