"""The hooks of ``.pre-commit-hooks.yaml`` under the real pre-commit, in a repository that commits with them."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import yaml

from tests.command import AFTER, BEFORE, REVIEW, git, plant
from tests.hooked import HOOKS, IDENTITY, ROOT, commit, hooked, local, run

pytest.importorskip("pre_commit")
CI = (ROOT / "docs/ci.md").read_text("utf-8")
PRINTED = {
    "README.md": (ROOT / "README.md").read_text("utf-8").partition("```yaml\n")[2].partition("```")[0],
    "docs/ci.md": CI.partition("```yaml\n")[2].partition("```")[0],
    "the example": (ROOT / "docs/examples/pre-commit-config.yaml").read_text("utf-8"),
}
TAKES_A_CLASS = b"def make(norm):  # BatchNorm\n    return norm(3, momentum=0.1)\n"
HANDS_IT_OVER = b"from torch import nn\nfrom lib import make\n\nnet = make(nn.BatchNorm2d)\n"


def test_a_commit_is_stopped_once_and_the_file_rewritten(tmp_path: Path) -> None:
    folder = hooked(tmp_path / "repo", local("bn-migrate"), {"a.py": BEFORE})
    passed, said = commit(folder)
    assert not passed and "files were modified by this hook" in said and "1 file rewritten" in said
    assert (folder / "a.py").read_bytes() == AFTER
    passed, said = commit(folder, "a.py")
    assert passed, said
    assert git("show", "HEAD:a.py", cwd=folder) == AFTER


def test_a_file_that_did_not_change_is_migrated_with_the_one_that_reaches_it(tmp_path: Path) -> None:
    """Were only the committed file rewritten, MindSpore's class would get torch's momentum, and no one would notice."""
    folder = hooked(tmp_path / "repo", local("bn-migrate"), {"lib.py": TAKES_A_CLASS})
    assert commit(folder)[0]
    plant(folder, {"a.py": HANDS_IT_OVER})
    passed, _ = commit(folder, "a.py")
    assert not passed and b"ms.nn.BatchNorm2d" in (folder / "a.py").read_bytes()
    assert b"momentum=0.9" in (folder / "lib.py").read_bytes()


def test_a_review_is_shown_and_does_not_stop(tmp_path: Path) -> None:
    folder = hooked(tmp_path / "repo", local("bn-migrate"), {"a.py": REVIEW})
    passed, said = commit(folder)
    assert passed and "a.py:3:9 BN201 review " in said


def test_a_review_stops_where_strict_is_asked(tmp_path: Path) -> None:
    folder = hooked(tmp_path / "repo", local("bn-migrate", args=["--strict"]), {"a.py": REVIEW})
    passed, said = commit(folder)
    assert not passed and "a.py:3:9 BN201 review " in said and "files were modified" not in said
    assert (folder / "a.py").read_bytes() == REVIEW


def test_the_check_stops_and_leaves_the_file_alone(tmp_path: Path) -> None:
    folder = hooked(tmp_path / "repo", local("bn-migrate-check"), {"a.py": BEFORE})
    passed, said = commit(folder)
    assert not passed and "1 file would be rewritten" in said and (folder / "a.py").read_bytes() == BEFORE
    plant(folder, {"a.py": AFTER})
    assert commit(folder, "a.py")[0]


def test_a_commit_without_python_runs_nothing(tmp_path: Path) -> None:
    folder = hooked(tmp_path / "repo", local("bn-migrate"), {"a.md": b"BatchNorm2d\n"})
    passed, said = commit(folder)
    assert passed and "no files to check" in said


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_what_the_configuration_excludes_stays_out(tmp_path: Path, hook: dict[str, str]) -> None:
    """Also where a project wants the files of the commit to be passed."""
    configured = b'[tool.bn-migrate]\nexclude = ["third_party/"]\n'
    changes = {"pass_filenames": True, "entry": hook["entry"].removesuffix(" .")}
    files = {"pyproject.toml": configured, "third_party/a.py": BEFORE}
    folder = hooked(tmp_path / "repo", local(hook["id"], **changes), files)
    passed, said = commit(folder)
    assert passed and (folder / "third_party/a.py").read_bytes() == BEFORE, said


def test_the_hooks_and_the_example_are_what_pre_commit_takes(tmp_path: Path) -> None:
    example = ROOT / "docs/examples/pre-commit-config.yaml"
    for kind, file in (("manifest", ROOT / ".pre-commit-hooks.yaml"), ("config", example)):
        run(sys.executable, "-m", "pre_commit", f"validate-{kind}", str(file), cwd=tmp_path).check_returncode()
    (repository,) = yaml.safe_load(example.read_text("utf-8"))["repos"]
    assert {hook["id"] for hook in repository["hooks"]} <= {hook["id"] for hook in HOOKS}


@pytest.mark.parametrize("where", PRINTED)
def test_what_is_printed_works_where_the_program_is_installed(tmp_path: Path, where: str) -> None:
    (repository,) = yaml.safe_load(PRINTED[where])["repos"]
    for name, data, code in (("rewrite", BEFORE, "1 file would be rewritten"), ("review", REVIEW, "a.py:3:9 BN201 ")):
        folder = hooked(tmp_path / name, repository, {"a.py": data})
        passed, said = commit(folder)
        assert not passed and code in said and (folder / "a.py").read_bytes() == data
    plant(folder, {"a.py": AFTER})
    passed, said = commit(folder, "a.py")
    assert passed, said


@pytest.mark.slow
def test_pre_commit_installs_and_runs_this_checkout(tmp_path: Path) -> None:
    """By the commands of docs/ci.md, in an environment of its own; what is not committed yet is part of it."""
    copy = tmp_path / "bn-migrate"
    names = git("ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=ROOT).decode().split("\0")
    plant(copy, {name: (ROOT / name).read_bytes() for name in names if name and (ROOT / name).exists()})
    git("init", "--quiet", cwd=copy)
    git("add", ".", cwd=copy)
    git(*IDENTITY, "commit", "--quiet", "--message", "all", cwd=copy)
    folder = hooked(tmp_path / "repo", local("bn-migrate"), {"a.py": BEFORE})
    (printed,) = re.findall(r"^```sh\n(cat > .pre-commit-config.yaml .*?)^```$", CI, flags=re.MULTILINE | re.DOTALL)
    run("bash", "-c", printed, cwd=folder).check_returncode()
    passed, said = commit(folder, ".pre-commit-config.yaml")
    assert not passed and "1 file would be rewritten" in said and (folder / "a.py").read_bytes() == BEFORE
    plant(folder, {"a.py": AFTER})
    passed, said = commit(folder, "a.py")
    assert passed, said
