"""When a folder is looked at again: at once after a single change, and after a burst of changes once it pauses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from migrate.lsp.folder import Stale

LONGEST = 0.3
"""Seconds of quiet that a burst of changes has to end with before work that takes long starts again."""
Work = Callable[[Callable[[], None]], Awaitable[None]]
"""Looks at the folder; is given a function that raises Stale once there is a newer request."""


class Schedule:
    """Runs ``work`` for the latest request. One that comes while it runs makes that run useless, and is next."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._asked = 0
        self._done = 0
        self._last = 0.0
        self._cost = 0.0
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()

    def ask(self) -> None:
        """Something has changed."""
        self._asked += 1
        self._last = time.monotonic()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def settled(self, enough: Callable[[], bool] = lambda: False) -> None:
        """Wait until the latest request is done, or as much of it as is ``enough``."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._done >= self._asked or enough())

    async def tell(self) -> None:
        """A part of the work is done."""
        async with self._changed:
            self._changed.notify_all()

    async def _run(self) -> None:
        while self._done < self._asked:
            number = self._asked

            def check(number: int = number) -> None:
                if number != self._asked:
                    raise Stale

            start = time.monotonic()
            try:
                await self._work(check)
                async with self._changed:
                    self._done = number
                    self._changed.notify_all()
            except Stale:
                continue  # the request that made it so is next
            self._cost = time.monotonic() - start
            if self._asked > number + 1:
                await self._quiet()

    async def _quiet(self) -> None:
        """Wait for a pause in the typing, as long as half of what the work takes."""
        pause = min(self._cost / 2, LONGEST)
        while (left := self._last + pause - time.monotonic()) > 0:
            await asyncio.sleep(left)
