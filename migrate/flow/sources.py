"""Backwards from a node that facts have reached: the literals that may come to it, and whether anything else may."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from operator import add, mul, sub, truediv
from typing import NamedTuple

from migrate.flow.facts import Fact, id_of
from migrate.flow.library import EFFECTS, GENERAL, is_class_name
from migrate.flow.state import Flow
from migrate.index.summary import NO_LITERAL, Call, Computed, Key

DEEP = 40
"""Methods that are called on what methods give, beyond which a node may hold anything."""
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


NOTHING = Literals()
UNKNOWN = Literals(unknown=True)


class Part(NamedTuple):
    """Which part of what comes to a node matters further on."""

    values: bool
    none: bool

    def of(self, found: Literals) -> Literals:
        if not self.values:
            return Literals(unknown=found.unknown)
        return found if self.none else Literals(found.values - {literal(None)}, found.unknown)


ALL = Part(True, True)
WITHOUT_NONE = Part(True, False)
DOUBT = Part(False, False)
"""Only whether it may be unknown."""

STRINGS: dict[str, Callable[..., object]] = {
    **{name: getattr(str, name) for name in ("lower", "upper", "casefold", "title", "capitalize", "strip", "lstrip")},
    **{name: getattr(str, name) for name in ("rstrip", "replace", "removeprefix", "removesuffix")},
    "split": lambda text, *given: tuple(text.split(*given)),
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
        self._elements: set[int] = set()
        self._open: dict[int, set[str]] = {}
        self._known: dict[int, Literals] = {}
        self._depth = 0
        self._parts = self._functions = 0
        """How many parts and functions of the flow were taken in."""
        self.restart()

    def restart(self) -> None:
        """Take in what is new in the flow, and forget what was found before."""
        flow = self._flow
        self._before = flow.graph.predecessors()
        self._constants, self._results, self._loads = flow.constants(), flow.results(), flow.loads()
        for function in flow.functions[self._functions :]:
            self._collected.update((function.summary.rest, function.summary.keyword_rest))
            self._returned.add(function.summary.result)
        for part, home in flow.parts[self._parts :]:
            at = home.at
            self._tests.update((at[test.narrowed], (at[test.subject], at[test.classes])) for test in part.tests)
            self._looked_up.update(at[look_up.result] for look_up in part.look_ups)
            self._without_none.update(at[node] for node in part.without_none)
            for result, left, right, sign in part.computed:
                self._computed[at[result]] = Computed(at[result], at[left], at[right], sign)
        self._parts, self._functions = len(flow.parts), len(flow.functions)
        self._elements = {node for site, node in flow.containers.all().items() if site not in self._collected}
        self._open = self._find_open()
        self._known = {}

    def _find_open(self) -> dict[int, set[str]]:
        """The classes of objects that get attributes under computed names, with what such names look like."""
        graph, classes = self._flow.graph, self._flow.classes
        found: dict[int, set[str]] = {}
        for call in self._flow.setters:
            if call.positional:
                for cls in (id_of(fact) for fact in graph.of(call.positional[0]) if fact[0] in "OK"):
                    for each in (cls, *classes.above(cls), *classes.classes[cls].subclasses):
                        found.setdefault(each, set()).add(self.computed_name(call))
        return found

    def computed_name(self, call: Call) -> str:
        """What the name in a call of ``setattr`` looks like, as a file name pattern."""
        value = self._constants.get(call.positional[1]) if len(call.positional) > 1 else None
        told = str(value).partition(f"{NO_LITERAL}: ")
        return told[2] or "*"

    def may_have_more(self, cls: int, key: Key) -> bool:
        """Whether objects of a class may have an attribute besides those that are found there."""
        names = self._flow.classes.names(cls)
        patterns = self._open.get(cls, ()) if isinstance(key, str) else ()
        return any(fnmatchcase(str(key), p) for p in patterns) or (key not in names and not COMPUTING.isdisjoint(names))

    def of(self, node: int) -> Literals:
        """What comes to a node."""
        found = self._known.get(node)
        if found is None:
            self._known[node] = UNKNOWN  # where it leads back to itself by way of a method
            self._depth += 1
            found = self._known[node] = self._gathered(node) if self._depth < DEEP else UNKNOWN
            self._depth -= 1
        return found

    def _gathered(self, node: int) -> Literals:
        found = NOTHING
        todo = [(node, ALL)]
        seen = set(todo)
        for at, part in todo:
            if at in self._known and at != node:
                found |= part.of(self._known[at])
            else:
                found |= part.of(self._own(at))
                inner = WITHOUT_NONE if part is ALL and at in self._without_none else part
                behind = [*((each, inner) for each in self._behind(at)), *((each, DOUBT) for each in self._doubts(at))]
                new = [each for each in behind if each not in seen]
                seen.update(new)
                todo += new
            if found.unknown:
                break
        return found

    def _behind(self, node: int) -> Iterator[int]:
        """The nodes of which a node holds what they hold."""
        yield from self._before.get(node, ())
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

    def _own(self, node: int) -> Literals:
        """What a node holds by itself."""
        if node in self._constants:
            value = self._constants[node]
            return UNKNOWN if str(value).startswith(NO_LITERAL) else Literals(frozenset({literal(value)}))
        if node in self._without_none:
            return NOTHING
        facts = self._flow.graph.facts[node]
        test = self._tests.get(node)
        if test is not None and not self._flow.graph.facts[test[0]] and self._is_general(test[1]):
            return UNKNOWN  # an object that nothing is known of but this
        if node in self._computed:
            return NOTHING if facts else self._calculated(self._computed[node])
        call = self._results.get(node)
        if call is not None:
            return self._given(call)
        if node in self._loads:
            return self._loaded(node, *self._loads[node])
        if node in self._flow.passages or (node in self._flow.forked and not self._trusting):
            return NOTHING  # of a function of which the calls that are known go to copies
        if facts or self._before.get(node):
            return NOTHING
        told = (self._tests, self._looked_up, self._elements, self._returned)
        return NOTHING if any(node in each for each in told) else UNKNOWN

    def _calculated(self, computed: Computed) -> Literals:
        """What comes of one number and another; anything where there are more, or none."""
        sides = [self.of(computed.left), self.of(computed.right)]
        if any(side.unknown or len(side.values) != 1 for side in sides):
            return UNKNOWN
        numbers = [next(iter(side.values)).value for side in sides]
        if not all(isinstance(number, (int, float)) for number in numbers):
            return UNKNOWN
        try:
            return Literals(frozenset({literal(OPERATORS[computed.operator](*numbers))}))
        except ArithmeticError:
            return UNKNOWN

    def _given(self, call: Call) -> Literals:
        """What a call gives: the same string for the same, as far as methods of strings go; facts are found already."""
        method = self._loads.get(call.callee)
        if method is not None and isinstance(method[1], str) and method[1] in STRINGS:
            return self._texts(method[0], STRINGS[method[1]], [self.of(node) for node in call.positional])
        facts = self._flow.graph.of(call.callee)
        if not facts and method is not None:
            facts = self._flow.graph.of(method[0])
            return NOTHING if facts and all(fact[0] == "D" for fact in facts) else UNKNOWN
        return NOTHING if facts and all(map(_is_followed, facts)) else UNKNOWN

    def _texts(self, base: int, method: Callable[..., object], given: list[Literals]) -> Literals:
        texts = self.of(base)
        if texts.unknown or any(literals.unknown or len(literals.values) != 1 for literals in given):
            return UNKNOWN
        arguments = [next(iter(literals.values)).value for literals in given]
        if not all(isinstance(argument, str) for argument in arguments):
            return UNKNOWN
        return Literals(frozenset(literal(method(t.value, *arguments)) for t in texts.values if t.kind == "str"))

    def _loaded(self, node: int, base: int, key: Key) -> Literals:
        """What an attribute or element of something is that is no object, class or container of the run."""
        facts = self._flow.graph.of(base)
        if key == "__name__":
            return Literals(frozenset(literal(name) for fact in facts if (name := self._name(fact))), not facts)
        if any(fact[0] in "OK" and self.may_have_more(id_of(fact), key) for fact in facts):
            return UNKNOWN
        if isinstance(key, tuple) and any(fact[0] == "D" and self._shows_none(id_of(fact), key[1]) for fact in facts):
            return UNKNOWN
        if facts:
            foreign = "LN" if self._flow.graph.facts[node] else "LNI"
            return UNKNOWN if any(fact[0] in foreign for fact in facts) else NOTHING
        held = self.of(base)
        parts = [each.value for each in held.values if isinstance(each.value, tuple)]
        if isinstance(key, tuple) and isinstance(key[1], int) and parts:
            at = [part[key[1]] for part in parts if -len(part) <= key[1] < len(part)]
            return Literals(frozenset(map(literal, at)), held.unknown)
        return UNKNOWN if held.unknown else NOTHING

    def _shows_none(self, site: int, key: object) -> bool:
        """Whether nothing in a container is known to be under a key, other than in what a function collects."""
        return site not in self._collected and not self._flow.containers.has(site, key)

    def _name(self, fact: Fact) -> str:
        if fact[0] in "MS":
            return str(fact[1]).rpartition(".")[2]
        if fact[0] == "K":
            return self._flow.classes.classes[int(fact[1])].summary.name
        return self._flow.functions[int(fact[1])].summary.name if fact[0] in "FB" else ""


def _is_followed(callee: Fact) -> bool:
    """Whether the flow has what calling something gives."""
    if callee[0] != "S":
        return callee[0] in "FBKMPRVOC" or (callee[0] == "L" and callee[1] in UNCALLABLE)
    name = str(callee[1])
    return is_class_name(name) or EFFECTS.get(name, "nothing") != "nothing"
