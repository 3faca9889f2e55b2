"""Turns the outcomes of the two frameworks into cases and proofs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from migrate.proofs import Case, Proof
from migrate.verify.compare import compare
from migrate.verify.execution import Execution
from migrate.verify.inputs import Floats
from migrate.verify.operations import Symbol, Value
from migrate.verify.outcomes import Outcome
from migrate.verify.plan import Claim
from migrate.verify.settings import Settings
from migrate.verify.snippet import snippet

SHOWN = 2
"""Values of a first call that a report shows: the inputs are ones and twos in turn."""


def judge(
    execution: Execution,
    inputs: Mapping[str, Floats],
    original: Outcome,
    rewritten: Outcome,
    settings: Settings,
) -> Case:
    """The case of one execution, with a script that shows the failure where there is one."""
    trial = execution.trial
    errors = [f"{name}: {o.error}" for name, o in (("torch", original), ("MindSpore", rewritten)) if o.error]
    if errors:
        return Case({}, error="; ".join(errors), snippet=snippet(execution, "train", settings))
    measures = compare(trial.layer, inputs, original, rewritten, trial.first_call)
    first = None
    if trial.first_call:
        first = tuple(tuple(float(v) for v in o.arrays["first"].flat[:SHOWN]) for o in (original, rewritten))
    case = Case({}, measures, first_call=first)  # type: ignore[arg-type]
    return case if case.passed else replace(case, snippet=snippet(execution, case.failures[0], settings))


def proofs(claims: Iterable[Claim], cases: Mapping[str, Case]) -> tuple[Proof, ...]:
    """The proof of every claim, from the cases by the key of their trials."""
    return tuple(_proof(claim, cases) for claim in claims)


def _proof(claim: Claim, cases: Mapping[str, Case]) -> Proof:
    found = tuple(replace(cases[t.key], bindings={name: _shown(v) for name, v in t.bindings}) for t in claim.trials)
    if claim.problem is not None:
        found = (Case({}, error=claim.problem),)
    return Proof(claim.before, claim.after, tuple(claim.sites), found)


def _shown(value: Value) -> object:
    if isinstance(value, Symbol):
        return value.name
    return [_shown(v) for v in value] if isinstance(value, tuple) else value
