"""The Python interface gives what the command line gives."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

import migrate
from migrate import Means, Options, Selection, UsageError, migrate_paths, migrate_source
from migrate.decide import reading
from migrate.engine import FRAMES
from tests.command import AFTER, BEFORE, BROKEN, REVIEW, bn_migrate, harvest, plant, report

WITHOUT_CACHE = Means(cache=False)


def test_source() -> None:
    result = migrate_source(BEFORE.decode())
    assert result.changed and result.text == AFTER.decode()
    assert [f.code for f in result.findings if f.role == "call"] == ["BN101"]
    assert result.text.encode() == bn_migrate("-", stdin=BEFORE).stdout


def test_source_with_options() -> None:
    result = migrate_source(BEFORE.decode(), options=Options(data_format="NHWC"))
    assert "data_format='NHWC'" in result.text


def test_source_with_a_byte_order_mark() -> None:
    text = f"\ufeff{BEFORE.decode()}"
    result = migrate_source(text)
    assert result.error is None and result.before == text.encode()
    assert result.after == f"\ufeff{AFTER.decode()}".encode()


def test_the_name_of_a_source_is_a_path() -> None:
    assert migrate_source(BEFORE, filename=Path("a.py")).path == "a.py"


def test_one_path_is_not_its_characters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(plant(tmp_path, {"a/b.py": BEFORE, "b/c.py": BEFORE}))
    for path in ("a", Path("a")):
        assert [r.path for r in migrate_paths(path, means=WITHOUT_CACHE)] == ["a/b.py"]
    assert [r.path for r in migrate_paths("ab", means=WITHOUT_CACHE)] == ["ab"]


@pytest.mark.parametrize("path", ["", "a\0b"])
def test_what_is_no_name_is_an_error_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.chdir(plant(tmp_path, {"a.py": BEFORE}))
    (result,) = migrate_paths([path], means=WITHOUT_CACHE)
    assert result.path == path and (result.error or "").startswith("BN903") and not result.changed


@pytest.fixture
def low_limit() -> Iterator[int]:
    """A recursion limit that has to be raised; libraries that are loaded may have raised it already."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(FRAMES // 2)
    yield FRAMES // 2
    sys.setrecursionlimit(before)


def test_a_thread_that_is_done_leaves_the_recursion_limit_to_the_others(
    monkeypatch: pytest.MonkeyPatch, low_limit: int
) -> None:
    """What the others follow is deep, and afterwards the limit is what it was."""
    limits = []
    inside, begun, over = threading.Event(), threading.Event(), threading.Event()

    def read_project(paths: list[str], *_: object) -> None:
        if paths == ["first.py"]:
            inside.set()
            assert begun.wait(60)
        else:
            begun.set()
            assert over.wait(60)
        limits.append(sys.getrecursionlimit())
        raise UsageError("enough")

    def run(name: str) -> None:
        with contextlib.suppress(UsageError):
            migrate_source(BEFORE, filename=name)

    monkeypatch.setattr(reading, "read_project", read_project)
    first, second = (threading.Thread(target=run, args=(name,)) for name in ("first.py", "second.py"))
    first.start()
    assert inside.wait(60)
    second.start()
    first.join()
    over.set()
    second.join()
    assert min(limits) >= FRAMES and sys.getrecursionlimit() == low_limit


@pytest.mark.parametrize("coding", ["utf-8", "latin-1", "cp1251"])
def test_source_has_the_encoding_of_its_coding_line(coding: str) -> None:
    letters = {"utf-8": "é☃", "latin-1": "é", "cp1251": "Ж"}[coding]
    text = f"# coding: {coding}\n# {letters}\n{BEFORE.decode()}"
    result = migrate_source(text)
    assert result.error is None and result.before == text.encode(coding)
    assert result.text.startswith(f"# coding: {coding}\n# {letters}\n") and "momentum=0.8" in result.text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (BROKEN.decode(), "BN901"),
        ("# coding: latin-1\n# ☃\nimport torch.nn as nn\nnn.BatchNorm2d(3)\n", "BN902"),
        ("# coding: no-such\nimport torch.nn as nn\nnn.BatchNorm2d(3)\n", "BN902"),
        ("import torch.nn as nn\nnn.BatchNorm2d(3)  # \udcff\n", "BN902"),
    ],
)
def test_source_that_cannot_be_migrated_says_why(text: str, code: str) -> None:
    result = migrate_source(text, filename="a.py")
    assert (result.error or "").startswith(code) and not result.changed and result.path == "a.py"


def test_paths_write_nothing_before_they_are_told(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE, "b.py": REVIEW, "left_out.py": BEFORE})
    told: list[tuple[int, int]] = []
    selection = Selection(exclude=("left_out.py",), base=tmp_path)
    results = list(
        migrate_paths([tmp_path], selection=selection, means=WITHOUT_CACHE, tell=lambda *done: told.append(done))
    )
    assert [Path(r.path).name for r in results] == ["a.py", "b.py"] and told == [(0, 2), (1, 2), (2, 2)]
    assert harvest(tmp_path)["a.py"] == BEFORE
    written = [migrate.write(r) for r in results]
    assert all(r.error is None for r in written)
    assert harvest(tmp_path) == {"a.py": AFTER, "b.py": REVIEW, "left_out.py": BEFORE}


def test_paths_give_the_findings_of_the_command_line(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE, "b.py": REVIEW, "c.py": BROKEN})
    said = [
        [file["path"], file["error"] is None, [(f["code"], f["line"], f["after"]) for f in file["findings"]]]
        for file in report("--check", tmp_path)["files"]
    ]
    assert said == [
        [r.path, r.error is None, [(f.code, f.line, f.after) for f in r.findings]]
        for r in migrate_paths([str(tmp_path)], means=WITHOUT_CACHE)
    ]


def test_a_file_that_changed_meanwhile_is_not_written(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    (result,) = migrate_paths([tmp_path], means=WITHOUT_CACHE)
    (tmp_path / "a.py").write_bytes(REVIEW)
    assert (migrate.write(result).error or "").startswith("BN906")
    assert harvest(tmp_path) == {"a.py": REVIEW}


def test_every_name_that_the_package_promises_is_there() -> None:
    assert all(hasattr(migrate, name) for name in migrate.__all__)
    with pytest.raises(AttributeError, match="no_such"):
        _ = migrate.no_such


def test_the_package_is_typed(tmp_path: Path) -> None:
    """A type checker of another project sees the types; a wrong use is an error there."""
    (tmp_path / "use.py").write_text(
        "from migrate import Options, migrate_source\n\n"
        "changed: bool = migrate_source('', options=Options()).changed\n"
        "wrong: int = migrate_source('').text\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "use.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert [line.split(":")[1] for line in done.stdout.splitlines() if ": error:" in line] == ["4"], done.stdout


def test_whatever_is_written_no_file_is_emptied(tmp_path: Path) -> None:
    """Neither by ``write`` nor by a program that writes what each result has, whether the run kept the bytes or not."""
    files = {"a.py": BEFORE, "plain.py": b"x = 1\n", "empty.py": b"", "broken.py": BROKEN, "words.py": REVIEW}
    plant(tmp_path, files)
    for cached in (False, True, True):
        for result in migrate_paths([tmp_path], means=Means(cache=cached)):
            assert result.before == Path(result.path).read_bytes()
            assert migrate.write(result).error == result.error
            Path(result.path).write_bytes(result.after)
        assert harvest(tmp_path) == {**files, "a.py": AFTER}


def test_the_bytes_of_a_file_that_cannot_be_read_are_no_empty_bytes(tmp_path: Path) -> None:
    (gone,) = migrate_paths([tmp_path / "gone.py"], means=WITHOUT_CACHE)
    assert not gone.changed and migrate.write(gone) is gone
    for name in ("before", "after"):
        with pytest.raises(migrate.FileError, match="BN903"):
            getattr(gone, name)
    assert not (tmp_path / "gone.py").exists()


def test_results_of_files_without_a_word_of_the_rules_take_no_memory(tmp_path: Path) -> None:
    size, count = 200_000, 40
    plant(tmp_path, {f"{i}.py": b"# nothing\n" * (size // 10) for i in range(count)})
    tracemalloc.start()
    try:
        results = list(migrate_paths([tmp_path], means=WITHOUT_CACHE))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(results) == count and peak < 10 * size
    assert all(len(r.after) == size and not r.changed for r in results)
