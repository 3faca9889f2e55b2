"""The text that a review offers: the edits of its suggestion carried out on its own place, and nowhere else."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterable

from migrate.analysis.drafts import Draft
from migrate.analysis.source import Source, Span
from migrate.edits import Edit, NeedImport, RemoveImport, Spelling, SwapImport, Write
from migrate.errors import FileError
from migrate.rewrite.fragments import check_depth
from migrate.rewrite.splice import Fragment, Splicer


def suggestion_of(source: Source, draft: Draft, edits: Iterable[Edit], plan: Spelling) -> str:
    """The text for the place of ``draft``, with the ``edits`` of rewrites inside it; empty where there is none.

    A suggestion must never be the reason why a file cannot be migrated.
    """
    place = source.span(draft.node)
    names = Spelling({**plan.references, **draft.spelling.references}, {**plan.needed, **draft.spelling.needed})
    fragments = {place: Fragment(place)}
    try:
        for edit in (*edits, *draft.suggestion):
            if not isinstance(edit, (NeedImport, SwapImport, RemoveImport)):
                _gather(source, edit, place, fragments)
        ordered = sorted(fragments.values(), key=lambda f: (f.span.start, -f.span.end))
        text = Splicer(source, names, ordered).render(Fragment(place))
    except FileError:
        return ""
    return text if text != source.segment(draft.node) and _parses(source, place, text) else ""


def _gather(source: Source, edit: Edit, place: Span, fragments: dict[Span, Fragment]) -> None:
    """Put ``edit`` with the fragment it works on, if that lies in ``place``."""
    assert not isinstance(edit, (NeedImport, SwapImport, RemoveImport))
    span = source.span(edit.node)
    if not place.holds(span):
        return
    check_depth(edit.node)
    fragments.setdefault(span, Fragment(span)).edits.append(edit)
    for _, part in edit.parts if isinstance(edit, Write) else ():
        span = source.span(part)
        fragments.setdefault(span, Fragment(span))


def _parses(source: Source, place: Span, text: str) -> bool:
    """Whether a text is a statement, or an expression that may span lines within brackets."""
    line = source.text[source.line_start(place.start) : place.start]
    indent = re.match(r"[ \t\f]*", line).group()  # type: ignore[union-attr]
    for attempt in (textwrap.dedent(indent + text), f"({text}\n)"):
        try:
            ast.parse(attempt)
        except (SyntaxError, ValueError):
            continue
        return True
    return False
