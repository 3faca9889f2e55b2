"""Lets migrated initialisation draw the numbers that the original draws, so that the two can be compared."""

from __future__ import annotations

from typing import Any

import mindspore.common.initializer as initializers
import torch


def draw_from_torch() -> None:
    """Draw MindSpore's normal numbers from torch's generator, as ``torch.nn.init.normal_`` does.

    What is compared are the mean, the deviation and the order of draws; how MindSpore draws is its own affair. Without
    this every random number behind such a line would be another one than in the original.
    """

    def _initialize(self: Any, arr: Any) -> None:
        arr[...] = torch.empty(tuple(arr.shape)).normal_(self.mean, self.sigma).numpy()

    initializers.Normal._initialize = _initialize
