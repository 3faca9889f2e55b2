"""Code that is on MindSpore already, executed: it differs from torch's, and what ``--apply`` makes of it does not.

Each program is run over three training batches and an evaluation, in torch, in MindSpore as it is, and in MindSpore
with the suggestions of one code.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from migrate.engine import Options, migrate_bytes
from migrate.rule import Carrier
from migrate.rules import load_rules

frameworks = pytest.importorskip("tests.frameworks", reason="torch and MindSpore: pip install -e '.[verify]'")
offered = pytest.importorskip("tests.test_suggestions_executed")
ms, torch = frameworks.ms, frameworks.torch

CHANNELS = 3
TORCH = "import torch\nfrom torch import nn\n"
MINDSPORE = "import mindspore as ms\nfrom mindspore import nn, ops\n"
ZEROED = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.bn3 = nn.BatchNorm2d(3)
    def forward(self, x): return self.bn3(x)
def net():
    m = Net()
    nn.init.zeros_(m.bn3.weight)
    return m
"""
"""A network whose scale begins with zeros."""
CELL = """\
from mindspore.common.initializer import initializer
class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.bn3 = nn.BatchNorm2d(3)
    def construct(self, x): return self.bn3(x)
"""
"""The same network of MindSpore's."""


@dataclass(frozen=True)
class Program:
    """The functions ``net()`` of a program of torch's and of the one that was made of it; ``trains``: it is trained.

    Without that the program is evaluated alone, and with ``is_started`` it calls set_train() itself.
    """

    code: str
    torch: str
    mindspore: str
    trains: bool = True
    is_started: bool = False


PROGRAMS = {
    "a share": Program(
        "BN401",
        "def net(): return nn.BatchNorm2d(3, momentum=0.2)\n",
        "def net(): return nn.BatchNorm2d(3, momentum=0.2)\n",
    ),
    "a share by position, of a constant": Program(
        "BN401",
        "M = 0.01\ndef net(): return nn.BatchNorm2d(3, 1e-3, M)\n",
        "M = 0.01\ndef net(): return nn.BatchNorm2d(3, 1e-3, M)\n",
    ),
    "a share of one": Program(
        "BN401",
        "def net(): return nn.Sequential(nn.BatchNorm2d(3, momentum=1))\n",
        "def net(): return nn.SequentialCell(nn.BatchNorm2d(3, momentum=1))\n",
    ),
    "a constant that an optimizer uses, too": Program(
        "BN401",
        "M = 0.1\nused = [M * 2]\ndef net(): return nn.BatchNorm2d(3, momentum=M)\n",
        "M = 0.1\nused = [M * 2]\ndef net(): return nn.BatchNorm2d(3, momentum=M)\n",
    ),
    "a wrapper with a default": Program(
        "BN401",
        "def make(c, momentum=0.1): return nn.BatchNorm2d(c, momentum=momentum)\ndef net(): return make(3)\n",
        "def make(c, momentum=0.1): return nn.BatchNorm2d(c, momentum=momentum)\ndef net(): return make(3)\n",
    ),
    "a list of keywords": Program(
        "BN401",
        "GIVEN = dict(eps=1e-3, momentum=0.3)\ndef net(): return nn.BatchNorm2d(3, **GIVEN)\n",
        "GIVEN = dict(eps=1e-3, momentum=0.3)\ndef net(): return nn.BatchNorm2d(3, **GIVEN)\n",
    ),
    "a partial": Program(
        "BN401",
        "from functools import partial\nnorm = partial(nn.BatchNorm2d, momentum=0.3)\ndef net(): return norm(3)\n",
        "from functools import partial\nnorm = partial(nn.BatchNorm2d, momentum=0.3)\ndef net(): return norm(3)\n",
    ),
    "a subclass": Program(
        "BN401",
        "class Norm(nn.BatchNorm2d):\n    def __init__(self, c, m=0.1):\n        super().__init__(c, momentum=m)\n"
        "def net(): return Norm(3)\n",
        "class Norm(nn.BatchNorm2d):\n    def __init__(self, c, m=0.1):\n        super().__init__(c, momentum=m)\n"
        "def net(): return Norm(3)\n",
    ),
    "names of tensors": Program(
        "BN402",
        "def net():\n    m = nn.BatchNorm2d(3)\n    nn.init.constant_(m.weight, 3.0)\n    return m\n",
        "from mindspore.common.initializer import initializer\ndef net():\n    m = nn.BatchNorm2d(3)\n"
        "    for name, p in m.parameters_and_names():\n"
        "        if name.endswith('running_var'):\n            pass\n"
        "    if hasattr(m, 'weight'):\n        m.gamma.set_data(initializer(3.0, m.gamma.shape, m.gamma.dtype))\n"
        "    return m\n",
    ),
    "a name of a parameter": Program(
        "BN402",
        ZEROED,
        CELL + "def net():\n    m = Net()\n    for name, p in m.parameters_and_names():\n"
        "        if name.endswith('bn3.weight'):\n            p.set_data(initializer('zeros', p.shape, p.dtype))\n"
        "    return m\n",
    ),
    "two tests of a name": Program(
        "BN402",
        ZEROED,
        CELL + "def net():\n    m = Net()\n    for name, p in m.parameters_and_names():\n"
        "        if 'bn' in name and 'weight' in name:\n"
        "            p.set_data(initializer('zeros', p.shape, p.dtype))\n    return m\n",
    ),
    "what a network is filled with": Program(
        "BN402",
        ZEROED,
        CELL + "def net():\n    m = Net()\n"
        "    ms.load_param_into_net(m, {'bn3.weight': ms.Parameter(ops.zeros(3), name='bn3.gamma')})\n    return m\n",
    ),
    "a fifth position": Program(
        "BN403",
        "def net(): return nn.BatchNorm2d(3, 1e-5, 0.5, True, False)\n",
        "def net(): return nn.BatchNorm2d(3, 1e-5, 0.5, True, False)\n",
    ),
    "exchanged positions": Program(
        "BN403",
        "def net(momentum=0.9, eps=1e-3): return nn.BatchNorm2d(3, eps, 1 - momentum)\n",
        "def net(momentum=0.9, eps=1e-3): return nn.BatchNorm2d(3, momentum, eps)\n",
    ),
    "a share where eps belongs": Program(
        "BN403",
        "def net(): return nn.BatchNorm2d(3, momentum=0.2)\n",
        "def net(): return nn.BatchNorm2d(3, 0.8)\n",
    ),
    "exchanged keywords": Program(
        "BN403",
        "def net(): return nn.BatchNorm2d(3, eps=1e-3, momentum=0.2)\n",
        "def net(): return nn.BatchNorm2d(3, eps=0.8, momentum=1e-3)\n",
    ),
    "the name of an initial value": Program(
        "BN403",
        "def net():\n    m = nn.BatchNorm2d(3)\n    nn.init.zeros_(m.weight)\n    return m\n",
        "def net():\n    m = nn.BatchNorm2d(3)\n    m.gamma.set_data('zeros', m.gamma.shape)\n    return m\n",
    ),
    "statistics of the batch": Program(
        "BN404",
        "def net(): return nn.BatchNorm2d(3)\n",
        "def net(): return nn.BatchNorm2d(3, use_batch_statistics=True)\n",
    ),
    "a flag": Program(
        "BN404",
        "def make(c, training): return nn.BatchNorm2d(c)\ndef net(): return make(3, True)\n",
        "def make(c, training): return nn.BatchNorm2d(c, use_batch_statistics=training)\n"
        "def net(): return make(3, True)\n",
    ),
    "a write": Program(
        "BN405",
        "def net():\n    m = nn.BatchNorm2d(3)\n    m.momentum = 0.5\n    return m\n",
        "def net():\n    m = nn.BatchNorm2d(3)\n    m.momentum = 0.5\n    return m\n",
    ),
    "training mode in the constructor": Program(
        "BN406",
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.bn = nn.BatchNorm2d(3)\n"
        "    def forward(self, x): return self.bn(x)\n"
        "def net(): return Net()\n",
        "class Net(nn.Cell):\n    def __init__(self):\n        super().__init__()\n"
        "        self.bn = nn.BatchNorm2d(3).set_train()\n"
        "    def construct(self, x): return self.bn(x)\n"
        "def net(): return Net()\n",
        trains=False,
    ),
    "a layer that is added later": Program(
        "BN406",
        "def net():\n    m = nn.Sequential(nn.Identity())\n    m.train()\n"
        "    m.append(nn.BatchNorm2d(3))\n    return m\n",
        "def net():\n    m = nn.SequentialCell(nn.Identity())\n    m.set_train()\n    m.append(nn.BatchNorm2d(3))\n"
        "    return m\n",
        is_started=True,
    ),
}


def outputs(program: Program, text: str) -> list[np.ndarray]:
    """What three training batches and the evaluation of three give, or an exception."""
    net = offered.run(text)["net"]()
    of_torch = isinstance(net, torch.nn.Module)
    batches = frameworks.batches("BatchNorm2d", CHANNELS)
    found = []
    if program.trains:
        if of_torch:
            net.train()
        elif not program.is_started:
            net.set_train()
        found += [result(net, x, of_torch) for x in batches]
    if of_torch:
        net.eval()
    elif program.trains:
        net.set_train(False)
    return found + [result(net, x, of_torch) for x in batches]


def result(net: Any, x: np.ndarray, of_torch: bool) -> np.ndarray:
    return net(torch.tensor(x)).detach().numpy() if of_torch else net(ms.Tensor(x)).asnumpy().copy()


def gap(one: list[np.ndarray], other: list[np.ndarray]) -> float:
    """The largest difference, in parts of the values where these are above 1."""
    return max(float((abs(a - b) / np.maximum(1, abs(b))).max()) for a, b in zip(one, other, strict=True))


def is_wrong(program: Program, source: str, expected: list[np.ndarray]) -> bool:
    """Whether a program fails, or gives something else."""
    try:
        return gap(outputs(program, source), expected) > 1e-3
    except (AttributeError, TypeError, ValueError):
        return True


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_it_differs_from_torch_until_its_suggestions_are_taken(program: Program) -> None:
    expected = outputs(program, TORCH + program.torch)
    source = MINDSPORE + program.mindspore
    assert is_wrong(program, source, expected)
    taken = migrate_bytes(source.encode(), "case.py", Options(apply=(program.code,)))
    assert taken.error is None and taken.changed
    assert {f.code for f in taken.findings if f.kind == "rewrite"} == {program.code}
    assert gap(outputs(program, taken.after.decode()), expected) < frameworks.TOLERANCE
    again = migrate_bytes(taken.after, "case.py", Options(apply=(program.code,)))
    assert again.after == taken.after


def test_a_method_of_a_part_is_not_run_by_the_network_around_it() -> None:
    text = (
        "class Part(nn.Cell):\n    def __init__(self):\n        super().__init__()\n"
        "        self.bn = nn.BatchNorm2d(3)\n"
        "    def set_train(self, mode=True):\n        super().set_train(mode)\n        self.bn.set_train(False)\n"
        "        return self\n"
        "class Net(nn.Cell):\n    def __init__(self):\n        super().__init__()\n"
        "        self.part = Part()\n"
    )
    names = offered.run(MINDSPORE + text)
    net, part = names["Net"](), names["Part"]()
    net.set_train()
    part.set_train()
    assert net.part.bn.training and not part.bn.training
    result = migrate_bytes((MINDSPORE + text).encode(), "case.py", Options())
    assert [(f.code, f.before) for f in result.findings] == [("BN406", "set_train")]


CARRIERS = [c for rule in load_rules("mindspore.nn").rules for c in rule.target.carrier]


@pytest.mark.parametrize("carrier", CARRIERS, ids=[c.name for c in CARRIERS])
def test_a_class_that_hands_arguments_on_does_so_where_the_rule_says(carrier: Carrier) -> None:
    cls = getattr(ms.nn, carrier.name.rpartition(".")[2])
    assert tuple(inspect.signature(cls).parameters) == carrier.parameters
    required = {p: 3 for p in carrier.parameters[:3] if p in ("in_channels", "out_channels", "kernel_size")}
    given = dict(zip(carrier.passes, (0.25, 0.5), strict=True))
    layer = cls(**required, **given, **carrier.requires)
    inner = layer.batchnorm
    assert (inner.momentum, inner.eps) == (0.75, 0.5)
    without = cls(**required, **given, **{name: not value for name, value in carrier.requires.items()})
    assert not hasattr(without, "batchnorm")


def test_what_is_frozen_leaves_its_statistics_as_they_are() -> None:
    for rule in load_rules("mindspore.nn").rules:
        layer = getattr(ms.nn, rule.name)(CHANNELS, momentum=0.1, **rule.target.frozen).set_train()
        x = ms.Tensor(frameworks.batches(rule.name, CHANNELS)[0])
        layer(x)
        inner = frameworks.core(layer)
        assert (inner.moving_mean.asnumpy() == 0).all() and (inner.moving_variance.asnumpy() == 1).all()


def test_the_methods_that_give_parameters_and_their_names() -> None:
    target = load_rules("mindspore.nn").rules[0].target
    layer = ms.nn.SequentialCell(ms.nn.BatchNorm2d(CHANNELS))
    for method in target.gives_parameters:
        assert all(isinstance(p, ms.Parameter) for p in getattr(layer, method)())
    for method in target.names_parameters:
        names = [name for name, _ in getattr(layer, method)()]
        assert set(names) == {"0.moving_mean", "0.moving_variance", "0.gamma", "0.beta"}


def test_what_has_parameters_by_name_and_what_takes_them() -> None:
    target = load_rules("mindspore.nn").rules[0].target
    layer = ms.nn.SequentialCell(ms.nn.BatchNorm2d(CHANNELS))
    for method in target.maps_parameters:
        assert set(getattr(layer, method)()) == {"0.moving_mean", "0.moving_variance", "0.gamma", "0.beta"}
    for function in target.filled_by:
        owner = ms
        for part in function.split(".")[1:]:
            owner = getattr(owner, part)
        left, unread = owner(layer, {"0.weight": ms.Parameter(ms.Tensor([2.0] * CHANNELS), name="0.weight")})
        assert "0.gamma" in left and unread == ["0.weight"] and (layer[0].gamma.asnumpy() == 1).all()
