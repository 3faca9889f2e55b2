"""Names that a bridge has to know of the class that it stands for; this imports no framework and reads no rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from migrate.rule import Rule
    from migrate.rules import RuleSet


PARAMETERS = ("scale", "shift")
STATISTICS = ("mean", "variance")
"""The symbols of a rule's formula that are learned, and those that are gathered."""
NUMBERS = ("eps", "momentum")


@dataclass(frozen=True)
class Names:
    """The names of one class in both frameworks.

    ``parameters`` and ``statistics``: torch's name of each tensor, and the path to MindSpore's. ``present``: for some
    of them an expression over ``cell``, false where torch has None instead. ``counter``: the buffer in which torch
    counts batches. ``renamed``: the attributes that MindSpore has under another name, or, where that is empty, not at
    all. ``unseen``: those whose write the layer does not see, with what to do instead; ``rebuilt``: those for which
    others have to be assigned anew behind it. ``numbers``: paths to the numbers of the formula that it computes with.
    """

    target: str
    parameters: dict[str, str]
    statistics: dict[str, str]
    present: dict[str, str]
    counter: str
    renamed: dict[str, str]
    unseen: dict[str, str] = field(default_factory=dict)
    rebuilt: dict[str, tuple[str, ...]] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)

    @property
    def tensors(self) -> dict[str, str]:
        return {**self.parameters, **self.statistics}


def follow(owner: Any, path: str) -> Any:
    """The attribute at a path such as ``bn2d.gamma``."""
    for part in path.split("."):
        owner = getattr(owner, part)
    return owner


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
        statistics={tensors[s]: attributes[tensors[s]].to for s in STATISTICS if s in tensors},
        present={name: test for name, test in present.items() if test},
        counter=rule.proof.counter,
        renamed={name: a.to for name, a in attributes.items() if a.to != name},
        unseen={name: a.write or a.refuse for name, a in attributes.items() if a.write or a.refuse},
        rebuilt=_rebuilt(rule),
        numbers={name: attributes[name].to for name in map(rule.proof.parameters.get, NUMBERS) if name in attributes},
    )


def _rebuilt(rule: Rule) -> dict[str, tuple[str, ...]]:
    """What is assigned behind a write, so that the layer sees it: the names of attributes."""
    found: dict[str, tuple[str, ...]] = {}
    for back in rule.write_backs:
        assigned = back.statement.partition("=")[0].strip().rpartition(".")[2]
        for name in back.attributes:
            found[name] = (*found.get(name, ()), assigned)
    return found
