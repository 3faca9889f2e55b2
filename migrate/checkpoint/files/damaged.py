"""Files that are not what they are taken for."""

from __future__ import annotations

from migrate.errors import UsageError


def damaged(path: str, kind: str, why: str) -> UsageError:
    """The error for a file that is not of a kind, or is not whole."""
    return UsageError(f"{path}: no {kind}, or one that is cut short ({why}): get it once more, or name another file")
