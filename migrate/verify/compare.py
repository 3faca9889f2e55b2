"""Compares what the two frameworks computed for one trial, and torch with the formula."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migrate.proofs import Measure
from migrate.verify.layer import Layer
from migrate.verify.outcomes import Outcome
from migrate.verify.reference import Array, first_output, normalized

INITIAL = {"scale": 1.0, "shift": 0.0, "mean": 0.0, "variance": 1.0}
MEASURED = {
    "train": "train",
    "eval": "eval",
    "moving_mean": "mean",
    "moving_variance": "variance",
    "grad_input": "grad_input",
    "grad_gamma": "grad_scale",
    "grad_beta": "grad_shift",
}
"""The name of each measure, and that of its array in an outcome."""
MISSING = Measure(float("inf"), 0.0)
"""One side has no such array."""


def compare(
    layer: Layer, inputs: Mapping[str, NDArray[np.float32]], original: Outcome, rewritten: Outcome, first_call: bool
) -> dict[str, Measure]:
    """The measures of a trial: torch's outcome against MindSpore's under the bounds of the formula.

    ``reference`` is torch against the formula itself: where that fails, the bounds mean nothing.
    """
    ours, theirs = original.arrays, rewritten.arrays
    tensors = {role: _wide(inputs[role]) for role in original.facts["roles"]}
    expected = normalized(layer, tensors, _wide(inputs["batches"]), _wide(inputs["gradients"]))
    if first_call:
        expected["first_call"] = first_output(layer, _wide(inputs["first"]))
    names = {**MEASURED, "first_call": "first"}
    measures = {"initial": _initial(ours, theirs), "trainable": _trainable(original, rewritten)}
    checked: list[Measure] = []
    for measure, (values, bound) in expected.items():
        name = names[measure]
        role = name.removeprefix("grad_")
        if role in ("scale", "shift") and role not in original.facts["roles"]:
            continue  # torch does not train it: `trainable` says whether MindSpore does
        checked.append(_measure(ours[name], values, bound) if name in ours else MISSING)
        measures[measure] = _measure(ours[name], theirs[name], bound) if name in ours and name in theirs else MISSING
    measures["reference"] = max(checked, key=lambda m: m.ratio)
    return measures


def _wide(array: NDArray[np.float32]) -> Array:
    return np.asarray(array, np.float64)


def _measure(one: NDArray[Any], other: NDArray[Any], bound: Array) -> Measure:
    """The place where the difference is the largest part of its bound; what is not finite differs without bound."""
    if one.shape != other.shape:
        return Measure(float("inf"), 0.0)
    difference = np.abs(np.asarray(one, np.float64) - np.asarray(other, np.float64))
    difference = np.where(np.isfinite(difference), difference, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(difference == 0, 0.0, difference / bound)
    place = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    return Measure(float(difference[place]), float(np.broadcast_to(bound, ratio.shape)[place]))


def _initial(ours: Mapping[str, NDArray[np.float32]], theirs: Mapping[str, NDArray[np.float32]]) -> Measure:
    """Initial values are exact. A tensor that torch does not have has to be neutral in MindSpore."""
    found = [Measure(0.0, 0.0)]
    for role, neutral in INITIAL.items():
        name = f"initial_{role}"
        if name in theirs:
            wanted = ours.get(name, np.full_like(theirs[name], neutral))
            found.append(_measure(wanted, theirs[name], np.zeros(())))
        elif name in ours:
            found.append(MISSING)
    return max(found, key=lambda m: m.max_abs)


def _trainable(original: Outcome, rewritten: Outcome) -> Measure:
    """The number of parameters that only one framework trains."""
    different = set(original.facts["roles"]) ^ set(rewritten.facts["roles"])
    count = abs(original.facts["trainable"] - rewritten.facts["trainable"])
    return Measure(float(max(len(different), count)), 0.0)
