"""The command that proves a file from the editor."""

from __future__ import annotations

import sys
from pathlib import Path

from lsprotocol import types

from tests.command import plant
from tests.editor import ROOT, Editor, opened
from tests.editor import editor as editor
from tests.editor import server as server

PROVEN = b"import torch.nn as nn\n\nlayer = nn.BatchNorm2d(3, momentum=0.2)\n"


def test_a_proof_that_passes_says_so(editor: Editor, tmp_path: Path) -> None:
    path = opened(editor, tmp_path, PROVEN)
    before = editor.diagnostics(path)
    assert editor.command("bn-migrate.verify", path.as_uri()) == {"passed": 1, "failed": 0, "error": None}
    assert editor.diagnostics(path) == before
    assert "1 executions passed, 0 failed" in editor.messages[-1]


def test_a_proof_that_fails_is_an_error_until_its_line_is_edited(editor: Editor, tmp_path: Path) -> None:
    """By a rule that keeps what has to be complemented."""
    rule = (ROOT / "rules" / "batch_norm_2d.toml").read_text("utf-8").replace('"complement"', '"keep"')
    plant(tmp_path, {"rules/batch_norm_2d.toml": rule.encode()})
    plant(tmp_path, {"pyproject.toml": b'[tool.bn-migrate]\nrules = ["rules"]\n'})
    path = opened(editor, tmp_path, PROVEN)
    before = editor.codes(path)
    assert editor.command("bn-migrate.verify", path.as_uri())["failed"] == 1
    failed = editor.diagnostics(path)[-1]
    assert (failed.code, failed.severity) == ("BN907", types.DiagnosticSeverity.Error)
    assert "moving_mean differs" in failed.message
    assert editor.marked(path, failed.range) == "layer = nn.BatchNorm2d(3, momentum=0.2)"
    editor.edit(path, "as nn\n", "as nn\n\n")
    moved = editor.diagnostics(path)[-1]
    assert moved.message == failed.message
    assert editor.marked(path, moved.range) == "layer = nn.BatchNorm2d(3, momentum=0.2)"
    editor.edit(path, "0.2", "0.25")
    assert editor.codes(path) == before


def test_a_missing_framework_is_named(editor: Editor, tmp_path: Path) -> None:
    """An interpreter that sees no installed packages."""
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    bare.chmod(0o755)
    plant(tmp_path, {"pyproject.toml": b'[tool.bn-migrate]\ntorch-python = "./python"\n'})
    path = opened(editor, tmp_path, PROVEN)
    error = editor.command("bn-migrate.verify", path.as_uri())["error"]
    assert f"is not installed for {bare}. Install it with: {bare} -m pip install torch" in error
    assert editor.messages[-1] == f"bn-migrate: {error}"


def test_a_proof_can_be_called_off(editor: Editor, tmp_path: Path) -> None:
    path = opened(editor, tmp_path, PROVEN)
    editor.diagnostics(path)
    children = editor.children()
    params, said = types.ExecuteCommandParams("bn-migrate.verify", [path.as_uri()]), editor.messages
    error = editor.cancelled(types.WORKSPACE_EXECUTE_COMMAND, params, lambda: len(editor.children() - children) == 2)
    assert error.code == types.LSPErrorCodes.RequestCancelled
    assert editor.comes_back_to(children)
    editor.rest(0.5)
    assert editor.messages == said
