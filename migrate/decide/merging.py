"""One review for what is one decision: the first place has it, and the others are notes that point to it.

Each keeps its code until what is applied or left alone is known, so that what is left of a decision has a review.
"""

from __future__ import annotations

import ast
from collections.abc import Container
from dataclasses import replace

from migrate.decide.drafts import Draft, Module
from migrate.syntax.source import Source, Span

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SHARED = {
    "BN202": ("call that unpacks the same", "calls that unpack the same"),
    "BN218": ("tensor of the function", "tensors of the function"),
}
"""What the places are that have one decision, by code: one, and several."""


def mark_unpacked(module: Module) -> None:
    """Mark the calls that unpack what the same function gives: how that is converted is one decision."""
    for i, draft in enumerate(module.drafts):
        if draft.code == "BN202" and isinstance(draft.node, ast.Call):
            given = [k.value for k in draft.node.keywords if k.arg is None]
            makers = {_maker(module, star) for star in given}
            if len(makers) == 1:
                module.drafts[i] = replace(draft, decision=makers.pop())


def _maker(module: Module, star: ast.expr) -> ast.AST | None:
    """The function of the run that gives what is unpacked; None where it is not the only one, or there is none."""
    if not isinstance(star, ast.Call):
        return None
    queries = module.file.project.queries
    facts = queries.facts(star.func)
    return queries.definition(facts[0]) if len(facts) == 1 and facts[0][0] == "F" else None


def mark_leaving(module: Module) -> None:
    """Mark the tensors of the target's that meet the source's in a function: how they get there is one decision.

    What is changed in place or tested for a class is another one.
    """
    for i, draft in enumerate(module.drafts):
        use = module.uses.get(draft.node) if draft.code == "BN218" and isinstance(draft.node, ast.expr) else None
        if use is not None and use.leaves:
            around = next((a for a in module.index.ancestors(draft.node) if isinstance(a, DEFINITIONS)), None)
            module.drafts[i] = replace(draft, decision=around)


def merged(source: Source, drafts: list[Draft], applied: Container[Span]) -> list[Draft]:
    """The drafts, with one review for what is left of each decision."""
    found: dict[ast.AST, list[Draft]] = {}
    for draft in sorted(drafts, key=lambda d: source.span(d.node)):
        if draft.decision is not None and source.span(draft.node) not in applied:
            found.setdefault(draft.decision, []).append(draft)
    told: dict[int, Draft] = {}
    for first, *others in found.values():
        if others:
            told[id(first)] = _speaking(source, first, others)
            told |= {id(other): _spoken(source, other, first) for other in others}
    return [told.get(id(d), d) for d in drafts]


def _speaking(source: Source, first: Draft, others: list[Draft]) -> Draft:
    *lines, last = dict.fromkeys(source.line_name(d.node.lineno) for d in others)
    where = f"lines {', '.join(lines)} and {last}" if lines else f"line {last}"
    one, several = SHARED[first.code]
    more = f"{len(others)} more {several}" if len(others) > 1 else f"another {one}"
    return replace(first, message=f"{first.message}; this is also about {more} ({where})")


def _spoken(source: Source, other: Draft, first: Draft) -> Draft:
    line = source.line_name(first.node.lineno)
    return replace(other, code="BN308", message=f"{other.message}; the review in line {line} is about this use, too")
