"""The layers of networks by their paths, with what they compute with, as they are when a network is first called."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]


class Layers:
    """Looks at each network once. ``describe`` gives what is kept of a layer, or None for a module that is no layer."""

    def __init__(self, describe: Callable[[str, str, Any], Any]) -> None:
        self._describe = describe
        self._known: dict[int, Any] = {}
        self.networks: dict[str, dict[str, list[Json]]] = {}

    def enter(self, network: Any) -> None:
        """Look at a network that is called, unless it is part of one that was called before."""
        known = self._known.get(id(network))
        if known is not None and known() is network:
            return
        found: list[tuple[str, Json]] = []
        name = f"{type(network).__module__}.{type(network).__qualname__}"
        try:
            modules = list(network.named_modules())
        except Exception:  # a network of its own kind, which cannot be looked at
            return
        for path, module in modules:
            self._known[id(module)] = weakref.ref(module)
            described = self._describe(name, path, module) if path else None
            if described is not None:
                found.append((path, described))
        for path, described in found:
            kept = self.networks.setdefault(name, {}).setdefault(path, [])
            if described not in kept:
                kept.append(described)

    def forget(self) -> None:
        self.networks.clear()
