"""One recording: what it was asked, how it starts in a process, and how it ends there."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import Any

from .compiled import compiled
from .hooks import Watch, at_every_end
from .places import SOURCE, Files
from .seen import Seen
from .writing import document, versions, write

Json = dict[str, Any]
VARIABLE = "BN_MIGRATE_TRACE"
"""Holds what is to be recorded, for this process and for the processes that it starts."""


def start(is_first: bool) -> None:
    """Begin to record what the environment asks for, in the first process of a run or in one that it has started."""
    if not _started:
        recorder = Recorder(json.loads(os.environ[VARIABLE]))
        recorder.watch.start()
        at_every_end(recorder.save, recorder.forget)
        _started.append(recorder)
    if is_first:
        _started[0].first = os.getpid()


class Recorder:
    """The recording of one process."""

    def __init__(self, asked: Json) -> None:
        self.asked = asked
        self.first: int | None = None
        self.seen = Seen(Files(asked["sources"]))
        self.watch = Watch(asked["classes"], asked["watched"], self.seen)

    def save(self) -> None:
        """Add what was seen since the last time to the file. A file that cannot be written costs the record, no more.

        The first process writes it in any case and says what is in it.
        """
        is_first = os.getpid() == self.first
        new = {"networks": dict(self.watch.layers.networks), "compiled": self._compiled(), "versions": versions()}
        new.update(document(self.seen))
        self.forget()
        if not (is_first or new["files"] or new["networks"]):
            return
        output = self.asked["output"]
        try:
            files = write(output, new, self.asked["run"])["files"]
        except (OSError, ValueError) as error:
            tell(f"{output}: nothing is kept: {error}")
            return
        if is_first:
            count = sum(len(file["occurrences"]) for file in files.values())
            tell(f"{count} occurrences in {len(files)} files are in {output}")

    def _compiled(self) -> list[str]:
        """What torch has compiled of the sources."""
        return [f"{file}:{line} {name}" for file, line, name in compiled() if self.seen.files.kind(file) == SOURCE]

    def forget(self) -> None:
        """Begin anew: with what was seen written, or in a process that was forked."""
        self.seen.forget()
        self.watch.layers.forget()


def tell(text: str) -> None:
    """A line on standard error, which the program may have closed."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            print(f"bn-migrate-trace: {text}", file=sys.stderr)


_started: list[Recorder] = []
"""The recorder of this process: what the interpreter reads at its start may have begun already."""
