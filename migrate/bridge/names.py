"""What a bridge has to know of the class that it stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Names:
    """The names of one class in both frameworks.

    ``parameters`` and ``statistics``: torch's name of each tensor, and the path to MindSpore's. ``present``: for some
    of them an expression over ``cell``, false where torch has None instead. ``counter``: the buffer in which torch
    counts batches. ``renamed``: the attributes that MindSpore has under another name, or, where that is empty, not at
    all.
    """

    target: str
    parameters: dict[str, str]
    statistics: dict[str, str]
    present: dict[str, str]
    counter: str
    renamed: dict[str, str]

    @property
    def tensors(self) -> dict[str, str]:
        return {**self.parameters, **self.statistics}


def follow(owner: Any, path: str) -> Any:
    """The attribute at a path such as ``bn2d.gamma``."""
    for part in path.split("."):
        owner = getattr(owner, part)
    return owner
