"""What an editor offers at a place: fixes, the migration of the file, and what hovers over it."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrate.explain import explain
from tests.command import AFTER, BEFORE, REVIEW, bn_migrate, plant
from tests.editor import FIX_ALL, MAKE, SAMPLES, USE, Editor, opened
from tests.editor import editor as editor
from tests.editor import server as server

LINKED = b"import torch.nn as nn\n\nnorm = nn.BatchNorm2d(3)\nprint(norm.running_mean)\nother = nn.BatchNorm2d(4)\n"
TESTED = (
    b"import torch.nn as nn\n\nnorm = nn.BatchNorm2d(3)\n\ndef init(m):\n"
    b"    if isinstance(m, nn.BatchNorm2d):\n        m.eval()\n"
)
OFFERED = b"import torch.nn as nn\n\ndef scale(m: nn.BatchNorm2d):\n    return m.affine\n"


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


WAYS = {
    "make.py": MAKE,
    "use.py": b"from make import norm\n\ndef mean(c, x):\n    x.running_mean\n    return norm(c).running_mean\n",
}
CAME = """How it came here:
```text
norm(c) is a layer of torch.nn.BatchNorm2d:
  make.py:4:12: nn.BatchNorm2d: the class torch.nn.BatchNorm2d
  make.py:4:12: nn.BatchNorm2d(c, momentum=0.3): a layer of torch.nn.BatchNorm2d
  make.py: what norm returns: a layer of torch.nn.BatchNorm2d
  use.py:5:12: norm(c): a layer of torch.nn.BatchNorm2d
```"""


def test_hover_shows_how_a_layer_came_there(editor: Editor, tmp_path: Path) -> None:
    plant(tmp_path, WAYS)
    editor.open(tmp_path / "use.py")
    assert CAME in editor.hover_on(tmp_path / "use.py", "norm(c)")
    asked = bn_migrate(".", "--why", "use.py:5:12", cwd=tmp_path).stdout.decode().splitlines()
    assert asked[1:] == CAME.splitlines()[2:-1], "as on the command line"
    lost = "use.py:4:5: x: the parameter x of mean: no call of it in these files passes it"
    assert lost in editor.hover_on(tmp_path / "use.py", "x.running_mean")
    editor.open(tmp_path / "make.py")
    assert "How it came here" not in editor.hover_on(tmp_path / "make.py", "momentum=0.3"), "it comes from nowhere else"


def test_hover_follows_what_is_edited(editor: Editor, tmp_path: Path) -> None:
    plant(tmp_path, WAYS)
    for name in WAYS:
        editor.open(tmp_path / name)
    assert "make.py:4:12" in editor.hover_on(tmp_path / "use.py", "norm(c)")
    editor.edit(tmp_path / "make.py", "def norm", "\n\ndef norm")
    assert "make.py:6:12" in editor.hover_on(tmp_path / "use.py", "norm(c)")


def test_hover_does_not_wait_for_files_that_take_long(editor: Editor, tmp_path: Path) -> None:
    """What another process finds out meanwhile is there the next time, and is asked for once."""
    filler = b"".join(b"def f%d(x, y=nn.BatchNorm2d(3)):\n    return y.weight\n" % i for i in range(9_000))
    plant(tmp_path, {**WAYS, "make.py": MAKE + filler})
    path = tmp_path / "use.py"
    editor.open(path)
    editor.finish(path)
    children = editor.children()
    assert "How it came here is being found out" in editor.hover_on(path, "norm(c)")
    (child,) = editor.children() - children
    while CAME not in editor.hover_on(path, "norm(c)"):
        editor.rest(0.1)
    assert editor.children() == children | {child}
