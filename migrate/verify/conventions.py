"""Checks that the classes at hand are those that the rules are about: by their signatures, not by version numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migrate.errors import UsageError
from migrate.rule import Rule

Signature = Mapping[str, Any]


def check_source(rule: Rule, signature: Signature, version: str) -> None:
    """Raises UsageError where torch's class takes other parameters, or in another order, than the rule says."""
    names = [name for name, _ in _parameters(rule.source.name, signature, "torch", version)]
    positional = list(rule.positional)
    if names[: len(positional)] != positional:
        raise UsageError(
            f"torch {version}: {rule.source.name} takes ({', '.join(names)}), but the rule {rule.name} is about "
            f"({', '.join(positional)}): its rewrites cannot be proved with this version"
        )


def check_target(rule: Rule, signature: Signature, version: str) -> None:
    """Raises UsageError where the target class has the source's convention, or another order than the rule says."""
    parameters = dict(_parameters(rule.target.name, signature, "MindSpore", version))
    said = f"MindSpore {version}: {rule.target.name}({', '.join(parameters)})"
    for parameter in rule.parameters:
        treatment = parameter.treatment
        kept_name = treatment.action == "map" and treatment.to != parameter.name and parameter.name in parameters
        kept_value = treatment.action == "complement" and parameters.get(treatment.to or parameter.name) == (
            parameter.default
        )
        if kept_name or kept_value:
            raise UsageError(
                f"{said} follows torch's own convention: it takes {parameter.name} as torch does, while the rule "
                f"{rule.name} converts it. The rewrite would be wrong with this version: use the MindSpore that your "
                "program will run with, or a target whose rule keeps torch's arguments"
            )
    positional = list(rule.target.positional)
    if list(parameters)[: len(positional)] != positional:
        raise UsageError(f"{said} does not begin with ({', '.join(positional)}), as the rule {rule.name} says")


def _parameters(name: str, signature: Signature, framework: str, version: str) -> list[tuple[str, Any]]:
    if "error" in signature:
        raise UsageError(f"{framework} {version} has no {name}: {signature['error']}")
    return [(name, default) for name, default in signature["parameters"]]
