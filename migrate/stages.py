"""Where the time of a run goes, by stage, for ``--profile``."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

Seconds = dict[str, tuple[float, float]]
"""Elapsed seconds and CPU seconds by stage."""

STAGES = ("walk", "read", "filter", "cache", "group", "parse", "analyse", "edit", "ways", "write")
_spent: Seconds = {}
_inner: list[list[float]] = []


@contextlib.contextmanager
def stage(name: str) -> Iterator[None]:
    """Count the block as part of the stage ``name``, without the stages inside it."""
    start = time.perf_counter(), time.process_time()
    _inner.append([0.0, 0.0])
    try:
        yield
    finally:
        took = time.perf_counter() - start[0], time.process_time() - start[1]
        inner = _inner.pop()
        add({name: (took[0] - inner[0], took[1] - inner[1])})
        if _inner:
            _inner[-1][0] += took[0]
            _inner[-1][1] += took[1]


def add(seconds: Seconds) -> None:
    """Add what was spent elsewhere, in a worker."""
    for name, (elapsed, cpu) in seconds.items():
        before = _spent.get(name, (0.0, 0.0))
        _spent[name] = before[0] + elapsed, before[1] + cpu


def take() -> Seconds:
    """What was spent so far; counting starts anew."""
    spent = dict(_spent)
    _spent.clear()
    return spent
