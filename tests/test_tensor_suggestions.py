"""What a review of a tensor offers is pasted into the migrated file and run beside the original: it does the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

frameworks = pytest.importorskip("tests.frameworks", reason="torch and MindSpore: pip install -e '.[verify]'")
ms, torch = frameworks.ms, frameworks.torch

from tests.test_suggestions_executed import both, plain  # noqa: E402

VALUES = np.array([0.5, 2.0, 3.0], np.float32)
READS = {
    "into functions": "return torch.sqrt(m.running_var + m.eps), torch.cat([m.weight, m.bias])",
    "a fuse function": "w = m.weight.div(torch.sqrt(m.eps + m.running_var))\n    return x.weight * w.view(-1, 1, 1, 1)",
    "through variables": (
        "mean, var, gamma = m.running_mean, m.running_var, m.weight\n    t = gamma / (var + m.eps).sqrt()\n"
        "    return x.weight * t.reshape(-1, 1, 1, 1), m.bias - mean * t"
    ),
    "beside a tensor": "return x.bias + m.bias, m.running_mean.mul(x.bias)",
    "methods": "return m.weight.detach().cpu().numpy().tolist(), m.running_var.std().item(), m.bias.size(0)",
    "a parameter": "return nn.Parameter(m.weight).sum().item(), isinstance(nn.Parameter(m.bias), nn.Parameter)",
}
WRITES = {
    "a slice": "m.weight.data[:2].mul_(3)",
    "an item": "m.running_mean[i].fill_(2)",
    "zero": "m.bias.data[0].zero_()",
    "added": "m.weight.data[1:].add_(i)",
    "subtracted": "m.weight[i].sub_(i * 2)",
    "divided": "m.running_var[1].div_(i + 3)",
    "between": "m.running_mean.data[:2].clamp_(1, 1.5)",
    "copied": "t = m.running_var[1:]\n    m.weight.data[:2].copy_(t)",
    "a mask": "m.weight.data[m.bias.data > 1] = 7",
    "places": "m.running_mean.data[[0, 2]] = 5.0",
    "grown": "m.running_mean[0] += 1",
    "a layer's": "m.weight.data.copy_(x.bias)",
    "computed": "m.bias.data = x.bias * 2 + 1",
    "made": "m.running_mean.copy_(torch.arange(3.0))",
}


def layers() -> tuple[Any, Any, Any]:
    """One layer in both frameworks, with values of its own, and one of torch's beside it."""
    layer, cell, conv = torch.nn.BatchNorm2d(3), ms.nn.BatchNorm2d(3), torch.nn.Conv2d(3, 3, 1)
    for i, (name, new) in enumerate(frameworks.NAMES.items()):
        with torch.no_grad():
            getattr(layer, name).copy_(torch.tensor(VALUES + i))
        getattr(cell, new).set_data(ms.Tensor(VALUES + i))
    return layer, cell, conv


@pytest.mark.parametrize("name", READS)
def test_what_is_read(name: str) -> None:
    one, other = both(f"def f(m: nn.BatchNorm2d, x: nn.Conv2d):\n    {READS[name]}\n")
    layer, cell, conv = layers()
    expected, found = plain(one["f"](layer, conv)), plain(other["f"](cell, conv))
    for a, b in zip(expected, found, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", WRITES)
def test_what_is_written(name: str) -> None:
    one, other = both(f"def f(m: nn.BatchNorm2d, x: nn.Conv2d, i: int):\n    {WRITES[name]}\n")
    layer, cell, conv = layers()
    with torch.no_grad():
        one["f"](layer, conv, 1)
    other["f"](cell, conv, 1)
    before = layers()[0].state_dict()
    assert any(not torch.equal(v, before[k]) for k, v in layer.state_dict().items()), "nothing is changed"
    for name, new in frameworks.NAMES.items():
        np.testing.assert_allclose(getattr(cell, new).asnumpy(), getattr(layer, name).detach().numpy(), rtol=1e-6)
