"""Classes that are too far up to tell anything of an instance."""

from __future__ import annotations

import ast

from migrate.decide.values import Instance, Migrated, Symbol, Value, Values
from migrate.rules import RuleSet

BROAD = frozenset(
    {
        *("torch.nn.Module", "torch.nn.modules.Module", "torch.nn.modules.module.Module", "builtins.object"),
        *("mindspore.nn.Cell", "mindspore.nn.cell.Cell"),
    }
)


def is_broad(value: Value, rules: RuleSet) -> bool:
    """Whether an instance is only known to be of a class that migrated classes derive from, or not at all."""
    of = value.of if isinstance(value, Instance) else None
    return not isinstance(of, Symbol) or of.name in BROAD or of.name in rules.related


def classes_under(value: Value, rules: RuleSet, spelled: ast.AST) -> Values:
    """Instances of the migrated classes that derive from a base class beside them, which ``spelled`` names."""
    related = rules.related.get(value.name) if isinstance(value, Symbol) else None
    names = (n for n in related.classes if n in rules.by_name) if related is not None else ()
    return frozenset(Instance(Migrated(rules.by_name[name], spelled)) for name in names)
