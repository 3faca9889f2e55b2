"""Runs the engine over many files, in order, in this process or in several."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING

from migrate.engine import Options, analyse_files, finish
from migrate.errors import FileError
from migrate.files import Found, read
from migrate.findings import FileResult
from migrate.rules import load_rules

if TYPE_CHECKING:
    from migrate.analysis.module import Analysis

Analysed = tuple[bytes, str, "Analysis | Exception"]
WORTH_A_POOL = 1_000_000
"""Bytes of candidate files from which starting worker processes pays."""


def run(found: Iterable[Found], options: Options, jobs: int) -> Iterator[FileResult]:
    """The results of all files, in the order of ``found`` whatever the number of ``jobs``."""
    triggers = load_rules(options.target, options.rules).triggers
    results: dict[str, FileResult] = {}
    triggered: dict[str, bytes] = {}
    for file in found:
        try:
            if file.error is not None:
                raise file.error
            data = read(file.path)
        except FileError as error:
            results[file.path] = FileResult(file.path, b"", b"", error=str(error))
            continue
        results[file.path] = FileResult(file.path, b"", b"")
        if triggers.search(data):
            triggered[file.path] = data
    readable = [path for path, result in results.items() if result.error is None]
    analyses = analyse_files(readable, triggered, _again, options)
    waiting = [(triggered.get(path) or _again(path), path, analyses[path]) for path in readable if path in analyses]
    if jobs > 1 and len(waiting) > 1 and sum(len(data) for data, _, _ in waiting) > WORTH_A_POOL:
        done = _in_processes(waiting, min(jobs, len(waiting)))
    else:
        done = (finish(*file) for file in waiting)
    for path, result in results.items():
        yield next(done) if path in analyses else result


def _again(path: str) -> bytes:
    """The bytes of a file that could be read before; nothing where it has gone."""
    try:
        return read(path)
    except FileError:
        return b""


def _in_processes(files: list[Analysed], jobs: int) -> Iterator[FileResult]:
    """Results in order. A file whose worker dies is tried once more, alone, and then reported as an error."""
    context = multiprocessing.get_context("spawn")
    at = 0
    while at < len(files):
        with ProcessPoolExecutor(jobs, context, signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
            try:
                futures: list[Future[FileResult]] = [pool.submit(finish, *file) for file in files[at:]]
                for future in futures:
                    yield _result(future, files[at])
                    at += 1
            except BrokenProcessPool:
                yield _alone(files[at], context)
                at += 1
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def _result(future: Future[FileResult], file: Analysed) -> FileResult:
    """What a worker made of a file; what is nested too deep to be sent to one is finished here."""
    try:
        return future.result()
    except RecursionError:
        return finish(*file)


def _alone(file: Analysed, context: multiprocessing.context.SpawnContext) -> FileResult:
    data, path, _ = file
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        try:
            return pool.submit(finish, *file).result()
        except BrokenProcessPool:
            error = FileError("BN905", "the worker process died on this file; please report it")
            return FileResult(path, data, data, error=str(error))
