"""The language server, as an editor sees it: a real client talks to the real program over stdio."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsprotocol import types

from migrate.explain import explain
from tests.command import AFTER, BEFORE, BROKEN, REVIEW, bn_migrate, plant, report
from tests.editor import Editor

ROOT = Path(__file__).parent.parent
SAMPLES = sorted((ROOT / "samples").glob("*.py"))
FIX_ALL = "source.fixAll.bnMigrate"
SEVERITIES = {
    "rewrite": types.DiagnosticSeverity.Information,
    "review": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Hint,
}
LINKED = b"import torch.nn as nn\n\nnorm = nn.BatchNorm2d(3)\nprint(norm.running_mean)\nother = nn.BatchNorm2d(4)\n"
TESTED = (
    b"import torch.nn as nn\n\nnorm = nn.BatchNorm2d(3)\n\ndef init(m):\n"
    b"    if isinstance(m, nn.BatchNorm2d):\n        m.eval()\n"
)
OFFERED = b"import torch.nn as nn\n\ndef scale(m: nn.BatchNorm2d):\n    return m.affine\n"
EMOJI = 'import torch.nn as nn\n\nlayers = "\N{SNAKE}é", nn.BatchNorm2d(3, momentum=0.2)\n'
MAKE = b"from torch import nn\n\ndef norm(c):\n    return nn.BatchNorm2d(c, momentum=0.3)\n"
USE = b"from make import norm\n\ndef mean(c):\n    return norm(c).running_mean\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Editor]:
    """One server for all tests that want nothing special of it; it has no folder of its own."""
    with Editor(None) as editor:
        yield editor


@pytest.fixture
def editor(server: Editor, tmp_path: Path) -> Iterator[Editor]:
    """The shared server with the folder of the test."""
    server.change_folders([tmp_path], [])
    yield server
    for path in server.opened():
        server.close(path)
    server.change_folders([], [tmp_path])


def opened(editor: Editor, folder: Path, data: bytes, name: str = "net.py") -> Path:
    """A file of the folder with ``data`` in it, open in the editor."""
    path = plant(folder, {name: data}) / name
    editor.open(path)
    return path


def first(editor: Editor, path: Path, code: str) -> types.Diagnostic:
    """The first diagnostic with a code."""
    return next(d for d in editor.diagnostics(path) if d.code == code)


# Diagnostics


def test_diagnostics_are_the_findings_of_the_command_line(editor: Editor, tmp_path: Path) -> None:
    paths = [opened(editor, tmp_path, sample.read_bytes(), sample.name) for sample in SAMPLES]
    found = {file["path"]: file["findings"] for file in report(".", "--check", cwd=tmp_path)["files"]}
    for path in paths:
        shown = [(d.code, d.severity, d.message, editor.marked(path, d.range)) for d in editor.diagnostics(path)]
        findings = found.pop(path.name)
        assert shown == [(f["code"], SEVERITIES[f["kind"]], f["message"], f["before"]) for f in findings]
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


# Columns


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


# While typing


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


# Actions


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.stem)
def test_fix_all_is_what_the_command_line_writes(editor: Editor, tmp_path: Path, sample: Path) -> None:
    path = opened(editor, tmp_path, sample.read_bytes())
    (action,) = editor.actions(path, "import", FIX_ALL)
    assert editor.applied(path, action) == bn_migrate("-", stdin=sample.read_bytes()).stdout.decode()


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_fix_all_keeps_the_ends_of_the_lines(editor: Editor, tmp_path: Path, end: bytes) -> None:
    path = opened(editor, tmp_path, BEFORE.replace(b"\n", end))
    (action,) = editor.actions(path, "layer", "source.fixAll")
    assert editor.applied(path, action) == AFTER.replace(b"\n", end).decode()


def test_there_is_nothing_to_fix_where_nothing_is_rewritten(editor: Editor, tmp_path: Path) -> None:
    assert editor.actions(opened(editor, tmp_path, REVIEW), "layer", FIX_ALL) == []


def test_a_rewrite_that_stands_by_itself_is_written_alone(editor: Editor, tmp_path: Path) -> None:
    path = opened(editor, tmp_path, LINKED)
    assert editor.fixed(path, "nn.BatchNorm2d(4)", "Write ms.nn.BatchNorm2d(4)") == (
        "import torch.nn as nn\nimport mindspore as ms\n\nnorm = nn.BatchNorm2d(3)\nprint(norm.running_mean)\n"
        "other = ms.nn.BatchNorm2d(4)\n"
    )


@pytest.mark.parametrize(
    ("source", "place"),
    [
        (LINKED, "nn.BatchNorm2d(3)"),
        (LINKED, "norm.running_mean"),
        (TESTED, "nn.BatchNorm2d(3)"),
        (TESTED, "nn.BatchNorm2d)"),
        (TESTED, "m.eval()"),
    ],
    ids=["a layer whose attribute is used", "the use", "a layer that may meet a test", "the test", "what it guards"],
)
def test_a_rewrite_that_needs_others_is_written_with_the_file(
    editor: Editor, tmp_path: Path, source: bytes, place: str
) -> None:
    path = opened(editor, tmp_path, source)
    titles = [title for title in editor.titles(path, place) if not title.startswith("Leave")]
    assert titles == ["Migrate all in this file"]
    assert editor.fixed(path, place, "Migrate all") == bn_migrate("-", stdin=source).stdout.decode()


def test_a_rewrite_that_another_file_needs_is_not_written_alone(editor: Editor, tmp_path: Path) -> None:
    plant(tmp_path, {"make.py": MAKE, "use.py": USE})
    editor.open(tmp_path / "make.py")
    titles = editor.titles(tmp_path / "make.py", "nn.BatchNorm2d(c")
    assert "Migrate all in this file" in titles
    assert not [title for title in titles if title.startswith("Write")]


def test_a_review_offers_its_text(editor: Editor, tmp_path: Path) -> None:
    path = opened(editor, tmp_path, OFFERED)
    fixed = editor.fixed(path, "m.affine", "Write m.gamma.requires_grad")
    assert fixed == OFFERED.decode().replace("m.affine", "m.gamma.requires_grad")


def test_what_is_offered_brings_the_import_that_it_needs(editor: Editor, tmp_path: Path) -> None:
    source = b"import torch.nn as nn\n\ndef make(norm=nn.BatchNorm2d, other=nn.InstanceNorm2d, flag=0):\n"
    source += b"    norm = norm if flag else other\n    return norm(3, momentum=0.01)\n"
    path = opened(editor, tmp_path, source)
    fixed = editor.fixed(path, "norm(3, momentum=0.01)", "Write norm(3")
    assert "import mindspore as ms\n" in fixed
    assert "is ms.nn.BatchNorm2d" in fixed
    assert "norm=nn.BatchNorm2d" in fixed


def test_a_place_can_be_left_alone(editor: Editor, tmp_path: Path) -> None:
    path = opened(editor, tmp_path, BEFORE)
    fixed = editor.fixed(path, "nn.BatchNorm2d", "Leave nn.BatchNorm2d(3, momentum=0.2) as it is")
    assert fixed == BEFORE.decode().replace("=0.2)", "=0.2)  # bn-migrate: skip")
    editor.edit(path, "=0.2)", "=0.2)  # bn-migrate: skip")
    assert editor.codes(path) == ["BN306"]


def test_a_line_that_ends_in_a_string_takes_no_comment(editor: Editor, tmp_path: Path) -> None:
    source = b'import torch.nn as nn\n\nx = nn.BatchNorm2d(3), """\n"""\ny = nn.BatchNorm2d(\n    4), \\\n    1\n'
    path = opened(editor, tmp_path, source)
    assert not [title for title in editor.titles(path, "nn.BatchNorm2d(3)") if title.startswith("Leave")]
    fixed = editor.fixed(path, "nn.BatchNorm2d(\n", "Leave")
    assert fixed == source.decode().replace("Norm2d(\n", "Norm2d(  # bn-migrate: skip\n")


# Hover


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("momentum=0.03", ["`momentum=1 - momentum`", "Left for review: below 0 or above 1", "nn.BatchNorm2d(4, 1e-3"]),
        ("16", ["`num_features` of `torch.nn.BatchNorm2d`"]),
        ("1e-3", ["`eps` of `torch.nn.BatchNorm2d`", "MindSpore accepts eps in (0, 1] only"]),
        ("m.running_var", ["`running_var` of `torch.nn.BatchNorm2d`", "`moving_variance`"]),
        ("m.eval()", ["`eval()` of `torch.nn.BatchNorm2d`", "`set_train(False)`"]),
        ("nn.BatchNorm2d)", ["| `track_running_stats` | `use_batch_statistics`"]),
        ("False, device", ["`affine` of `torch.nn.BatchNorm2d`"]),
        ("device='cpu'", ["In `mindspore.nn.BatchNorm2d`: dropped", "MindSpore places the layer on the device"]),
        ("x.running_mean", ["`running_mean` of", "if x is a batch norm"]),
    ],
)
def test_hover_shows_the_mapping_and_what_it_rests_on(
    editor: Editor, tmp_path: Path, place: str, said: list[str]
) -> None:
    source = (
        b"from functools import partial\nfrom torch import nn\n\n"
        b"norm = partial(nn.BatchNorm2d, 16, eps=0.1, momentum=0.03)\n"
        b"layer = nn.BatchNorm2d(\n    8, 1e-3, 0.1, False, device='cpu')\n"
        b"def init(m, x):\n    if isinstance(m, nn.BatchNorm2d):\n        m.eval()\n        print(m.running_var)\n"
        b"    return x.running_mean\n"
    )
    path = opened(editor, tmp_path, source)
    shown = editor.hover_on(path, place)
    assert [text for text in said if text not in shown] == []


def test_hover_explains_the_finding(editor: Editor, tmp_path: Path) -> None:
    path = opened(editor, tmp_path, REVIEW)
    assert explain("BN201").strip() in editor.hover_on(path, "momentum")
    assert editor.hover_on(path, "import") == ""


# Several files


def test_a_class_of_another_file_is_known(editor: Editor, tmp_path: Path) -> None:
    plant(tmp_path, {"make.py": MAKE})
    path = opened(editor, tmp_path, USE, "use.py")
    (file,) = [f for f in report(".", "--check", cwd=tmp_path)["files"] if f["path"] == "use.py"]
    assert editor.codes(path) == [f["code"] for f in file["findings"]] == ["BN105"]


def test_what_is_open_counts_rather_than_the_disk(editor: Editor, tmp_path: Path) -> None:
    plant(tmp_path, {"make.py": b"", "use.py": USE})
    editor.open(tmp_path / "use.py")
    assert editor.codes(tmp_path / "use.py") == []
    editor.open(tmp_path / "make.py", MAKE.decode())
    assert editor.codes(tmp_path / "use.py") == ["BN105"]
    editor.close(tmp_path / "make.py")
    assert editor.codes(tmp_path / "use.py") == []


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
    assert editor.codes(tmp_path / "use.py") == []
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


# Settings

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


@pytest.mark.parametrize("by", ["project", "editor"])
def test_a_wrong_setting_is_told_and_changes_nothing(editor: Editor, tmp_path: Path, by: str) -> None:
    plant(tmp_path, {"pyproject.toml": b"[tool.bn-migrate]\ntragte = 1\n" if by == "project" else b""})
    editor.set({"bn-migrate": {"tragte": 1} if by == "editor" else {}})
    path = opened(editor, tmp_path, BEFORE)
    assert target(editor, path) == "mindspore.nn"
    assert "unknown key 'tragte'; allowed: target," in editor.messages[-1]
    editor.set({"bn-migrate": {}})


# Cancellation


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


# Proof

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
