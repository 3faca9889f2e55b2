"""What a call does, by what is called: functions and classes of the run, partials, and what libraries have."""

from __future__ import annotations

from migrate.flow.by_name import ByName
from migrate.flow.container_methods import ContainerMethods
from migrate.flow.copies import Copies
from migrate.flow.effects import Effects, made_of_elements
from migrate.flow.facts import FIELDS, Fact, id_of
from migrate.flow.foreign import Foreign
from migrate.flow.library import CONTAINERS, EFFECTS, LISTS, MAPPINGS, NAMING, is_class_name, is_foreign
from migrate.flow.members import Members
from migrate.flow.operators import Operators
from migrate.flow.passing import Passing
from migrate.flow.state import Flow, Named
from migrate.index.summary import NOBODY, REGISTERED, Call

CALLABLE = ("__call__", "forward")


class Calls:
    """The effect of each kind of fact that arrives at a callee."""

    def __init__(self, flow: Flow, passing: Passing, members: Members, copies: Copies, operators: Operators) -> None:
        self.flow = flow
        self.graph = flow.graph
        self._passing = passing
        self._members = members
        self._copies = copies
        self._by_name = ByName(flow, members, self.call)
        self._container_methods = ContainerMethods(flow, members)
        self._effects = Effects(flow, members, self._by_name, operators, self.call)
        self._done: set[tuple[int, Fact]] = set()
        self.foreign = Foreign(flow, self.call)
        self._bags: dict[int, tuple[tuple[int, ...], int]] = {}
        """For calls that partials make: the partials, and the container of their keywords."""

    def call(self, fact: Fact, number: int) -> None:
        """A call of something that a fact says what it is."""
        if (number, fact) in self._done:
            return
        self._done.add((number, fact))
        call = self.flow.calls[number]
        kind, of = fact[0], fact[1]
        if kind in "MR":
            self._result(call, ("I", self.flow.names.get(str(of), str(of))))
        elif kind in "FB":
            self._call_function(id_of(fact), number, kind == "B")
        elif kind == "K":
            self._make(id_of(fact), call)
        elif kind == "O":
            for name in CALLABLE:
                self.graph.watch(self.flow.classes.lookup(id_of(fact), name, True), self._call_member, number)
            self.graph.postpone(lambda: self._call_inherited(id_of(fact), number))
        elif kind == "V":
            self._result(call, ("D" if fact[2:] == ("D",) else "O", of))
        elif kind == "C":
            if fact[2:] == (FIELDS,):
                self.graph.postpone(lambda: self._fill_above(id_of(fact), call))
            else:
                self._fill(id_of(fact), call)
        elif kind == "T":
            self._result(call, ("D", of))
        elif kind == "P":
            self._call_partial(id_of(fact), number)
        elif self.flow.containers.is_promised_callable(fact):
            if call.result != NOBODY:
                self.graph.edge(self.flow.containers.everything(id_of(fact)), call.result)
        elif kind == "S":
            self._call_library(str(of), number)
        elif kind == "Y":
            self._container_methods.call(fact, call)
        elif kind == "E":
            self.foreign.use(id_of(fact), number)
        elif kind == "G":
            self._by_name.use_getter(id_of(fact), number)
        elif kind == "N":
            self._result(call, ("N", of, ""))

    def _call_inherited(self, cls: int, number: int) -> None:
        """A call of an object whose class may have from a library what is called, such as ``ContextDecorator``."""
        classes, packages = self.flow.classes, self.flow.rules.packages
        foreign = any(is_foreign(str(base[1]), packages) for base in classes.library_bases(cls) if base[0] == "S")
        if foreign and not any(classes.has(cls, name) for name in CALLABLE):
            self.foreign.call(number)

    def _result(self, call: Call, fact: Fact) -> None:
        if call.result != NOBODY:
            self.graph.add(call.result, fact)

    def _call_member(self, fact: Fact, number: int) -> None:
        if fact[0] == "F":
            self._call_function(id_of(fact), number, True)

    def _call_function(self, function: int, number: int, bound: bool) -> None:
        called, call = self.flow.functions[self._copies.of(function, number)], self.flow.calls[number]
        self._passing.give(called, call, bound)
        if call.result != NOBODY:
            self.graph.edge(called.summary.result, call.result)
        if function in self.flow.dispatching:
            registered = self.flow.classes.field(("F", function), REGISTERED)
            self.graph.watch(registered, self._call_member if bound else self.call, number)

    def _make(self, cls: int, call: Call) -> None:
        """An object of a class of the run, or a layer where the class derives from one of a rule."""
        self._result(call, ("O", cls))
        for name in ("__init__", "__new__"):
            self.graph.watch(self.flow.classes.lookup(cls, name, False), self._initialise, call)
        self.graph.postpone(lambda: self._fill_fields(cls, call))

    def _fill(self, cls: int, call: Call) -> None:
        """The elements of an object of a class that derives from a container."""
        is_list = all(made_of_elements(str(base[1]), call) for base in self.flow.classes.library_bases(cls))
        self._effects.fill(self.flow.classes.classes[cls].site, call, is_list)

    def _fill_fields(self, cls: int, call: Call) -> None:
        """The arguments of a dataclass or named tuple, whose first fields are those of its bases."""
        classes = self.flow.classes
        bases = {str(base[1]) for base in classes.library_bases(cls)}
        if not bases.isdisjoint(CONTAINERS | MAPPINGS | LISTS) and not classes.has(cls, "__init__"):
            self._fill(cls, call)
        self._take_fields(cls, [*reversed(classes.above(cls)), cls], call)

    def _fill_above(self, cls: int, call: Call) -> None:
        """The arguments that ``super().__init__`` gives to a dataclass, whose constructor nobody has written."""
        above = self.flow.classes.above(cls)
        if not any("__init__" in self.flow.classes.own(("K", owner)) for owner in above):
            self._take_fields(cls, above[::-1], call)

    def _take_fields(self, cls: int, family: list[int], call: Call) -> None:
        """The fields of a family of classes, the oldest first, as arguments give them."""
        classes = self.flow.classes
        fields = list(dict.fromkeys(name for owner in family for name in classes.classes[owner].summary.fields))
        given = [*zip(fields, call.positional, strict=False), *(k for k in call.keywords if k[0] in fields)]
        for name, value in given:
            self.graph.edge(value, classes.field(("K", cls), name))
        behind = Call(NOBODY, (), tuple(given), (), (), NOBODY, call.line, call.column)
        self.graph.watch(classes.lookup(cls, "__post_init__", False), self._initialise, behind)

    def _initialise(self, fact: Fact, call: Call) -> None:
        if fact[0] == "F":
            function = self.flow.functions[id_of(fact)]
            self._passing.give(function, call, True)
            if function.summary.name == "__new__" and call.result != NOBODY:
                self.graph.edge(function.summary.result, call.result)

    def _call_partial(self, partial: int, number: int) -> None:
        """The call that a partial makes of another one: its own arguments first.

        The keywords of all partials on the way to what is called are gathered in one container, since partials may be
        made of partials without end.
        """
        inner, (made, keywords) = self.flow.calls[partial], self._bags.get(number, ((), NOBODY))
        callee, *filled = inner.positional
        if partial in made and (filled or inner.stars):
            return
        if keywords == NOBODY or filled or inner.stars:
            number, keywords = self._fill_in(partial, number, (*made, partial), keywords)
        self.graph.edge(callee, self.flow.calls[number].callee)
        for name, value in inner.keywords:
            self.flow.containers.put(keywords, name, value)
        for mapping in inner.double_stars:
            self.graph.watch(mapping, self._members.take_over, keywords)

    def _fill_in(self, partial: int, number: int, made: tuple[int, ...], before: int) -> tuple[int, int]:
        """A call with the positional arguments of a partial before those of another, and its container of keywords."""
        inner, outer = self.flow.calls[partial], self.flow.calls[number]
        callee, keywords = self.graph.new(), self.graph.new()
        self.graph.add(keywords, ("D", keywords))
        if before != NOBODY:
            self.flow.containers.merge(before, keywords)
        filled = inner.positional[1:]
        call = outer._replace(
            callee=callee,
            positional=(*filled, *outer.positional),
            stars=(*inner.stars, *((place + len(filled), node) for place, node in outer.stars)),
            double_stars=(*outer.double_stars, keywords),
        )
        number = self.flow.new_call(call, self.flow.homes[number])
        self._bags[number] = (made, keywords)
        self.graph.watch(callee, self.call, number)
        return number, keywords

    def _call_library(self, name: str, number: int) -> None:
        call = self.flow.calls[number]
        package, _, function = name.rpartition(".")
        if package == "builtins" and len(call.positional) >= NAMING.get(function, len(call.positional) + 1):
            self.flow.named.append(Named(function, call.positional[0], call.positional[1], number))
        if call.result == NOBODY:
            return
        effect = EFFECTS.get(name)
        if effect in ("modules", "wrapper"):
            self.flow.containers.networks[call.result] = name
        if name == "builtins.type" and len(call.positional) == 3:
            self.foreign.call(number)  # the class that it makes has what is in the mapping
        elif effect is not None:
            self._effects.of[effect](call, number)
        elif is_class_name(name):
            self.graph.add(call.result, ("L", name))
            self.foreign.make(("L", name), number)
        elif is_foreign(name, self.flow.rules.packages):
            self.foreign.call(number)
