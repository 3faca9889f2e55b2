"""Splices edited fragments into the text: everything outside them stays as it is, to the byte."""

from __future__ import annotations

import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from migrate.edits import AddLines, Edit, NeedImport, RemoveImport, RepeatBranch, Spelling, SwapImport, Write
from migrate.errors import FileError
from migrate.rewrite.expressions import carry_out, local_names
from migrate.rewrite.fragments import check_depth
from migrate.rewrite.imports import change_import
from migrate.rewrite.written import fill
from migrate.syntax.source import Located, Source, Span


@dataclass(slots=True)
class Fragment:
    """A place in the text and the edits of exactly that place, or the ``text`` that takes its place."""

    span: Span
    edits: list[Edit] = field(default_factory=list)
    text: str | None = None


def splice(
    source: Source,
    edits: Iterable[Edit],
    wanted: Iterable[Span],
    spelling: Spelling,
    replaced: Mapping[Span, str] | None = None,
) -> tuple[str, dict[Span, str]]:
    """The text after ``edits``, and the new text of every span in ``wanted``.

    Fragments nest: inner edits are carried out first, and the outer one works on their result. The spans of
    ``replaced``, which may be empty ones at the start of a line, get other texts, whatever is inside.
    """
    texts = [Fragment(span, text=text) for span, text in (replaced or {}).items()]
    splicer = Splicer(source, spelling, _in_order([*_fragments(source, edits, wanted), *texts]))
    whole = Fragment(Span(0, len(source.text) + 1))
    return splicer.render(whole), splicer.done


def _fragments(source: Source, edits: Iterable[Edit], wanted: Iterable[Span]) -> list[Fragment]:
    """The pieces of the text that change or are asked for, in the order of the text, outer ones first."""
    fragments: dict[Span, Fragment] = {span: Fragment(span) for span in wanted}
    for edit in edits:
        if not isinstance(edit, NeedImport):
            node = edit.statement if isinstance(edit, (SwapImport, RemoveImport)) else edit.node
            if not isinstance(edit, (AddLines, RepeatBranch)):
                check_depth(node)
            span = source.span(node)
            fragments.setdefault(span, Fragment(span)).edits.append(edit)
            for part in (source.span(node) for _, node in (edit.parts if isinstance(edit, Write) else ())):
                fragments.setdefault(part, Fragment(part))
    return _in_order(fragments.values())


def _in_order(fragments: Iterable[Fragment]) -> list[Fragment]:
    """In the order of the text: what is inserted stands before what starts there, outer fragments before inner ones."""
    return sorted(fragments, key=lambda f: (f.span.start, f.span.end > f.span.start, -f.span.end))


class Splicer:
    """Renders text with the fragments in it edited; ``done`` keeps the new text of each of them."""

    def __init__(self, source: Source, spelling: Spelling, fragments: list[Fragment]) -> None:
        self._source = source
        self._spelling = spelling
        self._waiting = fragments[::-1]
        self._inserted = not spelling.inserted
        self.done: dict[Span, str] = {}

    def render(self, outer: Fragment) -> str:
        """The text of ``outer`` with its own edits and those of the fragments inside it."""
        pieces: list[str] = []
        at = outer.span.start
        top = outer.span.end > len(self._source.text)
        while self._waiting and self._waiting[-1].span.start < outer.span.end:
            fragment = self._waiting.pop()
            pieces.append(self._between(at, fragment.span.start, top))
            text = self.render(fragment)
            at = fragment.span.end
            if fragment.text is not None:
                pieces.append(fragment.text)
                continue
            self.done[fragment.span] = text
            pieces.append(text)
            if not text:
                at = self._source.line_end(at)
                start = self._source.line_start(fragment.span.start)
                pieces[-2] = pieces[-2][: len(pieces[-2]) - (fragment.span.start - start)]
        pieces.append(self._between(at, outer.span.end, top))
        text = "".join(pieces)
        return self._edited(outer, text) if outer.edits else text

    def _between(self, start: int, end: int, top: bool) -> str:
        """The untouched text from ``start`` to ``end``, at the ``top`` level with the new imports where they go in."""
        source, at = self._source.text, self._spelling.at
        if not top or self._inserted or not start <= at <= end:
            return source[start:end]
        self._inserted = True
        return source[start:at] + self._spelling.inserted + source[at:end]

    def _edited(self, fragment: Fragment, text: str) -> str:
        source = self._source
        start = source.line_start(fragment.span.start)
        before = source.text[start : fragment.span.start]
        indent = re.match(r"[ \t\f]*", before).group()  # type: ignore[union-attr]
        imports = [e for e in fragment.edits if isinstance(e, (SwapImport, RemoveImport))]
        if imports:
            behind = source.text[fragment.span.end : source.line_end(fragment.span.end)].strip()
            shared = behind.startswith(";") or bool(before.strip())
            edited = change_import(text, imports, indent, source.newline, shared)
            return _without_loss(text, edited)
        edited = carry_out(text, fragment.edits, self._spelling, indent, source.newline)
        for written in (e for e in fragment.edits if isinstance(e, Write)):
            parts = {name: (part, self._part(part, fragment, edited)) for name, part in written.parts}
            edited = fill(written.text, parts, self._spelling, indent, source.newline)
        for edit in fragment.edits:
            edited += "".join(f"{source.newline}{indent}{line}" for line in self._behind(edit))
        return _without_loss(text, edited)

    def _behind(self, edit: Edit) -> list[str]:
        """The lines that an edit adds; the text of a branch is one of them."""
        if isinstance(edit, AddLines):
            return [local_names(line, self._spelling).format(object=edit.owner) for line in edit.lines]
        if not isinstance(edit, RepeatBranch):
            return []
        span = self._source.span(edit.node)
        keyword = re.match("(?:el)?if", self._source.text[span.start :])
        assert keyword is not None
        copy = Splicer(self._source, self._spelling, _fragments(self._source, edit.edits, ()))
        return ["elif" + copy.render(Fragment(Span(span.start + keyword.end(), span.end)))]

    def _part(self, part: Located, fragment: Fragment, text: str) -> str:
        """The text of a part of ``fragment``, which may be all of it."""
        span = self._source.span(part)
        return text if span == fragment.span else self.done.get(span, self._source.segment(part))


def _without_loss(before: str, after: str) -> str:
    """``after``, once it is known to hold every comment of ``before``."""
    lost = _comments(before) - _comments(after)
    if lost:
        raise FileError("BN905", f"the comment {next(iter(lost))!r} would be lost; please report it")
    return after


def _comments(text: str) -> Counter[str]:
    """The comments of a fragment, which stands inside brackets."""
    if "#" not in text:
        return Counter()
    tokens = tokenize.generate_tokens(io.StringIO(f"({text}\n)").readline)
    return Counter(t.string for t in tokens if t.type == tokenize.COMMENT)
