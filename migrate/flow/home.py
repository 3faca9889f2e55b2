"""Where nodes of a file are in the graph: its own place, or that of a copy of one of its functions."""

from __future__ import annotations

from dataclasses import dataclass

from migrate.index.summary import NOBODY, Summary


class Moved(dict[int, int]):
    """Nodes of a copied function with their places; nodes around it are where ``around`` has them."""

    def __init__(self, around: At, nodes: dict[int, int]) -> None:
        super().__init__(nodes)
        self._around = around

    def __missing__(self, node: int) -> int:
        return self._around[node]


At = range | Moved


@dataclass(frozen=True, slots=True, eq=False)
class Home:
    """A file, or a copy of a function of it: ``at`` has the nodes, ``base`` is the first one of the file itself.

    ``depth`` says in how many copies of callers the copy was made, ``call`` for which call;
    NOBODY for a file, and for a copy that several calls share. ``within``: the functions that were copied for it.
    """

    summary: Summary
    base: int
    at: At
    depth: int = 0
    call: int = NOBODY
    within: frozenset[int] = frozenset()

    @property
    def path(self) -> str:
        return self.summary.path
