"""What a call does, by what is called: functions and classes of the run, partials, and what libraries have."""

from __future__ import annotations

from collections.abc import Callable

from migrate.flow.copies import Copies
from migrate.flow.facts import Fact, id_of
from migrate.flow.library import DECORATOR, EFFECTS, LOOKING, Effect, is_class_name
from migrate.flow.members import Members
from migrate.flow.passing import Passing
from migrate.flow.state import Flow
from migrate.index.summary import NOBODY, Call

CALLABLE = ("__call__", "forward")


class Calls:
    """The effect of each kind of fact that arrives at a callee."""

    def __init__(self, flow: Flow, passing: Passing, members: Members, copies: Copies) -> None:
        self.flow = flow
        self.graph = flow.graph
        self._passing = passing
        self._members = members
        self._copies = copies
        self._done: set[tuple[int, Fact]] = set()
        self._given_to: set[int] = set()
        """The results of calls of what is not known."""
        self._unknown: list[Call] = []
        self._asked = 0
        """The calls of what nothing is known of, among the first ones."""
        self._bags: dict[int, tuple[tuple[int, ...], int]] = {}
        """For calls that partials make: the partials, and the container of their keywords."""
        self._effects: dict[Effect, Callable[[Call, int], None]] = {
            "partial": self._partial,
            "arguments": self._give_arguments,
            "mapping": self._give_mapping,
            "second": self._give_second,
            "elements": self._gather,
            "rows": self._gather_rows,
            "type": self._give_type,
            "element": self._give_element,
            "modules": self._collect,
            "attributes": self._name_space,
            "wrapper": self._wrap,
            "mapped": self._map,
            "getter": self._get,
            "nothing": self._look,
            "decorator": self._decorate,
            "optional decorator": self._decorate_or_give,
        }

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
        elif kind == "V":
            self._result(call, ("D" if fact[2:] == ("D",) else "O", of))
        elif kind == "C":
            bases = self.flow.classes.library_bases(id_of(fact))
            is_list = all(_is_list(str(base[1]), call) for base in bases)
            self._fill(self.flow.classes.classes[id_of(fact)].site, call, is_list)
        elif kind == "T":
            self._result(call, ("D", of))
        elif kind == "P":
            self._call_partial(id_of(fact), number)
        elif kind == "S":
            self._call_library(str(of), number)
        elif kind == "N":
            self._result(call, ("N", of, ""))

    def hand_over(self) -> bool:
        """Give what code gets which is not followed back to whoever calls it; whether anything was new.

        Containers among that may be in another order.
        """
        graph, loads = self.graph, self.flow.loads()
        found = False
        self._unknown += self.flow.calls[self._asked :]
        self._asked = len(self.flow.calls)
        self._unknown = [call for call in self._unknown if not graph.facts[call.callee]]
        for call in self._unknown:
            owner = graph.of(loads[call.callee][0]) if call.callee in loads else []
            if owner and all(fact[0] == "D" for fact in owner):
                continue  # a method of a container
            given = [*call.positional, *(node for _, node in call.keywords)]
            for fact in (fact for node in given for fact in graph.of(node) if fact[0] == "D"):
                found |= self.flow.containers.reorder(id_of(fact))
            if call.result != NOBODY and call.result not in self._given_to:
                self._given_to.add(call.result)
                self._may_return(call)
                found = True
        return found

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

    def _make(self, cls: int, call: Call) -> None:
        """An object of a class of the run, or a layer where the class derives from one of a rule."""
        self._result(call, ("O", cls))
        for name in ("__init__", "__new__"):
            self.graph.watch(self.flow.classes.lookup(cls, name, False), self._initialise, call)
        self.graph.postpone(lambda: self._fill_fields(cls, call))

    def _fill_fields(self, cls: int, call: Call) -> None:
        """The arguments of a dataclass or named tuple, whose first fields are those of its bases."""
        classes = self.flow.classes
        family = [*reversed(classes.above(cls)), cls]
        fields = list(dict.fromkeys(name for owner in family for name in classes.classes[owner].summary.fields))
        for name, value in (*zip(fields, call.positional, strict=False), *call.keywords):
            if name in fields:
                self.graph.edge(value, classes.field(("K", cls), name))

    def _initialise(self, fact: Fact, call: Call) -> None:
        if fact[0] == "F":
            self._passing.give(self.flow.functions[id_of(fact)], call, True)

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
        if name == "builtins.setattr":
            self.flow.setters.append(call)
        if call.result == NOBODY:
            return
        effect = EFFECTS.get(name)
        if effect in ("modules", "wrapper"):
            self.flow.containers.networks[call.result] = name
        if effect is not None:
            self._effects[effect](call, number)
        elif is_class_name(name):
            self.graph.add(call.result, ("L", name))
        elif name.partition(".")[0] not in LOOKING | {"builtins"} | self.flow.rules.packages:
            self._may_return(call)

    def _partial(self, call: Call, number: int) -> None:
        if call.positional:
            self.graph.add(call.result, ("P", number))
            callee, *filled = call.positional
            made = self.flow.new_call(call._replace(positional=tuple(filled), result=NOBODY), self.flow.homes[number])
            self.graph.watch(callee, self._may_call, made)

    def _may_call(self, fact: Fact, number: int) -> None:
        """Whoever gets a partial may call it, so that what it fills comes to the function."""
        if fact[0] in "FBK":
            self.call(fact, number)

    def _give_arguments(self, call: Call, number: int) -> None:
        for value in call.positional:
            self.graph.edge(value, call.result)

    def _give_mapping(self, call: Call, number: int) -> None:
        """What it gets, with its keywords; without any, an empty one to fill."""
        self._give_arguments(call, number)
        if not call.positional:
            self.graph.add(call.result, ("D", call.result))
        for name, value in call.keywords:
            self.flow.containers.put(call.result, name, value)

    def _gather(self, call: Call, number: int) -> None:
        self._gather_into(call.result, call)

    def _gather_into(self, site: int, call: Call) -> None:
        held = self.graph.new()
        self.graph.add(site, ("D", site))
        self.flow.containers.put(site, None, held)
        for value in (*call.positional, *(node for _, node in call.stars)):
            self.graph.watch(value, self._members.element_of, held)

    def _gather_rows(self, call: Call, number: int) -> None:
        row = self.graph.new()
        self._gather_into(row, call)
        self.graph.add(call.result, ("D", call.result))
        self.flow.containers.put(call.result, None, row)

    def _give_second(self, call: Call, number: int) -> None:
        for value in call.positional[1:2]:
            self.graph.edge(value, call.result)

    def _give_type(self, call: Call, number: int) -> None:
        for value in call.positional[:1]:
            self.graph.watch(value, self._members.load, ("__class__", call.result))

    def _give_element(self, call: Call, number: int) -> None:
        for value in call.positional:
            self.graph.edge(value, call.result)
            self.graph.watch(value, self._members.element_of, call.result)

    def _collect(self, call: Call, number: int) -> None:
        """A container of torch: of its arguments, or of the elements of a list, dict or star among them."""
        self.graph.add(call.result, ("D", call.result))
        self._fill(call.result, call, _is_list(self.flow.containers.networks[call.result], call))

    def _fill(self, site: int, call: Call, is_list: bool) -> None:
        take = self._take_plain if self._holds_networks(call) else self._members.take_over
        for i, value in enumerate(call.positional):
            self.flow.containers.put(site, i, self._spread(value) if is_list else value)
            self.graph.watch(value, take, site)
        for _, value in call.stars:
            self.graph.watch(value, self._members.take_over, site)

    def _spread(self, value: int) -> int:
        """The elements of the one argument of a list that is no container with keys of its own, or is not known."""
        elements = self.graph.new()
        self.graph.gate(value, elements)
        self.graph.watch(value, self._take_elements, elements)
        return elements

    def _take_elements(self, fact: Fact, to: int) -> None:
        if fact[0] != "D":
            self._members.element_of(fact, to)

    def _holds_networks(self, call: Call) -> bool:
        """Whether networks among the arguments are elements themselves, not containers of these."""
        return len(call.positional) > 1 or self.graph.holds(call.callee, ("S", "torch.nn.Sequential"))

    def _take_plain(self, fact: Fact, site: int) -> None:
        """Let a container have the elements of a list or dict, but not of a network."""
        if fact[0] == "D" and id_of(fact) not in self.flow.containers.networks:
            self._members.take_over(fact, site)

    def _name_space(self, call: Call, number: int) -> None:
        self.graph.add(call.result, ("D", call.result))
        for name, value in call.keywords:
            self.graph.edge(value, self.flow.containers.attribute(call.result, name))

    def _wrap(self, call: Call, number: int) -> None:
        self.graph.add(call.result, ("D", call.result))
        for value in (*call.positional[:1], *(node for name, node in call.keywords if name in ("module", "model"))):
            self.graph.edge(value, self.flow.containers.attribute(call.result, "module"))

    def _map(self, call: Call, number: int) -> None:
        if not call.positional:
            return
        function, *iterated = call.positional
        elements = []
        for value in iterated:
            elements.append(self.graph.new())
            self.graph.watch(value, self._members.element_of, elements[-1])
        result = self.graph.new()
        self.graph.add(call.result, ("D", call.result))
        self.flow.containers.put(call.result, None, result)
        made = Call(function, tuple(elements), (), (), (), result, call.line, call.column)
        self.graph.watch(function, self.call, self.flow.new_call(made, self.flow.homes[number]))

    def _get(self, call: Call, number: int) -> None:
        """``property(f)``: what a load of it gives."""
        for value in (*call.positional[:1], *(node for name, node in call.keywords if name == "fget")):
            made = Call(value, (), (), (), (), call.result, call.line, call.column)
            self.graph.watch(value, self.call, self.flow.new_call(made, self.flow.homes[number]))

    def _decorate(self, call: Call, number: int) -> None:
        self.graph.add(call.result, ("S", DECORATOR))

    def _decorate_or_give(self, call: Call, number: int) -> None:
        (self._give_arguments if call.positional else self._decorate)(call, number)

    def _look(self, call: Call, number: int) -> None:
        """Nothing comes of it."""

    def _may_return(self, call: Call) -> None:
        """A function that is not followed may give back what it gets."""
        if call.result == NOBODY:
            return
        for value in (*call.positional, *(v for _, v in call.keywords)):
            self.graph.watch(value, self._given_back, call.result)

    def _given_back(self, fact: Fact, to: int) -> None:
        if fact[0] in "MIPFBKODN":
            self.graph.add(to, fact)
        if fact[0] == "D":
            self.flow.containers.reorder(id_of(fact))


def _is_list(name: str, call: Call) -> bool:
    """Whether a container of a library is made of the elements of its one argument, which is none of them itself."""
    return name.rpartition(".")[2] in ("ModuleList", "ModuleDict", "CellList", "CellDict") and len(call.positional) == 1
