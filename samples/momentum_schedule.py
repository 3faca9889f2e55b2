"""Point-cloud networks lower the batch norm momentum while they train; MindSpore fixes it in the constructor."""

from typing import Callable

import torch
from torch import nn

INITIAL_MOMENTUM = 0.5
DECAY = 0.5
LOWEST = 0.01


class SharedMLP(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.norm = nn.BatchNorm2d(out_channels, momentum=INITIAL_MOMENTUM)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.norm(self.conv(x)))


def set_momentum(model: nn.Module, momentum: float) -> None:
    for m in model.modules():
        if isinstance(m, nn.BatchNorm2d):
            # An assignment: it changes every later batch in torch, and nothing in MindSpore.
            m.momentum = momentum


class MomentumScheduler:
    """Calls ``momentum_of(epoch)`` and hands the result to every batch norm of the model."""

    def __init__(self, model: nn.Module, momentum_of: Callable[[int], float]) -> None:
        self.model = model
        self.momentum_of = momentum_of
        self.epoch = -1
        self.step()

    def step(self) -> None:
        self.epoch += 1
        set_momentum(self.model, self.momentum_of(self.epoch))


def halving(epoch: int) -> float:
    return max(INITIAL_MOMENTUM * DECAY ** (epoch // 20), LOWEST)


def train(epochs: int = 3) -> SharedMLP:
    model = SharedMLP(3, 8)
    model.train()  # torch starts so, MindSpore's layers do not
    scheduler = MomentumScheduler(model, halving)
    for _ in range(epochs):
        model(torch.randn(2, 3, 16, 4))
        scheduler.step()
    return model
