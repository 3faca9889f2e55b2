"""What a person has chosen among the changes and suggestions of a run."""

from __future__ import annotations

from dataclasses import dataclass

Line = tuple[str, int | None, int]
"""Path, cell, line."""
Spot = tuple[str, int | None, int, int, str]
"""Path, cell, line, column and code of a finding."""


@dataclass(frozen=True, slots=True)
class Edited:
    """``text`` that a person wrote in the place of the lines ``first`` to ``last`` of a file, with its line ends."""

    path: str
    first: int
    last: int
    text: str


@dataclass(frozen=True, slots=True)
class Choices:
    """The lines that are ``left`` as they are, as if a comment asked for it, the reviews whose suggestions are
    ``taken``, and the lines that were ``edited``."""

    left: frozenset[Line] = frozenset()
    taken: frozenset[Spot] = frozenset()
    edited: tuple[Edited, ...] = ()


NO_CHOICES = Choices()
