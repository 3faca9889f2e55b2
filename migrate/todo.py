"""``--todo``: a comment above each place that needs a person, which goes when the place is dealt with.

A comment quotes its place as it is after the migration. While the statement below holds that text, the comment stands:
also where nothing tells any more what was left there, since the class is the target's now. Once the text is another
one, or a comment asks to leave it alone, the place has been dealt with.
"""

from __future__ import annotations

import io
import re
import tokenize
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from migrate.codes import CODES
from migrate.decide.drafts import Draft
from migrate.decide.skips import Skips, read_skips
from migrate.findings import Finding, Result
from migrate.syntax.lines import Comment, Logical, comments, logical_lines
from migrate.syntax.source import Source, Span
from migrate.triggers import TODO

MARK = re.compile(rf"#\s*{re.escape(TODO)}:?\s*(?P<code>BN\d{{3}})\b\s*(?:`(?P<place>[^`]*)`)?:?\s*(?P<message>.*)")
LEFT = "an earlier run left this for review: settle it, then delete the comment"
LONGEST = 60
CUT = "..."


@dataclass(frozen=True, slots=True)
class Todo:
    """What a comment says, or should say: the code of a review, the text of its place on one line, and why."""

    code: str
    place: str
    message: str

    def is_about(self, other: Todo) -> bool:
        """Whether both are about one place, which one of the two may quote in part."""
        return _holds(self.place, other.place) or _holds(other.place, self.place)


@dataclass(frozen=True, slots=True)
class Standing:
    """A comment of an earlier run, with the logical line below it."""

    comment: Comment
    todo: Todo
    below: Logical | None


class Todos:
    """The comments of a file against its reviews, which ``drafts`` has; texts are those after the migration."""

    def __init__(self, source: Source, drafts: Iterable[Draft]) -> None:
        self._source = source
        self._skips: Skips = read_skips(source)
        self._logical = list(logical_lines(source))
        self._firsts = [line.first for line in self._logical]
        self._reviews = [(d, self._at(source.span(d.node).start)) for d in drafts if d.kind == "review"]
        self._standing = [] if self._skips.whole else list(self._read())

    @property
    def wanted(self) -> set[Span]:
        """The parts of the text of which has to be known what becomes of them."""
        lines = [line for _, line in self._reviews] + [s.below for s in self._standing]
        places = [self._quoted(draft, line) for draft, line in self._reviews if line is not None]
        return {*places, *(part for line in lines if line is not None for part in line.parts)}

    def reported(self, done: Mapping[Span, str]) -> Iterator[Finding]:
        """A review for each comment that stands where no other review is about its place."""
        for standing in self._standing:
            live = self._live(standing.below, done)
            if self._stands(standing, done) and not any(standing.todo.is_about(todo) for todo in live):
                text, todo = standing.comment.text, standing.todo
                place = self._source.location(standing.comment.span)
                message = f"{todo.message or CODES[todo.code].title}; {LEFT}"
                yield Finding(
                    todo.code, "review", "other", todo.place, *place.span, message, text, text, cell=place.cell
                )

    def changes(self, done: Mapping[Span, str], codes: Iterable[str]) -> dict[Span, str]:
        """The parts of the text to replace, for the comments of ``codes`` to be those that should be there."""
        source, replaced = self._source, {}
        for standing in self._standing:
            if standing.todo.code in codes and not self._stands(standing, done):
                start = standing.comment.span.start
                replaced[Span(source.line_start(start), source.line_end(start))] = ""
        for line in dict.fromkeys(line for _, line in self._reviews if line is not None):
            kept = [s.todo for s in self._standing if s.below == line and self._stands(s, done)]
            added = dict.fromkeys(
                self._comment(todo, line)
                for todo in self._live(line, done)
                if todo.code in codes and not any(todo.is_about(k) for k in kept)
            )
            if added:
                start = source.offset(line.first, 0)
                replaced[Span(start, start)] = "".join(added)
        return replaced

    def _read(self) -> Iterator[Standing]:
        """The comments that earlier runs have written, each with what stands below it."""
        for comment in comments(self._source):
            match = MARK.fullmatch(comment.text.rstrip())
            if match is not None and comment.alone and self._is_review(match["code"]):
                below = next((line for line in self._logical if line.last >= comment.line), None)
                yield Standing(comment, Todo(match["code"], match["place"] or "", match["message"]), below)

    @staticmethod
    def _is_review(code: str) -> bool:
        return code in CODES and CODES[code].kind == "review"

    def _at(self, offset: int) -> Logical | None:
        """The logical line that holds a place."""
        number, _ = self._source.position(offset)
        line = self._logical[max(0, bisect_right(self._firsts, number) - 1)] if self._logical else None
        return line if line is not None and line.first <= number <= line.last else None

    def _stands(self, standing: Standing, done: Mapping[Span, str]) -> bool:
        line = standing.below
        if line is None or self._skips.covers(line.first, line.last, standing.todo.code):
            return False
        text = " ".join(_on_one_line(self._text(part, done)) for part in line.parts)
        return _holds(text, standing.todo.place)

    def _live(self, line: Logical | None, done: Mapping[Span, str]) -> Iterator[Todo]:
        """What the comments above a line should say, in the order of the text."""
        for draft, at in self._reviews:
            if at is not None and at == line:
                text = _on_one_line(self._text(self._quoted(draft, at), done))
                yield Todo(draft.code, text if len(text) <= LONGEST else text[:LONGEST] + CUT, draft.advice)

    def _quoted(self, draft: Draft, line: Logical) -> Span:
        """The place of a review, as far as it is in that logical line: of a class, its header."""
        span = self._source.span(draft.node)
        return Span(span.start, min(span.end, line.parts[-1].end))

    def _text(self, span: Span, done: Mapping[Span, str]) -> str:
        return self._source.shown(done.get(span, self._source.text[span.start : span.end]))

    def _comment(self, todo: Todo, line: Logical) -> str:
        """A comment with the indentation of the line below, in characters that the file can hold."""
        source = self._source
        start = source.offset(line.first, 0)
        indent = source.text[start : line.parts[0].start]
        text = f"# {TODO}: {todo.code} `{todo.place.replace('`', chr(39))}`: {' '.join(todo.message.split())}"
        # In the first two lines, this would declare an encoding.
        text = re.sub(r"coding(?=[:=])", "coding ", text)
        return indent + text.encode(source.encoding, "backslashreplace").decode(source.encoding) + source.newline


def with_more_comments(results: list[Result], later: Iterable[Result]) -> list[Result]:
    """``results`` with the comments that a ``later`` look at the rewritten files adds, and nothing else of it."""
    texts = {r.path: r.after for r in later if r.error is None}
    return [
        replace(r, after=texts[r.path])
        if r.error is None and r.path in texts and _without_comments(r.after) == _without_comments(texts[r.path])
        else r
        for r in results
    ]


def _without_comments(data: bytes) -> list[bytes]:
    return [line for line in data.splitlines(keepends=True) if TODO.encode() not in line]


def _on_one_line(text: str) -> str:
    """A part of a program without comments and line breaks."""
    pieces = text.splitlines(keepends=True)
    if "#" in text:
        try:
            tokens = list(tokenize.generate_tokens(io.StringIO(f"({text}\n)", newline=None).readline))
        except (tokenize.TokenError, SyntaxError):
            tokens = []
        for token in tokens:
            if token.type == tokenize.COMMENT:
                line, column = token.start
                pieces[line - 1] = pieces[line - 1][: column - (line == 1)]
    return " ".join(" ".join(pieces).split())


def _holds(text: str, place: str) -> bool:
    """Whether a text holds that of a place, which may be cut off, as names and not as parts of them."""
    wanted = _squeezed(place.removesuffix(CUT))
    start = r"(?<![\w.])" if re.match(r"\w", wanted) else ""
    end = r"(?!\w)" if re.search(r"\w$", wanted) and not place.endswith(CUT) else ""
    return re.search(f"{start}{re.escape(wanted)}{end}", _squeezed(text)) is not None


def _squeezed(text: str) -> str:
    """What a formatter leaves of a text: it changes blanks, quotes, and commas before a closing bracket."""
    text = re.sub(r"['`]", '"', text.replace("\\", " "))
    text = re.sub(r"(?<!\w) | (?!\w)", "", " ".join(text.split()))
    return re.sub(r",(?=[)\]}])", "", text)
