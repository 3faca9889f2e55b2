"""What an expression can hold: values of different kinds are different, whatever they are made of."""

from __future__ import annotations

import itertools
from typing import Any, get_args

import pytest

from migrate.decide.values import Migrated, Value

KINDS: list[Any] = [kind for kind in get_args(Value) if kind is not Migrated]
"""The kinds that are tuples."""


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(KINDS, 2)))
def test_kinds_are_told_apart_by_more_than_their_fields(one: Any, other: Any) -> None:
    """Otherwise one would be found where the other was remembered."""
    made = [kind(*["x"] * (len(kind._fields) - 1)) for kind in (one, other)]
    assert made[0] != made[1] and len(set(made)) == 2
    assert made[0] == one(*made[0][:-1]) and hash(made[0]) == hash(one(*made[0][:-1]))
