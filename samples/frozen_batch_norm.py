"""Fine-tuning with fixed batch norm: freeze the layers, read their statistics, or fold them into convolutions."""

import copy
from typing import Dict

import torch
import torch.nn as nn


def freeze_batch_norm(model: nn.Module) -> int:
    """Keep the statistics and the scale of every batch norm as they are; returns how many there were."""
    frozen = 0
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()  # no more updates of the statistics
            module.requires_grad_(False)
            frozen += 1
    return frozen


def statistics(model: nn.Module) -> Dict[str, float]:
    """The mean of the running variance of each batch norm, by its name."""
    found = {}
    for name, module in model.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            found[name + ".running_var"] = float(module.running_var.mean())
    return found


def fuse_conv_bn(conv: nn.Conv2d, bn: nn.BatchNorm2d) -> nn.Conv2d:
    """One convolution that computes what ``conv`` and ``bn`` compute in evaluation."""
    fused = copy.deepcopy(conv)
    with torch.no_grad():
        # y = gamma * (conv(x) - mean) / sqrt(var + eps) + beta
        scale = bn.weight / torch.sqrt(bn.running_var + bn.eps)
        fused.weight.copy_(conv.weight * scale.reshape(-1, 1, 1, 1))
        bias = torch.zeros_like(bn.running_mean) if conv.bias is None else conv.bias
        fused.bias = nn.Parameter((bias - bn.running_mean) * scale + bn.bias)
    return fused


class FusedBlock(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(channels, 1e-3, 0.03)
        self.act = nn.SiLU()

    def fuse(self) -> None:
        self.conv = fuse_conv_bn(self.conv, self.bn)
        self.bn = nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.bn(self.conv(x)))


class FineTuned(nn.Module):
    """Trains convolutions and a head; batch norm stays as it was pretrained, whatever the mode of the network."""

    def __init__(self, channels: int = 4, classes: int = 3) -> None:
        super().__init__()
        self.blocks = nn.Sequential(FusedBlock(channels), FusedBlock(channels))
        self.head = nn.Linear(channels, classes)
        freeze_batch_norm(self)

    def train(self, mode: bool = True) -> "FineTuned":
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.blocks(x).mean(dim=(2, 3)))
