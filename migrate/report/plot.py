"""A picture of a verification: the error of every comparison against its bound, in SVG."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from migrate.proofs import Case, Measure, Proof
from migrate.report.axes import LANE, Axis, axis, error, grid, line, mark
from migrate.report.markup import number, one_line, text

WIDTH, HEIGHT = 560, 420
LEFT, RIGHT, TOP, BOTTOM = 62, 548, 34, 362
MOST_LINES = 10
"""Of a title: a browser cuts long ones without saying so."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A measure of a case, and what to call it."""

    measure: Measure
    label: str


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
    x = axis([c.measure.bound for c in found], LEFT, RIGHT)
    # With the decades of the bounds: no part of the diagonal may be outside.
    y = axis([error(c.measure) for c in found], BOTTOM, TOP, x.low, x.high)
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


def _frame(x: Axis, y: Axis) -> Iterator[str]:
    """The frame with its ticks and the names of the axes."""
    yield f'<rect class="frame" x="{LEFT}" y="{TOP}" width="{RIGHT - LEFT}" height="{BOTTOM - TOP}"/>'
    for at, label in x.ticks:
        yield line(grid(label), at, TOP, at, BOTTOM)
        yield f'<text x="{at:.1f}" y="{BOTTOM + 16}" text-anchor="middle">{label}</text>'
    for at, label in y.ticks:
        yield line(grid(label), LEFT, at, RIGHT, at)
        yield f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{label}</text>'
    across, down = (LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2
    yield f'<text class="name" x="{across}" y="{HEIGHT - 12}" text-anchor="middle">bound: what rounding allows</text>'
    turned = f'text-anchor="middle" transform="rotate(-90 14 {down})"'
    yield f'<text class="name" x="14" y="{down}" {turned}>error: largest difference</text>'


def _bound_line(x: Axis, y: Axis) -> Iterator[str]:
    """Where the error is its bound: the diagonal, and zero for what has to be exact."""
    yield line("bound", x.decade(x.low), y.decade(x.low), x.decade(x.high), y.decade(x.high))
    yield line("bound", x.zero - LANE, y.zero, x.zero + LANE, y.zero)


def _marks(found: list[Comparison], x: Axis, y: Axis) -> Iterator[str]:
    """Those that failed come last, so that none of the others hides them."""
    places: dict[tuple[bool, str, str], list[str]] = {}
    for c in sorted(found, key=lambda c: not c.measure.passed):
        at = f"{x.place(c.measure.bound):.1f}", f"{y.place(error(c.measure)):.1f}"
        places.setdefault((c.measure.passed, *at), []).append(c.label)
    for (passed, across, down), labels in places.items():
        yield mark(passed, across, down, f"<title>{text(_title(labels))}</title>")


def _title(labels: list[str]) -> str:
    more = len(labels) - MOST_LINES
    return "\n".join([*labels[:MOST_LINES], *([f"and {more} more at this place"] if more > 0 else [])])


def _legend() -> Iterator[str]:
    yield f'<g class="legend">{mark(True, f"{LEFT + 6}", "14")}<text x="{LEFT + 16}" y="18">within the bound</text>'
    yield f'{mark(False, f"{LEFT + 156}", "14")}<text x="{LEFT + 168}" y="18">above the bound</text>'
    yield f'{line("bound", LEFT + 304, 14, LEFT + 334, 14)}<text x="{LEFT + 342}" y="18">error = bound</text></g>'
