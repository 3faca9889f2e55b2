"""The bridge: MindSpore's layers in a torch network compute, train and are copied as torch's own are."""

from __future__ import annotations

import copy
import functools
import io
from typing import Any

import pytest

torch = pytest.importorskip("torch")
ms = pytest.importorskip("mindspore")

import numpy as np  # noqa: E402
from mindspore.common.initializer import initializer  # noqa: E402

import migrate.bridge  # noqa: E402
from tests.bridged import TOLERANCE, bridges, gap  # noqa: E402, F401  (`bridges` is used by every test)


def network(norm: Any, seed: int = 0) -> Any:
    """Two convolutions and two layers that ``norm`` makes of a number of channels."""
    torch.manual_seed(seed)
    first, second = torch.nn.Conv2d(3, 4, 3, bias=False), torch.nn.Conv2d(4, 5, 3, bias=False)
    return torch.nn.Sequential(first, norm(4), torch.nn.ReLU(), second, norm(5))


def pair() -> tuple[Any, Any]:
    """A torch network, and the same one with bridges and the same tensors."""
    ours = network(lambda c: torch.nn.BatchNorm2d(c, eps=1e-3, momentum=0.3))
    theirs = network(lambda c: ms.nn.BatchNorm2d(c, eps=1e-3, momentum=0.7))
    with torch.no_grad():
        for p in ours.parameters():
            p.copy_(torch.randn(p.shape) * 0.5 + 0.2)
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


def batch(size: int = 4) -> Any:
    return torch.randn(size, 3, 8, 8)


def test_a_bridge_is_a_module_of_torch_and_a_layer_of_mindspore() -> None:
    layer = ms.nn.BatchNorm2d(4)
    assert isinstance(layer, torch.nn.Module) and isinstance(layer, ms.nn.BatchNorm2d)
    assert isinstance(layer, migrate.bridge.Bridge) and isinstance(layer.cell, ms.nn.Cell)
    assert not isinstance(layer, ms.nn.BatchNorm1d) and type(layer).__name__ == "BatchNorm2d"
    assert [m for m in network(ms.nn.BatchNorm2d).modules() if isinstance(m, ms.nn.BatchNorm2d)] != []


def test_installing_twice_is_installing_once() -> None:
    first = ms.nn.BatchNorm2d
    migrate.bridge.install()
    assert ms.nn.BatchNorm2d is first and issubclass(first.cell_class, ms.nn.Cell)


def test_uninstalling_gives_the_classes_back() -> None:
    migrate.bridge.uninstall()
    assert issubclass(ms.nn.BatchNorm2d, ms.nn.Cell) and not issubclass(ms.nn.BatchNorm2d, torch.nn.Module)
    assert ms.nn.BatchNorm2d(3).gamma.shape == (3,)


# A small eps would turn gradients that are zero but for rounding into whole steps.
@pytest.mark.parametrize("optimizer", [torch.optim.SGD, functools.partial(torch.optim.Adam, eps=0.01)])
def test_training_and_evaluation_are_those_of_torch(optimizer: Any) -> None:
    ours, theirs = pair()
    steps = [optimizer(n.parameters(), lr=0.01) for n in (ours, theirs)]
    for n in (ours, theirs):
        n.train()
    for _ in range(3):
        x = batch()
        inputs = [x.clone().requires_grad_() for _ in range(2)]
        outputs = [n(i) for n, i in zip((ours, theirs), inputs, strict=True)]
        for step, output in zip(steps, outputs, strict=True):
            step.zero_grad()
            (output**3).mean().backward()
        assert gap(*outputs) < TOLERANCE
        assert gap(inputs[0].grad, inputs[1].grad) < TOLERANCE
        for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert gap(p.grad, q.grad) < TOLERANCE
        for step in steps:
            step.step()
    for name, value in ours.state_dict().items():
        assert gap(value, theirs.state_dict()[name]) < 20 * TOLERANCE, name
    assert theirs.state_dict()["1.num_batches_tracked"] == 3
    for n in (ours, theirs):
        n.eval()
    x = batch()
    assert gap(ours(x), theirs(x)) < 20 * TOLERANCE


def test_statistics_move_once_for_each_step() -> None:
    """MindSpore runs the cell again for the gradients, which is not another batch."""
    _, theirs = pair()
    theirs.train()
    output = theirs(batch())
    before = theirs.state_dict()
    output.sum().backward()
    assert all(gap(before[k], v) == 0 for k, v in theirs.state_dict().items() if "running" in k)
    assert gap(before["1.running_mean"], torch.zeros(4)) > 0


def test_gradients_are_those_of_the_forward_pass_whatever_happened_since() -> None:
    """The mode and the statistics may have changed before the backward pass."""
    found = []
    for changed in (False, True):
        torch.manual_seed(3)
        _, model = pair()
        x = batch().requires_grad_()
        model.eval()
        output = model(x)
        if changed:
            model.train()
            model(x.detach() * 3 + 1)
        (output**2).sum().backward()
        found.append(x.grad)
        assert model[1].training is changed and (gap(model[1].moving_mean, torch.zeros(4)) > 0) is changed
    assert gap(*found) == 0


def test_a_layer_that_is_called_twice_gets_both_gradients() -> None:
    ours, theirs = pair()
    for n in (ours[1], theirs[1]):
        n.train()
    x, y = torch.randn(2, 4, 3, 3), torch.randn(2, 4, 3, 3)
    grads = []
    for norm in (ours[1], theirs[1]):
        norm.zero_grad()
        ((norm(x) * norm(y)) ** 2).sum().backward()
        grads.append(next(norm.parameters()).grad.clone())
    assert gap(*grads) < 1e-4 * float(grads[0].abs().max())


def test_it_starts_in_inference_mode_as_a_cell_does() -> None:
    layer = ms.nn.BatchNorm2d(3)
    assert not layer.training and torch.nn.BatchNorm2d(3).training
    assert layer.set_train() is layer and layer.training and layer.cell.training
    assert layer.set_train(False) is layer and not layer.cell.training


def test_the_mode_cascades_from_the_network() -> None:
    model = torch.nn.Sequential(ms.nn.BatchNorm3d(2), ms.nn.BatchNorm2d(2))
    model.train()
    assert model[0].cell.bn2d.training and model[1].training
    model.eval()
    assert not model[0].cell.bn2d.training and not model[1].training
    model[1].train()
    assert model[1].cell.training


def test_what_mindspore_code_writes_is_seen_by_torch_and_the_other_way_round() -> None:
    model = network(ms.nn.BatchNorm2d)
    parameters = dict(model.named_parameters())
    model[1].gamma.set_data(initializer("zeros", model[1].gamma.shape, model[1].gamma.dtype))
    assert float(dict(model.named_parameters())["1.weight"].detach().abs().max()) == 0
    with torch.no_grad():
        parameters["1.bias"].fill_(2.0)
    assert model[1].beta.asnumpy().tolist() == [2.0] * 4
    model[1].moving_mean.set_data(ms.Tensor(np.full(4, 3.0, np.float32)))
    assert model.state_dict()["1.running_mean"].tolist() == [3.0] * 4


@pytest.mark.parametrize("look", ["items", "values", "index", "handle"])
def test_whoever_looks_finds_the_latest(look: str) -> None:
    layer = ms.nn.BatchNorm2d(2).set_train()
    handle = dict(layer.named_buffers())["running_mean"]
    layer(torch.randn(4, 2, 3, 3) + 5)
    if look != "handle":
        layer.moving_mean.set_data(ms.Tensor(np.full(2, 7.0, np.float32)))
    found = {
        "items": lambda: dict(layer._buffers.items())["running_mean"],
        "values": lambda: next(iter(layer._buffers.values())),
        "index": lambda: layer._buffers["running_mean"],
        "handle": lambda: handle,
    }[look]()
    assert gap(found, layer.cell.moving_mean) == 0 and float(found.abs().min()) > 0.3


def test_numbers_that_are_none_are_no_change() -> None:
    layer = ms.nn.BatchNorm2d(2)
    layer.moving_variance.set_data(ms.Tensor(np.full(2, np.nan, np.float32)))
    variance = layer.state_dict()["running_var"]
    assert variance.isnan().all()
    with torch.no_grad():
        variance.fill_(1.0)
    assert layer.moving_variance.asnumpy().tolist() == [1.0, 1.0]


def test_the_same_change_on_both_sides_is_no_conflict() -> None:
    layer = ms.nn.BatchNorm2d(2)
    (weight, _), gamma = list(layer.parameters()), layer.gamma
    with torch.no_grad():
        weight.fill_(2.0)
    gamma.set_data(ms.Tensor(np.full(2, 2.0, np.float32)))
    assert layer.state_dict()["weight"].tolist() == [2.0, 2.0]


def test_changes_on_both_sides_are_an_error_and_not_a_guess() -> None:
    layer = ms.nn.BatchNorm2d(2)
    (weight, _), gamma = list(layer.parameters()), layer.gamma
    with torch.no_grad():
        weight.fill_(2.0)
    gamma.set_data(ms.Tensor(np.full(2, 3.0, np.float32)))
    with pytest.raises(RuntimeError, match="weight was changed in torch and gamma in MindSpore"):
        layer(torch.randn(2, 2, 3, 3))


def test_freezing_works_from_either_side() -> None:
    model = network(ms.nn.BatchNorm2d)
    for p in model[1].trainable_params():
        p.requires_grad = False
    assert [n for n, p in model.named_parameters() if not p.requires_grad] == ["1.weight", "1.bias"]
    for p in model[4].parameters():
        p.requires_grad_(False)
    assert model[4].trainable_params() == []
    model.train()
    model(batch()).sum().backward()
    assert [n for n, p in model.named_parameters() if p.grad is None] == ["1.weight", "1.bias", "4.weight", "4.bias"]


def test_a_copy_has_tensors_of_its_own() -> None:
    model = network(ms.nn.BatchNorm2d)
    twin = copy.deepcopy(model)
    twin[1].gamma.set_data(ms.Tensor(np.zeros(4, np.float32)))
    assert model[1].gamma.asnumpy().tolist() == [1.0] * 4
    assert model.state_dict()["1.weight"].tolist() == [1.0] * 4
    assert twin.state_dict()["1.weight"].tolist() == [0.0] * 4
    twin.train()
    assert twin[1].training and not model[1].training


def test_checkpoints_of_torch_load_and_those_of_bridges_load_into_torch() -> None:
    ours, theirs = pair()
    ours.train()
    ours(batch())
    assert list(ours.state_dict()) == list(theirs.state_dict())
    file = io.BytesIO()
    torch.save(ours.state_dict(), file)
    file.seek(0)
    theirs.load_state_dict(torch.load(file))
    assert gap(ours[1].running_var, theirs[1].moving_variance) == 0
    assert not ours.load_state_dict(theirs.state_dict()).missing_keys


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({"affine": False}, ["running_mean", "running_var", "num_batches_tracked"]),
        ({"use_batch_statistics": True}, ["weight", "bias"]),
        ({"affine": False, "use_batch_statistics": True}, []),
    ],
)
def test_what_torch_does_not_have_is_not_shown(arguments: dict[str, Any], names: list[str]) -> None:
    layer = ms.nn.BatchNorm2d(3, **arguments)
    torch_arguments = {
        "affine": arguments.get("affine", True),
        "track_running_stats": "use_batch_statistics" not in arguments,
    }
    twin = torch.nn.BatchNorm2d(3, **torch_arguments)
    assert list(layer.state_dict()) == list(twin.state_dict()) == names
    layer.train()
    x = torch.randn(4, 3, 2, 2)
    results = []
    for n in (layer, twin):
        leaf = x.clone().requires_grad_()
        (n(leaf) ** 3).sum().backward()
        results.append(leaf.grad)
    assert gap(*results) < TOLERANCE


@pytest.mark.parametrize("name", ["weight", "bias", "running_mean", "running_var"])
def test_torchs_names_are_refused_with_the_new_name(name: str) -> None:
    layer = ms.nn.BatchNorm2d(3)
    with pytest.raises(AttributeError, match=f"no attribute '{name}': in MindSpore it is '(gamma|beta|moving_.*)'"):
        getattr(layer, name)
    with pytest.raises(AttributeError, match="no attribute 'affine': MindSpore's layer does without"):
        _ = layer.affine
    assert not hasattr(layer, "nothing_has_this")


def test_assignments_reach_the_cell() -> None:
    layer = ms.nn.BatchNorm2d(3)
    layer.eps = 0.5
    layer.own = 1
    assert layer.cell.eps == 0.5 and layer.own == 1
    layer.bn_train = ms.ops.BatchNorm(is_training=True, epsilon=0.5, momentum=0.3)
    assert layer.cell.bn_train.epsilon == 0.5


@pytest.mark.parametrize(("name", "shape"), [("BatchNorm1d", (6, 3)), ("BatchNorm3d", (2, 3, 2, 2, 2))])
def test_every_class_of_the_rules_has_a_bridge(name: str, shape: tuple[int, ...]) -> None:
    layer, twin = getattr(ms.nn, name)(3, momentum=0.6), getattr(torch.nn, name)(3, momentum=0.4)
    layer.train()
    x = torch.randn(shape)
    leaves = [x.clone().requires_grad_() for _ in range(2)]
    outputs = layer(leaves[0]), twin(leaves[1])
    for output in outputs:
        (output**3).sum().backward()
    assert gap(*outputs) < TOLERANCE and gap(leaves[0].grad, leaves[1].grad) < 10 * TOLERANCE
    for key, value in twin.state_dict().items():
        assert gap(value, layer.state_dict()[key]) < TOLERANCE
    grads = [[p.grad for p in n.parameters()] for n in (layer, twin)]
    assert all(gap(*g) < 1e-4 for g in zip(*grads, strict=True))


def test_other_numbers_than_float32_are_refused() -> None:
    with pytest.raises(TypeError, match=r"computes in float32 only, not in torch\.float16"):
        ms.nn.BatchNorm2d(3)(torch.zeros(2, 3, 2, 2, dtype=torch.float16))


def test_mindspore_tensors_go_straight_to_the_cell() -> None:
    x = np.random.default_rng(1).standard_normal((2, 3, 2, 2)).astype(np.float32)
    layer = ms.nn.BatchNorm2d(3).set_train()
    assert isinstance(layer(ms.Tensor(x)), ms.Tensor)


def test_gradients_end_where_torch_is_told_so() -> None:
    layer = ms.nn.BatchNorm2d(3).set_train()
    with torch.no_grad():
        assert not layer(torch.randn(2, 3, 2, 2)).requires_grad
    assert layer(torch.randn(2, 3, 2, 2)).requires_grad


def test_checkpoints_from_before_the_counter_load() -> None:
    old = {k: v for k, v in torch.nn.BatchNorm2d(3).state_dict().items() if k != "num_batches_tracked"}
    torch.nn.BatchNorm2d(3).load_state_dict(old)
    ms.nn.BatchNorm2d(3).load_state_dict(dict(old))
    new = torch.nn.BatchNorm2d(3).state_dict()
    del new["num_batches_tracked"]
    with pytest.raises(RuntimeError, match="num_batches_tracked"):
        ms.nn.BatchNorm2d(3).load_state_dict(new)


def test_the_memory_format_is_kept() -> None:
    layer = ms.nn.BatchNorm2d(3).set_train()
    x = torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)
    x.requires_grad_()
    output = layer(x)
    assert output.is_contiguous(memory_format=torch.channels_last) and not output.is_contiguous()
    output.sum().backward()
    assert x.grad.is_contiguous(memory_format=torch.channels_last)
    assert layer(torch.randn(2, 3, 4, 5)).is_contiguous()


def test_one_value_a_channel_is_refused_in_training_as_by_torch() -> None:
    for layer in (torch.nn.BatchNorm2d(3), ms.nn.BatchNorm2d(3)):
        layer.train()
        with pytest.raises(ValueError, match=r"more than 1 value per channel|more than one value per channel"):
            layer(torch.randn(1, 3, 1, 1))
        layer.eval()
        assert layer(torch.randn(1, 3, 1, 1)).shape == (1, 3, 1, 1)
