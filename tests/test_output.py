"""``--output``: the migrated tree beside the sources, which stay as they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.command import AFTER, BEFORE, BROKEN, REVIEW, bn_migrate, harvest, plant

SOURCES = {
    "src/a.py": BEFORE,
    "src/pkg/b.py": BEFORE,
    "src/pkg/plain.py": b"x = 1\r\n",
    "src/pkg/review.py": REVIEW,
    "src/pkg/data.bin": bytes(range(256)),
    "src/vendor/v.py": BEFORE,
    "src/.hidden": b"hidden\n",
    "other/a.py": BEFORE,
    "single.py": BEFORE,
}
TREE = {
    "a.py": AFTER,
    "pkg/b.py": AFTER,
    "pkg/plain.py": b"x = 1\r\n",
    "pkg/review.py": REVIEW,
    "pkg/data.bin": bytes(range(256)),
    "vendor/v.py": AFTER,
    ".hidden": b"hidden\n",
}
SRC = {f"src/{name}": data for name, data in TREE.items()}

# Paths, what the output folder holds.
LANDINGS = [
    (["src"], TREE),
    (["src/"], TREE),
    (["./src"], TREE),
    (["single.py"], {"single.py": AFTER}),
    (["src/pkg/b.py"], {"b.py": AFTER}),
    (["src", "other"], {**SRC, "other/a.py": AFTER}),
    (["src", "single.py"], {**SRC, "single.py": AFTER}),
    (["src/a.py", "single.py"], {"a.py": AFTER, "single.py": AFTER}),
    (["src/pkg", "other"], {**{k: v for k, v in TREE.items() if k.startswith("pkg/")}, "other/a.py": AFTER}),
    (["src", "src/a.py"], {**SRC, "a.py": AFTER}),
]


@pytest.mark.parametrize(("paths", "expected"), LANDINGS, ids=[" ".join(p) for p, _ in LANDINGS])
def test_where_files_land(tmp_path: Path, paths: list[str], expected: dict[str, bytes]) -> None:
    work = plant(tmp_path / "work", SOURCES)
    done = bn_migrate("--output", tmp_path / "new/out", *paths, cwd=work)
    assert done.returncode == 0, done.stderr.decode()
    assert harvest(tmp_path / "new/out") == expected
    assert harvest(work) == SOURCES


def test_the_working_directory_as_the_one_path(tmp_path: Path) -> None:
    work = plant(tmp_path / "work", SOURCES)
    assert bn_migrate("--output", "../out", ".", cwd=work / "src").returncode == 0
    assert harvest(work / "out") == TREE


def test_junk_is_not_copied_and_excluded_files_are_copied_as_they_are(tmp_path: Path) -> None:
    junk = {"src/__pycache__/a.pyc": b"0", "src/.git/config": b"0", "src/build/a.py": BEFORE}
    plant(tmp_path, {**SOURCES, **junk})
    assert bn_migrate("--exclude", "vendor", "--output", "out", "src", cwd=tmp_path).returncode == 0
    assert harvest(tmp_path / "out") == {**TREE, "vendor/v.py": BEFORE}


@pytest.mark.parametrize("folder", ["out", "src/out", "src/pkg/out"])
def test_a_second_run_with_the_output_inside_the_input_adds_nothing(tmp_path: Path, folder: str) -> None:
    plant(tmp_path, SOURCES)
    for _ in range(2):
        assert bn_migrate("--output", folder, "src", cwd=tmp_path).returncode == 0
        assert harvest(tmp_path / folder) == TREE
    assert {k: v for k, v in harvest(tmp_path).items() if not k.startswith(f"{folder}/")} == SOURCES


# Paths and output folder that would lose a file.
COLLISIONS = [
    (["src/a.py", "other/a.py"], "out"),
    (["src", "copy/src"], "out"),
    (["src", "copy/a.py", "other/../src/a.py", "other/a.py"], "out"),
    (["src"], "src"),
    (["."], "."),
    (["src/a.py"], "src"),
    (["src", "other"], "."),
    (["other"], "copy/link"),
]


@pytest.mark.parametrize(("paths", "output"), COLLISIONS, ids=[f"{' '.join(p)} to {o}" for p, o in COLLISIONS])
def test_a_collision_is_refused_before_anything_is_written(tmp_path: Path, paths: list[str], output: str) -> None:
    planted = {**SOURCES, "copy/src/a.py": REVIEW, "copy/a.py": REVIEW}
    plant(tmp_path, planted)
    (tmp_path / "copy/link").symlink_to("../other")
    before = harvest(tmp_path)
    done = bn_migrate("--output", output, *paths, cwd=tmp_path)
    assert done.returncode == 2 and b"--output" in done.stderr
    assert harvest(tmp_path) == before and not (tmp_path / "out").exists()


def test_files_with_errors_are_copied_as_they_are(tmp_path: Path) -> None:
    plant(tmp_path, {"src/a.py": BEFORE, "src/broken.py": BROKEN, "src/bytes.py": b"# BatchNorm2d \xff\n"})
    done = bn_migrate("--output", "out", "src", cwd=tmp_path)
    assert done.returncode == 2 and b"BN901" in done.stderr and b"BN902" in done.stderr
    assert harvest(tmp_path / "out") == {"a.py": AFTER, "broken.py": BROKEN, "bytes.py": b"# BatchNorm2d \xff\n"}


def test_a_missing_path_stops_nothing(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    done = bn_migrate("--output", "out", "missing.py", "a.py", cwd=tmp_path)
    assert done.returncode == 2 and b"missing.py" in done.stdout + done.stderr
    assert harvest(tmp_path) == {"a.py": BEFORE, "out/a.py": AFTER}


def test_a_file_in_the_way_of_the_output_is_an_error(tmp_path: Path) -> None:
    plant(tmp_path, {"src/a.py": BEFORE, "out": b"a file\n"})
    assert bn_migrate("--output", "out", "src", cwd=tmp_path).returncode == 2
    assert harvest(tmp_path) == {"src/a.py": BEFORE, "out": b"a file\n"}


def test_an_earlier_output_is_replaced(tmp_path: Path) -> None:
    plant(tmp_path, {"src/a.py": BEFORE, "src/data.txt": b"new\n", "out/a.py": REVIEW, "out/data.txt": b"old\n"})
    assert bn_migrate("--output", "out", "src", cwd=tmp_path).returncode == 0
    assert harvest(tmp_path / "out") == {"a.py": AFTER, "data.txt": b"new\n"}


def test_a_link_in_the_output_is_not_a_way_back_to_the_sources(tmp_path: Path) -> None:
    """Links that point into the sources, as an earlier `cp -rs` leaves them, are not written through to them."""
    plant(tmp_path, {"src/a.py": BEFORE, "src/b.py": b"x = 1\n"})
    (tmp_path / "out").mkdir()
    os.symlink("../src/a.py", tmp_path / "out/a.py")
    bn_migrate("--output", "out", "src", cwd=tmp_path)
    assert (tmp_path / "src/a.py").read_bytes() == BEFORE


def test_read_only_sources_can_be_migrated_twice(tmp_path: Path) -> None:
    plant(tmp_path, {"src/a.py": BEFORE, "src/plain.py": b"x = 1\n"})
    for path in (tmp_path / "src").iterdir():
        path.chmod(0o444)
    for _ in range(2):
        assert bn_migrate("--output", "out", "src", cwd=tmp_path).returncode == 0
        assert harvest(tmp_path / "out") == {"a.py": AFTER, "plain.py": b"x = 1\n"}
