"""What one process does with the groups it gets."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from migrate import stages
from migrate.advance import Advance, heard
from migrate.batch.groups import Group
from migrate.engine import Options, migrate_group
from migrate.errors import FileError
from migrate.files import read
from migrate.findings import Result

Digests = dict[str, bytes]
"""The SHA-256 of each file as the run has read it."""
Hear = Callable[[Advance], None]
"""Takes how far the work on a group is."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Groups for one process. With ``sources`` it needs no file of this machine: they hold every file it may read,
    and ``rules`` the rule files that the options name, each by its name."""

    groups: tuple[Group, ...]
    options: Options
    sources: dict[str, bytes] | None = None
    rules: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a group: the results of the files that were analysed, and the digests of all that were read."""

    group: Group
    results: list[Result]
    digests: Digests


def work(batch: Batch, hear: Hear | None = None) -> list[Outcome]:
    """The outcome of each group; ``hear`` is told how far each is."""
    if not batch.rules:
        return [_outcome(group, batch, batch.options, hear) for group in batch.groups]
    with tempfile.TemporaryDirectory(prefix="bn-migrate-") as folder:
        for name, data in batch.rules.items():
            (Path(folder) / name).write_bytes(data)
        options = replace(batch.options, rules=(Path(folder),))
        return [_outcome(group, batch, options, hear) for group in batch.groups]


def work_elsewhere(batch: Batch, hear: Hear | None = None) -> tuple[list[Outcome], stages.Seconds]:
    """The outcome of each group, and where the time of this process went; ``hear`` is told how far each is."""
    stages.take()
    return work(batch, hear), stages.take()


def _outcome(group: Group, batch: Batch, options: Options, hear: Hear | None) -> Outcome:
    digests: Digests = {}

    def source(path: str) -> bytes:
        data = batch.sources[path] if batch.sources is not None else again(path)
        digests[path] = hashlib.sha256(data).digest()
        return data

    with heard(group.triggered[0], hear):
        return Outcome(group, migrate_group(group.paths, group.triggered, source, options), digests)


def failed(group: Group, why: str) -> Outcome:
    """The outcome of a group whose process did not come back."""
    error = str(FileError("BN905", f"{why}; please report it"))
    return Outcome(group, [Result(path, None, None, error=error) for path in group.triggered], {})


def again(path: str) -> bytes:
    """The bytes of a file that could be read before; nothing where it has gone."""
    try:
        return read(path)
    except FileError:
        return b""


def split(groups: Sequence[Group], sizes: dict[str, int], parts: int) -> list[tuple[Group, ...]]:
    """``groups`` in at most ``parts`` bundles of similar size, the biggest first (Graham 1969, longest first).

    A group counts what its triggered files have of ``sizes``.
    """
    weights = sorted(((sum(sizes[p] for p in g.triggered), i) for i, g in enumerate(groups)), reverse=True)
    loads = [[0, part] for part in range(min(parts, len(groups)))]
    bundles: list[list[int]] = [[] for _ in loads]
    for weight, i in weights:
        least = min(loads)
        bundles[least[1]].append(i)
        least[0] += weight
    order = sorted(loads, key=lambda load: (-load[0], load[1]))
    return [tuple(groups[i] for i in sorted(bundles[part])) for _, part in order]
