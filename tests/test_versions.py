"""Versions of MindSpore: which signature is written, how it is told, and that a proof sees a wrong one."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from migrate.engine import Options, migrate_bytes
from migrate.rules import load_rules
from migrate.versions import installed_version
from tests.command import bn_migrate, harvest, plant

shim = pytest.importorskip("tests.next_mindspore")
pytest.importorskip("mindspore", reason="MindSpore: pip install -e '.[verify]'")

HEAD = b"from torch import nn\n"
PLAIN = HEAD + b"a = nn.BatchNorm2d(8)\n"
GIVEN = HEAD + b"b = nn.BatchNorm2d(8, momentum=0.2)\nc = nn.BatchNorm2d(8, 1e-3, 0.3, True, False)\n"
OLD = b"b = ms.nn.BatchNorm2d(8, momentum=0.8)\nc = ms.nn.BatchNorm2d(8, 1e-3, 0.7, True, use_batch_statistics=True)\n"
NEW = b"b = ms.nn.BatchNorm2d(8, momentum=0.2)\nc = ms.nn.BatchNorm2d(8, 1e-3, 0.3, True, False)\n"


@pytest.fixture(scope="module")
def announced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shim.interpreter(tmp_path_factory.mktemp("next") / "shim")


@pytest.mark.parametrize(
    ("version", "after"), [("", OLD), ("2.2", OLD), ("2.11.1", OLD), ("2.12", NEW), ("2.12.0", NEW), ("3", NEW)]
)
def test_a_version_decides_what_is_written(version: str, after: bytes) -> None:
    result = migrate_bytes(GIVEN, "a.py", Options(version=version))
    assert result.after.endswith(after)


@pytest.mark.parametrize(("version", "after"), [("2.10", OLD), ("2.12", NEW)])
def test_the_option_and_its_key(tmp_path: Path, version: str, after: bytes) -> None:
    plant(tmp_path / "a", {"a.py": GIVEN})
    assert bn_migrate("--mindspore-version", version, "a", cwd=tmp_path).returncode == 0
    plant(
        tmp_path / "b",
        {"a.py": GIVEN, "pyproject.toml": f'[tool.bn-migrate]\nmindspore-version = "{version}"\n'.encode()},
    )
    assert bn_migrate("b", cwd=tmp_path).returncode == 0
    assert harvest(tmp_path / "a")["a.py"].endswith(after) and harvest(tmp_path / "b")["a.py"].endswith(after)


def test_a_version_that_is_none_is_a_mistake(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": GIVEN})
    done = bn_migrate("--mindspore-version", "next", ".", cwd=tmp_path)
    assert done.returncode == 2 and b"such as 2.10" in done.stderr and harvest(tmp_path) == {"a.py": GIVEN}


def test_the_installed_source_tells_the_signature_and_is_not_imported(tmp_path: Path) -> None:
    plant(tmp_path / "src", {"a.py": GIVEN})
    path = os.pathsep.join([str(shim.installed(tmp_path / "site")), *sys.path])
    done = bn_migrate("src", cwd=tmp_path, env={"PYTHONPATH": path})
    assert (done.returncode, done.stderr) == (0, b"")
    assert harvest(tmp_path / "src")["a.py"].endswith(NEW)


def test_where_nothing_tells_it_the_present_one_is_written_and_said_once(tmp_path: Path) -> None:
    plant(tmp_path / "src", {"a.py": GIVEN, "b.py": GIVEN})
    plant(tmp_path / "site", {"mindspore/__init__.py": b""})
    path = os.pathsep.join([str(tmp_path / "site"), *sys.path])
    done = bn_migrate("src", cwd=tmp_path, env={"PYTHONPATH": path})
    assert done.returncode == 0 and done.stderr.count(b"--mindspore-version") == 1
    assert harvest(tmp_path / "src")["a.py"].endswith(OLD)


def test_what_is_installed_here_has_the_present_signature(tmp_path: Path) -> None:
    rules = load_rules("mindspore.nn").rules
    assert installed_version(rules, sys.executable) == "0"
    assert installed_version(rules, str(tmp_path / "none")) is None


PROOFS = {
    "the present one by the present rule": (False, "2.10", True),
    "the announced one by its rule": (True, "2.12", True),
    "the announced one by the present rule": (True, "2.10", False),
    "the present one by the announced rule": (False, "2.12", False),
}


@pytest.mark.parametrize(("is_next", "version", "passes"), PROOFS.values(), ids=PROOFS)
def test_a_proof_accepts_what_is_right_and_refuses_arguments_of_the_other_signature(
    tmp_path: Path, announced: Path, is_next: bool, version: str, passes: bool
) -> None:
    program = ["--mindspore-python", str(announced)] if is_next else []
    plant(tmp_path, {"plain.py": PLAIN, "given.py": GIVEN})
    options = ["--verify", "--mindspore-version", version, *program, "--format", "json", "."]
    done = bn_migrate(*options, cwd=tmp_path)
    cases = {c["before"]: c["passed"] for c in json.loads(done.stdout)["verification"]["cases"]}
    assert cases["nn.BatchNorm2d(8)"], cases
    assert {passed for before, passed in cases.items() if before != "nn.BatchNorm2d(8)"} == {passes}, cases
    after = harvest(tmp_path)
    assert after["plain.py"].endswith(b"a = ms.nn.BatchNorm2d(8)\n")
    assert (after["given.py"] == GIVEN) is not passes


CALLS = b"""from mindspore import nn
a = nn.BatchNorm2d(8, momentum=0.1)
b = nn.BatchNorm2d(8, use_batch_statistics=True)
c = nn.BatchNorm2d(8, track_running_stats=False)
d = nn.BatchNorm2d(8, 0.9)
e = nn.BatchNorm2d(8, gamma_init=0, momentum=0.9)
"""
# The lines with a finding, by version: what is torch's under the present signature is right under the next one.
REVIEWED = {"2.11": {2: "BN401", 3: "BN404", 4: "BN403", 5: "BN403"}, "2.12": {3: "BN403", 6: "BN403"}}


@pytest.mark.parametrize(("version", "reviewed"), REVIEWED.items(), ids=REVIEWED)
def test_code_on_mindspore_is_reviewed_by_the_signature_of_its_version(version: str, reviewed: dict[int, str]) -> None:
    findings = migrate_bytes(CALLS, "a.py", Options(version=version)).findings
    assert {f.line: f.code for f in findings} == reviewed
    assert [f.line for f in findings if "--from mindspore" in f.message] == ([3, 6] if version == "2.12" else [])


def test_classes_whose_signature_stays_tell_no_version(tmp_path: Path) -> None:
    rules = load_rules("mindspore.nn", (Path("group_norm"),)).rules
    alone = tuple(rule for rule in rules if not rule.target.convention)
    assert len(alone) == 1 and installed_version(alone, sys.executable) is None
    assert installed_version(rules, sys.executable) == "0"
