"""Where classes of rules and their instances come from: backwards along what moved them, to where they are spelled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from migrate.flow.closure import ALL, Behind, Closure, Elements
from migrate.flow.facts import Fact, id_of
from migrate.flow.library import EFFECTS, is_class_name
from migrate.flow.state import Flow
from migrate.index.summary import Call, Key

Held = tuple[int, Fact]
"""A node and a fact that it holds."""


class Origins:
    """Questions to a flow that has come to rest; ``spelled`` are the nodes of the expressions that spell classes."""

    def __init__(self, flow: Flow, spelled: Iterable[int]) -> None:
        self._flow = flow
        self._graph = flow.graph
        self._before = flow.graph.predecessors()
        self._loads = flow.loads()
        self._calls: dict[int, list[Call]] = {}
        for call in flow.calls:
            self._calls.setdefault(call.result, []).append(call)
        self._tests: dict[int, list[tuple[int, int]]] = {}
        self._promised: dict[int, list[int]] = {}
        self._elements: Elements[int] = Elements()
        self._closure = Closure(self._behind)
        self._spelled = {each for node in spelled for each in flow.everywhere(node)}
        for part, home in flow.parts:
            at = home.at
            for test in part.tests:
                self._tests.setdefault(at[test.narrowed], []).append((at[test.subject], at[test.classes]))
            for cls, to in part.instances:
                self._promised.setdefault(at[to], []).append(at[cls])
        for narrowed, told in flow.guarded.items():
            self._tests.setdefault(narrowed, []).append(told)

    def of(self, nodes: Iterable[int], fact: Fact) -> list[int]:
        """The nodes of the expressions that spell a class, or the class of an instance, that some nodes hold.

        Where nothing spells it, the node where it begins.
        """
        found = 0
        for node in nodes:
            if self._graph.holds(node, fact):
                found |= self._closure.of((node, fact))
        return sorted(self._elements.of(found))

    def _behind(self, held: Held) -> Behind[Held]:
        node, fact = held
        before = list(self._causes(node, fact))
        is_spelled = node in self._spelled
        begins = not before or (is_spelled and any(self._begins(*each) for each in before))
        further = [(each, ALL) for each in before if not is_spelled or any(self._causes(*each))]
        return Behind(self._elements.bit(node) if begins else 0, further)

    def _begins(self, node: int, fact: Fact) -> bool:
        """Whether a class of a library is had from its module where a node is, or nothing else brings it there."""
        base, key = self._loads.get(node, (node, ""))
        named = any(owner[0] in "SM" and f"{owner[1]}.{key}" == fact[1] for owner in self._graph.of(base))
        return named or not any(self._causes(node, fact))

    def _causes(self, node: int, fact: Fact) -> Iterator[Held]:
        """What a node holds a fact for, one step back."""
        holds = self._graph.holds
        for before in self._before.get(node, ()):
            if holds(before, fact):
                yield before, fact
        if node in self._loads:
            yield from self._loaded(fact, *self._loads[node])
        for call in self._calls.get(node, ()):
            yield from self._made(fact, call)
        for subject, classes in self._tests.get(node, ()):
            told = list(self._classes(fact, classes))
            yield from told
            if not told and holds(subject, fact):
                yield subject, fact
        for classes in self._promised.get(node, ()):
            yield from self._classes(fact, classes)
        if node in self._flow.grown and holds(self._flow.grown[node], fact):
            yield self._flow.grown[node], fact

    def _classes(self, fact: Fact, node: int) -> Iterator[Held]:
        """The classes of a node of which something is an instance, also in containers."""
        nodes = [node, *(self._flow.containers.everything(id_of(f)) for f in self._graph.of(node) if f[0] == "D")]
        for each in nodes:
            for held in self._graph.of(each):
                if self._makes(held, fact):
                    yield each, held

    def _makes(self, cls: Fact, fact: Fact) -> bool:
        """Whether an instance of a class is what a fact says."""
        if cls[0] in "MR":
            return fact[0] == "I" and self._flow.names.get(str(cls[1]), cls[1]) == fact[1]
        return cls[0] in "SK" and fact[0] == ("L" if cls[0] == "S" else "O") and cls[1] == fact[1]

    def _loaded(self, fact: Fact, base: int, key: Key) -> Iterator[Held]:
        for owner in self._graph.of(base):
            name = key if isinstance(key, str) else key[1]
            if owner[0] in "OK" and isinstance(name, str):
                found = self._flow.classes.lookup(id_of(owner), name, owner[0] == "O")
                if self._graph.holds(found, fact):
                    yield found, fact
            if owner == fact and key == "value":
                yield base, fact
            if key == "__class__" and self._makes(fact, owner):
                yield base, owner
            if fact[0] == "R" and owner == ("I", fact[1]):
                yield base, owner

    def _made(self, fact: Fact, call: Call) -> Iterator[Held]:
        for callee in self._graph.of(call.callee):
            if self._makes(callee, fact):
                yield call.callee, callee
        made = ("I", self._flow.names[str(fact[1])]) if fact[0] == "M" else fact  # of what ``type`` gives the class
        for given in (*call.positional, *(node for _, node in call.keywords)):
            if self._may_give_back(call):
                yield from ((given, each) for each in {fact, made} if self._graph.holds(given, each))

    def _may_give_back(self, call: Call) -> bool:
        """Whether the result of a call may be what it gets, or the class of that."""
        called = self._graph.of(call.callee)
        names = [str(fact[1]) for fact in called if fact[0] == "S"]
        return not called or any(n == "builtins.type" or (n not in EFFECTS and not is_class_name(n)) for n in names)
