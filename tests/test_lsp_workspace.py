"""The files of a workspace tell of each other while they are edited."""

from __future__ import annotations

from pathlib import Path

from tests.command import REVIEW, plant, report
from tests.editor import MAKE, USE, Editor, opened
from tests.editor import editor as editor
from tests.editor import server as server


def test_a_class_of_another_file_is_known(editor: Editor, tmp_path: Path) -> None:
    plant(tmp_path, {"make.py": MAKE})
    path = opened(editor, tmp_path, USE, "use.py")
    (file,) = [f for f in report(".", "--check", cwd=tmp_path)["files"] if f["path"] == "use.py"]
    assert editor.codes(path) == [f["code"] for f in file["findings"]] == ["BN105"]


def test_what_is_open_counts_rather_than_the_disk(editor: Editor, tmp_path: Path) -> None:
    plant(tmp_path, {"make.py": b"", "use.py": USE})
    editor.open(tmp_path / "use.py")
    assert editor.codes(tmp_path / "use.py") == ["BN304"]
    editor.open(tmp_path / "make.py", MAKE.decode())
    assert editor.codes(tmp_path / "use.py") == ["BN105"]
    editor.close(tmp_path / "make.py")
    assert editor.codes(tmp_path / "use.py") == ["BN304"]


def test_a_change_is_seen_by_the_files_that_depend_on_it(editor: Editor, tmp_path: Path) -> None:
    plant(tmp_path, {"make.py": MAKE, "use.py": USE})
    editor.open(tmp_path / "make.py")
    editor.open(tmp_path / "use.py")
    assert editor.codes(tmp_path / "use.py") == ["BN105"]
    editor.edit(tmp_path / "make.py", "nn.BatchNorm2d(c, momentum=0.3)", "nn.InstanceNorm2d(c)")
    editor.diagnostics(tmp_path / "make.py")
    latest = [p for p in editor.published if p.uri == (tmp_path / "use.py").as_uri()][-1]
    assert not latest.diagnostics


def test_a_file_that_changes_on_the_disk_is_read_again(editor: Editor, tmp_path: Path) -> None:
    plant(tmp_path, {"make.py": b"", "use.py": USE})
    editor.open(tmp_path / "use.py")
    assert editor.codes(tmp_path / "use.py") == ["BN304"]
    plant(tmp_path, {"make.py": MAKE})
    editor.tell_of(tmp_path / "make.py")
    assert editor.codes(tmp_path / "use.py") == ["BN105"]


def test_first_comes_what_a_file_tells_by_itself(editor: Editor, tmp_path: Path) -> None:
    plant(tmp_path, {"make.py": MAKE, "use.py": USE})
    editor.open(tmp_path / "use.py")
    assert editor.codes(tmp_path / "use.py") == ["BN105"]
    published = [p.diagnostics for p in editor.published if p.uri == (tmp_path / "use.py").as_uri()]
    assert [[d.code for d in diagnostics] for diagnostics in published] == [[], ["BN105"]]


CALLING = b"from torch import nn\nfrom use import mean\n\nmean(nn.BatchNorm2d(3))\n"
CALLED = b"def mean(x):\n    return x.running_mean\n"


def test_where_the_others_take_long_a_file_is_guessed_first(editor: Editor, tmp_path: Path) -> None:
    """A guess keeps what is known through the others, takes up what is new, and is made good later."""
    plant(tmp_path, {"make.py": CALLING + b"#" * 100_000, "use.py": CALLED})
    path = tmp_path / "use.py"
    editor.open(path)
    assert editor.codes(path) == ["BN304"]
    editor.finish(path)
    assert editor.codes(path) == ["BN105"]
    editor.edit(path, "def mean", "K = 'bn1.running_var'\ndef mean")
    assert editor.codes(path) == ["BN305", "BN105"]
    editor.edit(path, "def mean", "def other")
    assert editor.codes(path) == ["BN305", "BN105"]
    editor.finish(path)
    assert editor.codes(path) == ["BN305", "BN304"]


def test_neither_typing_nor_the_end_waits_for_work_of_minutes(tmp_path: Path) -> None:
    calls = b"".join(b"def f%d(x, y=nn.BatchNorm2d(3)):\n    return y.weight\n" % i for i in range(40_000))
    plant(tmp_path, {"make.py": b"from torch import nn\n" + calls, "use.py": b"from make import f0\n" + CALLED})
    with Editor(tmp_path) as editor:
        editor.open(tmp_path / "use.py")
        while not editor.children():
            editor.rest(0.1)
        editor.edit(tmp_path / "use.py", "def mean", "K = 'bn1.running_var'\ndef mean")
        assert editor.codes(tmp_path / "use.py") == ["BN305", "BN304"]
        while not editor.children():
            editor.rest(0.1)


def test_files_that_a_run_leaves_out_show_nothing(editor: Editor, tmp_path: Path) -> None:
    plant(tmp_path, {".gitignore": b"ignored.py\n", ".git/HEAD": b"", "pyproject.toml": b""})
    (tmp_path / "pyproject.toml").write_text('[tool.bn-migrate]\nexclude = ["excluded.py"]\n')
    shown = {
        name: opened(editor, tmp_path, REVIEW, name) for name in ("ignored.py", "excluded.py", "build/a.py", "b.py")
    }
    assert {name: editor.codes(path) for name, path in shown.items()} == {
        "ignored.py": [],
        "excluded.py": [],
        "build/a.py": [],
        "b.py": ["BN201"],
    }


def test_a_file_outside_of_every_folder_is_diagnosed_by_itself(server: Editor, tmp_path: Path) -> None:
    plant(tmp_path, {"make.py": MAKE, "use.py": USE})
    server.open(tmp_path / "use.py")
    assert server.codes(tmp_path / "use.py") == []
    server.close(tmp_path / "use.py")
