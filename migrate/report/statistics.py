"""How often each code was found: ``--statistics``."""

from __future__ import annotations

from collections import Counter
from typing import Any

from migrate.codes import CODES
from migrate.findings import Level


def lines(counts: Counter[str]) -> list[tuple[str, Level]]:
    """A line a code with its count, kind and title, the most frequent one first, and how findings of it are shown."""
    rows = _rows(counts)
    width = max((len(str(n)) for _, n in rows), default=0)
    shown = ((n, CODES[code], CODES[code].level or "review") for code, n in rows)
    return [(f"{n:>{width}}  {code.code}  {level:<7}  {code.title}", level) for n, code, level in shown]


def table(counts: Counter[str]) -> list[dict[str, Any]]:
    """The same for a document."""
    return [{"code": c, "kind": CODES[c].kind, "title": CODES[c].title, "count": n} for c, n in _rows(counts)]


def _rows(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
