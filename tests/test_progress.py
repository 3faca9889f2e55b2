"""The progress bar: true while one large group is worked on, in this process and in workers."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

import pytest

from migrate.advance import PHASES
from migrate.runner import WORTH_A_POOL
from tests.command import BEFORE, on_terminal, plant

SHOWN = re.compile(r"Migrating(?:: (\w+))? [^%\n]*?(\d+)%")
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
MAKE = b"from torch import nn\n\n\ndef norm(c, cls=nn.BatchNorm2d):\n    return cls(c, momentum=0.3)\n"
USE = b"def f%d(c):\n    layer = norm(c)\n    return layer.running_mean, nn.BatchNorm2d(c, eps=1e-4).weight\n\n\n"


def group(files: int, functions: int) -> dict[str, bytes]:
    """Files that imports connect, and that are worth worker processes."""
    uses = b"from torch import nn\n\nfrom make import norm\n\n\n" + b"".join(USE % i for i in range(functions))
    uses += b"# " + b"x" * (WORTH_A_POOL // files) + b"\n"
    return {"make.py": MAKE, **{f"use{i:02}.py": uses for i in range(files)}}


def shown(folder: Path, *options: str) -> list[tuple[str, int]]:
    """The phases and percentages that a terminal sees one after the other."""
    seen = ESCAPE.sub("", on_terminal("--check", "--no-cache", "--statistics", *options, ".", cwd=folder))
    return [(phase, int(percent)) for (phase, percent), _ in groupby(SHOWN.findall(seen))]


@pytest.mark.parametrize("jobs", [1, 2])
def test_one_large_group_is_shown_by_files_and_then_by_stages(tmp_path: Path, jobs: int) -> None:
    # A pool is for several groups; what is said of the other one comes in between.
    files = group(50, 90) if jobs == 1 else {"z.py": BEFORE, **group(50, 90)}
    seen = shown(plant(tmp_path, files), "--jobs", str(jobs))
    percents = [percent for _, percent in seen]
    assert percents == sorted(percents), "a bar does not go back"
    by_phase = {name: [percent for phase, percent in seen if phase == name] for name in PHASES}
    order = list(dict.fromkeys(phase for phase, _ in seen if phase))
    assert order == list(PHASES) if jobs == 1 else set(order) == set(PHASES), "in the order of the work"
    # How often a terminal is drawn anew depends on what else the machine does.
    ends = [*PHASES.values()][1:]
    assert any(0 < percent < 100 * ends[0] for percent in by_phase["reading"]), "file by file"
    assert len(set(by_phase["deciding"])) > 2
    assert all(max(by_phase[name]) <= 100 * end for name, end in zip(by_phase, ends, strict=False))
