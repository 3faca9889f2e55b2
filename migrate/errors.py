"""Errors that end in one clear line for the user."""

from __future__ import annotations


class UsageError(Exception):
    """A wrong option, configuration or rule file: exit status 2, nothing is processed."""


class FileError(Exception):
    """One file that cannot be processed; the others still are.

    ``code`` is a BN9xx code; ``line`` is 1-based, or None where no line is to blame.
    """

    def __init__(self, code: str, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line

    def __reduce__(self) -> tuple[type[FileError], tuple[str, str, int | None]]:
        """Workers of a pool get and send it; an exception travels by its constructor's arguments."""
        return FileError, (self.code, self.message, self.line)

    def __str__(self) -> str:
        where = f" (line {self.line})" if self.line else ""
        return f"{self.code} {self.message}{where}"


class ProofError(Exception):
    """A rewritten call that cannot be executed, and why; its proof fails."""
