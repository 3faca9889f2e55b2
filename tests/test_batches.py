"""Batches in worker processes and on a cluster: the same results, whoever dies."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrate.runner import WORTH_A_POOL
from tests.command import AFTER, BEFORE, BROKEN, bn_migrate, environment, harvest, plant, started

CROSSING = {
    "net.py": b"import torch.nn as nn\n\ndef make(c, norm=nn.BatchNorm2d):\n    return norm(c, momentum=0.2)\n",
    "use.py": b"from net import make\n\nlayer = make(3)\nlayer.weight.data.fill_(1)\n",
}


def tree(folders: int, functions: int = 40) -> dict[str, bytes]:
    """Packages that do not know each other, each of two files, and worth worker processes together."""
    filler = b"".join(b"def f%d(x):\n    return nn.BatchNorm2d(%d)(x)\n" % (i, i + 1) for i in range(functions))
    comment = b"# " + b"x" * (WORTH_A_POOL // folders) + b"\n"
    made = {}
    for i in range(folders):
        made[f"p{i:02}/net.py"] = CROSSING["net.py"] + filler + comment
        made[f"p{i:02}/use.py"] = CROSSING["use.py"]
    return made


def alike(folder: Path, files: dict[str, bytes]) -> dict[str, bytes]:
    """What becomes of the files of a tree, found for one of its packages by one process: they are all alike."""
    plant(folder, {name: data for name, data in files.items() if name.startswith("p00/")})
    bn_migrate("--no-cache", "--jobs", "1", ".", cwd=folder)
    done = harvest(folder)
    return {name: done["p00/" + name.partition("/")[2]] for name in files}


def goes_on(folder: Path, before: dict[str, bytes]) -> bool:
    """Whether a run that rewrites a tree in place was not over before a worker could be killed."""
    last = max(name for name in before if name.endswith("net.py"))
    return (folder / last).read_bytes() == before[last]


def children(process: subprocess.Popen[bytes]) -> list[int]:
    """The worker processes that ``process`` has started."""
    found = []
    for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
        with contextlib.suppress(OSError):
            if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(int(pid))
    return found


def test_any_number_of_processes_says_and_writes_the_same(tmp_path: Path) -> None:
    plant(tmp_path / "src", {**tree(12), "broken.py": BROKEN, "a.py": BEFORE})
    done = [
        bn_migrate("--no-cache", "--jobs", n, "--format", "json", "--output", f"out{n}", "src", cwd=tmp_path)
        for n in ("1", "2", "5")
    ]
    assert len({d.stdout for d in done}) == 1 and {d.returncode for d in done} == {2}
    written = [harvest(tmp_path / f"out{n}") for n in ("1", "2", "5")]
    assert written[0] == written[1] == written[2] and b"gamma" in written[0]["p03/use.py"]


def test_a_worker_that_is_killed_costs_nothing(tmp_path: Path) -> None:
    """What is left is done by processes of its own, a package each: so there are few."""
    before = tree(8, functions=240)
    expected = alike(tmp_path / "one", before)
    process = started("--no-cache", "--jobs", "2", ".", cwd=plant(tmp_path / "src", before))
    deadline = time.monotonic() + 60
    while len(children(process)) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.5)
    os.kill(children(process)[0], signal.SIGKILL)
    assert goes_on(tmp_path / "src", before)
    said, messages = process.communicate(timeout=120)
    assert process.returncode == 0, (said + messages).decode()
    assert harvest(tmp_path / "src") == expected


@pytest.mark.parametrize("later", [0, 0.05, 0.1, 0.2])
def test_ctrl_c_ends_the_workers(tmp_path: Path, later: float) -> None:
    """Also while they start: none of them says anything."""
    plant(tmp_path, tree(24, functions=150))
    before = harvest(tmp_path)
    process = started("--no-cache", "--jobs", "2", "--check", ".", cwd=tmp_path, start_new_session=True)
    deadline = time.monotonic() + 60
    while len(workers := children(process)) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(later)
    os.killpg(process.pid, signal.SIGINT)
    _, messages = process.communicate(timeout=60)
    assert process.returncode == 130 and b"Traceback" not in messages and b"interrupted" in messages
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
    assert harvest(tmp_path) == before


@contextlib.contextmanager
def cluster(folder: Path, workers: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The address of a real scheduler on this machine, and its worker processes, which work in another folder."""
    (folder / "elsewhere").mkdir(parents=True)
    variables = environment({"DASK_DISTRIBUTED__WORKER__DAEMON": "False"})
    named = folder / "scheduler.json"
    options = ["--scheduler-file", str(named)]
    own = [sys.executable, "-m", "distributed.cli.dask_scheduler", *options, "--host", "127.0.0.1"]
    started = [subprocess.Popen([*own, "--port", "0", "--no-dashboard"], env=variables, stderr=subprocess.DEVNULL)]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", *options, "--nthreads", "1", "--no-nanny"]
    try:
        for _ in range(workers):
            started.append(
                subprocess.Popen(
                    [*worker, "--no-dashboard"], cwd=folder / "elsewhere", env=variables, stderr=subprocess.DEVNULL
                )
            )
        deadline = time.monotonic() + 60
        while not (named.exists() and named.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        yield json.loads(named.read_text())["address"], started[1:]
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_a_cluster_finds_what_one_process_finds(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    plant(tmp_path / "src", {**tree(6), "broken.py": BROKEN})
    rule = (Path(__file__).parent.parent / "rules/batch_norm_2d.toml").read_bytes()
    plant(tmp_path, {"own/batch_norm_2d.toml": rule.replace(b'action = "complement"', b'action = "keep"')})
    with cluster(tmp_path / "cluster", 2) as (address, _):
        for options in ([], ["--rules", "own"]):
            alone = bn_migrate("--no-cache", "--format", "json", "--check", *options, "src", cwd=tmp_path)
            command = ("--no-cache", "--format", "json", "--check", "--dask", address, *options, "src")
            done = bn_migrate(*command, cwd=tmp_path)
            assert done.stdout == alone.stdout and done.returncode == alone.returncode == 2


def test_a_batch_whose_worker_dies_goes_to_another(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    before = tree(24, functions=80)
    expected = alike(tmp_path / "one", before)
    plant(tmp_path / "src", before)
    with cluster(tmp_path / "cluster", 2) as (address, workers):
        process = started("--no-cache", "--dask", address, "src", cwd=tmp_path)
        deadline = time.monotonic() + 60
        while (tmp_path / "src/p00/net.py").read_bytes() == before["p00/net.py"] and time.monotonic() < deadline:
            time.sleep(0.005)
        workers[0].kill()
        assert goes_on(tmp_path / "src", before)
        said, messages = process.communicate(timeout=120)
    assert process.returncode == 0, (said + messages).decode()
    assert harvest(tmp_path / "src") == expected


def test_a_scheduler_that_does_not_answer(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    plant(tmp_path, {"a.py": BEFORE})
    assert bn_migrate("--check", "a.py", cwd=tmp_path).returncode == 1  # which the cache keeps
    for address, *options in (["tcp://127.0.0.1:9"], ["tcp://127.0.0.1:9", "--no-cache"], ["nonsense"]):
        done = bn_migrate("--dask", address, *options, "a.py", cwd=tmp_path)
        assert done.returncode == 2 and f"--dask {address}".encode() in done.stderr
        assert (tmp_path / "a.py").read_bytes() == BEFORE != AFTER
