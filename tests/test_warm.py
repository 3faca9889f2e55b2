"""Warm interpreters: what runs there has the streams, variables, folder and end of a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import warm
from tests.command import plant

SHOWN = b"""import os, sys
sys.stderr.write("%s %s %r %o" % (__name__, os.getcwd(), sys.argv, os.umask(0)))
print(os.environ["WORD"], sys.stdin.read(), end="", flush=True)
"""


def run(folder: Path, text: bytes, *arguments: str, kind: str = "migrate") -> subprocess.CompletedProcess[bytes]:
    plant(folder, {"script.py": text})
    command = [warm.python(kind), "script.py", *arguments]
    env = {**os.environ, "WORD": "said"}
    return subprocess.run(command, cwd=folder, env=env, input=b"read", capture_output=True, check=False, umask=0o27)


def test_streams_variables_folder_arguments_and_mask_are_those_of_the_caller(tmp_path: Path) -> None:
    done = run(tmp_path, SHOWN, "--a", "b c")
    assert (done.returncode, done.stdout) == (0, b"said read")
    assert done.stderr.decode() == f"__main__ {os.path.realpath(tmp_path)} {['script.py', '--a', 'b c']!r} 27"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"import sys; sys.exit(3)", 3),
        (b"1 / 0", 1),
        (b"import os; os.kill(os.getpid(), 9)", -9),
        (b"import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -15),
        (b"import signal; assert signal.getsignal(signal.SIGINT) is signal.default_int_handler", 0),
    ],
)
def test_a_run_ends_as_it_would(tmp_path: Path, text: bytes, status: int) -> None:
    assert run(tmp_path, text).returncode == status


def test_runs_share_nothing_but_imports(tmp_path: Path) -> None:
    text = b"import os, sys, migrate\nassert 'click' in sys.modules and not hasattr(migrate, 'left')\nmigrate.left = 1"
    assert [run(tmp_path, text).returncode for _ in range(2)] == [0, 0]


@pytest.mark.parametrize("framework", ["torch", "mindspore"])
def test_an_interpreter_of_a_framework_has_that_one_alone(tmp_path: Path, framework: str) -> None:
    pytest.importorskip(framework)
    done = run(tmp_path, b"import sys; print(*{'torch', 'mindspore'} & sys.modules.keys())", kind=framework)
    assert done.stdout.decode() == f"{framework}\n"


def test_who_kills_the_caller_ends_the_run(tmp_path: Path) -> None:
    """And the next one is served."""
    plant(tmp_path, {"script.py": b"import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)\n"})
    process = subprocess.Popen([warm.python("migrate"), "script.py"], cwd=tmp_path, stdout=subprocess.PIPE)
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    assert pid != process.pid and Path(f"/proc/{pid}").exists()
    process.kill()
    assert process.communicate(timeout=30)[0] == b"", "its output has ended, so nobody holds it any more"
    assert run(tmp_path, b"").returncode == 0


def test_without_a_server_interpreters_start_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(warm.FOLDER)
    assert warm.python("torch") == sys.executable and warm.program({}) == [sys.executable, "-m", "migrate"]


def test_what_an_interpreter_reads_when_it_starts_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert warm.program({"PYTHONUTF8": "0"}) == [sys.executable, "-m", "migrate"]
    assert warm.program({"NO_COLOR": "1"}) != [sys.executable, "-m", "migrate"]
