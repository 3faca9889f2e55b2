"""Backbones of detectors: a network that is taken apart and put together, with frozen layers or without."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import pytest
import torch

from tests.checkpoints.made import COUNTER, State, convert, state, targets

NET = """
from collections import OrderedDict
from dataclasses import dataclass
from elsewhere import Stub
from torch import nn
from torchvision.ops import FrozenBatchNorm2d

class Getter(nn.ModuleDict):
    def __init__(self, model, wanted):
        layers = OrderedDict()
        for name, module in model.named_children():
            layers[name] = module
            if name == wanted:
                break
        super().__init__(layers)

@dataclass
class Setting:
    width: int
    block: object

class Narrow(Setting):
    def __init__(self, block=None):
        super().__init__(4, block or Block)

class Block(nn.Module):
    def __init__(self, width, norm):
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 1, bias=False)
        self.bn1 = norm(width)

class Body(nn.Module):
    def __init__(self, setting, norm=None):
        super().__init__()
        if norm is None:
            norm = nn.BatchNorm2d
        self.stub = Stub()
        self.conv1 = nn.Conv2d(3, 4, 1, bias=False)
        self.bn1 = norm(4)
        self.layer1 = nn.Sequential(*[setting.block(setting.width, norm) for _ in range(2)])
        self.fc = nn.Linear(4, 2)

class Detector(nn.Module):
    def __init__(self, trained=True):
        super().__init__()
        norm = FrozenBatchNorm2d if trained else None
        self.backbone = Getter(Body(Narrow(), norm), "layer1")
        self.head = nn.Linear(4, 2)
"""
EITHER = """
from elsewhere import Stub
from torch import nn
from torchvision.ops import FrozenBatchNorm2d

class Net(nn.Module):
    def __init__(self, trained=True):
        super().__init__()
        self.bn1 = FrozenBatchNorm2d(4) if trained else Stub(4)
"""
NORM = ("weight", "bias", "running_mean", "running_var")
NEW = ("gamma", "beta", "moving_mean", "moving_variance")
NORMS = ("backbone.bn1", "backbone.layer1.0.bn1", "backbone.layer1.1.bn1")


def held(counter: bool) -> State:
    """The tensors of the detector: frozen layers have no counter."""
    convolutions = {name.replace("bn1", "conv1.weight"): [4, 4, 1, 1] for name in NORMS}
    norms = {f"{path}.{name}": [4] for path in NORMS for name in NORM}
    counters: dict[str, list[int]] = {f"{path}.{COUNTER}": [] for path in NORMS if counter}
    return state(convolutions | norms | counters | {"head.weight": [2, 4], "head.bias": [2]})


def converted(folder: Path, tensors: State, zipped: bool = True) -> dict[str, object]:
    """The report of a conversion by the sources of the detector."""
    (folder / "net.py").write_text(NET)
    torch.save(tensors, folder / "in.pth", _use_new_zipfile_serialization=zipped)
    return convert(folder / "in.pth", folder / "out.safetensors", "--source", folder / "net.py")


@pytest.mark.parametrize("frozen", [True, False])
def test_the_counter_tells_a_frozen_layer_from_one_that_learns(frozen: bool, tmp_path: Path) -> None:
    report = converted(tmp_path, held(counter=not frozen))
    names = {
        f"{path}.{old}": f"{path}.{old if frozen else new}"
        for path in NORMS
        for old, new in zip(NORM, NEW, strict=True)
    }
    assert targets(report).items() >= names.items()
    assert report["undecided"] == []
    # A layer of elsewhere may be in its place: what the file says decides among what the sources allow.
    assert {entry["evidence"] for entry in report["entries"]} == {"source", *([] if frozen else ["siblings"])}


def test_siblings_say_nothing_that_the_sources_do_not_allow(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(EITHER)
    torch.save(state({f"bn1.{name}": [4] for name in NORM}), tmp_path / "in.pth")
    report = convert(tmp_path / "in.pth", tmp_path / "out.safetensors", "--source", tmp_path / "net.py")
    assert report["undecided"] == [f"bn1.{name}" for name in NORM]


def test_a_file_that_may_be_older_than_counters_decides_nothing(tmp_path: Path) -> None:
    """Plain dictionaries in the format of before were written when no layer had a counter, and later."""
    report = converted(tmp_path, held(counter=False), zipped=False)
    assert set(report["undecided"]) == {f"{path}.{name}" for path in NORMS for name in NORM}
    with_versions = OrderedDict(held(counter=False))
    with_versions._metadata = {"": {"version": 1}}  # type: ignore[attr-defined]
    assert converted(tmp_path, with_versions, zipped=False)["undecided"] == []
