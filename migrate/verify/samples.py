"""Values for the free names of a call: both ways for flags, the whole domain for numbers."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from migrate.errors import ProofError
from migrate.rule import Parameter
from migrate.verify.operations import Value
from migrate.verify.terms import Free, Term, Use, uses

OTHERS: tuple[Value, ...] = (0.5, 2, 0, 8, 0.9, 1, 16, 0.001, 64, 3, 128, 256, 1000, 1024, -0.5, -1, -3)
"""For a name inside an expression, after the samples of the parameter themselves."""
FEWEST, MOST = 2, 16
TRIES = 60
Assignment = dict[Free, Value]


@dataclass(frozen=True, slots=True)
class Pool:
    """The values to try for one free name; a name may also have others where these do not fit."""

    free: Free
    values: tuple[Value, ...]
    others: tuple[Value, ...] = ()

    @property
    def is_flag(self) -> bool:
        return all(isinstance(v, bool) for v in self.values)


def pools(arguments: Iterable[tuple[Parameter | None, Term]]) -> list[Pool]:
    """A pool for each free name, from the parameters whose arguments it stands in."""
    values: dict[Free, list[Value]] = {}
    others: dict[Free, tuple[Value, ...]] = {}
    for parameter, term in arguments:
        for use in uses(term):
            known = values.setdefault(use.free, [])
            known += [v for v in _wanted(use, parameter) if not any(_same(v, k) for k in known)]
            if not isinstance(term, Free) and use.valued and not (use.free.flag or _takes_flags(parameter)):
                others[use.free] = OTHERS
    return [Pool(free, tuple(v), others.get(free, ())) for free, v in values.items()]


def _wanted(use: Use, parameter: Parameter | None) -> list[Value]:
    """The values for one use; None alone where a parameter has nothing to vary, such as a device."""
    if use.free.flag or not use.valued:
        return [True, False]
    samples = parameter.samples if parameter is not None else ()
    usual = [use.free.usual] if use.free.usual is not None else []
    falsy = [None] if use.tested and not _takes_flags(parameter) else []
    return [*usual, *samples, *falsy] or [None]


def _takes_flags(parameter: Parameter | None) -> bool:
    return parameter is not None and bool(parameter.samples) and all(isinstance(v, bool) for v in parameter.samples)


def assignments(free: list[Pool], fits: Callable[[Assignment], bool]) -> list[Assignment]:
    """Assignments that fit: every combination of the flags, and every value of the other pools where it fits at all.

    The number grows with the largest pool, not with their product. Raises ProofError where nothing fits.
    """
    if not free:
        return [{}]
    flags, rest = [p for p in free if p.is_flag], [p for p in free if not p.is_flag]
    generator = random.Random(0)
    combinations = list(itertools.islice(itertools.product(*(p.values for p in flags)), MOST))
    if 2 ** len(flags) > MOST:
        combinations = [tuple(generator.choice(p.values) for p in flags) for _ in range(MOST)]
    chosen: list[Assignment] = []

    def add(candidate: Assignment) -> bool:
        known = any(all(_same(candidate[k], c[k]) for k in c) for c in chosen)
        if not known and fits(candidate):
            chosen.append(candidate)
            return True
        return known

    for i in range(max([len(combinations), *(len(p.values) for p in rest)])):
        decided: Assignment = dict(zip((p.free for p in flags), combinations[i % len(combinations)], strict=True))
        if not add({**{p.free: p.values[(i + shift) % len(p.values)] for shift, p in enumerate(rest)}, **decided}):
            largest = max(rest, key=lambda p: len(p.values), default=None)
            fixed = {largest.free: largest.values[i % len(largest.values)]} if largest is not None else {}
            random_ones = [{p.free: generator.choice(p.values + p.others) for p in rest} for _ in range(2 * TRIES)]
            candidates = [{**r, **(fixed if n < TRIES else {}), **decided} for n, r in enumerate(random_ones)]
            any(add(c) for c in candidates)
    for _ in range(TRIES if len(chosen) < FEWEST else 2 if len(free) > 1 else 0):
        add({p.free: generator.choice(p.values + p.others) for p in free})
    if not chosen:
        raise ProofError(f"no values were found for {', '.join(p.free.text for p in free)} that the original accepts")
    return chosen[:MOST]


def _same(left: Value, right: Value) -> bool:
    return type(left) is type(right) and left == right
