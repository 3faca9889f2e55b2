"""The flow of a run: files with a trigger word, and those that what they hold leads to, until nothing is new."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping

from migrate.advance import reached
from migrate.flow.demand import Demand
from migrate.flow.graph import Graph
from migrate.flow.link import Linker
from migrate.flow.queries import Queries
from migrate.flow.state import Flow
from migrate.flow.unread import Unread
from migrate.index.builder import Nodes, Words
from migrate.index.imports import Read
from migrate.index.summarise import summarise
from migrate.index.summary import Summary
from migrate.index.tree import Tree
from migrate.rules import RuleSet

Parse = Callable[[str], ast.Module | None]
"""The tree of a file; None where it has none."""
MAX_FOLLOWED = 1000
"""How many files are read beside those with a trigger word: where more may matter, nearly all of a tree does."""


def load(
    paths: Iterable[str],
    triggered: Iterable[str],
    parse: Parse,
    read: Read,
    rules: RuleSet,
    graph: type[Graph] = Graph,
    whole_trees: bool = False,
) -> Queries:
    """The flow of the ``triggered`` files and of all others of ``paths`` that may matter to them, in such a graph."""
    paths = list(paths)
    nodes: dict[str, Nodes] = {}
    tree = Tree(paths)
    unread = Unread(paths, read, rules, tree)
    wanted = sorted(triggered)
    flow = Flow(rules, tree, graph(), frozenset(wanted), unread.origins, whole_trees)
    linker, demand = Linker(flow), Demand(flow, unread)
    summaries: dict[str, Summary | None] = {}
    first, rounds, is_cut = len(wanted), 0, False
    while wanted:
        new = {path: _summary(path, parse, rules, nodes.setdefault(path, Nodes())) for path in wanted}
        reached("following", rounds, rounds + 3)
        _link(linker, new)
        summaries |= new
        left = MAX_FOLLOWED - len(summaries) + first
        wanted = sorted(demand.files(left))
        rounds += 1
        if len(wanted) > left:
            is_cut, wanted = True, []
    if len(summaries) == first:
        return Queries(flow, nodes, is_cut)
    reached("following", rounds, rounds + 3)
    # What was said of files before they were read is not true any more.
    flow = Flow(rules, tree, graph(), frozenset(summaries), unread.origins, whole_trees)
    _link(Linker(flow), summaries)
    return Queries(flow, nodes, is_cut)


def words_of(rules: RuleSet) -> Words:
    """The names by which summaries tell what matters to rules."""
    return Words(rules.members, rules.class_names)


def _summary(path: str, parse: Parse, rules: RuleSet, nodes: Nodes) -> Summary | None:
    module = parse(path)
    try:
        return summarise(path, module, words_of(rules), nodes) if module is not None else None
    except RecursionError:  # nested deeper than it can be read: who asked for the file says so
        return None


def _link(linker: Linker, summaries: Mapping[str, Summary | None]) -> None:
    """Add files in the order of their names, and move what they hold until nothing is new."""
    for path in sorted(summaries):
        summary = summaries[path]
        if summary is None:
            linker.fail(path)
        else:
            linker.link(summary)
    linker.run()
