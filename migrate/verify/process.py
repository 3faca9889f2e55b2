"""A framework's worker process: started once, asked in batches, started anew when it dies or hangs."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from migrate.errors import UsageError, not_installed

WORKER = Path(__file__).with_name("worker.py")
TITLES = {"torch": "torch", "mindspore": "MindSpore"}


@dataclass(frozen=True, slots=True)
class Interpreter:
    """The Python that has a framework; ``option`` is how the command line names another one.

    ``script`` is what it runs, in ``folder`` or, without one, in a temporary folder, with ``variables`` on top of the
    environment.
    """

    framework: str
    executable: str
    option: str
    options: Mapping[str, Any]
    script: Path = WORKER
    folder: Path | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds until a silent worker counts as hanging: while it starts, and on one case."""

    start: float = 600.0
    case: float = 300.0


class Died(Exception):
    """The worker is gone; the text says how, and ``case`` is what it was on."""

    def __init__(self, how: str, case: str = "") -> None:
        super().__init__(how)
        self.case = case


class Worker:
    """One framework in a process of its own. Use it as a context manager: it never outlives the block."""

    def __init__(self, interpreter: Interpreter, limits: Limits) -> None:
        self._interpreter = interpreter
        self._limits = limits
        self.folder = Path()
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str | None] = queue.Queue()
        self.closed = False
        self._hello: dict[str, Any] | None = None

    def __enter__(self) -> Worker:
        self.folder = Path(tempfile.mkdtemp(prefix="bn-migrate-"))
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True
        self._kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def hello(self) -> dict[str, Any]:
        """Versions and signatures; raises UsageError where the interpreter, the framework or the device is missing."""
        if self._hello is None:
            try:
                said = self._next(self._limits.start)
            except Died as death:
                raise UsageError(self._no_hello(str(death))) from None
            if "missing" in said:
                raise UsageError(self._missing(said["missing"]))
            if "error" in said:
                raise UsageError(self._unusable(said["error"]))
            if not said.keys() >= {"version", "numpy", "signatures"}:
                raise UsageError(self._no_hello(f"it answers {said}"))
            self._hello = said
        return self._hello

    def ask(self, request: Mapping[str, Any], seconds: float | None = None) -> dict[str, Any]:
        """The worker's answer. Raises Died where it ends or is silent for too long; `restart` makes it usable again."""
        assert self._process is not None and self._process.stdin is not None
        case = ""
        try:
            try:
                self._process.stdin.write(json.dumps(request) + "\n")
                self._process.stdin.flush()
            except OSError:
                raise Died(self._death()) from None
            while "done" not in (said := self._next(seconds or self._limits.case)):
                case = said["at"]
        except Died as death:
            raise Died(str(death), case) from None
        return said

    def restart(self) -> None:
        """End the process and start another."""
        self._kill()
        self._start()

    def _start(self) -> None:
        if self.closed:
            return
        self._hello, self._lines = None, queue.Queue()
        environment = {**os.environ, "GLOG_v": "4", "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
        environment.update(self._interpreter.variables)
        command = [self._interpreter.executable, str(self._interpreter.script), self._interpreter.framework]
        with (self.folder / "messages").open("w") as messages:
            try:
                self._process = subprocess.Popen(
                    [*command, json.dumps(dict(self._interpreter.options))],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=messages,
                    cwd=self._interpreter.folder or self.folder,
                    env=environment,
                    text=True,
                    # Ctrl-C is for the program, which then ends its workers.
                    start_new_session=True,
                )
            except OSError as error:
                raise UsageError(self._unusable(error.strerror or str(error))) from None
        threading.Thread(target=_pump, args=(self._process, self._lines), daemon=True).start()

    def _next(self, seconds: float) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            self._kill()
            raise Died(f"{self._title} gave no answer for {seconds:.0f} seconds and was ended") from None
        if line is None:
            raise Died(self._death())
        try:
            said = json.loads(line)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise Died(f"it answers {line.strip()[:80]!r}")
        return said

    def _death(self) -> str:
        assert self._process is not None
        status = self._process.wait()
        how = _signal_name(-status) if status < 0 else f"exit status {status}"
        lines = (self.folder / "messages").read_text("utf-8", errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f"the {self._title} process ended ({how}){f': {last[:300]}' if last else ''}"

    def _kill(self) -> None:
        if self._process is not None:
            # With whatever it started: it leads a session of its own.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()

    @property
    def _title(self) -> str:
        return TITLES[self._interpreter.framework]

    def _no_hello(self, reason: str) -> str:
        """What is said where the process did not start as a worker does: above all, that it is another program."""
        if _is_python(self._interpreter.executable):
            return self._unusable(reason)
        wanted = f"name the python of the environment that has {self._title}"
        return self._unusable(f"it is no Python interpreter; {wanted}")

    def _missing(self, module: str) -> str:
        wanted, option = self._interpreter.framework, self._interpreter.option
        name = module.partition(".")[0]
        what = self._title if name == wanted else f"{module}, which {self._title} needs,"
        if name in TITLES and name != wanted:
            what = f"{TITLES[name]}, in which a network runs with the layers of {self._title},"
            wanted = f"{name} {wanted}"
        executable = self._interpreter.executable
        if executable == sys.executable:
            return f"{not_installed(what, 'verify')}; or name the interpreter that has it with {option}"
        command = f"{executable} -m pip install {wanted} 'numpy<2'"
        return (
            f"{what} is not installed for {executable}. Install it with: {command}; "
            f"or name the interpreter that has it with {option}"
        )

    def _unusable(self, reason: str) -> str:
        return f"{self._interpreter.option} {self._interpreter.executable}: {self._title} cannot be run: {reason}"


def _is_python(executable: str) -> bool:
    command = [executable, "-c", "print(6 * 7)"]
    try:
        said = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False
    return said.endswith(b"42\n")


def _pump(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    """Lines from the process into the queue, then None; a thread, since pipes have no timeout."""
    assert process.stdout is not None
    try:
        for line in process.stdout:
            lines.put(line)
    except ValueError:
        pass
    lines.put(None)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
