"""Which facts bring a class of a rule, or a layer of one, to whoever gets what they speak about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from migrate.flow.facts import Fact, id_of
from migrate.flow.state import Flow

IS_CLASS, BY_ITSELF, HOLDING = 3, 2, 1
"""What a fact brings: it is a class, or a partial of one; whoever calls it, or takes from it, deals with a class; or
it holds a layer under some name."""
RUNS = ("__init__", "__new__", "__call__", "forward")
"""Methods that run without being named."""
COMPOUND = frozenset("KOFBPD")
"""The kinds of facts that bring what others do."""


class Carrying:
    """What facts bring, once a flow has come to rest.

    Files that were not read matter where such a fact goes into them, or where they import it.
    """

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._graph = flow.graph
        self._known: dict[Fact, int] = {}
        self._nodes: dict[int, int] = {}
        self._names: dict[Fact, dict[str, int]] = {}
        self._before = self._graph.predecessors()
        self._called = self._closure(self._sinks())
        for part, home in flow.parts:  # what is used of an attribute is used of its owner
            for (owner, _), to in part.loads.items():
                self._before.setdefault(home.at[to], []).append(home.at[owner])
        self._used = self._closure(self._receivers())
        self._spread()

    def node(self, node: int) -> int:
        """The most that a fact of a node brings."""
        return self._nodes.get(node, 0)

    def fact(self, fact: Fact) -> int:
        """IS_CLASS, BY_ITSELF, HOLDING, or 0 for nothing."""
        kind = fact[0]
        if kind in COMPOUND:
            return self._known.get(fact, 0)
        return IS_CLASS if kind == "M" else HOLDING if kind in "IRT" else 0

    def _spread(self) -> None:
        """Find what compound facts bring; one that comes to bring more is told to all that depend on it."""
        holders: dict[Fact, list[int]] = {}
        for node, facts in enumerate(self._graph.facts):
            for fact in facts or ():
                if fact[0] in COMPOUND:
                    holders.setdefault(fact, []).append(node)
                elif self.fact(fact) > self._nodes.get(node, 0):
                    self._nodes[node] = self.fact(fact)
        feeds: dict[int, list[Fact]] = {}
        for fact in holders:
            for node in self._inside(fact):
                feeds.setdefault(node, []).append(fact)
        todo = dict.fromkeys(holders)
        while todo:
            fact, _ = todo.popitem()
            brought = self._find(fact)
            if brought <= self._known.get(fact, 0):
                continue
            self._known[fact] = brought
            for node in holders[fact]:
                told: Iterable[Fact] = feeds.get(node, ())
                if brought > self._nodes.get(node, 0):
                    self._nodes[node] = brought
                else:  # what a function gives by itself may be more, although what it is given is as much
                    told = (other for other in told if other[0] in "FB")
                todo.update(dict.fromkeys(told))

    def _inside(self, fact: Fact) -> Iterator[int]:
        """The nodes on which it depends what a compound fact brings."""
        kind, of = fact[0], id_of(fact)
        if kind in "KO":
            for owner in self._family(of):
                yield from self._flow.classes.own(("K", owner)).values()
        elif kind in "FB":
            function = self._flow.functions[of]
            yield function.summary.result
            yield from self._parameters(of)
            yield from self._flow.classes.own(("F", of)).values()
        elif kind == "P":
            yield self._flow.calls[of].positional[0]
        else:
            yield self._flow.containers.everything(of)

    def _family(self, cls: int) -> Iterable[int]:
        classes = self._flow.classes
        return (cls, *classes.above(cls), *classes.classes[cls].subclasses)

    def _find(self, fact: Fact) -> int:
        kind = fact[0]
        if kind in "KO":
            return self._class(fact)
        if kind in "FB":
            return self._function(id_of(fact))
        (node,) = self._inside(fact)
        return self.node(node) if kind == "P" else min(self.node(node), BY_ITSELF)

    def _class(self, fact: Fact) -> int:
        cls = id_of(fact)
        if self._flow.classes.derives_from_rule(cls):
            return IS_CLASS if fact[0] == "K" else HOLDING
        found = 0
        for owner in self._family(cls):
            for name, node in self._flow.classes.own(("K", owner)).items():
                brought = self.node(node)
                if brought >= BY_ITSELF and name in RUNS:
                    return BY_ITSELF
                found = HOLDING if brought else found
        return found

    def _function(self, number: int) -> int:
        if self._takes(number):
            return BY_ITSELF
        brought = min(max(map(self.fact, self._own(number)), default=0), BY_ITSELF)
        attributes = self._flow.classes.own(("F", number)).values()
        return brought or (HOLDING if any(map(self.node, attributes)) else 0)

    def _own(self, number: int) -> Iterator[Fact]:
        """What a function gives that none of its parameters has."""
        function = self._flow.functions[number]
        given = {fact for node in self._parameters(number) for fact in self._graph.of(node)}
        for fact in self._graph.of(function.summary.result):
            if fact not in given:
                yield fact

    def _parameters(self, number: int) -> list[int]:
        function = self._flow.functions[number]
        own = function.owner is not None and function.summary.kind != "static"
        parameters = function.summary.parameters[1:] if own else function.summary.parameters
        return [node for _, node in (*parameters, *function.summary.keyword_only)]

    def _takes(self, number: int) -> bool:
        """Whether other callers of a function may give it something that matters."""
        for node in self._parameters(number):
            brought = self.node(node)
            if node in self._called or brought == IS_CLASS or (brought and node in self._used):
                return True
        return False

    def names(self, fact: Fact) -> dict[str, int]:
        """The names under which others have what a fact brings, and what each of them brings; "" for no name at all."""
        if fact not in self._names:
            found: dict[str, int] = {}
            seen, todo = {fact}, [fact]
            while todo:
                at = todo.pop()
                for name, brought in self._direct(at):
                    found[name] = max(brought, found.get(name, 0))
                new = [inner for inner in self._held(at) if self.fact(inner) and inner not in seen]
                seen.update(new)
                todo += new
            self._names[fact] = found
        return self._names[fact]

    def _direct(self, fact: Fact) -> Iterator[tuple[str, int]]:
        if fact[0] not in COMPOUND:
            yield "", self.fact(fact)
        elif fact[0] in "FB":
            for name, node in self._flow.classes.own(("F", id_of(fact))).items():
                if brought := self.node(node):
                    yield name, brought
        elif fact[0] in "KO":
            if self._flow.classes.derives_from_rule(id_of(fact)):
                yield "", HOLDING
            for owner in self._family(id_of(fact)):
                for name, node in self._flow.classes.own(("K", owner)).items():
                    # An object that holds one has the name of that besides.
                    brought = max((self.fact(held) for held in self._graph.of(node) if held[0] not in "KO"), default=0)
                    if brought:
                        yield ("", HOLDING) if name.startswith("__") or name in RUNS else (name, brought)

    def _held(self, fact: Fact) -> Iterator[Fact]:
        """What others get from what a fact speaks about; of attributes, the objects that have more of them."""
        if fact[0] in "FB":
            yield from self._own(id_of(fact))
        elif fact[0] in "PD":
            yield from (held for node in self._inside(fact) for held in self._graph.of(node))
        elif fact[0] in "KO":
            yield from (held for node in self._inside(fact) for held in self._graph.of(node) if held[0] in "KO")

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
        return facts is not None and any(fact[0] in "MI" for fact in facts)

    def _receivers(self) -> Iterator[int]:
        names = self._flow.rules.attribute_names
        for loaded in self._flow.modules.loaded.values():
            if loaded is not None:
                bases = (use.base + loaded.base for use in loaded.summary.uses if use.name in names)
                yield from (node for base in bases for node in self._flow.everywhere(base))

    def _closure(self, nodes: Iterable[int]) -> set[int]:
        """Nodes, and all from which they hold something."""
        found = set(nodes)
        todo = list(found)
        while todo:
            for node in self._before.get(todo.pop(), ()):
                if node not in found:
                    found.add(node)
                    todo.append(node)
        return found
