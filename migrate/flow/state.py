"""The state of a flow analysis: the graph, and what its facts speak about."""

from __future__ import annotations

from typing import NamedTuple

from migrate.flow.classes import Classes, RunFunction
from migrate.flow.containers import Containers
from migrate.flow.facts import Fact, id_of
from migrate.flow.graph import Graph
from migrate.flow.home import Home, Moved
from migrate.flow.modules import Modules, Origins
from migrate.index.summary import NOBODY, Call, Key, Part, iterated
from migrate.index.tree import Tree
from migrate.rules import RuleSet


class Named(NamedTuple):
    """A call by number, that names a member of what ``base`` holds by what ``key`` holds, as ``function`` does."""

    function: str
    base: int
    key: int
    call: int


class Flow:
    """The graph of a run. Calls have the nodes of the graph; facts name functions, classes and calls by number."""

    def __init__(
        self,
        rules: RuleSet,
        tree: Tree,
        graph: Graph,
        coming: frozenset[str] = frozenset(),
        origins: Origins = lambda path, name: (),
        has_whole_trees: bool = False,
    ) -> None:
        self.rules = rules
        self.tree = tree
        self.graph = graph
        self.names = {name: rule.source.name for name, rule in rules.by_name.items()}
        self.names |= {name: rule.target.name for name, rule in rules.by_target.items()}
        """The classes of the rules, those of the target among them: for each name the one that facts have."""
        self.origins = origins
        self.modules = Modules(self.graph, tree, frozenset(self.names), coming, origins)
        self.containers = Containers(self.graph)
        self.classes = Classes(self.graph)
        self.functions: list[RunFunction] = []
        self.modules.result_of = lambda number: self.functions[number].summary.result
        self.calls: list[Call] = []
        self.named: list[Named] = []
        """The calls that name members by a value."""
        self.homes: list[Home] = []
        """The file or copy that each call is in."""
        self.parts: list[tuple[Part, Home]] = []
        """All that was linked: files, and copies of functions."""
        self._results: dict[int, Call] = {}
        self._loads: dict[int, tuple[int, Key]] = {}
        self._constants: dict[int, object] = {}
        self._seen = [0, 0, 0]
        """How many calls, parts and files the three are of."""
        self.passages: set[int] = set()
        """The nodes between what calls pass and what they get back of it."""
        self.dispatching: set[int] = set()
        """The functions that pass what they get to others, which are registered with them."""
        self.kept: dict[Fact, int] = {}
        self.guarded: dict[int, tuple[int, int]] = {}
        """For what a function of the run has told the class of, what it is and the classes."""
        self.forked: set[int] = set()
        """The parameters of functions of which the calls that are known go to copies."""
        self.copies: dict[int, list[int]] = {}
        """The nodes of copies of functions, by those of the functions."""

        self.has_whole_trees = has_whole_trees
        self.grown: dict[int, int] = {}
        """The attributes of which layers came to trees of networks, by the node there."""

    def kept_by(self, made: Fact) -> int:
        """The node of all that objects of a library's class may have got."""
        node = self.kept.get(made)
        if node is None:
            node = self.kept[made] = self.graph.new()
        return node

    def new_call(self, call: Call, home: Home) -> int:
        """The number of a new call."""
        self.calls.append(call)
        self.homes.append(home)
        return len(self.calls) - 1

    def everywhere(self, node: int) -> list[int]:
        """A node of a file, and those that stand for it in copies of its function."""
        return [node, *self.copies.get(node, ())]

    def results(self) -> dict[int, Call]:
        """The calls by the nodes of their results."""
        calls, self._seen[0] = self.calls[self._seen[0] :], len(self.calls)
        self._results.update((call.result, call) for call in calls if call.result != NOBODY)
        return self._results

    def loads(self) -> dict[int, tuple[int, Key]]:
        """For each node that is loaded, that of its owner and the key."""
        parts, self._seen[1] = self.parts[self._seen[1] :], len(self.parts)
        for part, home in parts:
            at = home.at
            self._loads.update((at[to], (at[owner], key)) for (owner, key), to in part.loads.items())
        return self._loads

    def elements(self, source: int) -> int:
        """A new node for what a loop over a node gives, which asks for it as a load of the files does."""
        node = self.graph.new()
        self._loads[node] = (source, iterated())
        return node

    def constants(self) -> dict[int, object]:
        """The nodes of literals, with these."""
        files = list(self.modules.loaded.values())
        for loaded in files[self._seen[2] :]:
            if loaded is not None:
                summary, base = loaded
                self._constants.update((node + base, value) for node, value in summary.constants.items())
        self._seen[2] = len(files)
        return self._constants

    def originals(self) -> dict[int, int]:
        """For each node of a copy of a function, the one that it stands for."""
        return {copied: node for node, copies in self.copies.items() for copied in copies}

    def idle(self) -> set[int]:
        """The nodes of functions of which all calls go to copies, and of copies that are called only from there."""
        found = set(self.copies)
        for _, home in self.parts:  # a copy comes behind the part with the call
            if home.call != NOBODY and self.calls[home.call].result in found and isinstance(home.at, Moved):
                found.update(home.at.values())
        return found

    def of(self, node: int) -> list[Fact]:
        """The facts of a node of a file, in copies of its function too."""
        return list(dict.fromkeys(fact for each in self.everywhere(node) for fact in self.graph.of(each)))

    def behind(self, fact: Fact) -> list[Fact]:
        """What a partial is of in the end, as partials may be made of partials; any other fact is itself."""
        found, todo = [], [fact]
        seen = set(todo)
        for each in todo:
            if each[0] != "P":
                found.append(each)
                continue
            inner = self.graph.of(self.calls[id_of(each)].positional[0])
            todo += [f for f in inner if f not in seen]
            seen.update(inner)
        return found
