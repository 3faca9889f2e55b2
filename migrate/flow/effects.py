"""What functions and classes of libraries do with what they get, one for each kind of effect."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from migrate.flow.by_name import ByName
from migrate.flow.containers import Part
from migrate.flow.facts import Fact, id_of
from migrate.flow.graph import React
from migrate.flow.library import DECORATOR, LISTS, Effect
from migrate.flow.mappings import Mappings
from migrate.flow.members import Members
from migrate.flow.operators import Operators
from migrate.flow.state import Flow
from migrate.index.summary import KEYS, NOBODY, Call, element


class Effects:
    """The effects of calls, each with the call and its number; ``call`` is what a fact does at a callee."""

    def __init__(self, flow: Flow, members: Members, by_name: ByName, operators: Operators, call: React) -> None:
        self.flow = flow
        self.graph = flow.graph
        self._members = members
        self._by_name = by_name
        self._operators = operators
        self._call = call
        mappings = Mappings(flow, members)
        self.of: dict[Effect, Callable[[Call, int], None]] = {
            "partial": self._partial,
            "method partial": self._method_partial,
            "changed": self._change,
            "module by name": self._by_name.import_module,
            "arguments": self._give_arguments,
            "collection": self._give_collection,
            "mapping": mappings.give,
            "keys": mappings.give_keys,
            "default mapping": self._default,
            "field": self._declare,
            "starred map": self._map_stars,
            "selected": self._select,
            "cast": self._cast,
            "bound": self._bind,
            "new type": self._name_type,
            "elements": self._gather,
            "inner elements": self._gather_inner,
            "repeated": self._repeat,
            "rows": self._gather_rows,
            "type": partial(self._give_attribute, "__class__"),
            "element": self._give_element,
            "chosen": self._choose,
            "modules": self._collect,
            "attributes": self._name_space,
            "wrapper": self._wrap,
            "mapped": self._map,
            "getter": self._get,
            "nothing": self._look,
            "decorator": self._decorate,
            "optional decorator": self._decorate_or_give,
            "member": self._by_name.get,
            "set member": self._by_name.set,
            "member getter": self._by_name.make_getter,
            "method caller": self._by_name.make_caller,
            "record class": self._by_name.make_record_class,
            "reduced": self._reduce,
            "item getter": self._by_name.make_item_getter,
            "operator": self._operate,
            "namespace": partial(self._give_attribute, "__dict__"),
            "fields": self._list_fields,
            "dispatched": self._dispatch,
            "root module": self._by_name.import_root,
        }

    def _partial(self, call: Call, number: int) -> None:
        if call.positional:
            self.graph.add(call.result, ("P", number))
            callee, *filled = call.positional
            made = self.flow.new_call(call._replace(positional=tuple(filled), result=NOBODY), self.flow.homes[number])
            self.graph.watch(callee, self._may_call, made)

    def _method_partial(self, call: Call, number: int) -> None:
        """``partialmethod(function, ...)``: the object comes before what is filled in."""
        callee, *filled = call.positional or (NOBODY,)
        if callee != NOBODY:
            made = call._replace(positional=(callee, self.graph.new(), *filled))
            self._partial(made, self.flow.new_call(made, self.flow.homes[number]))

    def _change(self, call: Call, number: int) -> None:
        for value in call.positional[:1]:
            self.graph.edge(value, call.result)
            for name, given in call.keywords:
                self.graph.watch(value, self._members.store, (name, given))

    def _may_call(self, fact: Fact, number: int) -> None:
        """Whoever gets a partial may call it, so that what it fills comes to the function."""
        if fact[0] in "FBK":
            self._call(fact, number)

    def _give_arguments(self, call: Call, number: int) -> None:
        for value in call.positional:
            self.graph.edge(value, call.result)

    def _default(self, call: Call, number: int) -> None:
        """``defaultdict(factory)``."""
        self.flow.containers.mappings.add(call.result)
        self.graph.add(call.result, ("D", call.result))
        for factory in call.positional[:1]:
            self.flow.containers.put(call.result, None, self._called(factory, (), number))
        for mapping in call.positional[1:]:
            self.graph.watch(mapping, self._members.take_over, call.result)

    def _declare(self, call: Call, number: int) -> None:
        """``field(default_factory=list)``: the value of a field that nothing is passed for."""
        for name, value in call.keywords:
            if name == "default":
                self.graph.edge(value, call.result)
            elif name in ("default_factory", "factory"):
                self.graph.edge(self._called(value, (), number), call.result)

    def _called(self, callee: int, given: tuple[int, ...], number: int) -> int:
        """The node of what a call gives that a library makes."""
        call = self.flow.calls[number]
        made = Call(callee, given, (), (), (), self.graph.new(), call.line, call.column)
        self.graph.watch(callee, self._call, self.flow.new_call(made, self.flow.homes[number]))
        return made.result

    def _give_collection(self, call: Call, number: int) -> None:
        """What it gets; without anything, an empty one to fill. Of a mapping, a list has the keys."""
        if not call.positional:
            self.graph.add(call.result, ("D", call.result))
        for value in call.positional[:1]:
            self.graph.gate(value, call.result)
            self.graph.watch(value, self._list, call.result)

    def _list(self, fact: Fact, site: int) -> None:
        if fact[0] == "K" or (fact[0] == "D" and id_of(fact) in self.flow.containers.mappings):
            self.graph.add(site, ("D", site))
            self._members.element_of(fact, self.flow.containers.cell(site, None))
        else:
            self.graph.add(site, fact)

    def _gather(self, call: Call, number: int) -> None:
        self._gather_into(call.result, call)
        self._by_key(call, number)

    def _gather_into(self, site: int, call: Call) -> None:
        held = self.graph.new()
        self.graph.add(site, ("D", site))
        self.flow.containers.put(site, None, held)
        for value in (*call.positional, *(node for _, node in call.stars)):
            self.graph.watch(value, self._members.element_of, held)

    def _gather_inner(self, call: Call, number: int) -> None:
        rows, held = self.graph.new(), self.graph.new()
        for value in call.positional:
            self.graph.watch(value, self._members.element_of, rows)
        self.graph.watch(rows, self._members.element_of, held)
        self.graph.add(call.result, ("D", call.result))
        self.flow.containers.put(call.result, None, held)

    def _repeat(self, call: Call, number: int) -> None:
        self.graph.add(call.result, ("D", call.result))
        for value in call.positional[:1]:
            self.flow.containers.put(call.result, None, value)

    def _gather_rows(self, call: Call, number: int) -> None:
        row = self.graph.new()
        self._gather_into(row, call)
        self.graph.add(call.result, ("D", call.result))
        self.flow.containers.put(call.result, None, row)
        for _, star in call.stars:  # each element of these gives a place of each row
            self.graph.watch(self._element(star), self._members.element_of, self.flow.containers.cell(row, None))

    def _cast(self, call: Call, number: int) -> None:
        for cls in call.positional[:1]:
            self.graph.watch(cls, self._members.instances, call.result)
        for value in call.positional[1:2]:
            self.graph.edge(value, call.result)

    def _bind(self, call: Call, number: int) -> None:
        for cls in (*call.positional[1:], *(node for name, node in call.keywords if name == "bound")):
            self.graph.edge(cls, call.result)

    def _name_type(self, call: Call, number: int) -> None:
        self.graph.add(call.result, ("D", call.result))
        self.graph.add(call.result, ("S", DECORATOR))
        for cls in call.positional[1:]:
            self.flow.containers.put(call.result, None, cls)

    def _give_attribute(self, name: str, call: Call, number: int) -> None:
        for value in call.positional[:1]:
            self.graph.watch(value, self._members.load, (name, call.result))

    def _give_element(self, call: Call, number: int) -> None:
        for value in call.positional[:1]:
            self.graph.watch(value, self._members.element_of, call.result)
        for default in call.positional[1:]:
            self.graph.edge(default, call.result)

    def _choose(self, call: Call, number: int) -> None:
        """``max`` and ``min``: one of many, or an element of one."""
        self._by_key(call, number)
        is_one = len(call.positional) == 1 and not call.stars
        for value in call.positional:
            if is_one:
                self.graph.watch(value, self._members.element_of, call.result)
            else:
                self.graph.edge(value, call.result)
        for value in (node for _, node in call.stars):
            self.graph.watch(value, self._members.element_of, call.result)
        for value in (node for name, node in call.keywords if name == "default"):
            self.graph.edge(value, call.result)

    def _collect(self, call: Call, number: int) -> None:
        """A container of torch: of its arguments, or of the elements of a list, dict or star among them."""
        self.graph.add(call.result, ("D", call.result))
        if self.flow.containers.networks[call.result].endswith("Dict"):
            self.flow.containers.mappings.add(call.result)
        self.fill(call.result, call, made_of_elements(self.flow.containers.networks[call.result], call))

    def fill(self, site: int, call: Call, is_list: bool) -> None:
        """Put what a call passes into a container; where it ``is_list``, the elements of that."""
        take = self._take_plain if self._holds_networks(call) else self._take_elements_of
        star = min((place for place, _ in call.stars), default=len(call.positional))
        for i, value in enumerate(call.positional):
            # Behind a star, places depend on how much it holds.
            self.flow.containers.put(site, i if i < star else None, self._spread(value) if is_list else value)
            self.graph.watch(value, take, site)
        if star < len(call.positional) or len(call.stars) > 1:
            self.flow.containers.be_unsure(site, star)
        for i, (place, value) in enumerate(call.stars):
            self.graph.watch(value, self._take_star, (site, Part(before=place if i == 0 else None)))
        for name, value in call.keywords:
            self.flow.containers.put(site, name, value)
        for value in call.double_stars:
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

    def _take_star(self, fact: Fact, what: tuple[int, Part]) -> None:
        site, part = what
        if fact[0] == "D":
            self.flow.containers.take_part(id_of(fact), site, part)
        else:
            self._members.element_of(fact, self.flow.containers.cell(site, None))

    def _take_elements_of(self, fact: Fact, site: int) -> None:
        """Let a container have the elements of another: those of a list of layers count anew."""
        networks = self.flow.containers.networks
        if fact[0] == "D" and id_of(fact) in networks and not networks[id_of(fact)].endswith("Dict"):
            self.flow.containers.take_part(id_of(fact), site, Part())
        else:
            self._members.take_over(fact, site)

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
        for mapping in call.double_stars:
            self.graph.watch(mapping, self._name_entries, call.result)

    def _name_entries(self, fact: Fact, site: int) -> None:
        if fact[0] == "D":
            self.flow.containers.watch(id_of(fact), self._name_entry, site)

    def _name_entry(self, key: object, node: int, site: int) -> None:
        if isinstance(key, str):
            self.graph.edge(node, self.flow.containers.attribute(site, key))

    def _wrap(self, call: Call, number: int) -> None:
        self.graph.add(call.result, ("D", call.result))
        for value in (*call.positional[:1], *(node for name, node in call.keywords if name in ("module", "model"))):
            self.graph.edge(value, self.flow.containers.attribute(call.result, "module"))

    def _map(self, call: Call, number: int) -> None:
        if not call.positional:
            return
        function, *iterated = call.positional
        elements = map(self._element, iterated)
        self.graph.add(call.result, ("D", call.result))
        self.flow.containers.put(call.result, None, self._called(function, tuple(elements), number))

    def _map_stars(self, call: Call, number: int) -> None:
        if len(call.positional) < 2:
            return
        row, result = self._element(call.positional[1]), self.graph.new()
        made = Call(call.positional[0], (), (), ((0, row),), (), result, call.line, call.column)
        self.graph.watch(call.positional[0], self._call, self.flow.new_call(made, self.flow.homes[number]))
        self.graph.add(call.result, ("D", call.result))
        self.flow.containers.put(call.result, None, result)

    def _select(self, call: Call, number: int) -> None:
        for value in call.positional[1:2]:
            self.graph.edge(value, call.result)
        if len(call.positional) == 2:
            self._called(call.positional[0], (self._element(call.positional[1]),), number)

    def _by_key(self, call: Call, number: int) -> None:
        """``key=function`` of ``sorted``, ``min`` and ``max``: it gets what these compare."""
        compared = call.positional if len(call.positional) > 1 else tuple(map(self._element, call.positional))
        for value in (node for name, node in call.keywords if name == "key"):
            for each in compared:
                self._called(value, (each,), number)

    def _element(self, value: int) -> int:
        """The node of the elements of a container."""
        held = self.flow.elements(value)
        self.graph.watch(value, self._members.element_of, held)
        return held

    def _reduce(self, call: Call, number: int) -> None:
        if len(call.positional) < 2:
            return
        function, iterated, *initial = call.positional
        each, before = self._element(iterated), self.graph.new()
        for value in initial or [each]:
            self.graph.edge(value, before)
            self.graph.edge(value, call.result)
        self.graph.edge(call.result, before)
        made = call._replace(callee=function, positional=(before, each))
        self.graph.watch(function, self._call, self.flow.new_call(made, self.flow.homes[number]))

    def _get(self, call: Call, number: int) -> None:
        """``property(f)``: what a load of it gives."""
        for value in (*call.positional[:1], *(node for name, node in call.keywords if name == "fget")):
            made = Call(value, (), (), (), (), call.result, call.line, call.column)
            self.graph.watch(value, self._call, self.flow.new_call(made, self.flow.homes[number]))

    def _decorate(self, call: Call, number: int) -> None:
        self.graph.add(call.result, ("S", DECORATOR))

    def _decorate_or_give(self, call: Call, number: int) -> None:
        (self._give_arguments if call.positional else self._decorate)(call, number)

    def _operate(self, call: Call, number: int) -> None:
        """The functions of the module ``operator``."""
        for name in (str(fact[1]) for fact in self.graph.of(call.callee) if fact[0] == "S"):
            if name == "operator.getitem" and len(call.positional) == 2:
                self.graph.watch(call.positional[0], self._members.look_up, (call.positional[1], call.result))
            elif name == "operator.setitem" and len(call.positional) == 3:
                base, key, value = call.positional
                self.graph.watch(base, self._members.store, (KEYS, key))
                self.graph.watch(base, self._members.store, (element(), value))
            else:
                self._operators.call(name, call)

    def _list_fields(self, call: Call, number: int) -> None:
        """``dataclasses.fields(cls)``."""
        record = self.graph.new()
        for node, made in ((record, record), (call.result, call.result)):
            self.graph.add(node, ("D", made))
        self.flow.containers.put(call.result, None, record)
        self.graph.edge(self.graph.new(), self.flow.containers.attribute(record, "name"))  # any of them
        for value in call.positional[:1]:
            self.graph.watch(value, self._take_fields, self.flow.containers.attribute(record, "default"))

    def _take_fields(self, fact: Fact, to: int) -> None:
        classes = self.flow.classes
        for name in classes.classes[id_of(fact)].summary.fields if fact[0] in "KO" else ():
            self.graph.edge(classes.lookup(id_of(fact), name, False), to)

    def _dispatch(self, call: Call, number: int) -> None:
        """A function that has others for classes of what it gets."""
        for value in call.positional[:1]:
            self.graph.gate(value, call.result)
            self.graph.watch(value, self._dispatch_one, call.result)

    def _dispatch_one(self, fact: Fact, to: int) -> None:
        if fact[0] == "F":
            self.flow.dispatching.add(id_of(fact))
        self.graph.add(to, fact)

    def _look(self, call: Call, number: int) -> None:
        """Nothing comes of it."""


def made_of_elements(name: str, call: Call) -> bool:
    """Whether a container of a library is made of the elements of its one argument, which is none of them itself."""
    is_list = name in LISTS or name.rpartition(".")[2] in ("ModuleList", "ModuleDict", "CellList", "CellDict")
    return is_list and len(call.positional) == 1
