"""Times training steps alone and while they are recorded; prints a row of Markdown for each network.

``python benchmarks/recording.py [ROUNDS]``: each round runs the two one after the other, since a machine is now faster
and now slower; what counts is the median of the ratios. Exit status 1 where that is more than `ALLOWED` for resnet18.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROUNDS = 5
ALLOWED = 1.2
PROGRAM = """
import sys, time
import torch
from torch import nn
from resnet import BasicBlock, ResNet

torch.set_num_threads(1)
torch.manual_seed(0)
if sys.argv[1] == "resnet18":
    network, shape = ResNet(BasicBlock, [2, 2, 2, 2], num_classes=10), (4, 3, 64, 64)
else:
    network, shape = nn.Sequential(*(nn.BatchNorm2d(4) for _ in range(50))), (2, 4, 2, 2)
optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
for step in range(int(sys.argv[2])):
    if step == 3:
        start = time.perf_counter()
    optimizer.zero_grad()
    network(torch.randn(shape)).square().mean().backward()
    optimizer.step()
print((time.perf_counter() - start) / (step - 2))
"""
STEPS = {"resnet18": 23, "50 tiny layers": 203}


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    print("| network | step alone | recorded | ratio |\n|---|---|---|---|")
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "steps.py"
        program.write_text(PROGRAM)
        for network, steps in STEPS.items():
            pairs = [tuple(_seconds(program, network, steps, recorded) for recorded in (False, True))
                     for _ in range(rounds)]  # fmt: skip
            alone, recorded = (statistics.median(column) for column in zip(*pairs, strict=True))
            ratio = statistics.median(after / before for before, after in pairs)
            print(f"| {network} | {alone * 1e3:.2f} ms | {recorded * 1e3:.2f} ms | {ratio:.2f} |")
            worst = max(worst, ratio if network == "resnet18" else 0.0)
    return int(worst > ALLOWED)


def _seconds(program: Path, network: str, steps: int, recorded: bool) -> float:
    """The time of a step in a process of its own."""
    command = [sys.executable, str(program), network, str(steps)]
    if recorded:
        command = [sys.executable, "-m", "migrate.trace", "-o", str(program.with_suffix(".json")), *command[1:]]
    path = os.pathsep.join([str(ROOT / "samples"), str(ROOT)])
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}, cwd=program.parent
    )
    return float(done.stdout)


if __name__ == "__main__":
    sys.exit(main())
