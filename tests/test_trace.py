"""``--trace``: what a recorded run adds to the findings, in every report, and records that do not fit."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command import bn_migrate, harvest, plant, report
from tests.editor import Editor, opened
from tests.recorded import trace

NET = """\
import string
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

HIDDEN = getattr(nn, "d2mroNhctaB"[::-1])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.plain = nn.BatchNorm2d(3, momentum=0.2)
        self.hidden = HIDDEN(3, momentum=0.3)
        self.group = nn.GroupNorm(1, 3)


def scale(m: nn.BatchNorm2d):
    return m.weight


def told(m):
    if isinstance(m, (nn.BatchNorm2d, nn.GroupNorm)):
        m.weight.requires_grad_(m.bias is not None)


def split(m):
    if isinstance(m, (nn.BatchNorm2d, nn.GroupNorm)):
        nn.init.ones_(m.weight)


def shown(m: nn.BatchNorm2d):
    return string.Formatter().format("{0.eps}", m)


def is_norm(m):
    return isinstance(m, _BatchNorm)


def mean(layer):
    return layer.running_mean
"""
TOOLS = """\
é = "a file that names no layer"; gain = lambda layer: (layer
    .bias.sum())


def both(layer):
    return layer.weight


def quiet(layer):
    return layer.weight  # bn-migrate: skip


def never(layer):
    return layer.weight
"""
LISTED = """\
from torch import nn

NORMS = {"bn": nn.BatchNorm2d}


def make(name):
    return NORMS[name](3)
"""
MAIN = """\
import listed, net, tools

listed.make("bn")

made = net.Net()
made.apply(net.told)
made.apply(net.split)
net.shown(made.plain)
made.apply(net.is_norm)
for _ in range(1204):
    net.scale(made.plain)
getattr(net, "elacs"[::-1])(made.group)
getattr(tools, "niag"[::-1])(made.plain)
for layer in (made.plain, made.group):
    getattr(tools, "htob"[::-1])(layer)
net.mean(made.hidden)
getattr(tools, "teiuq"[::-1])(made.plain)
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree with a record of its program."""
    texts = {"net": NET, "tools": TOOLS, "listed": LISTED, "main": MAIN}
    files = {f"src/{name}.py": text.encode() for name, text in texts.items()}
    folder = plant(tmp_path_factory.mktemp("recorded"), files)
    done = trace("-o", "t.json", "src/main.py", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def tree(recorded: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy elsewhere: a record belongs to texts, not to a place on the disk."""
    shutil.copytree(recorded, tmp_path / "copy")
    yield tmp_path / "copy"


def findings(document: dict[str, Any], code: str) -> list[tuple[str, int, int, str, str]]:
    return [
        (Path(file["path"]).name, f["line"], f["column"], f["before"], f["message"])
        for file in document["files"]
        for f in file["findings"]
        if f["code"] == code
    ]


def test_what_reading_missed_is_a_review_with_what_was_seen(tree: Path) -> None:
    document = report("src", "--check", "--trace", "t.json", cwd=tree)
    unseen = findings(document, "BN219")
    assert [found[:4] for found in unseen] == [
        ("net.py", 12, 23, "HIDDEN(3, momentum=0.3)"),
        ("net.py", 39, 12, "layer.running_mean"),
        ("tools.py", 1, 57, "layer\n    .bias"),
        ("tools.py", 6, 12, "layer.weight"),
    ]
    assert all("seen while running: always BatchNorm2d in 1 use" in message for *_, message in unseen[:3])
    assert "BatchNorm2d in 1 use, also GroupNorm in 1 use" in unseen[3][-1]
    assert ("tools.py", 10, 12) in [found[:3] for found in findings(document, "BN306")]
    assert "momentum means something else to mindspore.nn.BatchNorm2d" in unseen[0][-1]
    assert document["summary"]["reviews"] == 8
    assert document["trace"] == {
        "file": "t.json", "executed": 14, "with_finding": 10, "changed": [], "compiled": [],
    }  # fmt: skip


def test_reviews_that_the_run_settles_say_so(tree: Path) -> None:
    document = report("src/net.py", "--check", "--trace", "t.json", cwd=tree)
    shared, _ = [f for f in findings(document, "BN205") if f[1] == 22]
    assert "BatchNorm2d in 2 uses, also GroupNorm in 1 use" in shared[-1]
    (tested,) = [f for f in findings(document, "BN210") if f[1] == 35]
    assert "seen while running: BatchNorm2d in 2 uses, also GroupNorm in 1 use, Net in 1 use" in tested[-1]


def test_a_rewrite_of_a_use_that_others_had_too_is_withdrawn(tree: Path) -> None:
    before = report("src/net.py", "--check", cwd=tree)
    assert ("net.py", 17, 12, "m.weight") in [f[:4] for f in findings(before, "BN105")]
    document = report("src/net.py", "--check", "--trace", "t.json", cwd=tree)
    (withdrawn,) = [f for f in findings(document, "BN205") if f[1] == 17]
    assert "BatchNorm2d in 1,204 uses, also GroupNorm in 1 use" in withdrawn[-1]
    assert ("net.py", 27, 9) in [f[:3] for f in findings(document, "BN107")], "a branch of its own stays"
    done = bn_migrate("src/net.py", "--trace", "t.json", cwd=tree)
    assert b"return m.weight" in (tree / "src/net.py").read_bytes(), done.stdout


def test_suggestions_for_what_was_seen_can_be_applied(tree: Path) -> None:
    done = bn_migrate("src", "--trace", "t.json", "--apply", "BN219", cwd=tree)
    assert done.returncode == 0, done.stderr
    tools = (tree / "src/tools.py").read_text()
    assert "(layer\n    .beta.sum())" in tools
    assert "layer.gamma if isinstance(layer, ms.nn.BatchNorm2d) else layer.weight" in tools
    assert "return layer.moving_mean" in (tree / "src/net.py").read_text()


def test_every_report_carries_it(tree: Path) -> None:
    text = bn_migrate("src", "--check", "--trace", "t.json", cwd=tree).stdout.decode()
    assert "t.json: 10 of 14 executed occurrences have a finding." in text
    assert "BN219 review seen while running" in text
    bn_migrate("src", "--check", "--trace", "t.json", "--report", "r.html", "--quiet", cwd=tree)
    page = (tree / "r.html").read_text()
    assert "10 of 14 executed occurrences have a finding." in page and "BN219" in page
    sarif = json.loads(bn_migrate("src", "--check", "--trace", "t.json", "--format", "sarif", cwd=tree).stdout)
    assert sum(r["ruleId"] == "BN219" for r in sarif["runs"][0]["results"]) == 4
    assert bn_migrate("src", "--check", "--strict", "--select", "BN219", "--trace", "t.json", cwd=tree).returncode == 1


def test_the_editor_shows_it(tree: Path) -> None:
    (tree / "src" / "pyproject.toml").write_text('[tool.bn-migrate]\ntrace = "../t.json"\n')
    with Editor(tree / "src") as editor:
        path = opened(editor, tree / "src", TOOLS.encode(), "tools.py")
        found = editor.diagnostics(path)
    assert [(d.code, d.range.start.line) for d in found] == [("BN219", 0), ("BN219", 5), ("BN306", 9)]


def test_a_changed_file_is_named_and_the_rest_is_used(tree: Path) -> None:
    with (tree / "src/net.py").open("a") as file:
        file.write("# later\n")
    document = report("src", "--check", "--trace", "t.json", cwd=tree)
    assert document["trace"]["changed"] == ["src/net.py"]
    assert {found[0] for found in findings(document, "BN219")} == {"tools.py"}
    text = bn_migrate("src", "--check", "--trace", "t.json", cwd=tree).stdout.decode()
    assert "Changed since it was recorded, and not used: src/net.py." in text


def test_a_second_record_is_not_answered_from_the_cache(tree: Path) -> None:
    record = json.loads((tree / "t.json").read_text())
    first = report("src", "--check", "--trace", "t.json", cwd=tree)
    for file in record["files"].values():
        file["occurrences"] = [o for o in file["occurrences"] if o["name"] != "bias"]
    (tree / "t.json").write_text(json.dumps(record))
    second = report("src", "--check", "--trace", "t.json", cwd=tree)
    assert second["trace"]["executed"] == first["trace"]["executed"] - 2
    assert "trace" not in report("src", "--check", cwd=tree)


def test_a_record_without_columns_is_read_by_lines(tree: Path) -> None:
    """As Python 3.10 writes it."""
    record = json.loads((tree / "t.json").read_text())
    for occurrence in (o for file in record["files"].values() for o in file["occurrences"]):
        occurrence.update(column=None, end_column=None)
    (tree / "t.json").write_text(json.dumps(record))
    document = report("src", "--check", "--trace", "t.json", cwd=tree)
    assert ("tools.py", 6, 12, "layer.weight") in [found[:4] for found in findings(document, "BN219")]
    assert document["trace"]["executed"] == 14


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file"),
        ("{", "it is not JSON"),
        ("[]", "the keys files and runs are expected"),
        ('{"files": {}, "runs": []}', "a record of schema None"),
        ('{"schema": 1, "files": {"a": {}}, "runs": [], "compiled": [], "networks": {}}', "key 'sha256' is missing"),
        (
            '{"schema": 1, "files": {"a": {"sha256": "", "occurrences": [{"use": "eaten"}]}}, "runs": []}',
            "use: 'eaten' is not one of made",
        ),
        ('{"schema": 1, "files": {}, "runs": [], "compiled": []}', "recorded of other sources"),
    ],
)
def test_a_record_that_does_not_fit_is_one_line(tmp_path: Path, content: str | None, words: str) -> None:
    plant(tmp_path, {"src/net.py": NET.encode()})
    if content is not None:
        (tmp_path / "t.json").write_text(content)
    before = harvest(tmp_path)
    done = bn_migrate("src", "--trace", "t.json", cwd=tmp_path)
    assert done.returncode == 2 and done.stdout == b""
    assert words in done.stderr.decode() and done.stderr.decode().startswith("bn-migrate: ")
    assert done.stderr.count(b"\n") == 1
    assert harvest(tmp_path) == before
