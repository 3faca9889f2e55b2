"""Errors that end in one clear line for the user."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


class UsageError(Exception):
    """A wrong option, configuration or rule file: exit status 2, nothing is processed."""


def not_installed(module: str, extra: str, executable: str = sys.executable) -> str:
    """What is said of a module that an optional part of this program needs, with the command that installs it."""
    command = f"{executable} -m pip install 'bn-migrate[{extra}]'"
    return f"{module} is not installed for {executable}. Install it with: {command}"


def end_interrupted(program: str) -> NoReturn:
    """End after Ctrl-C, with one line and exit status 130."""
    print(f"{program}: interrupted", file=sys.stderr)
    # Where the exception went through `exec` of a text, as in `namedtuple`, CPython ends by the signal instead of with
    # the status that is asked for; to run another text clears that.
    exec("")
    sys.exit(130)


class FileError(Exception):
    """One file that cannot be processed; the others still are.

    ``code`` is a BN9xx code; ``line`` is 1-based, or None where no line is to blame; in a notebook it is the line in
    the ``cell`` of that number.
    """

    def __init__(self, code: str, message: str, line: int | None = None, cell: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line
        self.cell = cell

    def __reduce__(self) -> tuple[type[FileError], tuple[str, str, int | None, int | None]]:
        """Workers of a pool get and send it; an exception travels by its constructor's arguments."""
        return FileError, (self.code, self.message, self.line, self.cell)

    def __str__(self) -> str:
        places = (("cell", self.cell), ("line", self.line))
        where = ", ".join(f"{name} {number}" for name, number in places if number)
        where = f" ({where})" if where else ""
        return f"{self.code} {self.message}{where}"


class ProofError(Exception):
    """A rewritten call that cannot be executed, and why; its proof fails."""
