"""A person at a terminal, for the tests: answers what the real program asks, key by key."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import subprocess
import termios
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.command import PROGRAM, environment, proving, resize

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
PROMPT = re.compile(r"\[[a-z,?]+\]\? $")
PATIENCE = 60
"""Seconds after which a question is taken for lost."""


@dataclass(frozen=True)
class Talk:
    """What was asked, each question with all that was shown before it, what came last, and how the program ended."""

    asked: list[str]
    last: str
    status: int


def talk(answers: Iterable[str], *args: str | Path, cwd: Path, env: dict[str, str] | None = None) -> Talk:
    """The program on a terminal of its own, with an answer for each of its questions, sent as they are typed."""
    master, slave = pty.openpty()
    resize(slave, 100)
    command = [*PROGRAM, *proving(list(map(str, args)))]
    process = subprocess.Popen(
        command, cwd=cwd, env=environment(env), stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        preexec_fn=_controlled,
    )  # fmt: skip
    os.close(slave)
    asked: list[str] = []
    typed = iter(answers)
    shown = ""
    try:
        while chunk := _read(master):
            shown += COLOUR.sub("", chunk.decode()).replace("\r\n", "\n")
            if PROMPT.search(shown):
                asked.append(shown)
                shown = ""
                os.write(master, next(typed).encode())
        status = process.wait(PATIENCE)
    finally:
        process.kill()
        os.close(master)
    assert next(typed, None) is None, "not all answers were asked for"
    return Talk(asked, shown, status)


def _controlled() -> None:
    """The terminal controls the program, so that Ctrl-C on it interrupts."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _read(master: int) -> bytes:
    """The next output, or nothing at the end, which Linux reports as an input error."""
    assert select.select([master], [], [], PATIENCE)[0], "the program says nothing"
    try:
        return os.read(master, 65536)
    except OSError:
        return b""
