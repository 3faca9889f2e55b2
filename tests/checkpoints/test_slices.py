"""Networks of slices and of lists that are unpacked: the names of the real network are decided, or undecided."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from tests.checkpoints.made import convert, targets

SOURCE = """
import torch
from torch import nn
from collections import OrderedDict

def two(): return nn.BatchNorm2d(4)
def three(): return nn.BatchNorm3d(4)
def group(): return nn.GroupNorm(2, 4)
def prelu(): return nn.PReLU(4)

class Net(nn.Module):
    def __init__(self, n=2):
        super().__init__()
        layers = [two(), three(), group(), prelu()]
        network = nn.Sequential(two(), three(), group(), prelu())
        counted = nn.ModuleList([two(), three(), group(), prelu()])
        {}
"""
TWO = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
NAMES: dict[type[nn.Module], dict[str, str]] = {
    nn.BatchNorm2d: TWO,
    nn.BatchNorm3d: {name: f"bn2d.{target}" for name, target in TWO.items()},
    nn.GroupNorm: {"weight": "gamma", "bias": "beta"},
    nn.PReLU: {"weight": "w"},
}
DECIDED = {
    "a list from a place on": "self.x = nn.ModuleList(layers[1:])",
    "a list up to a place": "self.x = nn.ModuleList(layers[:2])",
    "a list between places": "self.x = nn.ModuleList(layers[1:3])",
    "a slice of a list, unpacked": "self.x = nn.Sequential(*layers[2:])",
    "a list up to a place that is not known": "self.x = nn.Sequential(*layers[:n])",
    "a network from a place on keeps its names": "self.x = network[1:]",
    "a network from a place on that is not known, too": "self.x = network[n:]",
    "a network with steps, too": "self.x = network[::2]",
    "a network without its last": "self.x = network[:-1]",
    "a network up to a place": "self.x = network[:2]",
    "a network with names": ("self.x = nn.Sequential(OrderedDict([('p', two()), ('q', three()), ('r', group())]))[1:]"),
    "a slice of a network, unpacked": "self.x = nn.Sequential(*network[2:])",
    "a slice of a network, unpacked from a place on": (
        "self.x = nn.Sequential(*nn.Sequential(prelu(), two(), three())[1:])"
    ),
    "a slice of a network, unpacked before others": "self.x = nn.Sequential(*network[:2], network[2])",
    "a slice of a network, unpacked behind others": "self.x = nn.Sequential(network[2], *network[3:])",
    "a network that is split": "self.x = nn.Sequential(network[:2], network[2:])",
    "a list of layers from a place on counts anew": "self.x = counted[1:]",
    "a list of layers up to a place": "self.x = counted[:2]",
    "a slice of a slice": "self.x = nn.ModuleList(layers[1:][1:])",
    "a slice of a slice of a network": "self.x = network[1:][1:]",
    "a slice that grows": "self.x = network[1:]\n        self.x.append(prelu())",
    "what is unpacked behind others": "self.x = nn.Sequential(two(), *[three(), group()])",
    "what is unpacked between others": "self.x = nn.Sequential(two(), *[three(), group()], prelu())",
    "what is unpacked before others": "self.x = nn.Sequential(*[three(), group()], prelu())",
    "what a function passes on behind others": (
        "f = lambda *layers: nn.Sequential(two(), *layers)\n        self.x = f(three(), group())"
    ),
    "what is unpacked into itself in a loop": (
        "x = nn.Sequential(three())\n        for _ in range(n): x = nn.Sequential(three(), *x)\n        self.x = x"
    ),
}


def converted(folder: Path, line: str) -> tuple[dict[str, str | None], dict[str, str], list[str]]:
    """The names that a conversion gives, those that the real network's layers have, and what is undecided."""
    source = SOURCE.format(line)
    (folder / "net.py").write_text(source)
    made: dict[str, type[nn.Module]] = {}
    exec(source, made)
    network = made["Net"]()
    expected = {
        f"{path}.{name}": f"{path}.{target}"
        for path, layer in network.named_modules()
        for name, target in NAMES.get(type(layer), {}).items()
    }
    torch.save(network.state_dict(), folder / "in.pth")
    report = convert(folder / "in.pth", folder / "out.safetensors", "--source", folder / "net.py")
    assert {e["evidence"] for e in report["entries"]} <= {"source", None}
    assert all(e["note"] for e in report["entries"])
    found = {name: target for name, target in targets(report).items() if name in expected}
    return found, expected, report["undecided"]


@pytest.mark.parametrize("what", DECIDED)
def test_what_stands_in_a_slice_has_the_names_of_its_layers(what: str, tmp_path: Path) -> None:
    found, expected, undecided = converted(tmp_path, DECIDED[what])
    assert found == expected
    assert undecided == []


MOVED = {
    "from a place on that is not known": "self.x = nn.ModuleList(layers[n:])",
    "from a place that counts from the end": "self.x = nn.ModuleList(layers[-2:])",
    "with steps": "self.x = nn.ModuleList(layers[1::2])",
    "of a list of layers": "self.x = counted[n:]",
    "of a network, unpacked": "self.x = nn.Sequential(*network[n:])",
    "of a network, in a list": "self.x = nn.ModuleList(network[1:])",
    "behind what is unpacked": "self.x = nn.Sequential(*layers[:1], two(), prelu())",
    "behind what is unpacked up to a place that is not known": "self.x = nn.Sequential(*layers[:n - 1], two())",
    "of a list that grows": "x = layers[:n - 1]\n        x.append(two())\n        self.x = nn.Sequential(prelu(), *x)",
    "of a network that grows": "self.x = network[:n - 1]\n        self.x.append(two())",
    "behind one of several lists": (
        "l = [two(), three()] if n > 2 else [two()]\n        self.x = nn.Sequential(*l, two())"
    ),
    "unpacked behind what is unpacked": "self.x = nn.Sequential(*layers[:n], *[prelu(), two()])",
    "behind one that is put before it": "layers.insert(0, prelu())\n        self.x = nn.Sequential(*layers)",
    "of a network behind one that is deleted": "del network[0]\n        self.x = network",
    "of a list behind one that is replaced": "layers[0:1] = [prelu(), two()]\n        self.x = nn.ModuleList(layers)",
}


@pytest.mark.parametrize("what", MOVED)
def test_what_may_stand_anywhere_is_undecided(what: str, tmp_path: Path) -> None:
    """No name is wrong, and those that several layers have are not decided."""
    found, expected, undecided = converted(tmp_path, MOVED[what])
    assert undecided
    assert {name: target for name, target in found.items() if name not in undecided}.items() <= expected.items()


@pytest.mark.parametrize("kind", ["nn.Sequential({})", "nn.ModuleList([{}])"])
def test_what_others_are_joined_to_stays_in_its_place(kind: str, tmp_path: Path) -> None:
    joined = f"{kind.format('two()')} + {kind.format('three()')}"
    found, expected, undecided = converted(tmp_path, f"self.x = {joined}")
    assert {name.rpartition(".")[0] for name in undecided} == {"x.1"}
    assert {name: target for name, target in found.items() if name not in undecided}.items() <= expected.items()
