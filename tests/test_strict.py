"""Strict bridges, and a migrated program against the record of what it was in torch."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from migrate.bridge import StrictError, install, uninstall
from tests.command import bn_migrate, plant
from tests.frameworks import ms, torch
from tests.recorded import trace

HERE = Path(__file__)


@pytest.fixture
def strict() -> Iterator[None]:
    install(strict=True)
    yield
    uninstall()


def layer(**arguments: Any) -> Any:
    return ms.nn.BatchNorm2d(3, **arguments).train()


def batch() -> torch.Tensor:
    return torch.randn(2, 3, 4, 4)


def write(name: str, value: Any) -> Callable[[Any], None]:
    return lambda made: setattr(made, name, value)


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize(
    ("use", "words"),
    [
        (write("track_running_stats", False), "track_running_stats of BatchNorm2d is written: "),
        (write("affine", False), "affine of BatchNorm2d is written: "),
        (write("training", True), "training of BatchNorm2d is written: "),
        (lambda made: torch.sqrt(made.gamma), "sqrt of torch gets a Parameter of MindSpore"),
        (lambda made: batch().sum() * made.gamma, "of torch gets a Parameter of MindSpore"),
        (lambda made: torch.nn.functional.relu(made.moving_mean + 1), "relu of torch gets a Tensor of MindSpore"),
    ],
    ids=["statistics", "affine", "training", "function", "operator", "what is computed with one"],
)
def test_what_does_nothing_or_fails_late_raises_with_its_line(use: Callable[[Any], None], words: str) -> None:
    made = layer()
    with pytest.raises(StrictError) as raised:
        use(made)
    assert words in str(raised.value)
    file, line, _ = str(raised.value).split(":", 2)
    assert (file, int(line) > 0) == (str(HERE), True)


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("name", ["momentum", "eps"])
def test_a_number_that_is_written_has_to_reach_the_primitive(name: str) -> None:
    made = layer()
    setattr(made, name, 0.03)
    with pytest.raises(StrictError, match=rf"{HERE}:\d+: {name} of BatchNorm2d is written, and the layer computes"):
        made(batch())
    made.bn_train = ms.ops.BatchNorm(is_training=True, epsilon=made.eps, momentum=made.momentum)
    if name == "eps":
        with pytest.raises(StrictError, match="bn_infer has to be built again"):
            made(batch())
        made.bn_infer = ms.ops.BatchNorm(is_training=False, epsilon=made.eps)
    assert made(batch()).shape == (2, 3, 4, 4)


@pytest.mark.usefixtures("strict")
def test_networks_train_and_change_modes_as_before() -> None:
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 3, 1), ms.nn.BatchNorm2d(3))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    network.train()
    network(batch()).sum().backward()
    optimizer.step()
    network.eval().requires_grad_(False)
    network.load_state_dict(network.state_dict())
    assert network(batch()).shape == (2, 3, 4, 4)


def test_bridges_are_not_strict_unless_they_are_asked() -> None:
    install()
    try:
        made = layer()
        made.momentum, made.track_running_stats = 0.03, False
        assert made(batch()).shape == (2, 3, 4, 4)
    finally:
        uninstall()
    assert not hasattr(ms.Tensor, "__torch_function__")


class Net(torch.nn.Module):
    """A network as a migration leaves it."""

    def __init__(self, momentum: float) -> None:
        super().__init__()
        self.norm = ms.nn.BatchNorm2d(3, momentum=momentum)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(x)


@pytest.mark.parametrize(("momentum", "is_right"), [(0.8, True), (0.2, False)])
def test_a_layer_has_to_compute_with_what_it_had_in_torch(tmp_path: Path, momentum: float, is_right: bool) -> None:
    network = f"{Net.__module__}.{Net.__qualname__}"
    layers = {network: {"norm": [{"class": "", "arguments": {"momentum": 0.2, "eps": 1e-5}}]}}
    (tmp_path / "t.json").write_text(json.dumps({"schema": 1, "files": {}, "runs": [], "networks": layers}))
    install(strict=True, trace=tmp_path / "t.json")
    try:
        net = Net(momentum)
        if is_right:
            assert net(batch()).shape == (2, 3, 4, 4)
        else:
            with pytest.raises(StrictError, match=rf"{HERE}:\d+: norm of {network}: momentum is 0.8, in torch it was"):
                net(batch())
    finally:
        uninstall()


NET = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.BatchNorm2d(3, momentum=0.2)
        self.b = nn.BatchNorm2d(3, eps=1e-3)

    def forward(self, x):
        return self.b(self.a(x))


def tune(m: nn.BatchNorm2d):
    m.momentum = 0.03
"""
TEST = """\
import net, torch


def test_it():
    made = net.Net().train()
    made(torch.randn(2, 3, 4, 4))
    net.tune(made.a)
    made(torch.randn(2, 3, 4, 4)).sum().backward()
"""


@pytest.mark.slow
def test_the_same_tests_before_and_after_the_migration(tmp_path: Path) -> None:
    plant(tmp_path, {"net.py": NET.encode(), "test_net.py": TEST.encode()})
    program = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_net.py")
    assert trace("-o", "t.json", *program, cwd=tmp_path).returncode == 0
    assert bn_migrate("net.py", "--trace", "t.json", "--strict", cwd=tmp_path).returncode == 0
    right = trace("--compare", "t.json", *program, cwd=tmp_path)
    assert right.returncode == 0, right.stdout + right.stderr
    assert f"2 layers compared with {tmp_path / 't.json'}, 0 differ" in right.stderr
    text = (tmp_path / "net.py").read_text()
    assert "momentum=0.8" in text and "bn_train" in text
    (tmp_path / "net.py").write_text(text.replace("momentum=0.8", "momentum=0.2"))
    wrong = trace("--compare", "t.json", *program, cwd=tmp_path)
    assert wrong.returncode == 1
    assert re.search(r"net\.py:\d+: a of net\.Net: momentum is 0.8, in torch it was 0.2\n", wrong.stderr)


WORKERS = """\
import subprocess, sys
import torch
from torch.utils.data import DataLoader


class Data:
    def __len__(self):
        return 1

    def __getitem__(self, index):
        import net

        return net.Net(0.8)(torch.randn(2, 3, 4, 4)).shape


if __name__ == "__main__":
    print(*DataLoader(Data(), num_workers=1, multiprocessing_context="spawn"))
    code = "import net, torch; net.Net(0.2)(torch.randn(2, 3, 4, 4))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    print(done.stderr.splitlines()[-1])
    print(subprocess.check_output([sys.executable, "-c", "import sys; print('torch' in sys.modules)"], text=True))
"""
MIGRATED = """\
import torch
import mindspore as ms


class Net(torch.nn.Module):
    def __init__(self, momentum):
        super().__init__()
        self.norm = ms.nn.BatchNorm2d(3, momentum=momentum)

    def forward(self, x):
        return self.norm(x)
"""


@pytest.mark.slow
def test_processes_that_the_program_starts_are_compared_and_only_the_first_one_tells(tmp_path: Path) -> None:
    """The bridges stand in for MindSpore once a process imports it; one that does not is left alone."""
    layers = {"net.Net": {"norm": [{"class": "", "arguments": {"momentum": 0.2, "eps": 1e-5}}]}}
    record = json.dumps({"schema": 1, "files": {}, "runs": [], "compiled": [], "networks": layers})
    plant(tmp_path, {"net.py": MIGRATED.encode(), "work.py": WORKERS.encode(), "t.json": record.encode()})
    done = trace("--compare", "t.json", "work.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    worker, child, bare = filter(None, done.stdout.splitlines())
    difference = f"{tmp_path}/net.py:8: norm of net.Net: momentum is 0.8, in torch it was 0.2"
    assert (worker, bare) == ("[tensor([2]), tensor([3]), tensor([4]), tensor([4])]", "False")
    assert child == f"migrate.bridge.strict.StrictError: {difference}"
    assert [line for line in done.stderr.splitlines() if line.startswith("bn-migrate-trace: ")] == [
        "bn-migrate-trace: this executes your code: work.py",
        f"bn-migrate-trace: {difference}",
        f"bn-migrate-trace: 2 layers compared with {tmp_path / 't.json'} in 2 processes, 1 differ",
    ]
