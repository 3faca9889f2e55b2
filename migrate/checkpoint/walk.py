"""The names of a checkpoint, looked up in the attributes of one class or container of the sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from migrate.checkpoint.evidence import Reading, Seen, read_as
from migrate.checkpoint.keys import Keys
from migrate.checkpoint.layers import Layers, Side
from migrate.checkpoint.own import Own
from migrate.flow.attributes import Attributes, Under
from migrate.flow.facts import Fact

GENERAL = frozenset({"torch.nn.Module", "torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.ModuleDict"})
"""Classes that an annotation promises where more is known of what is there."""
OTHER = ("builtins.", "typing.", "collections.", "torch.Size", "torch.device", "torch.dtype")
"""How the names of classes begin that are no layers."""
TENSORS = frozenset({"torch.nn.Parameter", "torch.nn.UninitializedParameter", "torch.nn.Buffer", "torch.Tensor"})


@dataclass(frozen=True, slots=True)
class View:
    """Names that are matched together, without the ``cut`` in front of all of them."""

    cut: str
    keys: Keys


@dataclass(frozen=True, slots=True)
class Explained:
    """What a root says of each name of a view.

    ``exact`` counts those with a reading of which each part is spelled in the sources, ``told`` those of which that is
    so or that have a reading.
    """

    walk: Walk
    seen: dict[str, Seen]
    exact: int
    told: int

    @property
    def known(self) -> int:
        """How many names have a reading."""
        return sum(bool(each.readings) for each in self.seen.values())


@dataclass(slots=True)
class _Found:
    """What was found of a name so far."""

    readings: list[Reading] = field(default_factory=list)
    unknown: str = ""


_Names = dict[str, _Found]


class Walk:
    """A view, looked up from one root."""

    def __init__(self, attributes: Attributes, own: Own, layers: Layers, to: Side, root: Fact, view: View) -> None:
        self.root = root
        self._attributes = attributes
        self._own = own
        self._layers = layers
        self._to = to
        self._cut = view.cut
        self._keys = view.keys
        self._at: dict[str, Under] = {"": Under(frozenset({root}), exists=True)}

    def begins(self) -> bool:
        """Whether the root may have something under the first part of every name, or is a layer itself."""
        if any(self._layers.of(base) for base in self._attributes.bases(self.root)):
            return True
        return all(self._under(part) for part in self._keys.first)

    def explain(self) -> Explained | None:
        """What the root says of each name; None where it has nothing under one."""
        exact: _Names = {}
        possible: _Names = {}
        for path in self._keys.below:
            under = self._under(path)
            spelled, computed = self._told(under.exact), self._told(under.possible - under.exact)
            self._read(path, spelled, exact)
            self._read(path, computed, possible)
            if under.exists and not spelled and not computed:
                self._note(path, exact, f"what the sources put at {self._cut}{path} is not known")
        seen = {}
        for name in self._keys.shapes:
            # What has a computed name is likely elsewhere where something is put there by its own name.
            found, more = exact.get(name, _Found()), possible.get(name, _Found())
            readings = found.readings or more.readings
            unknown = found.unknown if found.readings else found.unknown or more.unknown
            if not readings and not unknown:
                return None
            seen[name] = Seen(tuple(dict.fromkeys(readings)), unknown, not found.readings and not found.unknown)
        told = sum(name in exact or bool(each.readings) for name, each in seen.items())
        return Explained(self, seen, sum(bool(found.readings) for found in exact.values()), told)

    def missing(self) -> int:
        """How many attributes of the root are layers of which the checkpoint holds nothing."""
        names = self._attributes.names(self.root)
        absent = [name for name in names if name not in self._keys.first]
        return sum(any(map(self._has_tensors, self._under(name).exact)) for name in absent)

    def _has_tensors(self, fact: Fact) -> bool:
        return fact[0] in "IL" and self._layers.of(str(fact[1])) is not None

    def _under(self, path: str) -> Under:
        if path not in self._at:
            before, _, last = path.rpartition(".")
            self._at[path] = self._attributes.under(self._under(before), last)
        return self._at[path]

    def _read(self, path: str, facts: Iterable[Fact], found: _Names) -> None:
        """Read the names below a path as those of tensors of what stands there."""
        for fact in self._fitting(path, list(facts)):
            for name, reading in (*self._of_layer(fact, path), *self._of_object(fact, path)):
                found.setdefault(self._whole(path, name), _Found()).readings.append(reading)
            unknown = self._unknown(fact)
            if unknown:
                self._note(path, found, unknown)

    def _fitting(self, path: str, facts: list[Fact]) -> list[Fact]:
        """The facts without classes that stay what they are, where more is there than these have, and others may be."""
        rest = [fact for fact in facts if fact[0] not in "IL" or not self._layers.stays(str(fact[1]))]
        return rest if rest and not self._keys.below[path].keys() <= self._layers.of_kept else facts

    def _note(self, path: str, found: _Names, unknown: str) -> None:
        for name in self._keys.below[path]:
            found.setdefault(self._whole(path, name), _Found()).unknown = unknown

    def _whole(self, path: str, name: str) -> str:
        return f"{path}.{name}" if path else name

    def _of_layer(self, fact: Fact, path: str) -> Iterator[tuple[str, Reading]]:
        """Readings as tensors of a layer, or of an object whose class derives from one."""
        is_top = not path and not self._cut
        for cls in [str(fact[1])] if fact[0] in "IL" else self._attributes.bases(fact):
            layer = self._layers.of(cls)
            if layer is not None and self._keys.fit(path, layer, layer.read(self._to, is_top), self._more(fact, path)):
                for name in self._keys.below[path]:
                    reading = read_as(layer, self._cut + path, name, self._to, is_top, layer.source)
                    if reading is not None:
                        yield name, reading
            elif self._layers.stays(cls):
                for name in self._keys.below[path]:
                    yield name, self._kept(path, name, self._layers.name(cls))

    def _kept(self, path: str, name: str, owner: str) -> Reading:
        return Reading(self._cut + path, name, None, self._cut + self._whole(path, name), owner)

    def _more(self, fact: Fact, path: str) -> frozenset[str]:
        """The tensors below a path that an object has besides those of the layer that its class derives from."""
        if fact[0] != "O":
            return frozenset()
        firsts = {name.partition(".")[0] for name in self._keys.below[path]}
        own = {first for first in firsts if self._attributes.of(fact, first).exists}
        return frozenset(name for name in self._keys.below[path] if name.partition(".")[0] in own)

    def _of_object(self, fact: Fact, path: str) -> Iterator[tuple[str, Reading]]:
        """Readings as tensors that a class of the program gives its objects."""
        direct = self._keys.direct(path)
        if fact[0] != "O" or not direct or not self._own.always(fact) <= direct:
            return
        own = {name for name in direct if not self._is_inherited(fact, path, name)}
        if not all(self._attributes.of(fact, name) for name in own):
            return
        for name in sorted(own):
            held = self._attributes.of(fact, name)
            if held.exists and self._may_be_tensor(held.exact | held.possible):
                yield name, self._kept(path, name, self._attributes.title(fact))

    def _is_inherited(self, fact: Fact, path: str, name: str) -> bool:
        """Whether a tensor is one of the layer that an object's class derives from."""
        layers = filter(None, map(self._layers.of, self._attributes.bases(fact)))
        return any(layer.read(self._to, not path and not self._cut).knows(name) for layer in layers)

    def _may_be_tensor(self, facts: Iterable[Fact]) -> bool:
        return all(fact[0] == "L" and self._layers.name(str(fact[1])) in TENSORS for fact in facts)

    def _told(self, facts: Iterable[Fact]) -> list[Fact]:
        """The facts that tell what stands somewhere, which the annotation of a general class does not."""
        told = [fact for fact in facts if fact[0] != "L" or self._layers.name(str(fact[1])) not in GENERAL]
        return sorted(told, key=repr)

    def _unknown(self, fact: Fact) -> str:
        """What is said of a class of which it is not known what its tensors are called."""
        if fact[0] != "L":
            return ""
        cls = self._layers.name(str(fact[1]))
        if cls in TENSORS or cls.startswith(OTHER):
            return ""
        if self._layers.of(cls) is not None or self._layers.is_empty(cls) or self._layers.stays(cls):
            return ""
        return f"no rule has the names of {cls}"
