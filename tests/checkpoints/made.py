"""Makes checkpoints and runs the command on them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from click.testing import CliRunner

from migrate.checkpoint import command
from migrate.errors import UsageError

COUNTER = "num_batches_tracked"
PROGRAM = (sys.executable, "-c", "from migrate.checkpoint.start import main; main()")
State = dict[str, torch.Tensor]


def state(shapes: Mapping[str, list[int]], seed: int = 0) -> State:
    """Random tensors of some shapes; variances are positive, counters stand at 0."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.tensor(0) if name.endswith(COUNTER) else torch.rand(shape, generator=generator) + 0.5
        for name, shape in shapes.items()
    }


def convert(*args: str | Path, fails: int = 0) -> dict[str, Any]:
    """What a conversion reports, by the command in this process; it has to end with the status ``fails``."""
    result = CliRunner().invoke(command.command, [*map(str, args), "--format", "json"])
    if isinstance(result.exception, UsageError):
        raise result.exception
    assert result.exit_code == fails, (result.output, result.exception)
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def targets(report: Mapping[str, Any]) -> dict[str, str | None]:
    """The new names by the old ones."""
    return {entry["source"]: entry["target"] for entry in report["entries"]}


def program(*args: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The finished program, as a process of its own."""
    return subprocess.run([*PROGRAM, *map(str, args)], cwd=cwd, capture_output=True, text=True, timeout=120)
