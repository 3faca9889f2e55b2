"""Networks of the key maps, as sources: the class of each layer is what tells the names."""

SOURCES = {
    "k01_resnet": """
from torch import nn

def block(c):
    return nn.Sequential(nn.Conv2d(c, c, 1, bias=False), nn.BatchNorm2d(c))

class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.downsample = block(c)

    def forward(self, x):
        return self.downsample(x)

class Net(nn.Module):
    def __init__(self, layers=1):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.layer1 = nn.Sequential(*[Block(4) for _ in range(layers)])
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(self.layer1(self.bn1(self.conv1(x))).mean((2, 3)))
""",
    "k03_batchnorm3d": """
from collections import OrderedDict
from torch import nn

class Net(nn.Sequential):
    def __init__(self):
        super().__init__(OrderedDict([("conv1", nn.Conv3d(3, 4, 3, bias=False)), ("bn1", nn.BatchNorm3d(4))]))
""",
    "k05_substring_bn": """
from torch import nn

class Sub(nn.Module):
    def __init__(self, norm=nn.BatchNorm2d):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1, bias=False)
        self.norm = norm(4)

    def forward(self, x):
        return self.norm(self.conv(x))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.subnet = Sub()

    def forward(self, x):
        return self.subnet(x)
""",
    "k07_no_statistics": """
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.add_module("bn", nn.BatchNorm2d(4, track_running_stats=False))

    def forward(self, x):
        return self.bn(x)
""",
    "k09_module_prefix": """
from torch import nn

class Weighted(nn.Module):
    def __init__(self):
        super().__init__()
        self.bn = nn.BatchNorm2d(4)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(4)
        self.module_list = nn.ModuleList([nn.Conv2d(3, 4, 1, bias=False)])
        self.weight_net = Weighted()

    def forward(self, x):
        return self.weight_net.bn(self.bn1(self.module_list[0](x)))
""",
    "k11_ema": """
from torch import nn

class Schema(nn.Module):
    def __init__(self):
        super().__init__()
        for name in ("bn",):
            setattr(self, name, nn.BatchNorm2d(4))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.schema = Schema()

    def forward(self, x):
        return self.schema.bn(x)
""",
    "k13_dtype": """
from torch import nn

class Norm(nn.BatchNorm2d):
    pass

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.bn = Norm(4)

    def forward(self, x):
        return self.bn(x)
""",
    "k15_top_level": """
from torch import nn

class Net(nn.BatchNorm2d):
    def __init__(self):
        super().__init__(4)
""",
    "k17_frozen": """
from torch import nn
from torchvision.ops import FrozenBatchNorm2d

class Body(nn.Module):
    def __init__(self, norm):
        super().__init__()
        self.bn1 = norm(4)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = Body(FrozenBatchNorm2d)
""",
    "k19_duplicates": """
import torch.nn as nn

class Bottleneck(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.bn1 = nn.BatchNorm3d(width)

    def forward(self, x):
        return self.bn1(x)

class Net(nn.Module):
    def _make(self, blocks):
        layers = []
        for _ in range(blocks):
            layers.append(Bottleneck(4))
        return nn.Sequential(*layers)

    def __init__(self):
        super().__init__()
        self.layer1 = self._make(1)

    def forward(self, x):
        return self.layer1(x)
""",
}
WITHOUT_TORCH = frozenset({"k17_frozen"})
"""Sources that need a package the tests do not have."""
INPUTS = {"k03_batchnorm3d": (2, 3, 4, 5, 5), "k07_no_statistics": (2, 4, 3, 3), "k19_duplicates": (2, 4, 2, 3, 3)}
CHANNELS = {"k11_ema": 4, "k13_dtype": 4, "k15_top_level": 4}
