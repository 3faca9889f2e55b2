"""Inverted residuals, with the batch norm settings of the mobile networks."""

from functools import partial
from typing import Callable, Optional

import torch
from torch import nn

# A slow average and a large epsilon: the settings the pretrained weights were trained with.
BN_EPS = 1e-3
BN_MOMENTUM = 0.01


class ConvNormActivation(nn.Sequential):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 3,
        stride: int = 1,
        groups: int = 1,
        norm_layer: Callable[..., nn.Module] = nn.BatchNorm2d,
        activation: bool = True,
    ) -> None:
        padding = (kernel_size - 1) // 2
        layers = [
            nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, groups=groups, bias=False),
            norm_layer(out_channels),
        ]
        if activation:
            layers.append(nn.Hardswish())
        super().__init__(*layers)


class InvertedResidual(nn.Module):
    def __init__(self, inp: int, oup: int, stride: int, ratio: int, norm_layer: Callable[..., nn.Module]) -> None:
        super().__init__()
        hidden = inp * ratio
        self.use_shortcut = stride == 1 and inp == oup
        self.block = nn.Sequential(
            ConvNormActivation(inp, hidden, 1, norm_layer=norm_layer),
            ConvNormActivation(hidden, hidden, 3, stride, groups=hidden, norm_layer=norm_layer),
            # linear projection: no activation
            ConvNormActivation(hidden, oup, 1, norm_layer=norm_layer, activation=False),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.block(x) if self.use_shortcut else self.block(x)


class MobileNet(nn.Module):
    def __init__(self, num_classes: int = 10, norm_layer: Optional[Callable[..., nn.Module]] = None) -> None:
        super().__init__()
        if norm_layer is None:
            norm_layer = partial(nn.BatchNorm2d, eps=BN_EPS, momentum=BN_MOMENTUM)
        self.stem = ConvNormActivation(3, 16, stride=2, norm_layer=norm_layer)
        self.blocks = nn.Sequential(
            InvertedResidual(16, 16, 1, ratio=2, norm_layer=norm_layer),
            InvertedResidual(16, 24, 2, ratio=4, norm_layer=norm_layer),
            InvertedResidual(24, 24, 1, ratio=4, norm_layer=norm_layer),
        )
        self.head = nn.Linear(24, num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.blocks(self.stem(x))
        return self.head(x.mean(dim=(2, 3)))


def mobilenet_tiny(num_classes: int = 10) -> MobileNet:
    # A partial with literals: the value is complemented inside it.
    return MobileNet(num_classes, norm_layer=partial(nn.BatchNorm2d, eps=0.001, momentum=0.03))
