"""What bridges have to know, from the rules."""

from __future__ import annotations

from migrate.bridge.names import Names
from migrate.rule import Rule
from migrate.rules import RuleSet

PARAMETERS = ("scale", "shift")
STATISTICS = ("mean", "variance")
"""The symbols of a rule's formula that are learned, and those that are gathered."""


def bridged_names(rules: RuleSet) -> list[Names]:
    """The names of every class that the rules migrate to and that a proof can try."""
    return [_names(rule) for rule in rules.rules if rule.proof is not None]


def _names(rule: Rule) -> Names:
    assert rule.proof is not None
    tensors, attributes = rule.proof.tensors, rule.attributes
    present = {name: attributes[name].present.replace("{object}", "cell") for name in tensors.values()}
    return Names(
        target=rule.target.name,
        parameters={tensors[symbol]: attributes[tensors[symbol]].to for symbol in PARAMETERS},
        statistics={tensors[symbol]: attributes[tensors[symbol]].to for symbol in STATISTICS},
        present={name: test for name, test in present.items() if test},
        counter=rule.proof.counter,
        renamed={name: a.to for name, a in attributes.items() if a.to != name},
    )
