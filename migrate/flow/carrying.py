"""Which facts bring a class of a rule, or a layer of one, to whoever gets what they speak about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from migrate.flow.facts import Fact, id_of
from migrate.flow.state import Flow

IS_CLASS, BY_ITSELF, HOLDING = 3, 2, 1
"""What a fact brings: it is a class, or a partial of one; whoever calls it, or takes from it, deals with a class; or
it holds a layer under some name."""
RUNS = ("__init__", "__new__", "__call__", "forward")
"""Methods that run where an object is made or called."""
COMPOUND = frozenset("KOFBPD")
"""The kinds of facts that bring what others do."""


GIVES = {
    "held": (0, HOLDING, HOLDING, HOLDING),  # an attribute of a class, an object or a function
    "run": (0, HOLDING, BY_ITSELF, BY_ITSELF),  # a method that runs by a call; elements; what is returned
    "applied": (0, BY_ITSELF, BY_ITSELF, BY_ITSELF),  # one that runs by an operator or a subscript: nothing names it
    "same": (0, HOLDING, BY_ITSELF, IS_CLASS),
    "used": (0, BY_ITSELF, BY_ITSELF, BY_ITSELF),  # a parameter with something behind it that spells a layer
    "given": (0, 0, 0, BY_ITSELF),  # any other parameter
}
"""What a compound fact brings, by what a node inside of it does."""
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
        feeds = self._feeds(todo)
        holders = self._holders(feeds)
        levels, nodes = self._levels, self._nodes
        while level := next((level for level in (IS_CLASS, BY_ITSELF, HOLDING) if todo[level]), 0):
            number = todo[level].pop()
            if levels[number] >= level:
                continue
            levels[number] = level
            for node in holders.get(number, ()):
                if nodes[node] < level:
                    nodes[node] = level
                    for gives, inside in feeds[node]:
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

    def _feeds(self, todo: dict[int, list[int]]) -> Feeds:
        """The nodes inside of compound facts; what other facts bring is put into ``todo``."""
        alike: dict[tuple[str, int], list[int]] = {}
        for number, fact in enumerate(self._graph.table):
            kind: str = fact[0]
            if kind in "KO" and self._flow.classes.derives_from_rule(id_of(fact)):
                todo[IS_CLASS if kind == "K" else HOLDING].append(number)
            elif kind in COMPOUND:
                alike.setdefault(({"O": "K", "B": "F"}.get(kind, kind), id_of(fact)), []).append(number)
            elif kind in "MIRVT":
                todo[IS_CLASS if kind == "M" else HOLDING].append(number)
        feeds: Feeds = {}
        for (kind, of), numbers in alike.items():
            for node, gives in self._inside(kind, of):
                feeds.setdefault(node, []).append((GIVES[gives], numbers))
            if kind == "F" and not self._called.isdisjoint(self._parameters(of)):
                todo[BY_ITSELF] += numbers
        return feeds

    def _inside(self, kind: str, of: int) -> Iterator[tuple[int, str]]:
        """The nodes on which it depends what a compound fact brings, with how; -1 - f for what function f gives."""
        if kind == "K":
            for owner in self._family(of):
                for name, node in self._flow.classes.own(("K", owner)).items():
                    yield node, _use_of(name)
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
        kind = {"O": "K", "B": "F"}.get(fact[0], fact[0])
        if kind not in COMPOUND:
            return [("", self._levels[number])], set()
        of = id_of(fact)
        known = self._tellings.get((kind, of))
        if known is None:
            known = self._tellings[kind, of] = (list(self._direct(kind, of)), self._held(kind, of))
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
    if name in RUNS:
        return "run"
    return "applied" if name.startswith("__") and name.endswith("__") else "held"
