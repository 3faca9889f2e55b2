"""The version of the target that a run asks for, as text: a version, or that which an interpreter has."""

from __future__ import annotations

import re

from migrate.errors import UsageError

INSTALLED = "installed for "
"""Begins what stands for the version that an interpreter has; its path follows."""
VERSION = re.compile(r"\d+(\.\d+)*")


def parse_version(text: str) -> tuple[int, ...]:
    """The numbers of a version such as ``2.12``; raises UsageError."""
    if not VERSION.fullmatch(text):
        raise UsageError(f"--mindspore-version {text}: a version such as 2.10 is expected")
    return tuple(map(int, text.split(".")))


def asked_version(given: str, program: str) -> str:
    """What a run asks for: a version, or what is installed for a program; raises UsageError for what is none."""
    if given:
        parse_version(given)
    return given or INSTALLED + program
