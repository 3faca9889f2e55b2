"""Layers of real networks: their state dicts, converted by the sources, have the names that are expected."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.checkpoints.made import convert, targets

SUBCLASS = """
class Fused(nn.BatchNorm2d):
    def __init__(self, n):
        super().__init__(n)
        self.act = nn.ReLU()
        self.conv = nn.Conv2d(n, n, 1)

    def forward(self, x):
        return self.conv(self.act(super().forward(x)))
"""
OWN = """
class Scale(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(n, 1, 1))
        self.beta = nn.Parameter(torch.zeros(n, 1, 1))
"""
REGISTRY = """
NORMS = {}

def register(name, cls):
    NORMS[name] = cls

register("BN", nn.BatchNorm2d)
register("GN", nn.GroupNorm)

def build(setting, n, postfix=""):
    setting = dict(setting)
    kind = setting.pop("type")
    return kind.lower() + str(postfix), NORMS[kind](n, **setting)
"""
TWO = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}


def norm(path: str) -> dict[str, str | None]:
    return {f"{path}.num_batches_tracked": None} | {f"{path}.{old}": f"{path}.{new}" for old, new in TWO.items()}


RENAMED: dict[str, tuple[str, list[str], dict[str, str | None]]] = {
    "layers that have the names of tensors": (
        "",
        ["self.gamma = nn.BatchNorm2d(3)", "self.weight = nn.Conv2d(3, 3, 1, bias=False)"],
        {**norm("gamma"), "weight.weight": "weight.weight"},
    ),
    "tensors that have the names of a layer's": (
        "",
        ["self.bn = nn.BatchNorm2d(3)", "self.register_buffer('running_mean', torch.zeros(3))"],
        {**norm("bn"), "running_mean": "running_mean"},
    ),
    "tensors that have the names of MindSpore's": (
        OWN,
        ["self.bn = Scale(3)", "self.norm = nn.BatchNorm2d(3)"],
        {"bn.gamma": "bn.gamma", "bn.beta": "bn.beta", **norm("norm")},
    ),
    "layers inside of a layer's subclass": (
        SUBCLASS,
        ["self.bn = Fused(3)"],
        {**norm("bn"), "bn.conv.weight": "bn.conv.weight", "bn.conv.bias": "bn.conv.bias"},
    ),
    "layers that wait for their first input": (
        "",
        ["self.c = nn.LazyConv2d(3, 1)", "self.bn = nn.LazyBatchNorm2d()"],
        {"c.weight": "c.weight", "c.bias": "c.bias", **norm("bn")},
    ),
    "a layer and its name by a registry": (
        REGISTRY,
        ["name, layer = build(dict(type='BN'), 3, postfix=1)", "self.add_module(name, layer)"],
        norm("bn1"),
    ),
    "a converted network": (
        "",
        ["self.s = nn.SyncBatchNorm.convert_sync_batchnorm(nn.Sequential(nn.BatchNorm2d(3)))"],
        norm("s.0"),
    ),
    "a name beside indices": (
        "",
        [
            "self.s = nn.Sequential(nn.Linear(3, 3, bias=False), nn.BatchNorm2d(3))",
            "self.s.add_module('n', nn.PReLU())",
        ],
        {"s.0.weight": "s.0.weight", **norm("s.1"), "s.n.weight": "s.n.w"},
    ),
    "a wrapper inside": ("", ["self.m = nn.DataParallel(nn.Sequential(nn.BatchNorm2d(3)))"], norm("m.module.0")),
    "two names of a layer": ("", ["self.a = nn.BatchNorm2d(3)", "self.b = self.a"], norm("a") | norm("b")),
}
UNDECIDED = {
    "weights by magnitude and direction": "nn.utils.weight_norm(nn.Conv2d(3, 3, 1))",
    "parametrized by magnitude and direction": "nn.utils.parametrizations.weight_norm(nn.Linear(3, 3))",
    "weights by their spectrum": "nn.utils.spectral_norm(nn.Linear(3, 3))",
    "parametrized by their spectrum": "nn.utils.parametrizations.spectral_norm(nn.Conv2d(3, 3, 1))",
    "parametrized, of batch norm": "nn.utils.parametrizations.weight_norm(nn.BatchNorm2d(3), dim=None)",
    "several layers of a transformer": "nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 1)",
}


def written(folder: Path, above: str, lines: list[str]) -> dict[str, torch.Tensor]:
    """The state dict of a network, whose source and file are written."""
    text = "import torch\nfrom torch import nn\n" + above
    text += "\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    text += "".join(f"        {line}\n" for line in lines)
    (folder / "net.py").write_text(text)
    names: dict[str, Any] = {"__name__": "net"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(text, names)
        network = names["Net"]()
    for layer in network.children():
        if isinstance(layer, torch.nn.modules.lazy.LazyModuleMixin):
            layer(torch.ones(2, 3, 2, 2))
    held: dict[str, torch.Tensor] = network.state_dict()
    torch.save(held, folder / "in.pth")
    return held


@pytest.mark.parametrize("what", RENAMED)
def test_names_by_the_source(what: str, tmp_path: Path) -> None:
    above, lines, expected = RENAMED[what]
    assert written(tmp_path, above, lines).keys() == expected.keys()
    report = convert(tmp_path / "in.pth", tmp_path / "out.safetensors", "--source", tmp_path / "net.py")
    assert targets(report) == expected
    assert report["undecided"] == []


@pytest.mark.parametrize("what", UNDECIDED)
def test_what_is_parametrized_or_in_no_table_keeps_its_names_and_is_listed(what: str, tmp_path: Path) -> None:
    held = written(tmp_path, "", [f"self.x = {UNDECIDED[what]}", "self.bn = nn.BatchNorm2d(3)"])
    own = [name for name in held if name.startswith("x.")]
    for more in ([], ["--source", tmp_path / "net.py"]):
        report = convert(tmp_path / "in.pth", tmp_path / "out.safetensors", *more)
        assert report["undecided"] == own and own
        assert targets(report) == {**{name: name for name in own}, **norm("bn")}


def test_what_stands_in_front_of_a_network_stays_and_is_said(tmp_path: Path) -> None:
    """Nothing tells whether MindSpore's network is inside of another one, too."""
    held = written(tmp_path, "", ["self.bn = nn.BatchNorm2d(3)", "self.c = nn.Conv2d(3, 3, 1, bias=False)"])
    torch.save({f"model.{name}": tensor for name, tensor in held.items()}, tmp_path / "in.pth")
    report = convert(tmp_path / "in.pth", tmp_path / "out.safetensors", "--source", tmp_path / "net.py")
    assert targets(report) == {**norm("model.bn"), "model.c.weight": "model.c.weight"}
    assert report["remarks"] == [f"the sources tell: Net of {tmp_path / 'net.py'} below model, which stays in front"]
