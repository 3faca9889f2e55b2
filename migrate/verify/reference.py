"""Batch normalization in float64, and how far a float32 implementation may stray from it.

With u = 2^-24, n values a channel, s = sqrt(var + eps) and xhat = (x - mu) / s, rounding in float32 moves, per element,

- an output by u (|scale| (3 |xhat| + (|x| + |mu|) / s) + |shift|), and in training by the error of the batch mean
  on top, u sqrt(n) |scale| mean|x| / s: a sum of n values errs like a random walk;
- the running mean by u (|mean| + (1 + sqrt(n)) mean|x|) a step, the running variance by
  u (|variance| + (2 + sqrt(n)) var) + (u (1 + sqrt(n)) mean|x|)^2;
- the gradients by the same reasoning, from dx = scale / s (dy - mean(dy) - xhat mean(dy xhat)), dscale = sum(dy xhat)
  and dshift = sum(dy) (Ioffe and Szegedy, 2015, section 3).

Two implementations may differ by `ALLOWED` times these; over 2,000 random cases the largest factor seen was 1.99.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from migrate.verify.layer import Layer

UNIT = 2.0**-24
ALLOWED = 4.0
Array = NDArray[np.float64]
Expected = tuple[Array, Array]
"""Values, and by how much two float32 results may differ there."""


@dataclass(slots=True)
class _Statistics:
    """Running mean and variance (C,), and how far each may have strayed."""

    mean: Array
    variance: Array
    mean_error: Array
    variance_error: Array


@dataclass(frozen=True, slots=True)
class _Batch:
    """A batch (values, C) with its mean, biased variance and the mean of its absolute values, each (C,)."""

    x: Array
    n: int
    mean: Array
    variance: Array
    size: Array

    @staticmethod
    def of(x: Array) -> _Batch:
        return _Batch(x, len(x), x.mean(0), x.var(0), np.abs(x).mean(0))


def normalize_batches(
    layer: Layer, tensors: Mapping[str, Array], batches: Array, gradients: Array
) -> dict[str, Expected]:
    """What three training steps and an evaluation give, by measure.

    ``batches`` is (4, N, C, ...): three to train on, one to evaluate; ``gradients`` (3, N, C, ...) are those of the
    outputs in training. ``tensors`` may hold scale and shift, (C,).
    """
    ones = np.ones(layer.channels)
    scale, shift = tensors.get("scale", ones), tensors.get("shift", 0 * ones)
    columns = [_columns(b) for b in batches]
    running = _Statistics(0 * ones, ones.copy(), 0 * ones, 0 * ones)
    outputs, inputs, scales, shifts = [], [], [], []
    for step, (x, dy) in enumerate(zip(columns[:-1], map(_columns, gradients), strict=True), start=1):
        batch = _Batch.of(x)
        outputs.append(_trained(batch, layer.eps, scale, shift))
        by_input, by_scale, by_shift = _gradients(batch, dy, layer.eps, scale)
        inputs.append(by_input)
        scales.append(by_scale)
        shifts.append(by_shift)
        _step(running, batch, 1 / step if layer.momentum is None else layer.momentum)
    if layer.track:
        final = _evaluated(columns[-1], running, layer.eps, scale, shift)
    else:
        final = _trained(_Batch.of(columns[-1]), layer.eps, scale, shift)
    expected = {
        "train": _stacked(outputs, batches[:-1].shape),
        "eval": _shaped(final, batches[-1].shape),
        "grad_input": _stacked(inputs, batches[:-1].shape),
    }
    if layer.affine:
        expected["grad_gamma"] = _stacked(scales, None)
        expected["grad_beta"] = _stacked(shifts, None)
    if layer.track:
        expected["moving_mean"] = (running.mean, ALLOWED * running.mean_error)
        expected["moving_variance"] = (running.variance, ALLOWED * running.variance_error)
    return expected


def normalized(layer: Layer, tensors: Mapping[str, Array], batches: Array, gradients: Array) -> dict[str, Expected]:
    """What the formula of a layer gives, as `normalize_batches` says it."""
    return (normalize_groups if layer.groups else normalize_batches)(layer, tensors, batches, gradients)


def normalize_groups(
    layer: Layer, tensors: Mapping[str, Array], batches: Array, gradients: Array
) -> dict[str, Expected]:
    """The same for a layer that normalizes groups of channels of each sample by themselves, in either mode."""
    ones = np.ones(layer.channels)
    scale, shift = tensors.get("scale", ones), tensors.get("shift", 0 * ones)
    outputs = [_grouped(layer, x, scale, shift) for x in batches]
    found = [_group_gradients(layer, x, dy, scale) for x, dy in zip(batches[:-1], gradients, strict=True)]
    expected = {
        "train": _joined(outputs[:-1]),
        "eval": outputs[-1],
        "grad_input": _joined([each[0] for each in found]),
    }
    if layer.affine:
        expected["grad_gamma"] = _joined([each[1] for each in found])
        expected["grad_beta"] = _joined([each[2] for each in found])
    return expected


def _in_groups(layer: Layer, x: Array) -> Array:
    """(N, C, ...) as (values, N * groups)."""
    values: Array = np.asarray(x, np.float64).reshape(len(x) * layer.groups, -1).T
    return values


def _per_value(layer: Layer, of_channel: Array, shape: tuple[int, ...]) -> Array:
    """What each channel has (C,), for the values of all groups (values, N * groups)."""
    spread: Array = np.broadcast_to(of_channel.reshape(1, -1, *(1,) * (len(shape) - 2)), shape)
    return _in_groups(layer, spread)


def _grouped(layer: Layer, x: Array, scale: Array, shift: Array) -> Expected:
    """Outputs (N, C, ...) by the statistics of the groups."""
    batch = _Batch.of(_in_groups(layer, x))
    factor, added = (_per_value(layer, t, x.shape) for t in (scale, shift))
    values, bound = _trained(batch, layer.eps, factor, added)
    return values.T.reshape(x.shape), bound.T.reshape(x.shape)


def _group_gradients(layer: Layer, x: Array, dy: Array, scale: Array) -> tuple[Expected, Expected, Expected]:
    """Gradients with respect to input (N, C, ...), scale and shift (C,), with their bounds.

    The scale differs inside of a group, so that it belongs to what comes from above.
    """
    batch, by_output = _Batch.of(_in_groups(layer, x)), _in_groups(layer, dy)
    ones = np.ones(x.shape[0] * layer.groups)
    (by_input, bound), _, _ = _gradients(batch, by_output * _per_value(layer, scale, x.shape), layer.eps, ones)
    s = np.sqrt(batch.variance + layer.eps)
    xhat = (batch.x - batch.mean) / s
    xhat_error = _xhat_error(batch, xhat, s)
    product, error = by_output * xhat, np.abs(by_output) * xhat_error + UNIT * np.abs(by_output * xhat)

    def of_channels(values: Array) -> Array:
        return _columns(values.T.reshape(x.shape))

    count = x.size // layer.channels
    rounding = UNIT * (1 + np.sqrt(count))
    sums = of_channels(product).sum(0), of_channels(by_output).sum(0)
    errors = (
        rounding * np.abs(of_channels(product)).sum(0) + of_channels(error).sum(0),
        rounding * np.abs(of_channels(by_output)).sum(0),
    )
    return (
        (by_input.T.reshape(x.shape), bound.T.reshape(x.shape)),
        (sums[0], ALLOWED * errors[0]),
        (sums[1], ALLOWED * errors[1]),
    )


def _xhat_error(batch: _Batch, xhat: Array, s: Array) -> Array:
    """The rounding error of normalized values, with that of the mean."""
    size = np.abs(batch.x) + np.abs(batch.mean) + np.sqrt(batch.n) * batch.size
    error: Array = UNIT * (3 * np.abs(xhat) + size / s)
    return error


def _joined(pairs: list[Expected]) -> Expected:
    return np.stack([p[0] for p in pairs]), np.stack([p[1] for p in pairs])


def first_output(layer: Layer, batch: Array) -> Expected:
    """What a new layer gives for one batch (N, C, ...) in training mode."""
    ones = np.ones(layer.channels)
    if layer.groups:
        return _grouped(layer, batch, ones, 0 * ones)
    return _shaped(_trained(_Batch.of(_columns(batch)), layer.eps, ones, 0 * ones), batch.shape)


def _trained(batch: _Batch, eps: float, scale: Array, shift: Array) -> Expected:
    """Outputs (values, C) by the statistics of their own batch."""
    values, bound = _normalized(batch.x, batch.mean, batch.variance + eps, scale, shift)
    of_mean = UNIT * np.sqrt(batch.n) * np.abs(scale) * batch.size / np.sqrt(batch.variance + eps)
    return values, ALLOWED * (bound + of_mean)


def _evaluated(x: Array, running: _Statistics, eps: float, scale: Array, shift: Array) -> Expected:
    """Outputs (values, C) by the running statistics, whose own errors come on top."""
    values, bound = _normalized(x, running.mean, running.variance + eps, scale, shift)
    s = np.sqrt(running.variance + eps)
    xhat = np.abs((x - running.mean) / s)
    of_statistics = np.abs(scale) * (running.mean_error / s + xhat * running.variance_error / (2 * s**2))
    return values, ALLOWED * (bound + of_statistics)


def _normalized(x: Array, mean: Array, square: Array, scale: Array, shift: Array) -> Expected:
    """Outputs and their rounding error, for statistics that are exact; ``square`` is the variance plus eps."""
    s = np.sqrt(square)
    xhat = (x - mean) / s
    bound = UNIT * (np.abs(scale) * (3 * np.abs(xhat) + (np.abs(x) + np.abs(mean)) / s) + np.abs(shift))
    return scale * xhat + shift, bound


def _step(running: _Statistics, batch: _Batch, momentum: float) -> None:
    """One update of the running statistics; the variance is the unbiased one."""
    unbiased = batch.variance * batch.n / (batch.n - 1)
    root = np.sqrt(batch.n)
    error_of_mean = UNIT * (1 + root) * batch.size
    # The old value counts whole: where its weight 1 - momentum is small, that has lost its last digits.
    running.mean_error = (1 - momentum) * running.mean_error + UNIT * np.abs(running.mean) + error_of_mean
    running.variance_error = (
        (1 - momentum) * running.variance_error
        + UNIT * (running.variance + (2 + root) * batch.variance)
        + error_of_mean**2
    )
    running.mean = (1 - momentum) * running.mean + momentum * batch.mean
    running.variance = (1 - momentum) * running.variance + momentum * unbiased


def _gradients(batch: _Batch, dy: Array, eps: float, scale: Array) -> tuple[Expected, Expected, Expected]:
    """Gradients with respect to input (values, C), scale and shift (C,), with their bounds."""
    s = np.sqrt(batch.variance + eps)
    root = np.sqrt(batch.n)
    xhat = (batch.x - batch.mean) / s
    xhat_error = _xhat_error(batch, xhat, s)
    product = dy * xhat
    product_error = np.abs(dy) * xhat_error + UNIT * np.abs(product)
    mean_dy, mean_product = dy.mean(0), product.mean(0)
    mean_dy_error = UNIT * (1 + root) * np.abs(dy).mean(0)
    mean_product_error = UNIT * (1 + root) * np.abs(product).mean(0) + product_error.mean(0)
    inner = dy - mean_dy - xhat * mean_product
    inner_error = (
        UNIT * (np.abs(dy) + np.abs(mean_dy) + 2 * np.abs(xhat * mean_product))
        + mean_dy_error
        + xhat_error * np.abs(mean_product)
        + np.abs(xhat) * mean_product_error
    )
    factor = np.abs(scale) / s
    factor_error = UNIT * (3 + root)
    by_input = (scale / s * inner, ALLOWED * factor * (inner_error + factor_error * np.abs(inner)))
    by_scale = (product.sum(0), ALLOWED * batch.n * mean_product_error)
    by_shift = (dy.sum(0), ALLOWED * batch.n * mean_dy_error)
    return by_input, by_scale, by_shift


def _columns(values: Array) -> Array:
    """(N, C, ...) as (values, C)."""
    moved = np.moveaxis(np.asarray(values, np.float64), 1, -1)
    return moved.reshape(-1, moved.shape[-1])


def _shaped(pair: Expected, shape: tuple[int, ...]) -> Expected:
    """(values, C) as (N, C, ...)."""
    moved = (shape[0], *shape[2:], shape[1])
    return np.moveaxis(pair[0].reshape(moved), -1, 1), np.moveaxis(pair[1].reshape(moved), -1, 1)


def _stacked(pairs: list[Expected], shape: tuple[int, ...] | None) -> Expected:
    shaped = pairs if shape is None else [_shaped(p, shape[1:]) for p in pairs]
    return np.stack([p[0] for p in shaped]), np.stack([p[1] for p in shaped])
