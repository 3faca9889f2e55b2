"""The calls of a run that make layers of the target's classes, and the literals that come to their arguments."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from migrate.flow.constants import Arriving, Constants
from migrate.flow.facts import Fact, id_of
from migrate.flow.graph import Graph
from migrate.flow.made import CONSTRUCTOR, PARTIAL, Made, Makers
from migrate.flow.queries import Queries
from migrate.flow.written import Written
from migrate.rule import Carrier, Parameter, Rule
from migrate.rules import RuleSet


@dataclass(frozen=True, slots=True)
class TargetCall:
    """A call that makes a layer of the target's class of a rule, maybe by way of a class that hands arguments on."""

    rule: Rule
    made: Made
    call: ast.Call

    def nodes(self, parameter: Parameter) -> list[int]:
        """The nodes of the argument that the target's class gets in the place of one of the source's parameters."""
        return self.made.arguments.get(parameter.treatment.to or parameter.name, [])


def has_stars(call: ast.Call) -> bool:
    """Whether a call unpacks something into its arguments."""
    return any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords)


class TargetCalls:
    """All that is asked about them, of a flow that has come to rest."""

    def __init__(self, queries: Queries, rules: RuleSet) -> None:
        self._queries = queries
        self._rules = rules

    @property
    def graph(self) -> Graph:
        return self._queries.flow.graph

    @cached_property
    def constants(self) -> Constants:
        return Constants(self._queries.flow)

    @cached_property
    def written(self) -> Written:
        return Written(self._queries)

    @cached_property
    def all(self) -> tuple[TargetCall, ...]:
        """The calls, each as often as copies of its function make different ones of it."""
        return tuple(self._find())

    @cached_property
    def by_call(self) -> dict[ast.Call, list[TargetCall]]:
        found: dict[ast.Call, list[TargetCall]] = {}
        for each in self.all:
            found.setdefault(each.call, []).append(each)
        return found

    def is_partial(self, call: ast.Call) -> bool:
        """Whether a call makes a partial of a class, which is its first argument."""
        return any(PARTIAL in self.graph.of(node) for node in self.written.nodes(call.func))

    def is_alone(self, call: ast.Call) -> bool:
        """Whether a call makes nothing but layers of the target's classes, as far as the flow shows."""
        callees = [*self.written.nodes(call.func)]
        if self.is_partial(call):
            callees = [*self.written.nodes(call.args[0])] if call.args else []
        facts = [f for node in callees for fact in self.graph.of(node) for f in self._queries.flow.behind(fact)]
        return all(map(self._is_known, facts))

    def _is_known(self, fact: Fact) -> bool:
        """Whether calling something makes a layer of the target's; other facts than of classes say nothing."""
        if fact[0] == "K":
            classes, number = self._queries.flow.classes, id_of(fact)
            bases = [str(base[1]) for base in classes.library_bases(number) if base[0] == "M"]
            return not classes.has(number, CONSTRUCTOR) and any(base in self._rules.by_target for base in bases)
        name = str(fact[1]).removesuffix(f".{CONSTRUCTOR}")
        return fact[0] not in "MSL" or name in self._rules.by_target or name in self._rules.carriers

    @cached_property
    def fields(self) -> dict[str, list[Rule]]:
        """The attributes that hold layers of the target's classes in classes of the run, with their rules."""
        classes, found = self._queries.flow.classes, dict[str, list[Rule]]()
        for number in range(len(classes.classes)):
            for name, node in classes.own(("K", number)).items():
                for fact in self.graph.of(node):
                    rule = self._rules.by_target.get(str(fact[1])) if fact[0] == "I" else None
                    if rule is not None and rule not in found.setdefault(name, []):
                        found[name].append(rule)
        return found

    def layers_alone(self, word: str) -> list[Rule]:
        """The rules of what attributes with a word in their name hold, where all hold layers of the target's."""
        names = [name for name in self._attributes if word and word in name]
        if not all(name in self.fields for name in names):
            return []
        return list({rule.name: rule for name in names for rule in self.fields[name]}.values())

    @cached_property
    def _attributes(self) -> set[str]:
        """The attributes of all objects of the run."""
        classes = self._queries.flow.classes
        return {name for number in range(len(classes.classes)) for name in classes.names(number)}

    def is_part(self, cls: ast.ClassDef) -> bool:
        """Whether objects of a class of the run are in attributes of others, or in containers."""
        facts = {("O", fact[1]) for fact in self._queries.facts(cls) if fact[0] == "K"}
        return not facts.isdisjoint(self._parts)

    @cached_property
    def _parts(self) -> set[Fact]:
        """The objects that others hold."""
        classes, containers = self._queries.flow.classes, self._queries.flow.containers
        nodes = [n for i in range(len(classes.classes)) for n in classes.own(("K", i)).values()]
        sites = {fact[1] for fact in self.graph.numbers if fact[0] == "D"}
        nodes += [containers.everything(int(site)) for site in sites]
        return {fact for node in nodes for fact in self.graph.of(node) if fact[0] == "O"}

    def _find(self) -> Iterator[TargetCall]:
        signatures = {rule.target.name: rule.target.parameters for rule in self._rules.rules}
        signatures |= {name: carrier.parameters for name, (_, carrier) in self._rules.carriers.items()}
        known = self.graph.numbers
        if not any(("M", name) in known for name in self._rules.by_target) and not any(
            ("S", name) in known for name in self._rules.carriers
        ):
            return
        for made in Makers(self._queries.flow, signatures).all():
            call = self.written.call(made.result)
            if call is None:
                continue
            rule = self._rules.by_target.get(made.name)
            if rule is not None:
                yield TargetCall(rule, made, call)
                continue
            rule, carrier = self._rules.carriers[made.name]
            if self._hands_on(carrier, made):
                arguments = {name: nodes for name, nodes in made.arguments.items() if name in carrier.passes}
                yield TargetCall(rule, made._replace(arguments=arguments), call)

    def _hands_on(self, carrier: Carrier, made: Made) -> bool:
        return all(value in self.values(made.arguments.get(name, ())) for name, value in carrier.requires.items())

    def arriving(self, nodes: Iterable[int]) -> Arriving:
        """The literals that may come to any of some nodes."""
        found = [self.constants.of(node) for node in nodes]
        return Arriving(frozenset(n for each in found for n in each.literals), any(each.unknown for each in found))

    def values(self, nodes: Iterable[int]) -> list[object]:
        """The values of these literals."""
        return [self.constants.values[node] for node in self.arriving(nodes).literals]

    def is_frozen(self, target: TargetCall) -> bool:
        """Whether a layer is made so that its statistics stay as they are."""
        for name, value in target.rule.target.frozen.items():
            nodes = target.made.arguments.get(name, ())
            values = self.values(nodes)
            if values and all(v is value for v in values) and not self.arriving(nodes).unknown:
                return True
        return False

    def passed(self, target: TargetCall, parameter: Parameter) -> ast.expr | ast.keyword | None:
        """The argument where the call spells it; None where it comes by a star or a partial."""
        nodes = set(target.nodes(parameter))
        arguments: list[ast.expr | ast.keyword] = [*target.call.args, *target.call.keywords]
        for argument in arguments:
            value = argument.value if isinstance(argument, ast.keyword) else argument
            is_star = isinstance(argument, ast.Starred) or (isinstance(argument, ast.keyword) and argument.arg is None)
            if not is_star and not nodes.isdisjoint(self.written.nodes(value)):
                return argument
        return None
