"""The sdist and the wheel: what is in them, whether an index takes them, and that the programs run from the wheel."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import venv
import zipfile
from email.parser import Parser
from pathlib import Path, PurePosixPath

import pytest

from migrate import __version__
from tests.command import AFTER, BEFORE, REVIEW, environment, git, plant
from tests.test_environments import install

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent
CORE = ("libcst", "click", "rich", "pygments", "pathspec", "platformdirs")
LACKING = {"bn-migrate-checkpoint": "checkpoint", "bn-migrate-lsp": "lsp"}
PROGRAMS = ("bn-migrate", "bn-migrate-trace", "bn-migrate-checkpoint", "bn-migrate-lsp")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sdist, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)], check=True, capture_output=True)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


@pytest.fixture(scope="module")
def programs(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs in an environment that has the wheel and what the core needs, and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, symlinks=True)
    install(folder, *CORE)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
    subprocess.run([*pip, "install", "--quiet", "--no-index", "--no-deps", str(built[1])], check=True)
    subprocess.run([*pip, "check"], check=True)
    return folder / "bin"


def run(program: Path, *args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A program that finds its package where it is installed, not in this checkout."""
    alone = {k: v for k, v in environment().items() if k != "PYTHONPATH"}
    return subprocess.run([program, *args], cwd=cwd, env=alone, capture_output=True, text=True, check=False)


def test_an_index_would_take_both(built: tuple[Path, Path]) -> None:
    command = [sys.executable, "-m", "twine", "check", "--strict", *map(str, built)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.count("PASSED") == 2, done.stdout + done.stderr


def test_what_is_in_them(built: tuple[Path, Path]) -> None:
    with tarfile.open(built[0]) as archive:
        sources = {str(PurePosixPath(*PurePosixPath(name).parts[1:])) for name in archive.getnames()}
    with zipfile.ZipFile(built[1]) as wheel:
        installed = set(wheel.namelist())
    tracked = git("ls-files", cwd=ROOT).decode().splitlines()
    new = git("ls-files", "--others", "--exclude-standard", cwd=ROOT).decode().splitlines()
    modules = {name for name in tracked if name.startswith("migrate/")}
    rules = {f"migrate/{name}" for name in tracked if name.startswith("rules/")}
    assert modules | rules | {"migrate/findings.md"} <= installed
    assert {PurePosixPath(name).parts[0] for name in installed} == {"migrate", f"bn_migrate-{__version__}.dist-info"}
    assert {"LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml", "tests/command.py", "docs/findings.md"} <= sources
    known = {*tracked, *new, "PKG-INFO"}
    assert sorted(sources - known) == [], "nothing that a tool has left behind"


def test_the_metadata_is_true(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[1]) as wheel:
        told = Parser().parsestr(wheel.read(f"bn_migrate-{__version__}.dist-info/METADATA").decode())
    assert (told["Name"], told["Version"], told["License-Expression"]) == ("bn-migrate", __version__, "Apache-2.0")
    assert told["Author"] and told.get_all("Project-URL") is None, "there is no public address to name"
    needs = [line for line in told.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert sorted(line.partition(">")[0] for line in needs) == sorted([*CORE, "tomli"])


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_program_starts_or_says_what_it_lacks(programs: Path, tmp_path: Path, name: str) -> None:
    done = run(programs / name, *([] if name in LACKING else ["--help"]), cwd=tmp_path)
    if name in LACKING:
        assert done.returncode and f"-m pip install 'bn-migrate[{LACKING[name]}]'" in done.stderr
        assert "Traceback" not in done.stderr and done.stdout == ""
    else:
        assert done.returncode == 0 and done.stdout.lower().startswith("usage"), done.stderr


def test_it_migrates_where_neither_framework_is_installed(programs: Path, tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE, "b.py": REVIEW})
    assert run(programs / "bn-migrate", "--explain", "BN101", cwd=tmp_path).stdout.startswith("BN101")
    done = run(programs / "bn-migrate", "--report", "page.html", ".", cwd=tmp_path)
    assert done.returncode == 0 and "1 place to review" in done.stdout, done.stderr
    assert (tmp_path / "a.py").read_bytes() == AFTER and "BN201" in (tmp_path / "page.html").read_text("utf-8")
    done = run(programs / "bn-migrate", "--verify", "--check", ".", cwd=tmp_path)
    assert done.returncode == 2 and "-m pip install 'bn-migrate[verify]'" in done.stderr
