"""Batches in this process, or in several on this machine."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import resource_tracker

from migrate.batch.work import Batch, Outcome, failed, work_elsewhere
from migrate.stages import Seconds, add

Done = tuple[list[Outcome], Seconds]


def in_processes(batches: list[Batch], jobs: int) -> Iterator[Outcome]:
    """The outcomes as they come. What a dying worker was on is tried once more, each group alone in a process."""
    left: list[Batch] = []
    with _pool(jobs) as pool:
        try:
            with _unheard():
                futures: dict[Future[Done], Batch] = {pool.submit(work_elsewhere, batch): batch for batch in batches}
            for future in as_completed(futures):
                try:
                    yield from finished(future.result())
                except BrokenProcessPool:
                    left.append(futures[future])
        except BaseException:
            for worker in multiprocessing.active_children():
                worker.terminate()
            # Waiting is short now, and leaves nothing for the interpreter to trip over at its end.
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    for batch in left:
        for group in batch.groups:
            yield from _alone(replace(batch, groups=(group,)))


def finished(done: Done) -> list[Outcome]:
    """The outcomes of a batch, whose seconds are added to those of the run."""
    outcomes, seconds = done
    add(seconds)
    return outcomes


def _pool(jobs: int) -> ProcessPoolExecutor:
    """Processes that leave Ctrl-C to the one that started them."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(jobs, context, signal.signal, (signal.SIGINT, signal.SIG_IGN))


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """Processes that are started here do not hear Ctrl-C while they start, either; this one hears it afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which would let the signal through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _alone(batch: Batch) -> Iterator[Outcome]:
    with _pool(1) as pool:
        try:
            with _unheard():
                future = pool.submit(work_elsewhere, batch)
            yield from finished(future.result())
        except BrokenProcessPool:
            yield failed(batch.groups[0], "the worker process died on this file or one that it is connected with")
