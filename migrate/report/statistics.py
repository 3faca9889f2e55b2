"""How often each code was found: ``--statistics``."""

from __future__ import annotations

from collections import Counter
from typing import Any

from migrate.codes import CODES


def lines(counts: Counter[str]) -> list[str]:
    """A line a code with its count, kind and title, the most frequent one first."""
    rows = _rows(counts)
    width = max((len(str(n)) for _, n in rows), default=0)
    return [f"{n:>{width}}  {code}  {CODES[code].kind:<7}  {CODES[code].title}" for code, n in rows]


def table(counts: Counter[str]) -> list[dict[str, Any]]:
    """The same for a document."""
    return [{"code": c, "kind": CODES[c].kind, "title": CODES[c].title, "count": n} for c, n in _rows(counts)]


def _rows(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
