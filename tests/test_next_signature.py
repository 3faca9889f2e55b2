"""``--from mindspore``: calls of MindSpore's classes become those of its next signatures, and are proved so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrate.engine import Options, migrate_bytes, migrate_files
from tests.cases import FOLDER, Case, described, fail_unless_same, read_cases
from tests.command import bn_migrate, harvest, plant

CASES = read_cases(FOLDER / "signatures" / "next.md")
NEXT = Options(onto="2.12")


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_case(case: Case) -> None:
    result = migrate_bytes(case.before.encode(), "case.py", NEXT)
    assert result.error is None
    fail_unless_same(case.place, "text", case.after.splitlines(), result.after.decode().splitlines())
    fail_unless_same(case.place, "findings", case.findings, [described(f) for f in result.findings])


def test_what_is_rewritten_is_proved_against_the_announced_classes(tmp_path: Path) -> None:
    pytest.importorskip("mindspore", reason="MindSpore: pip install -e '.[verify]'")
    from tests.next_mindspore import interpreter

    program = interpreter(tmp_path / "shim")
    plant(tmp_path / "src", {f"case{i}.py": case.before.encode() for i, case in enumerate(CASES)})
    given = ["--from", "mindspore", "--verify", "--format", "json"]
    refused = json.loads(bn_migrate(*given, "--check", "src", cwd=tmp_path).stdout)["verification"]
    changed = {c["before"] for c in refused["cases"] if not c["passed"]}
    done = bn_migrate(*given, "--mindspore-python", program, "src", cwd=tmp_path)
    proved = json.loads(done.stdout)["verification"]
    told = [c for c in proved["cases"] if "SyncBatchNorm" not in c["before"]]  # the announced one is not in the copy
    assert len(told) > 8 and all(c["passed"] for c in told), [c for c in told if not c["passed"]]
    assert "nn.BatchNorm2d(8, momentum=0.97, eps=1e-3)" in changed, "the present class has another signature"
    after = harvest(tmp_path / "src")
    assert after["case0.py"].decode().splitlines() == CASES[0].after.splitlines()


def test_a_class_of_another_file_and_a_file_that_must_not_change() -> None:
    files = [
        ("norms.py", b"from mindspore import nn\nNorm = nn.BatchNorm2d\n"),
        ("use.py", b"from norms import Norm\nx = Norm(3, momentum=0.9)\n"),
        ("left.py", b"from norms import Norm\nx = Norm(3, momentum=0.9)\n"),
    ]
    done = {r.path: r for r in migrate_files(files, Options(onto="2.12", as_they_are=frozenset({"left.py"})))}
    assert done["use.py"].after == b"from norms import Norm\nx = Norm(3, momentum=0.1)\n"
    assert not done["left.py"].changed and not done["norms.py"].findings


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--mindspore-version", "2.10"], b"change with 2.12, and 2.10 is before that"),
        (["--target", "mindspore.mint.nn"], b"does not go with --target mindspore.mint.nn"),
    ],
)
def test_a_version_or_target_without_another_signature_is_a_mistake(
    tmp_path: Path, options: list[str], said: bytes
) -> None:
    plant(tmp_path, {"a.py": CASES[0].before.encode()})
    done = bn_migrate("--from", "mindspore", *options, ".", cwd=tmp_path)
    assert done.returncode == 2 and said in done.stderr
    assert harvest(tmp_path)["a.py"] == CASES[0].before.encode()


def test_code_for_torch_is_left_alone_and_the_others_too() -> None:
    text = b"from torch import nn\nx = nn.BatchNorm2d(3, momentum=0.1)\nx.running_mean\n"
    assert migrate_bytes(text, "a.py", NEXT).findings == ()
