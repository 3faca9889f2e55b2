"""What a review offers to write is pasted into the migrated file and run beside the original: it does the same."""

from __future__ import annotations

import re
import types
from collections.abc import Callable
from typing import Any

import mindspore as ms
import numpy as np
import pytest
import torch

from migrate.engine import Options, migrate_bytes
from migrate.rules import load_rules
from tests import frameworks

HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\nfrom functools import partial\n"
LAYERS: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "plain": (lambda: torch.nn.BatchNorm2d(3), lambda: ms.nn.BatchNorm2d(3)),
    "fixed": (lambda: torch.nn.BatchNorm2d(3, affine=False), lambda: ms.nn.BatchNorm2d(3, affine=False)),
    "stateless": (
        lambda: torch.nn.BatchNorm2d(3, track_running_stats=False),
        lambda: ms.nn.BatchNorm2d(3, use_batch_statistics=True),
    ),
    "cube": (lambda: torch.nn.BatchNorm3d(3), lambda: ms.nn.BatchNorm3d(3)),
    "fixed cube": (lambda: torch.nn.BatchNorm3d(3, affine=False), lambda: ms.nn.BatchNorm3d(3, affine=False)),
    "groups": (lambda: torch.nn.GroupNorm(1, 3), lambda: torch.nn.GroupNorm(1, 3)),
}


def pasted(source: str, options: Options | None = None) -> str:
    """The migrated file with every suggestion in place of its text, and the imports that the messages ask for."""
    result = migrate_bytes(source.encode(), "case.py", options or Options())
    assert result.error is None
    text, offered = result.after.decode(), 0
    for f in result.findings:
        if f.suggestion:
            offered += 1
            assert text.count(f.before) == 1, f"the test needs another text: {f.before}"
            text = text.replace(f.before, f.suggestion)
            needed = re.findall(r"what to write needs (.+)$", f.message)
            text = "".join(f"{line}\n" for lines in needed for line in lines.split(" and ")) + text
    assert offered, "nothing was offered"
    return text


def run(source: str) -> dict[str, Any]:
    module = types.ModuleType("case")
    exec(compile(source, "case.py", "exec"), module.__dict__)
    return module.__dict__


def both(source: str, options: Options | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The original and the migrated module."""
    return run(HEAD + source), run(pasted(HEAD + source, options))


def plain(value: Any) -> Any:
    """Numbers and flags to compare; tensors as arrays."""
    if isinstance(value, torch.Tensor):
        return value.detach().numpy().tolist()
    if isinstance(value, ms.Tensor):
        return value.asnumpy().tolist()
    return [plain(v) for v in value] if isinstance(value, (list, tuple)) else value


CALLS = {
    "stars of a function": ("def build(c, **kw): return nn.BatchNorm2d(c, **kw)", "build(4, **GIVEN)"),
    "stars beside arguments": (
        "def build(c, **kw): return nn.BatchNorm2d(c, 1e-3, momentum=0.3, **kw)",
        "build(4, track_running_stats=False)",
    ),
    "a starred sequence": (
        "def build(c, args): return nn.BatchNorm2d(c, *args)",
        "build(4, [1e-3, 0.3, False, False])",
    ),
    "both kinds of star": (
        "def build(args, kw): return nn.BatchNorm2d(*args, **kw)",
        "build([4, 1e-3], {'momentum': 0.2, 'track_running_stats': True})",
    ),
    "stars around a keyword": (
        "def build(args, kw): return nn.BatchNorm2d(4, *args, momentum=0.2, **kw)",
        "build([1e-3], {'affine': False})",
    ),
    "stars of a partial": ("def build(kw): return partial(nn.BatchNorm2d, **kw)(4)", "build(GIVEN)"),
    "stars through a name": ("def build(kw, norm=nn.BatchNorm2d): return norm(4, **kw)", "build(GIVEN)"),
    "a dict shared with another class": (
        "def build(c):\n    kw = {'momentum': 0.3}\n    return nn.BatchNorm2d(c, **kw), nn.InstanceNorm2d(c, **kw)",
        "build(4)[0]",
    ),
    "a class by name": ("build = getattr(nn, 'BatchNorm2d', None)", "build(4)"),
    "a layer in _modules": (
        "def build(model):\n    model._modules['bn'] = nn.BatchNorm2d(4, 1e-3, 0.2)\n    return model.bn",
        "build(MODEL)",
    ),
}
GIVEN = {"eps": 1e-3, "momentum": 0.3, "affine": False, "track_running_stats": False}
GIVEN |= {"device": None, "dtype": torch.float32, "bias": True}


@pytest.mark.parametrize("name", CALLS)
def test_calls_compute_the_same(name: str) -> None:
    source, call = CALLS[name]
    one, other = both(source)
    layer = eval(call, {**one, "GIVEN": GIVEN, "MODEL": torch.nn.Sequential()})
    cell = eval(call, {**other, "GIVEN": GIVEN, "MODEL": ms.nn.Cell()})
    assert isinstance(cell, ms.nn.BatchNorm2d)
    found = frameworks.differences(frameworks.Pair(layer, cell), "BatchNorm2d", 4)
    assert max(found.values()) < frameworks.TOLERANCE, found


@pytest.mark.parametrize("kwargs", [{"dtype": torch.float16}, {"bias": False}, {"momentum": None}], ids=str)
def test_stars_that_cannot_be_converted_raise(kwargs: dict[str, Any]) -> None:
    _, other = both(CALLS["stars of a function"][0])
    with pytest.raises(TypeError):
        other["build"](4, **kwargs)


@pytest.mark.parametrize("argument", ["dtype=torch.float16", "device='meta'", "device='meta', dtype=torch.float64"])
def test_a_refused_argument_is_left_out(argument: str) -> None:
    _, other = both(f"layer = nn.BatchNorm2d(4, 1e-3, 0.2, {argument})")
    layer = torch.nn.BatchNorm2d(4, 1e-3, 0.2)
    found = frameworks.differences(frameworks.Pair(layer, other["layer"]), "BatchNorm2d", 4)
    assert max(found.values()) < frameworks.TOLERANCE, found


MIXED = {
    "momentum": "norm(4, momentum=0.3)",
    "a position": "norm(4, 1e-3, 0.3)",
    "an expression": "norm(4, momentum=1 - RATE)",
    "an integer": "norm(4, eps=1, momentum=RATE * 0.5)",
    "statistics": "norm(4, momentum=0.3, track_running_stats=False)",
    "a device": "norm(4, momentum=0.3, device='cpu')",
    "stars that are dropped": "norm(4, momentum=0.3, **{'device': None})",
    "a name for what is called": "dict(n=norm)['n'](4, momentum=0.3)",
}


@pytest.mark.parametrize("text", MIXED.values(), ids=MIXED)
def test_a_call_that_may_reach_other_classes_serves_each(text: str) -> None:
    source = f"RATE = 0.7\ndef build(norm=nn.BatchNorm2d): return {text}\nbuild(nn.InstanceNorm2d)\n"
    if "dict(" in text:
        source = source.replace("nn.InstanceNorm2d)\n", "partial(nn.InstanceNorm2d))\n").replace(
            "dict(n=norm)", "{'x': 1, 'n': norm}.copy()"
        )
    one, other = both(source)
    found = frameworks.differences(frameworks.Pair(one["build"](), other["build"]()), "BatchNorm2d", 4)
    assert max(found.values()) < frameworks.TOLERANCE, found
    assert type(other["build"]()) is ms.nn.BatchNorm2d
    layers = [scope["build"](torch.nn.InstanceNorm2d) for scope in (one, other)]
    assert layers[0].momentum == layers[1].momentum and layers[0].eps == layers[1].eps
    assert layers[0].track_running_stats == layers[1].track_running_stats


WRAPPED = {
    "a function": "def wrap(c, momentum=0.1): return nn.BatchNorm2d(c, momentum=momentum)",
    "a function with stars": "def wrap(c, **kw): return nn.BatchNorm2d(c, **kw)",
    "a partial of a function": "def inner(c, momentum=0.1): return nn.BatchNorm2d(c, momentum=momentum)\n"
    "wrap = partial(inner, momentum=0.2)",
    "a subclass": "class wrap(nn.BatchNorm2d):\n    def __init__(self, c, momentum=0.1):\n"
    "        super().__init__(c, momentum=momentum)",
    "a partial of a subclass": "class Own(nn.BatchNorm2d):\n    def __init__(self, c, momentum=0.1):\n"
    "        super().__init__(c, momentum=momentum)\nwrap = partial(Own, momentum=0.2)",
    "a subclass with stars": "class wrap(nn.BatchNorm2d):\n    def __init__(self, *a, **k):\n"
    "        super().__init__(*a, **k)",
}
WRAPPING = {
    "an argument": "norm(4, momentum=0.3)",
    "stars": "norm(4, **given)",
    "stars beside an argument": "norm(4, momentum=0.3, **given)",
}


@pytest.mark.parametrize("call", WRAPPING.values(), ids=WRAPPING)
@pytest.mark.parametrize("wrapper", WRAPPED.values(), ids=WRAPPED)
def test_a_wrapper_and_what_it_wraps_convert_once(wrapper: str, call: str) -> None:
    """The text to write for the call, for what the wrapper does inside, and what is rewritten fit together."""
    source = f"{wrapper}\ndef build(given, norm=nn.BatchNorm2d): return {call}\nbuild({{}}, wrap)\n"
    one, text = run(HEAD + source), pasted(HEAD + source)
    other = run(text.replace("class wrap(nn.", "class wrap(ms.nn."))  # what is left of a subclass has its text, too
    given = {} if "0.3, **" in call else {"momentum": 0.3}
    for pick in ({}, {"norm": "wrap"}):
        layer, cell = (scope["build"](given, *(scope[name] for name in pick.values())) for scope in (one, other))
        found = frameworks.differences(frameworks.Pair(layer, cell), "BatchNorm2d", 4)
        assert max(found.values()) < frameworks.TOLERANCE, (pick, found)


def test_a_partial_is_told_by_its_class() -> None:
    source = "from norms import fast\ndef build(norm=nn.BatchNorm2d): return norm(4, momentum=0.3)\nbuild(fast)\n"
    text = pasted(HEAD + source).replace("from norms import fast", "import torch\nfast = torch.nn.InstanceNorm2d")
    build = run(text)["build"]
    cell = build(ms.nn.BatchNorm2d)
    assert build(__import__("functools").partial(ms.nn.BatchNorm2d, eps=1e-3)).momentum == cell.momentum
    assert build(torch.nn.BatchNorm2d).momentum == 0.3


USES = {
    "is not None": ("return m.weight is not None, m.bias != None", "plain fixed"),
    "is None": ("return m.weight is None, m.bias == None", "plain fixed"),
    "statistics": ("return m.running_mean is not None, m.running_var is None", "plain stateless"),
    "a test": ("x = 1 if m.running_mean is None or m.weight is None else 2\n    return x", "plain fixed stateless"),
    "by name": ("return getattr(m, 'running_mean', None) is None", "plain stateless"),
    "affine": ("return not m.affine", "plain fixed"),
    "track_running_stats": ("return not m.track_running_stats", "plain stateless"),
    "training": ("m.training = False\n    return m.training", "plain"),
    "an added constant": ("m.running_mean += 2\n    return m.running_mean", "plain"),
    "a power": ("m.running_var **= 2\n    m.running_mean -= 1 - 3\n    return m.running_mean, m.running_var", "plain"),
    "modules": ("return len(list(m.modules()))", "plain"),
    "places": ("return m.cpu() is m, m.to('cpu') is m, m.float() is m", "plain"),
    "freezing on one line": ("if True: m.requires_grad_(False)\n    return m.weight.requires_grad", "plain"),
    "resetting on one line": (
        "m.running_var.fill_(3)\n    if True: m.reset_running_stats()\n    return m.running_var",
        "plain",
    ),
    "the names": ("return getattr(m, 'weight', 0), getattr(m, 'bias', 0)", "plain"),
    "a factor": ("m.weight.data.mul_(0.5)\n    return m.weight", "plain"),
    "a sum": ("m.bias.data.add_(1 + 1).float()\n    return m.bias", "plain"),
    "a difference": ("m.bias.data.sub_(-2)\n    return m.bias", "plain"),
    "a quotient": ("m.weight.data.div_(4)\n    return m.weight", "plain"),
    "limits": ("m.weight.data.clamp_(0.1, 0.2)\n    return m.weight", "plain"),
    "an item": ("m.weight.data[0] = 3\n    return m.weight", "plain"),
    "items": ("m.running_var[1:] *= 3\n    return m.running_var", "plain"),
    "a frozen parameter": ("m.bias.requires_grad_(False)\n    return m.bias.requires_grad", "plain"),
    "a value of an initialisation": ("x = m.weight.data.fill_(2)\n    return x", "plain"),
}


@pytest.mark.parametrize(("body", "layers"), USES.values(), ids=USES)
@pytest.mark.parametrize("kind", ["BatchNorm2d", "BatchNorm3d"])
def test_uses_of_an_instance_give_the_same(body: str, layers: str, kind: str) -> None:
    one, other = both(f"def f(m: nn.{kind}):\n    {body}\n")
    for name in layers.split():
        name = {"plain": "cube", "fixed": "fixed cube"}.get(name, "") if kind == "BatchNorm3d" else name
        if name:
            source, target = LAYERS[name]
            assert plain(other["f"](target())) == plain(one["f"](source())), name


def test_every_change_in_place_is_executed() -> None:
    bodies = "".join(body for body, _ in USES.values())
    methods = {m for rule in load_rules("mindspore.nn").rules for change in rule.in_place for m in change.methods}
    assert methods and {m for m in methods if f".{m}(" not in bodies} == set()


CHOICES = {
    "initialisation": "nn.init.constant_(m.weight, 3)\n    nn.init.zeros_(m.bias)\n    return 0",
    "initialisation of data": "m.weight.data.fill_(3)\n    return 0",
    "a read": "return m.weight.requires_grad, 1 if m.bias.requires_grad else 2",
    "a test for None": "return m.weight is not None",
    "a method": "m.eval()\n    return m.training",
    "a renamed method": "return len(list(m.children()))",
    "tests by name": "return hasattr(m, 'weight'), hasattr(m, 'running_mean') and 1, not hasattr(m, 'bias')",
}


@pytest.mark.parametrize("body", CHOICES.values(), ids=CHOICES)
@pytest.mark.parametrize("other", ["GroupNorm", "BatchNorm3d"])
def test_an_object_of_several_classes_is_served_by_class(body: str, other: str) -> None:
    source = f"def f(m):\n    assert isinstance(m, (nn.BatchNorm2d, nn.{other}))\n    {body}\n"
    if other == "BatchNorm3d" and ("children" in body or "eval" in body or "hasattr" in body):
        source = source.replace(f"nn.{other}", "nn.GroupNorm")
    before, after = both(source)
    for name in ("plain", "groups" if other == "GroupNorm" or "GroupNorm" in source else "cube"):
        layer, cell = LAYERS[name][0](), LAYERS[name][1]()
        assert before["f"](layer) == after["f"](cell), name
        inner = frameworks.core(cell)
        names = ("weight", "bias") if name == "groups" else ("gamma", "beta")
        assert plain(getattr(inner, names[0])) == plain(layer.weight) and plain(getattr(inner, names[1])) == plain(
            layer.bias
        )


def test_the_functional_form_computes_the_same() -> None:
    source = "def f(x, m, v, w, b, train): return F.batch_norm(x, m, v, w, bias=b, training=train, momentum=0.3)\n"
    one, other = both(source)
    random = np.random.default_rng(1)
    x, m, v = random.standard_normal((4, 3, 2, 2)), np.zeros(3), np.ones(3)
    arrays = [a.astype(np.float32) for a in (x, m, v, random.uniform(0.5, 2, 3), random.standard_normal(3))]
    theirs, ours = [torch.tensor(a) for a in arrays], [ms.Tensor(a.copy()) for a in arrays]
    for train in (True, True, False):
        expected, found = one["f"](*theirs, train), other["f"](*ours, train)
        np.testing.assert_allclose(found.asnumpy(), expected.numpy(), rtol=1e-4, atol=1e-5)
    for a, b in zip(theirs[1:3], ours[1:3], strict=True):
        np.testing.assert_allclose(b.asnumpy(), a.numpy(), rtol=1e-5, atol=1e-6)


def test_the_common_base_is_every_class() -> None:
    one, other = both("def f(m): return isinstance(m, nn.modules.batchnorm._BatchNorm)\n")
    for name in LAYERS:
        assert one["f"](LAYERS[name][0]()) == other["f"](LAYERS[name][1]()), name
    assert other["f"](ms.nn.SyncBatchNorm(3)) and other["f"](ms.nn.BatchNorm1d(3))


def test_an_object_whose_constructor_was_left_is_used_by_its_new_names() -> None:
    source = "def f(b):\n    m = nn.BatchNorm2d(3, bias=b)\n    nn.init.ones_(m.bias)\n    return m.bias\n"
    text = pasted(HEAD + source).replace("nn.BatchNorm2d(3, bias=b)", "ms.nn.BatchNorm2d(3)")
    assert plain(run(text)["f"](True)) == plain(run(HEAD + source)["f"](True))


def test_a_class_with_its_data_format() -> None:
    _, other = both("def build(norm=nn.BatchNorm2d): return norm\n", Options(data_format="NHWC"))
    made = other["build"]()
    assert made.func is ms.nn.BatchNorm2d and made.keywords == {"data_format": "NHWC"}


def test_what_was_pasted_first_gets_its_import() -> None:
    """``ms`` of a suggestion is bound by the migration, not taken for a name of the file's own."""
    source = HEAD + "def f(m):\n    if isinstance(m, ms.nn.BatchNorm2d): return m.gamma\nlayer = nn.BatchNorm2d(3)\n"
    text = migrate_bytes(source.encode(), "case.py", Options()).after.decode()
    assert "import mindspore as ms\n" in text and run(text)["f"](ms.nn.BatchNorm2d(3)) is not None


@pytest.mark.parametrize("text", ["f'{m.affine}'", "f\"{getattr(m, 'weight')} {1 if m.weight is None else 2}\""])
def test_inside_a_string_nothing_is_offered(text: str) -> None:
    """Its quotes would have to differ from those around it."""
    result = migrate_bytes(f"{HEAD}def f(m: nn.BatchNorm2d): return {text}\n".encode(), "case.py", Options())
    reviews = [f for f in result.findings if f.kind == "review"]
    assert reviews and not any(f.suggestion for f in reviews)


def test_an_import_for_others() -> None:
    result = migrate_bytes(b"from torch.nn import BatchNorm2d as Norm\n", "pkg/__init__.py", Options())
    assert run(result.findings[0].suggestion)["Norm"] is ms.nn.BatchNorm2d
