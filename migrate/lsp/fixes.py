"""What can be done about one finding, or a file, as edits of its text. Nothing here knows the protocol."""

from __future__ import annotations

import difflib
import io
import re
import tokenize
from collections.abc import Callable, Iterable, Mapping

from migrate.api import encoded
from migrate.errors import FileError
from migrate.findings import Finding, Result
from migrate.lsp.text import Edit, Text, edited
from migrate.syntax.source import LINE_END

MARK = "  # bn-migrate: skip"
IMPORTED = re.compile(r"(?:import|from)\s.*?(\w+)\s*$")
Trial = Callable[[bytes], Mapping[str, Result]]
"""Gives what the files that are connected with this one would become, with other text in it."""


def whole(before: str, after: str) -> list[Edit]:
    """The edits, by lines, that make ``after`` of ``before``."""
    old, new = _lines(before), _lines(after)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [
        Edit(starts[first], starts[last], "".join(new[start:end]))
        for tag, first, last, start, end in blocks
        if tag != "equal"
    ]


class Marks:
    """Where a text can take the comment that asks to leave a place alone."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._closed = _closed_lines(text.text)

    def skip(self, finding: Finding) -> Edit | None:
        """The comment for a place; None where no line of it can take one."""
        for line in range(finding.end_line, finding.line - 1, -1):
            if self._closed is not None and line not in self._closed:
                end = self._text.starts[line - 1] + len(self._text.line(line - 1))
                return Edit(end, end, MARK)
        return None

    def all(self, findings: Iterable[Finding]) -> list[Edit] | None:
        """The comments for all places but imports, each line once; None where one cannot take it."""
        edits: dict[int, Edit] = {}
        for finding in findings:
            if finding.role != "import":
                edit = self.skip(finding)
                if edit is None:
                    return None
                edits[edit.start] = edit
        return list(edits.values())


def offered(text: Text, finding: Finding, result: Result) -> list[Edit]:
    """What a review offers to write, and the imports of the rewritten file that it needs and this one lacks."""
    start, end = text.span(finding)
    names = set(re.findall(r"\w+", finding.suggestion)) - set(re.findall(r"\w+", finding.before))
    edits = [Edit(start, end, finding.suggestion)]
    for edit in whole(text.text, result.text) if result.changed else ():
        lines = [line for line in _lines(edit.new) if (m := IMPORTED.match(line.rstrip())) and m.group(1) in names]
        old = _lines(text.text[edit.start : edit.end])
        if wanted := [line for line in lines if line not in old]:
            edits.append(Edit(edit.end, edit.end, "".join(wanted)))
    return edits


def single(
    text: Text, findings: Iterable[Finding], results: Mapping[str, Result], path: str, trial: Trial
) -> list[Edit] | None:
    """The edits that carry out the rewrites on the lines of ``findings`` alone; None where that is not sound.

    It is where both hold: with a mark on those lines everything else, in all files, comes out as it does without; and
    with a mark on all other rewrites these still come out. So the engine itself tells what depends on what, but for a
    test of classes: it meets whatever is made elsewhere.
    """
    wanted = {line for f in findings for line in range(f.line, f.end_line + 1)}
    rewrites = [f for f in results[path].findings if f.kind == "rewrite" and f.role != "import"]
    mine = [f for f in rewrites if _touches(f, wanted)]
    marks = Marks(text)
    without, only = marks.all(mine), marks.all(f for f in rewrites if f not in mine)
    if not mine or without is None or only is None or _tested(mine, results, path, wanted):
        return None
    if _decisions(trial(_bytes(edited(text.text, without))), path, wanted) != _decisions(results, path, wanted):
        return None
    alone = trial(_bytes(edited(text.text, only))).get(path)
    if alone is None or alone.error is not None:
        return None
    done = [(f.line, f.before) for f in alone.findings if f.kind == "rewrite" and f.role != "import"]
    return _unmarked(text, only, alone) if done == [(f.line, f.before) for f in mine] else None


def _tested(mine: list[Finding], results: Mapping[str, Result], path: str, lines: set[int]) -> bool:
    """Whether a class test and what it may meet would belong to different frameworks."""
    elsewhere = [
        f
        for name, result in results.items()
        for f in result.findings
        if f.kind == "rewrite" and f.role != "import" and not (name == path and _touches(f, lines))
    ]
    if any(f.role == "isinstance" for f in mine):
        return bool(elsewhere)
    return any(f.role == "isinstance" for f in elsewhere)


def _decisions(results: Mapping[str, Result], path: str, lines: set[int]) -> set[tuple[object, ...]]:
    """What was decided about each place, but for those on ``lines`` of ``path``.

    How an import fares follows from its uses, and one note a file stands at the first place that it is about.
    """
    return {
        (name, f.code, f.line, f.end_line, f.before, f.message if f.kind == "review" else "")
        for name, result in results.items()
        for f in result.findings
        if f.kind != "note" and f.role != "import" and not (name == path and _touches(f, lines))
    }


def _unmarked(text: Text, marks: Iterable[Edit], alone: Result) -> list[Edit]:
    """What ``alone`` changes in the marked text, as edits of the text without the marks."""
    marked = edited(text.text, marks)
    places = sorted(mark.start for mark in marks)

    def back(offset: int) -> int:
        """An offset of the marked text without what the marks before it take."""
        for count, place in enumerate(places):
            if offset <= place + count * len(MARK):
                return offset - count * len(MARK)
        return offset - len(places) * len(MARK)

    return [Edit(back(e.start), back(e.end), e.new.replace(MARK, "")) for e in whole(marked, alone.text)]


def _touches(finding: Finding, lines: set[int]) -> bool:
    return not lines.isdisjoint(range(finding.line, finding.end_line + 1))


def _closed_lines(text: str) -> set[int] | None:
    """The lines whose end lies inside a string or behind a backslash; None for a text that cannot be read."""
    closed: set[int] = set()
    opened: list[int] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            kind = tokenize.tok_name[token.type]
            if kind == "STRING":
                closed.update(range(token.start[0], token.end[0]))
            elif kind.endswith("STRING_START"):
                opened.append(token.start[0])
            elif kind.endswith("STRING_END"):
                closed.update(range(opened.pop(), token.end[0]))
    except (tokenize.TokenError, SyntaxError):
        return None
    return closed | {n for n, line in enumerate(_lines(text), start=1) if line.rstrip("\r\n").endswith("\\")}


def _lines(text: str) -> list[str]:
    """The lines of a text with their ends."""
    ends = [m.end() for m in LINE_END.finditer(text)]
    pieces = [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]
    return pieces if pieces[-1] else pieces[:-1]


def _bytes(text: str) -> bytes:
    try:
        return encoded(text)
    except FileError:
        return b""
