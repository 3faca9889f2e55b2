"""Classes that are too far up to tell anything of an instance."""

from __future__ import annotations

from migrate.decide.values import Instance, Symbol, Value
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
