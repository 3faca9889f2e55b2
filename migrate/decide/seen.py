"""What a run of the program has seen, against what was found by reading it.

A place that was executed with an instance of a rule's class, and that no finding speaks about, is a review. So is a
rewrite of a use where other classes were as well. What is said of a place anyway gets what was seen there.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from migrate.decide.drafts import Draft, Module
from migrate.decide.instances import decide_use
from migrate.decide.values import Instance, Migrated, Symbol, Value
from migrate.edits import RepeatBranch
from migrate.findings import Executed
from migrate.flow.queries import Queries
from migrate.rule import Rule
from migrate.trace.record import Occurrence, Record

BY_NAME = "BN304"
"""The note on a name that looks like a layer's, where nothing was known of the object."""
OTHER = "BN205"
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
MEMBERS = ("attribute", "method")
CALLS = ("call", "partial")
MOST = 4
"""Classes that a message names."""


@dataclass(frozen=True, slots=True)
class Place:
    """What was seen at one expression; several where the record tells the line alone, of which any may be meant."""

    nodes: tuple[ast.expr, ...]
    occurrences: tuple[Occurrence, ...]

    @property
    def node(self) -> ast.expr:
        return self.nodes[0]

    @property
    def names(self) -> set[str]:
        return {o.name for o in self.occurrences}

    @property
    def is_test(self) -> bool:
        return any(o.use == "tested" for o in self.occurrences)


def decide_seen(module: Module, queries: Queries, record: Record | None) -> Executed | None:
    """Add what a run has seen to the drafts of a file; how many places it has executed, and how many were told of."""
    occurrences = record.of(module.source.data) if record is not None else None
    if occurrences is None:
        return None
    places = list(_places(module, occurrences))
    told = 0
    for place in places:
        drafts = [d for d in module.drafts if any(_speaks(module, d, node) for node in place.nodes)]
        told += bool(drafts) or _is_followed(module, queries, place)
        _settle(module, place, drafts)
        if not any(d.code != BY_NAME for d in drafts) and not _is_followed(module, queries, place):
            module.drafts[:] = [d for d in module.drafts if d not in drafts]
            _review(module, place)
    return Executed(len(places), told)


def _places(module: Module, occurrences: Iterable[Occurrence]) -> Iterator[Place]:
    """The expressions at which something was seen; what libraries did, and copies, concern no place of the file."""
    nodes = _Nodes(module)
    found: dict[tuple[ast.expr, ...], list[Occurrence]] = defaultdict(list)
    for occurrence in occurrences:
        at = nodes.of(occurrence) if occurrence.is_own else ()
        if at:
            found[at].append(occurrence)
    yield from (Place(at, tuple(seen)) for at, seen in found.items())


class _Nodes:
    """The expressions of a file by where they end: the start of a call behind a line break is that of its name."""

    def __init__(self, module: Module) -> None:
        self._ends: dict[tuple[int, int], list[ast.expr]] = defaultdict(list)
        self._lines: dict[int, list[ast.expr]] = defaultdict(list)
        for node in (*module.index.all(ast.Attribute), *module.index.all(ast.Call)):
            place = module.source.location(module.source.span(node))
            self._ends[place.end_line, place.end_column].append(node)
            for line in range(place.line, place.end_line + 1):
                self._lines[line].append(node)

    def of(self, occurrence: Occurrence) -> tuple[ast.expr, ...]:
        """The expression of an occurrence, or all on its line that may be meant."""
        name = occurrence.name
        if occurrence.column:
            ending = self._ends[occurrence.end_line, occurrence.end_column]
            exact = [n for n in ending if isinstance(n, ast.Attribute) and n.attr == name and occurrence.is_member]
            calls = [n for n in ending if isinstance(n, ast.Call)]
            if exact or calls:
                return ((exact or calls)[0],)
        lines = self._lines[occurrence.line]
        if occurrence.is_member:
            found = [n for n in lines if isinstance(n, ast.Attribute) and n.attr == name]
            return tuple(found or [n for n in lines if isinstance(n, ast.Call)])
        return tuple(n for n in lines if isinstance(n, ast.Call))


def _speaks(module: Module, draft: Draft, node: ast.expr) -> bool:
    """Whether a finding is about an expression: what it holds, or what is called there."""
    if module.holds(draft.node, node):
        return True
    parts = (node.func, *node.args[1:2]) if isinstance(node, ast.Call) else ()
    return any(module.holds(part, draft.node) for part in parts)


def _is_followed(module: Module, queries: Queries, place: Place) -> bool:
    """Whether the flow leads the class to a call at which nothing has to be changed."""
    for node in place.nodes:
        if isinstance(node, ast.Call):
            asked = node.args[1:2] if place.is_test else [node.func]
            asked = [e for a in asked for e in (a.elts if isinstance(a, ast.Tuple) else [a])]
            facts = [b for e in asked for fact in queries.facts(e) for b in queries.flow.behind(fact)]
            if any(_is_class(module, queries, fact) for fact in facts):
                return True
    return False


def _is_class(module: Module, queries: Queries, fact: tuple[object, ...]) -> bool:
    kind, of = fact[:2]
    heir = kind == "K" and isinstance(of, int) and queries.flow.classes.derives_from_rule(of)
    return heir or (kind == "M" and of in module.rules.by_name)


def _settle(module: Module, place: Place, drafts: Sequence[Draft]) -> None:
    """Say in a review what was seen at its place; a rewrite of a use that others had a part in becomes one."""
    is_split = any(isinstance(e, RepeatBranch) for d in drafts for e in d.edits)
    others = not is_split and any(o.others for o in place.occurrences)
    for draft in drafts:
        if isinstance(draft.node, DEFINITIONS) or not _is_about(module, place, draft):
            continue
        if draft.kind == "review":
            _replace(module, draft, replace(draft, message=f"{draft.message}; {said(place.occurrences)}"))
        elif draft.kind == "rewrite" and others and draft.role in (*MEMBERS, *CALLS):
            message = f"{said(place.occurrences)}, which do not share what would be written here"
            _replace(module, draft, Draft(OTHER, draft.role, draft.symbol, draft.node, message))


def _is_about(module: Module, place: Place, draft: Draft) -> bool:
    """Whether a finding that speaks about a place has it for its subject."""
    if draft.role in MEMBERS:
        return draft.symbol.rpartition(".")[2] in place.names
    tested = [n.args[1] for n in place.nodes if isinstance(n, ast.Call) and n.args[1:] and place.is_test]
    return draft.node in place.nodes or any(module.holds(classes, draft.node) for classes in tested)


def _replace(module: Module, old: Draft, new: Draft) -> None:
    module.drafts[:] = [new if draft is old else draft for draft in module.drafts]


def _review(module: Module, place: Place) -> None:
    """The review of a place that was executed and that nothing speaks about."""
    node, seen = place.node, place.occurrences
    rules = [module.rules.by_name[name] for o in seen for name in o.rules if name in module.rules.by_name]
    if not rules:
        return
    draft = _of_member(module, node, rules, seen) if isinstance(node, ast.Attribute) else None
    what = said(seen)
    if draft is not None:
        edits = draft.edits or draft.suggestion
        review = Draft("BN219", draft.role, draft.symbol, draft.node, f"{what}: {draft.message}", suggestion=edits)
        module.add(review)
        return
    symbol = rules[0].source.name
    name = next((o.name for o in seen if o.name), "")
    if name:
        message = f"{what}: {name} is used here in a way that was not found by reading"
        role = "method" if name in rules[0].methods else "attribute"
        module.add(Draft("BN219", role, f"{symbol}.{name}", node, message))  # type: ignore[arg-type]
    elif place.is_test:
        message = f"{what}: the test is for a class that was not found by reading"
        module.add(Draft("BN219", "isinstance", symbol, node, message))
    else:
        message = f"{what}: it is made here by a way that was not found by reading{_meaning(rules[0], seen)}"
        module.add(Draft("BN219", "call", symbol, node, message))


def _meaning(rule: Rule, seen: Iterable[Occurrence]) -> str:
    """What of the arguments that were given the target's class takes otherwise."""
    given = [how for o in seen for how in o.arguments]
    names = {name for number, keywords in given for name in (*rule.positional[:number], *keywords)}
    changed = [p.name for p in rule.parameters if p.name in names and p.treatment.action != "keep"]
    if not changed:
        return f"; write {rule.target.name}"
    return f", and {' and '.join(changed)} {'mean' if changed[1:] else 'means'} something else to {rule.target.name}"


def _of_member(module: Module, node: ast.Attribute, rules: list[Rule], seen: Iterable[Occurrence]) -> Draft | None:
    """What the use of an attribute would become if it were known what was seen."""
    values: list[Value] = [Instance(Migrated(rule, None)) for rule in {rule.name: rule for rule in rules}.values()]
    others = dict.fromkeys(name for o in seen for name, _ in o.others)
    values += [Instance(Symbol(name)) for name in others]
    return decide_use(module, node, values)


def said(occurrences: Iterable[Occurrence]) -> str:
    """What was seen at a place: the classes, and how often each of them."""
    classes: dict[str, int] = defaultdict(int)
    others: dict[str, int] = defaultdict(int)
    for occurrence in occurrences:
        for counts, found in ((classes, occurrence.classes), (others, occurrence.others)):
            for name, count in found:
                counts[name.rpartition(".")[2]] += count
    if not others:
        return f"seen while running: always {_listed(classes)}"
    return f"seen while running: {_listed(classes)}, also {_listed(others)}"


def _listed(counts: dict[str, int]) -> str:
    """The classes that were seen most, and how many more there are."""
    pairs = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    shown, more = (pairs, []) if len(pairs) <= MOST else (pairs[: MOST - 1], pairs[MOST - 1 :])
    named = [f"{name} in {_uses(count)}" for name, count in shown]
    return ", ".join([*named, *([f"{len(more)} more in {_uses(sum(n for _, n in more))}"] if more else [])])


def _uses(count: int) -> str:
    return f"{count:,} use" if count == 1 else f"{count:,} uses"
