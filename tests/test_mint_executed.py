"""The target mindspore.mint.nn as far as it goes without its kernels: constructors, names, values, modes.

docs/mint.md says what only a device can show. Where that can be shown here, `test_a_call_needs_a_kernel` fails.
"""

from __future__ import annotations

import importlib
import inspect
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from migrate.rule import Rule
from migrate.rules import load_rules

frameworks = pytest.importorskip("tests.frameworks", reason="torch and MindSpore: pip install -e '.[verify]'")
ms, torch = frameworks.ms, frameworks.torch
RULES = load_rules("mindspore.mint.nn", (Path("group_norm"), Path("layer_norm"))).rules
GIVEN: dict[str, tuple[Any, ...]] = {"GroupNorm": (2, 4), "LayerNorm": ((4,),)}
each = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def classes(rule: Rule) -> tuple[Any, Any]:
    return getattr(torch.nn, rule.name), getattr(ms.mint.nn, rule.name)


@each
def test_the_signature_is_that_of_the_rule_and_its_defaults_are_those_of_torch(rule: Rule) -> None:
    ours, theirs = (inspect.signature(cls).parameters for cls in classes(rule))
    assert tuple(theirs) == rule.target.parameters
    assert rule.target.positional == tuple(theirs)[: len(rule.target.positional)]
    for parameter in rule.parameters:
        if parameter.treatment.action == "keep":
            assert (parameter.treatment.to or parameter.name) == parameter.name
            assert ours[parameter.name].default == theirs[parameter.name].default
        else:
            assert parameter.treatment.action == "drop"
    passed = {p.name for p in rule.parameters if p.treatment.action == "drop"} - {"dtype", "process_group"}
    assert passed.isdisjoint(theirs), "what is dropped would be a TypeError"


@each
def test_aliases_are_the_class(rule: Rule) -> None:
    for name in (rule.target.name, *rule.target.aliases):
        module, _, attribute = name.rpartition(".")
        assert getattr(importlib.import_module(module), attribute) is classes(rule)[1]


def configurations(rule: Rule) -> list[dict[str, bool]]:
    flags = [p.name for p in rule.parameters if isinstance(p.default, bool) and p.treatment.action == "keep"]
    return [dict(zip(flags, values, strict=True)) for values in itertools.product((True, False), repeat=len(flags))]


@each
def test_attributes_hold_what_torchs_hold_in_every_configuration(rule: Rule) -> None:
    """Also None where torch has None; a frozen tensor where a rule says that there is one."""
    for given in configurations(rule):
        layer, cell = (cls(*GIVEN.get(rule.name, (4,)), **given) for cls in classes(rule))
        for name, treatment in rule.attributes.items():
            if not treatment.to or name in ("training", "process_group"):
                continue
            ours, theirs = getattr(layer, name), getattr(cell, treatment.to)
            if ours is None and theirs is not None:
                assert rule.name == "GroupNorm" and not theirs.requires_grad and treatment.none_test
            elif isinstance(ours, torch.Tensor):
                assert np.array_equal(ours.detach().numpy(), theirs.asnumpy())
                assert ours.requires_grad == theirs.requires_grad
            else:
                assert ours == theirs
        trained = {name for name, p in layer.named_parameters() if p.requires_grad}
        assert {p.name for p in cell.trainable_params()} == trained


@each
def test_methods_that_the_rule_renames_to_are_there_and_modes_are_those_of_cells(rule: Rule) -> None:
    layer, cell = (cls(*GIVEN.get(rule.name, (4,))) for cls in classes(rule))
    for name, method in rule.methods.items():
        if method.to:
            assert hasattr(cell, method.to) and hasattr(layer, name)
        elif not method.shared:
            assert not hasattr(cell, name), f"a rule refuses {name}, which is there"
    assert layer.training and not cell.training
    assert eval(f"cell.{rule.target.training_mode}", {"cell": cell}) is cell and cell.training
    assert not cell.set_train(False).training
    assert all(callable(getattr(cell, name)) for name in rule.target.returns_self)


def test_momentum_keeps_its_meaning_in_words_and_none_is_taken() -> None:
    layer, cell = torch.nn.BatchNorm2d(4, momentum=None), ms.mint.nn.BatchNorm2d(4, momentum=None)
    assert layer.momentum is None and cell.momentum is None
    assert torch.nn.BatchNorm2d(4, momentum=0.3).momentum == ms.mint.nn.BatchNorm2d(4, momentum=0.3).momentum == 0.3
    source = inspect.getsource(inspect.getmodule(ms.mint.nn.BatchNorm2d))
    assert "exponential_average_factor = self.momentum" in source, "torch's word, and torch's line"


@pytest.mark.parametrize("rule", [r for r in RULES if r.name not in ("SyncBatchNorm", *GIVEN)], ids=lambda r: r.name)
@pytest.mark.parametrize("training", [True, False])
def test_a_call_needs_a_kernel(rule: Rule, training: bool) -> None:
    cell = classes(rule)[1](4).set_train(training)
    with pytest.raises(RuntimeError, match=r"BatchNormExt|[Kk]ernel"):
        cell(ms.Tensor(frameworks.batches(rule.name, 4)[0])).asnumpy()
