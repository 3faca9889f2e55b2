"""The comparison on its own, with arrays that no right framework returns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from migrate.proofs import MEASURES, Measure
from migrate.verify.compare import MEASURED, compare
from migrate.verify.inputs import Recipe, make_inputs
from migrate.verify.layer import Layer
from migrate.verify.outcomes import Outcome
from migrate.verify.reference import first_output, normalize_batches

LAYER = Layer(3, 1e-5, 0.1, True, True)
INPUTS = make_inputs(Recipe((2, 0, 2, 3), 3, 1e-5))
WIDE = {name: np.asarray(array, np.float64) for name, array in INPUTS.items()}
INITIAL = {"scale": 1.0, "shift": 0.0, "mean": 0.0, "variance": 1.0}


def exact() -> Outcome:
    """What a framework without any rounding would return."""
    tensors = {name: WIDE[name] for name in ("scale", "shift")}
    found = normalize_batches(LAYER, tensors, WIDE["batches"], WIDE["gradients"])
    arrays = {MEASURED[name]: values for name, (values, _) in found.items()}
    arrays["first"] = first_output(LAYER, WIDE["first"])[0]
    arrays |= {f"initial_{name}": np.full(3, value) for name, value in INITIAL.items()}
    narrow = {name: array.astype(np.float32) for name, array in arrays.items()}
    return Outcome(narrow, {"roles": ["scale", "shift"], "trainable": 2})


def measured(original: Outcome, rewritten: Outcome) -> dict[str, Measure]:
    return compare(LAYER, INPUTS, original, rewritten, first_call=True)


def failed(measures: dict[str, Measure]) -> set[str]:
    return {name for name, measure in measures.items() if not measure.passed}


def changed(name: str, value: float) -> Outcome:
    outcome = exact()
    array = outcome.arrays[name].copy()
    array.flat[-1] = value
    return replace(outcome, arrays={**outcome.arrays, name: array})


def test_what_is_exact_passes_by_every_measure() -> None:
    measures = measured(exact(), exact())
    assert failed(measures) == set() and measures.keys() == set(MEASURES)


ARRAYS = {**MEASURED, "first_call": "first", "initial": "initial_shift"}


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 7.0])
@pytest.mark.parametrize("measure", ARRAYS)
def test_one_wrong_number_fails_its_measure_alone(measure: str, value: float) -> None:
    assert failed(measured(exact(), changed(ARRAYS[measure], value))) == {measure}


@pytest.mark.parametrize("measure", [m for m in ARRAYS if m != "initial"])
def test_a_torch_that_leaves_the_formula_fails_by_the_reference(measure: str) -> None:
    """Both frameworks wrong in the same way, or a wrong formula: there is nothing to trust."""
    wrong = changed(ARRAYS[measure], 7.0)
    assert failed(measured(wrong, wrong)) == {"reference"}


@pytest.mark.parametrize("measure", ARRAYS)
def test_an_array_of_another_shape_or_none_fails(measure: str) -> None:
    outcome = exact()
    name = ARRAYS[measure]
    without = {k: v for k, v in outcome.arrays.items() if k != name}
    shorter = {**outcome.arrays, name: outcome.arrays[name][:-1]}
    assert failed(measured(outcome, replace(outcome, arrays=shorter))) == {measure}
    if measure != "initial":
        assert failed(measured(outcome, replace(outcome, arrays=without))) == {measure}
        assert "reference" in failed(measured(replace(outcome, arrays=without), outcome))


def test_a_tensor_that_torch_does_not_have_has_to_be_neutral() -> None:
    outcome = exact()
    without = {k: v for k, v in outcome.arrays.items() if k != "initial_shift"}
    assert failed(measured(replace(outcome, arrays=without), outcome)) == set()
    assert failed(measured(replace(outcome, arrays=without), changed("initial_shift", 0.5))) == {"initial"}
    assert failed(measured(outcome, replace(outcome, arrays=without))) == {"initial"}


@pytest.mark.parametrize("facts", [{"roles": ["scale"], "trainable": 1}, {"roles": ["scale", "shift"], "trainable": 3}])
def test_other_trainable_parameters_fail(facts: dict[str, object]) -> None:
    assert "trainable" in failed(measured(exact(), replace(exact(), facts=facts)))


def test_the_measure_is_taken_where_it_is_worst() -> None:
    """A small difference can exceed a small bound while a larger one elsewhere does not."""
    outcome = exact()
    array = outcome.arrays["train"].copy()
    bounds = normalize_batches(LAYER, {k: WIDE[k] for k in ("scale", "shift")}, WIDE["batches"], WIDE["gradients"])
    _, bound = bounds["train"]
    small, large = np.unravel_index(bound.argmin(), bound.shape), np.unravel_index(bound.argmax(), bound.shape)
    array[small] += 2 * bound[small]
    array[large] += 0.9 * bound[large]
    measure = measured(outcome, replace(outcome, arrays={**outcome.arrays, "train": array}))["train"]
    assert measure.ratio == pytest.approx(2, rel=0.2) and measure.bound == bound[small]
