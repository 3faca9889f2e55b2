"""Members of Enums: the values that they stand for, and objects with the methods of their class."""

from __future__ import annotations

from migrate.flow.facts import Fact
from migrate.flow.state import Flow


class Enums:
    """What is asked of classes and values, which may turn out to belong to an Enum when their bases are known."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.graph = flow.graph
        self._loads: dict[int, list[tuple[str, int]]] = {}
        self._values: dict[Fact, None] = {}
        """The values of members of Enums."""
        self._loads_of_values: dict[Fact, list[int]] = {}

    def load(self, cls: int, key: str, to: int) -> None:
        """An attribute of a class."""
        self._loads.setdefault(cls, []).append((key, to))
        self._load_member(cls, key, to)

    def make(self, cls: int) -> None:
        """The values of the members of an Enum have themselves as their ``value``."""
        for name, to in self._loads.get(cls, ()):
            self._load_member(cls, name, to)
        for node in self.flow.classes.own(("K", cls)).values():
            self.graph.watch(node, self._make_value, None)

    def _make_value(self, fact: Fact, _: None) -> None:
        if fact[0] in "DO":
            self._values.setdefault(fact, None)
            for to in self._loads_of_values.pop(fact, ()):
                self.graph.add(to, fact)

    def load_value(self, fact: Fact, to: int) -> None:
        """The attribute ``value`` of an object or a container."""
        if fact in self._values:
            self.graph.add(to, fact)
        else:
            self._loads_of_values.setdefault(fact, []).append(to)

    def _load_member(self, cls: int, key: str, to: int) -> None:
        """A member of an Enum with methods is an object, besides the value that it stands for."""
        classes = self.flow.classes
        if classes.is_enum(cls) and not key.startswith("_") and key in classes.own(("K", cls)):
            has_methods = any(f.owner == cls for f in self.flow.functions)
            if has_methods:
                self.graph.add(to, ("O", cls))
