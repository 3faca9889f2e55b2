"""The table of the layers of a port and those of its original."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrate.differences import Kept, PairTable
from migrate.report.totals import plural


def pair_lines(table: PairTable) -> Iterator[str]:
    """A line for each pair, then what has no partner."""
    yield f"{plural(len(table.pairs), 'layer')} paired with the original:"
    rows = [(_of(p.port), _of(p.original), ", ".join(p.differences) or "same") for p in table.pairs]
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(2)]
    yield from (f"  {port:<{widths[0]}}  {original:<{widths[1]}}  {said}" for port, original, said in rows)
    for title, alone in (("the port", table.port_alone), ("the original", table.original_alone)):
        if alone:
            yield f"{plural(len(alone), 'layer')} of {title} without a partner:"
            yield from (f"  {_of(layer)}" for layer in alone)
    if table.missing:
        yield f"{plural(len(table.missing), 'layer')} that the port has not:"
        yield from (f"  {_of(layer)}" for layer in table.missing)


def pair_document(table: PairTable) -> dict[str, Any]:
    """The table for the JSON report."""
    return {
        "tree": table.tree,
        "pairs": [
            {"port": _entry(p.port), "original": _entry(p.original), "differences": list(p.differences)}
            for p in table.pairs
        ],
        "port_alone": [_entry(layer) for layer in table.port_alone],
        "original_alone": [_entry(layer) for layer in table.original_alone],
        "missing": [_entry(layer) for layer in table.missing],
    }


def _entry(layer: Kept) -> dict[str, Any]:
    return {"class": layer.owner, "name": layer.name, "path": layer.path, "line": layer.line}


def _of(layer: Kept) -> str:
    name = f"{layer.owner}.{layer.name}" if layer.name else "a layer that no attribute is known to hold"
    return f"{name} ({layer.path}:{layer.line})"
