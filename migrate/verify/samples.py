"""Values for the free names of a call: both ways for flags, the whole domain for numbers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from migrate.errors import ProofError
from migrate.rule import Parameter
from migrate.verify.operations import Value
from migrate.verify.terms import Free, Term, free_names

OTHERS: tuple[Value, ...] = (0.5, 2, 0, 8, 0.9, 1, 16, 0.001, 64, 3)
"""For a name inside an expression, after the samples of the parameter themselves."""
FEWEST, MOST = 2, 8
TRIES = 400
Given = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Pool:
    """The values to try for one free name; a name may also have others where these do not fit."""

    text: str
    values: tuple[Value, ...]
    others: tuple[Value, ...] = ()


def pools(arguments: Iterable[tuple[Parameter | None, Term]]) -> list[Pool]:
    """A pool for each free name, from the parameters whose arguments it stands in.

    A name that is a whole argument of a parameter without samples is None: the parameter has nothing to vary.
    """
    values: dict[str, list[Value]] = {}
    others: dict[str, tuple[Value, ...]] = {}
    for parameter, term in arguments:
        samples = parameter.samples if parameter is not None else ()
        for free, tested in free_names(term):
            whole = isinstance(term, Free)
            usual = [free.usual] if free.usual is not None else []
            sampled: list[Value] = [*usual, *samples]
            wanted = [True, False] if tested else sampled or [None]
            known = values.setdefault(free.text, [])
            known += [v for v in wanted if not any(_same(v, k) for k in known)]
            if not whole:
                others[free.text] = OTHERS
    return [Pool(text, tuple(v), others.get(text, ())) for text, v in values.items()]


def assignments(free: list[Pool], fits: Callable[[Given], bool]) -> list[Given]:
    """Assignments that fit, in which every value of every pool occurs where it fits at all; raises ProofError.

    The number grows with the largest pool, not with their product; a few random combinations come on top.
    """
    if not free:
        return [{}]
    generator = random.Random(0)
    chosen: list[Given] = []

    def add(candidate: Given) -> bool:
        if any(_equal(candidate, c) for c in chosen):
            return True
        if fits(candidate):
            chosen.append(candidate)
            return True
        return False

    def any_of(pool: Pool) -> Value:
        return generator.choice(pool.values + pool.others)

    for i in range(max(len(p.values) for p in free)):
        if not add({p.text: p.values[(i + shift) % len(p.values)] for shift, p in enumerate(free)}):
            pool = max(free, key=lambda p: len(p.values))
            fixed = {pool.text: pool.values[i % len(pool.values)]}
            any(add({p.text: any_of(p) for p in free} | fixed) for _ in range(TRIES // 20))
    for _ in range(2 if len(free) > 1 else 0):
        add({p.text: any_of(p) for p in free})
    tries = 0
    while len(chosen) < FEWEST and tries < TRIES:
        add({p.text: any_of(p) for p in free})
        tries += 1
    if not chosen:
        names = ", ".join(p.text for p in free)
        raise ProofError(f"no values were found for {names} that the original accepts")
    return chosen[:MOST]


def _same(left: Value, right: Value) -> bool:
    return type(left) is type(right) and left == right


def _equal(left: Given, right: Given) -> bool:
    return all(_same(left[k], right[k]) for k in left)
