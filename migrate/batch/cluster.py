"""Batches on the workers of a dask.distributed cluster, through its executor interface."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import as_completed
from typing import TYPE_CHECKING

from migrate.batch.local import finished
from migrate.batch.work import Batch, Outcome, failed, work_elsewhere
from migrate.errors import UsageError, not_installed

if TYPE_CHECKING:
    from distributed import Client

SECONDS_TO_CONNECT = 10
RETRIES = 3


def connect(address: str) -> Client:
    """A client of the scheduler at ``address``; raises UsageError where none answers."""
    try:
        from distributed import Client
        from distributed.comm.addressing import get_address_host_port
    except ModuleNotFoundError as error:
        raise UsageError(f"--dask: {not_installed(str(error.name), 'dask')}") from None
    try:
        get_address_host_port(address)  # before the client, which takes half a minute to give up on nonsense
        return Client(address, timeout=SECONDS_TO_CONNECT, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise UsageError(f"--dask {address}: no scheduler answers: {error or type(error).__name__}") from None


def on_cluster(batches: Iterable[Batch], address: str) -> Iterator[Outcome]:
    """The outcomes as they come. A batch whose worker dies goes to another one.

    Raises UsageError where no scheduler answers at ``address``, or its workers cannot import bn-migrate.
    """
    client = connect(address)
    executor = client.get_executor(retries=RETRIES, pure=False)  # type: ignore[no-untyped-call]
    with client, executor:
        futures = {executor.submit(work_elsewhere, batch): batch for batch in batches}
        for future in as_completed(futures):
            try:
                yield from finished(future.result())
            except ModuleNotFoundError as error:
                raise UsageError(
                    f"--dask {address}: its workers have no module {error.name!r}; install bn-migrate there"
                ) from None
            except Exception as error:
                for group in futures[future].groups:
                    yield failed(group, f"the cluster gave up on this file: {type(error).__name__}: {error}")
