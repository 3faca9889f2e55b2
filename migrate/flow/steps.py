"""How a fact came to a place, step by step; and where what comes there is lost, if nothing is known of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from migrate.flow.classes import RunFunction
from migrate.flow.facts import Fact, id_of
from migrate.flow.graph import TracedGraph
from migrate.flow.state import Flow
from migrate.index.summary import Place

WORDS = {
    "M": "the class {}",
    "I": "a layer of {}",
    "R": "a method of a layer of {}",
    "S": "{}",
    "L": "an object of {}",
    "X": "the module {}",
    "E": "something that code gave which is not followed",
    "N": "something of {}, which was not read",
}


@dataclass(frozen=True, slots=True)
class Step:
    """A place that a value passes, with what happens there in words; the place is None for what has none."""

    path: str
    place: Place | None
    what: str


class Steps:
    """The words for the nodes of a flow that has come to rest in a traced graph."""

    def __init__(self, flow: Flow, graph: TracedGraph) -> None:
        self._flow = flow
        self._idle = flow.idle()
        self._graph = graph
        self._places: dict[int, tuple[str, Place]] = {}
        self._names: dict[int, tuple[str, str]] = {}
        self._constants = flow.constants()
        self._parameters: dict[int, RunFunction] = {}
        self._loads = flow.loads()
        self._results = flow.results()
        for path, loaded in flow.modules.loaded.items():
            if loaded is None:
                continue
            summary, base = loaded
            for node, place in summary.places.items():
                self._places.update(dict.fromkeys(flow.everywhere(node + base), (path, place)))
            self._names.update((node + base, (path, f"the name {name}")) for name, node in summary.exports.items())
        for function in flow.functions:
            self._name_parameters(function)
        for i, cls in enumerate(flow.classes.classes):
            for name, node in flow.classes.own(("K", i)).items():
                self._names.setdefault(node, (cls.path, f"the attribute {name} of {cls.summary.name}"))

    def _name_parameters(self, function: RunFunction) -> None:
        summary = function.summary
        for name, node in (*summary.parameters, *summary.keyword_only):
            self._names[node] = (function.path, f"the parameter {name} of {self.function_name(function)}")
            self._parameters[node] = function
        self._names[summary.result] = (function.path, f"what {self.function_name(function)} returns")

    def function_name(self, function: RunFunction) -> str:
        """The name of a function, behind that of its class."""
        name = function.summary.name
        return name if function.owner is None else f"{self._flow.classes.classes[function.owner].summary.name}.{name}"

    def facts(self, node: int) -> list[Fact]:
        """The facts of a node of a file, classes and layers of rules first."""
        return sorted(self._flow.of(node), key=lambda fact: (fact[0] not in "MI", repr(fact)))

    def word(self, fact: Fact) -> str:
        """What a fact says, in words."""
        kind, of = fact[0], fact[1]
        if isinstance(of, str):
            return WORDS[kind].format(of.removeprefix("builtins."))
        if kind in "KO":
            name = self._flow.classes.classes[of].summary.name
            bases = [str(base[1]) for base in self._flow.classes.library_bases(of) if base[0] == "M"]
            derived = f", which derives from {' and '.join(bases)}" if bases else ""
            return f"{'the class' if kind == 'K' else 'an object of'} {name}{derived}"
        if kind in "FB":
            return f"the function {self.function_name(self._flow.functions[of])}"
        if kind == "P":
            held = self._flow.behind(fact)
            return f"a partial of {' or '.join(map(self.word, held)) or 'something that is not known'}"
        others = {
            "C": "the constructor of a base",
            "T": "a method that gives layers",
            "V": "a method of an object",
            "Y": "a method of a container",
        }
        return others.get(kind, "a container")

    def is_layer(self, fact: Fact) -> bool:
        """Whether a class of the run, or an object of one, derives from a class of a rule."""
        return self._flow.classes.derives_from_rule(id_of(fact))

    def path(self, node: int, fact: Fact) -> list[Step]:
        """The steps of a fact from where it was made to ``node``."""
        steps: list[Step] = []
        holding = (each for each in self._flow.everywhere(node) if fact in self._graph.of(each))
        way = self._graph.path(next(holding, node), fact)
        while len(way) > 1 and way[-1][1][0] in "SX" and way[-1][1] != way[-2][1] and way[-2][1][0] in "SXM":
            way.pop()  # the modules that a class is looked up in
        for at, held in reversed(way):
            step = self._step(at, held)
            if held[0] != fact[0] == "P":
                continue  # how functools is imported
            if step is not None and (not steps or step != steps[-1]):
                steps.append(step)
        return steps

    def _step(self, node: int, fact: Fact) -> Step | None:
        named = self._names.get(node)
        path, place = self._places.get(node, ("", None))
        if named is not None:
            return Step(path or named[0], place, f"{named[1]}: {self.word(fact)}")
        return Step(path, place, self.word(fact)) if place is not None else None

    def lost(self, node: int) -> list[Step]:
        """The places behind a node from which nothing that is known comes."""
        todo = [each for each in self._flow.everywhere(node) if each not in self._idle] or [node]
        seen = dict.fromkeys((*self._idle, *todo))
        found: dict[Step, None] = {}
        for at in todo:
            before = self._graph.before(at)
            facts = self._graph.of(at)
            if not before and (not facts or (at in self._results and all(fact[0] == "N" for fact in facts))):
                found.update(dict.fromkeys(self._ends(at, seen, todo)))
            for earlier in before:
                if earlier not in seen:
                    seen[earlier] = None
                    todo.append(earlier)
        return list(found)

    def crowded(self) -> list[Step]:
        """The places where more came together than is followed."""
        placed = (self._places[node] for node in self._graph.full if node in self._places)
        return [Step(path, place, "more comes together here than is followed") for path, place in placed]

    def _ends(self, node: int, seen: dict[int, None], todo: list[int]) -> Iterator[Step]:
        """What a node without facts is the end of; where that is a member of something, the search goes on there."""
        path, place = self._places.get(node, ("", None))
        function = self._parameters.get(node)
        if function is not None:
            path = path or function.path
            yield Step(path, place, f"{self._names[node][1]}: no call of it in these files passes it")
        elif node in self._results and place is not None:
            callees = [self.word(fact) for fact in self._graph.of(self._results[node].callee)]
            what = ", ".join(callees) or "something that is not known"
            yield Step(path, place, f"what a call of {what} gives is not followed")
        elif node in self._loads:
            owner, key = self._loads[node]
            facts = self._graph.of(owner)
            if facts and place is not None:
                held = "an element" if isinstance(key, tuple) else f"the attribute {key}"
                names = ", ".join(self.word(fact) for fact in facts)
                yield Step(path, place, f"nothing says what {held} of {names} is")
            elif not facts and owner not in seen:
                seen[owner] = None
                todo.append(owner)
        elif place is not None and node not in self._constants:
            yield Step(path, place, "nothing is known of it")
