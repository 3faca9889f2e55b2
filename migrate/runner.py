"""Runs the engine over many files, wherever the work is done, and gives the results in order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from migrate.advance import Account, Advance, Tell
from migrate.engine import Options, concerns
from migrate.errors import FileError
from migrate.files import Found, read
from migrate.findings import Result
from migrate.stages import stage
from migrate.triggers import trigger_words

if TYPE_CHECKING:
    from migrate.batch.cache import Cache
    from migrate.batch.groups import Group
    from migrate.batch.work import Batch, Hear, Outcome
    from migrate.trace.record import Record

WORTH_A_POOL = 500_000
"""Bytes of candidate files from which starting worker processes pays."""
BATCHES_A_WORKER = 4
BATCHES_ON_A_CLUSTER = 64


@dataclass(frozen=True, slots=True)
class Means:
    """How a run does its work; nothing here changes a result. ``dask`` is the address of a scheduler."""

    jobs: int = 1
    cache: bool = True
    dask: str = ""


@dataclass(slots=True)
class _Sources:
    """The files of a run that can be read: their digests, and the size of those that have a trigger word."""

    digests: dict[str, bytes] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)


def run(found: Iterable[Found], options: Options, means: Means, watch: Tell | None = None) -> Iterator[Result]:
    """The results of all files, in the order of ``found`` whatever the ``means``.

    ``watch`` is told how far the work is, counted in files.
    """
    if means.dask:
        # Before the cache: whether an address is right must not depend on what earlier runs have found.
        from migrate.batch.cluster import connect

        connect(means.dask).close()  # type: ignore[no-untyped-call]
    words = trigger_words(options, means.cache)
    sources = _Sources()
    errors: dict[str, Result] = {}
    order: list[str] = []
    for file in found:
        order.append(file.path)
        try:
            _take(file, words, options.record, means, sources)
        except FileError as error:
            errors[file.path] = Result(file.path, None, None, error=str(error))
    finished = _finished(sources, options, means, len(order), watch) if sources.sizes else iter(())
    waiting: dict[str, Result] = {}
    asked: set[str] = set()
    for path in order:
        while path in sources.digests and path not in asked:
            outcome = next(finished, None)
            if outcome is None:
                asked.update(sources.digests)
                break
            paths, results = outcome
            asked.update(paths)
            waiting.update((r.path, r) for r in results)
        yield errors.get(path) or waiting.pop(path, None) or Result(path, None, None)


def _take(file: Found, words: list[bytes], record: Record | None, means: Means, sources: _Sources) -> None:
    """Read a file, and keep what has to be known of it; raises FileError."""
    if file.error is not None:
        raise file.error
    with stage("read"):
        data = read(file.path)
    with stage("filter"):
        if concerns(data, words, record):
            sources.sizes[file.path] = len(data)
    with stage("cache"):
        sources.digests[file.path] = hashlib.sha256(data).digest() if means.cache else b""


def _finished(
    sources: _Sources, options: Options, means: Means, total: int, watch: Tell | None
) -> Iterator[tuple[Iterable[str], list[Result]]]:
    """The files of each group with the results among them; then all files that belong to no group.

    ``total``: how many files the run has, for who will ``watch``.
    """
    cache, run_key = None, ""
    if means.cache:
        from migrate.batch.cache import Cache
        from migrate.places import cache_folder

        with stage("cache"):
            cache = Cache(Path(cache_folder()), options)
            run_key = cache.run_key(sources.digests)
            known = _known(cache, run_key, sources)
        if known is not None:
            yield sources.digests, known
            return
    from migrate.batch.groups import find_groups

    with stage("group"):
        groups = find_groups(sources.digests, sources.sizes, read)
    hear = _account(groups, sources.sizes, total, watch) if watch is not None else None
    left: list[Group] = []
    for group in groups:
        results = _kept(cache, group, sources)
        if results is None:
            left.append(group)
        else:
            _done(group, hear)
            yield group.paths, results
    whole = True
    for outcome in _outcomes(left, sources.sizes, options, means, hear):
        _done(outcome.group, hear)
        kept = cache is not None and _keep(cache, outcome, sources)
        whole = whole and kept
        yield outcome.group.paths, outcome.results
    if cache is not None and whole:
        cache.keep_keys(run_key, [cache.group_key(group, sources.digests) for group in groups])


def _known(cache: Cache, run_key: str, sources: _Sources) -> list[Result] | None:
    """All results of a run, if it was finished before."""
    keys = cache.keys(run_key)
    known = [cache.results(key, sources.digests) for key in keys or ()]
    return None if keys is None or None in known else [r for results in known for r in results or ()]


def _kept(cache: Cache | None, group: Group, sources: _Sources) -> list[Result] | None:
    """The results of a group, if it was finished before."""
    if cache is None:
        return None
    with stage("cache"):
        return cache.results(cache.group_key(group, sources.digests), sources.digests)


def _account(groups: list[Group], sizes: dict[str, int], total: int, watch: Tell) -> Hear:
    """What takes how far groups are, and tells how far the run is."""
    return Account(total, {g.triggered[0]: sum(sizes[p] for p in g.triggered) for g in groups}, watch).hear


def _done(group: Group, hear: Hear | None) -> None:
    if hear is not None:
        hear(Advance(group.triggered[0], "", 1))


def _keep(cache: Cache, outcome: Outcome, sources: _Sources) -> bool:
    """Keep an outcome, unless a file was changed while the run went on; returns whether it is kept."""
    same = all(sources.digests.get(path) == digest for path, digest in outcome.digests.items())
    return same and cache.keep(cache.group_key(outcome.group, sources.digests), outcome.results)


def _outcomes(
    groups: list[Group], sizes: dict[str, int], options: Options, means: Means, hear: Hear | None
) -> Iterator[Outcome]:
    """The outcome of each group, in no order; ``hear`` is told how far each is, but for those on a cluster."""
    if not groups:
        return
    from migrate.batch.work import Batch, split, work

    if means.dask:
        from migrate.batch.cluster import on_cluster

        bundles = split(groups, sizes, BATCHES_ON_A_CLUSTER)
        yield from on_cluster((_independent(bundle, options) for bundle in bundles), means.dask)
    elif means.jobs > 1 and len(groups) > 1 and sum(sizes.values()) > WORTH_A_POOL:
        from migrate.batch.local import in_processes

        bundles = split(groups, sizes, means.jobs * BATCHES_A_WORKER)
        yield from in_processes([Batch(bundle, options) for bundle in bundles], min(means.jobs, len(bundles)), hear)
    else:
        for group in groups:
            yield from work(Batch((group,), options), hear)


def _independent(groups: tuple[Group, ...], options: Options) -> Batch:
    """A batch that needs no disk of this machine."""
    from migrate.batch.work import Batch, again
    from migrate.rules import rule_files, shipped_rules

    sources = {path: again(path) for group in groups for path in group.paths}
    more = [path for path in rule_files(options.rules) if path.parent != shipped_rules()]
    named = {path.name: path.read_bytes() for path in more}
    return Batch(groups, options, sources, named)
