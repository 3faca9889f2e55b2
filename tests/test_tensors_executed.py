"""What the rules say of tensors, executed in both frameworks: what both have, what MindSpore lacks, what is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from migrate.engine import Options, migrate_bytes
from migrate.rules import load_rules

frameworks = pytest.importorskip("tests.frameworks", reason="torch and MindSpore: pip install -e '.[verify]'")
ms, torch = frameworks.ms, frameworks.torch

import migrate.bridge  # noqa: E402

TABLE = load_rules("mindspore.nn").tensor
VALUES = np.array([1.5, -2.0, 3.0], np.float32)


def parameter(layer: Any, name: str = "weight") -> Any:
    """A tensor of a layer of either framework, with values of its own."""
    if isinstance(layer, ms.nn.Cell):
        tensor = getattr(layer, frameworks.NAMES[name])
        tensor.set_data(ms.Tensor(VALUES.copy()))
        return tensor
    with torch.no_grad():
        getattr(layer, name).copy_(torch.tensor(VALUES))
    return getattr(layer, name)


# What a tensor of a layer can be by the time that code asks it for something.
KINDS: dict[str, Callable[[Any], Any]] = {
    "parameter": parameter,
    "statistic": lambda layer: parameter(layer, "running_mean"),
    "data": lambda layer: parameter(layer).data,
    "computed": lambda layer: parameter(layer) * 1,
}
# How each name is used; one that is not here is used as a method without arguments, or as an attribute.
CALLS = {
    "add": ("add(1)", "add(t)", "add(t, alpha=2)"),
    "allclose": ("allclose(t)",),
    "argsort": ("argsort()", "argsort(descending=True)"),
    "chunk": ("chunk(3)",),
    "clamp": ("clamp(0, 1)", "clamp(min=0)", "clamp(max=1)"),
    "clip": ("clip(0, 1)",),
    "cumprod": ("cumprod(0)",),
    "cumsum": ("cumsum(0)",),
    "expand": ("expand(2, 3)", "expand(2, -1)"),
    "expand_as": ("expand_as(t)",),
    "flatten": ("flatten()", "flatten(0)"),
    "gather": ("gather(0, t.argsort())",),
    "heaviside": ("heaviside(t)",),
    "histc": ("histc(3)",),
    "index_select": ("index_select(0, t.argsort())",),
    "inner": ("inner(t)",),
    "isclose": ("isclose(t)",),
    "item": ("sum().item()",),
    "lerp": ("lerp(t, 0.5)",),
    "logsumexp": ("logsumexp(0)",),
    "masked_fill": ("masked_fill(t > 0, 0.0)",),
    "masked_select": ("masked_select(t > 0)",),
    "matmul": ("matmul(t)",),
    "max": ("max()", "max(0)"),
    "maximum": ("maximum(t)",),
    "mean": ("mean()", "mean(0)", "mean(dim=0)", "mean(0, keepdim=True)"),
    "min": ("min()", "min(0)"),
    "minimum": ("minimum(t)",),
    "narrow": ("narrow(0, 0, 2)",),
    "new_ones": ("new_ones(2)",),
    "new_zeros": ("new_zeros(2)",),
    "norm": ("norm()", "norm(1)"),
    "outer": ("outer(t)",),
    "permute": ("permute(0)",),
    "pow": ("pow(2)",),
    "repeat_interleave": ("repeat_interleave(2)",),
    "reshape": ("reshape(-1)", "reshape(1, -1, 1, 1)", "reshape((1, 3))"),
    "select": ("select(0, 1)",),
    "softmax": ("softmax(0)",),
    "sort": ("sort()", "sort(descending=True)"),
    "split": ("split(1)", "split([1, 2])"),
    "squeeze": ("squeeze()", "squeeze(0)"),
    "sum": ("sum()", "sum(0)", "sum(dim=0)", "sum(0, keepdim=True)"),
    "tile": ("tile((2,))",),
    "topk": ("topk(2)",),
    "transpose": ("transpose(0, 0)",),
    "type_as": ("type_as(t)",),
    "unbind": ("unbind()", "unbind(0)"),
    "unsqueeze": ("unsqueeze(0)", "unsqueeze(-1)", "unsqueeze(dim=0)"),
    "view": ("view(-1)", "view(1, -1, 1, 1)", "view((1, 3))"),
    "view_as": ("view_as(t)",),
    "where": ("where(t > 0, t)",),
}
OPERANDS = (
    "div",
    "divide",
    "eq",
    "fmod",
    "ge",
    "greater",
    "gt",
    "le",
    "less",
    "lt",
    "mul",
    "multiply",
    "ne",
    "remainder",
    "sub",
    "subtract",
    "true_divide",
)
CALLS |= {name: (f"{name}(2)", f"{name}(t)") for name in OPERANDS}
ATTRIBUTES = ("T", "data", "itemsize", "nbytes", "ndim", "requires_grad", "shape")
CALLS |= {name: (name,) for name in ATTRIBUTES} | {"is_meta": ("is_meta",)}
NAMES = [*TABLE.views, *TABLE.values, *TABLE.plain, *TABLE.own]


def plain(value: Any) -> Any:
    """Tensors as lists, and tuples of any kind as lists."""
    if isinstance(value, torch.Tensor):
        return value.detach().numpy().tolist()
    if isinstance(value, ms.Tensor):
        return value.asnumpy().tolist()
    return [plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def tensors(kind: str) -> tuple[Any, Any]:
    return KINDS[kind](torch.nn.BatchNorm2d(3)), KINDS[kind](ms.nn.BatchNorm2d(3))


def given(tensor: Any, text: str) -> Any:
    return eval(f"t.{text}", {"t": tensor, "torch": torch})


def applies(name: str, kind: str) -> bool:
    """Whether the table says that a tensor of this kind has the name in both frameworks; torch refuses some itself."""
    if name == "numpy":
        return kind in ("statistic", "data")
    return name not in TABLE.own or kind in ("parameter", "statistic")


@pytest.mark.parametrize("name", NAMES)
def test_both_frameworks_have_it(name: str) -> None:
    for kind in filter(lambda k: applies(name, k), KINDS):
        for text in CALLS.get(name, (f"{name}()",)):
            theirs, ours = tensors(kind)
            # An ulp apart in a sum, and in MindSpore's polynomials for exp and its like.
            one, other = given(theirs, text), given(ours, text)
            np.testing.assert_allclose(
                np.concatenate([np.ravel(v) for v in _lists(plain(other))]),
                np.concatenate([np.ravel(v) for v in _lists(plain(one))]),
                rtol=1e-5,
                err_msg=f"{kind}: {text}",
            )


def _lists(value: Any) -> list[Any]:
    """The parts of a result whose parts may be of different lengths."""
    return value if isinstance(value, list) and any(isinstance(v, list) for v in value) else [value]


def _parts(value: Any) -> list[Any]:
    return [t for t in (value if isinstance(value, tuple) else [value]) if isinstance(t, torch.Tensor)]


@pytest.mark.parametrize("name", [*TABLE.views, *TABLE.values, *TABLE.plain])
def test_what_it_gives(name: str) -> None:
    """Views share their memory with the tensor in torch, values do not, and the rest gives no tensor."""
    for text in CALLS.get(name, (f"{name}()",)) if name != "item" else ():
        theirs = KINDS["data"](torch.nn.BatchNorm2d(3))
        parts = _parts(given(theirs, text))
        assert bool(parts) == (name not in TABLE.plain)
        shared = {p.untyped_storage().data_ptr() == theirs.untyped_storage().data_ptr() for p in parts}
        assert shared == ({name in TABLE.views} if parts else set()), text


# What torch's tensors have, and the table does not: on some tensor MindSpore's do without, or give something else.
MISSING = [
    "backward()",
    "clone()",
    "cpu()",
    "cuda",
    "detach()",
    "device",
    "dtype",
    "element_size()",
    "equal(t)",
    "flip(0)",
    "grad",
    "grad_fn",
    "is_cuda",
    "is_leaf",
    "is_sparse",
    "layout",
    "median()",
    "new_tensor([1.0])",
    "norm(p=1)",
    "relu()",
    "repeat(2)",
    "requires_grad",
    "retain_grad()",
    "roll(1)",
    "size()",
    "size(0)",
    "softmax(dim=0)",
    "std()",
    "std(unbiased=False)",
    "to(torch.float32)",
    "type(torch.float32)",
    "unique()",
    "var()",
]


@pytest.mark.parametrize("text", MISSING)
def test_a_name_that_is_not_in_the_table_is_missing_or_another(text: str) -> None:
    def result(tensor: Any) -> Any:
        try:
            return plain(given(tensor, text))
        except (AttributeError, TypeError, RuntimeError):
            return None

    differ = []
    for kind in KINDS:
        theirs, ours = tensors(kind)
        one, other = result(theirs), result(ours)
        differ.append(other is None or type(one) is not type(other) or one != other)
    assert any(differ)
    assert text.partition("(")[0] in TABLE.own or text.startswith(("norm", "softmax", "backward")) or all(differ)


GIVES = {
    "torch": ["torch.ones(2)", "torch.sqrt(torch.ones(2))", "torch.stack([torch.ones(2)])"],
    "torch.Size": ["torch.Size([1])"],
    "torch.backends": ["torch.backends.mkldnn.is_available()"],
    "torch.cuda": ["torch.cuda.is_available()"],
    "torch.device": ["torch.device('cpu')"],
    "torch.distributed": ["torch.distributed.is_available()"],
    "torch.finfo": ["torch.finfo(torch.float32)"],
    "torch.get_default_dtype": ["torch.get_default_dtype()"],
    "torch.get_num_threads": ["torch.get_num_threads()"],
    "torch.iinfo": ["torch.iinfo(torch.int32)"],
    "torch.is_tensor": ["torch.is_tensor(1)"],
    "torch.nn": ["torch.nn.Conv2d(1, 1, 1)", "torch.nn.utils.parametrize.is_parametrized(torch.nn.ReLU())"],
    "torch.nn.Buffer": ["torch.nn.Buffer(torch.ones(2))"],
    "torch.nn.Parameter": ["torch.nn.Parameter(torch.ones(2))"],
    "torch.nn.functional": ["torch.nn.functional.relu(torch.ones(2))"],
    "torch.nn.init": ["torch.nn.init.ones_(torch.ones(2))"],
    "torch.nn.parameter": ["torch.nn.parameter.Parameter(torch.ones(2))"],
    "torch.numel": ["torch.numel(torch.ones(2))"],
    "torch.optim": ["torch.optim.SGD([torch.ones(2)], lr=0.1)"],
    "torch.utils": ["torch.utils.data.TensorDataset(torch.ones(2))"],
    "torch.version": ["str(torch.version.__version__)"],
}


def test_what_the_functions_of_torch_give() -> None:
    assert set(TABLE.gives) == set(GIVES)
    for start, texts in GIVES.items():
        for text in texts:
            assert isinstance(eval(text, {"torch": torch}), torch.Tensor) == TABLE.gives[start], text
            name = text.partition("(")[0]
            assert name.startswith(start) == (not text.startswith("str"))
            assert TABLE.is_given(name) == TABLE.gives[start] or text.startswith("str")
    assert not TABLE.is_given("numpy.ones") and not TABLE.is_given("torchvision.ops.nms")


def test_the_numbers_of_a_tensor() -> None:
    tensor = torch.ones(3)
    for name in TABLE.numbers:
        found = getattr(tensor, name)
        assert not isinstance(found() if callable(found) else found, torch.Tensor), name


def test_out_of_mindspore_and_into_it() -> None:
    """A tensor for torch is the parameter's own memory, one for MindSpore is not torch's."""
    cell = ms.nn.BatchNorm2d(3)
    text = TABLE.outward.replace("{torch.from_numpy}", "torch.from_numpy").replace("{tensor}", "t")
    tensor = eval(text, {"torch": torch, "t": parameter(cell)})
    assert isinstance(tensor, torch.Tensor) and tensor.tolist() == VALUES.tolist() and not tensor.requires_grad
    cell.gamma[0] = 7.0
    assert tensor[0] == 7.0
    text = TABLE.inward.replace("{mindspore.Tensor}", "ms.Tensor").replace("{value}", "v")
    layer = torch.nn.BatchNorm2d(3)
    cell.beta.set_data(eval(text, {"ms": ms, "v": parameter(layer)}))
    torch.nn.init.zeros_(layer.weight)
    assert cell.beta.asnumpy().tolist() == VALUES.tolist()


# Functions of torch, operators beside one of its tensors, and what asks for its classes.
REFUSED = [
    "torch.sqrt(p)",
    "torch.cat([p, p])",
    "torch.nn.Parameter(p)",
    "torch.optim.SGD([p], lr=0.1)",
    "t * p",
    "p + t",
    "t.mul(p)",
    "p.mul(t)",
    "p * np.ones(3, np.float32)",
    "t[p > 0]",
    "p[torch.tensor([0])]",
    "p.set_data(t)",
    "t.copy_(p)",
    "torch.nn.Linear(3, 3)(p)",
    "f'{p.sum():.2f}'",
    "'{:.2f}'.format(p.sum())",
    "format(p.sum(), '.2f')",
    "torch.nn.Module().register_buffer('x', p)",
]


@pytest.mark.parametrize("text", REFUSED)
def test_torch_does_not_take_it(text: str) -> None:
    scope = {"torch": torch, "np": np, "t": torch.tensor(VALUES), "p": parameter(ms.nn.BatchNorm2d(3), "running_mean")}
    with pytest.raises((TypeError, AttributeError, IndexError, RuntimeError, ValueError)):
        eval(text, scope)
    scope["p"] = parameter(torch.nn.BatchNorm2d(3), "running_mean")
    if "set_data" not in text and "optim" not in text:
        eval(text, scope)


@pytest.mark.parametrize(
    "text", ["isinstance(p, torch.Tensor)", "isinstance(p, torch.nn.Parameter)", "bool((t == p).all())"]
)
def test_it_is_not_equal_to_torchs(text: str) -> None:
    results = []
    for layer in (torch.nn.BatchNorm2d(3), ms.nn.BatchNorm2d(3)):
        try:
            results.append(eval(text, {"torch": torch, "t": torch.tensor(VALUES), "p": parameter(layer)}))
        except AttributeError:  # a comparison of tensors of both frameworks gives a plain False
            results.append(False)
    assert results == [True, False]


# Changes that MindSpore loses, or has no kernel for on the CPU.
LOST = [
    "p.data[:2].mul_(3)",
    "p[:2].mul_(3)",
    "p[0].fill_(5.0)",
    "p.view(-1).mul_(2.0)",
    "p.data[p.data > 0] = 0.0",
    "p.data[[0, 1]] = 7.0",
    "w = p.data; w.fill_(1.5)",
    "w = p; w *= 2.0",
    "w = p[:2]; w += 1.0",
    "p.T.add_(1.0)",
    "p.reshape(-1)[:1].copy_(p[1:2])",
    "for w in (p,): w.zero_()",
    "w = p.clone(); w.mul_(2.0); p.copy_(w)",
]


@pytest.mark.parametrize("text", LOST)
def test_a_change_in_place_is_lost(text: str) -> None:
    layer, cell = torch.nn.BatchNorm2d(3), ms.nn.BatchNorm2d(3)
    with torch.no_grad():
        exec(text, {"p": parameter(layer, "running_mean")})
    assert layer.running_mean.tolist() != VALUES.tolist()
    try:
        exec(text, {"p": parameter(cell, "running_mean")})
        changed = cell.moving_mean.asnumpy().tolist()
    except RuntimeError:
        changed = None
    assert changed != layer.running_mean.tolist()
    for form in (text.replace("p", "m.running_mean", 1), f"p = m.running_mean\n    {text}"):
        source = f"from torch import nn\ndef f(m: nn.BatchNorm2d):\n    {form}\n"
        result = migrate_bytes(source.encode(), "x.py", Options())
        assert any(f.kind == "review" and f.line >= 3 for f in result.findings), form


def test_advice_for_a_copy_does_not_speak_of_the_layer() -> None:
    lines = ["w = m.weight.clone()", "w.mul_(2)", "m.bias[0].mul_(2)"]
    source = "\n    ".join(["from torch import nn\ndef f(m: nn.BatchNorm2d):", *lines, ""])
    result = migrate_bytes(source.encode(), "x.py", Options())
    copied, part = (f.message for f in result.findings if f.kind == "review")
    assert "set_data" in part and "set_data" not in copied


def test_a_method_that_is_replaced_is_not_called() -> None:
    """Not by the bridge, nor where graph mode compiles the layer."""
    with migrate.bridge.installed():
        layer = ms.nn.BatchNorm2d(3)
    x = torch.randn(2, 3, 2, 2)
    layer.construct = lambda x: x * 0
    layer.gamma.set_data(ms.Tensor(VALUES.copy()))
    assert layer(x).abs().sum() > 0
