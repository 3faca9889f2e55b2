"""The layers of a tree: in which attribute of which class each is kept, and what its constructor says."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from migrate.decide.target_calls import TargetCall, TargetCalls
from migrate.errors import FileError
from migrate.flow.facts import id_of
from migrate.flow.load import load
from migrate.flow.queries import Queries
from migrate.original.initial import Zeroed
from migrate.rule import Parameter, Rule, TargetClass, Treatment
from migrate.rules import RuleSet
from migrate.syntax.source import Source, python_of
from migrate.triggers import holds_none

Values = frozenset[object]
ANY = "*"
"""The key of what a container has under keys that the files do not show."""
INITIAL = "initial scale"
"""The name of what the tensor that scales begins with, among the settings."""
DIGITS = 12
"""Digits to which a complement is told apart: 1 - 0.9 is 0.1."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer that objects of a class have: ``name`` is the attribute, with the key in a container behind it.

    Both are empty for one that nothing is known to keep.
    ``settings`` has the values of the source's parameters, or None where they are not all known. ``path``, ``line`` and
    ``column`` say where it is made, as ``ast`` counts them.
    """

    owner: str
    name: str
    rule: str
    settings: tuple[tuple[str, Values | None], ...]
    path: str
    line: int
    column: int

    @property
    def key(self) -> tuple[str, str]:
        return folded(self.owner), folded(self.name)


@dataclass(frozen=True, slots=True)
class Tree:
    """The layers of a tree, and for each of its classes by file the attributes that objects have.

    ``loose`` are layers that nothing is known to keep.
    """

    layers: tuple[Layer, ...] = ()
    attributes: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    loose: tuple[Layer, ...] = ()


def folded(name: str) -> str:
    """A name without what ports change: ``down_sample`` is ``downsample``."""
    return name.lower().replace("_", "")


def original_rules(rules: RuleSet) -> RuleSet:
    """Rules by which the source's classes are looked at as a port's are: their arguments mean what they say."""
    return RuleSet(tuple(map(_as_target, rules.rules)))


def _as_target(rule: Rule) -> Rule:
    cls = TargetClass(rule.source.name, rule.source.aliases, parameters=rule.positional)
    return replace(rule, target=cls, parameters=tuple(replace(p, treatment=Treatment()) for p in rule.parameters))


def layers_of(sources: Mapping[str, bytes], rules: RuleSet) -> Tree:
    """The layers that the files of a tree make, in the order of the text; files that cannot be parsed have none."""
    homes: dict[ast.AST, str] = {}
    trees: dict[str, ast.Module] = {}

    def parse(path: str) -> ast.Module | None:
        with contextlib.suppress(FileError):
            tree = trees[path] = Source(sources[path], path).tree
            homes.update((node, path) for node in ast.walk(tree) if isinstance(node, ast.Call))
            return tree
        return None

    triggered = [path for path, data in sources.items() if not holds_none(data, rules.words)]
    queries = load(sources, triggered, parse, python_of(sources.__getitem__), rules)
    calls, kept, zeroed = TargetCalls(queries, rules), _Kept(queries), Zeroed(trees, rules.rules)
    found: dict[Layer, None] = {}
    for call, made in calls.by_call.items():
        path = homes.get(call)
        places = dict.fromkeys(place for each in made for place in kept.places(calls, each))
        for owner, name in places or [("", "")]:
            if path is not None:
                is_zero = zeroed.of(calls, made[0], path, name)
                initial = None if is_zero is None else frozenset({0.0 if is_zero else 1.0})
                settings = (*_settings(calls, made), (INITIAL, initial))
                found[Layer(owner, name, made[0].rule.name, settings, path, call.lineno, call.col_offset)] = None
    classes = queries.flow.classes
    attributes = {
        (cls.path, folded(cls.summary.name)): frozenset(map(folded, classes.names(number)))
        for number, cls in enumerate(classes.classes)
    }
    in_order = sorted(found, key=lambda layer: (layer.path, layer.line, layer.column, layer.key))
    kept_layers, loose = (tuple(each for each in in_order if bool(each.name) is is_kept) for is_kept in (True, False))
    return Tree(kept_layers, attributes, loose)


class _Kept:
    """Where objects are kept: the attributes of classes, and the keys of containers in them."""

    def __init__(self, queries: Queries) -> None:
        flow = queries.flow
        self._fields: dict[int, tuple[str, str]] = {}
        self._cells: dict[int, list[tuple[str, str]]] = {}
        for number, cls in enumerate(flow.classes.classes):
            for name, node in flow.classes.own(("K", number)).items():
                self._fields[node] = cls.summary.name, name
        for node, (owner, name) in self._fields.items():
            for fact in flow.graph.of(node):
                if fact[0] == "D":
                    self._note(queries, id_of(fact), owner, name)

    def _note(self, queries: Queries, site: int, owner: str, name: str) -> None:
        def take(key: object, cell: int, _: None) -> None:
            if key is None or isinstance(key, (int, str)):
                self._cells.setdefault(cell, []).append((owner, f"{name}.{ANY if key is None else key}"))

        queries.flow.containers.watch(site, take, None)

    def places(self, calls: TargetCalls, target: TargetCall) -> Iterator[tuple[str, str]]:
        """The class and the attribute for each place where what a call makes is kept."""
        for node in sorted(calls.constants.onward(target.made.result)):
            if node in self._fields:
                yield self._fields[node]
            yield from self._cells.get(node, ())


def _settings(calls: TargetCalls, made: Iterable[TargetCall]) -> Iterator[tuple[str, Values | None]]:
    """The values of the parameters of a call, over all copies of its function."""
    made = list(made)
    for parameter in made[0].rule.parameters:
        if isinstance(parameter.default, (bool, float)):
            values = [_values(calls, target, parameter) for target in made]
            known = frozenset(v for each in values if each is not None for v in each)
            yield parameter.name, None if None in values else known


def _values(calls: TargetCalls, target: TargetCall, parameter: Parameter) -> Values | None:
    """The values of one parameter in the words of the source's class; None where not all of them are known."""
    nodes = target.nodes(parameter)
    if not nodes:
        return None if target.made.hides else frozenset({parameter.default})
    found = calls.arriving(nodes)
    if found.unknown or not found.literals:
        return None
    return frozenset(_meaning(parameter, calls.constants.values[node]) for node in found.literals)


def _meaning(parameter: Parameter, value: object) -> object:
    """What a value of the target's class is called in the source's."""
    treatment = parameter.treatment
    if treatment.action == "complement" and isinstance(value, (int, float)):
        return round(1 - value, DIGITS)
    if treatment.action == "map":
        rare = treatment.when_false if parameter.default else treatment.when_true
        return (not parameter.default) if repr(value) == rare else parameter.default if value is None else value
    return value
