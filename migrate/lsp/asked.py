"""How what findings speak about came to their places, found out once someone hovers over one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from migrate.engine import find_ways
from migrate.findings import Finding, Result
from migrate.lsp.elsewhere import Elsewhere, Job
from migrate.lsp.folder import Stale

logger = logging.getLogger(__name__)
SECONDS = 1.0
"""How long an answer is waited for: nobody looks at the place much longer."""
Told = Mapping[Finding, tuple[str, ...]]
"""The lines about each finding of a file."""


@dataclass(frozen=True, slots=True)
class Question:
    """The findings of a file of the group that a job is about."""

    job: Job
    path: str
    findings: tuple[Finding, ...]

    def answer(self) -> Told:
        """The lines about each finding, from the flow of the group alone: its files are decided about already."""
        job = self.job
        return find_ways(job.group.paths, job.group.triggered, job.source, job.options, self.path, self.findings)


class Asked:
    """The answers about the latest result of each document; each is found out once.

    ``engine`` calls a function in the thread of the engine. Groups that take long have a process of their own.
    """

    def __init__(self, engine: Callable[[Callable[[], Told]], Awaitable[Told]]) -> None:
        self._engine = engine
        self._known: dict[str, tuple[Result, asyncio.Task[Told]]] = {}
        self._elsewhere = Elsewhere()
        self._waiting = ThreadPoolExecutor(1, "asked")

    async def told(self, uri: str, result: Result, question: Question, is_slow: bool) -> Told | None:
        """The lines about the findings of a ``result``; None while that is being found out."""
        known = self._known.get(uri)
        if known is None or known[0] is not result:
            task = asyncio.get_running_loop().create_task(self._find(uri, result, question, is_slow))
            known = self._known[uri] = result, task
        # The answer is kept for the next one who asks, whether or not this one waits for it.
        done, _ = await asyncio.wait([known[1]], timeout=SECONDS)
        return known[1].result() if done else None

    def forget(self, uri: str) -> None:
        """A document was closed."""
        self._known.pop(uri, None)

    def end(self) -> None:
        """Stop whatever goes on."""
        self._elsewhere.end()

    async def _find(self, uri: str, result: Result, question: Question, is_slow: bool) -> Told:
        """The lines about the findings of a result; none where it became useless, or where that fails."""

        def check() -> None:
            known = self._known.get(uri)
            if known is None or known[0] is not result:
                raise Stale

        try:
            if not is_slow:
                return await self._engine(question.answer)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._waiting, self._elsewhere.run, question.answer, check)
        except (Stale, EOFError):
            return {}
        except Exception:
            # Hovering shows the rest, whatever is wrong with this program.
            logger.exception("%s", uri)
            return {}
