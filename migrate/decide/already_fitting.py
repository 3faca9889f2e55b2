"""Whether what stands at the place of one parameter was meant for another: by its name, or by their defaults."""

from __future__ import annotations

import ast

from migrate.rule import Parameter


def name_of(value: ast.expr) -> str:
    """The last name of an expression such as ``self.eps``; empty where it has none."""
    return getattr(value, "id", getattr(value, "attr", ""))


def words_of(value: ast.expr) -> set[str]:
    """The last name of an expression, and the words that it is made of."""
    name = name_of(value).lower()
    return {name, *name.split("_")}


def target_default(parameter: Parameter) -> float | None:
    """What the target's parameter has by default, where the source's default is a fraction."""
    if not isinstance(parameter.default, float):
        return None
    return 1 - parameter.default if parameter.treatment.action == "complement" else parameter.default


def are_nearer(numbers: list[float], to: float, than: float) -> bool:
    """Whether there are numbers, and each is nearer to one than to another."""
    return bool(numbers) and all(abs(number - to) < abs(number - than) for number in numbers)


def fit_better(one: Parameter, numbers: list[float], other: Parameter, others: list[float]) -> bool:
    """Whether the numbers at two places are each nearer to what the parameter of the other place has by default."""
    here, there = target_default(one), target_default(other)
    if here is None or there is None:
        return False
    return are_nearer(numbers, there, here) and are_nearer(others, here, there)
