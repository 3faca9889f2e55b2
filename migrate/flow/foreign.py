"""Calls of code that is not followed, which may do anything with what it gets: keep it, give it back, call it."""

from __future__ import annotations

from migrate.flow.facts import Fact, id_of
from migrate.flow.graph import React
from migrate.flow.library import is_exception, is_foreign
from migrate.flow.state import Flow
from migrate.index.summary import NOBODY, Call

MOVED = frozenset("MIPFBKODNG")
"""The kinds of facts that such code may give back."""
PARTS = MOVED - frozenset("FBG")
"""Those of elements that it gives: functions in lists are told apart there, and most often called by nobody else."""
LAYERS = frozenset("MI")
"""Those that methods of what it gave may keep."""
CALLED = frozenset("FBP")
"""Those that it may call."""
PASSED = frozenset("IOD")
"""Those that it passes then: objects, since functions that get classes are seldom called by others."""


class Foreign:
    """What goes into code that is not followed, and what may come out of it.

    Each call has a bag: all that the code gets there, with the elements of containers among it. What the call gives may
    be anything of that. Where a function of a library is called, it may be an object that has it as well, ``E``.
    """

    def __init__(self, flow: Flow, call: React) -> None:
        self.flow = flow
        self.graph = flow.graph
        self._call = call
        self._entered: set[int] = set()
        """The calls that have bags, by number."""
        self._done: set[tuple[Fact, int]] = set()
        self._unknown: list[int] = []
        self._asked = 0
        """The calls of what nothing is known of, among the first ones."""

    def hand_over(self) -> bool:
        """Give what code gets which is not followed to whoever calls it; whether anything was new."""
        graph, calls, loads = self.graph, self.flow.calls, self.flow.loads()
        before = len(self._entered)
        self._unknown += range(self._asked, len(calls))
        self._asked = len(calls)
        self._unknown = [number for number in self._unknown if not graph.facts[calls[number].callee]]
        for number in self._unknown:
            callee = calls[number].callee
            owners = graph.of(loads[callee][0]) if callee in loads else []
            if not owners or any(fact[0] != "D" for fact in owners):  # otherwise it is a method of a container
                self._enter(number, [fact for fact in owners if self._keeps(fact)])
        return len(self._entered) > before

    def call(self, number: int) -> None:
        """A call of a function of a library, which may call what it gets with the rest, and put that into lists."""
        bag = self._enter(number, [])
        if bag != NOBODY:
            for value in self.flow.calls[number].positional:
                self.graph.watch(value, self._fill, bag)

    def make(self, made: Fact, number: int) -> None:
        """An object of a library's class, of which the methods may do all that with what it is made with."""
        call = self.flow.calls[number]
        if self._keeps(made) and (call.positional or call.keywords):
            self._enter(number, [made], is_made=True)

    def _keeps(self, owner: Fact) -> bool:
        """Whether methods of an object may give what others of them got: those of a queue do."""
        of = str(owner[1])
        return owner[0] == "L" and (is_foreign(of, self.flow.rules.packages) or is_exception(of))

    def _enter(self, number: int, owners: list[Fact], is_made: bool = False) -> int:
        """The bag of a call that gives something, a method of ``owners``; NOBODY where it has one already.

        One of them that is made by the call may stand for what it is made with, but not for what its methods get.
        """
        call = self.flow.calls[number]
        if number in self._entered:
            return NOBODY
        self._entered.add(number)
        bag = self.graph.new()
        for value in (*call.positional, *(node for _, node in call.keywords), *(node for _, node in call.stars)):
            self.graph.watch(value, self._put, bag)
        is_known = bool(owners or self.graph.facts[call.callee])
        if call.result != NOBODY:
            if is_known and not is_made:
                self.graph.watch(bag, self._give, (bag, call.result))
            else:
                self.graph.watch(bag, self._give_back, call.result)
        if owners or (is_known and len(call.positional) + len(call.keywords) > 1):
            self._call_back(bag, number)
        for owner in owners:
            kept = self.flow.kept_by(owner)
            self.graph.edge(bag, kept)
            if call.result != NOBODY:
                self.graph.watch(kept, self._hold if is_made else self._give, (kept, call.result))
        return bag

    def _put(self, fact: Fact, bag: int) -> None:
        """Put something into a bag; of a list or dict the elements as well, which may stand in another order then."""
        if fact[0] not in MOVED or (fact, bag) in self._done:
            return
        self._done.add((fact, bag))
        self.graph.add(bag, fact)
        if fact[0] == "D":
            self.flow.containers.reorder(id_of(fact))
            if id_of(fact) not in self.flow.containers.networks:
                self.graph.watch(self.flow.containers.everything(id_of(fact)), self._put_some, (PARTS, bag))

    def _put_some(self, fact: Fact, what: tuple[frozenset[str], int]) -> None:
        """Put what is of some kinds into a bag."""
        kinds, bag = what
        if fact[0] in kinds:
            self._put(fact, bag)

    def _give_back(self, fact: Fact, result: int) -> None:
        self.graph.add(result, fact)

    def use(self, bag: int, number: int) -> None:
        """A call of what code gives that is not followed, or of an attribute of that: ``future.result()``."""
        call = self.flow.calls[number]
        for value in (*call.positional, *(node for _, node in call.keywords)):
            self.graph.watch(value, self._put_some, (LAYERS, bag))
        if call.result != NOBODY:
            self.graph.add(call.result, ("E", bag))
            self.graph.watch(bag, self._give_or_make, call.result)

    def _give_or_make(self, fact: Fact, result: int) -> None:
        if fact[0] == "M":
            self.graph.add(result, ("I", self.flow.names[str(fact[1])]))
        elif fact[0] == "K":
            self.graph.add(result, ("O", fact[1]))
        elif fact[0] in "IO":
            self.graph.add(result, fact)

    def _give(self, fact: Fact, what: tuple[int, int]) -> None:
        self.graph.add(what[1], fact)
        self._hold(fact, what)

    def _hold(self, fact: Fact, what: tuple[int, int]) -> None:
        bag, result = what
        self.graph.add(result, ("E", bag))

    def _call_back(self, bag: int, number: int) -> None:
        """Functions that a call gets may be called with all else that it gets; what they give comes into the bag."""
        call = self.flow.calls[number]
        given = [*call.positional, *(node for _, node in call.keywords)]
        for value in given:
            rest, result = self.graph.new(), self.graph.new()
            self.graph.add(rest, ("D", rest))
            held = self.flow.containers.cell(rest, None)
            for other in given:
                if other != value:
                    self.graph.watch(other, self._put_some, (PASSED, held))
            made = Call(value, (), (), ((0, rest),), (), result, call.line, call.column)
            self.graph.watch(value, self._may_call, self.flow.new_call(made, self.flow.homes[number]))
            self.graph.watch(result, self._put, bag)

    def _may_call(self, fact: Fact, number: int) -> None:
        if fact[0] in CALLED:
            self._call(fact, number)

    def _fill(self, fact: Fact, bag: int) -> None:
        """A list or dict may be filled with what stands beside it: ``heappush(heap, item)``."""
        if fact[0] == "D" and id_of(fact) not in self.flow.containers.networks:
            self.graph.watch(bag, self._put_into, fact)

    def _put_into(self, fact: Fact, into: Fact) -> None:
        if fact[0] in LAYERS:
            self.graph.add(self.flow.containers.cell(id_of(into), None), fact)
