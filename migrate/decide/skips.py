"""The comments that ask to leave a place alone: ``# bn-migrate: skip``, with codes or without, and ``skip-file``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from migrate.choices import Line
from migrate.chosen import PREFIXES, unknown
from migrate.findings import Finding
from migrate.syntax.lines import Comment, comments
from migrate.syntax.source import Source, Span

SKIP_FILE = re.compile(r"#\s*bn-migrate:\s*skip-file\b")
SKIP_LINE = re.compile(r"#\s*bn-migrate:\s*skip\b(?!-)(?P<list>\s*\[(?P<codes>[^\]]*)(?P<end>\])?)?")
ALL = ("BN1", "BN2", "BN4")
"""What a comment without codes asks for: everything but notes."""


@dataclass(frozen=True, slots=True)
class Skips:
    """What the comments of a file ask for: the prefixes of the codes by line, or to leave the ``whole`` file."""

    lines: dict[int, tuple[str, ...]] = field(default_factory=dict)
    whole: bool = False

    def covers(self, first: int, last: int, *codes: str) -> bool:
        """Whether a comment on one of the lines covers one of the codes."""
        return any(covered(self.lines.get(n, ()), *codes) for n in range(first, last + 1))


def covered(prefixes: tuple[str, ...], *codes: str) -> bool:
    """Whether one of the codes, or of those that start with it, begins with one of the prefixes."""
    return any(code.startswith(prefix) or prefix.startswith(code) for code in codes for prefix in prefixes)


def read_skips(source: Source, left: Iterable[Line] = ()) -> Skips:
    """The comments of a file, and lines that are ``left`` since a person chose so."""
    lines: dict[int, tuple[str, ...]] = dict.fromkeys(_lines(source, left), ALL)
    whole = False
    for comment in _comments(source):
        if SKIP_FILE.search(comment.text):
            whole = whole or not source.line_text(comment.line)[:1].isspace()
        elif (prefixes := asked(comment.text)) is not None:
            lines[comment.line] = prefixes
    return Skips(lines, whole)


def _lines(source: Source, left: Iterable[Line]) -> Iterator[int]:
    """The lines of the text among those of all files; in a notebook they are counted in their cells."""
    mine = {(cell, line) for path, cell, line in left if path == source.path}
    if source.notebook is None:
        yield from (line for _, line in mine)
    elif mine:
        count = source.position(len(source.text))[0]
        yield from (n for n in range(1, count + 1) if source.notebook.place(n) in mine)


def asked(comment: str) -> tuple[str, ...] | None:
    """The prefixes of the codes that a comment asks to leave alone; None where it asks for nothing."""
    match = SKIP_LINE.search(comment)
    if match is None:
        return None
    return tuple(p for p in _listed(match) if p in PREFIXES) if match["list"] else ALL


def skip_mistakes(source: Source) -> Iterator[Finding]:
    """A review for each comment that lists what is no code: nothing is left alone for that."""
    for comment in () if read_skips(source).whole else _comments(source):
        match = SKIP_LINE.search(comment.text)
        if match is None or not match["list"]:
            continue
        wrong = [f"{unknown(p)}: it leaves nothing alone" for p in _listed(match) if p not in PREFIXES]
        wrong += [] if match["end"] else ["the list of codes has no end: close it with ]"]
        if wrong:
            start = comment.span.start
            place = source.location(Span(start + match.start(), start + match.end()))
            text = match.group()
            yield Finding("BN225", "review", "other", text, *place.span, "; ".join(wrong), text, text, cell=place.cell)


def _listed(match: re.Match[str]) -> list[str]:
    return [code.strip().upper() for code in match["codes"].split(",")]


def _comments(source: Source) -> Iterable[Comment]:
    return comments(source) if "bn-migrate:" in source.text else ()
