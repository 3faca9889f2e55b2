"""The project of a run: the files that the flow of classes and layers leads through."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

from migrate.advance import reached
from migrate.decide.project import Project
from migrate.errors import FileError
from migrate.flow.graph import Graph
from migrate.flow.load import load
from migrate.rules import RuleSet
from migrate.syntax.source import Source, python_of


def read_project(
    paths: Iterable[str],
    triggered: dict[str, bytes],
    read: Callable[[str], bytes],
    rules: RuleSet,
    graph: type[Graph] = Graph,
) -> Project:
    """The project of the ``triggered`` files and of all others of ``paths`` that may matter to them.

    What the run knows moves through a ``graph`` of this kind.

    Files that cannot be parsed are among its failures.
    """
    sources: dict[str, Source] = {}
    failed: dict[str, Exception] = {}

    def parse(path: str) -> ast.Module | None:
        reached("reading", len(sources), max(len(triggered), len(sources)))
        try:
            sources[path] = Source(triggered.get(path) or read(path), path)
            return sources[path].tree
        except FileError as error:
            failed[path] = error
            return None

    queries = load(paths, triggered, parse, python_of(read), rules, graph)
    reached("deciding", 0, 1)
    for path in sources:
        if path not in failed and queries.flow.modules.loaded[path] is None:
            failed[path] = FileError("BN904", "nested too deep to be followed: split the expression")
    project = Project(rules, queries)
    project.failed.update(failed)
    for path in (*triggered, *sorted(sources.keys() - triggered.keys())):
        if path in sources and path not in failed:
            try:
                project.add(sources[path])
            except FileError as error:
                project.failed[path] = error
    project.callers.find()
    return project
