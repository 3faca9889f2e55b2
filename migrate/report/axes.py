"""Logarithmic axes and marks of the plots, in SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from migrate.proofs import Measure

LANE = 14
"""From the frame to a line for what has no logarithm, and half of the way from there to the decades."""
MOST_TICKS = 8


@dataclass(frozen=True, slots=True)
class Axis:
    """Powers of ten from ``low`` to ``high``; ``zero`` and ``infinite`` are the places of what has no logarithm."""

    low: int
    high: int
    start: float
    end: float
    zero: float
    infinite: float

    def place(self, value: float) -> float:
        if not value > 0:
            return self.zero
        if value == math.inf:
            return self.infinite
        return self.decade(math.log10(value))

    def decade(self, exponent: float) -> float:
        """The place of a power of ten, which as a number may be too large or too small."""
        return self.start + (exponent - self.low) / (self.high - self.low) * (self.end - self.start)

    @property
    def ticks(self) -> Iterator[tuple[float, str]]:
        """Places and labels of some decades, of zero, and of infinity where something is infinite."""
        yield self.zero, "0"
        for exponent in range(self.low, self.high + 1, math.ceil((self.high - self.low) / MOST_TICKS)):
            yield self.decade(exponent), f"1e{exponent}"
        if self.infinite != self.end:
            yield self.infinite, "∞"


def axis(values: list[float], first: float, last: float, *decades: int) -> Axis:
    """An axis from the pixel ``first`` to ``last``, on which all of ``values`` and ``decades`` have a place."""
    exponents = [*decades, *(math.log10(v) for v in values if 0 < v < math.inf)] or [-8, 0]
    low, high = math.floor(min(exponents)), math.ceil(max(exponents))
    lane = math.copysign(LANE, last - first)
    infinite = math.inf in values
    end = last - 3 * lane if infinite else last - lane
    return Axis(low, max(high, low + 1), first + 3 * lane, end, first + lane, last - lane if infinite else end)


def error(measure: Measure) -> float:
    return math.inf if math.isnan(measure.max_abs) else measure.max_abs


def grid(label: str) -> str:
    return "lane" if label in ("0", "∞") else "grid"


def mark(passed: bool, across: str, down: str, inside: str = "") -> str:
    if passed:
        return f'<circle class="pass" cx="{across}" cy="{down}" r="3.5">{inside}</circle>'
    return f'<path class="fail" transform="translate({across} {down})" d="M0-6 5.5 4h-11z">{inside}</path>'


def line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
