"""Conversions on a terminal: what is seen while one runs, and what stays of one that is interrupted."""

from __future__ import annotations

import json
import os
import pty
import signal
import struct
import subprocess
import time
from pathlib import Path

import pytest
import safetensors.torch

from tests.checkpoints.made import PROGRAM, program, state
from tests.command import environment

LARGE = 200_000_000


def large(path: Path) -> None:
    """A file that takes a moment to convert, of which the disk holds nothing but the header."""
    entry = {"dtype": "F32", "shape": [LARGE // 4], "data_offsets": [0, LARGE]}
    header = json.dumps({"a.weight": entry}).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.truncate(8 + len(header) + LARGE)


def on_terminal(*args: str, cwd: Path) -> tuple[str, str]:
    """What the program shows on a terminal as its standard error, and what it prints."""
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, *args], cwd=cwd, env=environment(), stdin=end, stdout=subprocess.PIPE, stderr=end, text=True
    )
    os.close(end)
    shown = b""
    try:
        while chunk := os.read(terminal, 65536):
            shown += chunk
    except OSError:  # how Linux reports that the last one has left
        pass
    finally:
        os.close(terminal)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return shown.decode(), printed


def test_a_bar_shows_the_progress_and_leaves_nothing_behind(tmp_path: Path) -> None:
    large(tmp_path / "in.safetensors")
    shown, printed = on_terminal("in.safetensors", "out.safetensors", cwd=tmp_path)
    assert "━" in shown and "400.0/400.0 MB" in shown, "it is written, and read back"
    assert shown.endswith("\x1b[2K"), "the line of the bar is erased"
    assert "1 undecided" in printed and "━" not in printed


@pytest.mark.parametrize("option", ["--quiet", "--check"])
def test_there_is_no_bar_where_none_is_wanted(option: str, tmp_path: Path) -> None:
    bare = state({f"bn.{name}": [4] for name in ("weight", "bias", "running_mean", "running_var")})
    safetensors.torch.save_file(bare, tmp_path / "in.safetensors")
    assert on_terminal("in.safetensors", "out.safetensors", option, cwd=tmp_path)[0] == ""


def test_no_terminal_gets_a_bar(tmp_path: Path) -> None:
    safetensors.torch.save_file(state({"a.weight": [4]}), tmp_path / "in.safetensors")
    assert program("in.safetensors", "out.safetensors", cwd=tmp_path).stderr == ""


def test_an_interrupted_conversion_leaves_nothing_half_written(tmp_path: Path) -> None:
    """The signal comes when a part of the result is on the disk."""
    large(tmp_path / "in.safetensors")
    (tmp_path / "out.safetensors").write_bytes(b"old")
    before = sorted(tmp_path.iterdir())
    process = subprocess.Popen(
        [*PROGRAM, "in.safetensors", "out.safetensors"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not any(path.stat().st_size for path in tmp_path.glob(".out.safetensors.*")):
        assert process.poll() is None and time.monotonic() < deadline, "it was over before it could be interrupted"
    process.send_signal(signal.SIGINT)
    printed, said = process.communicate(timeout=60)
    assert (process.returncode, printed, said) == (130, "", "bn-migrate-checkpoint: interrupted\n")
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "out.safetensors").read_bytes() == b"old"


@pytest.mark.slow
def test_an_interrupted_import_of_a_framework_is_one_line(tmp_path: Path) -> None:
    """MindSpore that is imported half would end the program with a traceback, or a crash."""
    safetensors.torch.save_file(state({"a.weight": [4]}), tmp_path / "in.safetensors")
    process = subprocess.Popen(
        [*PROGRAM, "in.safetensors", "out.ckpt"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    maps = Path(f"/proc/{process.pid}/maps")
    while "mindspore" not in maps.read_text():
        assert process.poll() is None, "it was over before it could be interrupted"
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "bn-migrate-checkpoint: interrupted\n")
    assert [path.name for path in tmp_path.iterdir()] == ["in.safetensors"]
