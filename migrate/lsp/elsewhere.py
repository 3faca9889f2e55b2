"""A process for groups that take long: it leaves this one free to answer, and ends where its work became useless."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from migrate.batch.groups import Group
from migrate.batch.work import again
from migrate.engine import Options, migrate_group
from migrate.findings import Result

WAIT = 0.03
"""Seconds between two looks at whether the work is still wanted."""


@dataclass(frozen=True, slots=True)
class Job:
    """A group below ``root``, with the open documents by name."""

    root: Path
    group: Group
    overlay: dict[str, bytes]
    options: Options


class Elsewhere:
    """Does one job at a time. The process starts with the first, and again after one that was given up."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._process: multiprocessing.process.BaseProcess | None = None
        self._here: Connection | None = None

    def run(self, job: Job, check: Callable[[], None]) -> list[Result]:
        """The results of a group; what ``check`` raises ends the process, too."""
        try:
            here = self._started()
            here.send(job)
            while not here.poll(WAIT):
                check()
            results: list[Result] = here.recv()
            return results
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
            job: Job = there.recv()
            there.send(_results(job))
    except (EOFError, KeyboardInterrupt):
        pass


def _results(job: Job) -> list[Result]:
    def source(name: str) -> bytes:
        return job.overlay[name] if name in job.overlay else again(str(job.root / name))

    return migrate_group(job.group.paths, job.group.triggered, source, job.options)
