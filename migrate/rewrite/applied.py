"""Suggestions that are taken as rewrites: which ones may be, and what becomes of the text."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from migrate.decide.drafts import Draft
from migrate.decide.new_imports import insertion
from migrate.edits import Edit, Spelling
from migrate.errors import FileError
from migrate.rewrite.offered import ELSEWHERE, Offers, parsed
from migrate.rewrite.splice import splice
from migrate.syntax.source import Source, Span

Texts = dict[Span, str]


def apply(
    source: Source, edits: list[Edit], spelling: Spelling, offers: Offers, wanted: Iterable[Draft]
) -> tuple[Texts, Spelling]:
    """The texts of the ``wanted`` suggestions by their places, and the spelling with the imports that they need.

    Inner ones come first: an outer one works on their text. A suggestion that the text of a rewrite surrounds, or with
    which the file would not parse, is left out.
    """
    changed = [_span(source, e) for e in edits if not isinstance(e, ELSEWHERE)]
    free = [d for d in wanted if all(_is_apart(source.span(d.node), span) for span in changed)]
    free.sort(key=lambda d: (source.span(d.node).end - source.span(d.node).start, source.span(d.node)))
    tried = partial(_applied, source, edits, spelling, offers)
    texts, spelled, parses = tried(free)
    if parses:
        return texts, spelled
    kept: list[Draft] = []
    for draft in free:
        if tried([*kept, draft])[2]:
            kept.append(draft)
    return tried(kept)[:2]


def _applied(
    source: Source, edits: list[Edit], spelling: Spelling, offers: Offers, drafts: Iterable[Draft]
) -> tuple[Texts, Spelling, bool]:
    """The texts of suggestions, the spelling with their imports, and whether the file parses with them."""
    texts: Texts = {}
    taken = []
    for draft in drafts:
        span = source.span(draft.node)
        # Syntax nests, but a place may also reach to the end of a line.
        nested = all(span.holds(other) or other.end <= span.start or span.end <= other.start for other in texts)
        if nested and (text := offers.text(draft, texts)) and _fits(source, span, text):
            texts[span] = text
            taken.append(draft)
    spelling = _with_imports(source, spelling, taken)
    try:
        ast.parse(splice(source, edits, (), spelling, texts)[0])
    except (SyntaxError, ValueError, FileError):
        return texts, spelling, False
    return texts, spelling, True


def _fits(source: Source, place: Span, text: str) -> bool:
    """Whether a text can take its place: several statements only at the start of a line, behind a colon or semicolon
    the second one would belong to another block."""
    tree = parsed(source, place, text)
    alone = not source.text[source.line_start(place.start) : place.start].strip()
    return tree is not None and (alone or len(tree.body) == 1) and not _stands(source, place, tree)


def _stands(source: Source, place: Span, tree: ast.Module) -> bool:
    """Whether a test around a place is what the suggestion would write: the place is its part for other classes."""
    written = ast.unparse(tree)
    if "isinstance" not in written:
        return False
    tests = (n for n in ast.walk(source.tree) if isinstance(n, (ast.If, ast.IfExp)))
    return any(source.span(n).holds(place) and ast.unparse(n) == written for n in tests)


def _span(source: Source, edit: Edit) -> Span:
    assert not isinstance(edit, ELSEWHERE)
    return source.span(edit.node)


def _is_apart(place: Span, edited: Span) -> bool:
    """Whether an edit leaves a place alone, or is one of its parts, which the suggestion takes along."""
    inside = place.holds(edited) and place != edited
    return inside or edited.end <= place.start or place.end <= edited.start


def _with_imports(source: Source, spelling: Spelling, taken: list[Draft]) -> Spelling:
    """The spelling with the import lines that suggestions need besides those of the rewrites."""
    needed = sorted({line for d in taken for line in d.needs})
    if not needed:
        return spelling
    first = min(_top_line(source, d.node.lineno) for d in taken if d.needs)
    planned = ast.parse(spelling.inserted.strip().removeprefix("; ")).body
    if planned:
        first = min(first, source.position(spelling.at)[0] + 1)
    at, inserted = insertion(source, first, [*map(ast.unparse, planned), *needed], spelling.own)
    return replace(spelling, inserted=inserted, at=at)


def _top_line(source: Source, line: int) -> int:
    """The line where the top-level statement around a line begins, with its decorators."""
    around = next(s for s in source.tree.body if (s.end_lineno or s.lineno) >= line)
    return int(min([around.lineno, *(d.lineno for d in getattr(around, "decorator_list", []))]))
