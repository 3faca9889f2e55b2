"""A normalization layer by the meaning of its arguments, whatever a framework calls them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from migrate.errors import ProofError
from migrate.rule import ProofTable, Rule


@dataclass(frozen=True, slots=True)
class Layer:
    """``momentum`` is the weight of a new batch in the running statistics; None means their plain average.

    ``groups``: in how many groups the channels of each sample are normalized; 0 where those of a batch are.
    """

    channels: int
    eps: float
    momentum: float | None
    affine: bool
    track: bool
    groups: int = 0


def layer_of(rule: Rule, arguments: Mapping[str, Any]) -> Layer:
    """The layer that the source class makes of ``arguments``, by parameter; raises ProofError."""
    assert rule.proof is not None
    named = {symbol: arguments[name] for symbol, name in rule.proof.parameters.items()}
    try:
        channels, momentum = _channels(named["channels"]), named.get("momentum")
        layer = Layer(
            channels=channels,
            eps=float(named["eps"]),
            momentum=None if momentum is None else float(momentum),
            affine=bool(named.get("affine", True)),
            track=bool(named.get("track", False)),
            groups=_groups(rule.proof, named, channels),
        )
    except (TypeError, ValueError, OverflowError) as error:
        raise ProofError(f"{rule.source.name} cannot be made of these arguments: {error}") from None
    if layer.channels < 1 or not 0 < layer.eps < math.inf:
        raise ProofError(f"{layer.channels} channels and an eps of {layer.eps} cannot be tried")
    if layer.groups and layer.channels % layer.groups:
        raise ProofError(f"{layer.channels} channels do not make {layer.groups} groups")
    return layer


def _channels(value: Any) -> int:
    """The number of channels, which may stand in a tuple of one element."""
    return int(value[0] if isinstance(value, tuple) and len(value) == 1 else value)


def _groups(proof: ProofTable, named: Mapping[str, Any], channels: int) -> int:
    if proof.formula == "normalize_batches":
        return 0
    groups = int(named.get("groups", channels if proof.groups == "each" else 1))
    return max(groups, 1)
