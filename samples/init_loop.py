"""Weight initialisation in the usual places: a loop over modules(), a function for apply(), early exits."""

import math

import torch
from torch import nn
from torch.nn import BatchNorm2d


class Classifier(nn.Module):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1),
            BatchNorm2d(8, momentum=0.2),
            nn.ReLU(),
        )
        self.last_norm = BatchNorm2d(8)
        self.classifier = nn.Linear(8, num_classes)
        self._initialise()

    def _initialise(self) -> None:
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                fan_out = m.kernel_size[0] * m.kernel_size[1] * m.out_channels
                m.weight.data.normal_(0, math.sqrt(2.0 / fan_out))
                if m.bias is not None:
                    m.bias.data.zero_()
            elif isinstance(m, BatchNorm2d):
                m.weight.data.fill_(1)  # scale
                m.bias.data.zero_()  # shift
            elif isinstance(m, nn.Linear):
                nn.init.normal_(m.weight, 0, 0.01)
                nn.init.zeros_(m.bias)
        nn.init.constant_(self.last_norm.weight, 0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.last_norm(self.features(x))
        return self.classifier(x.mean(dim=(2, 3)))


def perturb_norms(module: nn.Module) -> None:
    """For ``model.apply``: a little noise on the scales of batch norm, nothing anywhere else."""
    if not isinstance(module, BatchNorm2d):
        return
    # From here on the module is a batch norm.
    nn.init.normal_(module.weight, mean=1.0, std=0.02)
    nn.init.zeros_(module.bias)
    module.reset_running_stats()


def build(num_classes: int = 10) -> Classifier:
    model = Classifier(num_classes)
    model.apply(perturb_norms)
    return model
