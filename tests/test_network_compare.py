"""The comparison of two sides: what is bounded by what, and what differs first."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from migrate.verify.networks.compare import ALLOWED, FLOOR, Side, blur, compare_networks, depth, idle, mismatch

CALLS = {"step 1": ["conv", "norm"], "evaluation": ["conv", "norm"]}
FACTS = {"calls": CALLS, "layers": ["norm", "spare"], "trainable": ["conv.weight", "norm.weight"]}
VALUES = {
    "step 1/layer/0": [1.0, -2.0],
    "step 1/layer/1": [1.0, 4.0],
    "step 1/output/": [1.0, 4.0],
    "step 1/loss": [0.5],
    "step 1/input/0": [0.1, 0.2],
    "step 1/gradient/conv.weight": [0.3],
    "step 1/gradient/norm.weight": [0.2],
    "step 1/statistics/norm.running_mean": [0.1],
    "evaluation/layer/0": [1.0],
    "evaluation/layer/1": [1.0],
    "evaluation/output/": [2.0],
    "evaluation/statistics/norm.running_mean": [0.1],
}
MOVE = 1e-6


def sides(changed: dict[str, Any] | None = None, moves: dict[str, float] | None = None) -> tuple[Side, Side]:
    """Two equal sides but for what is ``changed`` on the second; every record moves by `MOVE` but for ``moves``."""
    arrays = {"initial/norm.weight": np.array([1.0, 2.0])}
    arrays |= {f"value/{key}": np.array(value) for key, value in VALUES.items()}
    scales = {f"scale/{key}": np.array((moves or {}).get(key, MOVE)) for key in VALUES}
    other = {key: np.array((changed or {}).get(key, value)) for key, value in arrays.items()}
    return Side({**arrays, **scales}, FACTS), Side({k: v for k, v in other.items() if v.size}, FACTS)


def first(changed: dict[str, Any], moves: dict[str, float] | None = None) -> str | None:
    found = (c for c in compare_networks(*sides(changed, moves)) if not c.measure.passed)
    return next((f"{c.kind} of {c.place}" for c in found), None)


def test_equal_sides_pass() -> None:
    assert first({}) is None and mismatch(*sides()) is None


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("initial/norm.weight", "initial of norm.weight"),
        ("value/step 1/layer/1", "layer of norm, step 1"),
        ("value/step 1/output/", "output of step 1"),
        ("value/step 1/loss", "loss of step 1"),
        ("value/step 1/input/0", "input of 0, step 1"),
        ("value/step 1/gradient/conv.weight", "gradient of conv.weight, step 1"),
        ("value/step 1/statistics/norm.running_mean", "statistics of norm.running_mean, step 1"),
        ("value/evaluation/layer/0", "layer of conv, evaluation"),
        ("value/evaluation/output/", "evaluation of evaluation"),
    ],
)
@pytest.mark.parametrize("wrong", ["value", "nan", "shape", "missing"])
def test_every_record_is_compared(key: str, said: str, wrong: str) -> None:
    value = np.array(sides()[0].arrays[key])
    changes = {"value": value * 1.5, "nan": value * math.nan, "shape": np.array([*value, 0.0]), "missing": []}
    assert first({key: changes[wrong]}) == said


def test_the_first_difference_is_named_in_the_order_of_computation() -> None:
    """Forward in the order of execution, backward against it, statistics last."""
    everything = {f"value/{key}": np.array(value) * 2 for key, value in VALUES.items()}
    assert first(everything) == "layer of conv, step 1"
    backward = {k: v for k, v in everything.items() if "gradient" in k or "statistics" in k}
    assert first(backward) == "gradient of norm.weight, step 1"


def test_a_bound_is_what_disturbed_runs_and_rounding_allow() -> None:
    bound = (ALLOWED * MOVE / 0.5 + FLOOR) * 0.5
    key = "value/step 1/loss"
    assert first({key: [0.5 + 0.99 * bound]}) is None and first({key: [0.5 + 1.01 * bound]}) is not None
    (measure,) = (c.measure for c in compare_networks(*sides()) if c.kind == "loss")
    assert measure.bound == pytest.approx(bound)
    assert first({key: [0.6]}, {"step 1/loss": 0.03}) is None, "what moves that far tells nothing"


def test_phases_share_how_far_a_tensor_moves() -> None:
    name, phases = "statistics/norm.running_mean", ("step 1", "evaluation")
    for here, there in (phases, phases[::-1]):
        changed = {f"value/{here}/{name}": [0.11]}
        assert first(changed) is not None
        assert first(changed, {f"{there}/{name}": 0.01}) is None


def test_gradients_share_what_a_rectifier_does_to_most_of_them() -> None:
    """One in ten that moves far is chance; where most of them do, the rest may as well."""
    changed = {"value/step 1/gradient/conv.weight": [0.31]}
    far = {"step 1/gradient/norm.weight": 0.02, "step 1/input/0": 0.02}
    assert first(changed) is not None and first(changed, far) is None
    own = {"value/step 1/gradient/conv.weight": [0.3 + 0.9 * ALLOWED * 0.02]}
    assert first(own, {"step 1/gradient/conv.weight": 0.02}) is None, "what moves itself"


def test_initial_values_may_differ_by_rounding_alone() -> None:
    assert first({"initial/norm.weight": [1.0, 2.0 + 1e-4]}) is None
    assert first({"initial/norm.weight": [1.0, 2.0 + 3e-4]}) == "initial of norm.weight"


def test_what_only_one_side_trains_is_named() -> None:
    original, rewritten = sides()
    frozen = [Side(side.arrays, {**FACTS, "trainable": ["conv.weight"]}) for side in (original, rewritten)]
    for one, other in ((original, frozen[1]), (frozen[0], rewritten)):
        (found,) = (c for c in compare_networks(one, other) if not c.measure.passed)
        assert (found.kind, found.place.name, found.measure.max_abs) == ("trainable", "norm.weight", 1.0)


@pytest.mark.parametrize(
    ("calls", "said"),
    [
        (["norm", "conv"], "step 1: call 1 of a layer is conv in torch and norm after the migration"),
        (["conv"], "step 1: 2 layers are called in torch and 1 after the migration"),
        (["conv", "norm", "norm"], "step 1: 2 layers are called in torch and 3 after the migration"),
    ],
)
def test_other_calls_leave_nothing_to_compare(calls: list[str], said: str) -> None:
    original, rewritten = sides()
    other = Side(rewritten.arrays, {**FACTS, "calls": {**CALLS, "step 1": calls}})
    assert mismatch(original, other) == said


def test_the_depth_has_the_worst_of_each_layer() -> None:
    original, rewritten = sides({"value/evaluation/layer/1": [2.0]})
    layers = depth(original, compare_networks(original, rewritten))
    assert [(layer.name, layer.measure.passed) for layer in layers] == [("conv", True), ("norm", False)]
    assert layers[1].measure.max_abs == 1.0


def test_what_is_never_called_and_how_wide_the_bounds_are() -> None:
    original, rewritten = sides(moves={"evaluation/output/": 0.1})
    assert idle(original) == ("spare",)
    assert blur(original, compare_networks(original, rewritten)) == pytest.approx(ALLOWED * 0.1 / 2.0, rel=1e-3)
