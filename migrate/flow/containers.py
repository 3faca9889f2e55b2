"""Containers, by the place that makes them: cells by key, and one for all that they hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeGuard

from migrate.flow.facts import Fact, id_of
from migrate.flow.graph import Graph
from migrate.index.summary import KEYS, SOMEWHERE

Site = int
MANY = 16
"""Containers merged into one, from which on their elements stand there under keys that are not known."""
KEPT_KEYS = ("attribute", KEYS)
"""Under what a mapping has its keys, which are none of its elements."""
FARTHEST = 64
"""The last place that elements move to; behind it they may be anywhere, or a list that grows by itself had no end."""
OnCell = Callable[[object, int, Any], None]


class Part(NamedTuple):
    """Elements of a list that stand in another one: those from the place ``first`` to before ``end``.

    ``before`` others stand before them; None: it is not known how many. With ``names``, they keep the names that they
    have in a network, which are their places where nobody has chosen others.
    """

    first: int | None = 0
    end: int | None = None
    before: int | None = 0
    names: bool = False

    def holds(self, key: object) -> bool:
        """Whether what has a key belongs to the part."""
        if not _is_place(key) or self.first is None:
            return key != KEPT_KEYS
        return self.first <= key and (self.end in (None, SOMEWHERE) or key < self.end)

    def key(self, key: object) -> object:
        """The key under which that stands in the other container; None where it is not known."""
        if self.names and not (_is_place(key) and self.first != 0):
            return key
        if self.names:
            return ("attribute", str(key)) if self.end is None else None
        if not _is_place(key) or self.first is None or self.before is None:
            return None
        place = key - self.first + self.before
        return None if place > max(key, FARTHEST) else place


class Containers:
    """The cells of containers; a value under an unknown key may be under any."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._cells: dict[Site, dict[object, int]] = {}
        self._all: dict[Site, int] = {}
        self._readers: dict[tuple[Site, object], list[int]] = {}
        self._watchers: dict[Site, list[tuple[OnCell, Any]]] = {}
        self._merged: set[tuple[Site, Site]] = set()
        self._sources: dict[Site, list[Site]] = {}
        """For each container those that were merged into it."""
        self._parts: dict[Site, set[tuple[Site, Part]]] = {}
        """For each container those of which it has a part."""
        self._reordered: set[Site] = set()
        self._moved: set[Site] = set()
        self._sure: dict[Site, int] = {}
        """The place from which on something else may stand in a container than what was put there."""
        self.mappings: set[Site] = set()
        self.dicts: set[Site] = set()
        """The mappings that are known to be dicts."""
        self.promised: dict[Site, str] = {}
        """What annotations promise: containers, or classes as the elements of some."""
        self.networks: dict[Site, str] = {}
        """The containers that are networks themselves, with the names of their classes."""

    def everything(self, site: Site) -> int:
        """The node of all elements."""
        node = self._all.get(site)
        if node is None:
            node = self._all[site] = self._graph.new()
        return node

    def all(self) -> dict[Site, int]:
        """The nodes of all elements that were asked for, by container."""
        return self._all

    def cell(self, site: Site, key: object) -> int:
        """The node of what is put under a key; None stands for a key that is not known."""
        cells = self._cells.setdefault(site, {})
        node = cells.get(key)
        if node is None:
            node = cells[key] = self._graph.new()
            if key != KEPT_KEYS:
                self._graph.edge(node, self.everything(site))
            if site in self._reordered and _is_place(key):
                self._graph.edge(node, self.cell(site, None))
            for to in self._readers.pop((site, key), ()):
                self._graph.edge(node, to)
            for react, payload in list(self._watchers.get(site, ())):
                react(key, node, payload)
        return node

    def cells(self, site: Site) -> Mapping[object, int]:
        """The nodes of what is put under each key."""
        return self._cells.get(site, {})

    def put(self, site: Site, key: object, value: int) -> None:
        self._graph.edge(value, self.cell(site, _known(key)))

    def take(self, site: Site, key: object, to: int) -> None:
        """Let ``to`` hold what may be under a key."""
        if _known(key) is None:
            self._graph.edge(self.everything(site), to)
        else:
            self._read(site, key, to)
            self._read(site, None, to)
            if site in self.networks and _is_place(key):
                self.watch(site, self._read_named, to)

    def iterate(self, site: Site, to: int) -> None:
        """Let ``to`` hold what a loop gives: the keys of a mapping, the elements of anything else."""
        if site not in self.mappings:
            self._graph.edge(self.everything(site), to)
        self._read(site, KEPT_KEYS, to)

    def take_unnamed(self, site: Site, to: int) -> None:
        """Let ``to`` hold what has a place or a key that is not known, as the elements of a list have."""
        self.watch(site, self._take_unnamed, to)

    def _take_unnamed(self, key: object, node: int, to: int) -> None:
        if key is None or _is_place(key):
            self._graph.edge(node, to)

    def _read(self, site: Site, key: object, to: int) -> None:
        """Let ``to`` hold what is put under a key, now or later. No cell is made, which others would take over."""
        node = self._cells.get(site, {}).get(key)
        if node is None:
            self._readers.setdefault((site, key), []).append(to)
        else:
            self._graph.edge(node, to)

    def _read_named(self, key: object, node: int, to: int) -> None:
        """Parts of a network that have a name stand at some place, too."""
        if isinstance(key, tuple):
            self._graph.edge(node, to)

    def reorder(self, site: Site, moves: bool = True) -> bool:
        """What stands at a place may stand at any; whether that is new. Unless it ``moves``, it stands there, too."""
        if moves:
            self._moved.add(site)
        if site in self._reordered:
            return False
        self._reordered.add(site)
        for key, node in list(self._cells.get(site, {}).items()):
            if _is_place(key):
                self._graph.edge(node, self.cell(site, None))
        return True

    def watch(self, site: Site, react: OnCell, payload: Any) -> None:
        """Have ``react`` called with the key and the node of every cell, now and later."""
        self._watchers.setdefault(site, []).append((react, payload))
        for key, node in list(self._cells.get(site, {}).items()):
            react(key, node, payload)

    def merge(self, source: Site, into: Site) -> None:
        """Let ``into`` hold the elements of ``source`` under their keys."""
        if source == into or (source, into) in self._merged:
            return
        self._merged.add((source, into))
        sources = self._sources.setdefault(into, [])
        sources.append(source)
        if len(sources) < MANY or into in self.networks:
            self.watch(source, self._take_over, into)
            return
        for each in sources if len(sources) == MANY else [source]:
            self._graph.edge(self.everything(each), self.cell(into, None))
            self.watch(each, self._take_over_members, into)

    def _take_over(self, key: object, node: int, into: Site) -> None:
        self._graph.edge(node, self.cell(into, key))
        if into in self.networks and isinstance(key, str):
            self._graph.edge(node, self.cell(into, ("attribute", key)))

    def _take_over_members(self, key: object, node: int, into: Site) -> None:
        """Take over what is no element: attributes, and keys."""
        if isinstance(key, tuple):
            self._take_over(key, node, into)

    def take_part(self, source: Site, into: Site, part: Part) -> None:
        """Let ``into`` hold some elements of ``source`` at other places."""
        parts = self._parts.setdefault(into, set())
        if (source, part) not in parts:
            parts.add((source, part))
            if part.end == SOMEWHERE:
                self.be_unsure(into, 0)
            self.watch(source, self._take_part, (into, part))

    def _take_part(self, key: object, node: int, what: tuple[Site, Part]) -> None:
        into, part = what
        if part.holds(key):
            self._graph.edge(node, self.cell(into, part.key(key)))

    def be_unsure(self, site: Site, place: int) -> None:
        """Take for possible alone what is put at a place or behind it: what comes next may begin there."""
        self._sure[site] = min(place, self._sure.get(site, place))

    def sure(self, site: Site) -> float:
        """The place up to which the elements of a container stay where they were put, in all that it is made of."""
        seen, todo = {site}, [site]
        for each in todo:
            more = {*self._sources.get(each, ()), *(source for source, _ in self._parts.get(each, ()))} - seen
            seen |= more
            todo += more
        is_in_order = seen.isdisjoint(self._moved) and (seen - {site}).isdisjoint(self._sure)
        return self._sure.get(site, math.inf) if is_in_order else 0

    def has(self, site: Site, key: object) -> bool:
        """Whether something is put under a key, or may be."""
        cells = self._cells.get(site, {})
        return bool(cells) if _known(key) is None else key in cells or None in cells

    def take_attribute(self, site: Site, name: str, to: int) -> None:
        self._read(site, ("attribute", name), to)

    def attribute(self, site: Site, name: str) -> int:
        """The node of an attribute of an object that is followed as a container."""
        return self.cell(site, ("attribute", name))

    def is_promised_callable(self, fact: Fact) -> bool:
        """Whether a fact is what an annotation promises of something that is called: its elements are the results."""
        return fact[0] == "D" and self.promised.get(id_of(fact)) == "callable"

    def held(self, site: Site) -> list[Fact]:
        """All that a container holds."""
        return self._graph.of(self.everything(site))


def _known(key: object) -> object:
    """The key, or None for one that counts from the end."""
    return None if _is_place(key) and key < 0 else key


def _is_place(key: object) -> TypeGuard[int]:
    return isinstance(key, int) and not isinstance(key, bool)
