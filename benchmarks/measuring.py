"""Seconds, CPU seconds and peak memory of commands; contenders take turns, and the best of their runs counts."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

SLOW = 60
"""Seconds from which a command is not repeated."""
LAUNCHER = """
import json, os, sys, time
start = time.perf_counter()
process = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(process, 0)
seconds = time.perf_counter() - start
with open(sys.argv[1], "w") as file:
    json.dump([os.waitstatus_to_exitcode(status), seconds, used.ru_utime + used.ru_stime, used.ru_maxrss], file)
"""
"""Linux counts the memory of the process that starts a command as the command's: a small one has to start it."""
KIBIBYTES = 1024 if sys.platform == "darwin" else 1
"""What the kernel counts memory in."""


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Contender:
    """A command; ``sign`` is what its output has where it did its work, and ``prepare`` goes before every run."""

    name: str
    command: Sequence[str | Path]
    sign: str = ""
    folder: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] = _nothing
    stdin: Path | None = None


@dataclass(frozen=True)
class Figures:
    """One run. The CPU seconds are those of all processes; the memory is that of the largest one."""

    seconds: float
    cpu: float
    mebibytes: float
    output: str = ""


@dataclass
class Outcome:
    """The runs of a contender, and why there are none."""

    name: str
    command: list[str] = field(default_factory=list)
    runs: list[Figures] = field(default_factory=list)
    fault: str = ""

    @property
    def seconds(self) -> float:
        return min(run.seconds for run in self.runs)

    @property
    def cpu(self) -> float:
        return min(run.cpu for run in self.runs)

    @property
    def mebibytes(self) -> float:
        return max(run.mebibytes for run in self.runs)

    @property
    def best(self) -> Figures:
        return min(self.runs, key=lambda run: run.cpu)

    def raw(self) -> dict[str, Any]:
        """For JSON; the output of the runs stays out."""
        runs = [{k: v for k, v in asdict(run).items() if k != "output"} for run in self.runs]
        return {"name": self.name, "command": self.command, "runs": runs, "fault": self.fault}


def race(contenders: Sequence[Contender], repeats: int, limit: float, scratch: Path) -> list[Outcome]:
    """Every contender once a round, so that a busy minute of the machine meets all of them."""
    outcomes = [Outcome(c.name, [str(word) for word in c.command]) for c in contenders]
    for repeat in range(repeats):
        for contender, outcome in zip(contenders, outcomes, strict=True):
            if outcome.fault or (outcome.runs and outcome.runs[0].seconds > SLOW):
                continue
            print(f"  {contender.name}, {repeat + 1} of {repeats}", file=sys.stderr, flush=True)
            contender.prepare()
            measured = measure(contender, limit, scratch)
            if isinstance(measured, str):
                outcome.fault, outcome.runs = measured, []
            else:
                outcome.runs.append(measured)
    return outcomes


def measure(contender: Contender, limit: float, scratch: Path) -> Figures | str:
    """One run, or why it does not count."""
    out, numbers = scratch / "output.txt", scratch / "numbers.json"
    numbers.unlink(missing_ok=True)
    launcher = [sys.executable, "-I", "-S", "-c", LAUNCHER, numbers]
    with out.open("wb") as output, open(contender.stdin or os.devnull, "rb") as source:
        process = subprocess.Popen(
            [*launcher, *contender.command],
            stdin=source,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=contender.folder or scratch,
            env={**os.environ, "NO_COLOR": "1", **contender.environment},
            start_new_session=True,
        )
        try:
            process.wait(limit)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if isinstance(error, subprocess.TimeoutExpired):
                return f"over {limit:.0f} s"
            raise
    said = out.read_text(errors="replace")
    if not numbers.exists():
        return f"did not start: {_last_line(said)}"
    status, seconds, cpu, memory = json.loads(numbers.read_text())
    if status not in (0, 1) or not re.search(contender.sign, said) or "Traceback (most recent call last)" in said:
        return f"failed with exit status {status}: {_last_line(said)}"
    return Figures(seconds, cpu, memory / 1024 / KIBIBYTES, said)


def _last_line(said: str) -> str:
    """Of what a program printed, without what draws a frame around it."""
    lines = [line.strip(" │╭╰─╮╯") for line in said.splitlines()]
    return next((line for line in reversed(lines) if line), "no output")[:200]
