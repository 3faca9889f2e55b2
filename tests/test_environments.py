"""torch and MindSpore in virtual environments of their own, neither of which holds the other, nor bn-migrate."""

from __future__ import annotations

import subprocess
import venv
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.command import AFTER, BEFORE, bn_migrate, harvest, plant, report
from tests.recorded import occurrences, trace

pytestmark = pytest.mark.slow


def environment(folder: Path, framework: str) -> str:
    """The interpreter of a new environment with a framework and numpy."""
    venv.create(folder, symlinks=True)
    install(folder, framework, "numpy")
    return str(folder / "bin" / "python")


def install(folder: Path, *names: str) -> None:
    """Put distributions, and all that their metadata says they need, into an environment.

    They are those of this interpreter, as pip has unpacked them, by links: unpacking a framework takes minutes.
    """
    (site,) = folder.glob("lib/python*/site-packages")
    for name in needed(names):
        distribution = metadata.distribution(name)
        tops = {Path(file).parts[0] for file in distribution.files or () if ".." not in Path(file).parts}
        for top in tops - {"__pycache__"}:
            if not (site / top).exists():
                (site / top).symlink_to(Path(str(distribution.locate_file(top))))


def needed(names: Iterable[str]) -> set[str]:
    """The distributions that pip would install for these names, without the extras of any."""
    found: set[str] = set()
    left = [canonicalize_name(name) for name in names]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            wanted = [Requirement(line) for line in metadata.requires(name) or ()]
            left += [canonicalize_name(r.name) for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})]
    return found


@pytest.fixture(scope="module")
def separate(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The options that name the two interpreters."""
    folder = tmp_path_factory.mktemp("environments")
    return {f"--{name}-python": environment(folder / name, name) for name in ("torch", "mindspore")}


def test_neither_holds_the_other(separate: dict[str, str]) -> None:
    for option, other in (("--torch-python", "mindspore"), ("--mindspore-python", "torch")):
        for module in (other, "migrate"):
            command = [separate[option], "-I", "-c", f"import {module}"]
            done = subprocess.run(command, cwd="/", capture_output=True, check=False)
            assert done.returncode == 1 and b"ModuleNotFoundError" in done.stderr


@pytest.mark.parametrize("mode", ["pynative", "graph"])
def test_a_proof_across_two_environments(tmp_path: Path, separate: dict[str, str], mode: str) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    named = [word for pair in separate.items() for word in pair]
    proved = report("--verify", "--mode", mode, *named, "a.py", cwd=tmp_path)["verification"]
    assert (proved["passed"], proved["failed"]) == (1, 0) and harvest(tmp_path) == {"a.py": AFTER}


def test_exchanged_environments_are_named(tmp_path: Path, separate: dict[str, str]) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    done = bn_migrate("--verify", "--torch-python", separate["--mindspore-python"], "a.py", cwd=tmp_path)
    assert done.returncode == 2 and b"torch is not installed for" in done.stderr
    done = bn_migrate("--verify", "--mindspore-python", separate["--torch-python"], "a.py", cwd=tmp_path)
    assert done.returncode == 2 and b"MindSpore is not installed for" in done.stderr
    assert harvest(tmp_path) == {"a.py": BEFORE}


def test_a_record_made_in_one_serves_the_other(tmp_path: Path, separate: dict[str, str]) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    recorded = bn_migrate("--record", "kept.npz", "--torch-python", separate["--torch-python"], "a.py", cwd=tmp_path)
    assert recorded.returncode == 0 and harvest(tmp_path)["a.py"] == BEFORE
    options = ("--against", "kept.npz", "--mindspore-python", separate["--mindspore-python"])
    assert bn_migrate(*options, "a.py", cwd=tmp_path).returncode == 0
    assert harvest(tmp_path)["a.py"] == AFTER


def test_a_network_needs_torch_beside_mindspore(tmp_path: Path, separate: dict[str, str]) -> None:
    plant(tmp_path, {"net.py": BEFORE})
    named = [word for pair in separate.items() for word in pair]
    network = ("--network", "net:layer", "--input", "2,3,4,4")
    done = bn_migrate("--verify", *named, *network, "net.py", cwd=tmp_path)
    said = done.stderr.decode()
    assert done.returncode == 2 and harvest(tmp_path) == {"net.py": BEFORE}
    assert "torch, in which a network runs with the layers of MindSpore, is not installed for" in said
    assert f"{separate['--mindspore-python']} -m pip install torch mindspore 'numpy<2'" in said


def test_a_network_runs_where_bn_migrate_is_not_installed(tmp_path: Path, separate: dict[str, str]) -> None:
    """The environment of MindSpore gets torch, too; bn-migrate it does not need."""
    python = separate["--mindspore-python"]
    install(Path(python).parent.parent, "torch")
    plant(tmp_path, {"net.py": BEFORE})
    named = ("--torch-python", separate["--torch-python"], "--mindspore-python", python)
    network = ("--network", "net:layer", "--input", "2,3,4,4")
    done = bn_migrate("--verify", *named, *network, "net.py", cwd=tmp_path)
    assert done.returncode == 0 and harvest(tmp_path) == {"net.py": AFTER}, done.stderr.decode()


def test_a_program_is_recorded_where_bn_migrate_is_not_installed(tmp_path: Path, separate: dict[str, str]) -> None:
    text = """\
import sys
import numpy, torch
layer = torch.nn.BatchNorm2d(3)
print(sys.executable, layer.eps, [m for m in sys.modules if m.partition(".")[0] in ("migrate", "click", "libcst")])
"""
    source = plant(tmp_path, {"main.py": text.encode()}) / "main.py"
    python = separate["--torch-python"]
    done = trace("--torch-python", python, "-o", "t.json", "main.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"{python} 1e-05 []\n"), done.stderr
    seen = [(text, use) for text, use, *_ in occurrences(tmp_path / "t.json", source)]
    assert seen == [("torch.nn.BatchNorm2d(3)", "made"), ("layer.eps", "read")]
    assert report("main.py", "--check", "--trace", "t.json", cwd=tmp_path)["trace"]["with_finding"] == 2
