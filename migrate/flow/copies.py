"""Which copy of a function a call means, so that callers of functions that pass on what they get are kept apart."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from migrate.flow.state import Flow
from migrate.index.bodies import Body
from migrate.index.summary import NOBODY

DEPTH = 1
"""Copies inside of copies beyond which calls share one for each place in a file."""
DEEPEST = 3
"""The same for small functions, and for those with others inside of them: decorators are made by decorators."""
SMALL = 40
"""Nodes of a small function."""


class Copies:
    """The copies of functions: one for each call of those that are worth it.

    The function itself stands for callers that are not known. What a call means depends on nothing but the call, so
    that the order of calls does not matter.
    """

    def __init__(
        self, flow: Flow, body: Callable[[int], Body | None], make: Callable[[int, Body, int, int], int]
    ) -> None:
        self._flow = flow
        self._body = body
        self._make = make
        self._made: dict[Hashable, int] = {}

    def of(self, function: int, call: int) -> int:
        """The number of the copy of a function that a call means; of the function itself where it is worth none."""
        home = self._flow.homes[call]
        body = self._body(function)
        if body is None or self._flow.functions[function].home.depth > 0:
            return function  # it is worth none, or has been told apart with the function around it
        deepest = DEEPEST if body.is_closed_over or len(body.nodes) <= SMALL else DEPTH
        called = self._flow.calls[call]
        is_own = home.depth < deepest and function not in home.within  # or what calls itself has copies without end
        site: Hashable = call if is_own else (home.path, called.line, called.column)
        made = self._made.get((function, site))
        if made is None:
            depth = (home.depth if is_own else deepest) + 1
            made = self._made[function, site] = self._make(function, body, depth, call if is_own else NOBODY)
        return made
