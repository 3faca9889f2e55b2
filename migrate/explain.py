"""``--explain CODE``: the reason behind a finding, with an example."""

from __future__ import annotations

from migrate.code import Code
from migrate.codes import CODES
from migrate.errors import UsageError


def explain(name: str) -> str:
    """The text for a code such as BN101; raises UsageError for one that does not exist."""
    code = CODES.get(name.upper())
    if code is None:
        raise UsageError(f"--explain: unknown code {name!r}; known: {', '.join(CODES)}")
    return "\n".join([f"{code.code}: {code.title} ({kind_of(code)})", "", code.reason, *_example(code), ""])


def kind_of(code: Code) -> str:
    return code.kind or "the file could not be processed"


def _example(code: Code) -> list[str]:
    lines = []
    if code.before:
        lines += ["", "Before:", *(f"    {line}" for line in code.before.splitlines())]
    if code.after:
        lines += ["", "After:", *(f"    {line}" for line in code.after.splitlines())]
    return [*lines, "", f"See {code.link}"]
