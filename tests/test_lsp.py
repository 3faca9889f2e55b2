"""The language server, as an editor sees it: a real client talks to the real program over stdio."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from tests.command import BEFORE, BROKEN, REVIEW, bn_migrate, plant, report
from tests.editor import FIX_ALL, ROOT, SAMPLES, Editor, first, opened
from tests.editor import editor as editor
from tests.editor import server as server

SEVERITIES = {
    "rewrite": types.DiagnosticSeverity.Information,
    "review": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Hint,
}
WARNINGS = ("BN304", "BN305")
EMOJI = 'import torch.nn as nn\n\nlayers = "\N{SNAKE}é", nn.BatchNorm2d(3, momentum=0.2)\n'


def severity(finding: dict[str, Any]) -> types.DiagnosticSeverity:
    return types.DiagnosticSeverity.Warning if finding["code"] in WARNINGS else SEVERITIES[finding["kind"]]


def test_diagnostics_are_the_findings_of_the_command_line(editor: Editor, tmp_path: Path) -> None:
    paths = [opened(editor, tmp_path, sample.read_bytes(), sample.name) for sample in SAMPLES]
    found = {file["path"]: file["findings"] for file in report(".", "--check", cwd=tmp_path)["files"]}
    for path in paths:
        shown = [(d.code, d.severity, d.message, editor.marked(path, d.range)) for d in editor.diagnostics(path)]
        findings = found.pop(path.name)
        assert shown == [(f["code"], severity(f), f["message"], f["before"]) for f in findings]
    assert not found


def test_a_file_that_cannot_be_processed_has_an_error(editor: Editor, tmp_path: Path) -> None:
    path = opened(editor, tmp_path, BROKEN)
    (file,) = report(".", "--check", cwd=tmp_path)["files"]
    (shown,) = editor.diagnostics(path)
    assert shown.severity == types.DiagnosticSeverity.Error
    assert f"{shown.code} {shown.message}" == file["error"]
    assert editor.marked(path, shown.range) == "layer = nn.BatchNorm2d("


def test_cells_of_a_notebook_are_no_modules(editor: Editor, tmp_path: Path) -> None:
    uri = "vscode-notebook-cell:/a.ipynb#W0sZmlsZQ"
    item = types.TextDocumentItem(uri, "python", 1, BEFORE.decode())
    editor.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    assert editor.codes(opened(editor, tmp_path, BEFORE))
    assert uri not in [p.uri for p in editor.published]


def test_a_code_links_to_its_section_of_the_documentation(editor: Editor, tmp_path: Path) -> None:
    path = opened(editor, tmp_path, REVIEW)
    (shown,) = editor.diagnostics(path)
    assert shown.code_description is not None
    page, _, anchor = shown.code_description.href.partition("#")
    assert page == (ROOT / "docs" / "findings.md").as_uri()
    assert f'<a id="{anchor}"></a>' in (ROOT / "docs" / "findings.md").read_text("utf-8")


def test_the_explanation_of_a_code_is_a_command_away(editor: Editor) -> None:
    assert editor.command("bn-migrate.explain", "BN101") == bn_migrate("--explain", "BN101").stdout.decode()[:-1]


def test_a_file_without_a_trigger_word_is_never_parsed(editor: Editor, tmp_path: Path) -> None:
    assert editor.diagnostics(opened(editor, tmp_path, b"def broken(\n")) == []


def check_columns(editor: Editor, folder: Path) -> None:
    """An emoji and an accent before the call: read, edited and written in the right columns."""
    path = opened(editor, folder, EMOJI.encode())
    assert editor.marked(path, first(editor, path, "BN101").range) == "nn.BatchNorm2d(3, momentum=0.2)"
    editor.edit(path, "momentum=0.2", "momentum=0.25")
    editor.edit(path, "\N{SNAKE}", "\N{SNAKE}\N{SNAKE}")
    assert "momentum=0.75" in first(editor, path, "BN101").message
    (action,) = editor.actions(path, "layers", FIX_ALL)
    after = editor.text(path).replace("import torch.nn as nn", "import mindspore as ms")
    assert editor.applied(path, action) == after.replace("nn.", "ms.nn.").replace("0.25", "0.75")


def test_columns_count_utf_16_unless_something_else_is_agreed_on(editor: Editor, tmp_path: Path) -> None:
    assert editor.told.capabilities.position_encoding == types.PositionEncodingKind.Utf16
    check_columns(editor, tmp_path)


@pytest.mark.parametrize("encoding", [types.PositionEncodingKind.Utf8, types.PositionEncodingKind.Utf32], ids=str)
def test_columns_count_what_the_editor_prefers(tmp_path: Path, encoding: types.PositionEncodingKind) -> None:
    with Editor(tmp_path, encodings=[encoding, types.PositionEncodingKind.Utf16]) as editor:
        assert editor.told.capabilities.position_encoding == encoding
        check_columns(editor, tmp_path)


def test_after_many_edits_the_server_has_the_text_of_the_editor(editor: Editor, tmp_path: Path) -> None:
    """Among emojis and form feeds, which end no line: lines that come, go and change."""
    lines = [f"a{i} = '\N{SNAKE}\x0c', nn.BatchNorm2d({i})  # \x0c\n" for i in range(10, 20)]
    path = opened(editor, tmp_path, ("import torch.nn as nn\n" + "".join(lines)).encode())
    generator = random.Random(5)
    for i in range(40):
        line = generator.choice(lines)
        old, new = generator.choice(
            [("\N{SNAKE}", "\N{SNAKE}\N{SNAKE}"), ("Norm2d(", "Norm2d(1"), ("a", f"\x0c\na{i}, a")]
        )
        changed = generator.choice([line.replace(old, new, 1), ""]) if len(lines) > 5 else line.replace(old, new, 1)
        editor.edit(path, line, changed)
        lines = [changed if other == line else other for other in lines]
        lines = [other for other in lines if other]
    again = opened(editor, tmp_path, editor.text(path).encode(), "again.py")
    shown = editor.diagnostics(path)
    assert shown == editor.diagnostics(again)
    calls = [editor.marked(path, d.range) for d in shown if d.code == "BN101"]
    assert calls == re.findall(r"nn\.BatchNorm2d\(\d+\)", editor.text(path))


def test_a_syntax_error_keeps_what_was_known(editor: Editor, tmp_path: Path) -> None:
    path = opened(editor, tmp_path, REVIEW)
    (before,) = editor.diagnostics(path)
    editor.edit(path, "\n\nlayer", "\n\ndef f(\n\nlayer")
    error, kept = editor.diagnostics(path)
    assert error.severity == types.DiagnosticSeverity.Error
    assert (kept.code, kept.message) == (before.code, before.message)
    assert editor.marked(path, kept.range) == "nn.BatchNorm2d(3, momentum=None)"
    assert editor.actions(path, "nn.BatchNorm2d") == []
    editor.edit(path, "def f(\n\n", "")
    assert editor.diagnostics(path) == [before]


def test_a_closed_file_shows_nothing(editor: Editor, tmp_path: Path) -> None:
    path = opened(editor, tmp_path, REVIEW)
    assert editor.codes(path) == ["BN201"]
    editor.close(path)
    other = opened(editor, tmp_path, REVIEW, "other.py")
    assert editor.codes(other) == ["BN201"]
    assert editor.codes(path) == []


MINT = "mindspore.mint.nn"


def target(editor: Editor, path: Path) -> str:
    """The namespace that a constructor is migrated to."""
    return first(editor, path, "BN101").message.partition(" becomes ")[2].partition(".Batch")[0]


def test_the_configuration_of_the_project_counts(editor: Editor, tmp_path: Path) -> None:
    plant(tmp_path, {"pyproject.toml": f'[tool.bn-migrate]\ntarget = "{MINT}"\n'.encode()})
    path = opened(editor, tmp_path, BEFORE)
    assert target(editor, path) == MINT
    plant(tmp_path, {"pyproject.toml": b""})
    editor.tell_of(tmp_path / "pyproject.toml")
    assert target(editor, path) == "mindspore.nn"


@pytest.mark.parametrize("how", ["options", "settings"])
def test_the_settings_of_the_editor_win(tmp_path: Path, how: str) -> None:
    plant(tmp_path, {"pyproject.toml": b'[tool.bn-migrate]\ntarget = "mindspore.nn"\ndata-format = "NHWC"\n'})
    table = {"target": MINT, "mode": None}
    given = {"options": table} if how == "options" else {"settings": {"bn-migrate": table}}
    with Editor(tmp_path, **given) as editor:
        path = opened(editor, tmp_path, BEFORE)
        assert target(editor, path) == MINT
        assert editor.messages == []
        # Nothing is said before the editor's settings are known.
        assert all(MINT in str(params.diagnostics) for params in editor.published)


def test_settings_can_change_while_the_server_runs(editor: Editor, tmp_path: Path) -> None:
    path = opened(editor, tmp_path, BEFORE)
    assert target(editor, path) == "mindspore.nn"
    editor.set({"bn-migrate": {"target": MINT}})
    assert target(editor, path) == MINT
    editor.set({"bn-migrate": {}})
    assert target(editor, path) == "mindspore.nn"


def test_findings_that_are_not_chosen_are_not_shown(editor: Editor, tmp_path: Path) -> None:
    plant(tmp_path, {"pyproject.toml": b"[tool.bn-migrate]\nignore = ['BN3']\n"})
    path = opened(editor, tmp_path, BEFORE)
    assert editor.codes(path) == ["BN101"]
    editor.set({"bn-migrate": {"select": ["BN307"], "ignore": []}})
    assert editor.codes(path) == ["BN307"]
    editor.set({"bn-migrate": {}})


@pytest.mark.parametrize("by", ["project", "editor"])
def test_a_wrong_setting_is_told_and_changes_nothing(editor: Editor, tmp_path: Path, by: str) -> None:
    plant(tmp_path, {"pyproject.toml": b"[tool.bn-migrate]\ntragte = 1\n" if by == "project" else b""})
    editor.set({"bn-migrate": {"tragte": 1} if by == "editor" else {}})
    path = opened(editor, tmp_path, BEFORE)
    assert target(editor, path) == "mindspore.nn"
    assert "unknown key 'tragte'; allowed: target," in editor.messages[-1]
    editor.set({"bn-migrate": {}})


def test_a_request_can_be_called_off(editor: Editor, tmp_path: Path) -> None:
    path = opened(editor, tmp_path, b"import torch.nn as nn\n" + b"x = nn.BatchNorm2d(3)\n" * 300)
    error = editor.cancelled(types.TEXT_DOCUMENT_CODE_ACTION, editor.ask_actions(path, "x = nn.BatchNorm2d"))
    assert error.code == types.LSPErrorCodes.RequestCancelled
    assert "BN101" in editor.codes(path)


def test_only_the_last_of_many_changes_is_worked_on(editor: Editor, tmp_path: Path) -> None:
    path = opened(editor, tmp_path, b"import torch.nn as nn\n" + b"x = nn.BatchNorm2d(3)\n" * 300)
    editor.diagnostics(path)
    before = len(editor.published)
    for _ in range(30):
        editor.edit(path, "BatchNorm2d(", "BatchNorm2d(1")
    editor.diagnostics(path)
    published = editor.published[before:]
    assert published[-1].version == 31
    assert len(published) < 10
    for params in published:
        (call, *_) = [d for d in params.diagnostics if d.code == "BN101"]
        assert call.range.end.character == len("x = nn.BatchNorm2d(3)") + (params.version or 0) - 1
