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


def conflicts(rule: Rule, signature: Signature, version: str) -> dict[str, str]:
    """The parameters of the source's class that a rewrite must not touch, or pass by position, with the reason why.

    The target's class takes them as the source's does while the rule converts them, or has others in their places. A
    call without them is right all the same. Raises UsageError where there is no such class.
    """
    parameters = dict(_parameters(rule.target.name, signature, "MindSpore", version))
    said = f"MindSpore {version}: {rule.target.name}({', '.join(parameters)})"
    found: dict[str, str] = {}
    for parameter in rule.parameters:
        treatment = parameter.treatment
        written = treatment.to or parameter.name
        kept_name = treatment.action == "map" and treatment.to != parameter.name and parameter.name in parameters
        kept_value = treatment.action == "complement" and parameters.get(written) == parameter.default
        if kept_name or kept_value:
            found[parameter.name] = (
                f"{said} follows torch's own convention: it takes {parameter.name} as torch does, while the rule "
                f"{rule.name} converts it. The rewrite is wrong with this version: see --mindspore-version"
            )
        elif treatment.action == "keep" and written in rule.target.parameters and written not in parameters:
            found[parameter.name] = f"{said} has no {written}, as the rule {rule.name} says: see --mindspore-version"
    wrong = [n for n, m in zip(rule.target.positional, parameters, strict=False) if n != m]
    for name in (n for n in wrong if n not in found):
        found[name] = (
            f"{said} has another order than ({', '.join(rule.target.positional)}), as the rule {rule.name} says"
        )
    return found


def _parameters(name: str, signature: Signature, framework: str, version: str) -> list[tuple[str, Any]]:
    if "error" in signature:
        raise UsageError(f"{framework} {version} has no {name}: {signature['error']}")
    return [(name, default) for name, default in signature["parameters"]]
