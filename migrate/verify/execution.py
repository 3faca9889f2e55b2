"""The distinct executions behind the claims of a run, and what a worker is asked for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from migrate.rule import ProofTable
from migrate.verify.inputs import Recipe
from migrate.verify.operations import Symbol, Value
from migrate.verify.plan import Claim, Side, Trial


@dataclass(frozen=True, slots=True)
class Execution:
    """A distinct trial: its id, a text of a call that leads to it, and the inputs it runs on."""

    id: str
    text: str
    trial: Trial
    recipe: Recipe

    @property
    def original_key(self) -> str:
        """What torch's side depends on; a record finds it again by this."""
        return repr((self.trial.original, self.recipe, self.trial.first_call))


def executions(claims: Iterable[Claim]) -> dict[str, Execution]:
    """The executions of all claims by the key of their trials; equal trials run once."""
    found: dict[str, Execution] = {}
    for claim in claims:
        for trial in claim.trials:
            key = trial.key
            if key not in found:
                layer = trial.layer
                recipe = Recipe(proof_of(trial).shape, layer.channels, layer.eps, by_sample=layer.groups > 0)
                found[key] = Execution(f"t{len(found)}", claim.before, trial, recipe)
    return found


def proof_of(trial: Trial) -> ProofTable:
    """The table of the trial's rule; a trial exists only where the rule has one."""
    assert trial.rule.proof is not None
    return trial.rule.proof


def reason_against(trial: Trial, conflicts: Mapping[str, str]) -> str:
    """Why what a call passes is not what the target's class takes; empty where nothing speaks against it."""
    passed = (name for name, _ in trial.original.arguments.by_name(trial.rule.positional))
    return next((conflicts[name] for name in passed if name in conflicts), "")


def request(framework: str, execution: Execution, inputs: str) -> dict[str, Any]:
    """What the worker of ``framework`` is asked; ``inputs`` is the name of the arrays to run on."""
    trial = execution.trial
    names = proof_of(trial).tensors
    renamed = {s: trial.rule.attributes[name].to for s, name in names.items()}
    if framework == "torch":
        side, tensors = trial.original, renamed if trial.rule.changes_signature else names
    else:
        side, tensors = trial.rewritten, renamed
    return {
        "id": execution.id,
        "inputs": inputs,
        "callable": side.callee,
        "args": [_encoded(v) for v in side.arguments.positional],
        "kwargs": {name: _encoded(v) for name, v in side.arguments.named},
        "calls": [[name, [_encoded(v) for v in args]] for name, args in side.methods],
        "tensors": tensors,
        "layout": _layout(side),
        "first_call": trial.first_call,
    }


def _layout(side: Side) -> str:
    return "NHWC" if "NHWC" in dict(side.arguments.named).values() else "NCHW"


def _encoded(value: Value) -> Any:
    if isinstance(value, Symbol):
        return {"name": value.name}
    return [_encoded(v) for v in value] if isinstance(value, tuple) else value
