"""Real interactive shells on a terminal of their own, in which completions are asked for with the tab key."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from dataclasses import dataclass
from pathlib import Path

from tests.command import environment

SIZE = struct.pack("HHHH", 60, 200, 0, 0)  # rows and columns: nothing that is listed wraps or is paged
PATIENCE = 30.0
GIVE_UP = "\x15"  # Ctrl-U; Ctrl-C would take what is typed next along


@dataclass(frozen=True)
class Kind:
    """How a shell starts without the user's files, turns completion on, and is asked to complete a line."""

    start: tuple[str, ...]
    turn_on: str
    ask: str = "{}\t"


KINDS = {
    "bash": Kind(("bash", "--norc", "--noprofile", "-i"), 'eval "$(_BN_MIGRATE_COMPLETE=bash_source bn-migrate)"'),
    "zsh": Kind(
        ("zsh", "-f", "-i"),
        "autoload -Uz compinit; compinit -D -u; unsetopt list_ambiguous; "
        'eval "$(_BN_MIGRATE_COMPLETE=zsh_source bn-migrate)"',
    ),
    # Its tab key redraws the line at random moments; this is what it asks itself then.
    "fish": Kind(
        ("fish", "--no-config", "-i"),
        "_BN_MIGRATE_COMPLETE=fish_source bn-migrate | source",
        "complete --do-complete '{}'\n",
    ),
}


def _own() -> None:
    """Make standard input the terminal of this process's session."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Shell:
    """A shell in ``folder`` that knows the completions of bn-migrate; close it."""

    def __init__(self, name: str, folder: Path) -> None:
        self._unread = ""
        self._terminal, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, SIZE)
        rules = folder / ".inputrc"  # of bash: list at the first tab
        rules.write_text("set show-all-if-ambiguous on\nset bell-style none\nset enable-bracketed-paste off\n")
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        env = environment({"PATH": path, "INPUTRC": str(rules), "HOME": str(folder), "TERM": "dumb", "PS1": "$ "})
        self._kind = KINDS[name]
        self._process = subprocess.Popen(
            self._kind.start,
            cwd=folder,
            env=env,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_own,
        )
        os.close(slave)
        self._write(f"{self._kind.turn_on}; echo rea''dy\n")
        self._read_until("ready")

    def completions(self, line: str, *words: str) -> str:
        """What the terminal shows behind ``line``, once all ``words`` are there."""
        self._write(self._kind.ask.format(line))
        self._read_until(line)
        shown = self._read_until(*words)
        self._write(GIVE_UP)
        return shown

    def _write(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def _read_until(self, *words: str) -> str:
        """The output up to the last of ``words`` that appears; what is behind it stays for the next call."""
        end = time.monotonic() + PATIENCE
        while not all(word in self._unread for word in words):
            ready, _, _ = select.select([self._terminal], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{words} are not all in:\n{self._unread}"
            self._unread += os.read(self._terminal, 65536).decode("utf-8", "replace")
        cut = max(self._unread.index(word) + len(word) for word in words)
        shown, self._unread = self._unread[:cut], self._unread[cut:]
        return shown

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)
