"""Runs programs under the real recorder, in torch, and reads what it has written."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.command import environment

RECORDER = (sys.executable, "-m", "migrate.trace")


def trace(*args: str | Path, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A finished run of bn-migrate-trace."""
    command = [*RECORDER, *map(str, args)]
    return subprocess.run(
        command, cwd=cwd, env=environment(env), capture_output=True, text=True, check=False, timeout=300
    )


def plain(*args: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The same program without the recorder."""
    command = [sys.executable, *map(str, args)]
    return subprocess.run(command, cwd=cwd, env=environment(), capture_output=True, text=True, check=False, timeout=300)


def said_by_program(stderr: str) -> str:
    """Standard error without the recorder's own lines and numbers of processes, which Python 3.12 has in a warning."""
    lines = (line for line in stderr.splitlines(keepends=True) if not line.startswith("bn-migrate-trace: "))
    return re.sub(r"pid=\d+", "pid", "".join(lines))


def occurrences(record: Path, source: Path) -> list[tuple[str, str, str, dict[str, int], dict[str, int]]]:
    """What a file did itself: the text of the place, the use, the name, the classes and the others by short names.

    On Python 3.10, where columns are not known, the text is the whole line.
    """
    file = json.loads(record.read_text())["files"].get(str(source.resolve()), {"occurrences": []})
    lines = source.read_text("utf-8").splitlines()
    found = []
    for entry in (e for e in file["occurrences"] if not e["through"] or e["use"] == "made"):
        text = lines[entry["line"] - 1]
        if entry["column"] is not None:
            end = entry["end_column"] - 1 if entry["end_line"] == entry["line"] else None
            text = text[entry["column"] - 1 : end]
        found.append((text, entry["use"], entry["name"], *map(_short, _counts(entry))))
    return found


def _counts(entry: dict[str, Any]) -> tuple[dict[str, int], dict[str, int]]:
    return entry["classes"], entry["others"]


def _short(counts: dict[str, int]) -> dict[str, int]:
    return {name.rpartition(".")[2]: count for name, count in counts.items()}
