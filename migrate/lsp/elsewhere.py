"""A process for groups that take long: it leaves this one free to answer, and ends where its work became useless."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from migrate.batch.groups import Group
from migrate.batch.work import again
from migrate.engine import Options, migrate_group
from migrate.findings import Result

T = TypeVar("T")
WAIT = 0.03
"""Seconds between two looks at whether the work is still wanted."""


@dataclass(frozen=True, slots=True)
class Job:
    """A group below ``root``, with the open documents by name."""

    root: Path
    group: Group
    overlay: dict[str, bytes]
    options: Options

    def results(self) -> list[Result]:
        """What the engine makes of the group."""
        return migrate_group(self.group.paths, self.group.triggered, self.source, self.options)

    def source(self, name: str) -> bytes:
        """The bytes of a file as the editor has it, or else the disk."""
        return self.overlay[name] if name in self.overlay else again(str(self.root / name))


class Elsewhere:
    """Does one job at a time. The process starts with the first, and again after one that was given up."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._process: multiprocessing.process.BaseProcess | None = None
        self._here: Connection | None = None

    def run(self, work: Callable[[], T], check: Callable[[], None]) -> T:
        """What ``work`` gives, which has to be picklable; what ``check`` raises ends the process, too."""
        try:
            here = self._started()
            here.send(work)
            while not here.poll(WAIT):
                check()
            found: T = here.recv()
            return found
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """End the process, whatever it is doing."""
        process, self._process, self._here = self._process, None, None
        if process is not None:
            process.kill()
            process.join()

    def _started(self) -> Connection:
        if self._here is None:
            self._here, there = self._context.Pipe()
            self._process = self._context.Process(target=_serve, args=(there,), daemon=True)
            self._process.start()
            there.close()
        return self._here


def _serve(there: Connection) -> None:
    """Do jobs until the other end closes."""
    try:
        while True:
            work: Callable[[], Any] = there.recv()
            there.send(work())
    except (EOFError, KeyboardInterrupt):
        pass
