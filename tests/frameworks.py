"""Runs a constructor in torch and its rewrite in MindSpore, and compares what they compute."""

from __future__ import annotations

import os
import types
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("GLOG_v", "4")

import mindspore as ms
import numpy as np
import torch

torch.set_num_threads(1)
ms.set_device("CPU")
ms.set_context(mode=ms.PYNATIVE_MODE)

NAMES = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
SHAPES = {"BatchNorm1d": (4,), "BatchNorm2d": (2, 2, 3), "BatchNorm3d": (2, 2, 2, 2), "SyncBatchNorm": (2, 2, 3)}
TOLERANCE = 2e-5
"""For outputs in float32: three times the analytic bound of such batches."""


@dataclass
class Pair:
    """The same layer in both frameworks."""

    torch: Any
    mindspore: Any


def build(before: str, after: str, **names: Any) -> Pair:
    """Evaluates both texts; ``names`` are the values of their free names."""
    scope = {"nn": torch.nn, "torch": torch, "np": np, **names}
    target_scope = {"ms": ms, "np": np, "initializer": ms.common.initializer.initializer, **names}
    return Pair(eval(before, dict(scope)), eval(after, dict(target_scope)))


def batches(kind: str, channels: int, count: int = 3) -> list[np.ndarray]:
    """Different float32 batches of shape (N, C, ...) with means and deviations of their own for each channel."""
    random = np.random.default_rng(7)
    shape = SHAPES[kind]
    size = (shape[0], channels, *shape[1:]) if len(shape) > 1 else (shape[0], channels)
    result = []
    for _ in range(count):
        std = random.choice([1.0, 0.003, 0.01], size=(1, channels) + (1,) * (len(size) - 2))
        x = random.standard_normal(size) * std + random.uniform(0.5, 2.0, std.shape) * std
        result.append(x.astype(np.float32))
    return result


def differences(pair: Pair, kind: str, channels: int) -> dict[str, float]:
    """The largest difference of each measure: initial values, three training batches, then evaluation."""
    layer, cell = pair.torch, pair.mindspore
    found = {"initial": 0.0, "train": 0.0, "eval": 0.0, "statistics": 0.0, "trainable": 0.0}
    inner = core(cell)
    affine = layer.weight is not None
    if affine:
        for name in ("weight", "bias"):
            found["initial"] = max(found["initial"], _gap(getattr(layer, name), getattr(inner, NAMES[name])))
            trainable = getattr(inner, NAMES[name]).requires_grad
            found["trainable"] += float(getattr(layer, name).requires_grad != trainable)
        _seed(pair, channels)
    else:
        found["trainable"] = float(len(cell.trainable_params()))
    layer.train()
    cell.set_train()
    for x in batches(kind, channels):
        found["train"] = max(found["train"], _gap(layer(torch.tensor(x)), cell(ms.Tensor(x))))
    layer.eval()
    cell.set_train(False)
    for x in batches(kind, channels):
        found["eval"] = max(found["eval"], _gap(layer(torch.tensor(x)), cell(ms.Tensor(x))))
    if layer.track_running_stats:
        for name in ("running_mean", "running_var"):
            found["statistics"] = max(found["statistics"], _gap(getattr(layer, name), statistics(cell, name)))
    return found


def core(cell: Any) -> Any:
    """The cell that owns the parameters: the three-dimensional one wraps another."""
    return getattr(cell, "bn2d", cell)


def statistics(cell: Any, name: str) -> Any:
    return getattr(core(cell), NAMES[name])


def _seed(pair: Pair, channels: int) -> None:
    values = np.linspace(0.5, 1.5, channels, dtype=np.float32)
    inner = core(pair.mindspore)
    with torch.no_grad():
        pair.torch.weight.copy_(torch.tensor(values))
        pair.torch.bias.copy_(torch.tensor(values - 1))
    inner.gamma.set_data(ms.Tensor(values))
    inner.beta.set_data(ms.Tensor(values - 1))


def _gap(left: Any, right: Any) -> float:
    """The largest difference, absolute for values below one and relative above."""
    a, b = left.detach().numpy(), np.array(right.asnumpy())
    return float(np.max(np.abs(a - b) / np.maximum(1.0, np.abs(a))))


def run(code: str, **names: Any) -> types.SimpleNamespace:
    """The names that a module text binds when it runs."""
    scope = dict(names)
    exec(compile(code, "<case>", "exec"), scope)
    return types.SimpleNamespace(**scope)
