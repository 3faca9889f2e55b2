"""What decisions ask a flow that has come to rest, by the expressions of the files."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from migrate.flow.facts import Fact, id_of
from migrate.flow.holding import Holding
from migrate.flow.sources import Sources
from migrate.flow.state import Flow
from migrate.index.scopes import Function

Definition = Function | ast.ClassDef
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)

DISPLAYS = (ast.Dict, ast.List, ast.Tuple, ast.Set)
COMPREHENSIONS = (ast.DictComp, ast.ListComp, ast.SetComp, ast.GeneratorExp)
MAKERS = (*DISPLAYS, *COMPREHENSIONS, ast.Call, ast.arg)
"""What makes containers; the parameters are those that collect arguments."""

MAX_CALLEES = 24
MAX_FILLED = 16


@dataclass(frozen=True, slots=True)
class Callee:
    """A function or class of the run that may be called, with the positional arguments that partials fill."""

    node: Definition
    filled: int = 0


class Layer(NamedTuple):
    """A layer that something holds, by the name of its class, and the call that makes it or the class that it is of.

    ``origin`` is None where it comes by a way that does not show either.
    """

    name: str
    origin: ast.Call | ast.ClassDef | None


class Queries:
    """Questions about expressions.

    ``nodes`` has for each file the number there of the node of each expression, function and class.
    """

    def __init__(self, flow: Flow, nodes: Mapping[str, Mapping[ast.AST, int]]) -> None:
        self.flow = flow
        self._numbers = nodes
        self._nodes: dict[ast.AST, int] = {}
        self._definitions: dict[tuple[str, int], Definition] = {}
        self._known: dict[Fact, tuple[Callee, ...]] = {}
        self._holding = Holding(flow)
        self._originals = flow.originals()
        self._makers: dict[int, ast.AST] = {}
        for path, loaded in flow.modules.loaded.items():
            if loaded is None:
                continue
            for node, number in nodes[path].items():
                self._nodes[node] = number + loaded.base
                if isinstance(node, MAKERS):
                    self._makers.setdefault(number + loaded.base, node)
                if isinstance(node, DEFINITIONS):
                    self._definitions[path, number] = node

    def facts(self, node: ast.AST) -> list[Fact]:
        """What an expression can be; nothing where it was not read."""
        number = self._nodes.get(node)
        return self.flow.of(number) if number is not None else []

    def callables(self, node: ast.AST) -> list[Callee]:
        """The functions and classes of the run that an expression may be, also behind partials.

        Nothing where there are so many that anything may be meant.
        """
        found: dict[Callee, None] = {}
        for fact in self.facts(node):
            found.update(dict.fromkeys(self._callables(fact)))
        return list(found) if len(found) <= MAX_CALLEES else []

    def _callables(self, fact: Fact) -> tuple[Callee, ...]:
        if fact[0] not in "FBKP":
            return ()
        known = self._known.get(fact)
        if known is None:
            known = self._known[fact] = tuple(self._find_callables(fact))
        return known

    def _find_callables(self, fact: Fact) -> Iterator[Callee]:
        """What a fact calls in the end; partials may go in circles, which fill more and more places."""
        todo = [(fact, 0)]
        seen = set(todo)
        for at, filled in todo:
            definition = self._definition(at)
            inner: Iterable[Fact] = ()
            given = 0
            if at[0] == "P":
                callee, *arguments = self.flow.calls[id_of(at)].positional
                inner, given = self.flow.graph.of(callee), len(arguments)
            elif definition is not None and (wrapped := self._wrapped(at, definition)):
                inner = wrapped
            elif definition is not None:
                yield Callee(definition, filled)
            filled = min(filled + given, MAX_FILLED)
            new = [each for f in inner if f[0] in "FBKP" and (each := (f, filled)) not in seen]
            seen.update(new)
            todo += new

    def _wrapped(self, fact: Fact, definition: Definition) -> list[Fact]:
        """What a function stands for that a decorator makes by ``functools.wraps``."""
        if fact[0] not in "FB":
            return []
        function = self.flow.functions[id_of(fact)]
        for decorator in getattr(definition, "decorator_list", ()):
            made_by = getattr(decorator, "func", None)
            if getattr(made_by, "attr", getattr(made_by, "id", "")) == "wraps" and decorator.args:
                number = self._numbers[function.path].get(decorator.args[0])
                if number is not None:
                    return self.flow.graph.of(function.home.at[number])
        return []

    def _definition(self, fact: Fact) -> Definition | None:
        if fact[0] in "FB":
            function = self.flow.functions[id_of(fact)]
            return self._definitions.get((function.path, function.local.node))
        if fact[0] == "K":
            cls = self.flow.classes.classes[id_of(fact)]
            return self._definitions.get((cls.path, cls.summary.node))
        return None

    def containers(self, node: ast.AST) -> list[ast.AST] | None:
        """What makes the containers that an expression may be; None where not all of them are known."""
        facts = self._all_facts(node)
        if not facts:
            return None
        held = [id_of(fact) for fact in facts if fact[0] == "D"]
        sites = dict.fromkeys(self._originals.get(site, site) for site in held)
        return [self._makers[site] for site in sites if site in self._makers]

    def may_be_else(self, node: ast.AST) -> bool | None:
        """Whether an expression may be something that the files do not show; None where not all facts are known."""
        nodes = self._live(node)
        if not self._kept(nodes):
            return None
        return any(self._sources.of(each).unknown for each in nodes)

    def called(self, node: ast.AST) -> list[Fact]:
        """What is called in the end where an expression is, without the partials on the way."""
        return list(dict.fromkeys(held for fact in self.objects(node) for held in self.flow.behind(fact)))

    def objects(self, node: ast.AST) -> list[Fact]:
        """What an expression may be, where nobody calls the function around it but in copies."""
        return self._kept(self._live(node))

    def spellings(self, node: ast.AST, fact: Fact) -> list[ast.expr]:
        """The expressions from which a fact came to one: those that spell a class, or make a partial."""
        graph, found = self.flow.graph, dict[ast.expr, None]()
        todo = [each for each in self._live(node) if graph.holds(each, fact)]
        seen = set(todo)
        for at in todo:
            before = [b for b in self._before.get(at, ()) if graph.holds(b, fact)]
            todo += [b for b in before if b not in seen]
            seen.update(before)
            if not before:
                found.update(dict.fromkeys(self._written.get(self._originals.get(at, at), ())))
        return list(found)

    @cached_property
    def _before(self) -> dict[int, list[int]]:
        return self.flow.graph.predecessors()

    @cached_property
    def _written(self) -> dict[int, list[ast.expr]]:
        """The names, attributes and calls that each node stands for."""
        found: dict[int, list[ast.expr]] = {}
        for node, number in self._nodes.items():
            if isinstance(node, (ast.Name, ast.Attribute, ast.Call)):
                found.setdefault(number, []).append(node)
        return found

    def definition(self, fact: Fact) -> Definition | None:
        """The function or class that a fact speaks about."""
        return self._definition(("K", fact[1]) if fact[0] == "O" else fact)

    def _live(self, node: ast.AST) -> list[int]:
        """The nodes of an expression, but for that of a function of which all calls go to copies."""
        number = self._nodes.get(node)
        if number is None:
            return []
        nodes = self.flow.everywhere(number)
        return [each for each in nodes if each not in self._idle] or nodes

    @cached_property
    def _idle(self) -> set[int]:
        return self.flow.idle()

    @cached_property
    def _sources(self) -> Sources:
        return Sources(self.flow)

    def makes_none(self, node: ast.AST) -> bool:
        """Whether it is known what an expression may be, and calling that makes no layer of a rule."""
        facts = self._all_facts(node)
        return bool(facts) and not any(map(self._may_make, facts))

    def is_another(self, node: ast.AST) -> bool:
        """Whether all that an expression may be is known, and calling that makes no layer of a rule."""
        return self.makes_none(node) and self.may_be_else(node) is False

    def _may_make(self, fact: Fact) -> bool:
        held = self.flow.behind(fact)
        return not held or any(
            f[0] in "MRVN" or (f[0] == "K" and self.flow.classes.derives_from_rule(id_of(f))) for f in held
        )

    def is_no_layer(self, node: ast.AST) -> bool:
        """Whether it is known what an expression may be, and no layer of a rule is among that."""
        facts = self._all_facts(node)
        return bool(facts) and not any(map(self._may_be_layer, facts))

    def _may_be_layer(self, fact: Fact) -> bool:
        if fact[0] == "O":
            return self.flow.classes.derives_from_rule(id_of(fact))
        related = self.flow.rules.related.get(str(fact[1])) if fact[0] == "L" else None
        return fact[0] in "IN" or (related is not None and bool(related.classes))

    def _all_facts(self, node: ast.AST) -> list[Fact]:
        """What an expression can be; nothing where some of that was not kept."""
        number = self._nodes.get(node)
        return self._kept(self.flow.everywhere(number)) if number is not None else []

    def _kept(self, nodes: Iterable[int]) -> list[Fact]:
        graph = self.flow.graph
        if any(node in graph.full for node in nodes):
            return []
        return list(dict.fromkeys(fact for node in nodes for fact in graph.of(node)))

    def layers(self, node: ast.AST, without: str = "") -> Iterator[Layer]:
        """The layers that an expression, function or class is, or holds; the nearest first.

        Objects of classes that have a method ``without`` of their own are left out.
        """
        number = self._nodes.get(node)
        if number is None:
            return
        facts = self.flow.of(number)
        if without:
            facts = [fact for fact in facts if fact[0] != "O" or not self.flow.classes.has(id_of(fact), without)]
        for name, at in self._holding.layers(facts, self.flow.everywhere(number)):
            yield Layer(name, self._calls.get(at) if isinstance(at, int) else self._class(at))

    def is_network(self, node: ast.AST) -> bool:
        """Whether an expression is known to be a network at least at times, whatever that holds."""
        return any(map(self._holding.is_network, self.facts(node)))

    def _class(self, fact: Fact) -> ast.ClassDef | None:
        definition = self._definition(fact)
        return definition if isinstance(definition, ast.ClassDef) else None

    @cached_property
    def _calls(self) -> dict[int, ast.Call]:
        """The calls by their results, in copies of functions too."""
        calls = ((at, node) for node, at in self._nodes.items() if isinstance(node, ast.Call))
        return {each: node for at, node in calls for each in self.flow.everywhere(at)}

    def is_followed(self, node: ast.AST) -> bool:
        """Whether all that an expression can be, when it is called, is known."""
        facts = self.facts(node)
        return bool(facts) and all(fact[0] in "FBKMPRC" for fact in facts)
