"""A picture of one network: the error of every layer against its bound, in the order of execution, in SVG."""

from __future__ import annotations

from collections.abc import Iterator

from migrate.proofs import LayerError
from migrate.report.axes import Axis, axis, error, grid, line, mark
from migrate.report.markup import number, text

WIDTH, HEIGHT = 760, 320
LEFT, RIGHT, TOP, BOTTOM = 62, 748, 34, 270
MOST_TICKS = 10


def plot_depth(layers: tuple[LayerError, ...]) -> str:
    """The picture: a mark for the error of each call of a layer, and a line of their bounds."""
    measures = [layer.measure for layer in layers]
    y = axis([v for m in measures for v in (error(m), m.bound)], BOTTOM, TOP)
    step = (RIGHT - LEFT) / max(len(layers), 1)
    across = [LEFT + (i + 0.5) * step for i in range(len(layers))]
    failed = sum(not m.passed for m in measures)
    label = f"Error of {len(layers)} layers by depth, logarithmic. Above the bound: {failed}."
    bounds = " ".join(f"{x:.1f},{y.place(m.bound):.1f}" for x, m in zip(across, measures, strict=True))
    bound = f'<polyline class="bound" points="{bounds}"/>'
    parts = [*_frame(y, across), bound, *_marks(layers, across, y), *_legend()]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
    return "\n".join([f'{head} aria-label="{text(label)}">', *parts, "</svg>"])


def _frame(y: Axis, across: list[float]) -> Iterator[str]:
    """The frame, decades of the error, and the numbers of some layers."""
    yield f'<rect class="frame" x="{LEFT}" y="{TOP}" width="{RIGHT - LEFT}" height="{BOTTOM - TOP}"/>'
    for at, label in y.ticks:
        yield line(grid(label), LEFT, at, RIGHT, at)
        yield f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{label}</text>'
    for i in range(0, len(across), -(-len(across) // MOST_TICKS) or 1):
        yield f'<text x="{across[i]:.1f}" y="{BOTTOM + 16}" text-anchor="middle">{i + 1}</text>'
    middle, down = (LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2
    below = f'x="{middle}" y="{HEIGHT - 12}" text-anchor="middle"'
    yield f'<text class="name" {below}>layers in the order of execution</text>'
    turned = f'text-anchor="middle" transform="rotate(-90 14 {down})"'
    yield f'<text class="name" x="14" y="{down}" {turned}>error: largest difference</text>'


def _marks(layers: tuple[LayerError, ...], across: list[float], y: Axis) -> Iterator[str]:
    for position, (layer, x) in enumerate(zip(layers, across, strict=True), start=1):
        m = layer.measure
        title = f"{position}. {layer.name}: error {number(m.max_abs)}, bound {number(m.bound)}"
        yield mark(m.passed, f"{x:.1f}", f"{y.place(error(m)):.1f}", f"<title>{text(title)}</title>")


def _legend() -> Iterator[str]:
    yield f'<g class="legend">{mark(True, f"{LEFT + 6}", "14")}<text x="{LEFT + 16}" y="18">within the bound</text>'
    yield f'{mark(False, f"{LEFT + 156}", "14")}<text x="{LEFT + 168}" y="18">above the bound</text>'
    yield f'{line("bound", LEFT + 304, 14, LEFT + 334, 14)}<text x="{LEFT + 342}" y="18">bound</text></g>'
