"""The table of the layers of a port and those of its original."""

from __future__ import annotations

from collections.abc import Iterator

from migrate.original.layers import Layer
from migrate.original.pairs import Pair, Pairs
from migrate.report.totals import plural


def pair_lines(pairs: Pairs) -> Iterator[str]:
    """A line for each pair, then what has no partner."""
    yield f"{plural(len(pairs.pairs), 'layer')} paired with the original:"
    rows = [(_of(p.port), _of(p.original), _differing(p)) for p in pairs.pairs]
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(2)]
    yield from (f"  {port:<{widths[0]}}  {original:<{widths[1]}}  {said}" for port, original, said in rows)
    for title, alone in (("the port", pairs.port_alone), ("the original", pairs.original_alone)):
        if alone:
            yield f"{plural(len(alone), 'layer')} of {title} without a partner:"
            yield from (f"  {_of(layer)}" for layer in alone)
    if pairs.missing:
        yield f"{plural(len(pairs.missing), 'layer')} that the port has not:"
        yield from (f"  {each.owner}.{each.name} ({each.original})" for each in pairs.missing)


def _differing(pair: Pair) -> str:
    return ", ".join(difference.parameter for difference in pair.differences) or "same"


def _of(layer: Layer) -> str:
    return f"{layer.owner}.{layer.name} ({layer.path}:{layer.line})"
