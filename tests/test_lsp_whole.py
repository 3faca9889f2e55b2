"""The command that migrates all folders of an editor."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

from lsprotocol import types

from tests.command import AFTER, BEFORE, BROKEN, REVIEW, bn_migrate, harvest, plant
from tests.editor import MAKE, SAMPLES, USE, Editor
from tests.editor import editor as editor
from tests.editor import server as server

COMMAND = "bn-migrate.migrateWorkspace"
LATIN = b"# coding: latin-1\nfrom make import norm\n\nprint(norm(3).running_mean, '\xe9')\n"
CELL = {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": None, "outputs": [], "source": USE.decode()}
NOTEBOOK = json.dumps({"cells": [CELL], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def test_what_is_migrated_is_what_the_command_line_writes(editor: Editor, tmp_path: Path) -> None:
    files = {f"samples/{sample.name}": sample.read_bytes() for sample in SAMPLES}
    plant(
        tmp_path, {**files, "make.py": MAKE, "pkg/use.py": USE, "bom.py": b"\xef\xbb\xbf" + BEFORE, "n.py": BEFORE[:-1]}
    )
    before = harvest(tmp_path)
    editor.open(tmp_path / "make.py")
    done = editor.command(COMMAND)
    assert harvest(tmp_path) == before, "the editor saves, not the server"
    texts = {str(path.relative_to(tmp_path)): editor.text(path) for path in editor.opened()}
    bn_migrate(".", cwd=tmp_path)
    written = {name: data for name, data in harvest(tmp_path).items() if data != before[name]}
    assert texts == {name: data.decode("utf-8-sig") for name, data in written.items()}
    assert (done["files"], done["error"]) == (len(written), None)
    assert editor.messages[-1].startswith(f"bn-migrate: {done['rewrites']} rewrites in {done['files']} files, to be")


def test_what_is_open_counts_rather_than_the_disk_and_what_a_run_leaves_out_stays(
    editor: Editor, tmp_path: Path
) -> None:
    """Also in a folder of the editor that lies in another one: that is migrated once, with the outer settings."""
    plant(tmp_path, {"pyproject.toml": b'[tool.bn-migrate]\nexclude = ["old"]\n'})
    plant(tmp_path, {"make.py": b"", "use.py": USE, "sub/a.py": BEFORE, "old/a.py": BEFORE, "old/b.py": BEFORE})
    editor.change_folders([tmp_path / "sub"], [])
    editor.open(tmp_path / "make.py", MAKE.decode())
    editor.open(tmp_path / "new.py", BEFORE.decode())
    editor.open(tmp_path / "old/a.py")
    assert editor.command(COMMAND)["files"] == 4
    editor.change_folders([], [tmp_path / "sub"])
    assert editor.text(tmp_path / "use.py") == USE.decode().replace("running_mean", "moving_mean")
    assert editor.text(tmp_path / "make.py") == MAKE.decode().replace(
        "from torch import nn", "import mindspore as ms"
    ).replace("nn.", "ms.nn.").replace("0.3", "0.7")
    assert [editor.text(tmp_path / name) for name in ("new.py", "sub/a.py")] == [AFTER.decode()] * 2
    assert editor.text(tmp_path / "old/a.py") == BEFORE.decode()


def test_what_is_left_to_people_is_told(editor: Editor, tmp_path: Path) -> None:
    plant(tmp_path, {"review.py": REVIEW, "broken.py": BROKEN})
    assert editor.command(COMMAND) == {"rewrites": 0, "files": 0, "error": None}
    said = editor.messages[-1]
    assert said.startswith("bn-migrate: nothing to rewrite; 1 manual fix needed; not processed: broken.py: BN901")


def test_what_an_editor_would_break_stays_with_all_that_it_needs(editor: Editor, tmp_path: Path) -> None:
    files = {"a/make.py": MAKE, "a/latin.py": LATIN, "b/make.py": MAKE, "b/n.ipynb": NOTEBOOK, "c/make.py": MAKE}
    plant(tmp_path, files)
    editor.command(COMMAND)
    assert editor.opened() == [tmp_path / "c/make.py"]
    said = "left to the command line, with all that imports connect with them: a/latin.py, b/n.ipynb"
    assert editor.messages[-1].endswith(said)


def test_a_wrong_setting_is_told_and_nothing_migrated(editor: Editor, tmp_path: Path) -> None:
    plant(tmp_path, {"pyproject.toml": b"[tool.bn-migrate]\ntragte = 1\n", "a.py": BEFORE})
    assert "unknown key 'tragte'" in editor.command(COMMAND)["error"]
    assert editor.messages[-1].startswith("bn-migrate: nothing was migrated: ")
    assert editor.opened() == []


def test_without_a_folder_there_is_nothing_to_migrate(server: Editor) -> None:
    assert server.command(COMMAND)["error"] == "no folder is open in the editor"


def test_a_file_that_changes_meanwhile_is_not_overwritten(editor: Editor, tmp_path: Path) -> None:
    path = plant(tmp_path, {"a.py": BEFORE, "b.py": BEFORE}) / "a.py"
    editor.open(path)
    children = editor.children()
    asked = editor.client.workspace_execute_command_async(types.ExecuteCommandParams(COMMAND, []))
    task = editor.start(asked)
    while not editor.children() - children:
        editor.rest(0.01)
    editor.edit(path, "0.2", "0.25")
    assert editor.wait(task)["error"] == "files have changed in the meantime; migrate again"
    assert editor.text(path) == BEFORE.decode().replace("0.2", "0.25")
    assert editor.opened() == [path]


def test_a_file_that_changes_on_the_disk_meanwhile_is_not_overwritten(editor: Editor, tmp_path: Path) -> None:
    path = plant(tmp_path, {"a.py": BEFORE, "z.py": BEFORE * 100}) / "a.py"
    task = editor.start(editor.client.workspace_execute_command_async(types.ExecuteCommandParams(COMMAND, [])))
    for number in itertools.count():
        if task.done():
            break
        new = plant(tmp_path, {"new": BEFORE + b"# %d\n" % number}) / "new"
        new.replace(path)  # a file that is half written would have nothing to rewrite
        editor.rest(0.01)
    assert editor.wait(task)["error"] == "files have changed in the meantime; migrate again"
    assert editor.opened() == []


def test_a_migration_can_be_called_off(editor: Editor, tmp_path: Path) -> None:
    editor.command(COMMAND)  # by now there is what the first process brings with it and leaves
    plant(tmp_path, {"a.py": BEFORE})
    children, said, params = editor.children(), editor.messages, types.ExecuteCommandParams(COMMAND, [])
    error = editor.cancelled(types.WORKSPACE_EXECUTE_COMMAND, params, lambda: bool(editor.children() - children))
    assert error.code == types.LSPErrorCodes.RequestCancelled
    assert editor.comes_back_to(children)
    assert (editor.opened(), editor.messages) == ([], said)
