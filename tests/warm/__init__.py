"""Interpreters that have imported already, so that a test pays neither for frameworks nor for the program's imports.

Each of KINDS is a process that imports its modules once, when it is first asked, and then forks for every run: what
runs is the real program or worker, in a process of its own with its own streams, folder, environment and exit status,
which ends or is killed like any other. Only the imports are shared. Without a server (outside pytest) all is as slow
as for users, and nothing else changes.

What is about starting, about variables that an interpreter reads when it starts, or about signals does without.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.warm.server import KINDS

FOLDER = "BN_MIGRATE_TESTS_WARM"
"""The variable that tells processes of a test run where the server listens."""
HERE = Path(__file__).parent


@contextmanager
def serving() -> Iterator[None]:
    """A server for this process and those that it starts; kinds that nobody asks for are never imported."""
    folder = tempfile.mkdtemp(prefix="bn-migrate-warm-")
    plain = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED")}
    command = [sys.executable, str(HERE / "server.py"), folder]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=plain,
        start_new_session=True,
        cwd=HERE.parent.parent,
    )
    try:
        assert process.stdout is not None and process.stdout.read(2) == b"ok"
        for kind in KINDS:
            program = Path(folder) / f"python-{kind}"
            words = " ".join(f"'{word}'" for word in command_of(kind, folder))
            program.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
            program.chmod(0o755)
        os.environ[FOLDER] = folder
        yield
    finally:
        os.environ.pop(FOLDER, None)
        process.communicate()  # the end of its input is the end of the server
        shutil.rmtree(folder, ignore_errors=True)


def command_of(kind: str, folder: str) -> list[str]:
    """The words that run a Python of this kind, before its own arguments."""
    return [sys.executable, "-IS", str(HERE / "client.py"), os.path.join(folder, kind)]


def python(kind: str) -> str:
    """An executable that works as this interpreter does, with the modules of ``kind`` imported."""
    folder = os.environ.get(FOLDER)
    return sys.executable if folder is None else os.path.join(folder, f"python-{kind}")


def program(env: Mapping[str, str]) -> list[str]:
    """The words that run ``python -m migrate`` where ``env`` comes on top of the variables of the test run."""
    folder = os.environ.get(FOLDER)
    started = any(name.startswith(("PYTHON", "LC_", "LANG")) for name in env)
    words = [sys.executable] if folder is None or started else command_of("migrate", folder)
    return [*words, "-m", "migrate"]
