"""Which files of a run have to be read next: those that facts lead into, and those that import what brings one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from migrate.flow.carrying import BY_ITSELF, IS_CLASS, Carrying
from migrate.flow.facts import Fact, id_of
from migrate.flow.library import EFFECTS
from migrate.flow.modules import COMPUTING, Loaded
from migrate.flow.state import Flow
from migrate.flow.unread import Having, Unread
from migrate.index.summary import Call

Had = tuple[tuple[str, frozenset[str]], ...]
"""Files, with names that they have."""


class Demand:
    """The files that a flow leads to whenever it has come to rest."""

    def __init__(self, flow: Flow, unread: Unread) -> None:
        self._flow = flow
        self._unread = unread
        self._carrying = Carrying(flow)
        self._read = flow.modules.loaded

    def files(self, limit: int) -> set[str]:
        """The paths of files that may change what is known of the classes and layers of rules.

        Where they are more than ``limit``, some that are more.
        """
        self._carrying.refresh()
        self._number()
        self._taken: dict[tuple[Fact, Fact], tuple[str, ...]] = {}
        self._led: dict[Had, list[Having]] = {}
        self._used: dict[tuple[str, frozenset[str], Fact], bool] = {}
        found: set[str] = set()
        for path in chain(self._forward(), self._backward()):
            found.add(path)
            if len(found) > limit:
                break
        return found

    def _forward(self) -> Iterator[str]:
        """The files whose functions get what matters, which have bases of what does, and whose objects are used so."""
        for call in self._flow.calls:
            yield from self._called(call)
        for number, cls in enumerate(self._flow.classes.classes):
            behind = [str(base[1]) for base in cls.library if self._is_unread(base)]
            if behind and (self._carrying.fact(("K", number)) or any(map(self._carrying.node, cls.given()))):
                yield from behind
        for loaded in self._read.values():
            if loaded is not None:
                yield from self._stored(loaded)

    def _number(self) -> None:
        """Sort the facts by what they say of files that were not read; sets of numbers are compared at once."""
        self._ahead: set[int] = set()
        self._modules: set[int] = set()
        self._based: set[int] = set()
        self._symbols: set[int] = set()
        for number, fact in enumerate(self._flow.graph.table):
            kind = fact[0]
            if kind == "S" and EFFECTS.get(str(fact[1])) != "nothing":
                self._symbols.add(number)
            elif kind == "K" and any(self._behind_class(id_of(fact))):
                self._based.add(number)
            elif self._is_unread(fact):
                self._ahead.add(number)
            elif kind == "X" and fact[1] not in self._read:
                self._modules.add(number)
        self._modules |= self._ahead

    def _called(self, call: Call) -> Iterator[str]:
        """The files that a call leads into, and those that say what a constructor gets."""
        graph = self._flow.graph
        callees = graph.facts[call.callee]
        if not callees:
            return
        stars = (node for _, node in call.stars)
        passed = (*call.positional, *(node for _, node in call.keywords), *stars, *call.double_stars)
        if self._carrying.node(call.callee) == IS_CLASS:
            yield from (path for node in passed for path in self._behind_node(node))
        behind = list(self._behind(callees))
        if not behind and not self._symbols.isdisjoint(callees):
            numbers = {number for node in passed for number in self._ahead.intersection(graph.facts[node] or ())}
            behind = [graph.table[number] for number in sorted(numbers)]
        if behind and any(map(self._carrying.node, passed)):
            facts = {fact for node in passed for fact in graph.of(node) if self._carrying.fact(fact)}
            for callee in behind:
                yield from (path for fact in facts for path in self._takers(callee, fact))

    def _behind(self, callees: Iterable[int]) -> Iterator[Fact]:
        """What is not read, of what is called or of the bases of a class that is."""
        table = self._flow.graph.table
        yield from (table[number] for number in sorted(self._ahead.intersection(callees)))
        for number in sorted(self._based.intersection(callees)):
            yield from self._behind_class(id_of(table[number]))

    def _behind_class(self, cls: int) -> Iterator[Fact]:
        """What is not read of the bases of a class that has no constructor of the run."""
        if not self._flow.classes.has(cls, "__init__"):
            yield from filter(self._is_unread, self._flow.classes.library_bases(cls))

    def _takers(self, callee: Fact, fact: Fact) -> tuple[str, ...]:
        """The files, not read, that may do something with what one of them gets, or with what it keeps of it."""
        known = self._taken.get((callee, fact))
        if known is None:
            known = self._taken[callee, fact] = tuple(dict.fromkeys(self._find_takers(callee, fact)))
        return known

    def _find_takers(self, callee: Fact, fact: Fact) -> Iterator[str]:
        path, name = str(callee[1]), callee[2] if len(callee) == 3 else ""
        parts = self._unread.runs(path, name)
        if self._carrying.fact(fact) >= BY_ITSELF or parts[0].is_class:
            yield path
            return
        names = self._carrying.names(fact)
        for part in parts:
            if part.general:
                yield path
                return
            is_used = part.uses_attributes or (part is parts[0] and part.calls_methods)
            spelled = [brought for known, brought in names.items() if not known or known in part.words]
            if spelled and (max(spelled) >= BY_ITSELF or is_used):
                yield path
                return
        for at, has, through in self._onward(tuple(self._unread.keeping(path, name).items())):
            if self._uses(at, has, fact):
                yield from (path, *(f for f in (at, *through) if f not in self._read))

    def _stored(self, loaded: Loaded) -> Iterator[str]:
        """The files whose objects are given something that matters, or are used as layers are."""
        summary, first = loaded
        for owner, _, value in summary.stores:
            behind = self._behind_node(owner + first, modules=True)
            if behind and any(map(self._carrying.node, self._flow.everywhere(value + first))):
                yield from behind
        for use in summary.uses:
            if use.name in self._flow.rules.attribute_names:
                yield from self._behind_node(use.base + first)

    def _behind_node(self, node: int, modules: bool = False) -> list[str]:
        """The files, not read, that what a node holds comes from; those of ``modules`` that it holds as well."""
        graph, wanted = self._flow.graph, self._modules if modules else self._ahead
        held = (graph.facts[each] for each in self._flow.everywhere(node))
        numbers = {number for facts in held if facts for number in wanted.intersection(facts)}
        return [str(graph.table[number][1]) for number in numbers]

    def _is_unread(self, fact: Fact) -> bool:
        return fact[0] == "N" and fact[1] not in self._read

    def _backward(self) -> Iterator[str]:
        """The files that import what brings a class or layer, and do something with it that matters."""
        for module in [path for path, loaded in self._read.items() if loaded is not None]:
            importers = self._unread.importers.get(module, {})
            waiting = {path: names for path, names in importers.items() if path not in self._read}
            brought = self._brought(module) if waiting else {}
            had: dict[str, dict[str, frozenset[str]]] = {}
            for path, names in waiting.items() if brought else ():
                for name, bound in _had(names, brought):
                    known = had.setdefault(name, {})
                    known[path] = known.get(path, frozenset()) | {bound}
            for name, having in had.items():
                yield from self._users(name, tuple(having.items()), brought[name])

    def _brought(self, module: str) -> dict[str, list[Fact]]:
        """The names of a module that bring a class or layer, with what does."""
        found = {}
        for name, node in self._flow.modules.names(module).items():
            facts = [f for f in self._flow.graph.of(node) if self._carrying.fact(f) or self._takes_class(f)]
            if facts:
                found[name] = facts
        return found

    def _takes_class(self, fact: Fact) -> bool:
        """Whether a function gets a class from one caller, so that others may pass it another."""
        if fact[0] != "F":
            return False
        summary = self._flow.functions[id_of(fact)].summary
        given = [node for _, node in (*summary.parameters, *summary.keyword_only)]
        return any(self._carrying.node(each) == IS_CLASS for node in given for each in self._flow.everywhere(node))

    def _users(self, name: str, having: Had, facts: list[Fact]) -> Iterator[str]:
        """The files that have something under a name, or what others make of it, and do with it what matters."""
        by_itself = any(self._carrying.fact(fact) >= BY_ITSELF for fact in facts)
        takes_class = any(map(self._takes_class, facts))
        for file, given, through in self._onward(having):
            files = dict.fromkeys((file, *through))
            is_spelled = name == COMPUTING or name in given or any(name in self._unread.words(f) for f in files)
            if not is_spelled and not self._unread.takes_any(file, given):
                continue
            if (by_itself or takes_class) and through == (file,):
                yield file
            elif any(self._uses(file, given | {name}, fact) for fact in facts):
                yield from (f for f in files if f not in self._read)

    def _onward(self, having: Had) -> list[Having]:
        found = self._led.get(having)
        if found is None:
            found = self._led[having] = self._unread.onward(having, self._read)
        return found

    def _uses(self, path: str, given: frozenset[str], fact: Fact) -> bool:
        """Whether a file spells by what name something brings a layer, and uses it, hands it on, or replaces it."""
        key = (path, given, fact)
        if key not in self._used:
            self._used[key] = self._find_use(path, given, fact)
        return self._used[key]

    def _find_use(self, path: str, given: frozenset[str], fact: Fact) -> bool:
        words = self._unread.words(path)
        if self._unread.concerns_networks(path):
            return True  # it concerns all that an object holds, and needs no name of it
        spelled = {name: brought for name, brought in self._carrying.names(fact).items() if not name or name in words}
        if not spelled:
            return False
        if max(spelled.values()) >= BY_ITSELF or self._unread.uses_layers(path, {*given, *spelled}):
            return True
        return self._unread.replaces(path, given, spelled.keys()) or self._unread.hands_on(path, given)


def _had(names: dict[str, str], brought: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The names that bring something and that a file imports from a module, with what it calls them.

    By ``__getattr__``, a module may have any name.
    """
    for name in brought:
        if name == COMPUTING:
            yield from ((name, bound) for original, bound in names.items() if original != "*")
        elif name in names:
            yield name, names[name]
        elif "*" in names:
            yield name, name
        elif "" in names:
            yield name, names[""]
