"""The state of a flow analysis: the graph, and what its facts speak about."""

from __future__ import annotations

from migrate.flow.classes import Classes, RunFunction
from migrate.flow.containers import Containers
from migrate.flow.graph import Graph
from migrate.flow.modules import Modules
from migrate.index.summary import Call
from migrate.index.tree import Tree
from migrate.rules import RuleSet


class Flow:
    """The graph of a run. Calls have the nodes of the graph; facts name functions, classes and calls by number."""

    def __init__(self, rules: RuleSet, tree: Tree, graph: Graph, coming: frozenset[str] = frozenset()) -> None:
        self.rules = rules
        self.tree = tree
        self.graph = graph
        self.names = {name: rule.source.name for name, rule in rules.by_name.items()}
        self.names |= {name: rule.target.name for name, rule in rules.by_target.items()}
        """The classes of the rules, those of the target among them: for each name the one that facts have."""
        self.modules = Modules(self.graph, tree, frozenset(self.names), coming)
        self.containers = Containers(self.graph)
        self.classes = Classes(self.graph)
        self.functions: list[RunFunction] = []
        self.calls: list[Call] = []
        self.homes: list[str] = []
        """The file of each call."""
