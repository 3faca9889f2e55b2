"""A place that someone asks about: ``FILE:LINE[:COLUMN]``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from migrate.errors import UsageError
from migrate.notebooks import is_notebook

ASKED = re.compile(r"(?P<path>.+?):(?P<line>[0-9]+)(?::(?P<column>[0-9]+))?")


@dataclass(frozen=True, slots=True)
class Question:
    """A place to explain; lines and columns are 1-based, and without a column the whole line is meant."""

    path: str
    line: int
    column: int | None = None

    def fits(self, line: int, column: int) -> bool:
        """Whether it asks for what starts at ``line`` and the 1-based ``column``."""
        return line == self.line and self.column in (None, column)


def parse_question(text: str) -> Question:
    """The place that ``FILE:LINE[:COLUMN]`` names; raises UsageError."""
    match = ASKED.fullmatch(text)
    if match is None:
        raise UsageError(f"--why: {text!r}: FILE:LINE or FILE:LINE:COLUMN is expected, such as net.py:12:9")
    if is_notebook(match["path"]):
        raise UsageError(f"--why: {text!r}: places of notebooks cannot be asked for; ask for one in a module")
    column = int(match["column"]) if match["column"] else None
    return Question(match["path"], int(match["line"]), column)
