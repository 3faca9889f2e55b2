"""What each conclusion was drawn from, so that a new fact takes back only what follows from the old one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable

Fact = tuple[str, Hashable]
"""What conclusions rest on besides each other: the callers of a function, the modules that were read, and so on."""


class Dependencies:
    """The conclusions that are being drawn, the innermost last, and who has read what."""

    def __init__(self) -> None:
        self.trail: list[Hashable] = []
        self._readers: defaultdict[Hashable, set[Hashable]] = defaultdict(set)

    def read(self, key: Hashable) -> None:
        """Note that the conclusion that is being drawn rests on ``key``."""
        if self.trail:
            self._readers[key].add(self.trail[-1])

    def stale(self, changed: Iterable[Hashable]) -> set[Hashable]:
        """All that rests on what has ``changed``, directly or not; it is forgotten here."""
        found: set[Hashable] = set()
        todo = list(changed)
        while todo:
            for reader in self._readers.pop(todo.pop(), ()):
                if reader not in found:
                    found.add(reader)
                    todo.append(reader)
        return found
