"""Finished groups, kept in the user's cache folder from run to run."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

from migrate import __version__
from migrate.batch.groups import Group
from migrate.batch.work import Digests
from migrate.engine import Options
from migrate.findings import Executed, Finding, Result
from migrate.rules import rule_files
from migrate.versions import mark

DAYS_KEPT = 30


class Cache:
    """Entries by a key of all that they depend on. Each is written in one step; one that cannot be read is no entry."""

    def __init__(self, folder: Path, options: Options) -> None:
        self._folder = folder
        self._base = _digest(_program(), os.getcwd(), repr(_chosen(options)), *_rules(options))
        self._wrote = False

    def run_key(self, digests: Digests) -> str:
        """The key of a run over files with these contents."""
        return _digest("run", self._base, *_named(digests))

    def group_key(self, group: Group, digests: Digests) -> str:
        """The key of a group, which holds the contents of all its files and the imports between them."""
        return _digest("group", self._base, group.links, *_named({path: digests[path] for path in group.paths}))

    def keys(self, run_key: str) -> list[str] | None:
        """The keys of the groups of a run, if it was finished before."""
        found = self._get(run_key)
        return found if isinstance(found, list) and all(isinstance(key, str) for key in found) else None

    def keep_keys(self, run_key: str, keys: Sequence[str]) -> None:
        self._put(run_key, list(keys))

    def results(self, key: str, digests: Digests) -> list[Result] | None:
        """The results of a group, if it was finished before and its files still are what ``digests`` say."""
        found = self._get(key)
        if not isinstance(found, list):
            return None
        try:
            return [_result(entry, digests) for entry in found]
        except (KeyError, TypeError, ValueError, OSError):
            return None

    def keep(self, key: str, results: list[Result]) -> bool:
        """Keep the results of a group, unless there is a fault of this program in it; returns whether they are kept."""
        good = not any((r.error or "").startswith(("BN903", "BN905")) for r in results)
        if good:
            self._put(key, [_entry(r) for r in results])
        return good

    def _get(self, key: str) -> Any:
        path = self._path(key)
        try:
            data = path.read_bytes()
            os.utime(path)
            return json.loads(data)
        except (OSError, ValueError):
            return None

    def _put(self, key: str, content: object) -> None:
        """A cache that cannot be written costs time, not the run."""
        path = self._path(key)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix="new-", dir=path.parent)
            try:
                with open(descriptor, "w", encoding="ascii") as file:
                    json.dump(content, file, separators=(",", ":"))
                os.replace(name, path)
            except BaseException:
                os.unlink(name)
                raise
            if not self._wrote:
                self._wrote = True
                self._prune()

    def _prune(self) -> None:
        """Entries that nothing asked for lately go."""
        oldest = time.time() - DAYS_KEPT * 24 * 3600
        for entry in self._folder.glob("*/*"):
            with contextlib.suppress(OSError):
                if entry.stat().st_mtime < oldest:
                    entry.unlink()

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key[2:]}.json"


def _entry(result: Result) -> list[Any]:
    after = None if not result.differs else result.after.decode("latin-1")
    return [
        result.path,
        after,
        [astuple(f) for f in result.findings],
        result.error,
        result.error_line,
        result.error_cell,
        result.executed,
    ]


def _result(entry: list[Any], digests: Digests) -> Result:
    """Raises ValueError where the file has changed since the run read it: what was written over it would be lost."""
    path, after, findings, error, line, cell, executed = entry
    data = Path(path).read_bytes()
    if hashlib.sha256(data).digest() != digests[path]:
        raise ValueError(path)
    new = data if after is None else after.encode("latin-1")
    seen = Executed(*executed) if executed is not None else None
    told = tuple(replace(f, way=tuple(f.way)) for f in (Finding(*fields) for fields in findings))
    return Result(path, data, new, told, error, line, cell, executed=seen)


def _digest(*parts: str | bytes) -> str:
    found = hashlib.sha256()
    for part in parts:
        data = part.encode(errors="surrogateescape") if isinstance(part, str) else part
        found.update(len(data).to_bytes(8, "big") + data)
    return found.hexdigest()


def _named(digests: Digests) -> Iterable[str | bytes]:
    for path, digest in sorted(digests.items()):
        yield from (path, digest)


def _program() -> str:
    """The version of this program and of Python's grammar; in a checkout, when each file of it was changed."""
    changed = [(p.name, p.stat().st_mtime_ns) for p in sorted(Path(__file__).parents[1].rglob("*.py"))]
    return repr((__version__, sys.version_info[:2], changed))


def _chosen(options: Options) -> tuple[object, ...]:
    applied = options.apply, options.apply_calls, sorted(options.unproved, key=repr)
    version = mark(options.version, options.target.partition(".")[0])
    record = options.record.digest if options.record is not None else ""
    asked = options.target, version, options.onto, options.data_format, options.todo, options.ways
    choices = sorted(options.choices.left, key=repr), sorted(options.choices.taken, key=repr), options.choices.edited
    return *asked, *choices, repr(options.original), sorted(options.as_they_are), record, *applied


def _rules(options: Options) -> Iterable[bytes]:
    return [hashlib.sha256(path.read_bytes()).digest() for path in rule_files(options.rules)]
