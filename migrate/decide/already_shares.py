"""BN401: shares that the target takes the other way round, written as the source's class takes them.

A rule maps such an argument to its complement. A literal that comes to it and is nearer to what the source's class has
by default than to the target's was copied from code for the source, as it seems: and 1, with which nothing ever
changes, while in the source it is what 0 is in the target.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeGuard

from migrate.decide.already_fitting import fit_better, words_of
from migrate.decide.arguments import complement_literal
from migrate.decide.drafts import Draft, Module
from migrate.decide.target_calls import TargetCall, TargetCalls, has_stars
from migrate.edits import Edit, Write
from migrate.findings import Role
from migrate.flow.facts import Fact
from migrate.flow.made import PARTIAL
from migrate.flow.written import LITERALS
from migrate.rule import Parameter
from migrate.syntax.index import Index
from migrate.syntax.source import Located

CODE = "BN401"
ARGUMENTS = "BN403"
"""What is said of a call that may reach the source's classes, too: there is nothing to write for both."""
FOLLOWED = frozenset("FBKP")
HOLDERS = (ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.Return, ast.IfExp, ast.BoolOp, ast.Dict, ast.List, ast.Tuple)
"""What only hands on a value that it holds."""


@dataclass(frozen=True, slots=True)
class Share:
    """A mistaken literal that comes to an argument of a call; ``node`` is that of the literal in the flow.

    A calculation with literals alone, such as ``1 / 10``, counts as one of its ``value``.
    """

    node: int
    literal: ast.expr
    target: TargetCall
    parameter: Parameter
    value: float


class Shares:
    """The mistaken shares of a run."""

    def __init__(self, calls: TargetCalls) -> None:
        self.calls = calls

    @cached_property
    def all(self) -> tuple[Share, ...]:
        return tuple(self._find())

    @cached_property
    def by_call(self) -> dict[ast.Call, list[Share]]:
        found: dict[ast.Call, list[Share]] = {}
        for share in self.all:
            found.setdefault(share.target.call, []).append(share)
        return found

    @cached_property
    def by_literal(self) -> dict[ast.expr, list[Share]]:
        found: dict[ast.expr, list[Share]] = {}
        for share in self.all:
            found.setdefault(share.literal, []).append(share)
        return found

    def _find(self) -> Iterator[Share]:
        for target in self.calls.all:
            for parameter in target.rule.parameters:
                nodes = target.nodes(parameter) if parameter.treatment.action == "complement" else []
                if not nodes or self.calls.is_frozen(target) or self._is_another(target, parameter):
                    continue
                for node in sorted(self.calls.arriving(nodes).literals):
                    literal, value = self.calls.written.literal(node), self.calls.constants.values[node]
                    if literal is not None and is_mistaken(value, parameter):
                        yield Share(node, literal, target, parameter, value)

    def _is_another(self, target: TargetCall, parameter: Parameter) -> bool:
        """Whether what stands at the place of a parameter was meant for another one, in whose place it would fit."""
        passed = self.calls.passed(target, parameter)
        if passed is None:
            return False
        others = [p for p in target.rule.parameters if p is not parameter and isinstance(p.default, float)]
        if isinstance(passed, ast.expr) and names_another(passed, parameter, others):
            return True
        values = self._numbers(target, parameter)
        return any(fit_better(parameter, values, p, self._numbers(target, p)) for p in others)

    def _numbers(self, target: TargetCall, parameter: Parameter) -> list[float]:
        values = self.calls.values(target.nodes(parameter))
        return [float(v) for v in values if type(v) in (int, float)]  # type: ignore[arg-type]

    def serves_only(self, module: Module, share: Share) -> bool:
        """Whether all that a literal comes to takes it for a share of the target's."""
        onward = self.calls.constants.onward(share.node)
        uses = self.calls.written.expressions(onward)
        return all(self._is_share(module.index_of(use), use, onward) for use in uses)

    def _is_share(self, index: Index, use: ast.expr, nodes: set[int]) -> bool:
        """Whether the place of an expression hands its value on to where it is looked at, or takes it for a share."""
        if not isinstance(getattr(use, "ctx", ast.Load()), ast.Load):
            return True
        parent = index.parent(use)
        call = index.parent(parent) if isinstance(parent, ast.keyword) else parent
        if isinstance(call, ast.Call) and call.func is not use:
            return self._takes_share(call, nodes)
        if isinstance(parent, ast.Compare):
            return all(isinstance(o, ast.Constant) and o.value is None for o in parent.comparators)
        return isinstance(parent, (*HOLDERS, ast.arguments, ast.Starred))

    def _takes_share(self, call: ast.Call, nodes: set[int]) -> bool:
        """Whether a call passes a value of some nodes on to functions of the run, or makes layers that take it."""
        for target in self.calls.by_call.get(call, ()):
            if not self.calls.is_alone(call):
                return False
            shares = [n for p in target.rule.parameters if p.treatment.action == "complement" for n in target.nodes(p)]
            if not nodes.isdisjoint(shares):
                return True
        graph, written = self.calls.graph, self.calls.written
        facts: list[Fact] = [fact for node in written.nodes(call.func) for fact in graph.of(node)]
        if PARTIAL in facts and call.args:
            facts = [fact for node in written.nodes(call.args[0]) for fact in graph.of(node)]
        return bool(facts) and all(fact[0] in FOLLOWED or fact == ("S", "builtins.dict") for fact in facts)


def is_mistaken(value: object, parameter: Parameter) -> TypeGuard[float]:
    """Whether a number is the source's for a parameter that the target takes as its complement.

    ``0.0`` is what is written for a 1 of the source, and taken as meant; ``0`` is not.
    """
    default = parameter.default
    if type(value) not in (int, float) or not isinstance(default, float):
        return False
    assert isinstance(value, (int, float))
    if value in (0, 1):
        return value == 1 or isinstance(value, int)
    return 0 < value < 1 and abs(value - default) < abs(value - (1 - default))


def names_another(value: ast.expr, parameter: Parameter, others: list[Parameter]) -> bool:
    """Whether the text of an argument names one of the ``others`` and not its own parameter."""
    words = words_of(value)
    return parameter.name not in words and any(p.name in words for p in others)


def decide_shares(module: Module, shares: Shares) -> None:
    """Review the arguments and the literals of a file that hold a share of the source's."""
    told = {d.node for d in module.drafts if d.code == ARGUMENTS and not d.suggestion}
    for call in module.index.all(ast.Call):
        if call in told:
            continue
        by_argument: dict[Located, list[Share]] = {}
        for share in shares.by_call.get(call, ()):
            passed = shares.calls.passed(share.target, share.parameter)
            if passed is not None or has_stars(call):
                by_argument.setdefault(passed or call, []).append(share)
        for node, found in by_argument.items():
            module.add(_of_argument(module, shares, call, node, found))
    for literal in (node for kind in LITERALS for node in module.index.all(kind)):
        found = shares.by_literal.get(literal, [])
        if found and not any(_value(shares.calls.passed(s.target, s.parameter)) is literal for s in found):
            module.add(_of_literal(module, shares, literal, found))


def _value(passed: ast.expr | ast.keyword | None) -> ast.expr | None:
    return passed.value if isinstance(passed, ast.keyword) else passed


def _of_argument(module: Module, shares: Shares, call: ast.Call, node: Located, found: list[Share]) -> Draft:
    """The review of an argument to which mistaken literals come."""
    share = found[0]
    name, told = share.parameter.name, share.parameter.treatment.mistaken
    value = _value(node) if isinstance(node, (ast.expr, ast.keyword)) and node is not call else None
    literals = list(dict.fromkeys(s.literal for s in found))
    if value in literals and share.value == 0:
        said = f"{name}=0 keeps nothing of what was; {share.target.rule.source.name} never changes with it: {told}"
        return _draft(share, node, f"{said}; write {name}=1.0 for that, or 0.0 where it is meant", "call")
    is_alone = shares.calls.is_alone(call)
    if value in literals:
        said = f"{name}={ast.unparse(share.literal)} has the meaning of {share.target.rule.source.name}: {told}"
        edits = _written(node, value, share) if is_alone else ()
        return _draft(share, node, f"{said}; write {name}={_right(share)}", "call", edits)
    places = ", ".join(f"{ast.unparse(literal)} ({module.place(literal)})" for literal in literals)
    said = f"{name} may be {places}, with the meaning of {share.target.rule.source.name}: {told}"
    arriving = shares.calls.arriving(share.target.nodes(share.parameter))
    is_alone &= not arriving.unknown and arriving.literals == {s.node for s in found if s.target is share.target}
    if value is None or not is_alone or any(shares.serves_only(module, s) for s in found):
        rights = ", ".join(dict.fromkeys(map(_right, found)))
        return _draft(share, node, f"{said}; write {rights} there", "call")
    edits = _written(node, value)
    return _draft(share, node, f"{said}; write {name}=1 - {ast.unparse(value)}, and keep what is there", "call", edits)


def _of_literal(module: Module, shares: Shares, literal: ast.expr, found: list[Share]) -> Draft:
    """The review of a literal that comes to mistaken arguments by way of names."""
    share, right = found[0], _right(found[0])
    name, told = share.parameter.name, share.parameter.treatment.mistaken
    places = ", ".join(dict.fromkeys(module.place(s.target.call) for s in found))
    said = f"{ast.unparse(literal)} comes to {name} of {share.target.made.name} ({places}): {told}"
    is_default = isinstance(module.index.parent(literal), ast.arguments)
    role: Role = "default" if is_default else "other"
    if share.value != 0 and shares.serves_only(module, share):
        return _draft(share, literal, f"{said}; write {right}", role, (Write(literal, right),))
    return _draft(share, literal, f"{said}; it is used for something else, too: write {name}=1 - … there", role)


def _draft(share: Share, node: Located, message: str, role: Role, edits: tuple[Edit, ...] = ()) -> Draft:
    return Draft(CODE, role, share.target.rule.target.name, node, message, suggestion=edits)


def _right(share: Share) -> str:
    text = complement_literal(share.literal) or str(1 - share.value)
    return text if "." in text else f"{text}.0"


def _written(node: Located, value: ast.expr | None, share: Share | None = None) -> tuple[Edit, ...]:
    """The edits that write the complement of a value, or of a share that it is, at the place of an argument."""
    assert value is not None
    text = "1 - {value}" if share is None else _right(share)
    keyword = f"{node.arg}=" if isinstance(node, ast.keyword) else ""
    assert isinstance(node, (ast.expr, ast.keyword))
    return (Write(node, f"{keyword}{text}", () if share is not None else (("value", value),)),)
