"""Members of objects that calls name by a value: ``getattr``, ``setattr``, ``operator.attrgetter``."""

from __future__ import annotations

from fnmatch import fnmatchcase

from migrate.flow.facts import Fact, id_of
from migrate.flow.graph import React
from migrate.flow.members import Members
from migrate.flow.state import Flow, Named
from migrate.index.summary import COMPUTED, METHOD, NOBODY, Call, Key, element

MEMBERED = "OKDX"
"""The kinds of facts whose members are followed; those of libraries are none of the run's."""


class ByName:
    """The effect of calls that name a member by a value. It is known which, once facts have come to rest."""

    def __init__(self, flow: Flow, members: Members, call: React) -> None:
        self.flow = flow
        self.graph = flow.graph
        self._members = members
        self._call = call
        self._callers: set[int] = set()
        """The calls of ``methodcaller``."""
        self._item_getters: set[int] = set()
        """Those of ``itemgetter``."""
        self._records: set[int] = set()
        """Those of ``namedtuple``."""

    def get(self, call: Call, number: int) -> None:
        """``getattr(object, name, default)``."""
        if len(call.positional) > 1:
            self._look_up(call.positional[0], call.positional[1], call.result)
            for default in call.positional[2:3]:
                self.graph.edge(default, call.result)

    def set(self, call: Call, number: int) -> None:
        """``setattr(object, name, value)``."""
        if len(call.positional) == 3:
            base, key, value = call.positional
            self.graph.watch(base, self._put, (key, value))

    def import_module(self, call: Call, number: int) -> None:
        """``import_module("package.module")``."""
        for name in call.positional[:1]:
            self._members.look_ups.add(self._import, ("X", self.flow.homes[number].path), name, call.result)

    def _import(self, importer: Fact, name: object, looks: str, to: int) -> None:
        if isinstance(name, str):
            module = name.lstrip(".")
            path = self.flow.modules.file(str(importer[1]), len(name) - len(module), module)
            self.graph.add(to, ("X", path) if path is not None else self.flow.modules.symbol(module))
        elif looks != COMPUTED:
            package = looks.partition("*")[0].rpartition(".")[0]
            level = len(package) - len(package.lstrip("."))
            for path in self.flow.tree.inside(str(importer[1]), level, package[level:]):
                self.graph.add(to, ("X", path))

    def make_getter(self, call: Call, number: int) -> None:
        """``attrgetter(name)``: a function that gives the member of what it gets."""
        self.graph.add(call.result, ("G", number))

    def make_caller(self, call: Call, number: int) -> None:
        """``methodcaller(name)``: a function that calls the method of what it gets."""
        self._callers.add(number)
        self.graph.add(call.result, ("G", number))

    def make_item_getter(self, call: Call, number: int) -> None:
        """``itemgetter(key)``: a function that gives the element of what it gets."""
        self._item_getters.add(number)
        self.graph.add(call.result, ("G", number))

    def import_root(self, call: Call, number: int) -> None:
        """``__import__("package.module")``, which gives the package."""
        for name in call.positional[:1]:
            self._members.look_ups.add(self._import_root, ("X", self.flow.homes[number].path), name, call.result)

    def _import_root(self, importer: Fact, name: object, looks: str, to: int) -> None:
        self._import(importer, name.partition(".")[0] if isinstance(name, str) else name, looks, to)

    def make_record_class(self, call: Call, number: int) -> None:
        """``namedtuple("Spec", "norm width")``."""
        self._records.add(number)
        self.graph.add(call.result, ("G", number))

    def _record(self, made: Call, call: Call) -> None:
        """An object of a named tuple: what it is made with, by place and by name."""
        self.graph.add(call.result, ("D", call.result))
        for place, value in enumerate(call.positional):
            self.flow.containers.put(call.result, place, value)
        for name, value in call.keywords:
            self.graph.edge(value, self.flow.containers.attribute(call.result, name))
            self.flow.containers.put(call.result, None, value)
        if len(made.positional) > 1:
            self._name_places(("D", call.result), made.positional[1])

    def _name_places(self, record: Fact, names: int) -> None:
        text = self.flow.constants().get(names)
        if isinstance(text, str):
            for place, name in enumerate(text.replace(",", " ").split()):
                self._name_place(record, name, "", place)
        for key, cell in self.flow.containers.cells(names).items():
            if isinstance(key, int):
                self._members.look_ups.add(self._name_place, record, cell, key)

    def _name_place(self, record: Fact, name: object, looks: str, place: int) -> None:
        """Let what stands at a place of a record be an attribute of it, too."""
        if isinstance(name, str):
            containers, site = self.flow.containers, id_of(record)
            self.graph.edge(containers.cell(site, place), containers.attribute(site, name))

    def use_getter(self, made: int, number: int) -> None:
        """A call of what ``attrgetter`` or ``methodcaller`` gives."""
        names, call = self.flow.calls[made].positional, self.flow.calls[number]
        if call.result == NOBODY:
            return
        if made in self._records:
            self._record(self.flow.calls[made], call)
        if made in self._records or not call.positional or not names:
            return
        if made in self._item_getters:
            for name in names if len(names) == 1 else ():
                self.graph.watch(call.positional[0], self._members.look_up, (name, call.result))
        elif made in self._callers:
            name, *given = names
            method = self._member(call.positional[0], name, number)
            self.graph.watch(call.positional[0], self._method, (name, method))
            inner = call._replace(callee=method, positional=tuple(given), keywords=self.flow.calls[made].keywords)
            self.graph.watch(method, self._call, self.flow.new_call(inner, self.flow.homes[number]))
        elif len(names) == 1:
            self.graph.edge(self._member(call.positional[0], names[0], number), call.result)
        else:
            self.graph.add(call.result, ("D", call.result))
            for place, name in enumerate(names):
                self.flow.containers.put(call.result, place, self._member(call.positional[0], name, number))

    def _method(self, fact: Fact, what: tuple[int, int]) -> None:
        if fact[0] == "D":
            self._members.look_ups.add(self._take_method, fact, *what)

    def _take_method(self, fact: Fact, name: object, looks: str, to: int) -> None:
        if isinstance(name, str):
            self._members.load(fact, ((METHOD, name), to))

    def _member(self, base: int, name: int, number: int) -> int:
        """The node of a member of what a call gets."""
        found = self.graph.new()
        self.flow.named.append(Named("getattr", base, name, number))
        self._look_up(base, name, found)
        return found

    def _look_up(self, base: int, key: int, result: int) -> None:
        self.graph.watch(base, self._wait, (key, result))

    def _wait(self, fact: Fact, what: tuple[int, int]) -> None:
        key, to = what
        if fact[0] == "N":
            self.graph.add(to, ("N", fact[1], ""))
        elif fact[0] in MEMBERED:
            self._members.look_ups.add(self._take, fact, key, to)

    def _put(self, fact: Fact, what: tuple[int, int]) -> None:
        key, value = what
        if fact[0] in MEMBERED:
            self._members.look_ups.add(self._store, fact, key, value)

    def _take(self, fact: Fact, name: object, looks: str, to: int) -> None:
        """Let ``to`` have the member ``name`` of an object, dots leading on; any that ``looks`` so where it is None."""
        if name is None:
            self._take_any(fact, looks, to)
        elif isinstance(name, str):
            first, _, rest = name.partition(".")
            inner = self.graph.new() if rest else to
            key: Key = element(int(first)) if first.isdecimal() and fact[0] == "D" else first
            self._members.load(fact, (key, inner))
            if rest:
                self.graph.watch(inner, self._take_on, (rest, to))

    def _take_on(self, fact: Fact, what: tuple[str, int]) -> None:
        if fact[0] in MEMBERED:
            self._take(fact, what[0], "", what[1])

    def _take_any(self, fact: Fact, looks: str, to: int) -> None:
        if fact[0] in "OK":
            cls = id_of(fact)
            for name in self.flow.classes.names(cls):
                if fnmatchcase(name, looks):
                    self._members.load(fact, (name, to))
            for node in self.flow.classes.computed(cls):
                self.graph.edge(node, to)
        elif fact[0] == "D" and id_of(fact) in self.flow.containers.networks:
            self.flow.containers.take(id_of(fact), None, to)

    def _store(self, fact: Fact, name: object, looks: str, value: int) -> None:
        if name is None:
            self._members.store(fact, ((COMPUTED, looks), value))
        elif isinstance(name, str):
            self._members.store(fact, (name, value))
