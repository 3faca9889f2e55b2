"""Backwards from a node that facts have reached: the literals that may come to it, and whether anything else may."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from operator import add, mul, sub, truediv
from typing import NamedTuple

from migrate.flow.closure import ALL, Behind, Closure, Elements
from migrate.flow.facts import Fact, id_of
from migrate.flow.library import EFFECTS, GENERAL, GIVE_PARTS, is_class_name
from migrate.flow.state import Flow
from migrate.index.summary import (
    ITERATED,
    KEYS,
    NO_LITERAL,
    NOBODY,
    PART,
    SLICE,
    Call,
    Computed,
    Key,
    element,
    iterated,
)

MANY = 64
"""Literals beyond which a node may hold anything."""


class Literal(NamedTuple):
    """A literal; ``kind`` keeps 1, 1.0 and True apart."""

    kind: str
    value: object


def literal(value: object) -> Literal:
    return Literal(type(value).__name__, value)


class Literals(NamedTuple):
    """What comes to a node besides facts; ``unknown``: something that is not followed, too."""

    values: frozenset[Literal] = frozenset()
    unknown: bool = False

    def __or__(self, other: Literals) -> Literals:
        values = self.values | other.values
        return Literals(values, self.unknown or other.unknown or len(values) > MANY)


UNKNOWN = literal(NO_LITERAL)
"""Stands for something that is not followed."""
ANYTHING, NONE = 1, 2
"""The bits of that, and of None."""


def _parts(method: Callable[..., object]) -> Callable[..., object]:
    """A method that gives parts of a string, as a tuple of them."""
    return lambda *given: tuple(method(*given))  # type: ignore[arg-type]


STRINGS: dict[str, Callable[..., object]] = {
    **{name: getattr(str, name) for name in ("lower", "upper", "casefold", "title", "capitalize", "strip", "lstrip")},
    **{name: getattr(str, name) for name in ("rstrip", "replace", "removeprefix", "removesuffix")},
    **{name: _parts(getattr(str, name)) for name in ("split", "rsplit", "partition", "rpartition")},
}
"""Methods of strings that give the same for the same strings."""
OPERATORS: dict[str, Callable[..., object]] = {"+": add, "-": sub, "*": mul, "/": truediv}
"""Operators of numbers."""
COMPUTING = frozenset({"__getattr__", "__getattribute__"})
"""Methods of classes whose objects have attributes that nothing stores."""
TEXT = frozenset({"builtins.str", "typing.Hashable", "builtins.object"})
"""Classes of strings."""


UNCALLABLE = frozenset({"builtins.str", "builtins.int", "builtins.float", "builtins.bool"})
"""Classes of which no object can be called, as none of a literal can: a call of it gives nothing."""


class Sources:
    """Questions to a flow that has come to rest; each node is asked once.

    With ``trusting``, an attribute of what may be an object of the run is that object's, whatever it may be besides.
    """

    def __init__(self, flow: Flow, trusting: bool = False) -> None:
        self._flow = flow
        self._trusting = trusting
        self._before: dict[int, list[int]] = {}
        self._constants: dict[int, object] = {}
        self._results: dict[int, Call] = {}
        self._loads: dict[int, tuple[int, Key]] = {}
        self._tests: dict[int, tuple[int, int]] = {}
        self._looked_up: set[int] = set()
        self._computed: dict[int, Computed] = {}
        self._without_none: set[int] = set()
        self._collected: set[int] = set()
        self._returned: set[int] = set()
        self._elements_of: set[int] = set()
        self._open: dict[int, set[str]] = {}
        self._open_here: dict[int, set[str]] = {}
        self._made_here: set[int] = set()
        """The nodes of what constructors get as the object that they make, unless they give it to others."""
        self._selves: set[int] = set()
        """Those of what methods get as their object."""
        self._elements = Elements[Literal]()
        for each in (UNKNOWN, literal(None)):
            self._elements.bit(each)
        self._literals: dict[int, Literals] = {}
        """The literals of sets."""
        self._parts = self._functions = self._calls = 0
        """How many parts, functions and calls of the flow were taken in."""
        self.restart()

    def restart(self) -> None:
        """Take in what is new in the flow, and forget what was found before."""
        flow = self._flow
        self._before = flow.graph.predecessors()
        self._constants, self._results, self._loads = flow.constants(), flow.results(), flow.loads()
        for function in flow.functions[self._functions :]:
            self._collected.update((function.summary.rest, function.summary.keyword_rest))
            self._returned.add(function.summary.result)
            if function.owner is not None and function.summary.parameters:
                self._selves.add(function.summary.parameters[0][1])
                if function.summary.name == "__init__":
                    self._made_here.add(function.summary.parameters[0][1])
        for part, home in flow.parts[self._parts :]:
            at = home.at
            self._tests.update((at[test.narrowed], (at[test.subject], at[test.classes])) for test in part.tests)
            self._looked_up.update(at[look_up.result] for look_up in part.look_ups)
            self._without_none.update(at[node] for node in part.without_none)
            for result, left, right, sign in part.computed:
                if sign in OPERATORS:
                    self._computed[at[result]] = Computed(at[result], at[left], at[right], sign)
        self._tests.update(flow.guarded)
        self._made_here.difference_update(*(call.positional for call in flow.calls[self._calls :]))
        self._calls = len(flow.calls)
        self._parts, self._functions = len(flow.parts), len(flow.functions)
        self._elements_of = {node for site, node in flow.containers.all().items() if site not in self._collected}
        self._open = self._find_open()
        self._closure = Closure(self._behind, self._compute, ANYTHING, _limited)

    def _find_open(self) -> dict[int, set[str]]:
        """The classes of objects that get attributes under computed names, with what such names look like."""
        graph, classes = self._flow.graph, self._flow.classes
        found: dict[int, set[str]] = {}
        self._open_here = {}
        for named in self._flow.named:
            owners = graph.of(named.base) if named.function == "setattr" else []
            for cls in (id_of(fact) for fact in owners if fact[0] in "OK"):
                for each in (cls, *classes.above(cls), *classes.classes[cls].subclasses):
                    found.setdefault(each, set()).add(self.pattern(named.key))
                    if named.base in self._selves:
                        self._open_here.setdefault(each, set()).add(self.pattern(named.key))
        return found

    def pattern(self, key: int) -> str:
        """What strings at a node look like, as a file name pattern."""
        computed = self._computed.get(key)
        if computed is not None and computed.operator == "+":
            return self.pattern(computed.left) + self.pattern(computed.right)
        value = self._constants.get(key)
        told = str(value).partition(f"{NO_LITERAL}: ")
        return told[2] or (value if isinstance(value, str) and not value.startswith(NO_LITERAL) else "*")

    def may_have_more(self, cls: int, key: Key, owner: int = NOBODY) -> bool:
        """Whether objects of a class may have an attribute besides those that are found there.

        An ``owner`` that is being made, and was not given to anyone, has only what its own methods set.
        """
        names = self._flow.classes.names(cls)
        opened = (self._open_here if owner in self._made_here else self._open).get(cls, ())
        patterns = opened if isinstance(key, str) else ()
        return any(fnmatchcase(str(key), p) for p in patterns) or (key not in names and not COMPUTING.isdisjoint(names))

    def of(self, node: int) -> Literals:
        """What comes to a node."""
        return self._told(self._closure.of(node))

    def _told(self, found: int) -> Literals:
        known = self._literals.get(found)
        if known is None:
            values = frozenset(self._elements.of(found & ~ANYTHING))
            known = self._literals[found] = Literals(values, bool(found & ANYTHING))
        return known

    def _bits(self, literals: Iterable[object]) -> int:
        found = 0
        for value in literals:
            found |= self._elements.bit(literal(value))
        return found

    def _behind(self, node: int) -> Behind[int]:
        """What a node holds by itself, the nodes of which it holds what they hold, and what it is computed of."""
        inputs = self._inputs(node)
        own = 0 if inputs else self._own(node)
        if own & ANYTHING:
            return Behind(ANYTHING, [])  # whatever else comes there
        mask = ~NONE if node in self._without_none else ALL
        before = [(each, mask) for each in self._before.get(node, ())]
        before += [(each, mask) for each in self._had(node)]
        before += [(each, ANYTHING) for each in self._doubts(node)]
        return Behind(own, before, inputs)

    def _had(self, node: int) -> Iterator[int]:
        """The nodes that a node holds the same as by a test, or as an attribute."""
        test = self._tests.get(node)
        if test is not None and self._lets_text_pass(test[1]):
            yield test[0]
        if node in self._loads and node not in self._constants:
            base, key = self._loads[node]
            for owner in self._flow.graph.of(base):
                if owner[0] in "OK" and isinstance(key, str):
                    yield self._flow.classes.lookup(id_of(owner), key, owner[0] == "O")

    def _doubts(self, node: int) -> Iterator[int]:
        """The nodes of which it matters whether they may be unknown: what is called, and what has an attribute."""
        facts, call = self._flow.graph.facts, self._results.get(node)
        if call is not None:
            if facts[call.callee]:
                yield call.callee
        elif node in self._loads and not self._trusting and facts[self._loads[node][0]]:
            yield self._loads[node][0]

    def _lets_text_pass(self, classes: int) -> bool:
        """Whether a test may hold for a string."""
        graph = self._flow.graph
        facts = graph.of(classes)
        inner = [f for fact in facts if fact[0] == "D" for f in self._flow.containers.held(int(fact[1]))]
        names = [str(fact[1]) for fact in (*facts, *inner) if fact[0] == "S"]
        return not facts or any(name in TEXT or name.rpartition(".")[2] in GENERAL for name in names)

    def _is_general(self, classes: int) -> bool:
        """Whether a test may hold for any layer."""
        held = self._flow.containers.held
        facts = [f for fact in self._flow.graph.of(classes) for f in (held(id_of(fact)) if fact[0] == "D" else [fact])]
        return any(fact[0] == "S" and str(fact[1]).rpartition(".")[2] in GENERAL for fact in facts)

    def _inputs(self, node: int) -> tuple[int, ...]:
        """The nodes that a node is computed of: the sides of an operator, a text and the arguments of its method."""
        if node in self._constants or node in self._without_none:
            return ()
        if node in self._computed:
            return () if self._flow.graph.facts[node] else (self._computed[node].left, self._computed[node].right)
        call = self._results.get(node)
        if call is not None:
            method = self._loads.get(call.callee)
            is_text = method is not None and isinstance(method[1], str) and method[1] in STRINGS
            return (method[0], *call.positional) if method is not None and is_text else ()
        if node in self._loads:
            base, key = self._loads[node]
            is_told = key in (KEYS, "__name__") or self._flow.graph.facts[base]
            return () if is_told else (base,)
        return ()

    def _compute(self, node: int, inputs: list[int]) -> int:
        """What a node is, where it is known what it is computed of."""
        given = [self._told(each) for each in inputs]
        if node in self._computed:
            return self._calculated(self._computed[node], given)
        call = self._results.get(node)
        if call is not None:
            return self._texts(STRINGS[str(self._loads[call.callee][1])], given)
        return self._parts_of(self._loads[node][1], given[0])

    def _own(self, node: int) -> int:
        """What a node holds by itself."""
        if node in self._constants:
            value = self._constants[node]
            return ANYTHING if str(value).startswith(NO_LITERAL) else self._elements.bit(literal(value))
        if node in self._without_none or node in self._computed:
            return 0
        facts = self._flow.graph.facts[node]
        test = self._tests.get(node)
        if test is not None and not self._flow.graph.facts[test[0]] and self._is_general(test[1]):
            return ANYTHING  # an object that nothing is known of but this
        call = self._results.get(node)
        if call is not None:
            return self._given(call)
        if node in self._loads:
            return self._loaded(node, *self._loads[node])
        if node in self._flow.passages or (node in self._flow.forked and not self._trusting):
            return 0  # of a function of which the calls that are known go to copies
        if facts or self._before.get(node):
            return 0
        told = (self._tests, self._looked_up, self._elements_of, self._returned)
        return 0 if any(node in each for each in told) else ANYTHING

    def _calculated(self, computed: Computed, sides: list[Literals]) -> int:
        """What comes of one number or text and another; anything where there are more, or none."""
        if computed.operator not in OPERATORS or any(side.unknown or len(side.values) != 1 for side in sides):
            return ANYTHING
        numbers = [next(iter(side.values)).value for side in sides]
        kinds = {isinstance(number, str) for number in numbers}
        if len(kinds) > 1 or not all(isinstance(number, (int, float, str)) for number in numbers):
            return ANYTHING
        try:
            return self._bits([OPERATORS[computed.operator](*numbers)])
        except (ArithmeticError, TypeError):
            return ANYTHING

    def _given(self, call: Call) -> int:
        """What a call gives besides facts, which are found already."""
        method, facts = self._loads.get(call.callee), self._flow.graph.of(call.callee)
        if not facts and method is not None:
            facts = self._flow.graph.of(method[0])
            return 0 if facts and all(fact[0] == "D" for fact in facts) else ANYTHING
        is_promised = self._flow.containers.is_promised_callable
        return 0 if facts and all(_is_followed(f) or is_promised(f) for f in facts) else ANYTHING

    def _texts(self, method: Callable[..., object], given: list[Literals]) -> int:
        """What a method of texts gives: the same for the same."""
        texts, *rest = given
        if texts.unknown or any(literals.unknown or len(literals.values) != 1 for literals in rest):
            return ANYTHING
        arguments = [next(iter(literals.values)).value for literals in rest]
        if not all(isinstance(argument, str) for argument in arguments):
            return ANYTHING
        return self._bits(method(text.value, *arguments) for text in texts.values if text.kind == "str")

    def _loaded(self, node: int, base: int, key: Key) -> int:
        """What an attribute or element of something is that is no object, class or container of the run."""
        facts = self._flow.graph.of(base)
        if key == KEYS:
            return self._keys(facts)
        mappings = self._mappings(facts) if key[0] == ITERATED else []
        if mappings and len(mappings) == len(facts):
            return self._keys(facts)
        if key == "__name__":
            return self._bits(name for fact in facts if (name := self._name(fact))) | (0 if facts else ANYTHING)
        if any(fact[0] in "OK" and self.may_have_more(id_of(fact), key, base) for fact in facts):
            return ANYTHING
        if isinstance(key, tuple):
            under = None if key[0] in (SLICE, PART) else key[1]  # of which it is told what they hold
            if any(fact[0] == "D" and self._shows_none(id_of(fact), under) for fact in facts):
                return ANYTHING
        foreign = "LN" if self._flow.graph.facts[node] else "LNI"
        return ANYTHING if any(fact[0] in foreign for fact in facts) else 0

    def _parts_of(self, key: Key, held: Literals) -> int:
        """The elements of tuples, of which no container tells."""
        unknown = ANYTHING if held.unknown else 0
        parts = [each.value for each in held.values if isinstance(each.value, tuple)]
        if isinstance(key, tuple) and isinstance(key[1], int) and parts:
            return self._bits(part[key[1]] for part in parts if -len(part) <= key[1] < len(part)) | unknown
        if key in (element(), iterated()):
            return self._bits(each for part in parts for each in part) | unknown
        return unknown

    def _mappings(self, facts: list[Fact]) -> list[Fact]:
        return [fact for fact in facts if fact[0] == "D" and id_of(fact) in self._flow.containers.mappings]

    def _keys(self, facts: list[Fact]) -> int:
        """The keys of mappings."""
        sites = [id_of(fact) for fact in facts if fact[0] == "D"]
        keys = {key for site in sites for key in self._flow.containers.cells(site)}
        known = self._bits(key for key in keys if isinstance(key, (str, int)))
        is_told = sites and len(sites) == len(facts) and self._collected.isdisjoint(sites) and None not in keys
        return known if is_told else known | ANYTHING

    def _shows_none(self, site: int, key: object) -> bool:
        """Whether nothing in a container is known to be under a key, other than in what a function collects."""
        return site not in self._collected and not self._flow.containers.has(site, key)

    def _name(self, fact: Fact) -> str:
        if fact[0] in "MS":
            return str(fact[1]).rpartition(".")[2]
        if fact[0] == "K":
            return self._flow.classes.classes[int(fact[1])].summary.name
        return self._flow.functions[int(fact[1])].summary.name if fact[0] in "FB" else ""


def _limited(found: int) -> int:
    return found if found.bit_count() <= MANY else ANYTHING


def _is_followed(callee: Fact) -> bool:
    """Whether the flow has what calling something gives."""
    if callee[0] != "S":
        return callee[0] in "FBKMPRVOCY" or (callee[0] == "L" and callee[1] in UNCALLABLE)
    name = str(callee[1])
    if name in GIVE_PARTS:
        return False
    return is_class_name(name) or EFFECTS.get(name, "nothing") != "nothing"
