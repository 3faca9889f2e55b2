"""What brings a class or a layer, and stays the source framework's: nothing that it brings is rewritten then.

A decision may come before the one about its origin, in this file or another. So what was taken to be rewritten is
remembered, and where it turns out to stay, the files are decided once more with what is known now.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from migrate.decide.project import Project
from migrate.decide.values import Migrated
from migrate.edits import Edit, ReferTo, SwapImport


@dataclass(frozen=True, slots=True)
class Stays:
    """Why something stays; ``asked`` where a comment asks for it.

    ``subclass``: it is that class, or an heir of it, which is left as a whole and has one review for all of it.
    ``reviewed``: there is a review of it, which speaks for the uses of what it brings as well.
    """

    why: str
    asked: bool = False
    subclass: ast.AST | None = None
    reviewed: bool = False


ON_REQUEST = Stays("which a comment asks to leave", asked=True)


@dataclass(slots=True)
class Origins:
    """The nodes of all files that stay the source framework's, and those that were ``trusted`` to be rewritten."""

    left: dict[ast.AST, Stays] = field(default_factory=dict)
    trusted: set[ast.AST] = field(default_factory=set)

    def stays(self, node: ast.AST) -> Stays | None:
        """Why a node stays; None where it is rewritten, as far as decisions have come."""
        found = self.left.get(node)
        if found is None:
            self.trusted.add(node)
        return found

    def find_broken(self, project: Project, edits: list[Edit]) -> bool:
        """Whether something was trusted that stays; ``edits`` are those of the files that can be written."""
        rewritten: set[ast.AST] = {e.node for e in edits if isinstance(e, ReferTo)}
        rewritten |= {e.alias for e in edits if isinstance(e, SwapImport)}
        broken = False
        for node in self.trusted:
            if _spells(project, node) and node not in rewritten:
                line = project.homes[node].index.source.line_name(getattr(node, "lineno", 1))
                self.left.setdefault(node, Stays(f"which stays at line {line}"))
            broken = broken or node in self.left
        self.trusted = set()
        return broken


def _spells(project: Project, node: ast.AST) -> bool:
    """Whether ``node`` itself spells a class that has a rule, as against a name that holds it."""
    if isinstance(node, (ast.alias, ast.ImportFrom)):
        return True
    values: Iterable[object] = project.evaluate(node) if isinstance(node, ast.expr) else ()
    return any(isinstance(v, Migrated) and v.reference is node for v in values)
