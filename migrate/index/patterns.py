"""Patterns of ``match``: what they bind, and what they say of the class of what they match."""

from __future__ import annotations

import ast

from migrate.index.builder import Builder
from migrate.index.expressions import value
from migrate.index.summary import PART, Test, element


def bind_pattern(b: Builder, pattern: ast.pattern, subject: int, path: str) -> None:
    """Bind what a pattern captures; ``path`` is narrowed where the pattern tests its class."""
    if isinstance(pattern, ast.MatchAs):
        classes = _classes(pattern.pattern)
        narrowed = _narrowed(b, classes, subject, path) if classes else subject
        if pattern.pattern is not None:
            bind_pattern(b, pattern.pattern, subject, "")
        if pattern.name:
            b.bind(pattern.name, narrowed)
    elif _classes(pattern):
        narrowed = _narrowed(b, _classes(pattern), subject, path)
        for inner in pattern.patterns if isinstance(pattern, ast.MatchOr) else [pattern]:
            b.nodes[inner] = narrowed
            for i, part in enumerate(getattr(inner, "patterns", [])):
                bind_pattern(b, part, b.load(narrowed, element(i)), "")
            for name, part in zip(getattr(inner, "kwd_attrs", []), getattr(inner, "kwd_patterns", []), strict=True):
                bind_pattern(b, part, b.load(narrowed, name), "")
    elif isinstance(pattern, (ast.MatchSequence, ast.MatchOr)):
        for part in pattern.patterns:
            key = (PART, None) if isinstance(part, ast.MatchStar) else element()
            bind_pattern(b, part, subject if isinstance(pattern, ast.MatchOr) else b.load(subject, key), "")
    elif isinstance(pattern, ast.MatchMapping):
        for part in pattern.patterns:
            bind_pattern(b, part, b.load(subject, element()), "")
        if pattern.rest:
            b.bind(pattern.rest, subject)
    elif isinstance(pattern, ast.MatchStar) and pattern.name:
        b.bind(pattern.name, subject)
    elif isinstance(pattern, ast.MatchValue):
        value(b, pattern.value)


def _classes(pattern: ast.pattern | None) -> list[ast.expr]:
    """The classes of a pattern that tests for nothing else."""
    options = pattern.patterns if isinstance(pattern, ast.MatchOr) else [pattern]
    classes = [option.cls for option in options if isinstance(option, ast.MatchClass)]
    return classes if len(classes) == len(options) else []


def _narrowed(b: Builder, classes: list[ast.expr], subject: int, path: str) -> int:
    narrowed = b.new()
    b.summary.tests.append(Test(subject, b.join(value(b, c) for c in classes), narrowed))
    if path:
        b.narrow(path, narrowed, inner=True)
    return narrowed


def takes_all(case: ast.match_case) -> bool:
    """Whether a case matches whatever came to it."""
    return case.guard is None and isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None
