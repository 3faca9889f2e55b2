"""Branches split by class, and assignments that the primitives have to see, executed in torch and MindSpore."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from migrate.engine import Options, migrate_bytes
from migrate.findings import Result
from migrate.rules import load_rules

frameworks = pytest.importorskip("tests.frameworks", reason="torch and MindSpore: pip install -e '.[verify]'")
ms, torch = frameworks.ms, frameworks.torch
nn = torch.nn

HEAD = "import torch\nimport torch.nn as nn\n"
TESTS = [
    "isinstance(m, (nn.BatchNorm2d, nn.GroupNorm))",
    "isinstance(m, (nn.GroupNorm, nn.BatchNorm1d, nn.LayerNorm, nn.BatchNorm2d))",
    "isinstance(m, nn.InstanceNorm2d | nn.BatchNorm2d | nn.GroupNorm)",
    "isinstance(m, nn.SyncBatchNorm) or isinstance(m, (nn.GroupNorm, nn.BatchNorm3d))",
    "isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d))",
    "isinstance(m, (nn.BatchNorm3d, nn.GroupNorm, nn.BatchNorm2d)) and flag",
    "type(m) in (nn.BatchNorm2d, nn.GroupNorm)",
    "type(m) in [nn.BatchNorm2d, nn.GroupNorm, nn.BatchNorm1d, nn.LayerNorm]",
    "type(m) is nn.GroupNorm or type(m) == nn.BatchNorm2d",
]
BODIES = [
    "nn.init.constant_(m.weight, 2)  # scale\nnn.init.zeros_(m.bias)",
    "m.weight.data.fill_(0.5); m.bias.data.zero_()",
    "with torch.no_grad():\n    m.weight.fill_(0.5)\nif flag:\n    m.bias.requires_grad = False",
    "m.eval()\nm.requires_grad_(False)",
]
GUARDED = (
    "if m.weight is not None:\n    nn.init.constant_(m.weight, 1)\nif m.bias is not None:\n    nn.init.zeros_(m.bias)"
)
ALL_GUARDED = (
    "isinstance(m, (nn.BatchNorm2d, nn.BatchNorm3d, nn.InstanceNorm2d)) and m.weight is not None",
    "nn.init.ones_(m.weight)\nm.bias.data.zero_()",
)


def chain(test: str, body: str, orelse: str = "    else:\n        m.passed = True\n") -> str:
    """A function that runs ``body`` on what passes ``test``."""
    inner = textwrap.indent(body, "        ")
    head = f"{HEAD}def f(m, flag=True):\n    if isinstance(m, nn.Conv2d):\n        pass\n"
    return f"{head}    elif {test}:\n{inner}\n{orelse}"


def migrated(text: str, code: str) -> Result:
    """The result for a module that is rewritten without a review, with a finding of ``code``."""
    result = migrate_bytes(text.encode(), "x.py", Options())
    assert result.error is None
    assert not [f for f in result.findings if f.kind == "review"]
    assert [f for f in result.findings if f.code == code]
    return result


def layers(affine: bool) -> list[tuple[Any, Any]]:
    """The same layers in both frameworks; what is not migrated stays torch's on both sides."""
    pairs = [(getattr(nn, k)(4, affine=affine), getattr(ms.nn, k)(4, affine=affine)) for k in frameworks.SHAPES]
    others = [lambda: nn.GroupNorm(2, 4, affine=affine), lambda: nn.InstanceNorm2d(4, affine=affine)]
    others += [lambda: nn.LayerNorm(4, elementwise_affine=affine), lambda: nn.Conv2d(4, 4, 1, bias=affine)]
    for layer, cell in pairs if affine else ():
        values = np.linspace(0.5, 1.5, 4, dtype=np.float32)
        for name in ("weight", "bias"):
            getattr(layer, name).data.copy_(torch.tensor(values))
            frameworks.statistics(cell, name).set_data(ms.Tensor(values))
    pairs += [(make(), make()) for make in others if affine or make().weight is None]
    if affine:
        pairs[-1][1].load_state_dict(pairs[-1][0].state_dict())
    return pairs


def assert_same(layer: Any, other: Any) -> None:
    migrated = not isinstance(other, nn.Module)
    assert getattr(layer, "passed", False) == getattr(other, "passed", False)
    for name in ("weight", "bias"):
        value = getattr(layer, name)
        found = frameworks.statistics(other, name) if migrated else getattr(other, name)
        if value is None:
            default = np.full(4, float(name == "weight"), np.float32)
            assert not migrated or (np.array_equal(found.asnumpy(), default) and not found.requires_grad)
            continue
        assert np.array_equal(value.detach().numpy(), found.asnumpy() if migrated else found.detach().numpy())
        assert value.requires_grad == found.requires_grad


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("test", TESTS)
def test_each_class_gets_what_it_got(test: str, body: str) -> None:
    text = chain(test, body)
    shared = "GroupNorm" not in test and "m.weight" not in body
    after = migrated(text, "BN106" if shared else "BN109").after.decode()
    for layer, other in layers(affine=True):
        if not isinstance(other, nn.Module):
            other.set_train()
        frameworks.run(text).f(layer)
        frameworks.run(after).f(other)
        assert_same(layer, other)
        assert layer.training == other.training


@pytest.mark.parametrize("flag", [True, False])
def test_a_condition_beside_the_test_holds_for_both(flag: bool) -> None:
    text = chain(TESTS[5], BODIES[0])
    after = migrated(text, "BN109").after.decode()
    for layer, other in layers(affine=True):
        frameworks.run(text).f(layer, flag)
        frameworks.run(after).f(other, flag)
        assert_same(layer, other)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize(("test", "body"), [(TESTS[2], GUARDED), (TESTS[4], GUARDED), ALL_GUARDED])
def test_a_guard_may_hold_where_the_value_is_there_anyway(test: str, body: str, affine: bool) -> None:
    text = chain(test, body, orelse="")
    after = migrated(text, "BN109").after.decode()
    for layer, other in layers(affine):
        frameworks.run(text).f(layer)
        frameworks.run(after).f(other)
        assert_same(layer, other)


WRITES = {
    "both": "m.eps = 1e-2\nm.momentum = 0.4",
    "both in a line": "m.momentum = 1 - 0.6; m.eps = 1e-2  # as in the paper",
    "eps": "m.eps = EPS",
    "momentum": "m.momentum = 0.4",
    "never": "m.momentum = 0.0",
    "always": "m.momentum = 1.0",
    "apart": "m.eps = 1e-2\nassert m.eps == 1e-2\nm.momentum = 0.4\nassert m.momentum == 0.4",
}
KINDS = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d"]


@pytest.fixture(params=["pynative", "graph"])
def mode(request: pytest.FixtureRequest) -> Iterator[None]:
    ms.set_context(mode=ms.GRAPH_MODE if request.param == "graph" else ms.PYNATIVE_MODE)
    yield
    ms.set_context(mode=ms.PYNATIVE_MODE)


def tune(kind: str, lines: str) -> str:
    return f"{HEAD}EPS = 1e-2\ndef f(m: nn.{kind}):\n{textwrap.indent(lines, '    ')}\n    return m.eps, m.momentum\n"


def tuned(kind: str, text: str, after: str) -> dict[str, float]:
    """The differences between the layers of both frameworks after ``text`` and ``after`` ran on them."""
    pair = frameworks.build(f"nn.{kind}(4, eps=1e-4, momentum=0.3)", f"ms.nn.{kind}(4, eps=1e-4, momentum=0.7)")
    read = frameworks.run(text).f(pair.torch)
    assert frameworks.run(after).f(pair.mindspore) == pytest.approx(read)
    found: dict[str, float] = frameworks.differences(pair, kind, 4)
    return found


@pytest.mark.usefixtures("mode")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lines", WRITES.values(), ids=WRITES)
def test_a_write_is_seen(kind: str, lines: str) -> None:
    text = tune(kind, lines)
    found = tuned(kind, text, migrated(text, "BN110").after.decode())
    assert max(found.values()) < frameworks.TOLERANCE, found


@pytest.mark.usefixtures("mode")
def test_a_write_is_seen_by_the_network_around_the_layer() -> None:
    text = tune("BatchNorm2d", WRITES["both"])
    layer, cell = nn.BatchNorm2d(4), ms.nn.BatchNorm2d(4)
    frameworks.run(text).f(layer)
    frameworks.run(migrated(text, "BN110").after.decode()).f(cell)
    net = ms.nn.SequentialCell(cell, ms.nn.ReLU()).set_train()
    for x in frameworks.batches("BatchNorm2d", 4):
        assert frameworks._gap(torch.relu(layer(torch.tensor(x))), net(ms.Tensor(x))) < frameworks.TOLERANCE
    assert frameworks._gap(layer.running_var, cell.moving_variance) < frameworks.TOLERANCE


@pytest.mark.parametrize("mode", ["graph"], indirect=True)
def test_a_compiled_layer_keeps_its_primitives(mode: None) -> None:
    """The reason for what the message says, and for leaving values that the file does not tell, such as schedules."""
    x = ms.Tensor(frameworks.batches("BatchNorm2d", 4)[0])
    cell = ms.nn.BatchNorm2d(4).set_train()
    first = cell(x).asnumpy()
    frameworks.run(migrated(tune("BatchNorm2d", WRITES["eps"]), "BN110").after.decode()).f(cell)
    assert np.array_equal(cell(x).asnumpy(), first)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lines", [WRITES["eps"], WRITES["momentum"]])
def test_the_comparison_sees_a_missing_primitive(kind: str, lines: str) -> None:
    text = tune(kind, lines)
    after = migrated(text, "BN110").after.decode()
    names = {line.strip().partition(" = ")[0] for line in after.splitlines() if ".bn_" in line}
    assert names
    for name in names:
        kept = "".join(line for line in after.splitlines(keepends=True) if not line.strip().startswith(f"{name} ="))
        found = tuned(kind, text, kept)
        assert max(found.values()) > frameworks.TOLERANCE, (name, found)


@pytest.mark.parametrize("value", ["1", "0", "None", "0.0", "2.0"])
def test_the_values_that_are_left_would_raise(value: str) -> None:
    cell = ms.nn.BatchNorm2d(4).set_train()
    cell.bn_train = ms.ops.BatchNorm(True, epsilon=eval(value), momentum=0.1, data_format=cell.format)
    with pytest.raises((TypeError, ValueError)):
        cell(ms.Tensor(np.ones((2, 4, 2, 3), np.float32)))


def test_synchronised_layers_are_left() -> None:
    """Among several processes their primitive is another one."""
    assert load_rules("mindspore.nn").by_name["torch.nn.SyncBatchNorm"].write_backs == ()
    result = migrate_bytes(tune("SyncBatchNorm", WRITES["eps"]).encode(), "x.py", Options())
    assert "BN207" in {f.code for f in result.findings}
