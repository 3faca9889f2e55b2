"""Workers and records: interpreters that do not serve, workers that die or hang, and torch's side in a file."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import numpy as np
import pytest

from migrate.rules import shipped_rules
from migrate.verify.process import Limits
from migrate.verify.settings import Settings
from tests.command import AFTER, BEFORE, PROGRAM, bn_migrate, environment, harvest, plant, report
from tests.proving import Pair, by_path, prove

pytest.importorskip("torch")
pytest.importorskip("mindspore")

NAMED = b"import torch.nn as nn\n\ndef f(width, m):\n    return nn.BatchNorm2d(width, momentum=m)\n"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter with nothing installed."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, symlinks=True)
    return str(folder / "bin" / "python")


def program(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("framework", ["torch", "mindspore"])
def test_a_missing_framework_is_named_with_the_command_that_installs_it(
    tmp_path: Path, bare: str, framework: str
) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    done = bn_migrate("--verify", f"--{framework}-python", bare, "a.py", cwd=tmp_path)
    assert done.returncode == 2 and harvest(tmp_path) == {"a.py": BEFORE}
    said = done.stderr.decode()
    assert f"is not installed for {bare}" in said and f"{bare} -m pip install {framework}" in said
    assert f"--{framework}-python" in said


@pytest.mark.parametrize("module", ["numpy", "torch", "mindspore"])
def test_what_this_environment_lacks_comes_with_an_extra(tmp_path: Path, bare: str, module: str) -> None:
    """The program in an interpreter that sees all that is installed here but one package."""
    plant(tmp_path, {"tree/a.py": BEFORE, "packages/x": b""})
    for package in Path(np.__file__).parent.parent.iterdir():
        if package.name != module:
            (tmp_path / "packages" / package.name).symlink_to(package)
    path = os.pathsep.join([str(Path(__file__).parent.parent), str(tmp_path / "packages")])
    command = [bare, "-m", "migrate", "--verify", "a.py"]
    seen = {**environment(), "PYTHONPATH": path}
    done = subprocess.run(command, cwd=tmp_path / "tree", env=seen, capture_output=True, check=False)
    assert done.returncode == 2 and harvest(tmp_path / "tree") == {"a.py": BEFORE}
    assert f"Install it with: {bare} -m pip install 'bn-migrate[verify]'" in done.stderr.decode()


NO_INTERPRETERS = {
    "that does not exist": ("/no/such/python", "No such file"),
    "that is a folder": ("/", "Permission denied"),
    "that says nothing": ("/bin/true", "it is no Python interpreter; name the python of the environment"),
    "that fails": ("/bin/false", "it is no Python interpreter"),
    "that says something else": ("/bin/ls", "it is no Python interpreter"),
}


@pytest.mark.parametrize("what", NO_INTERPRETERS)
def test_an_interpreter(tmp_path: Path, what: str) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    executable, said = NO_INTERPRETERS[what]
    done = bn_migrate("--verify", "--torch-python", executable, "a.py", cwd=tmp_path)
    assert done.returncode == 2 and harvest(tmp_path) == {"a.py": BEFORE}
    assert f"--torch-python {executable}" in done.stderr.decode() and said in done.stderr.decode()


@pytest.mark.parametrize("said", ["1", "null", "[]", "{}", '{"version": "2.0"}', "hello"])
def test_an_interpreter_that_answers_something_else(tmp_path: Path, said: str) -> None:
    plant(tmp_path, {"a.py": BEFORE, "tmp/x": b""})
    own = program(tmp_path, "own-python", f"echo '{said}'\nexec '{sys.executable}' \"$@\"")
    done = bn_migrate("--verify", "--torch-python", own, "a.py", cwd=tmp_path, env={"TMPDIR": str(tmp_path / "tmp")})
    assert done.returncode == 2 and b"torch cannot be run: it answers" in done.stderr
    assert harvest(tmp_path / "tmp") == {"x": b""}


def test_an_interpreter_is_found_by_a_relative_path_and_on_the_path(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    program(tmp_path, "own-python", f'exec "{sys.executable}" "$@"')
    named = ("--torch-python", "./own-python", "--mindspore-python", "own-python")
    search = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    assert bn_migrate("--verify", *named, "a.py", cwd=tmp_path, env=search).returncode == 0


def test_a_device_that_is_not_there(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    done = bn_migrate("--verify", "--device-target", "Ascend", "a.py", cwd=tmp_path)
    assert done.returncode == 2 and b"MindSpore cannot be run" in done.stderr
    assert harvest(tmp_path) == {"a.py": BEFORE}


TROUBLE = """
import os, signal, time
from mindspore import nn

class BatchNorm2d(nn.BatchNorm2d):
    def __init__(self, num_features, eps=1e-05, momentum=0.9, affine=True):
        if num_features == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        if num_features == 5:
            time.sleep(600)
        print("noise on standard output")
        super().__init__(num_features, eps, momentum, affine)
"""


def troubled(folder: Path, monkeypatch: pytest.MonkeyPatch, channels: list[int]) -> dict[int, str | None]:
    """The error of each proof with a class that kills its process for 3 channels and hangs for 5."""
    rule = (shipped_rules() / "batch_norm_2d.toml").read_text("utf-8")
    renamed = rule.replace('name = "mindspore.nn.BatchNorm2d"', 'name = "trouble.BatchNorm2d"', 1)
    plant(folder, {"trouble.py": TROUBLE.encode(), "rules/batch_norm_2d.toml": renamed.encode()})
    monkeypatch.setenv("PYTHONPATH", str(folder))
    pairs = [Pair(f"nn.BatchNorm2d({c})", f"trouble.BatchNorm2d({c})", new_setup="import trouble") for c in channels]
    found = by_path(prove(pairs, rules=folder / "rules", limits=Limits(start=60, case=5)))
    return {c: found[f"pair{i}.py"].cases[0].error for i, c in enumerate(channels)}


def test_a_worker_that_dies_fails_the_case_it_was_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    errors = troubled(tmp_path, monkeypatch, [2, 3, 4])
    assert errors[2] is None and errors[4] is None
    assert "MindSpore process ended (SIGKILL)" in str(errors[3])


def test_a_worker_that_hangs_fails_the_case_it_was_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    errors = troubled(tmp_path, monkeypatch, [5, 6])
    assert errors[6] is None and "no answer for 5 seconds" in str(errors[5])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_the_program(tmp_path: Path, number: int) -> None:
    plant(tmp_path, {"a.py": BEFORE, "tmp/x": b""})
    own = program(tmp_path, "slow-python", f'exec "{sys.executable}" "$@"')
    named = ("--torch-python", own, "--mindspore-python", own)
    variables = environment({"TMPDIR": str(tmp_path / "tmp")})
    process = subprocess.Popen([*PROGRAM, "--verify", *named, "a.py"], cwd=tmp_path, env=variables, stderr=-1)
    mark = str(tmp_path / "tmp")
    deadline = time.monotonic() + 60
    while len(list((tmp_path / "tmp").glob("bn-migrate-*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(number)
    _, messages = process.communicate(timeout=60)
    deadline = time.monotonic() + 60
    while workers_in(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not workers_in(mark)
    assert (tmp_path / "a.py").read_bytes() == BEFORE
    if number == signal.SIGINT:
        assert process.returncode == 130 and b"interrupted" in messages
    if number != signal.SIGKILL:
        assert b"Traceback" not in messages and not list((tmp_path / "tmp").glob("bn-migrate-*"))


def workers_in(folder: str) -> list[int]:
    """The processes that work below ``folder``."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and os.readlink(process / "cwd").startswith(folder):
                found.append(int(process.name))
        except OSError:
            continue
    return found


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory, bare: str) -> bytes:
    """The record of the torch side of a source, made where MindSpore is not installed."""
    folder = plant(tmp_path_factory.mktemp("record"), {"a.py": NAMED})
    done = bn_migrate("--record", "kept.npz", "--mindspore-python", bare, "a.py", cwd=folder)
    assert done.returncode == 0 and b"executions of torch recorded" in done.stdout, done.stderr.decode()
    assert (folder / "a.py").read_bytes() == NAMED
    return (folder / "kept.npz").read_bytes()


@pytest.fixture
def recorded(tmp_path: Path, record: bytes) -> Path:
    """A folder of the test's own with the source and its record."""
    return plant(tmp_path, {"a.py": NAMED, "kept.npz": record})


def test_a_record_replaces_torch(recorded: Path, bare: str) -> None:
    proved = report("--verify", "--against", "kept.npz", "--torch-python", bare, "a.py", cwd=recorded)["verification"]
    assert proved["failed"] == 0 and proved["passed"] >= 5
    assert proved["environment"]["torch"].startswith("2.")
    assert (recorded / "a.py").read_bytes() != NAMED


def test_a_record_finds_a_wrong_rewrite(recorded: Path, bare: str) -> None:
    rule = (shipped_rules() / "batch_norm_2d.toml").read_text("utf-8")
    wrong = rule.replace('action = "complement"', 'action = "keep"')
    plant(recorded, {"rules/batch_norm_2d.toml": wrong.encode()})
    options = ("--against", "kept.npz", "--torch-python", bare, "--rules", "rules")
    done = bn_migrate(*options, "a.py", cwd=recorded)
    assert done.returncode == 1 and b"moving_mean differs" in done.stdout


def test_a_record_holds_no_pickles_and_says_what_it_is(recorded: Path) -> None:
    with np.load(recorded / "kept.npz", allow_pickle=False) as archive:
        header = json.loads(archive["header"].tobytes())
        assert all(archive[name].dtype == np.float32 for name in archive.files if name != "header")
    assert header["hello"]["version"].startswith("2.")
    assert {e["text"] for e in header["entries"]} == {"nn.BatchNorm2d(width, momentum=m)"}


def test_a_proof_can_be_recorded_while_it_runs(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    assert bn_migrate("--verify", "--record", "kept.npz", "a.py", cwd=tmp_path).returncode == 0
    assert (tmp_path / "a.py").read_bytes() == AFTER and (tmp_path / "kept.npz").exists()


def damaged(data: bytes) -> dict[str, bytes]:
    pickled = io.BytesIO()
    np.savez(pickled, header=np.array([{"format": 1}], dtype=object))
    other = io.BytesIO()
    np.savez(other, x=np.zeros(3))
    later = io.BytesIO()
    np.savez(later, header=np.frombuffer(b'{"format": 99}', np.uint8))
    return {
        "cut in half": data[: len(data) // 2],
        "without its end": data[:-10],
        "empty": b"",
        "of another kind": b"hello",
        "pickled": pickled.getvalue(),
        "without a header": other.getvalue(),
        "of a later format": later.getvalue(),
    }


@pytest.mark.parametrize("how", damaged(b""))
def test_a_record_that_is(recorded: Path, how: str) -> None:
    data = damaged((recorded / "kept.npz").read_bytes())[how]
    (recorded / "kept.npz").write_bytes(data)
    done = bn_migrate("--against", "kept.npz", "a.py", cwd=recorded)
    assert done.returncode == 2 and b"--against kept.npz" in done.stderr and b"record it again" in done.stderr
    assert (recorded / "a.py").read_bytes() == NAMED


def test_a_record_of_other_sources(recorded: Path) -> None:
    plant(recorded, {"b.py": BEFORE})
    done = bn_migrate("--against", "kept.npz", "b.py", cwd=recorded)
    assert done.returncode == 2 and b"does not belong to these sources" in done.stderr
    assert b"nn.BatchNorm2d(3, momentum=0.2)" in done.stderr and (recorded / "b.py").read_bytes() == BEFORE


def test_a_record_of_sources_without_rewrites(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE, "b.py": b"x = 1\n"})
    assert bn_migrate("--record", "kept.npz", "b.py", cwd=tmp_path).returncode == 0
    done = bn_migrate("--against", "kept.npz", "a.py", cwd=tmp_path)
    assert done.returncode == 2 and b"does not belong to these sources" in done.stderr


def test_a_record_that_is_not_there(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    done = bn_migrate("--against", "kept.npz", "a.py", cwd=tmp_path)
    assert done.returncode == 2 and b"No such file" in done.stderr


def test_a_record_that_cannot_be_written(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE, "file": b""})
    done = bn_migrate("--verify", "--record", "file/kept.npz", "a.py", cwd=tmp_path)
    assert done.returncode == 2 and b"cannot be written" in done.stderr and (tmp_path / "a.py").read_bytes() == BEFORE


def test_the_worker_is_python_3_8(tmp_path: Path) -> None:
    """It runs under the interpreters of the frameworks, which may be older than this one."""
    import ast

    import migrate.verify.process

    text = migrate.verify.process.WORKER.read_text("utf-8")
    tree = ast.parse(text, feature_version=(3, 8))
    imported = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= set(sys.stdlib_module_names)


def test_no_folder_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    prove([Pair("nn.BatchNorm2d(3)", "ms.nn.BatchNorm2d(3)")], Settings(mode="graph"))
    assert not list(tmp_path.iterdir())
