"""The pairs of a run with its original, from the files of both."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from migrate.differences import Beside, Kept, Missing, PairTable, Partners
from migrate.engine import Options
from migrate.errors import FileError, UsageError
from migrate.files import Selection, find_files, read
from migrate.notebooks import is_notebook
from migrate.original.layers import Layer, layers_of, original_rules
from migrate.original.pairs import Pairs, pair
from migrate.rules import load_rules


def find_pairs(paths: Iterable[str], tree: str, options: Options, selection: Selection) -> Pairs:
    """The layers of the files below ``paths`` with those of the original below ``tree``; raises UsageError."""
    rules = load_rules(options.target, options.rules, options.version)
    port, original = _sources(tuple(paths), selection), _sources((tree,), Selection())
    if not original:
        raise UsageError(f"--original {tree}: no Python file is there")
    return pair(layers_of(port, rules), layers_of(original, original_rules(rules)))


def beside(pairs: Pairs) -> tuple[Beside, ...]:
    """What a run has to report of its pairs."""
    return (*pairs.differences, *pairs.missing)


def pair_table(pairs: Pairs, tree: str) -> PairTable:
    """The pairs as plain data, for reports."""
    return PairTable(
        tree,
        tuple(
            Partners(_kept(p.port), _kept(p.original), tuple(d.parameter for d in p.differences)) for p in pairs.pairs
        ),
        tuple(map(_kept, pairs.port_alone)),
        tuple(map(_kept, pairs.original_alone)),
        tuple(map(_missing, pairs.missing)),
    )


def _kept(layer: Layer) -> Kept:
    return Kept(layer.owner, layer.name, layer.path, layer.line)


def _missing(missing: Missing) -> Kept:
    path, _, line = missing.original.rpartition(":")
    return Kept(missing.owner, missing.name, path, int(line))


def _sources(paths: tuple[str, ...], selection: Selection) -> dict[str, bytes]:
    found = {}
    for file in find_files(paths, selection):
        if not is_notebook(file.path):
            with contextlib.suppress(FileError):
                found[file.path] = read(file.path)
    return found
