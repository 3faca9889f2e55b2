"""Live networks: their modules as evidence, both files loaded, and the proof that both frameworks compute the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
import pytest
import torch

from tests.checkpoints.made import program

NET = """
import torch
from torch import nn

print("the network is imported")


def spare(c):
    return nn.BatchNorm2d(c, affine=False, track_running_stats=False)


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, padding=1, bias=False)
        self.subnet = nn.BatchNorm2d(c, momentum=0.2)
        self.spare = spare(c)
        self.register_buffer("steps", torch.zeros(2))

    def forward(self, x):
        return self.spare(torch.relu(self.subnet(self.conv(x)) + x))


class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3)
        self.layers = nn.Sequential(Block(width), Block(width))
        self.norm = nn.GroupNorm(2, width)

    def forward(self, x):
        return self.norm(self.layers(self.stem(x)))
"""
MINDSPORE = """
from mindspore import Parameter, Tensor, nn, ops
import numpy as np


class Block(nn.Cell):
    def __init__(self, c):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, padding=1, pad_mode="pad")
        self.subnet = nn.BatchNorm2d(c, momentum=MOMENTUM)
        self.spare = nn.BatchNorm2d(c, affine=False, use_batch_statistics=True)
        self.steps = Parameter(Tensor(np.zeros(2, np.float32)), requires_grad=False)

    def construct(self, x):
        return self.spare(ops.relu(self.subnet(self.conv(x)) + x))


class Net(nn.Cell):
    def __init__(self, width=4):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, pad_mode="valid", has_bias=True)
        self.layers = nn.SequentialCell(Block(width), Block(width))
        self.norm = nn.GroupNorm(2, width)

    def construct(self, x):
        return self.norm(self.layers(self.stem(x)))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network in both frameworks, beside trained weights of torch's."""
    here = tmp_path_factory.mktemp("networks")
    (here / "net.py").write_text(NET)
    (here / "right.py").write_text(MINDSPORE.replace("MOMENTUM", "0.8"))
    (here / "wrong.py").write_text(MINDSPORE.replace("MOMENTUM", "0.2"))
    names: dict[str, Any] = {"__name__": "net"}
    exec(NET.replace("print(", "str("), names)
    torch.manual_seed(1)
    network = names["Net"]()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d) and module.affine:
            for tensor in (module.weight, module.bias, module.running_mean, module.running_var):
                tensor.data.uniform_(0.5, 1.5)
    torch.save({f"module.{name}": tensor for name, tensor in network.state_dict().items()}, here / "net.pth")
    return here


@pytest.fixture(scope="module")
def trained(folder: Path) -> str:
    """A file of MindSpore's network, as it saves itself: with tensors that torch's layers do not have."""
    names: dict[str, Any] = {"__name__": "right"}
    exec(MINDSPORE.replace("MOMENTUM", "0.8"), names)
    network, random = names["Net"](), np.random.default_rng(1)
    for parameter in network.get_parameters():
        if "spare" not in parameter.name:
            parameter.set_data(ms.Tensor(random.random(parameter.shape, np.float32) + 0.5))
    ms.save_checkpoint(network, str(folder / "trained.ckpt"))
    return "trained.ckpt"


def run(folder: Path, output: str, *more: str, status: int = 0, source: str = "net.pth") -> dict[str, Any]:
    """The report of a conversion with the network."""
    done = program(source, output, "--network", "net:Net", *more, "--format", "json", cwd=folder)
    assert done.returncode == status, done.stderr
    assert "the network is imported" in done.stderr  # what it prints is no part of the document
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_the_modules_of_a_network_tell_all_names(folder: Path) -> None:
    report = run(folder, "live.ckpt")
    assert {entry["evidence"] for entry in report["entries"]} == {"network"}
    found = {entry["source"]: entry["target"] for entry in report["entries"]}
    assert found["module.layers.0.subnet.weight"] == "layers.0.subnet.gamma"
    assert found["module.layers.1.steps"] == "layers.1.steps"
    assert found["module.norm.bias"] == "norm.beta"
    spare = ("gamma", "beta", "moving_mean", "moving_variance")
    assert report["kept_at_initial"] == [f"layers.{i}.spare.{name}" for i in (0, 1) for name in spare]
    assert "proof" not in report


@pytest.mark.slow
def test_the_migrated_network_computes_the_same(folder: Path) -> None:
    proof = run(folder, "bridge.ckpt", "--source", "net.py", "--input-shape", "2,3,7,7")["proof"]
    assert proof["passed"] and not proof["unused"] and not proof["missing"]
    assert proof["measures"].keys() == {"evaluation", "training step", "evaluation after the step"}
    assert (folder / "bridge.ckpt").exists()


@pytest.mark.slow
@pytest.mark.parametrize(("module", "passes"), [("right", True), ("wrong", False)])
def test_a_network_of_mindspore_computes_the_same(module: str, passes: bool, folder: Path) -> None:
    """A momentum that nobody converted shows after a training step, and then there is no file."""
    more = ("--mindspore-network", f"{module}:Net", "--input-shape", "2,3,7,7")
    proof = run(folder, f"{module}.safetensors", *more, status=0 if passes else 1)["proof"]
    assert proof["passed"] is passes
    late = proof["measures"]["evaluation after the step"]
    assert (late["max_abs"] <= late["bound"]) is passes
    assert (folder / f"{module}.safetensors").exists() is passes


@pytest.mark.slow
def test_what_a_network_does_not_take_is_reported(folder: Path) -> None:
    """MindSpore says nothing of names that it does not know."""
    other = MINDSPORE.replace("MOMENTUM", "0.8").replace("self.subnet", "self.other")
    (folder / "renamed.py").write_text(other)
    proof = run(folder, "no.ckpt", "--mindspore-network", "renamed:Net", status=1)["proof"]
    assert set(proof["unused"]) >= {"layers.0.subnet.gamma", "layers.1.subnet.moving_mean"}
    assert set(proof["missing"]) >= {"layers.0.other.gamma"}
    assert not (folder / "no.ckpt").exists()


@pytest.mark.slow
def test_the_network_loads_what_is_made_for_torch(trained: str, folder: Path) -> None:
    """As torch does it, with nothing missing; what only MindSpore's layers have is left out, with a reason."""
    report = run(folder, "back.pth", "--to", "torch", source=trained)
    assert report["proof"] == {"passed": True, "measures": {}, "missing": [], "unused": []}
    left = {entry["source"]: entry["note"] for entry in report["entries"] if entry["target"] is None}
    names = ("gamma", "beta", "moving_mean", "moving_variance")
    assert left.keys() == {f"layers.{i}.spare.{name}" for i in (0, 1) for name in names}
    assert set(left.values()) == {"torch's layer has no such tensor: left out"}
    counters = [each["target"] for each in report["added"]]
    assert counters == [f"layers.{i}.subnet.num_batches_tracked" for i in (0, 1)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "passes"),
    [
        (("--source", "net.py"), True),
        (("--mindspore-network", "right:Net"), True),
        (("--mindspore-network", "wrong:Net"), False),
    ],
    ids=["the migrated network", "a network of MindSpore", "another network of MindSpore"],
)
def test_what_is_made_for_torch_computes_the_same(
    more: tuple[str, str], passes: bool, trained: str, folder: Path
) -> None:
    output = f"{more[1]}.pth".replace(":", "_")
    asked = ("--to", "torch", *more, "--input-shape", "2,3,7,7")
    proof = run(folder, output, *asked, status=0 if passes else 1, source=trained)["proof"]
    assert proof["measures"].keys() == {"evaluation", "training step", "evaluation after the step"}
    assert proof["measures"]["evaluation"]["max_abs"] <= proof["measures"]["evaluation"]["bound"]
    late = proof["measures"]["evaluation after the step"]
    assert proof["passed"] is (late["max_abs"] <= late["bound"]) is passes
    assert (folder / output).exists() is passes


@pytest.mark.slow
def test_a_network_of_mindspore_that_cannot_be_built_is_said(trained: str, folder: Path) -> None:
    more = ("--to", "torch", "--network", "net:Net", "--mindspore-network", "nowhere:Net")
    done = program(trained, "bad.pth", *more, cwd=folder)
    assert done.returncode == 2 and "--mindspore-network nowhere:Net: " in done.stderr
    assert not (folder / "bad.pth").exists()


@pytest.mark.parametrize(
    ("network", "words"),
    [("net:Nothing", "Nothing"), ("nowhere:Net", "no module nowhere"), ("net", "MODULE:CALLABLE is expected")],
)
def test_a_network_that_cannot_be_built_is_said(network: str, words: str, folder: Path) -> None:
    done = program("net.pth", "bad.ckpt", "--network", network, cwd=folder)
    assert done.returncode == 2
    assert words in done.stderr
    assert not (folder / "bad.ckpt").exists()


def test_a_proof_needs_networks(folder: Path) -> None:
    for more in (["--input-shape", "1,3,7,7"], ["--network", "net:Net", "--input-shape", "1,3,7,7"]):
        done = program("net.pth", "bad.ckpt", *more, cwd=folder)
        assert done.returncode == 2 and "a proof needs" in done.stderr
