"""The float64 reference on its own: against torch in float64, where rounding plays no part."""

from __future__ import annotations

import numpy as np
import pytest

from migrate.verify.inputs import STEPS, Recipe, make_inputs
from migrate.verify.layer import Layer
from migrate.verify.reference import first_output, normalize_batches

torch = pytest.importorskip("torch")

LAYERS = [
    Layer(channels, eps, momentum, affine, track)
    for channels, eps in ((1, 1e-5), (3, 1e-3), (8, 1.0))
    for momentum in (0.1, 0.0, 1.0, None)
    for affine in (True, False)
    for track in (True, False)
]
SHAPES = {2: (12, 0), 4: (2, 0, 2, 3), 5: (2, 0, 2, 2, 2)}
CLASSES = {2: "BatchNorm1d", 4: "BatchNorm2d", 5: "BatchNorm3d"}


@pytest.mark.parametrize("dimensions", SHAPES)
@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_it_computes_what_torch_does_in_float64(layer: Layer, dimensions: int) -> None:
    inputs = make_inputs(Recipe(SHAPES[dimensions], layer.channels, layer.eps))
    wide = {name: np.asarray(array, np.float64) for name, array in inputs.items()}
    tensors = {k: wide[k] for k in ("scale", "shift")} if layer.affine else {}
    found = normalize_batches(layer, tensors, wide["batches"], wide["gradients"])

    module = getattr(torch.nn, CLASSES[dimensions])(
        layer.channels, layer.eps, layer.momentum, layer.affine, layer.track, dtype=torch.float64
    )
    if layer.affine:
        with torch.no_grad():
            module.weight.copy_(torch.tensor(wide["scale"]))
            module.bias.copy_(torch.tensor(wide["shift"]))
    wanted: dict[str, list[np.ndarray]] = {"train": [], "grad_input": [], "grad_gamma": [], "grad_beta": []}
    for x, dy in zip(wide["batches"][:STEPS], wide["gradients"], strict=True):
        batch = torch.tensor(x, requires_grad=True)
        y = module(batch)
        names = ["grad_input", *(["grad_gamma", "grad_beta"] if layer.affine else [])]
        gradients = torch.autograd.grad(y, [batch, *module.parameters()], torch.tensor(dy))
        wanted["train"].append(y.detach().numpy())
        for name, gradient in zip(names, gradients, strict=True):
            wanted[name].append(gradient.numpy())
    module.eval()
    expected = {name: np.stack(values) for name, values in wanted.items() if values}
    expected["eval"] = module(torch.tensor(wide["batches"][-1])).detach().numpy()
    if layer.track:
        expected |= {"moving_mean": module.running_mean.numpy(), "moving_variance": module.running_var.numpy()}

    assert found.keys() == expected.keys()
    for name, (values, bound) in found.items():
        np.testing.assert_allclose(values, expected[name], rtol=1e-9, atol=1e-11, err_msg=name)
        assert bound.shape == values.shape and (bound >= 0).all() and np.isfinite(bound).all()


def test_the_first_call_of_a_new_layer() -> None:
    batch = make_inputs(Recipe((2, 0, 2, 3), 3, 1e-5))["first"]
    values, bound = first_output(Layer(3, 1e-5, 0.1, True, True), np.asarray(batch, np.float64))
    wanted = torch.nn.BatchNorm2d(3)(torch.tensor(batch)).detach().numpy()
    assert (np.abs(values - wanted) <= bound).all()
    assert sorted(set(np.round(values.ravel(), 3))) == [-1, 1]


@pytest.mark.parametrize("channels", [1, 2, 7])
def test_every_channel_goes_through_every_deviation(channels: int) -> None:
    """A wrong eps shows where the deviation is small, a wrong momentum where the deviations of batches differ."""
    batches = make_inputs(Recipe((20, 0, 20, 20), channels, 1e-4))["batches"]
    for channel in range(channels):
        deviations = sorted(float(b[:, channel].std()) for b in batches[:STEPS])
        np.testing.assert_allclose(deviations, [0.01, 0.03, 1.0], rtol=0.1)


def test_inputs_are_the_same_on_every_machine() -> None:
    """A record holds outputs for them: numpy promises this stream of random numbers for good."""
    one, other = (make_inputs(Recipe((2, 0, 2, 3), 3, 1e-5)) for _ in range(2))
    assert all((one[name] == other[name]).all() for name in one)
    assert one["batches"].ravel()[0] == pytest.approx(FIRST, rel=1e-6)


FIRST = -1.0344052
