"""A record as ``bn-migrate`` reads it: what was seen, by file."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from migrate.errors import UsageError

SCHEMA = 1
Networks = dict[str, dict[str, list[dict[str, Any]]]]
"""For each network and path of a layer in it what the layers there were: their class and what they computed with."""
Use = Literal["made", "read", "written", "deleted", "tested"]
USES = ("made", "read", "written", "deleted", "tested")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """What happened at one place. Lines and columns are 1-based, in characters, the end is exclusive; 0: not known.

    ``rules`` are the qualified names of the classes of rules whose instances were there; ``classes`` how often which
    class was, among them heirs; ``others`` the same of objects that are no such instances. ``through``: the file of a
    library that did it; then the place is where the sources call that. ``arguments``: of a construction how they were
    given, and how many of them by position.
    """

    line: int
    column: int
    end_line: int
    end_column: int
    use: Use
    name: str
    through: str
    rules: tuple[str, ...]
    classes: tuple[tuple[str, int], ...]
    others: tuple[tuple[str, int], ...]
    arguments: tuple[tuple[int, tuple[str, ...]], ...] = ()

    @property
    def is_own(self) -> bool:
        """Whether the sources did it, and not a library for them; a copy is made by what copies the network."""
        return not self.through and not (self.use == "made" and self.name)

    @property
    def is_member(self) -> bool:
        """Whether it is the use of an attribute or method."""
        return self.use in ("read", "written", "deleted")


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was seen in a file whose content had this SHA-256."""

    path: str
    digest: str
    occurrences: tuple[Occurrence, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """A record. ``folders`` are those in which its programs ran; ``digest`` stands for all of it."""

    path: str
    digest: str = ""
    files: tuple[Recorded, ...] = ()
    folders: tuple[str, ...] = ()
    compiled: tuple[str, ...] = ()

    def of(self, data: bytes) -> tuple[Occurrence, ...] | None:
        """What was seen in the file with this content, wherever it stood; None where it was not executed."""
        digest = hashlib.sha256(data).hexdigest()
        found = [f.occurrences for f in self.files if f.digest == digest]
        return tuple(o for occurrences in found for o in occurrences) if found else None

    def holds(self, data: bytes) -> bool:
        """Whether something was seen in the file with this content."""
        return bool(self.of(data))

    def fitting(self, paths: Iterable[str]) -> tuple[list[str], list[str]]:
        """Of the files at ``paths`` those that were seen as they are, and those that have changed since."""
        names = {os.path.basename(f.path) for f in self.files}
        fitting, changed = [], []
        for path in paths:
            if os.path.basename(path) in names:
                with contextlib.suppress(OSError):
                    if self.holds(Path(path).read_bytes()):
                        fitting.append(path)
                    elif self.changed(path) is not None:
                        changed.append(path)
        return fitting, changed

    def changed(self, path: str) -> Recorded | None:
        """What was seen in the file that stood at this path, or at the same one below a folder of the record."""
        real = os.path.realpath(path)
        return next((f for f in self.files if f.path == real or self._stands_alike(f.path, real)), None)

    def _stands_alike(self, path: str, real: str) -> bool:
        """Whether a path below a folder of the record is that of ``real`` below another one."""
        below = [os.path.relpath(path, folder) for folder in self.folders if path.startswith(folder + os.sep)]
        return any(os.sep in b and real.endswith(os.sep + b) for b in below)


def read_record(path: str | Path) -> Record:
    """The record in a file; raises UsageError for another file."""
    data, content = _content(path)
    try:
        return Record(
            str(path),
            hashlib.sha256(data).hexdigest(),
            tuple(_recorded(name, file) for name, file in content["files"].items()),
            tuple(dict.fromkeys(run["folder"] for run in content["runs"])),
            tuple(content["compiled"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        what = f"key {error} is missing" if isinstance(error, KeyError) else str(error)
        raise UsageError(f"{path}: a broken record of bn-migrate-trace: {what}") from None


def read_networks(path: str | PathLike[str]) -> Networks:
    """The layers of the networks in a record, by network and path; raises UsageError for another file."""
    _, content = _content(path)
    networks: Networks = content.get("networks", {})
    return networks


def _content(path: str | PathLike[str]) -> tuple[bytes, dict[str, Any]]:
    """The bytes of a record and what they say, as far as its kind; raises UsageError."""
    try:
        data = Path(path).read_bytes()
        content = json.loads(data)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise UsageError(f"{path}: no record of bn-migrate-trace: it is not JSON") from None
    if not isinstance(content, dict) or "files" not in content or "runs" not in content:
        raise UsageError(f"{path}: no record of bn-migrate-trace: the keys files and runs are expected")
    if content.get("schema") != SCHEMA:
        raise UsageError(f"{path}: a record of schema {content.get('schema')}; this version reads {SCHEMA}")
    return data, content


def _recorded(path: str, file: Mapping[str, Any]) -> Recorded:
    return Recorded(path, file["sha256"], tuple(map(_occurrence, file["occurrences"])))


def _occurrence(entry: Mapping[str, Any]) -> Occurrence:
    if entry["use"] not in USES:
        raise ValueError(f"use: {entry['use']!r} is not one of {', '.join(USES)}")
    line, column, end_line, end_column = (entry[key] or 0 for key in ("line", "column", "end_line", "end_column"))
    given = (how for how, _, _ in entry.get("arguments", ()) if how is not None)
    return Occurrence(
        line,
        column,
        end_line,
        end_column,
        entry["use"],
        entry["name"],
        entry["through"],
        tuple(entry["rules"]),
        _counts(entry["classes"]),
        _counts(entry["others"]),
        tuple(dict.fromkeys((int(how["positions"]), tuple(how["keywords"])) for how in given)),
    )


def _counts(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
