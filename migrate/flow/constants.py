"""Backwards from a node to the literals that may come to it, each where it is written, and on to where else it goes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from migrate.flow.facts import id_of
from migrate.flow.state import Flow
from migrate.index.summary import NO_LITERAL


class Arriving(NamedTuple):
    """The nodes of the literals that may come to a node, and whether something else may that no literal shows."""

    literals: frozenset[int]
    unknown: bool


class Constants:
    """Questions to a flow that has come to rest; each node is asked once.

    What is computed from a literal is another value: a variable that is also bound to something computed, as in
    ``x = 1 - x``, is not looked behind.
    """

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._before = flow.graph.predecessors()
        self.values = flow.constants()
        self._members, self._loaded = self._find_members()
        originals = flow.originals()
        loaded = [each for each in flow.modules.loaded.values() if each is not None]
        self._anything = {each.base for each in loaded}
        mixed = {node + each.base for each in loaded for node in each.summary.mixed}
        self._mixed = mixed | {copied for copied, node in originals.items() if node in mixed}
        self._computed = {home.at[each.result] for part, home in flow.parts for each in part.computed}
        self._fields = {f for n in range(len(flow.classes.classes)) for f in flow.classes.own(("K", n)).values()}
        self._known: dict[int, Arriving] = {}

    def _find_members(self) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
        """For what is loaded of objects and classes of the run, where it is kept, and the other way round.

        Facts are handed on there one by one, so that no edge leads from the one to the other.
        """
        classes, graph = self._flow.classes, self._flow.graph
        kept: dict[int, list[int]] = {}
        loaded: dict[int, list[int]] = {}
        for to, (owner, key) in self._flow.loads().items():
            for fact in graph.of(owner) if isinstance(key, str) else ():
                if fact[0] in "OK":
                    member = classes.lookup(id_of(fact), str(key), fact[0] == "O")
                    kept.setdefault(to, []).append(member)
                    loaded.setdefault(member, []).append(to)
        return kept, loaded

    def of(self, node: int) -> Arriving:
        """The literals that may come to a node."""
        found = self._known.get(node)
        if found is None:
            found = self._known[node] = self._find(node)
        return found

    def _find(self, node: int) -> Arriving:
        literals: set[int] = set()
        unknown = False
        todo, seen = [node], {node}
        for at in todo:
            if at in self.values:
                is_literal = not str(self.values[at]).startswith(NO_LITERAL)
                literals.update({at} if is_literal else ())
                unknown |= not is_literal
                continue
            before = [*self._before.get(at, ()), *self._members.get(at, ())]
            if not before or at in self._mixed or at in self._computed or self._is_mixed(at, before):
                unknown = True
                continue
            new = [n for n in before if n not in seen]
            seen.update(new)
            todo += new
        return Arriving(frozenset(literals), unknown)

    def _is_mixed(self, node: int, before: Iterable[int]) -> bool:
        """Whether an attribute also gets what is computed."""
        return node in self._fields and any(each in self._anything or each in self._computed for each in before)

    def onward(self, node: int) -> set[int]:
        """The nodes that hold what a node holds."""
        todo, seen = [node], {node}
        for at in todo:
            new = [n for n in (*self._flow.graph.after(at), *self._loaded.get(at, ())) if n not in seen]
            seen.update(new)
            todo += new
        return seen
