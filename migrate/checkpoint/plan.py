"""What becomes of each tensor of a checkpoint, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from migrate.checkpoint.evidence import Decision, Kind, Reading, Seen, by_siblings, decide
from migrate.checkpoint.files.read import Checkpoint
from migrate.checkpoint.keys import Keys
from migrate.checkpoint.layers import Layer, Layers, Side
from migrate.checkpoint.tensor import Tensor, as_float32, zero_counter
from migrate.errors import UsageError

NOTHING = "neither the file nor what else was given tells what layer it belongs to"
FLAT = "no convolution tells how many axes it has, on which its names depend: --source does"
OLD = "no counter of batches stands beside it: a frozen layer has the same names, --source tells them apart"


@dataclass(frozen=True, slots=True)
class Entry:
    """A tensor of the checkpoint: ``result`` is what is written, None for what is dropped."""

    source: str
    tensor: Tensor | None
    result: Tensor | None
    evidence: Kind | None
    note: str
    is_undecided: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """All entries in the order of the file, what is added, and what the target's network keeps at its initial value."""

    to: Side
    entries: tuple[Entry, ...]
    added: tuple[Tensor, ...]
    kept_at_initial: tuple[str, ...]
    remarks: tuple[str, ...]
    prefix: str
    key: str

    def written(self) -> list[Tensor]:
        """The tensors of the result."""
        return [*(entry.result for entry in self.entries if entry.result is not None), *self.added]

    @property
    def undecided(self) -> tuple[str, ...]:
        return tuple(entry.source for entry in self.entries if entry.is_undecided)


class Observed(Protocol):
    """What somebody says of names: by the whole name, without what programs put in front of all of them."""

    @property
    def kind(self) -> Kind: ...
    @property
    def seen(self) -> dict[str, Seen]: ...
    @property
    def is_whole(self) -> bool: ...
    @property
    def placed(self) -> tuple[tuple[str, Layer], ...]: ...
    @property
    def remarks(self) -> tuple[str, ...]: ...


class Observer(Protocol):
    """Somebody who may know the names of a checkpoint; None where they are not known at all."""

    def observe(self, keys: Keys) -> Observed | None: ...


def make_plan(checkpoint: Checkpoint, to: Side, layers: Layers, observers: Sequence[Observer]) -> Plan:
    """What becomes of each tensor; raises UsageError where two would have one name."""
    shapes = {name: tensor.shape for name, tensor in checkpoint.tensors.items()}
    prefix, keys, observed = _observe(Keys(shapes, checkpoint.counts), to, layers, observers)
    decisions = {name: _decide(name, keys, layers, to, observed) for name in keys.shapes}
    entries = [_entry(tensor, prefix, decisions, keys, to) for tensor in checkpoint.tensors.values()]
    entries += [
        Entry(name, None, None, None, f"no tensor but {kind}: left out") for name, kind in checkpoint.others.items()
    ]
    _check_targets(entries)
    read = ((d.reading.path, d.reading.layer) for d in decisions.values() if d.reading is not None)
    placed = {p: layer for p, layer in (*(p for o in observed for p in o.placed), *read) if layer is not None}
    held = sorted(placed.items(), key=lambda p: p[0])
    names = {entry.result.name for entry in entries if entry.result is not None}
    added = _counters(held, names) if to == "torch" else ()
    kept = _kept(held, names) if to == "mindspore" else ()
    remarks = (*_remarks(checkpoint, prefix, layers, to), *(remark for each in observed for remark in each.remarks))
    return Plan(to, tuple(entries), tuple(added), tuple(kept), remarks, prefix, checkpoint.key)


def _observe(keys: Keys, to: Side, layers: Layers, observers: Sequence[Observer]) -> tuple[str, Keys, list[Observed]]:
    """What was put in front of all names, the names without it, and what is said of them.

    A wrapper is part of the names where somebody knows them with it.
    """
    prefix = ""
    while True:
        observed = [found for observer in observers if (found := observer.observe(keys)) is not None]
        own = layers.of_wrappers
        more = next((p for p in layers.prefixes if to == "mindspore" and _all_begin(keys, p, own)), None)
        if more is None or any(found.is_whole for found in observed):
            return prefix, keys, observed
        prefix, keys = prefix + more, keys.without(more)


def _all_begin(keys: Keys, prefix: str, own: frozenset[str]) -> bool:
    """Whether all names begin so, but for those that the wrapper itself has."""
    begin = [name.startswith(prefix) for name in keys.shapes if name not in own]
    return bool(begin) and all(begin)


def _decide(name: str, keys: Keys, layers: Layers, to: Side, observed: list[Observed]) -> Decision:
    """The first evidence that decides; where none does, the first reason for that."""
    note, allowed = "", frozenset[str | None]()
    for found in observed:
        decision = decide(found.seen.get(name, Seen()), found.kind, keys)
        if decision.reading is not None or decision.is_torn:
            return decision
        note, allowed = note or decision.note, allowed or decision.targets
    decision = decide(by_siblings(name, keys, layers, to), "siblings", keys)
    if decision.reading is not None and (not allowed or decision.reading.target in allowed):
        return decision
    return Decision(note=note or decision.note or NOTHING)


def _entry(tensor: Tensor, prefix: str, decisions: dict[str, Decision], keys: Keys, to: Side) -> Entry:
    name = tensor.name.removeprefix(prefix)
    if name not in decisions:
        return Entry(tensor.name, tensor, None, None, "belongs to what the network was wrapped in: left out")
    decision = decisions[name]
    reading = decision.reading
    if reading is None:
        result = replace(tensor, name=name)
        return Entry(tensor.name, tensor, result, None, _joined(decision.note, _shared(tensor)), is_undecided=True)
    if reading.target is None:
        why = "MindSpore's layer has no such counter" if to == "mindspore" else "torch's layer has no such tensor"
        return Entry(tensor.name, tensor, None, decision.evidence, f"{why}: left out")
    result = _converted(replace(tensor, name=reading.target), reading, to)
    doubts = _doubts(decision, keys) if decision.evidence == "siblings" else ()
    note = _joined(reading.owner, *_changes(tensor, result), *doubts, _shared(tensor))
    return Entry(tensor.name, tensor, result, decision.evidence, note)


def _converted(tensor: Tensor, reading: Reading, to: Side) -> Tensor:
    """The tensor with the shape and the type of values that it has on the other side."""
    layer = reading.layer
    if layer is None:
        return tensor
    if to == "mindspore":
        if reading.name in layer.statistics:
            tensor = as_float32(tensor)
        axis = layer.axis.get(reading.name)
        if axis is not None:
            tensor = replace(tensor, shape=(*tensor.shape[:axis], 1, *tensor.shape[axis:]))
        return tensor
    axis = layer.axis.get(tensor.name.rpartition(".")[2])
    if axis is not None:
        if tensor.shape[axis] != 1:
            raise UsageError(f"{tensor.name}: its shape is {list(tensor.shape)}, and axis {axis} has to be of length 1")
        tensor = replace(tensor, shape=(*tensor.shape[:axis], *tensor.shape[axis + 1 :]))
    return tensor


def _changes(before: Tensor, after: Tensor) -> Iterator[str]:
    if before.shape != after.shape:
        yield f"shape {list(before.shape)} to {list(after.shape)}"
    if before.dtype != after.dtype:
        rounds = ", which rounds" if before.dtype == "float64" else ""
        yield f"cast from {before.dtype} to {after.dtype}{rounds}"
    elif after.dtype in ("float16", "bfloat16", "float64"):
        yield f"stays {after.dtype}: loading casts it to the type of the network's own"


def _doubts(decision: Decision, keys: Keys) -> Iterator[str]:
    """What the file alone does not tell of a layer with statistics."""
    reading = decision.reading
    if reading is None or reading.layer is None:
        return
    below = keys.below[reading.path]
    if reading.layer.counter not in below and reading.layer.statistics[0] in below:
        yield OLD
    if not keys.convolutions(reading.path):
        yield FLAT


def _shared(tensor: Tensor) -> str:
    return f"shares its memory with {tensor.same_as}, and is written once more" if tensor.same_as else ""


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _check_targets(entries: Iterable[Entry]) -> None:
    """Raise UsageError where two tensors would have one name, of which a file can hold one."""
    named = Counter(entry.result.name for entry in entries if entry.result is not None)
    for name, count in named.items():
        if count > 1:
            both = [e.source for e in entries if e.result is not None and e.result.name == name]
            raise UsageError(f"{' and '.join(both)} would both be {name}: rename one of them")


def _counters(held: Iterable[tuple[str, Layer]], names: set[str]) -> Iterator[Tensor]:
    """The counters of batches that torch's layers have beside their statistics, where the file has none."""
    for path, layer in held:
        before = f"{path}." if path else ""
        counter = before + layer.counter
        if layer.counter and counter not in names and all(before + name in names for name in layer.statistics):
            yield zero_counter(counter)


def _kept(held: Iterable[tuple[str, Layer]], names: set[str]) -> Iterator[str]:
    """The tensors that MindSpore's layers have and the checkpoint has not."""
    for path, layer in held:
        called = {name: layer.top.get(name, name) if not path else name for name in layer.always}
        yield from (name for own in called.values() if (name := f"{path}.{own}" if path else own) not in names)


def _remarks(checkpoint: Checkpoint, prefix: str, layers: Layers, to: Side) -> Iterator[str]:
    """What a person should know of the file as a whole."""
    names = list(checkpoint.tensors)
    if checkpoint.key:
        yield f"the weights are those under {checkpoint.key} in the file"
    if prefix:
        yield f"{prefix} stood in front of every name, and is left out"
    for wrapper in layers.prefixes if to == "mindspore" and not prefix else ():
        count = sum(name.startswith(wrapper) for name in names)
        if 0 < count < len(names):
            yield f"{wrapper} stands in front of {count} of {len(names)} names, not of all, and stays"
