"""The file of names says what both frameworks have: each layer is constructed in either."""

from __future__ import annotations

from typing import Any

import mindspore as ms
import numpy as np
import pytest
import torch

from migrate.checkpoint.layers import Layer, load_layers

LAYERS = load_layers()
BATCH_NORM = ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm")
RULES = [layer for layer in LAYERS.all if not layer.make]


def _made(layer: Layer) -> tuple[torch.nn.Module, Any]:
    """The layer in torch and in MindSpore."""
    here, there = layer.make or (f"{side.rpartition('.')[2]}(4)" for side in (layer.source, layer.target))
    if not layer.make:
        here, there = f"nn.{here}", f"nn.{there}"
    return eval(here, {"nn": torch.nn}), eval(there, {"nn": ms.nn})


def _names(cell: Any) -> dict[str, tuple[int, ...]]:
    return {parameter.name: tuple(parameter.shape) for parameter in cell.get_parameters()}


def test_every_class_of_a_rule_has_names() -> None:
    assert {layer.source.rpartition(".")[2] for layer in RULES} == set(BATCH_NORM)


@pytest.mark.parametrize("layer", LAYERS.all, ids=lambda layer: layer.source)
def test_names_and_shapes_are_those_of_both_frameworks(layer: Layer) -> None:
    here, there = _made(layer)
    for is_top in (True, False):
        expected = _names(there if is_top else ms.nn.SequentialCell(there))
        names = layer.read("mindspore", is_top)
        found = {}
        for name, tensor in here.state_dict().items():
            target = names.target(name)
            if name == names.dropped:
                continue
            assert target is not None, name
            assert len(tensor.shape) == names.ranks.get(name, len(tensor.shape)), name
            axis = layer.axis.get(name)
            shape = tuple(tensor.shape)
            found[target if is_top else f"0.{target}"] = shape if axis is None else (*shape[:axis], 1, *shape[axis:])
        missing = expected.keys() - found.keys()
        always = {layer.top.get(name, name) if is_top else f"0.{name}" for name in layer.always}
        assert missing <= always
        assert found == {name: shape for name, shape in expected.items() if name not in missing}
        assert not layer.always or always == expected.keys()


@pytest.mark.parametrize("layer", LAYERS.all, ids=lambda layer: layer.source)
def test_names_of_the_way_back_are_those_of_torch(layer: Layer) -> None:
    forth, back = layer.read("mindspore", False), layer.read("torch", False)
    for name in _made(layer)[0].state_dict():
        if name != forth.dropped:
            there = forth.target(name)
            assert there is not None
            assert back.target(there) == name


@pytest.mark.parametrize("made", LAYERS.without_tensors)
def test_layers_without_tensors_have_none(made: str) -> None:
    layer = eval(made, {"nn": torch.nn, "torch": torch})
    assert not layer.state_dict()
    assert LAYERS.is_empty(made.partition("(")[0].replace("nn.", "torch.nn.", 1))


RUN = {
    "torch.nn.Conv1d": (2, 3, 7),
    "torch.nn.Conv2d": (2, 3, 7, 7),
    "torch.nn.Linear": (2, 3),
    "torch.nn.PReLU": (2, 4, 3, 3),
    "torch.nn.GroupNorm": (2, 4, 3, 3),
    "torch.nn.LayerNorm": (2, 4, 3),
}


@pytest.mark.parametrize(
    "layer", [layer for layer in LAYERS.all if layer.source in RUN], ids=lambda layer: layer.source
)
def test_layers_compute_the_same_with_the_same_tensors(layer: Layer) -> None:
    """What the axis of a one-dimensional convolution means shows in what it computes."""
    here, there = _made(layer)
    if "Conv" in layer.source:  # torch pads nothing unless it is told to
        there = type(there)(3, 4, 5, pad_mode="valid", has_bias=True)
    if "LayerNorm" in layer.source:
        there = ms.nn.LayerNorm((4, 3), begin_norm_axis=1, begin_params_axis=1, epsilon=1e-5)
    names = layer.read("mindspore", True)
    for parameter in there.get_parameters():
        name = next(n for n in here.state_dict() if names.target(n) == parameter.name)
        value = here.state_dict()[name].numpy()
        axis = layer.axis.get(name)
        parameter.set_data(ms.Tensor(value if axis is None else np.expand_dims(value, axis)))
    batch = torch.randn(RUN[layer.source], generator=torch.Generator().manual_seed(0))
    assert np.allclose(here(batch).detach().numpy(), there(ms.Tensor(batch.numpy())).asnumpy(), atol=1e-4)
