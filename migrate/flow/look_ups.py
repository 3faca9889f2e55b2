"""Elements and members under names that are computed: those of the literals that come there, or any of them."""

from __future__ import annotations

from collections.abc import Callable

from migrate.flow.facts import Fact
from migrate.flow.library import KINDS
from migrate.flow.sources import Literal, Sources
from migrate.flow.state import Flow

Take = Callable[[Fact, object, str, int], None]
"""What happens under a name that is known, or under any that looks like a file name pattern where it is None."""


class LookUps:
    """The look-ups of a run. What a key may be is known when all that is known of it has moved."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._sources: Sources | None = None
        self._asked: dict[tuple[Take, Fact, int, int], frozenset[Literal] | None] = {}
        """What happens with an object, the key and a node, with the literals that were followed; None for any."""

    def add(self, take: Take, owner: Fact, key: int, node: int) -> None:
        """Have ``take`` called with an object, each name that ``key`` gives, and a node."""
        self._asked.setdefault((take, owner, key, node), frozenset())

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
        keys = dict.fromkeys(key for (_, _, key, _), _ in waiting)
        values = {key: sources.of(key).values for key in keys}
        new = [(asked, followed) for asked, followed in waiting if values[asked[2]] != followed]
        for asked, followed in new:
            take, owner, key, node = asked
            for _, value in sorted(values[key] - followed, key=repr):
                take(owner, value, "", node)
            self._asked[asked] = values[key]
        if new:
            return True
        told = {key for key in keys if not sources.of(key).unknown and not self._may_be_object(key)}
        unknown = [asked for asked, _ in waiting if asked[2] not in told]
        for asked in unknown:
            self._asked[asked] = None
            take, owner, key, node = asked
            take(owner, None, sources.pattern(key), node)
        return bool(unknown)

    def _may_be_object(self, key: int) -> bool:
        """Whether a key may be a class or an object, and so no literal."""
        return any(fact[0] != "L" or fact[1] not in KINDS for fact in self._flow.graph.of(key))
