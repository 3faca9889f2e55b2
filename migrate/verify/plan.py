"""What has to be executed: the distinct rewritten calls of a run, each with the values to try it with."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from migrate.decide.owned import owns_mode
from migrate.errors import ProofError
from migrate.findings import CALL_ROLES, Finding, Result
from migrate.proofs import Site
from migrate.rule import Parameter, Rule
from migrate.rules import RuleSet
from migrate.syntax.index import Index
from migrate.syntax.scopes import Scope
from migrate.syntax.source import Location, Source
from migrate.verify.calls import Arguments, Call, computed, read_call
from migrate.verify.layer import Layer, layer_of
from migrate.verify.operations import Value
from migrate.verify.samples import Assignment, assignments, pools
from migrate.verify.terms import Free, Known, Reader, Renamed, Term, uses

TYPES: dict[str, type] = {"int": int, "float": float}
NAMED = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
MAX_CHANNELS = 4096
"""A layer this wide shows nothing that a narrow one does not, and takes long."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one framework executes: a class by its qualified name, its arguments, methods called on the result."""

    callee: str
    arguments: Arguments[Value]
    methods: tuple[tuple[str, tuple[Value, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """One execution in both frameworks.

    ``first_call``: the source calls the layer where it makes it, so that it has to start in the right mode.
    """

    bindings: tuple[tuple[str, Value], ...]
    original: Side
    rewritten: Side
    layer: Layer
    rule: Rule
    first_call: bool

    @property
    def key(self) -> str:
        """Equal for trials that execute the same."""
        return repr((self.original, self.rewritten, self.layer, self.rule.name, self.first_call))


@dataclass(slots=True)
class Claim:
    """A pair of original and rewritten text that has to compute the same, wherever it stands."""

    before: str
    after: str
    trials: tuple[Trial, ...]
    problem: str | None = None
    sites: list[Site] = field(default_factory=list)


def plan(results: Iterable[Result], rules: RuleSet) -> list[Claim]:
    """The claims of a run, in the order in which they first occur. Texts are one claim where their trials are equal."""
    claims: dict[object, Claim] = {}
    for result in results:
        found = [f for f in result.findings if f.kind == "rewrite" and f.role in CALL_ROLES]
        if not found or result.error is not None:
            continue
        files = _Files(result, rules)
        for finding in found:
            claim = files.claim(finding)
            keys = tuple((t.bindings, t.key) for t in claim.trials)
            known = claims.setdefault((claim.before, claim.after, claim.problem, repr(keys)), claim)
            known.sites.append(Site(result.path, finding.line, finding.cell))
    return list(claims.values())


class _Files:
    """A file before and after its migration, side by side."""

    def __init__(self, result: Result, rules: RuleSet) -> None:
        self._rules = rules
        before, after = Source(result.before, result.path), Source(result.after, result.path)
        self._text = after.text
        self._index, self._after = Index(before), Index(after)
        renamed = _renamed(rules)
        self._reader, self._after_reader = Reader(self._index, renamed), Reader(self._after, renamed)
        self._by_place = {before.location(before.span(call)): call for call in self._index.all(ast.Call)}
        ours, theirs = list(self._index.inner.values()), list(self._after.inner.values())
        if [type(s.node) for s in ours] != [type(s.node) for s in theirs]:
            # A suggestion that was applied may write a comprehension.
            ours, theirs = ([s for s in scopes if isinstance(s.node, NAMED)] for scopes in (ours, theirs))
        same = [type(s.node) for s in ours] == [type(s.node) for s in theirs]
        self._counterparts = {id(a): b for a, b in zip(ours, theirs, strict=True)} if same else {}

    def claim(self, finding: Finding) -> Claim:
        rule = self._rules.by_name[finding.symbol]
        try:
            f = finding
            call = self._by_place.get(Location(f.cell, f.line, f.column, f.end_line, f.end_column))
            if call is None or finding.after not in self._text:
                raise ProofError("this is not a call of the file")
            scope = self._index.scope(call)
            methods = _appended(rule)
            before = read_call(self._reader, call, scope, methods)
            after = read_call(self._after_reader, _expression(finding.after), self._counterpart(scope), methods)
            first_call = finding.role == "call" and owns_mode(self._index, call)
            _check_callees(rule, before, after)
            trials = tuple(_trials(rule, _narrow(before, rule), _narrow(after, rule), first_call))
        except ProofError as error:
            return Claim(finding.before, finding.after, (), str(error))
        return Claim(finding.before, finding.after, trials)

    def _counterpart(self, scope: Scope) -> Scope:
        """The same scope in the rewritten file: a migration adds and removes none."""
        if id(scope) not in self._counterparts:
            raise ProofError("the rewritten file has other functions and classes than the original")
        return self._counterparts[id(scope)]


def _renamed(rules: RuleSet) -> Renamed:
    classes = {name: rule.name for name, rule in rules.by_name.items()}
    attributes: dict[str, str] = {}
    for rule in rules.rules:
        classes[rule.target.name] = rule.name
        for old, treatment in rule.attributes.items():
            *steps, new = treatment.to.split(".")
            if new:
                attributes[new] = old
                attributes.update(dict.fromkeys(steps, ""))
    return Renamed(classes, attributes)


def _appended(rule: Rule) -> frozenset[str]:
    """The methods that a rewrite may append to a constructor."""
    return frozenset({rule.target.training_mode.partition("(")[0]} - {""})


def _expression(text: str) -> ast.expr:
    return ast.parse(f"({text}\n)", mode="eval").body


def _check_callees(rule: Rule, before: Call, after: Call) -> None:
    """Raises ProofError where the texts call something else than the rule's classes.

    A class that arrives through a variable is not named: then both texts have to call the same variable.
    """
    if before.callee is not None and before.callee not in (rule.source.name, *rule.source.aliases):
        raise ProofError(f"the original calls {before.callee}, not {rule.source.name}")
    same_variable = before.callee is None and after.callee is None and before.spelled == after.spelled
    if after.callee != rule.target.name and not same_variable:
        raise ProofError(f"the rewritten text calls {after.callee or after.spelled.text}, not {rule.target.name}")


def _narrow(call: Call, rule: Rule) -> Call:
    """The call with a free name for a number of channels too large to try."""
    if rule.proof is None:
        return call
    name = rule.proof.parameters["channels"]

    def narrowed(parameter: str, term: Term) -> Term:
        wide = isinstance(term, Known) and isinstance(term.value, int) and term.value > MAX_CHANNELS
        return Free(str(term.value)) if wide and parameter == name else term  # type: ignore[union-attr]

    return replace(call, arguments=call.arguments.changed(rule.positional, narrowed))


def _trials(rule: Rule, before: Call, after: Call, first_call: bool) -> Iterable[Trial]:
    if rule.proof is None:
        raise ProofError(f"the rule {rule.name} has no [proof] table")
    required = [p.name for p in rule.parameters if p.required]
    missing = [n for n in required if n not in dict(_by_parameter(rule, before.arguments))]
    both: Arguments[Term] = Arguments(named=tuple((n, Free(n)) for n in missing))
    before, after = (replace(c, arguments=c.arguments.then(both)) for c in (before, after))
    passed = _by_parameter(rule, before.arguments)
    unknown = [n for n, _ in passed if rule.parameter(n) is None]
    if unknown:
        raise ProofError(f"{rule.source.name} has no parameter {unknown[0]}")
    free = pools([(rule.parameter(n), t) for n, t in passed])
    _check_names({p.free: p.free for p in free}, after)
    for given in assignments(free, lambda g: _fits(rule, before.arguments, g)):
        yield _trial(rule, before, after, given, first_call)


def _check_names(known: Mapping[Free, Free], after: Call) -> None:
    """Raises ProofError where the rewritten text reads a name that the original does not, or that differs there."""
    for use in (u for term in after.arguments.all for u in uses(term)):
        if use.free not in known:
            raise ProofError(f"the rewritten text reads {use.free.text}, which the original does not")
        if use.free.usual != known[use.free].usual:
            raise ProofError(f"{use.free.text} has another default in the rewritten file")


def _trial(rule: Rule, before: Call, after: Call, given: Assignment, first_call: bool) -> Trial:
    original = computed(before.arguments, given)
    try:
        rewritten = computed(after.arguments, given)
    except (ArithmeticError, TypeError, ValueError) as error:
        raise ProofError(f"the rewritten text raises {type(error).__name__}: {error}") from None
    return Trial(
        bindings=tuple((free.text, value) for free, value in given.items()),
        original=Side(before.callee or rule.source.name, _on_any_device(rule, original)),
        rewritten=Side(after.callee or rule.target.name, rewritten, after.methods),
        layer=layer_of(rule, _meaning(rule, original, rewritten)),
        rule=rule,
        first_call=first_call,
    )


def _by_parameter(rule: Rule, arguments: Arguments[Term]) -> list[tuple[str, Term]]:
    if len(arguments.positional) > len(rule.positional):
        raise ProofError(f"{rule.source.name} takes at most {len(rule.positional)} positional arguments")
    return arguments.by_name(rule.positional)


def _settings(rule: Rule, arguments: Arguments[Value]) -> dict[str, Value]:
    """The value of every parameter, passed or default."""
    passed = dict(arguments.by_name(rule.positional))
    return {p.name: passed.get(p.name, p.default) for p in rule.parameters}


def _meaning(rule: Rule, original: Arguments[Value], rewritten: Arguments[Value]) -> dict[str, Value]:
    """The values by which a layer is told: a change of signature ends in those that the source's class has."""
    if not rule.changes_signature:
        return _settings(rule, original)
    passed = dict(rewritten.by_name(rule.target.positional))
    return {p.name: passed.get(p.name, p.default) for p in rule.next_parameters}


def _on_any_device(rule: Rule, arguments: Arguments[Value]) -> Arguments[Value]:
    """The arguments with None for those that a proof leaves at their default, such as a device."""
    default = {p.name for p in rule.parameters if p.always_default}
    return arguments.changed(rule.positional, lambda name, value: None if name in default else value)


def _fits(rule: Rule, arguments: Arguments[Term], given: Assignment) -> bool:
    """Whether the original's arguments can be computed and lie in their domains."""
    try:
        settings = _settings(rule, computed(arguments, given))
        if not rule.changes_signature and layer_of(rule, settings).channels > MAX_CHANNELS:
            return False
    except (ArithmeticError, TypeError, ValueError, ProofError):
        return False
    sampled = {name for name, term in _by_parameter(rule, arguments) if not isinstance(term, Known)}
    return all(_accepts(p, settings[p.name], p.name in sampled) for p in rule.parameters)


def _accepts(parameter: Parameter, value: Value, is_sampled: bool) -> bool:
    """Whether a value lies in the domain; what is sampled has the type of the parameter, too."""
    if is_sampled and repr(value) in parameter.treatment.never:
        return False
    if is_sampled and parameter.treatment.cast in TYPES and type(value) is not TYPES[parameter.treatment.cast]:
        return False
    return not isinstance(value, (int, float)) or not parameter.treatment.is_outside(value)
