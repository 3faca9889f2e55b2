"""What the rule files of `rules/more` claim, executed in both frameworks as far as this machine has kernels."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from migrate.engine import Options, migrate_bytes
from migrate.rule import Rule
from migrate.rules import load_rules
from tests.proving import prove_results
from tests.test_offered_rules import NAMES

frameworks = pytest.importorskip("tests.frameworks", reason="torch and MindSpore: pip install -e '.[verify]'")
ms, torch = frameworks.ms, frameworks.torch
RULES = {rule.name: rule for rule in load_rules("mindspore.nn", NAMES).rules if not rule.name.endswith(("1d", "3d"))}
OFFERED = [RULES[name] for name in ("GroupNorm", "LayerNorm", "InstanceNorm2d")]
SMALL = {"GroupNorm": (2, 4), "LayerNorm": ((4,),), "InstanceNorm2d": (4,)}
each = pytest.mark.parametrize("rule", OFFERED, ids=lambda rule: rule.name)


def defaults(cls: type) -> dict[str, Any]:
    return {name: p.default for name, p in inspect.signature(cls).parameters.items()}


def classes(rule: Rule) -> tuple[Any, Any]:
    return getattr(torch.nn, rule.name), getattr(ms.nn, rule.name)


@each
def test_parameters_and_defaults_are_those_of_both_classes(rule: Rule) -> None:
    of_torch, of_mindspore = map(defaults, classes(rule))
    assert list(of_torch) == [p.name for p in rule.parameters] and tuple(of_mindspore) == rule.target.parameters
    for p in rule.parameters:
        default = inspect.Parameter.empty if p.required else p.default
        assert of_torch[p.name] == default
        if p.treatment.action == "keep":
            wanted = default if p.treatment.target_default is None else p.treatment.target_default
            assert of_mindspore[p.treatment.to or p.name] == wanted
    assert set(rule.target.positional) <= set(of_mindspore)


@each
def test_tensors_have_the_names_values_and_trainability_of_the_rule(rule: Rule) -> None:
    affine = {"affine": True} if rule.name == "InstanceNorm2d" else {}
    layer, cell = (cls(*SMALL[rule.name], **affine) for cls in classes(rule))
    assert layer.training and not cell.training and cell.set_train().training
    for name, treatment in rule.attributes.items():
        if treatment.tensor:
            ours, theirs = getattr(layer, name), getattr(cell, treatment.to)
            assert np.array_equal(ours.detach().numpy(), theirs.asnumpy()) and theirs.requires_grad
        elif treatment.to:
            assert getattr(layer, name) is not None and hasattr(cell, treatment.to)
        elif treatment.suggest:
            assert eval(treatment.suggest.format(object="cell"), {"cell": cell}) is True


def test_without_affine_torch_has_no_tensors_and_mindspore_frozen_ones() -> None:
    for name in ("GroupNorm", "InstanceNorm2d"):
        layer, cell = (cls(*SMALL[name], affine=False) for cls in classes(RULES[name]))
        assert layer.weight is None and not cell.gamma.requires_grad and not cell.trainable_params()
    assert torch.nn.LayerNorm(4, bias=False).bias is None and ms.nn.LayerNorm((4,)).beta.requires_grad


CALLS = """from functools import partial
import numpy as np
from torch import nn

SIZE = 16

def layers(c, g, eps, affine):
    return [
        nn.GroupNorm(32, c), nn.GroupNorm(num_groups=g, num_channels=c, eps=eps, affine=affine), nn.GroupNorm(c, c, 1),
        nn.GroupNorm(1, 3, np.float32(1e-3), affine=0), nn.GroupNorm(c // 4, c, 1e-3, False, device="cpu", bias=True),
        partial(nn.GroupNorm, 4), nn.GroupNorm(4, 8, dtype=None),
        nn.LayerNorm(8), nn.LayerNorm(SIZE, eps=1e-6), nn.LayerNorm((8,), eps), nn.LayerNorm([8], 1, True, True, "cpu"),
        nn.LayerNorm(SIZE * 4, elementwise_affine=True, bias=True, dtype=None), partial(nn.LayerNorm, 8),
    ]
"""


def test_every_rewritten_call_is_proved() -> None:
    result = migrate_bytes(CALLS.encode(), "a.py", Options(rules=NAMES))
    assert not [f for f in result.findings if f.kind == "review"]
    verification = prove_results([result], rules=NAMES)
    assert [(p.after, [c.error or c.failures for c in p.cases]) for p in verification.proofs if not p.passed] == []
    assert len(verification.proofs) == 13


# The original, the rewrite with a mistake in it, and the measure that shows it.
MUTANTS = [
    ("nn.LayerNorm(8)", "ms.nn.LayerNorm((8,))", "train"),
    ("nn.LayerNorm(8)", "ms.nn.LayerNorm((8,), epsilon=1.1e-05)", "eval"),
    ("nn.GroupNorm(2, 8)", "ms.nn.GroupNorm(4, 8)", "train"),
    ("nn.GroupNorm(2, 8, 1e-3)", "ms.nn.GroupNorm(2, 8)", "grad_input"),
    ("nn.GroupNorm(2, 8, affine=False)", "ms.nn.GroupNorm(2, 8)", "trainable"),
    ("nn.GroupNorm(2, 8)", "ms.nn.GroupNorm(2, 8, gamma_init='zeros')", "initial"),
]


def test_a_proof_sees_a_mistake() -> None:
    results = []
    for number, (before, after, _) in enumerate(MUTANTS):
        code = f"from torch import nn\n\nlayer = {before}\n".encode()
        result = migrate_bytes(code, f"m{number}.py", Options(rules=NAMES))
        (finding,) = (f for f in result.findings if f.code == "BN101")
        text = result.after.replace(finding.after.encode(), after.encode())
        results.append(replace(result, after=text, findings=(replace(finding, after=after),)))
    proofs = prove_results(results, rules=NAMES).proofs
    failures = [[f for case in proof.cases for f in case.failures] for proof in proofs]
    assert [measure in found for (_, _, measure), found in zip(MUTANTS, failures, strict=True)] == [True] * len(MUTANTS)
    assert not any("reference" in found for found in failures)


@pytest.mark.parametrize(
    "call",
    [
        "GroupNorm(2, 4, 1)",
        "GroupNorm(2, 4, affine=1)",
        "GroupNorm(np.int64(2), 4)",
        "GroupNorm(2, 4, bias=True)",
        "LayerNorm(3)",
        "LayerNorm((3,), epsilon=1)",
        "LayerNorm((2, 3))",
        "LayerNorm((2, 3), -2, -2)",
        "LayerNorm((3,), eps=1e-5)",
        "LayerNorm((3,), elementwise_affine=True)",
        "InstanceNorm2d(4, track_running_stats=False)",
        "InstanceNorm2d(4, affine=1)",
        "InstanceNorm2d(4, eps=1)",
    ],
)
def test_passing_it_on_would_raise(call: str) -> None:
    x = ms.Tensor(np.ones((2, 4, 2, 3), np.float32))
    with pytest.raises((TypeError, ValueError, RuntimeError)):
        eval(f"ms.nn.{call}", {"ms": ms, "np": np})(x)


def test_an_eps_that_is_assigned_counts_as_the_rules_say() -> None:
    x = np.random.default_rng(0).standard_normal((2, 4, 3)).astype(np.float32)
    for name, given in (("GroupNorm", (2, 4)), ("LayerNorm", ((3,),))):
        eps = RULES[name].attributes["eps"]
        layer, cell = (cls(*given) for cls in classes(RULES[name]))
        layer.eps = 0.5
        setattr(cell, eps.to, 0.5)
        gap = np.abs(layer(torch.tensor(x)).detach().numpy() - cell(ms.Tensor(x)).asnumpy()).max()
        assert (gap < 1e-5) == eps.settable


def test_what_torch_computes_for_samples_by_themselves_needs_no_statistics() -> None:
    x = torch.tensor(np.random.default_rng(0).standard_normal((2, 4, 2, 3)).astype(np.float32))
    layer, other = torch.nn.InstanceNorm2d(4), torch.nn.InstanceNorm2d(4, momentum=0.7)
    assert layer.running_mean is None and torch.equal(layer(x), other(x)) and torch.equal(layer(x), layer.eval()(x))
    tracking = torch.nn.InstanceNorm2d(4, track_running_stats=True).eval()
    assert not torch.allclose(layer(x), tracking(x))


def test_mindspore_has_no_kernel_for_samples_by_themselves_on_the_cpu() -> None:
    """What the rule says of the output cannot be executed here: when this fails, it can, and has to be."""
    with pytest.raises(RuntimeError, match="InstanceNorm"):
        ms.nn.InstanceNorm2d(4)(ms.Tensor(np.ones((2, 4, 2, 3), np.float32)))
    assert not hasattr(ms.mint.nn, "InstanceNorm2d")


EXAMPLES = [(rule, example) for rule in OFFERED for example in rule.examples]


@pytest.mark.parametrize(("rule", "example"), EXAMPLES, ids=lambda each: getattr(each, "before", ""))
def test_example_is_what_the_tool_writes_and_both_can_be_made(rule: Rule, example: Any) -> None:
    names = tuple(name for name in NAMES if example.target == "mindspore.nn" or "instance" not in name.name)
    code = f"import torch\nfrom torch import nn\nvalue = {example.before}\nnn.ReLU, torch.zeros\n"
    after = migrate_bytes(code.encode(), "a.py", Options(example.target, rules=names)).after.decode()
    assert f"\nvalue = {example.after}\n" in after
    frameworks.build(example.before, example.after)
