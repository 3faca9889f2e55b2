"""What a review of a look-up by name offers to write, run on layers of either framework."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("tests.frameworks")

from tests.test_suggestions_executed import LAYERS, both, plain

LOOKUPS = {
    "statistics": ("if getattr(m, 'track_running_stats', False): return 1", "plain stateless cube groups"),
    "a value": ("return getattr(m, 'track_running_stats', None) or 0", "plain stateless cube"),
    "of a walk": ("return [getattr(x, 'affine', 5) for x in m.modules()]", "plain fixed cube fixed cube groups"),
    "a tensor": ("return [getattr(x, 'weight', 5) for x in m.modules()]", "plain cube groups"),
}


class Walk:
    """A network of one layer, in either framework."""

    def __init__(self, layer: object) -> None:
        self.layer = layer

    def modules(self) -> list[object]:
        return [self.layer]


@pytest.mark.parametrize(("line", "layers"), LOOKUPS.values(), ids=LOOKUPS)
def test_a_look_up_gives_the_same(line: str, layers: str) -> None:
    source = f"def f(m):\n    {line}\n\nmade = nn.BatchNorm2d\n"
    one, other = both(source)
    for name in (n for n in LAYERS if n in layers):
        layer, cell = (make() for make in LAYERS[name])
        walks = "modules" in line
        given = (Walk(layer), Walk(cell)) if walks else (layer, cell)
        assert plain(one["f"](given[0])) == plain(other["f"](given[1])), name
