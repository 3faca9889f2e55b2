"""What stands under the path of an attribute, such as ``layer1.0.bn1``, in objects of the run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

from migrate.flow.classes import Owner
from migrate.flow.facts import Fact, id_of
from migrate.flow.library import CONTAINERS
from migrate.flow.sources import Sources, literal
from migrate.flow.state import Flow

NAME, VALUE = 0, 1
"""The places of a pair that makes a named element."""
WRAPPED = ("attribute", "module")
"""Where a wrapper holds its network."""
NESTED = 3
"""Containers inside of each other beyond which no pair is looked for."""


@dataclass(frozen=True, slots=True)
class Under:
    """What stands under a name: ``exact`` facts were put there by that name, ``possible`` ones may have been.

    The latter have a name that is computed, or a place in a list that is not known. ``exists``: something was put
    there, known or not. ``may_exist``: something may have been.
    """

    exact: frozenset[Fact] = frozenset()
    possible: frozenset[Fact] = frozenset()
    exists: bool = False
    may_exist: bool = False

    def __or__(self, other: Under) -> Under:
        return Under(
            self.exact | other.exact,
            self.possible | other.possible,
            self.exists or other.exists,
            self.may_exist or other.may_exist,
        )

    def __bool__(self) -> bool:
        return self.exists or self.may_exist

    def as_possible(self) -> Under:
        """The same of something that only may be."""
        return Under(frozenset(), self.exact | self.possible, False, bool(self))


NOWHERE = Under()


class Attributes:
    """Attributes and elements of objects, once a flow has come to rest; objects are told apart by their class."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._known: dict[tuple[Fact, str], Under] = {}
        self._sure_up_to: dict[int, float] = {}
        """For each container the place up to which elements stay where they were put."""

    def under(self, holder: Under, name: str) -> Under:
        """What stands under a name, or a place that is written as one, in what stands somewhere."""
        found = NOWHERE
        for fact in holder.exact:
            found |= self.of(fact, name)
        for fact in holder.possible - holder.exact:
            found |= self.of(fact, name).as_possible()
        return found

    def owners(self, fact: Fact) -> list[Fact]:
        """The class of an object, and its bases in the run."""
        return [("K", owner) for owner in self._owners(id_of(fact))] if fact[0] == "O" else []

    def names(self, fact: Fact) -> list[str]:
        """The attributes that an object has by its class and the bases of that."""
        classes = self._flow.classes
        owners = self._owners(id_of(fact)) if fact[0] == "O" else ()
        return list(dict.fromkeys(name for owner in owners for name in classes.own(("K", owner))))

    def networks(self) -> Iterator[Fact]:
        """What may be a network as a whole: objects of classes that derive from a library's, and its containers.

        What only wraps another network, such as DataParallel, is none.
        """
        for cls in range(len(self._flow.classes.classes)):
            known = self._flow.classes.library_bases(cls)
            if any(not str(base[1]).startswith("builtins.") for base in known):
                yield ("O", cls)
        for site in sorted(self._flow.containers.networks):
            if set(self._flow.containers.cells(site)) != {WRAPPED}:
                yield ("D", site)

    def bases(self, fact: Fact) -> list[str]:
        """The classes of libraries that an object's class derives from."""
        return [str(base[1]) for base in self._flow.classes.library_bases(id_of(fact))] if fact[0] == "O" else []

    def title(self, fact: Fact) -> str:
        """What a person calls the class of an object."""
        if fact[0] == "O":
            cls = self._flow.classes.classes[id_of(fact)]
            return f"{cls.summary.name} of {cls.path}"
        return str(fact[1]) if fact[0] in "ILMS" else "a container"

    def of(self, fact: Fact, name: str) -> Under:
        """What an object has under a name."""
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
            found |= self._exact(classes.own(("K", owner)).get(name))
            found |= self._computed(("O", owner), name)
        if self._sources.may_have_more(cls, name):
            found |= Under(may_exist=True)
        if any(str(base[1]) in CONTAINERS for base in classes.library_bases(cls)):
            for owner in self._owners(cls):
                found |= self._elements(classes.classes[owner].site, name)
        return found

    def _of_container(self, site: int, name: str) -> Under:
        return self._elements(site, name) | self._computed(("D", site), name)

    def _computed(self, owner: Owner, name: str) -> Under:
        """What objects get under computed names that look like this one."""
        found = NOWHERE
        for looks, node in self._flow.classes.own(owner).items():
            if fnmatchcase(name, looks):
                found |= self._possible(node)
        return found

    def _elements(self, site: int, name: str) -> Under:
        cells = self._flow.containers.cells(site)
        is_place = name.isdecimal()
        found = self._possible(cells.get(None))
        for key in (name, ("attribute", name)):
            found |= self._exact(cells.get(key))
        if is_place:
            at = cells.get(int(name))
            found |= self._exact(at) if int(name) < self._sure(site) else self._possible(at)
        return found if is_place else found | self._named(site, name, NESTED)

    def _sure(self, site: int) -> float:
        if site not in self._sure_up_to:
            self._sure_up_to[site] = self._flow.containers.sure(site)
        return self._sure_up_to[site]

    def _named(self, site: int, name: str, depth: int) -> Under:
        """What stands in pairs of a name and a value, as an OrderedDict is made of them."""
        found = NOWHERE
        for fact in self._flow.containers.held(site) if depth else ():
            if fact[0] != "D" or id_of(fact) == site:
                continue
            cells = self._flow.containers.cells(id_of(fact))
            if not (set(cells) == {NAME, VALUE} and not self._facts(cells[NAME])):
                if id_of(fact) not in self._flow.containers.networks:
                    found |= self._named(id_of(fact), name, depth - 1)
            else:
                literals = self._sources.of(cells[NAME])
                if literal(name) in literals.values:
                    found |= self._exact(cells[VALUE])
                elif literals.unknown:
                    found |= self._possible(cells[VALUE])
        return found

    def _exact(self, node: int | None) -> Under:
        return Under(self._facts(node), exists=True) if node is not None else NOWHERE

    def _possible(self, node: int | None) -> Under:
        return Under(possible=self._facts(node), may_exist=True) if node is not None else NOWHERE

    def _facts(self, node: int) -> frozenset[Fact]:
        """What may be a part of a network at a node: plain lists and dicts are none."""
        networks = self._flow.containers.networks
        return frozenset(f for f in self._flow.graph.of(node) if f[0] != "D" or id_of(f) in networks)

    @cached_property
    def _sources(self) -> Sources:
        return Sources(self._flow)
