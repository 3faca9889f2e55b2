"""The names of a checkpoint by what stands before them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from migrate.checkpoint.layers import Layer, Names

Shape = tuple[int, ...]


def splits(key: str) -> Iterator[tuple[str, str]]:
    """The ways to read a name as the path of a layer and the name of a tensor in it: the outermost layer first."""
    parts = key.split(".")
    for i in range(len(parts)):
        yield ".".join(parts[:i]), ".".join(parts[i:])


class Keys:
    """The names of a checkpoint with the shapes of their tensors.

    ``counts``: layers that count batches have their counters among them.
    """

    def __init__(self, shapes: Mapping[str, Shape], counts: bool = True) -> None:
        self.shapes = shapes
        self.counts = counts

    @cached_property
    def below(self) -> dict[str, dict[str, Shape]]:
        """For each path the tensors below it, by the rest of their names."""
        found: dict[str, dict[str, Shape]] = {}
        for key, shape in self.shapes.items():
            for path, name in splits(key):
                found.setdefault(path, {})[name] = shape
        return found

    @cached_property
    def first(self) -> frozenset[str]:
        """The first parts of all names."""
        return frozenset(key.partition(".")[0] for key in self.shapes)

    def direct(self, path: str) -> frozenset[str]:
        """The tensors that stand in what is at a path, not deeper."""
        return frozenset(name for name in self.below[path] if "." not in name)

    def without(self, prefix: str) -> Keys:
        """The names that begin so, without that."""
        return Keys({k.removeprefix(prefix): s for k, s in self.shapes.items() if k.startswith(prefix)}, self.counts)

    def fit(self, path: str, layer: Layer, names: Names, more: frozenset[str] = frozenset()) -> bool:
        """Whether all that stands below a path may be the tensors of a layer; ``more`` are names of its own."""
        below = self.below[path]
        if not names.required <= below.keys():
            return False
        known = {name: shape for name, shape in below.items() if name not in more}
        if not all(names.knows(name) for name in known):
            return False
        ranks = names.ranks | (names.bare if len(known) == 1 else {})
        if any(len(shape) != ranks.get(name, len(shape)) for name, shape in known.items()):
            return False
        return not layer.alike or len({shape for name, shape in known.items() if name in names.names}) <= 1

    def convolutions(self, path: str) -> set[int]:
        """How many axes the weights of convolutions have that stand nearest to a path; none where there are none."""
        while path:
            path = path.rpartition(".")[0]
            found = {len(shape) for shape in self.below[path].values() if len(shape) > 2}
            if found:
                return found
        return set()
