"""Code that is on MindSpore already, executed: what is left for review is wrong, and what is offered is right."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from migrate.engine import Options, migrate_bytes
from migrate.rule import Rule
from migrate.rules import load_rules
from migrate.targets import TARGETS

frameworks = pytest.importorskip("tests.frameworks", reason="torch and MindSpore: pip install -e '.[verify]'")
offered = pytest.importorskip("tests.test_suggestions_executed")
ms, torch = frameworks.ms, frameworks.torch

RULES = [(target, rule) for target in TARGETS for rule in load_rules(target).rules]
EACH = pytest.mark.parametrize(("target", "rule"), RULES, ids=[rule.target.name for _, rule in RULES])


def named(name: str) -> Any:
    value: Any = {"torch": torch, "mindspore": ms}[name.partition(".")[0]]
    for part in name.split(".")[1:]:
        value = getattr(value, part)
    return value


@EACH
def test_the_class_has_these_names_and_parameters(target: str, rule: Rule) -> None:
    cls = named(rule.target.name)
    assert all(named(alias) is cls for alias in rule.target.aliases)
    assert tuple(inspect.signature(cls).parameters) == rule.target.parameters


@EACH
def test_the_class_lacks_what_the_rule_says(target: str, rule: Rule) -> None:
    layer, cell = named(rule.source.name)(4), named(rule.target.name)(4)
    related = {
        name.rpartition(".")[2] for r in load_rules(target).rules for related in r.related for name in related.names
    }
    missing = {name for name in dir(layer) if not name.startswith("_") and not hasattr(cell, name)}
    assert rule.lacks == missing - {*rule.attributes, *rule.methods, *related}


@EACH
def test_a_name_that_is_reviewed_means_nothing_or_something_else(target: str, rule: Rule) -> None:
    cell = named(rule.target.name)(4)
    for name, attribute in rule.attributes.items():
        assert hasattr(cell, name) == (attribute.to == name), name
    for name, method in rule.methods.items():
        assert hasattr(cell, name) == (method.shared or method.to == name), name


@EACH
def test_the_members_and_what_gives_the_layer_back(target: str, rule: Rule) -> None:
    cell = named(rule.target.name)(4)
    given = {"apply": (lambda c: None,), "to": ("CPU",), "to_float": (ms.float32,)}
    for name in rule.target.returns_self:
        assert getattr(cell, name)(*given.get(name, ())) is cell
    for name, inner in rule.target.members.items():
        assert type(getattr(cell, name)) is named(inner)


# What a function does with a layer, in torch's words.
USES = {
    "parameters": "return m.weight, m.bias",
    "statistics": "return m.running_mean, m.running_var",
    "mode": "m.eval()\n    return m.training",
    "mode and back": "m.eval()\n    m.train()\n    return getattr(m, 'training')",
    "a test for None": "return m.weight is not None",
    "affine": "return m.affine",
    "statistics kept": "return m.track_running_stats",
    "initialisation": "nn.init.constant_(m.weight, 3)\n    return m.weight",
    "initialisation of data": "m.bias.data.fill_(2)\n    return m.bias",
    "a change in place": "m.weight.data.mul_(0.5)\n    return m.weight",
    "reset": "m.reset_running_stats()\n    return 0",
    "by name": "return getattr(m, 'weight')",
    "whether there is one": "return hasattr(m, 'running_var')",
    "a default": "return getattr(m, 'running_mean', None) is not None",
    "the computation": "return m.forward is not None",
    "moved": "return m.cpu() is m",
}


def of_target(body: str, kind: str) -> str:
    return f"import mindspore as ms\nimport torch.nn as nn\ndef f(m: ms.nn.{kind}):\n    {body}\n"


@pytest.mark.parametrize("body", USES.values(), ids=USES)
@pytest.mark.parametrize("kind", ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d"])
def test_a_name_of_torchs_fails_and_what_is_offered_does_the_same(body: str, kind: str) -> None:
    if "hasattr" in body and kind == "BatchNorm3d":
        pytest.skip("nothing is offered for a path")
    layer, cell = getattr(torch.nn, kind)(3), getattr(ms.nn, kind)(3)
    source = of_target(body, kind)
    expected = offered.plain(offered.run(f"import torch.nn as nn\ndef f(m):\n    {body}\n")["f"](layer))
    try:
        left = offered.plain(offered.run(source)["f"](cell))
    except AttributeError:
        left = AttributeError
    assert left != expected
    assert offered.plain(offered.run(offered.pasted(source))["f"](getattr(ms.nn, kind)(3))) == expected


def trained(layer: Any, x: Any) -> Any:
    """The running mean after a batch of training."""
    if isinstance(layer, torch.nn.Module):
        layer.train()(torch.tensor(x))
        return layer.running_mean.numpy()
    layer.set_train()(ms.Tensor(x))
    return frameworks.core(layer).moving_mean.asnumpy()


@pytest.mark.parametrize("kind", ["BatchNorm2d", "BatchNorm3d"])
def test_a_write_has_no_effect_and_what_is_offered_has(kind: str) -> None:
    x = frameworks.batches(kind, 3)[0]
    layer, cell, made = getattr(torch.nn, kind)(3), getattr(ms.nn, kind)(3), getattr(ms.nn, kind)(3)
    body = "m.momentum = 0.5\n    return m" if kind == "BatchNorm2d" else "m.bn2d.momentum = 0.5\n    return m"
    offered.run("def f(m):\n    m.momentum = 0.5")["f"](layer)
    source = of_target(body, kind)
    same = trained(getattr(ms.nn, kind)(3), x)
    assert (trained(offered.run(source)["f"](cell), x) == same).all()
    assert abs(trained(offered.run(offered.pasted(source))["f"](made), x) - trained(layer, x)).max() < 1e-6
    assert abs(trained(layer, x) - same).max() > 1e-3


# Torch's arguments for a layer, and whether MindSpore refuses them; otherwise it makes another layer.
ARGUMENTS = {
    "8, track_running_stats=False": True,
    "8, track_running_stats=1 > 0": True,
    "8, device=None": True,
    "8, eps=1e-3, dtype=torch.float32, device='cpu'": True,
    "8, 1e-3, 0.5, True, False": False,
    "8, 1e-3, 0.5, False, 1 > 2": False,
}


@pytest.mark.parametrize(("arguments", "raises"), ARGUMENTS.items(), ids=ARGUMENTS)
@pytest.mark.parametrize("kind", ["BatchNorm2d", "BatchNorm3d"])
def test_an_argument_of_torchs_fails_and_what_is_offered_makes_the_same(
    kind: str, arguments: str, raises: bool
) -> None:
    """With 0.5, which both frameworks take for the same momentum."""
    arguments = arguments if "0.5" in arguments else f"{arguments}, momentum=0.5"
    layer = eval(f"torch.nn.{kind}({arguments})", {"torch": torch})
    source = f"import torch\nimport mindspore as ms\nlayer = ms.nn.{kind}({arguments})\n"
    try:
        pair = frameworks.Pair(layer, offered.run(source)["layer"])
        assert not raises and max(frameworks.differences(pair, kind, 8).values()) > frameworks.TOLERANCE
    except TypeError:
        assert raises
    layer = eval(f"torch.nn.{kind}({arguments})", {"torch": torch})
    made = frameworks.Pair(layer, offered.run(offered.pasted(source))["layer"])
    assert max(frameworks.differences(made, kind, 8).values()) < frameworks.TOLERANCE


def test_exchanged_arguments_are_put_in_their_places() -> None:
    source = (
        "import mindspore as ms\ndef make(momentum=0.7, eps=1e-3):\n    return ms.nn.BatchNorm2d(8, momentum, eps)\n"
    )
    wrong, right = offered.run(source)["make"](), offered.run(offered.pasted(source))["make"]()
    assert (wrong.eps, right.eps) == (0.7, 1e-3)
    pair = frameworks.Pair(torch.nn.BatchNorm2d(8, 1e-3, 0.3), right)
    assert max(frameworks.differences(pair, "BatchNorm2d", 8).values()) < frameworks.TOLERANCE


def test_a_method_that_is_never_called_is_found_in_a_subclass() -> None:
    source = (
        "from mindspore import nn\nclass Twice(nn.BatchNorm2d):\n"
        "    def forward(self, x):\n        return super().construct(x) * 2\n"
    )
    x = ms.Tensor(frameworks.batches("BatchNorm2d", 3)[0])
    plain = ms.nn.BatchNorm2d(3)(x).asnumpy()
    result = migrate_bytes(source.encode(), "x.py", Options())
    (review,) = [f for f in result.findings if f.kind == "review"]
    assert (offered.run(source)["Twice"](3)(x).asnumpy() == plain).all()
    assert (offered.run(source.replace(review.before, review.suggestion))["Twice"](3)(x).asnumpy() == plain * 2).all()
