"""Elements and members under names that are computed: those of the literals that come there, or any of them."""

from __future__ import annotations

from collections.abc import Callable

from migrate.flow.facts import Fact
from migrate.flow.library import KINDS
from migrate.flow.sources import Sources
from migrate.flow.state import Flow

Take = Callable[[Fact, object, str, int], None]
"""What happens under a name that is known, or under any that looks like a file name pattern where it is None."""


class LookUps:
    """The look-ups of a run. What a key may be is known when all that is known of it has moved."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._sources: Sources | None = None
        self._asked: dict[tuple[Take, Fact, int, int], set[object] | None] = {}
        """What happens with an object, the key and a node, with the literals that were followed; None for any."""

    def add(self, take: Take, owner: Fact, key: int, node: int) -> None:
        """Have ``take`` called with an object, each name that ``key`` gives, and a node."""
        self._asked.setdefault((take, owner, key, node), set())

    def resolve(self) -> bool:
        """Follow what is new of the keys; whether there was anything.

        A key is taken to be unknown only when nothing else is new: who calls a function may be found yet.
        """
        waiting = [(asked, followed) for asked, followed in self._asked.items() if followed is not None]
        if not waiting:
            return False
        if self._sources is None:
            self._sources = Sources(self._flow, trusting=True)
        else:
            self._sources.restart()
        sources = self._sources
        found = False
        for (take, owner, key, node), followed in waiting:
            new = sources.of(key).values - followed
            for _, value in sorted(new, key=repr):
                take(owner, value, "", node)
            followed |= new
            found = found or bool(new)
        if found:
            return True
        unknown = [asked for asked, _ in waiting if sources.of(asked[2]).unknown or self._may_be_object(asked[2])]
        for asked in unknown:
            self._asked[asked] = None
            take, owner, key, node = asked
            take(owner, None, sources.pattern(key), node)
        return bool(unknown)

    def _may_be_object(self, key: int) -> bool:
        """Whether a key may be a class or an object, and so no literal."""
        return any(fact[0] != "L" or fact[1] not in KINDS for fact in self._flow.graph.of(key))
