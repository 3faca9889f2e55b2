"""The batches that a proof runs on: chosen so that wrong arguments show, and rounding does not."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

STEPS = 3
SEED = 20240229
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the inputs depend on: ``shape`` holds 0 where the channels go, ``eps`` is the layer's.

    ``by_sample``: the layer normalizes samples by themselves, which its class tells, too, in the key of a record.
    """

    shape: tuple[int, ...]
    channels: int
    eps: float
    by_sample: bool = field(default=False, repr=False)

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(n or self.channels for n in self.shape)


def make_inputs(recipe: Recipe) -> dict[str, Floats]:
    """``batches`` (4, N, C, ...), ``gradients`` (3, N, C, ...), ``scale`` and ``shift`` (C,), ``first`` (N, C, ...).

    Every channel, or every sample, goes through the deviations 1, sqrt(eps) and 3 sqrt(eps): where they are small, eps
    decides the output; where they differ from batch to batch, the momentum decides the statistics. The mean stays
    within two deviations, since float32 loses the difference of large numbers. ``first`` is made of ones and twos.
    """
    random = np.random.RandomState(SEED)
    sizes, channels = recipe.sizes, recipe.channels
    root = math.sqrt(recipe.eps)
    choices = np.array([1.0, root, 3 * root])
    column = (channels, *(1,) * (len(sizes) - 2))
    batches = []
    alike = (sizes[0], *(1,) * (len(sizes) - 1)) if recipe.by_sample else column
    for step in range(STEPS + 1):
        deviation = choices[(np.arange(max(alike)) + step) % 3].reshape(alike)
        mean = random.uniform(0.5, 2.0, column) * random.choice([-1.0, 1.0], column)
        batches.append(deviation * (random.standard_normal(sizes) + mean))
    made = {
        "batches": np.stack(batches),
        "gradients": random.standard_normal((STEPS, *sizes)),
        "scale": random.uniform(0.5, 1.5, channels),
        "shift": random.uniform(-1.0, 1.0, channels),
        "first": np.resize([1.0, 2.0], math.prod(sizes) // channels).reshape(_without_channels(sizes)),
    }
    made["first"] = np.broadcast_to(np.expand_dims(made["first"], 1), sizes)
    return {name: np.ascontiguousarray(value, np.float32) for name, value in made.items()}


def _without_channels(sizes: tuple[int, ...]) -> tuple[int, ...]:
    return (sizes[0], *sizes[2:])
