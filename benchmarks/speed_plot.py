"""The CPU seconds of the contenders on each tree as bars on a logarithmic scale, in SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LEFT, RIGHT = 760, 230, 700
TOP, BAR, HEAD, FOOT = 52, 20, 34, 58
MOST = 70
"""Letters of a note: there is room for no more."""
KINDS = {"ours": "bn-migrate", "peer": "other tools", "floor": "floors: start, grep, parsing"}
STYLE = """
svg { color-scheme: light dark; --paper: #ffffff; --ink: #1b1f24; --soft: #57606a; --line: #d5dae0;
  --ours: #0a53a8; --peer: #a8560a; --floor: #8a94a0; font: 12px system-ui, sans-serif; }
@media (prefers-color-scheme: dark) {
  svg { --paper: #14171c; --ink: #e4e8ed; --soft: #a2acb8; --line: #333b45;
    --ours: #80bcff; --peer: #f2a65a; --floor: #6b7683; }
}
.paper { fill: var(--paper); } text { fill: var(--ink); } .soft { fill: var(--soft); }
.title { font-size: 15px; font-weight: 600; } .tree { font-weight: 600; } .grid { stroke: var(--line); }
.ours { fill: var(--ours); } .peer { fill: var(--peer); } .floor { fill: var(--floor); }
"""


@dataclass(frozen=True)
class Bar:
    """``cpu`` is None where there are no figures; then ``note`` says why."""

    label: str
    kind: str
    cpu: float | None
    note: str


@dataclass(frozen=True)
class Panel:
    """The bars of one tree, in their order."""

    title: str
    bars: Sequence[Bar]


def plot(panels: Sequence[Panel]) -> str:
    values = [bar.cpu for panel in panels for bar in panel.bars if bar.cpu]
    low = math.floor(math.log10(min(values, default=0.1)))
    high = max(math.ceil(math.log10(max(values, default=1))), low + 1)
    bottom = TOP + sum(HEAD + BAR * len(panel.bars) for panel in panels) + 8
    height = bottom + FOOT
    title = "CPU seconds of a check without changes, by tool"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}">',
        f'<style>{STYLE}</style><rect class="paper" width="{WIDTH}" height="{height}"/>',
        f'<text class="title" x="16" y="24">{title}</text>',
        *_legend(),
        *_scale(low, high, bottom),
        *_panels(panels, low, high),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _across(exponent: float, low: int, high: int) -> float:
    return LEFT + (exponent - low) / (high - low) * (RIGHT - LEFT)


def _legend() -> Iterator[str]:
    for index, (kind, label) in enumerate(KINDS.items()):
        x = LEFT + 140 * index
        yield f'<rect class="{kind}" x="{x}" y="36" width="10" height="10"/>'
        yield f'<text class="soft" x="{x + 15}" y="45">{label}</text>'


def _scale(low: int, high: int, bottom: int) -> Iterator[str]:
    for exponent in range(low, high + 1):
        x = _across(exponent, low, high)
        yield f'<line class="grid" x1="{x:.1f}" y1="{TOP + 8}" x2="{x:.1f}" y2="{bottom}"/>'
        yield f'<text class="soft" x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{10.0**exponent:g}</text>'
    middle = (LEFT + RIGHT) / 2
    name = "CPU seconds of all processes, logarithmic: the bars' ends compare, not their lengths"
    yield f'<text class="soft" x="{middle}" y="{bottom + 38}" text-anchor="middle">{name}</text>'


def _panels(panels: Sequence[Panel], low: int, high: int) -> Iterator[str]:
    y = TOP
    for panel in panels:
        yield f'<text class="tree" x="16" y="{y + 24}">{escape(panel.title)}</text>'
        y += HEAD
        for bar in panel.bars:
            yield f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(bar.label)}</text>'
            end = _across(math.log10(bar.cpu), low, high) if bar.cpu else LEFT
            width = max(end - LEFT, 1)
            if bar.cpu:
                yield f'<rect class="{bar.kind}" x="{LEFT}" y="{y + 3}" width="{width:.1f}" height="{BAR - 6}"/>'
            yield f'<text class="soft" x="{LEFT + width + 5:.1f}" y="{y + 14}">{escape(bar.note[:MOST])}</text>'
            y += BAR
