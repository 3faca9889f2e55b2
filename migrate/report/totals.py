"""The last lines of a report, as plain text."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Counts(Protocol):
        """What is counted of a run."""

        files: int
        changed: int
        rewrites: int
        reviews: int
        notes: int
        errors: int


def totals(summary: Counts, *, writes: bool) -> str:
    """Files, places, errors."""
    verb = "rewritten" if writes else "would be rewritten"
    unchanged = summary.files - summary.changed - summary.errors
    text = f"{plural(summary.changed, 'file')} {verb}, {unchanged} unchanged"
    if summary.errors:
        text += f", {summary.errors} not processed"
    places = [plural(summary.rewrites, "rewrite"), f"{plural(summary.reviews, 'place')} to review"]
    return f"{text}. {', '.join(places)}, {plural(summary.notes, 'note')}."


def plural(n: int, word: str) -> str:
    """``2 calls``, ``1 call``, ``2 base classes``."""
    return f"{n} {word}" if n == 1 else f"{n} {word}{'es' if word.endswith('s') else 's'}"
