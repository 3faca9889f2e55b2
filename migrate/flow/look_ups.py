"""Elements under keys that are computed: those of the literals that come to the key, or any where more may."""

from __future__ import annotations

from migrate.flow.containers import Site
from migrate.flow.library import KINDS
from migrate.flow.sources import Sources
from migrate.flow.state import Flow


class LookUps:
    """The look-ups of a run. What a key may be is known when all that is known of it has moved."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._sources: Sources | None = None
        self._asked: dict[tuple[Site, int, int], set[object] | None] = {}
        """The container, the key and the result of each, with the literals that were followed; None for any."""

    def add(self, site: Site, key: int, to: int) -> None:
        """Let ``to`` hold what a container has under the key that a node gives."""
        self._asked.setdefault((site, key, to), set())

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
        for (site, key, to), followed in waiting:
            new = sources.of(key).values - followed
            for _, value in sorted(new, key=repr):
                self._flow.containers.take(site, value, to)
            followed |= new
            found = found or bool(new)
        if found:
            return True
        unknown = [asked for asked, _ in waiting if sources.of(asked[1]).unknown or self._may_be_object(asked[1])]
        for asked in unknown:
            self._asked[asked] = None
            self._flow.containers.take(asked[0], None, asked[2])
        return bool(unknown)

    def _may_be_object(self, key: int) -> bool:
        """Whether a key may be a class or an object, and so no literal."""
        return any(fact[0] != "L" or fact[1] not in KINDS for fact in self._flow.graph.of(key))
