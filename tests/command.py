"""Runs the real program in a process of its own, and makes and reads the trees it works on."""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import pty
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from functools import cache
from pathlib import Path
from typing import Any

from tests import warm
from tests.schemas import report_mistakes

PROGRAM = (sys.executable, "-m", "migrate")
"""The program as a user starts it, for what is about starting, streams and signals; `bn_migrate` runs it warm."""
BEFORE = b"import torch.nn as nn\n\nlayer = nn.BatchNorm2d(3, momentum=0.2)\n"
AFTER = b"import mindspore as ms\n\nlayer = ms.nn.BatchNorm2d(3, momentum=0.8)\n"
REVIEW = b"import torch.nn as nn\n\nlayer = nn.BatchNorm2d(3, momentum=None)\n"
BROKEN = b"import torch.nn as nn\n\nlayer = nn.BatchNorm2d(\n"


def environment(env: dict[str, str] | None = None) -> dict[str, str]:
    """The variables of the test run without those that colour or widen output, and ``env`` on top."""
    colours = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS", "TTY_COMPATIBLE")
    # Without its bytecode, each start of the program takes twice the time.
    unwanted = (*colours, "PYTHONIOENCODING", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
    plain = {k: v for k, v in os.environ.items() if k not in unwanted and not k.startswith("GIT_")}
    git = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    kept = {"BN_MIGRATE_CACHE_DIR": own_cache()}
    return {**plain, **git, **kept, "TERM": "xterm-256color", **(env or {})}


@cache
def own_cache() -> str:
    """A cache folder for this process of the test run, so that neither the user's nor that of another is used."""
    folder = tempfile.mkdtemp(prefix="bn-migrate-tests-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def bn_migrate(
    *args: str | Path,
    cwd: Path | None = None,
    stdin: bytes | None = None,
    env: dict[str, str] | None = None,
    **more: Any,
) -> subprocess.CompletedProcess[bytes]:
    """The finished program; ``more`` goes to subprocess.run. Whatever happens, it does not end in a traceback.

    Where the call names no interpreters for a proof, it gets warm ones. What is set up in the child (``preexec_fn``)
    needs a child from nothing.
    """
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "input": stdin or b"", "timeout": 120, **more}
    program = PROGRAM if "preexec_fn" in more else warm.program(env or {})
    command = [*program, *proving(list(map(str, args)))]
    done = subprocess.run(command, cwd=cwd, env=environment(env), check=False, **streams)
    assert b"Traceback" not in (done.stderr or b""), done.stderr.decode()
    return done


def proving(args: list[str]) -> list[str]:
    """The arguments, with a warm interpreter for each framework that a proof runs in this one."""
    if not {"--verify", "--record", "--against"} & set(args):
        return args
    kinds = {"torch": "torch", "mindspore": "both" if "--network" in args else "mindspore"}
    return [*args, *(w for name, kind in kinds.items() for w in _interpreter(f"--{name}-python", kind, args))]


def _interpreter(option: str, kind: str, args: list[str]) -> tuple[str, ...]:
    return () if option in args else (option, warm.python(kind))


def started(*args: str | Path, cwd: Path, **more: Any) -> subprocess.Popen[bytes]:
    """The program while it runs, its streams read by the caller; ``more`` goes to Popen."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    return subprocess.Popen([*PROGRAM, *map(str, args)], cwd=cwd, env=environment(), **streams)


def report(*args: str | Path, **more: Any) -> dict[str, Any]:
    """The JSON report of a run."""
    return parsed(bn_migrate("--format", "json", *args, **more))


def parsed(done: subprocess.CompletedProcess[Any]) -> dict[str, Any]:
    """The JSON report that a run has printed, which is as its schema says."""
    assert done.stdout, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    assert report_mistakes(document) == []
    return document


def sarif(folder: Path, *paths: str | Path) -> dict[str, Any]:
    """What a check of ``paths`` in ``folder`` tells code scanning."""
    document: dict[str, Any] = json.loads(bn_migrate("--check", "--format", "sarif", *paths, cwd=folder).stdout)
    return document


def on_terminal(
    *args: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None, columns: int = 80, **streams: Any
) -> str:
    """What the program shows on a terminal; ``streams`` may send one of stdout and stderr elsewhere."""
    master, slave = pty.openpty()
    resize(slave, columns)
    shown = b""
    try:
        command = [*warm.program(env or {}), *proving(list(map(str, args)))]
        process = subprocess.Popen(
            command, cwd=cwd, env=environment(env), **{"stdin": slave, "stdout": slave, "stderr": slave, **streams}
        )
        os.close(slave)
        while chunk := _read(master):
            shown += chunk
        process.wait(60)
    finally:
        os.close(master)
    return shown.decode()


def resize(terminal: int, columns: int) -> None:
    """Make a terminal 40 lines high, and as wide as asked."""
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))


def _read(master: int) -> bytes:
    """The next output, or nothing at the end, which Linux reports as an input error."""
    try:
        return os.read(master, 65536)
    except OSError:
        return b""


def git(*args: str, cwd: Path, stdin: bytes = b"") -> bytes:
    """The output of a real git command that succeeds."""
    done = subprocess.run(["git", *args], cwd=cwd, env=environment(), input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def plant(folder: Path, files: dict[str, bytes]) -> Path:
    """``folder`` with ``files`` in it, written in this order."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def harvest(folder: Path) -> dict[str, bytes]:
    """Every file below ``folder``, hidden and temporary ones too, by its relative path."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
