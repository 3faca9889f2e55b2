"""Which facts bring a class of a rule, or a layer of one, to whoever gets what they speak about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from migrate.flow.facts import Fact, id_of
from migrate.flow.operators import METHODS
from migrate.flow.state import Flow

IS_CLASS, BY_ITSELF, HOLDING = 3, 2, 1
"""What a fact brings: it is a class, or a partial of one; whoever calls it, or takes from it, deals with a class; or
it holds a layer under some name."""
MAKE = ("__init__", "__new__")
"""Methods that run where an object is made."""
RUN = ("__call__", "forward")
"""Methods that run where one is called."""
COMPOUND = {"K": "K", "O": "K", "F": "F", "B": "F", "P": "P", "D": "D", "T": "D"}
"""The kinds of facts that bring what others do, with the kind under which these others are found."""
APPLIED = frozenset(
    {f"__{prefix}{name}__" for name in METHODS.values() for prefix in ("", "r", "i")}
    | {
        f"__{name}__"
        for name in (
            "neg",
            "pos",
            "invert",
            "abs",
            "getitem",
            "setitem",
            "missing",
            "getattr",
            "getattribute",
            "setattr",
        )
    }
    | {f"__{name}__" for name in ("iter", "next", "reversed", "enter", "await", "aiter", "anext", "aenter")}
)
"""Methods that run by operators, subscripts, attributes and statements."""


GIVES = {
    "held": (0, HOLDING, HOLDING, HOLDING),  # an attribute of a class, an object or a function
    "made": (0, HOLDING, BY_ITSELF, BY_ITSELF),  # a constructor: of a class, not of its objects
    "run": (0, HOLDING, BY_ITSELF, BY_ITSELF),  # a method that runs by a call; elements; what is returned
    "applied": (0, BY_ITSELF, BY_ITSELF, BY_ITSELF),  # one that runs by an operator or a subscript: nothing names it
    "same": (0, HOLDING, BY_ITSELF, IS_CLASS),
}
"""What a compound fact brings, by what a node inside of it does."""
TAKES = {
    "used": (0, BY_ITSELF, BY_ITSELF, BY_ITSELF),  # with something behind it that spells a layer
    "given": (0, 0, 0, BY_ITSELF),  # any other
}
"""What a function brings by what its parameters have, since others may call it with something else."""
Feeds = dict[int, list[tuple[tuple[int, ...], list[int]]]]
"""For each node inside of compound facts, these by number, and what they bring by what the node does."""


class Carrying:
    """What facts bring, once a flow has come to rest.

    Files that were not read matter where such a fact goes into them, or where they import it.
    """

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._graph = flow.graph
        self._owners: dict[int, list[int]] = {}
        """For each node that is loaded, the nodes of which it is an attribute or element."""
        self._parts = 0
        self._own_facts: dict[int, set[int]] = {}

    def refresh(self) -> None:
        """Find anew what facts bring, when the flow has grown."""
        self._names: dict[Fact, dict[str, int]] = {}
        self._tellings: dict[tuple[str, int], tuple[list[tuple[str, int]], set[int]]] = {}
        self._objects = {number for number, fact in enumerate(self._graph.table) if fact[0] in "KO"}
        self._own_facts.clear()
        self._before = self._graph.predecessors()
        for part, home in self._flow.parts[self._parts :]:
            for (owner, _), to in part.loads.items():
                self._owners.setdefault(home.at[to], []).append(home.at[owner])
        self._parts = len(self._flow.parts)
        self._called = self._closure(self._sinks(), {})
        self._used = self._closure(self._receivers(), self._owners)  # what is used of an attribute is of its owner
        self._nodes: dict[int, int] = {}
        self._levels = bytearray(len(self._graph.table))
        self._spread()

    def node(self, node: int) -> int:
        """The most that a fact of a node brings."""
        known = self._nodes.get(node)
        if known is None:
            levels = self._levels
            facts = self._graph.facts[node]
            known = self._nodes[node] = max(map(levels.__getitem__, facts)) if facts else 0
        return known

    def fact(self, fact: Fact) -> int:
        """IS_CLASS, BY_ITSELF, HOLDING, or 0 for nothing."""
        number = self._graph.numbers.get(fact)
        return self._levels[number] if number is not None and number < len(self._levels) else 0

    def _spread(self) -> None:
        """Move what facts bring to the nodes that hold them, and from there to the facts that these are inside of."""
        todo: dict[int, list[int]] = {HOLDING: [], BY_ITSELF: [], IS_CLASS: []}
        taking: Feeds = {}
        feeds = self._feeds(todo, taking)
        holders = self._holders({**feeds, **taking})
        self._climb(todo, holders, feeds)
        # What takes something brings no layer: what has nothing else is no reason to give a function something else.
        todo[BY_ITSELF] += self._takers(taking)
        self._climb(todo, holders, feeds)

    def _climb(self, todo: dict[int, list[int]], holders: dict[int, list[int]], feeds: Feeds) -> None:
        levels, nodes = self._levels, self._nodes
        while level := next((level for level in (IS_CLASS, BY_ITSELF, HOLDING) if todo[level]), 0):
            number = todo[level].pop()
            if levels[number] >= level:
                continue
            levels[number] = level
            for node in holders.get(number, ()):
                if nodes[node] < level:
                    nodes[node] = level
                    for gives, inside in feeds.get(node, ()):
                        if gives[level]:
                            todo[gives[level]] += inside

    def _holders(self, feeds: Feeds) -> dict[int, list[int]]:
        """The nodes inside of compound facts by the facts that they hold."""
        found: dict[int, list[int]] = {}
        for node in feeds:
            self._nodes[node] = 0
            for number in (self._graph.facts[node] if node >= 0 else self._own(-1 - node)) or ():
                if number in found:
                    found[number].append(node)
                else:
                    found[number] = [node]
        return found

    def _takers(self, taking: Feeds) -> Iterator[int]:
        """The functions that something else given by others would matter to."""
        for number, fact in enumerate(self._graph.table):
            if fact[0] in "FB" and not self._called.isdisjoint(self._parameters(id_of(fact))):
                yield number
        for node, functions in taking.items():
            for gives, numbers in functions:
                if gives[self._nodes[node]]:
                    yield from numbers

    def _feeds(self, todo: dict[int, list[int]], taking: Feeds) -> Feeds:
        """The nodes inside of compound facts; parameters are put into ``taking``, what others bring into ``todo``."""
        alike: dict[tuple[str, int], list[int]] = {}
        for number, fact in enumerate(self._graph.table):
            kind: str = fact[0]
            if kind in "KO" and self._flow.classes.derives_from_rule(id_of(fact)):
                todo[IS_CLASS if kind == "K" else HOLDING].append(number)
            elif found := _inside_of(fact):
                alike.setdefault(found, []).append(number)
            elif kind in "MIR":
                todo[IS_CLASS if kind == "M" else HOLDING].append(number)
        feeds: Feeds = {}
        for (kind, of), numbers in alike.items():
            made = [number for number in numbers if self._graph.table[number][0] == "K"]
            for node, gives in self._inside(kind, of):
                if gives in GIVES:
                    feeds.setdefault(node, []).append((GIVES[gives], made if gives == "made" else numbers))
                else:
                    taking.setdefault(node, []).append((TAKES[gives], numbers))
        return feeds

    def _inside(self, kind: str, of: int) -> Iterator[tuple[int, str]]:
        """The nodes on which it depends what a compound fact brings, with how; -1 - f for what function f gives."""
        if kind == "K":
            above = (of, *self._flow.classes.above(of))
            for owner in self._family(of):
                for name, node in self._flow.classes.own(("K", owner)).items():
                    use = _use_of(name)
                    if use != "made" or owner in above:
                        yield node, use
        elif kind == "F":
            yield -1 - of, "run"
            for node in self._parameters(of):
                yield node, "used" if node in self._used else "given"
            for node in self._flow.classes.own(("F", of)).values():
                yield node, "held"
        elif kind == "P":
            yield self._flow.calls[of].positional[0], "same"
        else:
            yield self._flow.containers.everything(of), "run"

    def _family(self, cls: int) -> Iterable[int]:
        classes = self._flow.classes
        return (cls, *classes.above(cls), *classes.classes[cls].subclasses)

    def _own(self, number: int) -> set[int]:
        """What a function gives that none of its parameters has."""
        known = self._own_facts.get(number)
        if known is None:
            facts = self._graph.facts
            given = [facts[node] or () for node in self._parameters(number)]
            result = set(facts[self._flow.functions[number].summary.result] or ())
            known = self._own_facts[number] = result.difference(*given)
        return known

    def _parameters(self, number: int) -> list[int]:
        function = self._flow.functions[number]
        own = function.owner is not None and function.summary.kind != "static"
        parameters = function.summary.parameters[1:] if own else function.summary.parameters
        return [node for _, node in (*parameters, *function.summary.keyword_only)]

    def names(self, fact: Fact) -> dict[str, int]:
        """The names under which others have what a fact brings, and what each of them brings; "" for no name at all."""
        if fact not in self._names:
            table, levels = self._graph.table, self._levels
            found: dict[str, int] = {}
            number = self._graph.numbers[fact]
            seen, todo = {number}, [number]
            while todo:
                at = todo.pop()
                direct, held = self._told(table[at], at)
                for name, brought in direct:
                    if brought > found.get(name, 0):
                        found[name] = brought
                new = [inner for inner in held if levels[inner] and inner not in seen]
                seen.update(new)
                todo += new
            self._names[fact] = found
        return self._names[fact]

    def _told(self, fact: Fact, number: int) -> tuple[list[tuple[str, int]], set[int]]:
        """The names under which a fact brings something by itself, and the facts that others get from it."""
        found = _inside_of(fact)
        if found is None:
            return [("", self._levels[number])], set()
        known = self._tellings.get(found)
        if known is None:
            known = self._tellings[found] = (list(self._direct(*found)), self._held(*found))
        return known

    def _direct(self, kind: str, of: int) -> Iterator[tuple[str, int]]:
        if kind == "F":
            for name, node in self._flow.classes.own(("F", of)).items():
                if brought := self.node(node):
                    yield name, brought
        elif kind == "K":
            if self._flow.classes.derives_from_rule(of):
                yield "", HOLDING
            for owner in self._family(of):
                for name, node in self._flow.classes.own(("K", owner)).items():
                    # An object that holds one has the name of that besides.
                    if brought := self._beside_objects(node):
                        yield ("", HOLDING) if _use_of(name) != "held" else (name, brought)

    def _beside_objects(self, node: int) -> int:
        """The most that a fact of a node brings that is no class or object of the run."""
        if self.node(node) == 0:
            return 0
        facts = (number for number in self._graph.facts[node] or () if number not in self._objects)
        return max(map(self._levels.__getitem__, facts), default=0)

    def _held(self, kind: str, of: int) -> set[int]:
        """What others get from what a fact speaks about; of attributes, the objects that have more of them."""
        if kind == "F":
            return self._own(of)
        found: set[int] = set()
        for node, _ in self._inside(kind, of):
            found.update(self._graph.facts[node] or ())
        return found & self._objects if kind == "K" else found

    def _sinks(self) -> Iterator[int]:
        """What is called with something that brings a class or layer, and where an object has one."""
        for call in self._flow.calls:
            passed = (*call.positional, *(node for _, node in call.keywords))
            if any(map(self._has_layer, passed)):
                yield call.callee
        for cls in range(len(self._flow.classes.classes)):
            yield from filter(self._has_layer, self._flow.classes.own(("K", cls)).values())

    def _has_layer(self, node: int) -> bool:
        facts = self._graph.facts[node]
        return facts is not None and not self._graph.kept.isdisjoint(facts)

    def _receivers(self) -> Iterator[int]:
        names = self._flow.rules.attribute_names
        for loaded in self._flow.modules.loaded.values():
            if loaded is not None:
                bases = (use.base + loaded.base for use in loaded.summary.uses if use.name in names)
                yield from (node for base in bases for node in self._flow.everywhere(base))

    def _closure(self, nodes: Iterable[int], owners: Mapping[int, list[int]]) -> set[int]:
        """Nodes, and all from which they hold something; with those that these are loaded from."""
        found = set(nodes)
        todo = list(found)
        while todo:
            node = todo.pop()
            before = self._before.get(node, ())
            for earlier in (*before, *owners[node]) if node in owners else before:
                if earlier not in found:
                    found.add(earlier)
                    todo.append(earlier)
        return found


def _use_of(name: str) -> str:
    """What runs an attribute of a class, if it is a method."""
    if name in MAKE:
        return "made"
    if name in RUN:
        return "run"
    return "applied" if name in APPLIED else "held"


def _inside_of(fact: Fact) -> tuple[str, int] | None:
    """Where what brings what a compound fact does is found: the kind and the number; None for any other fact."""
    kind: str = str(fact[2]) if fact[0] == "V" and len(fact) == 3 else fact[0]
    return (COMPOUND[kind], id_of(fact)) if kind in COMPOUND else None
