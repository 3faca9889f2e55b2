"""Layers of a port and of its original that are the same one, and in what they differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path

from migrate.differences import Difference, Missing
from migrate.original.layers import Layer, Tree, Values, folded

Key = tuple[str, str]
LEAST = 2
"""Layers that two classes with different names have to have alike, so that they are taken for the same."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A layer of the port with the original's."""

    port: Layer
    original: Layer
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """All pairs, and what has no partner."""

    pairs: tuple[Pair, ...] = ()
    missing: tuple[Missing, ...] = ()
    port_alone: tuple[Layer, ...] = ()
    original_alone: tuple[Layer, ...] = ()

    @property
    def differences(self) -> tuple[Difference, ...]:
        return tuple(dict.fromkeys(d for pair in self.pairs for d in pair.differences))


def pair(port: Tree, original: Tree) -> Pairs:
    """The pairs of layers, file by file: by class and attribute, where classes may also be told by their layers."""
    ours, theirs = _by_file(port.layers), _by_file(original.layers)
    found = Pairs()
    for path, layers in ours.items():
        partner = _same_file(path, layers, theirs)
        of_file = theirs[partner] if partner else []
        found = _joined(found, _paired(port, layers, of_file))
    used = {p.original for p in found.pairs}
    missing = {m.original for m in found.missing}
    rest = tuple(layer for layer in original.layers if layer not in used and _place(layer) not in missing)
    return replace(found, port_alone=(*found.port_alone, *port.loose), original_alone=(*rest, *original.loose))


def _joined(one: Pairs, other: Pairs) -> Pairs:
    return Pairs((*one.pairs, *other.pairs), (*one.missing, *other.missing), (*one.port_alone, *other.port_alone))


def _by_file(layers: Iterable[Layer]) -> dict[str, list[Layer]]:
    found: dict[str, list[Layer]] = {}
    for layer in layers:
        found.setdefault(layer.path, []).append(layer)
    return found


def _same_file(path: str, layers: list[Layer], theirs: Mapping[str, list[Layer]]) -> str:
    """The file of the original that has most of the layers of one of the port, then the nearest name."""
    keys = {layer.key for layer in layers}
    names = {name for _, name in keys}

    def score(other: str) -> tuple[int, float, int]:
        found = {layer.key for layer in theirs[other]}
        alike = SequenceMatcher(None, folded(Path(path).stem), folded(Path(other).stem)).ratio()
        return len(keys & found), alike, len(names & {name for _, name in found})

    best = max(theirs, key=lambda other: (score(other), other), default="")
    return best if best and (score(best)[0] or score(best)[2] >= LEAST) else ""


def _paired(port: Tree, layers: list[Layer], originals: list[Layer]) -> Pairs:
    """The pairs of two files."""
    names = _same_classes(layers, originals)
    theirs: dict[tuple[str, str], list[Layer]] = {}
    for layer in originals:
        theirs.setdefault(layer.key, []).append(layer)
    pairs: list[Pair] = []
    alone: list[Layer] = []
    taken: set[tuple[str, str]] = set()
    for layer in layers:
        key = (names.get(layer.key[0], layer.key[0]), layer.key[1])
        if key in theirs:
            taken.add(key)
            pairs.append(Pair(layer, theirs[key][0], tuple(_differences(layer, theirs[key]))))
        else:
            alone.append(layer)
    back = {their: our for our, their in names.items()}
    missing = [
        Missing(beside.path, beside.line, beside.column, beside.owner, found[0].name, _place(found[0]))
        for key, found in theirs.items()
        if key not in taken and (beside := _beside(port, layers, back.get(key[0], ""), key, taken)) is not None
    ]
    return Pairs(tuple(pairs), tuple(missing), tuple(alone))


def _beside(port: Tree, layers: list[Layer], owner: str, key: Key, taken: set[Key]) -> Layer | None:
    """A layer of the class of the port that should have another one; None where it may have it unseen.

    Where few of a class are paired, it is built in another way.
    """
    beside = next((layer for layer in layers if layer.key[0] == owner), None)
    if beside is None or not any(their == key[0] for their, _ in taken):
        return None
    known = port.attributes.get((beside.path, owner), frozenset())
    return beside if key[1].partition(".")[0] not in known else None


def _place(layer: Layer) -> str:
    return f"{layer.path}:{layer.line}"


def _same_classes(layers: list[Layer], originals: list[Layer]) -> dict[str, str]:
    """For classes of the port, what the original calls them: the same, or what has the same layers."""
    ours, theirs = _names(layers), _names(originals)
    found = {name: name for name in ours if name in theirs}
    for name, held in ours.items():
        free = [other for other in theirs if other not in found.values() and theirs[other] == held]
        if name not in found and len(held) >= LEAST and len(free) == 1:
            found[name] = free[0]
    return found


def _names(layers: Iterable[Layer]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for owner, name in (layer.key for layer in layers):
        found.setdefault(owner, set()).add(name)
    return found


def _differences(layer: Layer, partners: list[Layer]) -> Iterable[Difference]:
    """What the constructor of the port says otherwise than those of the original, as far as both are known."""
    if any(partner.rule != layer.rule for partner in partners):
        return
    for name, values in layer.settings:
        theirs = [dict(partner.settings).get(name) for partner in partners]
        if values is None or None in theirs:
            continue
        known: Values = frozenset(v for each in theirs if each is not None for v in each)
        if not values <= known:
            right = tuple(sorted(known, key=repr))
            yield Difference(layer.path, layer.line, layer.column, name, right, _place(partners[0]))
