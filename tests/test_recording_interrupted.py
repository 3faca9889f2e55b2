"""``bn-migrate-trace`` where its program is told to end: what was seen until then is kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import environment, plant
from tests.recorded import RECORDER, occurrences


def recording(folder: Path, program: str) -> subprocess.Popen[str]:
    """A program of a folder under the recorder, in a session of its own."""
    return subprocess.Popen(
        [*RECORDER, "-o", "t.json", program],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_what_was_seen_before_an_interruption_is_kept(tmp_path: Path) -> None:
    text = "import time\nfrom torch import nn\nnn.BatchNorm2d(3).eps\nprint('ready', flush=True)\ntime.sleep(100)\n"
    plant(tmp_path, {"wait.py": text.encode()})
    process = recording(tmp_path, "wait.py")
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    assert [use for _, use, *_ in occurrences(tmp_path / "t.json", tmp_path / "wait.py")] == ["made", "read"]


LOADING = """\
import os, sys, time
from torch import nn
from torch.utils.data import DataLoader

class Data:
    def __len__(self):
        return 100

    def __getitem__(self, i):
        layer = nn.BatchNorm1d(1)
        {uses}
        if i > 3:
            os.write(1, b"ready\\n")
            time.sleep(100)
        return layer.eps

if __name__ == "__main__":
    nn.BatchNorm2d(3).momentum
    for batch in DataLoader(Data(), 1, num_workers=2, multiprocessing_context="{context}"):
        pass
"""


@pytest.mark.parametrize("context", ["fork", pytest.param("spawn", marks=pytest.mark.slow)])
def test_what_the_workers_of_a_loader_saw_before_an_interruption_is_kept(tmp_path: Path, context: str) -> None:
    """Also where they have so much to write that their parent meanwhile tells them to end."""
    uses = "\n        ".join(["layer.eps, layer.weight, layer.bias, layer.momentum, layer.running_mean"] * 1500)
    plant(tmp_path, {"load.py": LOADING.format(uses=uses, context=context).encode()})
    process = recording(tmp_path, "load.py")
    assert process.stdout is not None and [process.stdout.readline() for _ in range(2)] == ["ready\n"] * 2
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT, said
    seen = occurrences(tmp_path / "t.json", tmp_path / "load.py")
    made = [(text, classes) for text, use, _, classes, _ in seen if use == "made"]
    assert made == [("nn.BatchNorm1d(1)", {"BatchNorm1d": 6}), ("nn.BatchNorm2d(3)", {"BatchNorm2d": 1})]
    assert [name for _, use, name, *_ in seen if use == "read"].count("running_mean") == 1500
    assert sorted(os.listdir(tmp_path)) == ["load.py", "t.json"]


def test_who_writes_at_its_end_is_not_ended_by_a_signal() -> None:
    code = """
import os, signal
from migrate.trace.run.hooks import undisturbed
def tell():
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGTERM)
    print("written", flush=True)
before = signal.getsignal(signal.SIGINT)
undisturbed(tell)()
print(signal.getsignal(signal.SIGINT) is before, flush=True)
os.kill(os.getpid(), signal.SIGTERM)
"""
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGTERM, "written\nTrue\n"), done.stderr
