"""The published comparison of torch.nn.BatchNorm2d and mindspore.nn.BatchNorm2d: one layer, one input, printed.

torch normalises at once, since a module starts in training mode. A MindSpore cell starts in inference mode.
"""

import numpy as np
import torch
import torch.nn as nn

# One sample, two channels with two different values each.
inputs = np.array([[[[1, 2], [1, 2]], [[3, 4], [3, 4]]]], dtype=np.float32)


def show(name: str, values: torch.Tensor) -> None:
    print(f"{name}:")
    print(values.detach().numpy())


def main() -> None:
    # The layer is called where it is made, so nobody else sets its mode.
    m = nn.BatchNorm2d(num_features=2, eps=1e-5, momentum=0.1)
    x = torch.tensor(inputs)
    output = m(x)
    show("input", x)
    show("output", output)  # -1 and 1 in each channel

    # One batch moved the averages a tenth of the way, from 0 and from 1.
    show("running mean", m.running_mean)
    show("running variance", m.running_var)
    show("scale", m.weight)
    show("shift", m.bias)

    # In evaluation the averages are used instead of the batch.
    m.eval()
    show("output in evaluation", m(x))


if __name__ == "__main__":
    main()
