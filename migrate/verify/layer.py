"""A normalization layer by the meaning of its arguments, whatever a framework calls them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from migrate.errors import ProofError
from migrate.rule import Rule


@dataclass(frozen=True, slots=True)
class Layer:
    """``momentum`` is the weight of a new batch in the running statistics; None means their plain average."""

    channels: int
    eps: float
    momentum: float | None
    affine: bool
    track: bool


def layer_of(rule: Rule, arguments: Mapping[str, Any]) -> Layer:
    """The layer that the source class makes of ``arguments``, by parameter; raises ProofError."""
    assert rule.proof is not None
    named = {symbol: arguments[name] for symbol, name in rule.proof.parameters.items()}
    try:
        layer = Layer(
            channels=int(named["channels"]),
            eps=float(named["eps"]),
            momentum=None if named["momentum"] is None else float(named["momentum"]),
            affine=bool(named["affine"]),
            track=bool(named["track"]),
        )
    except (TypeError, ValueError, OverflowError) as error:
        raise ProofError(f"{rule.source.name} cannot be made of these arguments: {error}") from None
    if layer.channels < 1 or not 0 < layer.eps < math.inf:
        raise ProofError(f"{layer.channels} channels and an eps of {layer.eps} cannot be tried")
    return layer
