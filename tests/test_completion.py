"""Completion in the shells themselves: what the tab key brings behind ``bn-migrate``."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrate.codes import CODES
from tests.command import environment, plant
from tests.shells import KINDS, Shell

# What is typed before the tab, and what is shown behind it.
LINES = [
    ("bn-migrate --fo", ["--format", "--force-exclude"]),
    ("bn-migrate --format ", ["text", "json", "sarif", "github"]),
    ("bn-migrate --explain BN9", [code for code in CODES if code.startswith("BN9")]),
    ("bn-migrate --check net", ["network.py", "nets/"]),
    ("bn-migrate --output net", ["s/"]),
]


@pytest.fixture(scope="module", params=KINDS)
def shell(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    folder = plant(tmp_path_factory.mktemp(request.param), {"network.py": b"", "nets/a.py": b"", "other.md": b""})
    opened = Shell(request.param, folder)
    yield opened
    opened.close()


@pytest.mark.parametrize(("line", "words"), LINES, ids=[line for line, _ in LINES])
def test_the_tab_key_brings(shell: Shell, line: str, words: list[str]) -> None:
    assert "Traceback" not in shell.completions(line, *words)


@pytest.mark.parametrize("shell", KINDS)
def test_without_a_shell_the_script_is_printed(shell: str) -> None:
    """Whatever the program does at its start, it does not take this for a run."""
    name = Path(sys.executable).with_name("bn-migrate")
    env = environment({"_BN_MIGRATE_COMPLETE": f"{shell}_source"})
    done = subprocess.run([name], env=env, capture_output=True, check=False, text=True, timeout=60)
    assert done.returncode == 0 and "_bn_migrate_completion" in done.stdout and not done.stderr
