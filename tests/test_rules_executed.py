"""What the rule files claim of arguments and subclasses, executed in both frameworks: examples, parameters, names."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from migrate.engine import Options, migrate_bytes
from migrate.rule import Rule
from migrate.rules import load_rules

frameworks = pytest.importorskip("tests.frameworks", reason="torch and MindSpore: pip install -e '.[verify]'")
ms, torch = frameworks.ms, frameworks.torch

RULES = load_rules("mindspore.nn")
HEAD = "import torch\nimport torch.nn as nn\nimport numpy as np\n"
EXAMPLES = [(rule, example) for rule in RULES.rules for example in rule.examples]
KINDS = sorted(frameworks.SHAPES)

# For each parameter of the source class: texts that are rewritten, and texts that must be refused
# because MindSpore raises or computes something else when they are passed on.
PARAMETERS: dict[str, tuple[list[str], list[str]]] = {
    "num_features": (["num_features=4", "num_features=np.int64(4)"], ["num_features=0"]),
    "eps": (
        ["eps=1e-3", "eps=1", "eps=True", "eps=1.0", "eps=np.float32(1e-3)"],
        ["eps=0", "eps=0.0", "eps=2.0", "eps=-1e-3", "eps=float('inf')", "eps=float('nan')"],
    ),
    "momentum": (
        ["momentum=0", "momentum=1", "momentum=0.0", "momentum=1.0", "momentum=0.3", "momentum=1 - 0.9997"],
        ["momentum=None", "momentum=-0.1", "momentum=1.5", "momentum=float('nan')"],
    ),
    "affine": (["affine=True", "affine=False", "affine=1", "affine=0", "affine=None"], []),
    "track_running_stats": (
        ["track_running_stats=" + v for v in ("True", "False", "0", "1", "None", "bool(1)", "bool(0)")],
        [],
    ),
    "device": (["device='cpu'", "device=None", "device=torch.device('cpu')"], ["device='meta'"]),
    "dtype": (["dtype=None", "dtype=torch.float32"], ["dtype=torch.float16", "dtype=torch.float64"]),
    "bias": (["bias=True"], ["bias=False"]),
    "process_group": (["process_group=None"], ["process_group=group"]),
}
REWRITTEN = [(k, p, text) for p, (good, _) in PARAMETERS.items() for text in good for k in KINDS]
REFUSED = [(p, text) for p, (_, bad) in PARAMETERS.items() for text in bad]


def rewritten(text: str, target: str = "mindspore.nn") -> str | None:
    """The rewrite of an expression, or None where it is left for review."""
    result = migrate_bytes(f"{HEAD}value = {text}\nnn.ReLU, torch.zeros\n".encode(), "x.py", Options(target))
    assert result.error is None
    line = next(line for line in result.after.decode().splitlines() if line.startswith("value = "))
    return None if any(f.kind == "review" for f in result.findings) else line.removeprefix("value = ")


def accepts(kind: str, parameter: str) -> bool:
    rule = next(r for r in RULES.rules if r.name == kind)
    return rule.parameter(parameter) is not None


@pytest.mark.parametrize(("rule", "example"), EXAMPLES, ids=lambda x: getattr(x, "before", ""))
def test_example_is_what_the_tool_writes(rule: Any, example: Any) -> None:
    assert rewritten(example.before, example.target) == example.after


# mindspore.mint.nn has no kernel on CPU: its examples are constructed but not run.
@pytest.mark.parametrize(("rule", "example"), EXAMPLES, ids=lambda x: getattr(x, "before", ""))
def test_example_computes_the_same(rule: Any, example: Any) -> None:
    pair = frameworks.build(example.before, example.after)
    if example.target == "mindspore.nn":
        found = frameworks.differences(pair, rule.name, 4)
        assert max(found.values()) < frameworks.TOLERANCE, found


def test_every_parameter_of_every_rule_is_executed() -> None:
    assert {p.name for rule in RULES.rules for p in rule.parameters} == set(PARAMETERS)


@pytest.mark.parametrize(("kind", "parameter", "text"), REWRITTEN)
def test_parameter_rewritten_computes_the_same(kind: str, parameter: str, text: str) -> None:
    if not accepts(kind, parameter):
        pytest.skip(f"{kind} has no {parameter}")
    before = f"nn.{kind}({text})" if parameter == "num_features" else f"nn.{kind}(4, {text})"
    after = rewritten(before)
    assert after is not None
    found = frameworks.differences(frameworks.build(before, after), kind, 4)
    assert max(found.values()) < frameworks.TOLERANCE, (after, found)


@pytest.mark.parametrize(("parameter", "text"), REFUSED)
def test_parameter_refused(parameter: str, text: str) -> None:
    kind = "SyncBatchNorm" if parameter == "process_group" else "BatchNorm2d"
    before = f"nn.{kind}({text})" if parameter == "num_features" else f"nn.{kind}(4, {text})"
    assert rewritten(before) is None


NAIVE = [
    "num_features=0",
    "4, eps=0.0",
    "4, eps=2.0",
    "4, eps=1",
    "4, momentum=None",
    "4, momentum=1 - -0.1",
    "4, momentum=1 - 1.5",
    "4, momentum=float('nan')",
    "4, affine=1",
    "4, track_running_stats=True",
    "4, use_batch_statistics=0",
    "4, device='cpu'",
    "4, bias=True",
    "np.int64(4)",
    "4, dtype=ms.float64",
]


@pytest.mark.parametrize("arguments", NAIVE)
def test_passing_it_on_would_raise(arguments: str) -> None:
    """The refusals and casts are not caution: MindSpore raises, some at the call only."""
    x = ms.Tensor(np.ones((2, 4, 2, 2), np.float32))
    with pytest.raises(Exception):  # noqa: B017 - TypeError, ValueError or RuntimeError, by parameter
        eval(f"ms.nn.BatchNorm2d({arguments})", {"ms": ms, "np": np}).set_train()(x)


def test_the_fifth_position_would_be_gamma() -> None:
    cell = ms.nn.BatchNorm2d(4, 1e-5, 0.9, True, False)
    assert not cell.gamma.asnumpy().any()


def test_float16_would_never_update_its_statistics() -> None:
    cell = ms.nn.BatchNorm2d(4, dtype=ms.float16).set_train()
    cell(ms.Tensor(np.random.default_rng(0).standard_normal((2, 4, 2, 2)).astype(np.float16)))
    assert not cell.moving_mean.asnumpy().any()


@pytest.mark.parametrize("mutant", ["0.1", "0.8", "0.89"])
def test_the_comparison_sees_a_wrong_momentum(mutant: str) -> None:
    pair = frameworks.build("nn.BatchNorm2d(4, momentum=0.1)", f"ms.nn.BatchNorm2d(4, momentum={mutant})")
    assert max(frameworks.differences(pair, "BatchNorm2d", 4).values()) > frameworks.TOLERANCE


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda r: r.name)
def test_a_subclass_may_use_no_name_of_either_class(rule: Rule) -> None:
    """Every name that the classes have is treated by the rule, or taken."""
    layer, cell = getattr(torch.nn, rule.name)(4), getattr(ms.nn, rule.name)(4)
    names = {*dir(layer), *dir(cell), *cell.parameters_dict(), *cell.name_cells(), *vars(cell)["_params"]}
    names = {n for n in names if not n.startswith("__") and "." not in n} - {"mean", "variance"}
    assert names <= {*rule.subclass.taken, *rule.attributes, *rule.methods}


def test_what_a_subclass_may_use_of_tensors_is_the_same() -> None:
    table = RULES.rules[0].subclass
    layer, cell = torch.nn.BatchNorm2d(4), ms.nn.BatchNorm2d(4)
    for name in table.tensor:
        assert getattr(torch.zeros(2, 3), name) == getattr(ms.Tensor(np.zeros((2, 3))), name)
    for name in table.parameter:
        assert getattr(layer.weight, name) == getattr(cell.gamma, name)


@pytest.mark.parametrize("dimensions", [2, 3, 4, 5])
def test_a_check_may_accept_the_dimensions_that_the_kernel_computes(dimensions: int) -> None:
    """MindSpore's layer without its own check, trained and evaluated on inputs of all these ranks."""
    layer = type("Layer", (torch.nn.BatchNorm2d,), {"_check_input_dim": lambda self, x: None})(4, momentum=0.3)
    cell = type("Cell", (ms.nn.BatchNorm2d,), {"_check_input_dim": staticmethod(lambda *_: None)})(4, momentum=0.7)
    x = np.random.default_rng(0).standard_normal((3, 4, 2, 3, 2)[:dimensions]).astype(np.float32)
    treatment = next(r for r in RULES.rules if r.name == "BatchNorm2d").methods["_check_input_dim"]
    if dimensions not in treatment.dimensions:
        with pytest.raises(ValueError, match="rank"):
            cell(ms.Tensor(x))
        return
    cell.set_train()
    for _ in range(3):
        assert np.abs(layer(torch.tensor(x)).detach().numpy() - cell(ms.Tensor(x)).asnumpy()).max() < 1e-5
    layer.eval()
    cell.set_train(False)
    assert np.abs(layer(torch.tensor(x)).detach().numpy() - cell(ms.Tensor(x)).asnumpy()).max() < 1e-5


def test_training_mode_is_what_the_rule_says() -> None:
    for rule in RULES.rules:
        cell = eval(f"ms.{rule.target.name.removeprefix('mindspore.')}(4)", {"ms": ms})
        assert cell.training is False
        assert eval(f"cell.{rule.target.training_mode}.training", {"cell": cell}) is True


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda r: r.name)
def test_the_defaults_of_a_rule_are_those_of_torch(rule: Rule) -> None:
    """A proof takes an argument that is not passed from here."""
    signature = inspect.signature(getattr(torch.nn, rule.name)).parameters
    for parameter in rule.parameters:
        default = signature[parameter.name].default
        assert parameter.required == (default is inspect.Parameter.empty)
        assert parameter.required or (type(parameter.default), parameter.default) == (type(default), default)
        assert parameter.keyword_only == (signature[parameter.name].kind is inspect.Parameter.KEYWORD_ONLY)
    assert [p.name for p in rule.parameters] == list(signature)


ARGUMENTS = {"Identity": (), "Softmax": (1,), "LogSoftmax": (1,), "Unflatten": (1, (1, 1)), "ConstantPad2d": (1, 0.0)}


@pytest.mark.parametrize("name", sorted(RULES.without))
def test_classes_without_the_attributes_have_none_of_them(name: str) -> None:
    cls = getattr(torch.nn, name.removeprefix("torch.nn."))
    asks = any(
        p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD for p in inspect.signature(cls).parameters.values()
    )
    layer = cls(*ARGUMENTS.get(cls.__name__, (2,) if asks else ()))
    assert not [attr for attr in RULES.telling | RULES.tested if hasattr(layer, attr)]
