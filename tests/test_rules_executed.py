"""What the rule files claim, executed in torch and MindSpore: every example, parameter, attribute and method."""

from __future__ import annotations

import inspect
import operator
from typing import Any

import numpy as np
import pytest

from migrate.engine import Options, migrate_bytes
from migrate.rule import Rule
from migrate.rules import load_rules
from tests.cell_methods import CELL

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
