"""Runs the engine over many files, in order, in this process or in several."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from migrate.engine import Options, migrate_bytes
from migrate.errors import FileError
from migrate.files import Found, read
from migrate.findings import FileResult
from migrate.rules import load_rules

WORTH_A_POOL = 1_000_000
"""Bytes of candidate files from which starting worker processes pays."""


def run(found: Iterable[Found], options: Options, jobs: int) -> Iterator[FileResult]:
    """The results of all files, in the order of ``found`` whatever the number of ``jobs``."""
    triggers = load_rules(options.target, options.rules).triggers
    files: list[FileResult] = []
    waiting: list[int] = []
    for file in found:
        try:
            if file.error is not None:
                raise file.error
            data = read(file.path)
        except FileError as error:
            files.append(FileResult(file.path, b"", b"", error=str(error)))
            continue
        if triggers.search(data):
            waiting.append(len(files))
            files.append(FileResult(file.path, data, data))
        else:
            files.append(FileResult(file.path, b"", b""))
    size = sum(len(files[i].before) for i in waiting)
    if jobs > 1 and len(waiting) > 1 and size > WORTH_A_POOL:
        done = _in_processes([files[i] for i in waiting], options, min(jobs, len(waiting)))
    else:
        done = (migrate_bytes(files[i].before, files[i].path, options) for i in waiting)
    candidates = set(waiting)
    for i, file_result in enumerate(files):
        yield next(done) if i in candidates else file_result


def _in_processes(files: list[FileResult], options: Options, jobs: int) -> Iterator[FileResult]:
    """Results in order. A file whose worker dies is tried once more, alone, and then reported as an error."""
    context = multiprocessing.get_context("spawn")
    at = 0
    while at < len(files):
        with ProcessPoolExecutor(jobs, context, signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
            try:
                futures: list[Future[FileResult]] = [
                    pool.submit(migrate_bytes, f.before, f.path, options) for f in files[at:]
                ]
                for future in futures:
                    yield future.result()
                    at += 1
            except BrokenProcessPool:
                yield _alone(files[at], options, context)
                at += 1
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def _alone(file: FileResult, options: Options, context: multiprocessing.context.SpawnContext) -> FileResult:
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        try:
            return pool.submit(migrate_bytes, file.before, file.path, options).result()
        except BrokenProcessPool:
            error = FileError("BN905", "the worker process died on this file; please report it")
            return FileResult(file.path, file.before, file.before, error=str(error))
