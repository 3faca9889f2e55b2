"""What speaks for a name: readings of it, by whom they are, and which one holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from migrate.checkpoint.keys import Keys, splits
from migrate.checkpoint.layers import Layer, Layers, Side

Kind = Literal["network", "source", "siblings"]
"""Who tells what a layer is: a live network, the sources, or other tensors of the same layer in the file."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand a name: the tensor ``name`` of a ``layer`` at a path.

    A layer of None is an object of a class of the program, which keeps the names of its own tensors. ``target`` is the
    name on the other side; None where the tensor has no counterpart there.
    """

    path: str
    name: str
    layer: Layer | None
    target: str | None
    owner: str

    @property
    def is_as_before(self) -> bool:
        """Whether the name and the shape stay as they are."""
        whole = f"{self.path}.{self.name}" if self.path else self.name
        return self.target == whole and (self.layer is None or self.name not in self.layer.axis)


@dataclass(frozen=True, slots=True)
class Seen:
    """All readings of a name; ``unknown`` says what else it may be, if ``is_loose`` only by a name that is computed."""

    readings: tuple[Reading, ...] = ()
    unknown: str = ""
    is_loose: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What a name is: ``reading`` is None where nothing decides, and ``note`` says why.

    ``is_torn``: several readings are left, so that weaker evidence has no say. ``targets`` are those that it may choose
    from, empty where any.
    """

    reading: Reading | None = None
    evidence: Kind | None = None
    note: str = ""
    is_torn: bool = False
    targets: frozenset[str | None] = frozenset()


def read_as(layer: Layer, path: str, name: str, to: Side, is_top: bool, owner: str) -> Reading | None:
    """A name as that of a tensor of a layer; None where the layer has none of that name."""
    names = layer.read(to, is_top)
    if name == names.dropped:
        return Reading(path, name, layer, None, owner)
    target = names.target(name)
    return Reading(path, name, layer, f"{path}.{target}" if path else target, owner) if target is not None else None


def decide(seen: Seen, kind: Kind, keys: Keys) -> Decision:
    """What a name is by its readings."""
    readings = _counted(_apart(seen.readings, keys, kind), keys)
    targets = frozenset(reading.target for reading in readings)
    # What else may be anywhere would keep its name, too.
    is_known = not seen.unknown or (seen.is_loose and all(reading.is_as_before for reading in readings))
    if len(targets) == 1 and is_known:
        return Decision(readings[0], kind)
    if len(targets) > 1:
        owners = dict.fromkeys(reading.owner for reading in readings)
        return Decision(note=f"may be of {' or of '.join(owners)}", is_torn=True)
    return Decision(note=seen.unknown, targets=targets)


def _apart(readings: tuple[Reading, ...], keys: Keys, kind: Kind) -> tuple[Reading, ...]:
    """The readings as layers that the convolutions beside them allow, where names depend on the number of axes.

    A file without any convolution is taken for one of the usual layers, unless more is known of it.
    """
    some = {bool(reading.layer is not None and reading.layer.axes) for reading in readings}
    if some != {False, True}:
        return readings
    special = [reading for reading in readings if reading.layer is not None and reading.layer.axes]
    axes = {reading.layer.axes for reading in special if reading.layer is not None}
    beside = keys.convolutions(special[0].path)
    if beside and beside <= axes:
        return tuple(special)
    if beside.isdisjoint(axes) and (beside or kind == "siblings"):
        return tuple(reading for reading in readings if reading not in special)
    return readings


def _counted(readings: tuple[Reading, ...], keys: Keys) -> tuple[Reading, ...]:
    """The readings without those as layers that count batches, where the file would hold the counter and does not."""
    lacking = [reading for reading in readings if keys.counts and _lacks_counter(reading, keys)]
    return tuple(reading for reading in readings if reading not in lacking) or readings


def _lacks_counter(reading: Reading, keys: Keys) -> bool:
    layer, below = reading.layer, keys.below[reading.path]
    return (
        layer is not None and bool(layer.counter) and layer.counter not in below and {*layer.statistics} <= below.keys()
    )


def by_siblings(key: str, keys: Keys, layers: Layers, to: Side) -> Seen:
    """The readings of a name as part of a layer whose statistics stand beside it."""
    found = []
    for path, name in splits(key):
        below = keys.below[path]
        for layer in layers.telling:
            names = layer.read(to, not path)
            own = {there: here for here, there in layer.read("mindspore", not path).names.items()}
            statistics = {s if to == "mindspore" else _other(own, s) for s in layer.statistics}
            reading = read_as(layer, path, name, to, not path, "a layer with statistics")
            if reading is not None and statistics <= below.keys() and keys.fit(path, layer, names):
                found.append(reading)
    return Seen(tuple(found))


def _other(own: dict[str, str], statistic: str) -> str:
    return next(there for there, here in own.items() if here == statistic)


def joined(all_seen: Iterable[Seen]) -> Seen:
    """What several observers see."""
    found = list(all_seen)
    readings = dict.fromkeys(reading for seen in found for reading in seen.readings)
    unknown = next((seen.unknown for seen in found if seen.unknown), "")
    return Seen(tuple(readings), unknown, all(seen.is_loose for seen in found if seen.unknown))
