"""A small U-Net: double convolutions, max pooling on the way down, skip connections on the way up."""

import torch
import torch.nn as nn
import torch.nn.functional as F


def double_conv(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels, 1e-05, 0.1, True, True),  # all by position
        nn.ReLU(inplace=True),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(
            out_channels,
            eps=1e-5,
            momentum=0.05,  # small batches: average over more of them
        ),
        nn.ReLU(inplace=True),
    )


class Down(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.pool = nn.MaxPool2d(2)
        self.conv = double_conv(in_channels, out_channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(self.pool(x))


class Up(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(in_channels, in_channels // 2, 2, stride=2)
        self.conv = double_conv(in_channels, out_channels)

    def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        x = self.up(x)
        # Odd sizes lose a row or a column in the pooling; give them back.
        dy, dx = skip.size(2) - x.size(2), skip.size(3) - x.size(3)
        x = F.pad(x, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])
        return self.conv(torch.cat([skip, x], dim=1))


class UNet(nn.Module):
    def __init__(self, channels: int = 3, classes: int = 2, width: int = 16, tracked: bool = True) -> None:
        super().__init__()
        # The input is normalised by its own batch, never by a running average.
        self.input_norm = nn.BatchNorm2d(channels, affine=False, track_running_stats=False)
        self.stem = double_conv(channels, width)
        self.down1 = Down(width, 2 * width)
        self.down2 = Down(2 * width, 4 * width)
        self.bridge_norm = nn.BatchNorm2d(4 * width, track_running_stats=tracked)
        self.up1 = Up(4 * width, 2 * width)
        self.up2 = Up(2 * width, width)
        self.head = nn.Conv2d(width, classes, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x0 = self.stem(self.input_norm(x))
        x1 = self.down1(x0)
        x2 = self.bridge_norm(self.down2(x1))
        return self.head(self.up2(self.up1(x2, x1), x0))
