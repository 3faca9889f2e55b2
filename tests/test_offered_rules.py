"""Rule files that come along and are used on request: `rules/more`, as `--rules` names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrate.engine import Options, migrate_bytes
from migrate.errors import UsageError
from migrate.places import offered_rules
from migrate.rules import load_rules
from tests.cases import FOLDER, Case, described, fail_unless_same, lines_of, read_cases
from tests.command import bn_migrate, harvest, plant

NAMES = tuple(map(Path, offered_rules()))
CASES = read_cases(FOLDER / "offered" / "norms.md")
CODE = b"from torch import nn\n\nlayers = nn.LayerNorm(8), nn.GroupNorm(2, 8), nn.BatchNorm2d(8, momentum=0.2)\n"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_case(case: Case) -> None:
    result = migrate_bytes(case.before.encode(), "case.py", Options(rules=NAMES))
    after = result.after.decode()
    fail_unless_same(case.place, "text", case.after.splitlines(), after.splitlines())
    fail_unless_same(case.place, "findings", lines_of(case.findings), lines_of(map(described, result.findings)))
    assert migrate_bytes(result.after, "case.py", Options(rules=NAMES)).after == result.after
    assert not [f.message for f in result.findings if "batch norm" in f.message.lower() or "BatchNorm" in f.message]


def test_nothing_of_them_is_used_unless_it_is_asked_for(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": CODE})
    assert bn_migrate("a.py", cwd=tmp_path).returncode == 0
    alone = harvest(tmp_path)["a.py"]
    assert b"nn.LayerNorm(8), nn.GroupNorm(2, 8), ms.nn.BatchNorm2d(8, momentum=0.8)" in alone
    assert bn_migrate("a.py", "--rules", "group_norm", cwd=tmp_path).returncode == 0
    assert b"nn.LayerNorm(8), ms.nn.GroupNorm(2, 8), ms.nn.BatchNorm2d(8, momentum=0.8)" in harvest(tmp_path)["a.py"]


def test_a_configuration_names_them_and_a_folder_of_that_name_comes_first(tmp_path: Path) -> None:
    configuration = b'[tool.bn-migrate]\nrules = ["layer_norm"]\n'
    plant(tmp_path, {"pyproject.toml": configuration, "pkg/a.py": CODE})
    assert bn_migrate("pkg", "--check", cwd=tmp_path).returncode == 1
    assert b"ms.nn.LayerNorm((8,), epsilon=1e-05)" in bn_migrate("pkg", "--diff", cwd=tmp_path).stdout
    plant(tmp_path, {"layer_norm/none.txt": b""})
    done = bn_migrate("pkg", "--diff", cwd=tmp_path)
    assert done.returncode == 2 and b"no rule file (*.toml) here" in done.stderr


def test_a_name_that_does_not_come_along_is_told_those_that_do() -> None:
    with pytest.raises(UsageError, match=r"rms_norm: no rule file .*: group_norm, instance_norm_2d, layer_norm$"):
        load_rules("mindspore.nn", (Path("rms_norm"),))
    with pytest.raises(UsageError, match=r"instance_norm_2d\.toml: target: no table for 'mindspore\.mint\.nn'"):
        load_rules("mindspore.mint.nn", (Path("instance_norm_2d"),))


def test_a_file_keeps_those_tables_of_another_that_it_names(tmp_path: Path) -> None:
    own = 'schema = 1\nname = "X"\nextends = "batch_norm_2d"\nkeeps = ["initializer"]\n[source]\nname = "torch.nn.X"\n'
    targets = "".join(f'[target."{t}"]\nname = "{t}.X"\n' for t in ("mindspore.nn", "mindspore.mint.nn"))
    plant(tmp_path, {"x.toml": (own + targets).encode()})
    rule = next(r for r in load_rules("mindspore.nn", (tmp_path,)).rules if r.name == "X")
    assert rule.initializers and not (rule.parameters or rule.attributes or rule.methods or rule.proof)
