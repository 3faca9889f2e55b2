"""Times training steps alone and while they are recorded; prints a row of Markdown for each network.

Two processes, one alone and one recorded, take turns with a few steps each, so that a busy second of the machine meets
both. What counts is the CPU time, and of the ratios of neighbouring turns the median.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
ALLOWED = 1.2
PROGRAM = """
import hashlib, sys, time
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
for _ in sys.stdin:
    start = time.process_time()
    for _ in range(int(sys.argv[2])):
        optimizer.zero_grad()
        output = network(torch.randn(shape))
        output.square().mean().backward()
        optimizer.step()
    print((time.process_time() - start) / int(sys.argv[2]), flush=True)
digest = hashlib.sha256(torch.get_rng_state().numpy().tobytes())
for tensor in (output, *network.state_dict().values()):
    digest.update(tensor.detach().numpy().tobytes())
print(digest.hexdigest())
"""
STEPS = {"resnet18": 4, "50 tiny layers": 25}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=f"Exit status 1 where the two compute different bits, or resnet18 is above {ALLOWED}.",
    )
    parser.add_argument("--rounds", type=int, default=40, metavar="N", help="turns of each process (%(default)s)")
    rounds = parser.parse_args().rounds
    if rounds < 1:
        parser.error("--rounds: at least 1")
    print("| network | CPU time of a step alone | recorded | ratio | same bits |\n|---|--:|--:|--:|---|")
    passed = True
    for network, steps in STEPS.items():
        pairs, same = _race(network, steps, rounds)
        alone, recorded = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(after / before for before, after in pairs)
        print(
            f"| {network} | {alone * 1e3:.2f} ms | {recorded * 1e3:.2f} ms | {ratio:.2f} | {'yes' if same else 'NO'} |"
        )
        passed = passed and same and (ratio <= ALLOWED or network != "resnet18")
    return int(not passed)


def _race(network: str, steps: int, rounds: int) -> tuple[list[tuple[float, float]], bool]:
    """CPU seconds of a step in each round, alone and recorded; and whether both ended with the same bits."""
    with (
        tempfile.TemporaryDirectory() as folder,
        _program(folder, False, network, steps) as alone,
        _program(folder, True, network, steps) as recorded,
    ):
        # The first turn of each also pays for what is done once.
        both, pairs = (alone, recorded), []
        for number in range(rounds + 1):
            order = both if number % 2 else both[::-1]
            times = {process: _turn(process) for process in order}
            pairs.append((times[alone], times[recorded]))
        digests = {process.communicate()[0].strip() for process in both}
    return pairs[1:], len(digests) == 1


@contextmanager
def _program(folder: str, is_recorded: bool, *arguments: Any) -> Iterator[subprocess.Popen[str]]:
    program = Path(folder) / "steps.py"
    program.write_text(PROGRAM)
    recorder = ["-m", "migrate.trace", "-o", f"{folder}/trace.json"] if is_recorded else []
    path = os.pathsep.join([str(ROOT / "samples"), str(ROOT)])
    process = subprocess.Popen(
        [sys.executable, *recorder, str(program), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        cwd=folder,
    )
    with process:
        yield process


def _turn(process: subprocess.Popen[str]) -> float:
    """The CPU seconds of a step, in the next few steps of a process."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return float(process.stdout.readline())


if __name__ == "__main__":
    sys.exit(main())
