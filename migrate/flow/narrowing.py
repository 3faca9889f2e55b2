"""What annotations and tests for a class say of what nodes hold."""

from __future__ import annotations

from migrate.flow.facts import Fact, id_of
from migrate.flow.library import CALLABLES, DECORATOR, GENERAL, KINDS, NO_NETWORKS
from migrate.flow.state import Flow
from migrate.index.summary import Test

NO_CLASSES = frozenset({*CALLABLES, DECORATOR})
"""What stands beside classes, and is none of a value of its own."""
ABSTRACT = frozenset({"collections", "typing", "abc", "numbers", "enum"})
"""Libraries of classes that say nothing of what an object is made of."""


class Narrowing:
    """The effect of classes that annotations name and that tests ask for."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.graph = flow.graph
        self._done: set[object] = set()

    def _first_time(self, *key: object) -> bool:
        if key in self._done:
            return False
        self._done.add(key)
        return True

    def instances(self, fact: Fact, to: int) -> None:
        """What an annotation promises: instances of the class; a tuple of classes stands for all of them."""
        kind, of = fact[0], fact[1]
        if kind == "M":
            self.graph.add(to, ("I", self.flow.names[str(of)]))
        elif kind == "K":
            self.graph.add(to, ("O", of))
        elif kind == "S" and str(of).rpartition(".")[2] not in GENERAL and of not in NO_CLASSES:
            self.graph.add(to, ("L", of))
        elif kind == "D" and self.flow.containers.promised.get(id_of(fact)) in ("container", "callable"):
            self.graph.add(to, fact)
        elif kind == "D" and id_of(fact) in self.flow.containers.promised:
            classes = self.flow.containers.everything(id_of(fact))
            self.graph.gate(classes, to)
            self.graph.watch(classes, self._promise, to)
        elif kind == "D" and self._first_time("instances", of, to):
            self.graph.watch(self.flow.containers.everything(id_of(fact)), self.instances, to)

    def _promise(self, fact: Fact, to: int) -> None:
        """The class that ``type[C]`` promises, unless it is one from which all of them derive."""
        if fact[0] in "MK":
            self.graph.add(to, fact)

    def test(self, fact: Fact, test: Test) -> None:
        """A class of ``isinstance``: what is tested holds an instance of it behind the test."""
        if fact[0] == "D":
            if self._first_time("one of", fact, test.narrowed):
                self.graph.watch(self.flow.containers.everything(id_of(fact)), self.test, test)
            return
        self.instances(fact, test.narrowed)
        if fact[0] in "SLN" and self._first_time("kept", fact, test.narrowed):
            self.graph.watch(test.subject, self._keep, (str(fact[1]), test.narrowed))
        elif fact[0] == "K" and self._first_time("narrowed", fact, test.narrowed):
            self.graph.watch(test.subject, self._keep_objects, (fact[1], test.narrowed))

    def _keep(self, fact: Fact, what: tuple[str, int]) -> None:
        """A class of a library lets pass what may derive from it: layers only where it is their common base."""
        name, to = what
        kinds = KINDS.get(name)
        if fact[0] == "E":
            return  # what it may have comes besides
        if fact[0] == "L" and kinds is None and name.rpartition(".")[2] not in GENERAL:
            return  # the class of the test stands for it, whatever it derives from
        if kinds is not None:
            passes = fact[0] in kinds
        elif name.rpartition(".")[2] in GENERAL:
            passes = fact[0] not in NO_NETWORKS.get(name.rpartition(".")[2], "")
        elif fact[0] == "O":
            passes = any(self._may_derive(base, name) for base in self.flow.classes.library_bases(id_of(fact)))
        else:
            made = ("L", self.flow.containers.networks.get(id_of(fact), "builtins.object")) if fact[0] == "D" else fact
            passes = fact[0] not in "IM" and (made[0] != "L" or self._may_derive(made, name))
        if passes:
            self.graph.add(to, fact)

    def _may_derive(self, cls: Fact, name: str) -> bool:
        """Whether a class of a library may be one of the name, or derive from it."""
        packages, of = self.flow.rules.packages, str(cls[1])
        if of.partition(".")[0] in ABSTRACT:
            return False
        foreign = not {of.partition(".")[0], name.partition(".")[0]} <= packages | {"builtins"}
        return cls[0] == "N" or foreign or of.rpartition(".")[2] == name.rpartition(".")[2]

    def _keep_objects(self, fact: Fact, what: tuple[int, int]) -> None:
        cls, to = what
        if fact[0] == "O" and (id_of(fact) == cls or cls in self.flow.classes.above(id_of(fact))):
            self.graph.add(to, fact)
