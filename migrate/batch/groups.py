"""Which files of a run have to be analysed together: those that are connected by imports."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    """Files that are connected by imports, in the order of the run, and those of them that have a trigger word.

    ``links`` is a digest of the imports between them.
    """

    paths: tuple[str, ...]
    triggered: tuple[str, ...]
    links: str


def find_groups(paths: Iterable[str], triggered: Collection[str], read: Callable[[str], bytes]) -> list[Group]:
    """The groups that have a ``triggered`` file, in the order of the first of those."""
    from migrate.index.imports import Imports
    from migrate.index.tree import Tree
    from migrate.syntax.source import python_of

    paths = list(paths)
    imports = Imports(python_of(read), Tree(paths))
    edges = {path: sorted({target.path for target in imports.targets(path)}) for path in paths}
    leaders = _Leaders()
    for path, files in edges.items():
        for file in files:
            leaders.join(path, file)
    members: dict[str, list[str]] = {leaders.of(path): [] for path in triggered}
    for path in paths:
        if leaders.of(path) in members:
            members[leaders.of(path)].append(path)
    wanted = set(triggered)
    groups = []
    for files in members.values():
        links = hashlib.sha256(repr([(f, edges[f]) for f in files]).encode(errors="surrogateescape"))
        groups.append(Group(tuple(files), tuple(f for f in files if f in wanted), links.hexdigest()))
    return groups


class _Leaders:
    """Disjoint sets (Tarjan 1975): each member leads, over some others, to the one that stands for its set."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def of(self, member: str) -> str:
        top = member
        while (above := self._above.get(top, top)) != top:
            top = above
        while member != top:
            self._above[member], member = top, self._above[member]
        return top

    def join(self, one: str, other: str) -> None:
        self._above[self.of(one)] = self.of(other)
