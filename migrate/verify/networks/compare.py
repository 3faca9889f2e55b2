"""Compares what the original and the rewritten network computed, and finds where they part company.

How far two correct networks may differ is measured, not computed: rounding that differs in one layer grows or shrinks
in all that follow, and may flip a rectifier or the winner of a pooling window, which no formula foresees. So the
original is run again, several times, with every layer of a migrated class erring at random like one that rounds
otherwise. The furthest that a tensor moves in these runs, times `ALLOWED`, is its bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migrate.proofs import LayerError, Measure, Place

Arrays = Mapping[str, NDArray[Any]]
ALLOWED = 4.0
FLOOR = 8 * 2.0**-24
"""The least bound, as a part of the largest value of a tensor: what its own rounding may be."""
SAME = 1e-4
"""The largest part by which initial values may differ, since a builder may already have trained."""


@dataclass(frozen=True)
class Side:
    """What one process gave: samples by key, and facts: the calls of each phase, layers, trainable parameters."""

    arrays: Arrays
    facts: Mapping[str, Any]

    @cached_property
    def moves(self) -> dict[str, float]:
        """How far each tensor moves in the disturbed runs as a part of its largest value, at most in any phase.

        A rectifier that flips moves gradients far, but not often, and which ones is chance: so no gradient counts as
        moving less than nine tenths of them do.
        """
        moves: dict[str, float] = {}
        for phase in self.facts["calls"]:
            prefix = f"scale/{phase}/"
            for name in (n for n in self.arrays if n.startswith(prefix)):
                key = name.removeprefix(prefix)
                largest = _largest(self.arrays[f"value/{phase}/{key}"])
                moves[key] = max(moves.get(key, 0.0), float(self.arrays[name]) / largest if largest > 0 else 0.0)
        gradients = {key: move for key, move in moves.items() if key.startswith(("gradient/", "input/"))}
        if gradients:
            usual = float(np.quantile(list(gradients.values()), 0.9))
            moves |= {key: max(move, usual) for key, move in gradients.items()}
        return moves


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison: which of the network's measures it belongs to, and where."""

    kind: str
    measure: Measure
    place: Place


def compare_networks(original: Side, rewritten: Side) -> list[Compared]:
    """Every comparison, in the order in which a difference would show first."""
    found = [*_initial(original, rewritten), *_trainable(original, rewritten)]
    for phase, calls in original.facts["calls"].items():
        found += _phase(phase, calls, original, rewritten)
    return found


def depth(original: Side, compared: list[Compared]) -> tuple[LayerError, ...]:
    """The worst output of each call of a layer over all phases, in the order of the first phase's execution."""
    phases = [
        [c for c in compared if c.kind == "layer" and c.place.phase == phase] for phase in original.facts["calls"]
    ]
    longest: list[Compared] = max(phases, key=len, default=[])
    by_place = [
        [p[i] for p in phases if i < len(p) and p[i].place.name == at.place.name] for i, at in enumerate(longest)
    ]
    return tuple(LayerError(c[0].place.name, max((x.measure for x in c), key=lambda m: m.ratio)) for c in by_place)


def blur(original: Side, compared: list[Compared]) -> float:
    """The largest bound of an output as a part of the largest value of that output."""
    parts = [0.0]
    for c in compared:
        if c.kind in ("output", "evaluation"):
            largest = _largest(original.arrays[f"value/{c.place.phase}/output/{c.place.name}"])
            parts.append(c.measure.bound / largest if largest > 0 else 0.0)
    return max(parts)


def mismatch(original: Side, rewritten: Side) -> str | None:
    """How the two differ in the layers they call, which leaves nothing to compare; None where they do not."""
    for phase, ours in original.facts["calls"].items():
        theirs = rewritten.facts["calls"].get(phase, [])
        for number, (one, other) in enumerate(zip(ours, theirs, strict=False), start=1):
            if one != other:
                return f"{phase}: call {number} of a layer is {one} in torch and {other} after the migration"
        if len(ours) != len(theirs):
            return f"{phase}: {len(ours)} layers are called in torch and {len(theirs)} after the migration"
    return None


def _initial(original: Side, rewritten: Side) -> Iterator[Compared]:
    """The tensors that a network starts with; random ones are drawn from the same generators on both sides."""
    for key, ours in original.arrays.items():
        if key.startswith("initial/"):
            theirs = rewritten.arrays.get(key)
            same_shape = theirs is not None and theirs.shape == ours.shape
            measure = _measure(ours, theirs, SAME * _largest(ours)) if same_shape else Measure(np.inf, 0.0)
            yield Compared("initial", measure, Place(key.removeprefix("initial/"), ""))


def _trainable(original: Side, rewritten: Side) -> Iterator[Compared]:
    """The parameters that only one of the two trains."""
    different = sorted(set(original.facts["trainable"]) ^ set(rewritten.facts["trainable"]))
    place = Place(different[0] if different else "", "")
    yield Compared("trainable", Measure(float(len(different)), 0.0), place)


def _phase(phase: str, calls: list[str], original: Side, rewritten: Side) -> Iterator[Compared]:
    """Forward in the order of execution, backward against it, then the statistics, layer by layer."""
    prefix = f"value/{phase}/"
    keys = [key.removeprefix(prefix) for key in original.arrays if key.startswith(prefix)]
    groups: dict[str, list[str]] = {kind: [] for kind in ("layer", "output", "loss", "gradient", "input", "statistics")}
    for key in keys:
        groups[key.partition("/")[0]].append(key)
    groups["gradient"].reverse()
    for kind, found in groups.items():
        for key in found:
            rest = key.partition("/")[2]
            name = calls[int(rest.partition(".")[0])] if kind == "layer" else rest
            measured = "evaluation" if kind == "output" and not groups["loss"] else kind
            yield Compared(measured, _bounded(phase, key, original, rewritten), Place(name, phase))


def _bounded(phase: str, key: str, original: Side, rewritten: Side) -> Measure:
    ours = original.arrays[f"value/{phase}/{key}"]
    theirs = rewritten.arrays.get(f"value/{phase}/{key}")
    if theirs is None or theirs.shape != ours.shape:
        return Measure(np.inf, 0.0)
    return _measure(ours, theirs, (ALLOWED * original.moves[key] + FLOOR) * _largest(ours))


def idle(original: Side) -> tuple[str, ...]:
    """The layers of a migrated class that were never called, of which nothing is known."""
    called = {name for calls in original.facts["calls"].values() for name in calls}
    return tuple(name for name in original.facts["layers"] if name not in called)


def _measure(ours: NDArray[Any], theirs: Any, bound: float) -> Measure:
    difference = np.abs(np.asarray(ours, np.float64) - np.asarray(theirs, np.float64))
    return Measure(_largest(np.where(np.isfinite(difference), difference, np.inf)), bound)


def _largest(values: NDArray[Any]) -> float:
    return float(np.abs(values).max()) if values.size else 0.0
