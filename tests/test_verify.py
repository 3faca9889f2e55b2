"""``--verify`` on the command line: what is proved, what is held back, and what every report says of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from migrate.rules import shipped_rules
from tests.command import AFTER, BEFORE, BROKEN, REVIEW, bn_migrate, harvest, on_terminal, plant, report
from tests.test_configuration import GROUP_NORM, GROUPS

pytest.importorskip("torch")
pytest.importorskip("mindspore")

SAMPLES = Path(__file__).parent.parent / "samples"
ONE = b"import torch.nn as nn\n\nlayer = nn.BatchNorm1d(3, momentum=0.2)\n"
MEASURES = ("train", "eval", "moving_mean", "moving_variance", "grad_input", "grad_gamma", "grad_beta")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two files, of which one goes wrong under `--rules wrong`: a rule that copies the momentum."""
    rule = (shipped_rules() / "batch_norm_1d.toml").read_text("utf-8")
    copied = '[[parameter]]\nname = "momentum"\ndefault = 0.1\nsamples = [0.3, 0]\n'
    wrong = rule.replace("[proof]", f"{copied}[proof]")
    return plant(tmp_path, {"src/one.py": ONE, "src/two.py": BEFORE, "wrong/batch_norm_1d.toml": wrong.encode()})


def test_proved_rewrites_are_written(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE, "b.py": REVIEW})
    done = bn_migrate("--verify", "a.py", "b.py", cwd=tmp_path)
    assert done.returncode == 0 and harvest(tmp_path) == {"a.py": AFTER, "b.py": REVIEW}
    assert b"1 of 1 distinct call proved" in done.stdout


def test_a_file_with_a_failed_proof_is_not_written_and_the_others_are(tree: Path) -> None:
    done = bn_migrate("--verify", "--rules", "wrong", "src", cwd=tree)
    assert done.returncode == 1
    assert harvest(tree / "src") == {"one.py": ONE, "two.py": AFTER}
    text = done.stdout.decode()
    assert "src/one.py:3: BN907 proof failed: moving_mean differs by" in text
    assert "src/one.py: not migrated" in text and "1 of 2 distinct calls proved" in text


def test_a_failed_proof_names_the_measure_and_shows_it(tree: Path) -> None:
    """The printed script can be run as it is; it prints what the two frameworks make of the same input."""
    text = bn_migrate("--verify", "--rules", "wrong", "--check", "src", cwd=tree).stdout.decode()
    lines = text[text.index("To see it, run:") :].splitlines()[1:]
    script = "\n".join(line[4:] for line in lines if line.startswith("    "))
    printed: list[tuple[Any, ...]] = []
    exec(compile(script, "script", "exec"), {"print": lambda *a: printed.append(a)})
    (_, ours), (_, theirs) = printed
    assert abs(ours - theirs).max() > 0.01


def test_a_held_file_is_not_in_the_diff(tree: Path) -> None:
    done = bn_migrate("--verify", "--rules", "wrong", "--diff", "src", cwd=tree)
    assert done.returncode == 1 and b"two.py" in done.stdout and b"one.py" not in done.stdout
    assert b"src/one.py: not migrated" in done.stderr


def test_a_held_file_goes_into_the_output_as_it_was(tree: Path) -> None:
    done = bn_migrate("--verify", "--rules", "wrong", "--output", "out", "src", cwd=tree)
    assert done.returncode == 1 and harvest(tree / "out") == {"one.py": ONE, "two.py": AFTER}


def test_standard_input(tree: Path) -> None:
    done = bn_migrate("-", "--verify", stdin=BEFORE)
    assert (done.returncode, done.stdout) == (0, AFTER) and b"1 of 1" in done.stderr
    failed = bn_migrate("-", "--verify", "--rules", "wrong", cwd=tree, stdin=ONE)
    assert (failed.returncode, failed.stdout) == (1, b"") and b"<stdin>:3: BN907" in failed.stderr


@pytest.mark.parametrize("option", ["--check", "--diff"])
def test_nothing_is_written_where_nothing_is_asked_to(tmp_path: Path, option: str) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    assert bn_migrate("--verify", option, ".", cwd=tmp_path).returncode == (option == "--check")
    assert harvest(tmp_path) == {"a.py": BEFORE}


def test_errors_count_more_than_proofs(tree: Path) -> None:
    plant(tree, {"src/broken.py": BROKEN})
    done = bn_migrate("--verify", "--rules", "wrong", "src", cwd=tree)
    assert done.returncode == 2 and harvest(tree / "src")["two.py"] == AFTER


def test_without_rewrites_no_framework_is_needed(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": REVIEW})
    done = bn_migrate("--verify", "--torch-python", "/bin/false", "--mindspore-python", "/bin/false", ".", cwd=tmp_path)
    assert done.returncode == 0 and b"No rewritten call to prove" in done.stdout


def test_json(tree: Path) -> None:
    document = report("--verify", "--rules", "wrong", "--check", "src", cwd=tree)
    proved = document["verification"]
    assert proved["environment"].keys() == {"device", "mode", "torch", "mindspore", "numpy"}
    assert (proved["passed"], proved["failed"], proved["networks"]) == (1, 1, [])
    failed, passed = proved["cases"]
    assert failed["before"] == "nn.BatchNorm1d(3, momentum=0.2)" and failed["sites"] == ["src/one.py:3"]
    assert passed["after"] == "ms.nn.BatchNorm2d(3, momentum=0.8)" and passed["bindings"] == {}
    assert not failed["passed"] and failed["snippet"] and passed["passed"] and passed["snippet"] is None
    for case in proved["cases"]:
        assert case["error"] is None and set(MEASURES) <= case["measures"].keys()
        assert all(m["max_abs"] <= m["bound"] for m in case["measures"].values()) == case["passed"]
    assert [f["changed"] for f in document["files"]] == [False, True] and document["summary"]["changed"] == 1


def test_json_without_a_proof(tmp_path: Path) -> None:
    assert report("--check", plant(tmp_path, {"a.py": BEFORE}))["verification"] is None


def test_github_annotations(tree: Path) -> None:
    done = bn_migrate("--verify", "--rules", "wrong", "--check", "--format", "github", "src", cwd=tree)
    assert b"::error file=src/one.py,line=3,title=bn-migrate::BN907 proof failed: moving_mean differs" in done.stdout


def test_sarif(tree: Path) -> None:
    done = bn_migrate("--verify", "--rules", "wrong", "--check", "--format", "sarif", "src", cwd=tree)
    (invocation,) = json.loads(done.stdout)["runs"][0]["invocations"]
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification["descriptor"]["id"] == "BN907" and not invocation["executionSuccessful"]


def test_quiet(tree: Path) -> None:
    done = bn_migrate("--verify", "--rules", "wrong", "--quiet", "src", cwd=tree)
    assert done.stdout == b"" and done.stderr.startswith(b"bn-migrate: src/one.py:3: BN907 proof failed")


def test_verbose_lists_every_case(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": b"import torch.nn as nn\n\ndef f(width):\n    return nn.BatchNorm2d(width)\n"})
    done = bn_migrate("--verify", "--verbose", "--check", ".", cwd=tmp_path).stdout.decode()
    assert [f"width = {n}" in done for n in (1, 3, 8)] == [True] * 3
    assert "width = " not in bn_migrate("--verify", "--check", ".", cwd=tmp_path).stdout.decode()


def test_a_terminal_sees_a_progress_bar_and_a_table_that_fits(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    seen = on_terminal("--verify", "--check", ".", cwd=tmp_path)
    assert "Proving" in seen and "1 of 1 distinct call proved" in seen


def test_the_published_example_starts_in_training_mode_on_both_sides() -> None:
    done = bn_migrate(SAMPLES / "published_example.py", "--verify", "--diff")
    assert done.returncode == 0 and b"+    m = ms.nn.BatchNorm2d(" in done.stdout
    assert b"torch gives -1 1, MindSpore -1 1" in done.stderr


@pytest.mark.parametrize("mode", ["pynative", "graph"])
def test_all_samples_are_proved(mode: str) -> None:
    document = report("--verify", "--mode", mode, "--check", SAMPLES)
    assert document["verification"]["failed"] == 0 and document["verification"]["passed"] > 20
    assert document["verification"]["environment"]["mode"] == mode


def test_every_class_of_the_rules_is_proved(tmp_path: Path) -> None:
    names = ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm")
    calls = "".join(f"x = nn.{name}(4, 1e-3, 0.3, affine=False)\ny = nn.{name}(4, momentum=0.2)\n" for name in names)
    plant(tmp_path, {"a.py": b"import torch.nn as nn\n" + calls.encode()})
    proved = report("--verify", "--check", ".", cwd=tmp_path)["verification"]
    assert (proved["passed"], proved["failed"]) == (8, 0), proved["cases"]


def test_a_target_that_this_device_cannot_run_fails_with_its_own_words(tmp_path: Path) -> None:
    """mint.nn has no kernels for the CPU: the proof says so, and nothing is written."""
    plant(tmp_path, {"a.py": BEFORE})
    done = bn_migrate("--verify", "--target", "mindspore.mint.nn", ".", cwd=tmp_path)
    assert done.returncode == 1 and b"BatchNormExt" in done.stdout and harvest(tmp_path) == {"a.py": BEFORE}


def test_a_call_for_a_class_with_torchs_convention_is_refused(tmp_path: Path) -> None:
    """A later MindSpore may change the class itself; its signature tells, and no proof is pretended."""
    rule = (shipped_rules() / "batch_norm_2d.toml").read_text("utf-8")
    changed = rule.replace('name = "mindspore.nn.BatchNorm2d"', 'name = "mindspore.mint.nn.BatchNorm2d"', 1)
    plant(tmp_path, {"src/a.py": BEFORE, "rules/batch_norm_2d.toml": changed.encode()})
    done = bn_migrate("--verify", "--rules", "rules", "src", cwd=tmp_path)
    assert done.returncode == 1 and b"follows torch's own convention" in done.stdout
    assert harvest(tmp_path / "src") == {"a.py": BEFORE}


def test_a_rule_about_other_parameters_stops_the_run(tmp_path: Path) -> None:
    rule = (shipped_rules() / "batch_norm_2d.toml").read_text("utf-8")
    swapped = rule.replace('name = "eps"', 'name = "x"').replace('name = "momentum"', 'name = "eps"')
    changed = swapped.replace('name = "x"', 'name = "momentum"')
    plant(tmp_path, {"src/a.py": BEFORE, "rules/batch_norm_2d.toml": changed.encode()})
    done = bn_migrate("--verify", "--rules", "rules", "src", cwd=tmp_path)
    assert done.returncode == 2 and b"num_features, eps, momentum" in done.stderr


def test_a_rule_without_a_proof_table_cannot_be_proved(tmp_path: Path) -> None:
    plant(tmp_path, {"src/a.py": GROUPS, "rules/group_norm.toml": GROUP_NORM})
    done = bn_migrate("--verify", "--rules", "rules", "src", cwd=tmp_path)
    assert done.returncode == 1 and b"has no [proof] table" in done.stdout
    assert harvest(tmp_path / "src") == {"a.py": GROUPS}


USAGE = {
    "an option of a proof": (["--mode", "graph"], b"--mode goes with --verify"),
    "an interpreter": (["--torch-python", "python"], b"--torch-python goes with --verify"),
    "both records": (["--record", "a.npz", "--against", "b.npz"], b"not both"),
    "a record without a name": (["--record", ""], b"--record: a name is expected"),
    "a record and an output": (["--record", "a.npz", "--output", "out"], b"proves nothing"),
}


@pytest.mark.parametrize("what", USAGE)
def test_options_that_do_not_go_together(tmp_path: Path, what: str) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    options, said = USAGE[what]
    done = bn_migrate(*options, "a.py", cwd=tmp_path)
    assert done.returncode == 2 and said in done.stderr and harvest(tmp_path) == {"a.py": BEFORE}
