"""Programs as people write them: what a network proof has to cope with, and what it has to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import plant
from tests.networks import migrated, proofs

pytest.importorskip("torch")
pytest.importorskip("mindspore")

PROGRAM = '''"""Reads the command line, has a module named like one of the library, and draws numbers everywhere."""
import argparse
import statistics

import torch
from torch import nn

import migrate.settings
from helpers import calm

arguments = argparse.ArgumentParser().parse_args()
SCALE = torch.randn(1)
assert statistics.mode([1, 1, 2]) == 1 and calm.WIDTH == 4 and migrate.settings.MOMENTUM == 0.3

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = nn.ModuleDict({name: nn.Conv2d(3, 1, 1) for name in {"a", "b", "c", "d"}})
        self.norm = nn.BatchNorm2d(1, momentum=migrate.settings.MOMENTUM)
        nn.init.normal_(self.norm.weight, 1.0, 0.5)
        self.scale = nn.Parameter(torch.randn(()))
        self.register_buffer("small", torch.ones(2, dtype=torch.bfloat16))

    def forward(self, x):
        x = sum(head(x) for head in self.heads.values())
        return self.norm(x.relu_()) * self.scale * SCALE
'''
SUBCLASS = """from torch import nn

class Conditional(nn.BatchNorm2d):
    def __init__(self, channels):
        super(Conditional, self).__init__(channels)
        self.bias.requires_grad = False

    def forward(self, x, scale):
        return super(Conditional, self).forward(x) * scale

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.unused = Conditional(3), nn.BatchNorm2d(3, momentum=0.3)

    def forward(self, x):
        return self.norm(x, x.mean(1, keepdim=True))
"""
INSTANCE = """from torch import nn

net = nn.Sequential(nn.LazyConv2d(4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5))
"""
UNSTEADY = """import numpy as np
from torch import nn

GENERATOR = np.random.default_rng(0)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(3)

    def forward(self, x):
        return self.norm(x * GENERATOR.uniform(0.5, 2))
"""
LATE = """def build():
    from blocks import Block
    from schedule import lower

    net = Block()
    lower(net, 0.5)
    return net
"""
FILES = {
    "program.py": PROGRAM,
    "helpers/calm.py": "WIDTH = 4\n",
    "helpers/statistics.py": "raise ImportError('this is not the library')\n",
    "migrate/__init__.py": "",
    "migrate/settings.py": "MOMENTUM = 0.3\n",
    "subclass.py": SUBCLASS,
    "instance.py": INSTANCE,
    "src/space/part/net.py": INSTANCE.replace("LazyConv2d(4, 3)", "Conv2d(3, 4, 3)"),
    "unsteady.py": UNSTEADY,
    "late.py": LATE,
    "blocks.py": "from torch import nn\n\nclass Block(nn.Sequential):\n    def __init__(self):\n"
    "        super().__init__(nn.BatchNorm2d(3))\n",
    "schedule.py": "from torch import nn\n\ndef lower(net, momentum):\n    for m in net.modules():\n"
    "        if isinstance(m, nn.BatchNorm2d):\n            m.momentum = momentum\n",
}


@pytest.mark.slow
def test_programs_as_people_write_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(plant(tmp_path, {name: text.encode() for name, text in FILES.items()}))
    networks = ("program:Net", "subclass:Net", "instance:net", "space.part.net:net", "unsteady:Net", "late:build")
    found = proofs(migrated(tmp_path), dict.fromkeys(networks, "2,3,8,8"), paths=[".", "src"])

    for name in networks[:4]:
        proof = found[name]
        assert proof.passed and proof.migrated == proof.layers, (name, proof.first, proof.error, proof.trace)
    assert found["subclass:Net"].idle == ("unused",), "nothing is known of what is never called"
    assert found["instance:net"].idle == ()

    unsteady = found["unsteady:Net"]
    assert not unsteady.ran and "two runs of the original differ" in (unsteady.error or "")
    late = found["late:build"]
    assert late.first == "statistics of 0.running_mean, step 1"
    assert {Path(p).name for p in late.paths} == {"blocks.py", "schedule.py"}
