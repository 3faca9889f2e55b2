"""Findings before their text is known, and the state that the decisions about one file share."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from migrate.analysis.evaluator import Evaluator
from migrate.analysis.scopes import Index
from migrate.analysis.source import Located, Source, Span
from migrate.analysis.values import NONE, Constant, Instance, Local, Migrated, Partial, Symbol, Value
from migrate.edits import Edit, Spelling
from migrate.findings import Role
from migrate.rules import RuleSet

NO_NAMES = Spelling({}, {})


@dataclass(frozen=True, slots=True)
class Draft:
    """A finding and the edits that carry it out; ``node`` is the place it is about.

    A review has none; ``suggestion`` holds those that make what it offers to write instead of the text of ``node``,
    ``spelling`` the names they need.
    """

    code: str
    role: Role
    symbol: str
    node: Located
    message: str
    edits: tuple[Edit, ...] = ()
    suggestion: tuple[Edit, ...] = ()
    spelling: Spelling = NO_NAMES


@dataclass(slots=True)
class Module:
    """One file under analysis. ``left`` holds the references that stay the source framework's, and why."""

    source: Source
    index: Index
    evaluator: Evaluator
    rules: RuleSet
    data_format: str
    skipped: frozenset[int] = frozenset()
    drafts: list[Draft] = field(default_factory=list)
    left: dict[ast.AST, str] = field(default_factory=dict)
    _taken: set[tuple[str, Span]] = field(default_factory=set)

    def is_skipped(self, node: Located) -> bool:
        """Whether a comment on one of the lines of ``node`` asks to leave it alone."""
        assert node.end_lineno is not None
        return any(line in self.skipped for line in range(node.lineno, node.end_lineno + 1))

    def add(self, draft: Draft) -> None:
        """Keep a draft, one for each place and kind; on a skipped line it becomes a note without edits."""
        if draft.code[2] != "3" and self.is_skipped(draft.node):
            message = "left as it is: bn-migrate: skip"
            draft = Draft("BN306", draft.role, draft.symbol, draft.node, message)
        key = (draft.code if draft.code[2] == "3" else "", self.source.span(draft.node))
        if key not in self._taken:
            self._taken.add(key)
            self.drafts.append(draft)

    def line(self, node: ast.AST) -> int:
        return int(getattr(node, "lineno", 1))

    def describe(self, value: Value) -> str:
        """A value in words, with the line it comes from where the file has one."""
        if isinstance(value, Migrated):
            return value.rule.source.name
        if isinstance(value, Symbol):
            return value.name.removeprefix("builtins.")
        if isinstance(value, Instance):
            return self.describe(value.of)
        if isinstance(value, Local):
            name = getattr(value.node, "name", "a lambda")
            return f"{name} (line {value.node.lineno})"
        if isinstance(value, Partial):
            return f"a partial of {self.describe(value.of)}"
        return repr(value.value) if isinstance(value, Constant) else "a value this file does not show"

    def base_of(self, value: Value) -> Migrated | None:
        """The migrated class behind an instance, through subclasses of this file."""
        if not isinstance(value, Instance):
            return None
        if isinstance(value.of, Migrated):
            return value.of
        if isinstance(value.of, Local) and isinstance(value.of.node, ast.ClassDef):
            return self.evaluator.classes.migrated_base(value.of.node)
        return None

    def without_none(self, node: ast.expr) -> list[Value]:
        """The values of ``node`` in a stable order; None is left out, since it can neither be called nor read."""
        return sorted(self.evaluator.evaluate(node) - {NONE}, key=repr)
