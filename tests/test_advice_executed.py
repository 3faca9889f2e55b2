"""What the reviews of writes offer, run in both frameworks."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("tests.frameworks")

import mindspore as ms
import torch

from tests.test_suggestions_executed import LAYERS, both

SHAPES = {"plain": (4, 3, 2, 2), "cube": (4, 3, 2, 2, 2)}


@pytest.mark.parametrize("name", SHAPES)
def test_statistics_that_are_taken_away(name: str) -> None:
    """Test-time adaptation: evaluation normalizes by the batch, whatever was learned before."""
    kind = "BatchNorm3d" if name == "cube" else "BatchNorm2d"
    one, other = both(f"def f(m: nn.{kind}):\n    m.running_mean = None\n    m.running_var = None\n")
    layer, cell = (make() for make in LAYERS[name])
    x = np.random.default_rng(0).standard_normal(SHAPES[name]).astype(np.float32) * 3 + 1
    layer.eval()
    cell.set_train(False)
    learned = cell(ms.Tensor(x)).asnumpy()
    one["f"](layer)
    other["f"](cell)
    for _ in range(2):
        expected = layer(torch.tensor(x)).detach().numpy()
        assert np.abs(expected - cell(ms.Tensor(x)).asnumpy()).max() < 1e-5
    assert np.abs(expected - learned).max() > 0.1
