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

    class Seen(Protocol):
        """How far a record of the program fits a run."""

        file: str
        places: int
        told: int
        changed: tuple[str, ...]
        compiled: tuple[str, ...]


def totals(summary: Counts, *, writes: bool, warnings: int = 0, hint: str = "") -> str:
    """Files, places, errors; ``warnings`` of the notes are told by themselves, and ``hint`` of the others."""
    verb = "rewritten" if writes else "would be rewritten"
    unchanged = summary.files - summary.changed - summary.errors
    text = f"{plural(summary.changed, 'file')} {verb}, {unchanged} unchanged"
    if summary.errors:
        text += f", {summary.errors} not processed"
    places = [plural(summary.rewrites, "rewrite"), f"{plural(summary.reviews, 'place')} to review"]
    if warnings:
        places.append(plural(warnings, "warning"))
    notes = summary.notes - warnings
    return f"{text}. {', '.join(places)}, {plural(notes, 'note')}{hint if notes else ''}."


def traced(found: Seen) -> list[str]:
    """What a record of the program says of the run."""
    said = [f"{found.file}: {found.told:,} of {found.places:,} executed occurrences have a finding."]
    if found.changed:
        said.append(f"Changed since it was recorded, and not used: {', '.join(found.changed)}.")
    if found.compiled:
        said.append(f"Compiled, so that not all was seen of: {', '.join(found.compiled)}.")
    return said


def plural(n: int, word: str) -> str:
    """``2 calls``, ``1 call``, ``2 base classes``."""
    return f"{n} {word}" if n == 1 else f"{n} {word}{'es' if word.endswith('s') else 's'}"
