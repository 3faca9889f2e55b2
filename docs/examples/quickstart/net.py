import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, norm=nn.BatchNorm2d):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.norm = norm(8, 1e-3, 0.2)
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        return self.head(torch.relu(self.norm(self.conv(x))).mean((2, 3)))


def slow_down(net, momentum):
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.momentum = momentum
