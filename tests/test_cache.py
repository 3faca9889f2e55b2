"""What is kept from run to run, and when it is not used."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrate.batch.cache import Cache
from migrate.engine import Options, migrate_files
from migrate.files import Found
from migrate.runner import Means, run
from migrate.stages import STAGES
from tests.command import AFTER, BEFORE, BROKEN, PROGRAM, bn_migrate, environment, harvest, plant

TREE = {
    "net.py": b"import torch.nn as nn\n\ndef make(c, norm=nn.BatchNorm2d):\n    return norm(c, momentum=0.2)\n",
    "use.py": b"from net import make\n\nlayer = make(3)\nlayer.weight.data.fill_(1)\n",
    "alone.py": BEFORE,
    "plain.py": b"x = 1\n",
}


@pytest.fixture
def kept(tmp_path: Path) -> dict[str, str]:
    """The variables of a run with a cache folder of its own, which holds what a first run found."""
    plant(tmp_path / "src", TREE)
    variables = {"BN_MIGRATE_CACHE_DIR": str(tmp_path / "cache")}
    bn_migrate("--check", "src", cwd=tmp_path, env=variables)
    return variables


def stages(done: subprocess.CompletedProcess[bytes]) -> dict[str, float]:
    """The elapsed seconds of ``--profile`` by stage."""
    rows = [line.split() for line in done.stderr.decode().splitlines()]
    return {row[0]: float(row[1]) for row in rows if len(row) == 3 and row[0] in STAGES}


def analysed(folder: Path, env: dict[str, str], *options: str) -> bool:
    """Whether a run had to analyse anything; it says the same as one without the cache."""
    done = bn_migrate("--check", "--format", "json", "--profile", *options, "src", cwd=folder, env=env)
    plain = bn_migrate("--check", "--format", "json", "--no-cache", "src", cwd=folder, env=env)
    assert done.stdout == plain.stdout and done.returncode == plain.returncode
    return stages(done)["analyse"] > 0


def test_an_unchanged_tree_is_not_analysed_again(tmp_path: Path, kept: dict[str, str]) -> None:
    assert not analysed(tmp_path, kept)


def test_a_cached_run_writes_the_same_files(tmp_path: Path, kept: dict[str, str]) -> None:
    for name, option in (("cached", ()), ("fresh", ("--no-cache",))):
        assert bn_migrate(*option, "--output", name, "src", cwd=tmp_path, env=kept).returncode == 0
    assert harvest(tmp_path / "cached") == harvest(tmp_path / "fresh") != TREE


def test_without_the_cache_everything_is_analysed_and_nothing_kept(tmp_path: Path, kept: dict[str, str]) -> None:
    assert analysed(tmp_path, kept, "--no-cache")
    elsewhere = {"BN_MIGRATE_CACHE_DIR": str(tmp_path / "other")}
    bn_migrate("--check", "--no-cache", "src", cwd=tmp_path, env=elsewhere)
    assert not (tmp_path / "other").exists()


CHANGES = {
    "a file with the class": ("net.py", TREE["net.py"].replace(b"0.2", b"0.3")),
    "a file that another one imports": ("use.py", TREE["use.py"] + b"make(3, norm=print)\n"),
    "what is imported": ("plain.py", b"import net\n"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_seen(tmp_path: Path, kept: dict[str, str], what: str) -> None:
    name, text = CHANGES[what]
    (tmp_path / "src" / name).write_bytes(text)
    assert analysed(tmp_path, kept)
    assert not analysed(tmp_path, kept)


def test_a_change_elsewhere_leaves_the_other_groups(tmp_path: Path, kept: dict[str, str]) -> None:
    (tmp_path / "src/plain.py").write_bytes(b"x = 2\n")
    assert not analysed(tmp_path, kept)


def test_a_new_file_is_seen(tmp_path: Path, kept: dict[str, str]) -> None:
    (tmp_path / "src/more.py").write_bytes(b"from net import make\nmake(4).bias\n")
    assert analysed(tmp_path, kept)


@pytest.mark.parametrize("options", [["--target", "mindspore.mint.nn"], ["--data-format", "NHWC"]])
def test_other_options_find_other_things(tmp_path: Path, kept: dict[str, str], options: list[str]) -> None:
    done = bn_migrate("--diff", "--profile", *options, "src", cwd=tmp_path, env=kept)
    assert stages(done)["analyse"] > 0
    assert done.stdout == bn_migrate("--diff", "--no-cache", *options, "src", cwd=tmp_path, env=kept).stdout


def test_other_rules_find_other_things(tmp_path: Path, kept: dict[str, str]) -> None:
    from migrate.rules import shipped_rules

    rule = (shipped_rules() / "batch_norm_2d.toml").read_text("utf-8")
    for action in ("complement", "keep"):
        text = rule.replace('action = "complement"', f'action = "{action}"')
        plant(tmp_path, {"rules/batch_norm_2d.toml": text.encode()})
        done = bn_migrate("--diff", "--rules", "rules", "src/alone.py", cwd=tmp_path, env=kept)
        assert (b"momentum=0.8" in done.stdout) == (action == "complement")


def test_an_error_of_a_file_is_kept_and_said_again(tmp_path: Path, kept: dict[str, str]) -> None:
    plant(tmp_path / "src", {"broken.py": BROKEN})
    said = [bn_migrate("--check", "src", cwd=tmp_path, env=kept) for _ in range(2)]
    assert said[0].returncode == 2 and b"BN901" in said[0].stderr and said[0].stderr == said[1].stderr


@pytest.mark.parametrize("damage", [b"", b"{", b"[[1]]", b'["x"]', b"null", b"\xff"])
def test_a_damaged_entry_is_no_entry(tmp_path: Path, kept: dict[str, str], damage: bytes) -> None:
    for entry in (tmp_path / "cache").glob("*/*"):
        entry.write_bytes(damage)
    assert analysed(tmp_path, kept)
    assert not analysed(tmp_path, kept)


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    plant(tmp_path, {"src/a.py": BEFORE, "file": b""})
    done = bn_migrate("src", cwd=tmp_path, env={"BN_MIGRATE_CACHE_DIR": str(tmp_path / "file/cache")})
    assert done.returncode == 0 and (tmp_path / "src/a.py").read_bytes() == AFTER


def test_runs_at_the_same_time_share_the_cache(tmp_path: Path) -> None:
    plant(tmp_path / "src", {f"m{i}.py": BEFORE for i in range(30)})
    variables = environment({"BN_MIGRATE_CACHE_DIR": str(tmp_path / "cache")})
    command = [*PROGRAM, "--check", "--format", "json", "src"]
    runs = [subprocess.Popen(command, cwd=tmp_path, env=variables, stdout=subprocess.PIPE) for _ in range(4)]
    said = {run.communicate(timeout=120)[0] for run in runs}
    assert len(said) == 1 and all(run.returncode == 1 for run in runs)
    assert not list((tmp_path / "cache").glob("*/new-*"))


def test_entries_that_nothing_asked_for_go(tmp_path: Path, kept: dict[str, str]) -> None:
    old = time.time() - 40 * 24 * 3600
    entries = list((tmp_path / "cache").glob("*/*.json"))
    for entry in entries:
        os.utime(entry, (old, old))
    (tmp_path / "src/new.py").write_bytes(BEFORE)
    bn_migrate("--check", "src", cwd=tmp_path, env=kept)
    left = set((tmp_path / "cache").glob("*/*.json"))
    assert any(entry not in left for entry in entries)
    assert not analysed(tmp_path, kept)


def test_nothing_is_kept_of_a_file_that_changes_while_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe in the place of a file gives other bytes each time it is read."""
    plant(tmp_path, {"a.py": BEFORE})
    path = tmp_path / "a.py"

    def found() -> Iterator[Found]:
        yield Found(str(path))
        path.write_bytes(BEFORE + b"# changed\n")

    monkeypatch.setenv("BN_MIGRATE_CACHE_DIR", str(tmp_path / "cache"))
    (result,) = run(found(), Options(), Means())
    assert result.before.endswith(b"# changed\n") and not list((tmp_path / "cache").glob("*/*"))


def test_a_file_that_changes_behind_the_cache_keeps_its_change(tmp_path: Path) -> None:
    """The run has read it, found its result in the cache, and then someone writes to it."""
    plant(tmp_path, {"a.py": BEFORE})
    path, folder = tmp_path / "a.py", tmp_path / "cache"
    digests = {str(path): hashlib.sha256(BEFORE).digest()}
    cache = Cache(folder, Options())
    (result,) = migrate_files([(str(path), BEFORE)], Options())
    assert cache.keep("0" * 64, [result])
    assert cache.results("0" * 64, digests) == [result]
    path.write_bytes(BEFORE + b"# mine\n")
    assert cache.results("0" * 64, digests) is None
