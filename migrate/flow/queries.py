"""What decisions ask a flow that has come to rest, by the expressions of the files."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from migrate.flow.attributes import Attributes
from migrate.flow.facts import Fact, id_of
from migrate.flow.holding import Holding
from migrate.flow.origins import Origins
from migrate.flow.sources import Literals, Sources
from migrate.flow.state import Flow, Named
from migrate.index.builder import Nodes
from migrate.index.scopes import Function

Definition = Function | ast.ClassDef
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)

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


class NamedMember(NamedTuple):
    """A call by which ``function`` gets a member of a layer under one of ``names``, or any where it ``is_open``.

    ``layer`` is the name of the class, ``origins`` are the expressions that spell it.
    """

    call: ast.Call
    function: str
    layer: str
    names: list[str]
    is_open: bool
    origins: list[ast.AST | None]


class Queries:
    """Questions about expressions.

    ``nodes`` has those of the expressions of each file, by their numbers there. ``is_cut``: more files may matter than
    a run reads.
    """

    def __init__(self, flow: Flow, nodes: Mapping[str, Nodes], is_cut: bool = False) -> None:
        self.flow = flow
        self.is_cut = is_cut
        self._numbers = nodes
        self._nodes: dict[ast.AST, int] = {}
        self._definitions: dict[tuple[str, int], Definition] = {}
        self._known: dict[Fact, tuple[Callee, ...]] = {}
        self._holding = Holding(flow)
        self._originals = flow.originals()
        for path, loaded in flow.modules.loaded.items():
            if loaded is None:
                continue
            for node, number in nodes[path].of.items():
                self._nodes[node] = number + loaded.base
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
                number = self._numbers[function.path].of.get(decorator.args[0])
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

    def objects(self, node: ast.AST) -> list[Fact]:
        """What an expression may be, where nobody calls the function around it but in copies."""
        return self._kept(self._live(node))

    def origins(self, node: ast.AST, fact: Fact) -> list[ast.AST | None]:
        """The expressions and imports that spell a class, or the class of an instance, which an expression may be.

        None stands for what comes by a way that does not show it.
        """
        return self.origins_at(self._live(node), fact)

    def origins_at(self, nodes: list[int], fact: Fact) -> list[ast.AST | None]:
        """The same for nodes of the graph."""
        found: dict[ast.AST | None, None] = {}
        for at in self._origins.of(nodes, fact):
            original = self._originals.get(at, at)
            spelled = self._spelled.get(original) or self._imported.get(original)
            found[spelled if spelled is not None else self._starred.get(at)] = None
        return list(found)

    def library_container(self, fact: Fact) -> str:
        """The name of the class of a library of which a container is; empty for those of the language."""
        return self.flow.containers.networks.get(id_of(fact), "")

    def partials(self, fact: Fact) -> Iterator[tuple[int, Fact, int]]:
        """What a partial is of in the end: the node that holds it, the fact, and how many places are filled.

        A star fills a number that is not known, for which two stand.
        """
        todo = [(fact, 0)]
        seen = set(todo)
        for at, filled in todo:
            call = self.flow.calls[id_of(at)]
            callee, *arguments = call.positional
            for given in {len(arguments), len(arguments) + len(call.stars)}:
                count = min(filled + given, MAX_FILLED)
                for inner in self.flow.graph.of(callee):
                    if inner[0] != "P":
                        yield callee, inner, count
                    elif (inner, count) not in seen:
                        seen.add((inner, count))
                        todo.append((inner, count))

    def escaped(self, node: ast.AST) -> list[Fact]:
        """What went into code that is not followed, which gave what an expression may be."""
        bags = [id_of(fact) for fact in self.facts(node) if fact[0] == "E"]
        return list(dict.fromkeys(fact for bag in bags for fact in self.flow.graph.of(bag)))

    def filled(self, node: ast.AST) -> set[str]:
        """The names of the keywords that a partial may have."""
        calls = [self.flow.calls[id_of(fact)] for fact in self.facts(node) if fact[0] == "P"]
        sites = [fact for call in calls for each in call.double_stars for fact in self.flow.graph.of(each)]
        keys = {key for fact in sites if fact[0] == "D" for key in self.flow.containers.cells(id_of(fact))}
        return {name for call in calls for name, _ in call.keywords} | {key for key in keys if isinstance(key, str)}

    def literals(self, node: ast.AST) -> Literals | None:
        """The literals that an expression may be, and whether anything else; None where not all facts are known."""
        nodes = self._live(node)
        if any(each in self.flow.graph.full for each in nodes):
            return None
        found = Literals(unknown=not nodes)
        for each in nodes:
            found |= self._sources.of(each)
        return found

    def literals_at(self, node: int) -> Literals:
        """The literals that may come to a node of the graph."""
        return self._sources.of(node)

    def is_among(self, fact: Fact, facts: list[Fact]) -> bool:
        """Whether objects of a class of the run are among those of a library's class that something may be."""
        if fact[0] != "O":
            return False
        return any(("L", base[1]) in facts for base in self.flow.classes.library_bases(id_of(fact)))

    def kept(self, node: ast.AST) -> list[Fact]:
        """The facts of an expression of which not all were kept."""
        return list(dict.fromkeys(fact for each in self._live(node) for fact in self.flow.graph.of(each)))

    @cached_property
    def _origins(self) -> Origins:
        return Origins(self.flow, self._spelled)

    @cached_property
    def _imported(self) -> dict[int, ast.alias]:
        """The imports by the nodes of the names that they bind."""
        return {number: node for node, number in self._nodes.items() if isinstance(node, ast.alias)}

    @cached_property
    def _starred(self) -> dict[int, ast.ImportFrom]:
        """The star imports by the nodes of the names that others have by them."""
        stars: dict[str, ast.ImportFrom] = {}
        for path, nodes in self._numbers.items():
            stars.update((path, node) for node in nodes.of if isinstance(node, ast.ImportFrom))
        return {node: stars[path] for node, path in self.flow.modules.by_stars().items() if path in stars}

    @cached_property
    def _spelled(self) -> dict[int, ast.expr]:
        """The expressions that spell classes, by the nodes that they have for themselves."""
        loaded = [(self._numbers[path], each) for path, each in self.flow.modules.loaded.items() if each is not None]
        return {number + each.base: node for nodes, each in loaded for number, node in nodes.spelled.items()}

    def attribute(self, cls: ast.ClassDef, name: str) -> list[Fact]:
        """What objects of a class hold under a name."""
        found = [id_of(fact) for fact in self.facts(cls) if fact[0] == "K"]
        return [fact for each in found for fact in self.flow.graph.of(self.flow.classes.lookup(each, name, True))]

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

    def may_be_layer(self, node: ast.AST) -> bool:
        """Whether an expression may be a layer of a rule, as far as something is known of it."""
        return any(map(self._may_be_layer, self.facts(node)))

    def _may_be_layer(self, fact: Fact) -> bool:
        if fact[0] == "O":
            return self.flow.classes.derives_from_rule(id_of(fact))
        related = self.flow.rules.related.get(str(fact[1])) if fact[0] == "L" else None
        return fact[0] in "IN" or (related is not None and bool(related.classes))

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

    def named(self, path: str) -> Iterator[NamedMember]:
        """The calls in a file that name a member of a layer by a value."""
        for named in self._named.get(path, ()):
            if not self.flow.graph.facts[named.base]:
                continue
            literals = self._sources.of(named.key)
            owners: dict[str, list[str]] = {}
            for name in sorted(str(value) for kind, value in literals.values if kind == "str"):
                owner, _, last = name.rpartition(".")
                owners.setdefault(owner, []).append(last)
            if literals.unknown:
                owners.setdefault("", [])
            for owner, names in owners.items():
                for fact in self._under(named.base, owner):
                    call = self._call_of(path, named) if fact[0] == "I" else None
                    if call is not None:
                        origins = self.origins_at([named.base], fact)
                        yield NamedMember(call, named.function, str(fact[1]), names, literals.unknown, origins)

    def _under(self, node: int, path: str) -> list[Fact]:
        """What stands under a path of attributes of what a node holds."""
        facts = self.flow.graph.of(node)
        for name in path.split(".") if path else ():
            found = [self._attributes.of(fact, name) for fact in facts]
            facts = sorted({fact for under in found for fact in under.exact | under.possible}, key=repr)
        return facts

    @cached_property
    def _attributes(self) -> Attributes:
        return Attributes(self.flow)

    @cached_property
    def _named(self) -> dict[str, list[Named]]:
        found: dict[str, list[Named]] = {}
        for named in self.flow.named:
            found.setdefault(self.flow.homes[named.call].path, []).append(named)
        return found

    def _call_of(self, path: str, named: Named) -> ast.Call | None:
        """The call of a file that names a member, or the innermost one that starts where the library makes it."""
        call = self.flow.calls[named.call]
        if call.result in self._calls:
            return self._calls[call.result]
        calls = (n for n in self._numbers[path].of if isinstance(n, ast.Call))
        at = [n for n in calls if (n.lineno, n.col_offset) == (call.line, call.column)]
        return min(at, key=lambda n: (n.end_lineno or 0, n.end_col_offset or 0), default=None)

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
