"""What stands under the path of an attribute, such as ``layer1.0.bn1``, in objects of the run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

from migrate.flow.facts import Fact, id_of
from migrate.flow.members import CONTAINERS
from migrate.flow.sources import Sources
from migrate.flow.state import Flow
from migrate.index.summary import COMPUTED

NAME, VALUE = 0, 1
"""The places of a pair that makes a named element."""
NESTED = 3
"""Containers inside of each other beyond which no pair is looked for."""


@dataclass(frozen=True, slots=True)
class Under:
    """What stands under a name: ``facts``, as far as they are known.

    ``exists``: something is put there. ``may_exist``: something may be, under a name that is computed.
    """

    facts: frozenset[Fact] = frozenset()
    exists: bool = False
    may_exist: bool = False

    @property
    def is_known(self) -> bool:
        """Whether something is put there that is known, so that what has a computed name is likely elsewhere."""
        return self.exists and bool(self.facts)

    def __or__(self, other: Under) -> Under:
        return Under(self.facts | other.facts, self.exists or other.exists, self.may_exist or other.may_exist)


NOWHERE = Under()


class Attributes:
    """Attributes and elements of objects, once a flow has come to rest; objects are told apart by their class."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._known: dict[tuple[Fact, str], Under] = {}

    def under(self, facts: Iterable[Fact], name: str) -> Under:
        """What some facts have under a name, or a place that is written as one."""
        found = NOWHERE
        for fact in facts:
            found |= self._of(fact, name)
        return found

    def names(self, cls: int) -> list[str]:
        """The attributes that objects of a class have by itself and its bases."""
        owners = self._owners(cls)
        return list(dict.fromkeys(name for owner in owners for name in self._flow.classes.own(("K", owner))))

    def networks(self) -> Iterator[Fact]:
        """What may be a network as a whole: objects of classes that derive from a library's, and its containers."""
        for cls in range(len(self._flow.classes.classes)):
            known = self._flow.classes.library_bases(cls)
            if any(not str(base[1]).startswith("builtins.") for base in known):
                yield ("O", cls)
        yield from (("D", site) for site in sorted(self._flow.containers.networks))

    def bases(self, fact: Fact) -> list[str]:
        """The classes of libraries that an object's class derives from."""
        return [str(base[1]) for base in self._flow.classes.library_bases(id_of(fact))] if fact[0] == "O" else []

    def title(self, fact: Fact) -> str:
        """What a person calls the class of an object."""
        if fact[0] == "O":
            cls = self._flow.classes.classes[id_of(fact)]
            return f"{cls.summary.name} of {cls.path}"
        return str(fact[1]) if fact[0] in "ILMS" else "a container"

    def _of(self, fact: Fact, name: str) -> Under:
        if fact[0] not in "OD":
            return NOWHERE
        if (fact, name) not in self._known:
            self._known[fact, name] = (
                self._of_object(id_of(fact), name) if fact[0] == "O" else self._of_container(id_of(fact), name)
            )
        return self._known[fact, name]

    def _owners(self, cls: int) -> tuple[int, ...]:
        return (cls, *self._flow.classes.above(cls))

    def _of_object(self, cls: int, name: str) -> Under:
        classes = self._flow.classes
        found = NOWHERE
        for owner in self._owners(cls):
            node = classes.own(("K", owner)).get(name)
            if node is not None:
                found |= Under(self._facts(node), exists=True)
        if found.is_known:
            return found
        for owner in self._owners(cls):
            computed = classes.own(("O", owner)).get(COMPUTED)
            if computed is not None:
                found |= Under(self._facts(computed), may_exist=True)
            for pattern, value in self._set.get(owner, ()):
                if fnmatchcase(name, pattern):
                    found |= Under(self._facts(value), may_exist=True)
        if self._sources.may_have_more(cls, name):
            found |= Under(may_exist=True)
        if any(str(base[1]) in CONTAINERS for base in classes.library_bases(cls)):
            for owner in self._owners(cls):
                found |= self._elements(classes.classes[owner].site, name)
        return found

    def _of_container(self, site: int, name: str) -> Under:
        found = self._elements(site, name)
        computed = self._flow.classes.own(("D", site)).get(COMPUTED)
        if found.is_known or computed is None:
            return found
        return found | Under(self._facts(computed), may_exist=True)

    def _elements(self, site: int, name: str) -> Under:
        cells = self._flow.containers.cells(site)
        keys: list[object] = [name, ("attribute", name)]
        if name.isdecimal():
            keys.append(int(name))
        found = NOWHERE
        for key in keys:
            if key in cells:
                found |= Under(self._facts(cells[key]), exists=True)
        if found.is_known and not name.isdecimal():
            return found
        if None in cells:
            found |= Under(self._facts(cells[None]), may_exist=True)
        return found if name.isdecimal() else found | self._named(site, name, NESTED)

    def _named(self, site: int, name: str, depth: int) -> Under:
        """What stands in pairs of a name and a value, as an OrderedDict is made of them."""
        found = NOWHERE
        for fact in self._flow.containers.held(site) if depth else ():
            if fact[0] != "D" or id_of(fact) == site:
                continue
            cells = self._flow.containers.cells(id_of(fact))
            if set(cells) == {NAME, VALUE} and not self._facts(cells[NAME]):
                literals = self._sources.of(cells[NAME])
                if name in literals.values or literals.unknown:
                    found |= Under(self._facts(cells[VALUE]), name in literals.values, literals.unknown)
            found |= self._named(id_of(fact), name, depth - 1)
        return found

    def _facts(self, node: int) -> frozenset[Fact]:
        return frozenset(self._flow.graph.of(node))

    @cached_property
    def _sources(self) -> Sources:
        return Sources(self._flow)

    @cached_property
    def _set(self) -> dict[int, list[tuple[str, int]]]:
        """For each class, what its objects get by ``setattr``: how the names look, and the nodes of the values."""
        found: dict[int, list[tuple[str, int]]] = {}
        for call in self._flow.calls:
            if len(call.positional) == 3 and self._flow.graph.holds(call.callee, ("S", "builtins.setattr")):
                objects = [fact for fact in self._flow.graph.of(call.positional[0]) if fact[0] == "O"]
                for fact in objects:
                    pattern = self._sources.computed_name(call)
                    found.setdefault(id_of(fact), []).append((pattern, call.positional[2]))
        return found
