"""Values of arguments, and the operations on them that a proof computes itself, bounded in time and memory."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass

MAX_EXPONENT = 64
MAX_BITS = 256


@dataclass(frozen=True, slots=True)
class Symbol:
    """A qualified name of a framework, such as torch.float32."""

    name: str


Value = bool | int | float | str | None | Symbol | tuple["Value", ...]


def numeric(function: Callable[..., float]) -> Callable[..., Value]:
    """``function`` for numbers of a sane size alone: text would repeat, and powers would fill the memory."""

    def apply(left: Value, right: Value) -> Value:
        if not isinstance(left, (int, float)) or not isinstance(right, (int, float)):
            raise TypeError("numbers are expected")
        result = function(left, right)
        if isinstance(result, int) and result.bit_length() > MAX_BITS:
            raise OverflowError("too large")
        return result

    return apply


def _power(base: float, exponent: float) -> float:
    if abs(exponent) > MAX_EXPONENT:
        raise OverflowError("too large")
    result = base**exponent
    if isinstance(result, complex):
        raise ValueError("not a real number")
    return float(result) if isinstance(result, float) else int(result)


def _round(value: float, digits: int | None = None) -> float:
    if digits is not None and abs(digits) > MAX_EXPONENT:
        raise OverflowError("too large")
    return round(value, digits)


def scalars(*items: Value) -> Value:
    """A tuple of scalars; nested ones could double at every level."""
    if any(isinstance(item, tuple) for item in items):
        raise TypeError("scalars are expected")
    return items


def negation(value: Value) -> bool:
    return not value


def choose(test: Callable[[], Value], body: Callable[[], Value], orelse: Callable[[], Value]) -> Value:
    return body() if test() else orelse()


def all_of(*values: Callable[[], Value]) -> Value:
    result: Value = None
    for value in values:
        result = value()
        if not result:
            return result
    return result


def any_of(*values: Callable[[], Value]) -> Value:
    result: Value = None
    for value in values:
        result = value()
        if result:
            return result
    return result


NUMBERS = {"math.inf": math.inf, "math.nan": math.nan, "math.pi": math.pi, "math.e": math.e, "numpy.inf": math.inf}
UNARY: dict[type[ast.unaryop], Callable[..., Value]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: negation,
    ast.Invert: operator.invert,
}
BINARY: dict[type[ast.operator], Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}
COMPARE: dict[type[ast.cmpop], Callable[..., bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}
FUNCTIONS: dict[str, Callable[..., Value]] = {
    "int": int,
    "float": float,
    "bool": bool,
    "abs": abs,
    "min": min,
    "max": max,
    "round": _round,
}
