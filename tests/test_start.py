"""What is answered before the command line is imported is what the command line would say."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from platformdirs import user_cache_dir

from migrate.places import cache_folder
from tests.command import BEFORE, REVIEW, bn_migrate, environment, git, harvest, plant, started

CLEAN = b"import torch.nn as nn\n\nlayer = nn.Conv2d(3, 3, 1)\n"
TREE = {
    "a.py": CLEAN,
    "pkg/b.pyi": CLEAN,
    "pkg/notes.txt": REVIEW,
    "build/c.py": BEFORE,
    ".py": BEFORE,
    "pkg/.py": BEFORE,
}
BY_COMMAND_LINE = {"BN_MIGRATE_CACHE_DIR": os.devnull}
"""Without a cache folder nothing is known of the rules, so that the command line has to answer."""
HEAVY = {"click", "rich", "libcst", "pathspec", "tomllib", "dataclasses", "concurrent.futures", "migrate.rules"}


@pytest.fixture(autouse=True, scope="module")
def _words_are_known(tmp_path_factory: pytest.TempPathFactory) -> None:
    bn_migrate(plant(tmp_path_factory.mktemp("first"), {"a.py": CLEAN}))


def imported(*arguments: str | Path, cwd: Path | None = None) -> set[str]:
    """The modules that a run imports."""
    command = [sys.executable, "-X", "importtime", "-m", "migrate", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, env=environment(), capture_output=True, text=True, check=True)
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


def test_version_imports_nothing_of_weight() -> None:
    assert not imported("--version") & HEAVY


def test_a_run_with_nothing_to_do_imports_nothing_of_weight(tmp_path: Path) -> None:
    assert not imported(plant(tmp_path, TREE)) & HEAVY
    assert imported(plant(tmp_path, {"d.py": BEFORE})) & HEAVY >= {"click", "libcst"}


def test_a_run_with_options_and_nothing_to_do_imports_neither_libcst_nor_rich_nor_a_pool(tmp_path: Path) -> None:
    known = imported("--jobs", "2", "--exclude", "x", plant(tmp_path, TREE))
    assert "click" in known and not known & {"libcst", "rich", "rich.console", "concurrent.futures", "migrate.rules"}


@pytest.mark.parametrize("arguments", [[], ["--check"], ["--diff"], ["-q"], ["--strict", "--verbose"], ["--no-color"]])
def test_the_command_line_says_the_same(tmp_path: Path, arguments: list[str]) -> None:
    plant(tmp_path, TREE)
    for paths in ([str(tmp_path)], ["."], ["a.py"], ["a.py", ".", "pkg"], ["pkg/notes.txt"]):
        quick = bn_migrate(*arguments, *paths, cwd=tmp_path)
        whole = bn_migrate(*arguments, *paths, cwd=tmp_path, env=BY_COMMAND_LINE)
        assert (quick.returncode, quick.stdout, quick.stderr) == (whole.returncode, whole.stdout, whole.stderr)
        assert paths == ["pkg/notes.txt"] or not quick.returncode
    assert harvest(tmp_path) == TREE


LEFT_TO_THE_COMMAND_LINE = {
    "a trigger word": {"d.py": BEFORE},
    "a file that is ignored": {".gitignore": b"d.py\n", "d.py": CLEAN},
    "an ignored file below": {"sub/.gitignore": b"d.py\n", "sub/d.py": CLEAN},
    "a configuration": {"pyproject.toml": b"[tool.bn-migrate]\nexclude = ['a.py']\n"},
    "a wrong configuration": {"pyproject.toml": b"[tool.bn-migrate]\nno-such = 1\n"},
    "a wrong configuration, its name escaped": {"pyproject.toml": b'[tool."bn\\u002dmigrate"]\nno-such = 1\n'},
    "no TOML": {"pyproject.toml": b"][\n"},
    "no UTF-8": {"pyproject.toml": b"# \xff\n"},
    "a configuration for others": {"pyproject.toml": b"[tool.ruff]\n"},
}


@pytest.mark.parametrize("what", LEFT_TO_THE_COMMAND_LINE)
def test_the_command_line_says_the_same_of(tmp_path: Path, what: str) -> None:
    plant(tmp_path, TREE | LEFT_TO_THE_COMMAND_LINE[what])
    quick = bn_migrate("--check", ".", cwd=tmp_path)
    whole = bn_migrate("--check", ".", cwd=tmp_path, env=BY_COMMAND_LINE)
    assert (quick.returncode, quick.stdout, quick.stderr) == (whole.returncode, whole.stdout, whole.stderr)


def test_patterns_above_a_repository_have_no_say(tmp_path: Path) -> None:
    plant(tmp_path, {".gitignore": b"*.py\n", "repository/a.py": CLEAN})
    git("init", "-q", cwd=tmp_path / "repository")
    assert not imported(tmp_path / "repository") & HEAVY


def test_an_ignored_file_of_a_repository_is_not_counted_from_a_folder_below(tmp_path: Path) -> None:
    git("init", "-q", cwd=tmp_path)
    plant(tmp_path, {".gitignore": b"b.py\n", "pkg/a.py": CLEAN, "pkg/b.py": CLEAN})
    assert bn_migrate("pkg", cwd=tmp_path).stdout.startswith(b"0 files rewritten, 1 unchanged.")


def test_links_are_not_followed(tmp_path: Path) -> None:
    plant(tmp_path, {"here/a.py": CLEAN, "there/b.py": CLEAN})
    (tmp_path / "here" / "linked").symlink_to(tmp_path / "there")
    (tmp_path / "here" / "c.py").symlink_to(tmp_path / "there" / "b.py")
    assert bn_migrate("here", cwd=tmp_path).stdout.startswith(b"0 files rewritten, 1 unchanged.")


@pytest.mark.parametrize("path", ["missing.py", "", "pipe.py"])
def test_what_cannot_be_read_is_an_error_all_the_same(tmp_path: Path, path: str) -> None:
    os.mkfifo(plant(tmp_path, {"a.py": CLEAN}) / "pipe.py")
    done = bn_migrate("a.py", path, cwd=tmp_path)
    assert done.returncode == 2 and (path or "no PATH given").encode() in done.stdout + done.stderr


def test_more_rules_bring_more_words(tmp_path: Path) -> None:
    """What is known of the shipped rules says nothing of others."""
    rule = b'schema = 1\nname = "conv"\n'
    plant(tmp_path, {"a.py": CLEAN, "rules/conv.toml": rule})
    done = bn_migrate("--rules", "rules", "a.py", cwd=tmp_path)
    assert done.returncode == 2 and b"conv.toml" in done.stderr


@pytest.mark.parametrize("damage", [b"", b"\n", b"\xff\xfe", "half", "all but the end"])
def test_kept_words_that_are_damaged_or_cut_short_are_no_words(tmp_path: Path, damage: bytes | str) -> None:
    plant(tmp_path, {"a.py": BEFORE, "b/b.py": CLEAN})
    kept = {"BN_MIGRATE_CACHE_DIR": str(tmp_path / "kept")}
    bn_migrate("b", cwd=tmp_path, env=kept)
    (file,) = (tmp_path / "kept").glob("words-*")
    whole = file.read_bytes()
    left = {"half": len(whole) // 2, "all but the end": whole.rindex(b"\n")}
    file.write_bytes(damage if isinstance(damage, bytes) else whole[: left[damage]])
    assert b"1 file would be rewritten" in bn_migrate("--check", "a.py", cwd=tmp_path, env=kept).stdout
    assert file.read_bytes() == whole


def test_words_of_rule_files_that_have_changed_are_read_again(tmp_path: Path) -> None:
    from migrate.places import rules_folder

    rules = plant(tmp_path, {"rules/x.toml": Path(rules_folder(), "batch_norm_2d.toml").read_bytes()}) / "rules"
    plant(tmp_path, {"a.py": b"import torch.nn as nn\nnn.OtherNorm(3)\n"})
    assert b"0 notes" in bn_migrate("--rules", rules, "--check", "a.py", cwd=tmp_path).stdout
    text = (rules / "x.toml").read_text().replace('"torch.nn.BatchNorm2d"', '"torch.nn.OtherNorm"')
    (rules / "x.toml").write_text(text.replace('name = "BatchNorm2d"', 'name = "OtherNorm"'))
    assert b"1 file would be" in bn_migrate("--rules", rules, "--check", "a.py", cwd=tmp_path).stdout


def test_the_cache_folder_is_that_of_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BN_MIGRATE_CACHE_DIR", raising=False)
    for home in (None, "", "/somewhere"):
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        if home is not None:
            monkeypatch.setenv("XDG_CACHE_HOME", home)
        assert cache_folder() == user_cache_dir("bn-migrate", appauthor=False)


def has_opened(process: int, name: str) -> bool:
    """Whether a process has a file open; what it opens and closes meanwhile may be gone."""
    for descriptor in os.listdir(f"/proc/{process}/fd"):
        with contextlib.suppress(FileNotFoundError):
            if os.readlink(f"/proc/{process}/fd/{descriptor}").endswith(name):
                return True
    return False


def test_an_interrupted_look_ends_as_documented(tmp_path: Path) -> None:
    with open(tmp_path / "large.py", "wb") as file:
        file.truncate(500_000_000)
    process = started(".", cwd=tmp_path)
    while not has_opened(process.pid, "large.py"):
        assert process.poll() is None, "it was over before it could be interrupted"
    process.send_signal(signal.SIGINT)
    _, messages = process.communicate(timeout=60)
    assert (process.returncode, messages) == (130, b"bn-migrate: interrupted\n")


def test_an_interrupted_exec_of_text_ends_as_documented(tmp_path: Path) -> None:
    """CPython remembers such an interruption, and would end by the signal where it was started with -m."""
    text = """
from migrate.errors import end_interrupted
try:
    exec("raise KeyboardInterrupt")
except KeyboardInterrupt:
    end_interrupted("bn-migrate")
"""
    plant(tmp_path, {"program.py": text.encode()})
    command = [sys.executable, "-m", "program"]
    done = subprocess.run(command, cwd=tmp_path, env=environment({}), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (130, b"bn-migrate: interrupted\n")


def test_nobody_reads_the_answer(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": CLEAN})
    read, write = os.pipe()
    os.close(read)
    done = bn_migrate(".", cwd=tmp_path, stdout=write)
    os.close(write)
    assert done.returncode == 141


@pytest.mark.parametrize("arguments", [["."], ["--version"]])
def test_a_full_disk_is_one_line(tmp_path: Path, arguments: list[str]) -> None:
    plant(tmp_path, {"a.py": CLEAN})
    with open("/dev/full", "wb") as full:
        done = bn_migrate(*arguments, cwd=tmp_path, stdout=full)
    assert (done.returncode, done.stderr) == (2, b"bn-migrate: [Errno 28] No space left on device\n")


def test_a_shell_that_completes_behind_the_version_gets_completions() -> None:
    command = [Path(sys.executable).with_name("bn-migrate"), "--version"]
    done = subprocess.run(command, env=environment({"_BN_MIGRATE_COMPLETE": "bash_source"}), capture_output=True)
    assert b"COMPREPLY" in done.stdout
