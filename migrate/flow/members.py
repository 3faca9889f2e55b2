"""What attributes, elements, tests and bases do with the facts that arrive there."""

from __future__ import annotations

from collections.abc import Sequence

from migrate.flow.assigned import Assigned
from migrate.flow.enums import Enums
from migrate.flow.facts import FIELDS, Fact, id_of
from migrate.flow.library import CONTAINERS, LISTS, MAPPINGS, is_exception
from migrate.flow.look_ups import LookUps
from migrate.flow.namespaces import Namespaces
from migrate.flow.narrowing import Narrowing
from migrate.flow.passing import Passing
from migrate.flow.slices import Slices
from migrate.flow.state import Flow
from migrate.flow.trees import Trees
from migrate.index.summary import (
    COMPUTED,
    ELEMENT,
    ITERATED,
    KEYS,
    METHOD,
    NOBODY,
    ORDER,
    PAIRS,
    PART,
    SLICE,
    Call,
    Key,
    element,
    iterated,
)

MAX_DOTS = 6


CALLED = frozenset({"forward", "__call__", "__enter__", "__aenter__"})
"""Methods that are looked for on any object."""
ELEMENTS = (("__getitem__", True), ("__next__", True), ("__anext__", True), ("__iter__", False), ("__aiter__", False))
"""Methods that give an element, or else what has the elements."""
TREE = frozenset({"modules", "children"})
"""Methods of a network that give its layers."""
HELD = frozenset({"_modules", "_cells"})
"""The attributes of a network that have its layers by name."""


class Members:
    """The effect of each kind of fact on loads and stores, on tests for a class, and as a base of one."""

    def __init__(self, flow: Flow, passing: Passing) -> None:
        self.flow = flow
        self.graph = flow.graph
        self._passing = passing
        self._done: set[object] = set()
        self._slices = Slices(flow)
        self._trees = Trees(flow)
        self._namespaces = Namespaces(flow)
        self._enums = Enums(flow)
        narrowing = Narrowing(flow)
        self.instances, self.test = narrowing.instances, narrowing.test
        self._spelled: dict[str, list[int]] = {}
        self._replaced: dict[str, list[int]] = {}
        """The nodes that load a class of a library, and those of what is put in its place, by qualified name."""
        self._keywords: dict[int, int] = {}
        self._class_methods: dict[int, list[int]] = {}
        self.look_ups = LookUps(flow)
        self.assigned = Assigned(flow, passing)

    def _first_time(self, *key: object) -> bool:
        if key in self._done:
            return False
        self._done.add(key)
        return True

    def load(self, fact: Fact, what: tuple[Key, int]) -> None:
        """``base.name`` or ``base[key]``, for a fact of the base."""
        key, to = what
        kind, of = fact[0], fact[1]
        if kind == "N":
            self.graph.add(to, ("N", of, ""))
        elif kind == "E":
            self.graph.add(to, fact)
            self.graph.watch(id_of(fact), self._had, ("IOMKD" if isinstance(key, tuple) else "IO", to))
        elif isinstance(key, tuple):
            if key[0] in (SLICE, PART) and kind == "D":
                self._slices.load(id_of(fact), key, to)
            elif key[0] == PAIRS and kind == "D":
                self.flow.containers.take_unnamed(id_of(fact), to)
            elif key[0] == METHOD:
                self._load_method(fact, str(key[1]), to)
            elif key[0] == ITERATED and kind == "D":
                self.flow.containers.iterate(id_of(fact), to)
            elif key[0] == ITERATED and kind == "K":
                for name in self.flow.classes.names(id_of(fact)):  # the members of an Enum
                    self._member(self.flow.classes.lookup(id_of(fact), name, False), to, False)
            else:
                self._load_element(fact, key[1] if key[0] == ELEMENT else None, to)
        else:
            self._load_attribute(fact, key, to)

    def _had(self, fact: Fact, what: tuple[str, int]) -> None:
        """Of what went into code that is not followed, an attribute or element of what it gave may be some kinds."""
        kinds, to = what
        if fact[0] in kinds:
            self.graph.add(to, fact)

    def _load_attribute(self, fact: Fact, key: str, to: int) -> None:
        kind, of = fact[0], fact[1]
        if key == "value" and kind in "OD":
            self._enums.load_value(fact, to)
        if key == "__dict__" and kind in "OKXD":
            self._load_namespace(fact, to)
        elif key == "__class__" and kind in "IO":
            self.graph.add(to, ("M" if kind == "I" else "K", of))
        elif kind == "O" and key == KEYS:
            self.flow.containers.take_attribute(self.flow.classes.classes[id_of(fact)].site, key, to)
        elif kind == "O":
            self._of_object(id_of(fact), key, to)
        elif kind == "K":
            self._member(self.flow.classes.lookup(id_of(fact), key, False), to, False)
            self._enums.load(id_of(fact), key, to)
        elif kind in "FB" and key not in ("value", "__code__"):
            self.graph.edge(self.flow.classes.field(("F", id_of(fact)), key), to)
        elif kind == "X":
            self.flow.modules.export(str(of), key, to)
        elif kind == "P" and key == "func":
            self.graph.edge(self.flow.calls[id_of(fact)].positional[0], to)
        elif kind == "P" and key == "keywords":
            self.graph.add(to, ("D", self._keywords_of(id_of(fact))))
        elif kind in "MPFI" and key == "value":
            self.graph.add(to, fact)  # of a member of an Enum
        elif kind == "F" and key == "__code__":
            self.graph.add(to, fact)  # of which a function may be made once more
        elif kind in "SM":
            self._of_library(f"{of}.{key}", to)
        elif kind == "I":
            if key in self.flow.rules.returns_self:
                self.graph.add(to, ("R", of))
            rule = self.flow.rules.by_target.get(str(of))
            if rule is not None and key in rule.target.members:
                self.graph.add(to, ("I", rule.target.members[key]))
        elif kind == "D":
            self._of_container(id_of(fact), key, to)
        elif kind == "L" and is_exception(str(of)):  # it has what it was made with
            self.graph.watch(self.flow.kept_by(fact), self._had, ("IO", to))

    def _of_library(self, name: str, to: int) -> None:
        """Something that a module or class of a library has."""
        if name.count(".") <= MAX_DOTS:
            self.graph.add(to, self.flow.modules.symbol(name))
        if name in self.flow.names:
            self._spelled.setdefault(name, []).append(to)
            for value in self._replaced.get(name, ()):
                self.graph.edge(value, to)

    def _load_namespace(self, fact: Fact, to: int) -> None:
        """``vars(owner)``: what an object, class or module has by name."""
        if fact[0] == "D":
            self.graph.add(to, fact)
        elif fact[0] == "X":
            self.graph.add(to, ("D", self._namespaces.of_module(str(fact[1]))))
        else:
            self.graph.add(to, ("D", self._namespaces.of_objects(id_of(fact))))

    def _of_object(self, cls: int, key: str, to: int) -> None:
        """An attribute of an object of the run."""
        if key in TREE:
            self.graph.add(to, ("T", self._trees.of_objects(cls)))
        elif key in HELD:
            self.graph.add(to, ("D", self._trees.of_objects(cls)))
            self._slices.load(self.flow.classes.classes[cls].site, (PART, None), to)
        elif key in self.flow.rules.returns_self:
            self.graph.add(to, ("V", cls, "O"))
        self._member(self.flow.classes.lookup(cls, key, True), to, True)
        if key not in CALLED and self._first_time("missing", cls, to):
            self.graph.watch(self.flow.classes.lookup(cls, "__getattr__", True), self._computes, to)

    def _of_container(self, site: int, key: str, to: int) -> None:
        """An attribute of a container."""
        if key in TREE:
            self.graph.add(to, ("T", self._trees.of_container(site)))
        elif key in HELD and site in self.flow.containers.networks:
            self._slices.load(site, (PART, None), to)
        else:
            if key in self.flow.rules.returns_self:
                self.graph.add(to, ("V", site, "D"))
            self.flow.containers.take_attribute(site, key, to)

    def look_up(self, fact: Fact, what: tuple[int, int]) -> None:
        """``base[key]``, for a fact of the base, where the key is computed."""
        key, to = what
        if fact[0] == "D":
            self.look_ups.add(self._take, fact, key, to)
        else:
            self.load(fact, (element(), to))

    def _take(self, fact: Fact, key: object, looks: str, to: int) -> None:
        self.flow.containers.take(id_of(fact), key, to)

    def _load_method(self, fact: Fact, name: str, to: int) -> None:
        """A method of a container, or of an object that may be one, of which the call is not at hand."""
        if fact[0] == "D":
            self.graph.add(to, ("Y", fact[1], name))
        elif fact[0] == "O" and not self.flow.classes.has(id_of(fact), name):
            self.graph.add(to, ("Y", self.flow.classes.classes[id_of(fact)].site, name))

    def _load_element(self, fact: Fact, key: object, to: int) -> None:
        kind, of = fact[0], fact[1]
        if kind == "D":
            self.flow.containers.take(id_of(fact), key, to)
        elif kind == "K" and isinstance(key, str):
            self._member(self.flow.classes.lookup(id_of(fact), key, False), to, False)  # of an Enum
        elif kind == "O":
            for name in self._fields(id_of(fact), key):
                self._member(self.flow.classes.lookup(id_of(fact), name, True), to, True)
            self.flow.containers.take(self.flow.classes.classes[id_of(fact)].site, key, to)
            for name, gives in ELEMENTS:
                if self._first_time("element", of, name, to):
                    react = self._gives if gives else self._iterates
                    self.graph.watch(self.flow.classes.lookup(id_of(fact), name, True), react, to)

    def _fields(self, cls: int, key: object) -> Sequence[str]:
        """The fields that a named tuple may have at a place."""
        names = self.flow.classes.classes[cls].summary.fields
        if isinstance(key, str):
            return (key,) if key in names else ()  # of a TypedDict
        if not isinstance(key, int):
            return names if key is None else ()
        return names[key : key + 1 or None]

    def _gives(self, fact: Fact, to: int) -> None:
        """What a method gives that is called without being named."""
        if fact[0] == "F":
            self.graph.edge(self.flow.functions[id_of(fact)].summary.result, to)

    def _iterates(self, fact: Fact, to: int) -> None:
        """The elements of what a method gives that is an iterator."""
        if fact[0] == "F":
            self.graph.watch(self.flow.functions[id_of(fact)].summary.result, self.load, ((ELEMENT, None), to))

    def _keywords_of(self, partial: int) -> int:
        """The container of the keywords of a partial."""
        site = self._keywords.get(partial)
        if site is None:
            site = self._keywords[partial] = self.graph.new()
            call = self.flow.calls[partial]
            for name, value in call.keywords:
                self.flow.containers.put(site, name, value)
            for mapping in call.double_stars:
                self.graph.watch(mapping, self.take_over, site)
        return site

    def take_over(self, fact: Fact, site: int) -> None:
        """Let a container have the elements of another under their keys."""
        if fact[0] == "D":
            self.flow.containers.merge(id_of(fact), site)

    def _computes(self, fact: Fact, to: int) -> None:
        """What ``__getattr__`` gives may be any attribute."""
        if fact[0] == "F":
            self.graph.edge(self.flow.functions[id_of(fact)].summary.result, to)

    def _member(self, source: int, to: int, bound: bool) -> None:
        """What a look-up found becomes a member: functions are bound, properties called."""
        if self._first_time("member", source, to, bound):
            self.graph.watch(source, self._bind, (to, bound))

    def _bind(self, fact: Fact, what: tuple[int, bool]) -> None:
        to, bound = what
        if fact[0] == "F":
            function = self.flow.functions[id_of(fact)]
            kind = function.summary.kind
            if function.owner is not None and kind == "property":
                self.graph.edge(function.summary.result, to)
                return
            if function.owner is not None and kind != "static" and (bound or kind == "class"):
                fact = ("B", fact[1])
        elif fact[0] == "O":
            self._described(fact, to)
        self.graph.add(to, fact)

    def _described(self, fact: Fact, to: int) -> None:
        """A member that is a descriptor of the run gives what its ``__get__`` returns."""
        if self._first_time("described", fact, to):
            self.graph.watch(self.flow.classes.lookup(id_of(fact), "__get__", True), self._gives, to)

    def store(self, fact: Fact, what: tuple[Key, int]) -> None:
        """``base.name = value`` or ``base[key] = value``, for a fact of the base."""
        key, value = what
        kind, of = fact[0], fact[1]
        if isinstance(key, tuple) and key[0] == COMPUTED:
            if kind in "OD":
                self.graph.edge(value, self.flow.classes.field((kind, id_of(fact)), str(key[1])))
            if kind == "D" and id_of(fact) in self.flow.containers.networks:
                self.flow.containers.put(id_of(fact), None, value)
        elif kind == "D":
            if isinstance(key, tuple) and key[0] == ORDER:
                self.flow.containers.reorder(id_of(fact))
            elif isinstance(key, tuple):
                self.flow.containers.put(id_of(fact), key[1], value)
            else:
                self.graph.edge(value, self.flow.containers.attribute(id_of(fact), key))
        elif isinstance(key, tuple):
            if kind == "O" and key[0] == ELEMENT:
                self.flow.containers.put(self.flow.classes.classes[id_of(fact)].site, key[1], value)
                self._set_item(id_of(fact), value)
            elif kind == "O" and key[0] == ORDER:
                self.flow.classes.reordered.add(id_of(fact))
        elif key == KEYS:
            if kind == "O":
                self.graph.edge(value, self.flow.containers.attribute(self.flow.classes.classes[id_of(fact)].site, key))
        elif kind in "OK":
            self.graph.edge(value, self.flow.classes.field(("K", id_of(fact)), key))
            if kind == "O":
                self.assigned.add(id_of(fact), key, value)
        elif kind in "FB":
            self.graph.edge(value, self.flow.classes.field(("F", id_of(fact)), key))
        elif kind == "S" and f"{of}.{key}" in self.flow.names:
            self._replaced.setdefault(f"{of}.{key}", []).append(value)
            for to in self._spelled.get(f"{of}.{key}", ()):
                self.graph.edge(value, to)
        elif kind == "X":
            self.flow.modules.assign(str(of), key, value)

    def _set_item(self, cls: int, value: int) -> None:
        if self._first_time("set item", cls, value):
            call = Call(NOBODY, (value, value), (), (), (), NOBODY, 0, 0)
            self.graph.watch(self.flow.classes.lookup(cls, "__setitem__", True), self._passing.give_unnamed, call)

    def base(self, fact: Fact, cls: int) -> None:
        """A base of a class of the run."""
        if fact[0] == "K":
            self.flow.classes.take_base(cls, id_of(fact))
            self._trees.take_base(cls)
            self._tell_subclass(id_of(fact), cls)
            self._tell_class_methods(cls)
            for name, to in self.flow.classes.supers.get(cls, ()):
                self._member(self.flow.classes.lookup(id_of(fact), name, False), to, True)
                if name == "__init__":
                    self.graph.add(to, ("C", cls, FIELDS))
        elif fact[0] in "MSNL":
            self.flow.classes.classes[cls].library[fact] = None
            if str(fact[1]).startswith("enum."):
                self._enums.make(cls)
            if fact[0] == "N":
                for _, to in self.flow.classes.supers.get(cls, ()):
                    self.graph.add(to, ("N", fact[1], ""))
            if str(fact[1]) in MAPPINGS:
                self.flow.containers.mappings.add(self.flow.classes.classes[cls].site)
            if str(fact[1]) in CONTAINERS | MAPPINGS | LISTS:
                for name, to in self.flow.classes.supers.get(cls, ()):
                    if name == "__init__":
                        self.graph.add(to, ("C", cls))
        elif fact[0] == "D" and self._first_time("bases", fact, cls):
            self.graph.watch(self.flow.containers.everything(id_of(fact)), self.base, cls)

    def class_method(self, owner: int, parameter: int) -> None:
        """The class that a class method gets may be one that derives from its own."""
        self._class_methods.setdefault(owner, []).append(parameter)
        for cls in self.flow.classes.classes[owner].subclasses:
            self.graph.add(parameter, ("K", cls))

    def _tell_class_methods(self, cls: int) -> None:
        classes = self.flow.classes
        for above in classes.above(cls):
            for parameter in self._class_methods.get(above, ()):
                for below in (cls, *classes.classes[cls].subclasses):
                    self.graph.add(parameter, ("K", below))

    def _tell_subclass(self, base: int, cls: int) -> None:
        """``__init_subclass__`` of a base gets the class and its keywords."""
        known = self.flow.classes.classes[cls]
        made, keywords, stars = known.keywords()
        call = Call(NOBODY, (made,), keywords, (), stars, NOBODY, 0, 0)
        self.graph.watch(self.flow.classes.lookup(base, "__init_subclass__", False), self._pass_unbound, call)

    def metaclass(self, fact: Fact, cls: int) -> None:
        """A metaclass of the run gets the class, its name, bases and namespace, and the keywords."""
        if fact[0] == "K":
            made, keywords, stars = self.flow.classes.classes[cls].keywords()
            rest = (self.graph.new(), self.graph.new(), self.graph.new())
            call = Call(NOBODY, (made, *rest), keywords, (), stars, NOBODY, 0, 0)
            for name in ("__init__", "__new__"):
                self.graph.watch(self.flow.classes.lookup(id_of(fact), name, False), self._pass_unbound, call)

    def _pass_unbound(self, fact: Fact, call: Call) -> None:
        if fact[0] == "F":
            self._passing.give(self.flow.functions[id_of(fact)], call, False)

    def element_of(self, fact: Fact, to: int) -> None:
        """Let ``to`` hold what a loop over something gives."""
        self.load(fact, (iterated(), to))
