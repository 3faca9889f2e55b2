"""How far the work on files is, for a progress bar: said where it is done, and heard only where one is shown."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

PHASES = {"reading": 0.0, "following": 0.1, "deciding": 0.65, "rewriting": 0.93}
"""The phases of the work on a group, with the share of all of it that is done when they begin, as timm takes it."""
ENDS = dict(zip(PHASES, (*list(PHASES.values())[1:], 1.0), strict=True))
PAUSE = 0.05
"""Seconds in which a worker says at most one thing of a phase."""

Hear = Callable[[str, float], None]
"""Takes the phase that the work is in, and the share of all of it that is done."""
_hear: ContextVar[Hear | None] = ContextVar("hear", default=None)


class Tell(Protocol):
    """Takes how much is done of how much, and what is being done."""

    def __call__(self, done: float, total: int, what: str = "") -> None: ...


@dataclass(frozen=True, slots=True)
class Advance:
    """How far the work on the group is that ``first`` is the first file of."""

    first: str
    phase: str
    share: float


def reached(phase: str, done: float, total: float) -> None:
    """Say that so much of a phase is done."""
    hear = _hear.get()
    if hear is not None and total:
        hear(phase, PHASES[phase] + (ENDS[phase] - PHASES[phase]) * done / total)


@contextlib.contextmanager
def heard(first: str, hear: Callable[[Advance], None] | None) -> Iterator[None]:
    """Have ``hear`` told how far the work is that is done inside, which is that on the group of ``first``."""
    if hear is None:
        yield
        return
    said, phase = 0.0, ""

    def tell(now: str, share: float) -> None:
        nonlocal said, phase
        if now != phase or time.monotonic() - said > PAUSE:
            said, phase = time.monotonic(), now
            hear(Advance(first, now, share))

    token = _hear.set(tell)
    try:
        yield
    finally:
        _hear.reset(token)


@contextlib.contextmanager
def part(begin: float, end: float) -> Iterator[None]:
    """Count what is done inside as a part of the work alone."""
    hear = _hear.get()
    token = _hear.set(hear and (lambda phase, share: hear(phase, begin + (end - begin) * share)))
    try:
        yield
    finally:
        _hear.reset(token)


class Account:
    """What is done of a run, counted in its files: a group has done as many of them as its bytes are of all bytes."""

    def __init__(self, total: int, weights: Mapping[str, int], tell: Tell) -> None:
        self._total = total
        self._weights = weights
        self._all = sum(weights.values()) or 1
        self._shares: dict[str, float] = {}
        self._tell = tell
        self._most = 0.0

    def hear(self, advance: Advance) -> None:
        """Take over how far a group is."""
        self._shares[advance.first] = advance.share
        done = sum(self._weights[first] * share for first, share in self._shares.items()) / self._all
        # What a worker that died had done has to be done again; nobody wants to see a bar go back.
        self._most = max(self._most, done)
        self._tell(self._most * self._total, self._total, advance.phase)
