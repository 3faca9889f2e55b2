"""Slices, and lists that are unpacked: containers of elements of others, which have other places there."""

from __future__ import annotations

from migrate.flow.containers import Part
from migrate.flow.graph import Graph
from migrate.flow.state import Flow
from migrate.index.summary import SLICE, SOMEWHERE

COUNTED = frozenset({"ModuleList", "CellList"})
"""Networks of which a slice is one that counts from 0."""
NAMED = frozenset({"Sequential", "SequentialCell"})
"""Networks of which a slice is one with the names that its elements have."""


class Slices:
    """The containers that slices give: one for each slice, and for each class of network that is sliced."""

    def __init__(self, flow: Flow) -> None:
        self._containers = flow.containers
        self._graph: Graph = flow.graph
        self._networks: dict[tuple[int, str], int] = {}

    def load(self, site: int, key: tuple[str, object], to: int) -> None:
        """Let ``to`` hold what ``base[bounds]`` gives of a container, or a list of its elements."""
        cls = self._containers.networks.get(site, "") if key[0] == SLICE else ""
        name = cls.rpartition(".")[2]
        into = self._network(cls, to) if name in COUNTED | NAMED else to
        first, end = key[1] if isinstance(key[1], tuple) else (None, SOMEWHERE)
        if first is None and name not in NAMED:
            self.rekeyed(site, into)
        else:
            self._containers.take_part(site, into, Part(first, end, names=name in NAMED))
        self._graph.add(to, ("D", into))

    def rekeyed(self, site: int, into: int) -> None:
        """Let a container have the elements of another under keys that are not known."""
        self._containers.put(into, None, self._containers.everything(site))

    def _network(self, cls: str, to: int) -> int:
        """The slice of a network, which is one of its class."""
        if (to, cls) not in self._networks:
            site = self._networks[to, cls] = self._graph.new()
            self._containers.networks[site] = cls
        return self._networks[to, cls]
