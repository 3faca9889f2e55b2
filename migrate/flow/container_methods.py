"""Methods of containers that are called under another name: ``add = layers.append``, ``map(layers.append, found)``."""

from __future__ import annotations

from collections.abc import Callable

from migrate.flow.facts import Fact, id_of
from migrate.flow.members import Members
from migrate.flow.state import Flow
from migrate.index.summary import KEYS, NOBODY, Call

PUT = ("append", "add", "appendleft", "insert", "register", "send", "setdefault", "__setitem__", "put", "put_nowait")
ADD = ("extend", "extendleft", "__iadd__", "update", "__ior__")
GIVE = ("get", "pop", "popleft", "setdefault", "__getitem__", "send", "get_nowait")
LIST = ("values", "copy", "popitem")


class ContainerMethods:
    """The effect of a call of such a method, by the container and the name."""

    def __init__(self, flow: Flow, members: Members) -> None:
        self._flow = flow
        self._graph = flow.graph
        self._members = members
        self._of: dict[str, list[Callable[[int, Call], None]]] = {}
        for names, effect in (
            (PUT, self._put),
            (ADD, self._add),
            (GIVE, self._give),
            (LIST, self._list),
            (("keys",), self._keys),
            (("items", "popitem"), self._items),
        ):
            for name in names:
                self._of.setdefault(name, []).append(effect)

    def call(self, fact: Fact, call: Call) -> None:
        """A call of a method."""
        for effect in self._of.get(fact[2] if len(fact) == 3 else "", ()):
            effect(id_of(fact), call)

    def _put(self, site: int, call: Call) -> None:
        self._flow.containers.reorder(site)
        *keys, value = call.positional or (NOBODY,)
        if value != NOBODY:
            self._flow.containers.put(site, None, value)
        for key in keys:
            self._graph.edge(key, self._flow.containers.attribute(site, KEYS))

    def _add(self, site: int, call: Call) -> None:
        held = self._flow.containers.cell(site, None)
        for value in call.positional:
            self._graph.watch(value, self._add_one, (site, held))
        for name, value in call.keywords:
            self._flow.containers.put(site, name, value)

    def _add_one(self, fact: Fact, what: tuple[int, int]) -> None:
        site, held = what
        if fact[0] == "D" and id_of(fact) in self._flow.containers.mappings:
            self._flow.containers.merge(id_of(fact), site)
        else:
            self._members.element_of(fact, held)

    def _give(self, site: int, call: Call) -> None:
        if call.result == NOBODY:
            return
        if call.positional:
            self._members.look_up(("D", site), (call.positional[0], call.result))
        else:
            self._flow.containers.take(site, None, call.result)
        for default in call.positional[1:]:
            self._graph.edge(default, call.result)

    def _list(self, site: int, call: Call) -> None:
        if call.result != NOBODY:
            self._flow.containers.put(call.result, None, self._flow.containers.everything(site))
            self._graph.add(call.result, ("D", call.result))

    def _keys(self, site: int, call: Call) -> None:
        if call.result != NOBODY:
            self._flow.containers.iterate(site, self._flow.containers.cell(call.result, None))
            self._graph.add(call.result, ("D", call.result))

    def _items(self, site: int, call: Call) -> None:
        if call.result == NOBODY:
            return
        pair = self._graph.new()
        self._flow.containers.take_attribute(site, KEYS, self._flow.containers.cell(pair, 0))
        self._flow.containers.put(pair, 1, self._flow.containers.everything(site))
        self._graph.add(pair, ("D", pair))
        self._flow.containers.put(call.result, None, pair)
        self._graph.add(call.result, ("D", call.result))
