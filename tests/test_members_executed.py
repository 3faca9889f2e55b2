"""What the rule files claim of attributes, initialisations and methods of layers, executed in torch and MindSpore."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

from migrate.engine import Options, migrate_bytes
from migrate.rules import load_rules
from tests.cell_methods import CELL

frameworks = pytest.importorskip("tests.frameworks", reason="torch and MindSpore: pip install -e '.[verify]'")
ms, torch = frameworks.ms, frameworks.torch

RULES = load_rules("mindspore.nn")
HEAD = "import torch\nimport torch.nn as nn\nimport numpy as np\n"


def trained() -> Any:
    """The same layer in both frameworks after three batches, with parameters of its own."""
    pair = frameworks.build("nn.BatchNorm2d(4, momentum=0.3)", "ms.nn.BatchNorm2d(4, momentum=0.7)")
    frameworks.differences(pair, "BatchNorm2d", 4)
    return pair


# What each attribute is worth in MindSpore, written as the tool writes it.
ATTRIBUTES = {
    "weight": lambda b: b.gamma.asnumpy(),
    "bias": lambda b: b.beta.asnumpy(),
    "running_mean": lambda b: b.moving_mean.asnumpy(),
    "running_var": lambda b: b.moving_variance.asnumpy(),
    "momentum": lambda b: b.momentum,
    "eps": lambda b: b.eps,
    "num_features": lambda b: b.num_features,
    "training": lambda b: b.training,
}
NO_ATTRIBUTE = ("num_batches_tracked", "affine", "track_running_stats")


def test_every_attribute_of_every_rule_is_executed() -> None:
    of_one_class = {"process_group"}  # compared in test_target_class.py, as every attribute is
    assert {a for rule in RULES.rules for a in rule.attributes} == {*ATTRIBUTES, *NO_ATTRIBUTE, *of_one_class}


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attribute_has_the_value_of_its_counterpart(name: str) -> None:
    pair = trained()
    treatment = RULES.rules[0].attributes[name]
    assert hasattr(pair.mindspore, treatment.to)
    volume = RULES.by_name["torch.nn.BatchNorm3d"].attributes[name]
    assert operator.attrgetter(volume.to)(ms.nn.BatchNorm3d(4)) is not None
    left = getattr(pair.torch, name)
    left = left.detach().numpy() if isinstance(left, torch.Tensor) else left
    np.testing.assert_allclose(left, ATTRIBUTES[name](pair.mindspore), atol=frameworks.TOLERANCE)


@pytest.mark.parametrize("name", NO_ATTRIBUTE)
def test_attribute_without_counterpart_is_refused_and_missing(name: str) -> None:
    assert RULES.rules[0].attributes[name].refuse
    assert hasattr(trained().torch, name) and not hasattr(trained().mindspore, name)


@pytest.mark.parametrize("name", ["eps", "momentum"])
def test_a_write_has_no_effect(name: str) -> None:
    x = frameworks.batches("BatchNorm2d", 4)[0]
    plain, written = ms.nn.BatchNorm2d(4).set_train(), ms.nn.BatchNorm2d(4).set_train()
    setattr(written, name, 0.5)
    assert np.array_equal(plain(ms.Tensor(x)).asnumpy(), written(ms.Tensor(x)).asnumpy())
    assert np.array_equal(plain.moving_mean.asnumpy(), written.moving_mean.asnumpy())
    assert RULES.rules[0].attributes[name].write


def test_parameters_are_never_none() -> None:
    cell = ms.nn.BatchNorm2d(4, affine=False, use_batch_statistics=True)
    layer = torch.nn.BatchNorm2d(4, affine=False, track_running_stats=False)
    for name in ("weight", "bias", "running_mean", "running_var"):
        treatment = RULES.rules[0].attributes[name]
        assert getattr(layer, name) is None and getattr(cell, treatment.to) is not None and treatment.none_test


def statements(*lines: str) -> str:
    """A function ``f(m, t)`` that runs ``lines`` on a batch norm, as torch code."""
    body = "".join(f"    {line}\n" for line in lines)
    return f"{HEAD}from torch.nn import init\ndef f(m: nn.BatchNorm2d, t):\n{body}    return m\n"


INITIALISATIONS = [
    "nn.init.constant_(m.weight, 0.25)",
    "nn.init.constant_(m.bias, val=2)",
    "nn.init.ones_(m.running_var)",
    "nn.init.zeros_(m.weight.data)",
    "m.weight.data.fill_(0.5)",
    "m.bias.data.zero_()",
    "m.running_mean.zero_()",
    "m.running_var.fill_(value=2)",
    "m.reset_running_stats()",
    "m.reset_parameters()",
]


@pytest.mark.parametrize("line", INITIALISATIONS)
def test_initialisation_has_the_same_result(line: str) -> None:
    text = statements(line)
    if line.startswith("m.") and ".data" not in line:
        text = text.replace("def f", "@torch.no_grad()\ndef f")
    pair = trained()
    with torch.no_grad():
        frameworks.run(text).f(pair.torch, None)
    after = migrate_bytes(text.encode(), "x.py", Options())
    assert not [f for f in after.findings if f.kind == "review"]
    frameworks.run(after.after.decode()).f(pair.mindspore, None)
    for name in frameworks.NAMES:
        gap = frameworks._gap(getattr(pair.torch, name), frameworks.statistics(pair.mindspore, name))
        assert gap < frameworks.TOLERANCE, name


@pytest.mark.parametrize("line", ["nn.init.normal_(m.weight, 1.0, 0.02)", "m.weight.data.normal_(1.0, 0.02)"])
def test_normal_initialisation_has_the_same_distribution(line: str) -> None:
    text = statements(line)
    layer, cell = torch.nn.BatchNorm2d(5000), ms.nn.BatchNorm2d(5000)
    frameworks.run(text).f(layer, None)
    frameworks.run(migrate_bytes(text.encode(), "x.py", Options()).after.decode()).f(cell, None)
    for values in (layer.weight.detach().numpy(), cell.gamma.asnumpy()):
        assert abs(values.mean() - 1.0) < 0.002 and abs(values.std() - 0.02) < 0.002


COPIES = [
    "m.weight.data = n.bias.data * 2",
    "m.weight.data.copy_(n.running_var)",
    "m.running_mean.copy_(n.bias)",
    "m.weight.data.copy_(n.bias + n.running_var)",
    "m.weight = n.weight",
]


@pytest.mark.parametrize("line", COPIES)
def test_copying_values(line: str) -> None:
    """What is MindSpore's is copied; a later change of where it came from does not show."""
    text = f"from torch import nn\ndef f(m: nn.BatchNorm2d, n: nn.BatchNorm2d):\n    {line}\n"
    after = migrate_bytes(text.encode(), "x.py", Options()).after.decode()
    pair, other = trained(), frameworks.build("nn.BatchNorm2d(4)", "ms.nn.BatchNorm2d(4)")
    frameworks.differences(other, "BatchNorm2d", 4)
    with torch.no_grad():
        frameworks.run(text).f(pair.torch, other.torch)
    frameworks.run(after).f(pair.mindspore, other.mindspore)
    other.mindspore.beta.set_data(ms.Tensor(np.zeros(4, np.float32)))
    other.mindspore.moving_variance[:2] = 7.0
    name = "running_mean" if "mean" in line else "weight"
    assert frameworks._gap(getattr(pair.torch, name), frameworks.statistics(pair.mindspore, name)) == 0


@pytest.mark.parametrize(
    "line", ["m.weight = t", "m.weight.data = t", "m.weight.data.copy_(t)", "m.running_mean.copy_(t)"]
)
def test_values_that_may_be_of_torch_are_not_copied(line: str) -> None:
    """MindSpore takes none of them."""
    text = statements(line)
    result = migrate_bytes(text.encode(), "x.py", Options())
    assert line in result.after.decode() and [f.kind for f in result.findings].count("review") == 1
    cell = trained().mindspore
    for assign in (cell.gamma.set_data, lambda t: setattr(cell, "gamma", t)):
        with pytest.raises(TypeError):
            assign(torch.ones(4))


# What each renamed method does, shown on both layers.
METHODS = {
    "train": ("m.train()", lambda m: m.training is True),
    "eval": ("m.eval()", lambda m: m.training is False),
    "parameters": ("for p in m.parameters(): p.requires_grad = False", lambda m: not trained_parameters(m)),
    "named_parameters": (
        "for _, p in m.named_parameters(): p.requires_grad = False",
        lambda m: not trained_parameters(m),
    ),
    "named_modules": ("m.result = [n for n, _ in m.named_modules()]", lambda m: m.result == [""]),
    "children": ("m.result = list(m.children())", lambda m: m.result == []),
    "forward": ("m.result = m.forward(t)", lambda m: m.result.shape[1] == 4),
    "apply": ("m.result = []\n    m.apply(m.result.append)", lambda m: m.result == [m]),
    "requires_grad_": ("m.requires_grad_(False)", lambda m: not trained_parameters(m)),
}
WRITTEN_OUT = ("reset_running_stats", "reset_parameters")  # among the initialisations above
OVERRIDDEN = ("_check_input_dim", "extra_repr")  # in the cases of subclasses
NO_METHOD = ("modules", "cuda", "cpu", "half", "float", "double", "to", "zero_grad", "register_full_backward_hook")


def parameters(layer: Any) -> list[Any]:
    return [layer.weight, layer.bias] if isinstance(layer, torch.nn.Module) else [layer.gamma, layer.beta]


def trained_parameters(layer: Any) -> list[Any]:
    return [p for p in parameters(layer) if p.requires_grad]


def test_every_method_of_every_rule_is_executed() -> None:
    assert {m for rule in RULES.rules for m in rule.methods} == {*METHODS, *WRITTEN_OUT, *NO_METHOD, *OVERRIDDEN, *CELL}


@pytest.mark.parametrize("name", METHODS)
def test_method(name: str) -> None:
    line, holds = METHODS[name]
    text = statements(line)
    after = migrate_bytes(text.encode(), "x.py", Options())
    assert not [f for f in after.findings if f.kind == "review" and ".result" not in f.symbol]
    pair = trained()
    x = frameworks.batches("BatchNorm2d", 4)[0]
    for layer, code, t in (
        (pair.torch, text, torch.tensor(x)),
        (pair.mindspore, after.after.decode(), ms.Tensor(x)),
    ):
        assert holds(frameworks.run(code).f(layer, t))


@pytest.mark.parametrize("name", NO_METHOD)
def test_method_without_counterpart_is_refused(name: str) -> None:
    assert RULES.rules[0].methods[name].refuse
    cell = ms.nn.BatchNorm2d(4)
    if name == "to":
        with pytest.raises(Exception):  # noqa: B017 - whatever MindSpore makes of a torch device
            cell.to("cuda")
    else:
        assert not hasattr(cell, name)
