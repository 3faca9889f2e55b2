"""The text that a review offers: the edits of its suggestion carried out on its own place, and nowhere else."""

from __future__ import annotations

import ast
import contextlib
import re
import textwrap
from bisect import bisect_left
from collections.abc import Iterable, Mapping

from migrate.decide.drafts import Draft
from migrate.edits import Edit, NeedImport, RemoveImport, Spelling, SwapImport, Write
from migrate.errors import FileError
from migrate.rewrite.fragments import check_depth
from migrate.rewrite.splice import Fragment, Splicer
from migrate.syntax.source import Source, Span

ELSEWHERE = (NeedImport, SwapImport, RemoveImport)
"""Edits that change imports, which a suggestion does not."""


class Offers:
    """The suggestions of a file, each with the rewrites inside its place."""

    def __init__(self, source: Source, edits: Iterable[Edit], spelling: Spelling) -> None:
        self._source = source
        self._spelling = spelling
        placed = [(source.span(e.node), e) for e in edits if not isinstance(e, ELSEWHERE)]
        self._edits = sorted(placed, key=lambda pair: pair[0].start)
        self._starts = [span.start for span, _ in self._edits]

    def text(self, draft: Draft, applied: Mapping[Span, str] | None = None) -> str:
        """The text for the place of ``draft``, with those that were ``applied`` inside it; empty where there is none.

        A suggestion must never be the reason why a file cannot be migrated.
        """
        place = self._source.span(draft.node)
        inside = self._edits[bisect_left(self._starts, place.start) : bisect_left(self._starts, place.end)]
        edits = [e for span, e in inside if place.holds(span)]
        own = [e for e in draft.suggestion if not isinstance(e, ELSEWHERE)]
        try:
            fragments = _fragments(self._source, [*edits, *own], place)
            fragments += [Fragment(s, text=t) for s, t in (applied or {}).items() if place.holds(s) and s != place]
            fragments.sort(key=lambda f: (f.span.start, -f.span.end))
            text = Splicer(self._source, self._names(draft), fragments).render(Fragment(place))
        except FileError:
            return ""
        changed = text != self._source.segment(draft.node)
        return text if changed and parsed(self._source, place, text) is not None else ""

    def _names(self, draft: Draft) -> Spelling:
        plan, own = self._spelling, draft.spelling
        return Spelling({**plan.references, **own.references}, {**plan.needed, **own.needed})


def _fragments(source: Source, edits: Iterable[Edit], place: Span) -> list[Fragment]:
    """What the splicer works on: the place, the nodes of the edits, and the parts that a Write takes up."""
    fragments = {place: Fragment(place)}
    for edit in edits:
        assert not isinstance(edit, ELSEWHERE)
        check_depth(edit.node)
        span = source.span(edit.node)
        fragments.setdefault(span, Fragment(span)).edits.append(edit)
        for _, part in edit.parts if isinstance(edit, Write) else ():
            fragments.setdefault(source.span(part), Fragment(source.span(part)))
    return list(fragments.values())


def parsed(source: Source, place: Span, text: str) -> ast.Module | None:
    """The tree of a text that is a statement, or an expression that may span lines within brackets; None for others."""
    line = source.text[source.line_start(place.start) : place.start]
    indent = re.match(r"[ \t\f]*", line).group()  # type: ignore[union-attr]
    for attempt in (textwrap.dedent(indent + text), f"({text}\n)"):
        with contextlib.suppress(SyntaxError, ValueError):
            return ast.parse(attempt)
    return None
