"""Batches in this process, or in several on this machine.

Each worker has a pipe of its own. A queue that workers share cannot be read any further once one of them was stopped
in the middle of writing to it (https://docs.python.org/3/library/multiprocessing.html, Process.terminate): a run whose
reader had left, or that was interrupted, would never end.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing import connection, resource_tracker
from multiprocessing.process import BaseProcess

from migrate.advance import Advance
from migrate.batch.work import Batch, Hear, Outcome, failed, work_elsewhere
from migrate.stages import Seconds, add

Done = tuple[list[Outcome], Seconds]


@dataclass(frozen=True, slots=True)
class _Worker:
    process: BaseProcess
    pipe: connection.Connection

    def take(self, batch: Batch) -> None:
        """Send it a batch. One that has died is noticed where its answer is read."""
        with contextlib.suppress(OSError):
            self.pipe.send(batch)

    def answer(self) -> Done | Advance | None:
        """What it made of its batch, or how far it is with that; None where it has died."""
        try:
            said: Done | Advance = self.pipe.recv()
        except (EOFError, OSError):
            return None
        return said

    def stop(self) -> None:
        """End it, whatever it is doing."""
        self.pipe.close()
        self.process.kill()
        self.process.join()


def in_processes(batches: list[Batch], jobs: int, hear: Hear | None = None) -> Iterator[Outcome]:
    """The outcomes as they come. What a dying worker was on is tried once more, each group alone in a process.

    ``hear`` is told how far the groups are.
    """
    lost: list[Batch] = []
    for batch, done in _answers(batches, jobs, hear):
        if done is None:
            lost.append(batch)
        else:
            yield from finished(done)
    alone = [replace(batch, groups=(group,)) for batch in lost for group in batch.groups]
    for batch in alone:
        for _, done in _answers([batch], 1, hear):
            if done is None:
                yield failed(batch.groups[0], "the worker process died on this file or one that it is connected with")
            else:
                yield from finished(done)


def finished(done: Done) -> list[Outcome]:
    """The outcomes of a batch, whose seconds are added to those of the run."""
    outcomes, seconds = done
    add(seconds)
    return outcomes


def _answers(batches: list[Batch], jobs: int, hear: Hear | None) -> Iterator[tuple[Batch, Done | None]]:
    """What became of each batch, in no order; None where its worker died."""
    waiting = batches[::-1]
    busy: dict[connection.Connection, tuple[_Worker, Batch]] = {}

    def employ(worker: _Worker) -> None:
        busy[worker.pipe] = worker, waiting.pop()
        worker.take(busy[worker.pipe][1])

    try:
        while waiting and len(busy) < jobs:
            employ(_started(hear is not None))
        while busy:
            ready = connection.wait(list(busy))
            for pipe in [pipe for pipe in busy if pipe in ready]:
                worker, batch = busy[pipe]
                done = worker.answer()
                if isinstance(done, Advance):
                    if hear is not None:
                        hear(done)
                    continue
                if done is None or not waiting:
                    worker.stop()
                    del busy[pipe]
                    if waiting:
                        employ(_started(hear is not None))
                else:
                    employ(worker)
                yield batch, done
    finally:
        for worker, _ in busy.values():
            worker.stop()


def _started(tells: bool) -> _Worker:
    """A new worker; one that ``tells`` says how far it is."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, tells), daemon=True)
    with _unheard():
        process.start()
    theirs.close()  # so that its end is the end of the pipe
    return _Worker(process, ours)


def _serve(pipe: connection.Connection, tells: bool) -> None:
    """Do what comes through the pipe until it ends; Ctrl-C is left to the process that started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            batch = pipe.recv()
        except (EOFError, OSError):
            return
        pipe.send(work_elsewhere(batch, pipe.send if tells else None))


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """A process that is started here does not hear Ctrl-C while it starts, either; this one hears it afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which would let the signal through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
