"""A picture of a verification: the error of every comparison against its bound, in SVG."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from migrate.proofs import Case, Measure, Proof
from migrate.report.markup import number, one_line, text

WIDTH, HEIGHT = 560, 420
LEFT, RIGHT, TOP, BOTTOM = 62, 548, 34, 362
LANE = 14
"""From the frame to a line for what has no logarithm, and half of the way from there to the decades."""
MOST_TICKS = 8
MOST_LINES = 10
"""Of a title: a browser cuts long ones without saying so."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A measure of a case, and what to call it."""

    measure: Measure
    label: str


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


def comparisons(proofs: Iterable[Proof]) -> list[Comparison]:
    """Everything that was measured, in the order of the proofs."""
    return [
        Comparison(measure, _label(proof, case, name, measure))
        for proof in proofs
        for case in proof.cases
        for name, measure in case.measures.items()
    ]


def plot(found: list[Comparison]) -> str:
    """The picture. Nothing is left out: comparisons at the same place share a mark, and its title counts them."""
    x = _axis([c.measure.bound for c in found], LEFT, RIGHT)
    # With the decades of the bounds: no part of the diagonal may be outside.
    y = _axis([_error(c.measure) for c in found], BOTTOM, TOP, x.low, x.high)
    failed = sum(not c.measure.passed for c in found)
    label = f"Error against bound of {len(found)} comparisons, both axes logarithmic. Above the bound: {failed}."
    parts = [*_frame(x, y), *_bound_line(x, y), *_marks(found, x, y), *_legend()]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
    return "\n".join([f'{head} aria-label="{text(label)}">', *parts, "</svg>"])


def _label(proof: Proof, case: Case, name: str, measure: Measure) -> str:
    given = f" with {case.bound_names}" if case.bindings else ""
    what = f"{name}: error {number(measure.max_abs)}, bound {number(measure.bound)}"
    place = f", {proof.sites[0]}" if proof.sites else ""
    return f"{what}; {one_line(proof.before)}{given}{place}"


def _error(measure: Measure) -> float:
    return math.inf if math.isnan(measure.max_abs) else measure.max_abs


def _axis(values: list[float], first: float, last: float, *decades: int) -> Axis:
    """An axis from the pixel ``first`` to ``last``, on which all of ``values`` and ``decades`` have a place."""
    exponents = [*decades, *(math.log10(v) for v in values if 0 < v < math.inf)] or [-8, 0]
    low, high = math.floor(min(exponents)), math.ceil(max(exponents))
    lane = math.copysign(LANE, last - first)
    infinite = math.inf in values
    end = last - 3 * lane if infinite else last - lane
    return Axis(low, max(high, low + 1), first + 3 * lane, end, first + lane, last - lane if infinite else end)


def _frame(x: Axis, y: Axis) -> Iterator[str]:
    """The frame with its ticks and the names of the axes."""
    yield f'<rect class="frame" x="{LEFT}" y="{TOP}" width="{RIGHT - LEFT}" height="{BOTTOM - TOP}"/>'
    for at, label in x.ticks:
        yield _line(_grid(label), at, TOP, at, BOTTOM)
        yield f'<text x="{at:.1f}" y="{BOTTOM + 16}" text-anchor="middle">{label}</text>'
    for at, label in y.ticks:
        yield _line(_grid(label), LEFT, at, RIGHT, at)
        yield f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{label}</text>'
    across, down = (LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2
    yield f'<text class="name" x="{across}" y="{HEIGHT - 12}" text-anchor="middle">bound: what rounding allows</text>'
    turned = f'text-anchor="middle" transform="rotate(-90 14 {down})"'
    yield f'<text class="name" x="14" y="{down}" {turned}>error: largest difference</text>'


def _grid(label: str) -> str:
    return "lane" if label in ("0", "∞") else "grid"


def _bound_line(x: Axis, y: Axis) -> Iterator[str]:
    """Where the error is its bound: the diagonal, and zero for what has to be exact."""
    yield _line("bound", x.decade(x.low), y.decade(x.low), x.decade(x.high), y.decade(x.high))
    yield _line("bound", x.zero - LANE, y.zero, x.zero + LANE, y.zero)


def _marks(found: list[Comparison], x: Axis, y: Axis) -> Iterator[str]:
    """Those that failed come last, so that none of the others hides them."""
    places: dict[tuple[bool, str, str], list[str]] = {}
    for c in sorted(found, key=lambda c: not c.measure.passed):
        at = f"{x.place(c.measure.bound):.1f}", f"{y.place(_error(c.measure)):.1f}"
        places.setdefault((c.measure.passed, *at), []).append(c.label)
    for (passed, across, down), labels in places.items():
        yield _mark(passed, across, down, f"<title>{text(_title(labels))}</title>")


def _title(labels: list[str]) -> str:
    more = len(labels) - MOST_LINES
    return "\n".join([*labels[:MOST_LINES], *([f"and {more} more at this place"] if more > 0 else [])])


def _mark(passed: bool, across: str, down: str, inside: str = "") -> str:
    if passed:
        return f'<circle class="pass" cx="{across}" cy="{down}" r="3.5">{inside}</circle>'
    return f'<path class="fail" transform="translate({across} {down})" d="M0-6 5.5 4h-11z">{inside}</path>'


def _legend() -> Iterator[str]:
    yield f'<g class="legend">{_mark(True, f"{LEFT + 6}", "14")}<text x="{LEFT + 16}" y="18">within the bound</text>'
    yield f'{_mark(False, f"{LEFT + 156}", "14")}<text x="{LEFT + 168}" y="18">above the bound</text>'
    yield f'{_line("bound", LEFT + 304, 14, LEFT + 334, 14)}<text x="{LEFT + 342}" y="18">error = bound</text></g>'


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
