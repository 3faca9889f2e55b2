"""Classes of the run: their bases and subclasses, and what is found under a name on them or their objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from migrate.flow.facts import Fact
from migrate.flow.graph import Graph
from migrate.flow.home import Home
from migrate.index.summary import COMPUTED, Class, Function

Owner = tuple[str, int]
"""What has attributes: ``("K", class)`` or ``("F", function)``.

``("O", class)`` and ``("D", container)`` have what objects get under names that are computed, by what these look like,
as file name patterns. A name that looks so finds it, unless any does: then the object holds it all the same.
"""


@dataclass(slots=True)
class RunClass:
    """A class of the run; ``base`` is the first node of its file. ``library`` are bases that are not of the run."""

    path: str
    summary: Class
    base: int
    bases: list[int] = field(default_factory=list)
    library: dict[Fact, None] = field(default_factory=dict)
    subclasses: dict[int, None] = field(default_factory=dict)

    @property
    def site(self) -> int:
        """What stands for the elements of its objects: they may be containers."""
        return self.summary.node + self.base

    def given(self) -> list[int]:
        """The nodes of its keywords, which its bases and their metaclass get."""
        return [node + self.base for _, node in self.summary.keywords]

    def keywords(self) -> tuple[int, tuple[tuple[str, int], ...], tuple[int, ...]]:
        """The node of the class, its keywords but for the metaclass, and the mappings that are unpacked among them."""
        given = [(name, node + self.base) for name, node in self.summary.keywords if name != "metaclass"]
        return self.site, tuple(g for g in given if g[0]), tuple(node for name, node in given if not name)


@dataclass(frozen=True, slots=True)
class RunFunction:
    """A function of the run or a copy of one, with the class that it is a method of.

    ``local`` has its nodes as its file counts them, ``summary`` those that they are in the graph. ``given_back`` are
    the parameters that it returns as they came.
    """

    home: Home
    local: Function
    summary: Function
    owner: int | None
    given_back: tuple[int, ...]

    @property
    def path(self) -> str:
        return self.home.path


class Classes:
    """The attributes of classes and their objects, and the nodes in which they are looked up.

    Objects are told apart by their class alone. A look-up on an object also finds what subclasses have, since it may
    be of one of them.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.classes: list[RunClass] = []
        self._fields: dict[Owner, dict[str, int]] = {}
        self._lookups: dict[int, dict[tuple[str, bool], int]] = {}
        self.supers: dict[int, list[tuple[str, int]]] = {}
        """The uses of ``super().name`` in each class."""
        self.reordered: set[int] = set()
        """The classes of objects that lose an attribute somewhere, which may be set again behind others."""
        self.watchers: list[Callable[[int, str], None]] = []
        """Told of every new attribute of a class."""

    def add(self, cls: RunClass) -> int:
        self.classes.append(cls)
        return len(self.classes) - 1

    def own(self, owner: Owner) -> dict[str, int]:
        """The attributes of a class or function itself, with their nodes."""
        return self._fields.get(owner, {})

    def asked(self, cls: int) -> dict[str, int]:
        """The names that are used on objects of a class, with the nodes of what they find there and below."""
        return {name: node for (name, down), node in self._lookups.get(cls, {}).items() if down}

    def names(self, cls: int) -> list[str]:
        """The attributes that objects of a class may have."""
        family = (cls, *self.above(cls), *self.classes[cls].subclasses)
        return list(dict.fromkeys(name for owner in family for name in self.own(("K", owner))))

    def field(self, owner: Owner, name: str) -> int:
        """The node of an attribute, which is made where it is new."""
        fields = self._fields.setdefault(owner, {})
        node = fields.get(name)
        if node is None:
            node = fields[name] = self._graph.new()
            if owner[0] == "K":
                self._found(owner[1], name, node)
                for told in self.watchers:
                    told(owner[1], name)
            elif owner[0] == "O":
                self._found_like(owner[1], name, node)
        return node

    def computed(self, cls: int) -> list[int]:
        """The nodes of what objects of a class get under names that are computed."""
        family = (cls, *self.above(cls), *self.classes[cls].subclasses)
        return [node for owner in family for node in self.own(("O", owner)).values()]

    def _found_like(self, cls: int, pattern: str, node: int) -> None:
        """Let the look-ups of names that look so, on objects of a class and of those above, find a computed one."""
        for owner in (cls, *self.above(cls)) if pattern != COMPUTED else ():
            for (name, down), lookup in list(self._lookups.get(owner, {}).items()):
                if (down or owner == cls) and fnmatchcase(name, pattern):
                    self._graph.edge(node, lookup)

    def _having(self, owner: int, name: str) -> Iterator[int]:
        """The nodes of what a class, or its objects, have under a name."""
        own = self._fields.get(("K", owner), {}).get(name)
        if own is not None:
            yield own
        for pattern, node in self._fields.get(("O", owner), {}).items():
            if pattern != COMPUTED and fnmatchcase(name, pattern):
                yield node

    def _found(self, cls: int, name: str, node: int) -> None:
        """Let the look-ups of a name on a class, and on objects of the classes above it, find a new attribute."""
        for down in (False, True):
            lookup = self._lookups.get(cls, {}).get((name, down))
            if lookup is not None:
                self._graph.edge(node, lookup)
        for above in self.above(cls):
            lookup = self._lookups.get(above, {}).get((name, True))
            if lookup is not None:
                self._graph.edge(node, lookup)

    def above(self, cls: int) -> list[int]:
        """The bases of a class in the run, and theirs."""
        found: dict[int, None] = {}
        todo = list(self.classes[cls].bases)
        while todo:
            base = todo.pop(0)
            if base not in found and base != cls:
                found[base] = None
                todo += self.classes[base].bases
        return list(found)

    def lookup(self, cls: int, name: str, down: bool) -> int:
        """The node of what ``name`` finds on a class; with ``down``, on an object, that may be of a subclass."""
        lookups = self._lookups.setdefault(cls, {})
        node = lookups.get((name, down))
        if node is None:
            node = lookups[name, down] = self._graph.new()
            for owner in (cls, *(self.classes[cls].subclasses if down else ())):
                for own in self._having(owner, name):
                    self._graph.edge(own, node)
            for base in self.classes[cls].bases:
                self._graph.edge(self.lookup(base, name, False), node)
        return node

    def take_base(self, cls: int, base: int) -> None:
        """Let a class derive from another of the run."""
        known = self.classes[cls]
        if base == cls or base in known.bases or cls in (above := self.above(base)):
            return
        known.bases.append(base)
        below = [cls, *known.subclasses]
        for ancestor in (base, *above):
            self.classes[ancestor].subclasses.update(dict.fromkeys(below))
            for (name, down), lookup in list(self._lookups.get(ancestor, {}).items()):
                for owner in below if down else ():
                    for own in self._having(owner, name):
                        self._graph.edge(own, lookup)
        for (name, _), lookup in list(self._lookups.get(cls, {}).items()):
            self._graph.edge(self.lookup(base, name, False), lookup)

    def is_enum(self, cls: int) -> bool:
        """Whether a class is an Enum, as far as its bases are known."""
        return any(str(base[1]).startswith("enum.") for base in self.library_bases(cls))

    def has(self, cls: int, name: str) -> bool:
        """Whether a class of the run, or one above it, has something under a name."""
        return any(name in self.own(("K", owner)) for owner in (cls, *self.above(cls)))

    def derives_from_rule(self, cls: int) -> bool:
        """Whether a class derives from one of a rule."""
        return any(base[0] == "M" for base in self.library_bases(cls))

    def library_bases(self, cls: int) -> dict[Fact, None]:
        """The bases of a class and of those above it that are not classes of the run."""
        found = dict(self.classes[cls].library)
        for above in self.above(cls):
            found.update(self.classes[above].library)
        return found
