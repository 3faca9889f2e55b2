"""Puts bridges in the place of MindSpore's classes, and takes them away again."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterable, Iterator
from os import PathLike
from typing import TYPE_CHECKING, Any

from migrate.bridge.layer import STRICT, BridgeType, bridge_to
from migrate.bridge.strict import Strict
from migrate.bridged import Names

if TYPE_CHECKING:
    from migrate.targets import Target

_replaced: dict[str, Any] = {}


def install(
    target: Target = "mindspore.nn",
    classes: Iterable[Names] | None = None,
    *,
    strict: bool = False,
    trace: str | PathLike[str] | None = None,
) -> None:
    """Put a bridge in the place of every class that the rules migrate to.

    Modules that are imported afterwards get the bridges; MindSpore's own code keeps its classes. ``classes`` replaces
    what the shipped rules say.

    ``strict``: a write that the layer does not see, and a tensor of MindSpore's in a function of torch, raise
    StrictError, and so does a layer that computes with another ``eps`` or ``momentum`` than the one at its path in the
    network in the record ``trace``. Raises UsageError for a file that is no record.
    """
    if strict and not STRICT:
        from migrate.trace.record import read_networks

        STRICT.append(Strict(read_networks(trace) if trace is not None else {}))
    if classes is None:
        from migrate.bridged import bridged_names
        from migrate.rules import load_rules

        classes = bridged_names(load_rules(target))
    for names in classes:
        module, _, name = names.target.rpartition(".")
        owner = importlib.import_module(module)
        found = getattr(owner, name)
        if not isinstance(found, BridgeType):
            _replaced[names.target] = found
            setattr(owner, name, bridge_to(found, names))


def uninstall() -> None:
    """Give MindSpore its classes back. Layers that were made stay bridges, which are strict no more."""
    while STRICT:
        STRICT.pop().end()
    while _replaced:
        target, cell_class = _replaced.popitem()
        module, _, name = target.rpartition(".")
        setattr(importlib.import_module(module), name, cell_class)


@contextlib.contextmanager
def installed(target: Target = "mindspore.nn") -> Iterator[None]:
    """`install` for the time of a block, for instance around the import of migrated modules."""
    install(target)
    try:
        yield
    finally:
        uninstall()
