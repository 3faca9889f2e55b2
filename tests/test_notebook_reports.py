"""Notebooks through the program: where findings are said to be, diffs, files, the cache, proofs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import BEFORE, bn_migrate, harvest, plant, report
from tests.notebooks import notebook, sources
from tests.page import having, read_page, text_of
from tests.schemas import SARIF, mistakes

CELLS = [
    "markdown:# Title",
    "%matplotlib inline\nimport torch.nn as nn\nact = nn.ReLU()",
    "if 1:\n    %time bn = nn.BatchNorm2d(3, momentum=0.2)",
    "for m in [nn.BatchNorm2d(3)]:\n    print(m.affine, m.running_mean)\n!ls BatchNorm2d",
]
AFTER = [
    "# Title",
    "%matplotlib inline\nimport torch.nn as nn\nimport mindspore as ms\nact = nn.ReLU()",
    "if 1:\n    %time bn = ms.nn.BatchNorm2d(3, momentum=0.8)",
    "for m in [ms.nn.BatchNorm2d(3)]:\n    print(m.affine, m.moving_mean)\n!ls BatchNorm2d",
]
DIFF = """\
--- a/a.ipynb:cell 2
+++ b/a.ipynb:cell 2
@@ -1,3 +1,4 @@
 %matplotlib inline
 import torch.nn as nn
+import mindspore as ms
 act = nn.ReLU()
--- a/a.ipynb:cell 3
+++ b/a.ipynb:cell 3
@@ -1,2 +1,2 @@
 if 1:
-    %time bn = nn.BatchNorm2d(3, momentum=0.2)
+    %time bn = ms.nn.BatchNorm2d(3, momentum=0.8)
--- a/a.ipynb:cell 4
+++ b/a.ipynb:cell 4
@@ -1,3 +1,3 @@
-for m in [nn.BatchNorm2d(3)]:
-    print(m.affine, m.running_mean)
+for m in [ms.nn.BatchNorm2d(3)]:
+    print(m.affine, m.moving_mean)
 !ls BatchNorm2d
"""
BROKEN = notebook("import torch.nn as nn", "x = 1\nnn.BatchNorm2d(")
TREE = {"a.ipynb": notebook(*CELLS), "broken.ipynb": BROKEN, "c.py": BEFORE}
PLACES = [(3, 2, 16, "BN101"), (3, 2, 16, "BN301"), (4, 1, 11, "BN101"), (4, 2, 11, "BN208"), (4, 2, 21, "BN105")]
PLACES.append((4, 3, 5, "BN217"))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return plant(tmp_path, TREE)


def test_the_diff_is_that_of_the_sources(tree: Path) -> None:
    done = bn_migrate("--diff", "a.ipynb", cwd=tree)
    assert done.stdout.decode() == DIFF and harvest(tree) == TREE


def test_json_has_the_cell_in_notebooks_alone(tree: Path) -> None:
    files = {f["path"]: f for f in report("--check", ".", cwd=tree)["files"]}
    found = files["a.ipynb"]["findings"]
    assert [(f["cell"], f["line"], f["column"], f["code"]) for f in found] == PLACES
    for f in found:
        line = CELLS[f["cell"] - 1].split("\n")[f["line"] - 1]
        assert f["line"] == f["end_line"] and line[f["column"] - 1 : f["end_column"] - 1] == f["before"]
    assert found[3]["suggestion"] == "m.gamma.requires_grad"
    assert all("cell" not in f for f in files["c.py"]["findings"])
    assert files["broken.ipynb"]["error"].startswith("BN901") and "(cell 2, line 2)" in files["broken.ipynb"]["error"]


def test_the_cache_keeps_cells(tree: Path) -> None:
    first = report("--check", ".", cwd=tree)
    assert report("--check", ".", cwd=tree) == first == report("--check", "--no-cache", ".", cwd=tree)
    text = bn_migrate("--check", ".", cwd=tree).stderr.decode()
    assert text.startswith("broken.ipynb:cell 2:2: error BN901 ") and "line 2" not in text


def test_text_names_cell_line_and_column_and_shows_the_line(tree: Path) -> None:
    lines = bn_migrate("--check", "--verbose", ".", cwd=tree).stdout.decode().split("\n")
    at = next(i for i, line in enumerate(lines) if line.startswith("  a.ipynb:cell 3:2:16 BN101 rewrite "))
    assert lines[at + 1] == "        %time bn = nn.BatchNorm2d(3, momentum=0.2)"
    assert lines[at + 2] == " " * 19 + "^" * 31
    at = next(i for i, line in enumerate(lines) if line.startswith("  a.ipynb:cell 4:2:11 BN208 review "))
    assert lines[at + 3] == "    write: m.gamma.requires_grad"
    quiet = bn_migrate("--check", "--quiet", ".", cwd=tree).stderr.decode()
    assert quiet.startswith("bn-migrate: broken.ipynb:cell 2:2: BN901 ")


def test_github_names_the_place_in_the_message(tree: Path) -> None:
    lines = bn_migrate("--check", "--format", "github", ".", cwd=tree).stdout.decode().split("\n")
    ours = [line for line in lines if "a.ipynb" in line]
    starts = [f"title={code}::cell {cell}:{line}:{column}: " for cell, line, column, code in PLACES]
    assert len(ours) == len(starts) and all(s in line for s, line in zip(starts, ours, strict=True))
    assert not any("line=" in line for line in lines if "ipynb" in line)
    assert any(line.startswith("::error file=broken.ipynb,title=bn-migrate::BN901 ") for line in lines)


def test_sarif_has_logical_places(tree: Path) -> None:
    document = json.loads(bn_migrate("--check", "--format", "sarif", ".", cwd=tree).stdout)
    assert not mistakes(SARIF, document)
    (run,) = document["runs"]
    found = [r for r in run["results"] if "a.ipynb" in json.dumps(r["locations"])]
    for result, (cell, line, column, code) in zip(found, PLACES, strict=True):
        (place,) = result["locations"]
        file = {"uri": "a.ipynb", "uriBaseId": "%SRCROOT%"}
        assert result["ruleId"] == code and place["physicalLocation"] == {"artifactLocation": file}
        assert set(result["partialFingerprints"]) == {"bnMigrate/v1"}, "the lines of cells are no lines of the file"
        name = f"a.ipynb:cell {cell}:{line}:{column}"
        assert place["logicalLocations"] == [{"name": f"cell {cell}", "fullyQualifiedName": name}]
        assert "fixes" not in result
    assert found[3]["message"]["text"].endswith("\nwrite: m.gamma.requires_grad")
    (error,) = run["invocations"][0]["toolExecutionNotifications"]
    assert error["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "broken.ipynb:cell 2:2"


def test_the_page_shows_the_lines_of_the_cells(tree: Path) -> None:
    bn_migrate("--check", "--report", "page.html", ".", cwd=tree)
    page = read_page((tree / "page.html").read_text("utf-8"))
    sources = [line for line in DIFF.splitlines() if line[:1] in "+-" and not line.startswith(("+++", "---"))]
    lines = [text_of(e[2]).replace("−", "-") + text_of(e[3]) for e in having(page, "div", "line")]
    assert sources and set(sources) <= set(lines)
    assert [text_of(e) for e in page.iter("h4")][:2] == ["cell 2", "cell 3"]
    shown = text_of(page)
    assert "cell 3:2:16" in shown and "cell 2, line 2: BN901" in shown and "bn_cell" not in shown


def test_files_are_written_in_place_and_elsewhere(tree: Path) -> None:
    assert bn_migrate("--output", "../out", ".", cwd=tree).returncode == 2
    assert sources(harvest(tree.parent / "out")["a.ipynb"]) == AFTER
    assert harvest(tree) == TREE and harvest(tree.parent / "out")["broken.ipynb"] == BROKEN
    plant(tree, {"sub/.ipynb_checkpoints/a.ipynb": TREE["a.ipynb"], "sub/a.ipynb": TREE["a.ipynb"]})
    assert bn_migrate(".", cwd=tree).returncode == 2
    after = harvest(tree)
    assert sources(after["a.ipynb"]) == sources(after["sub/a.ipynb"]) == AFTER
    assert after["broken.ipynb"] == BROKEN and after["sub/.ipynb_checkpoints/a.ipynb"] == TREE["a.ipynb"]
    bn_migrate(".", cwd=tree)
    assert harvest(tree) == after


def test_standard_input_is_a_notebook_by_its_name(tree: Path) -> None:
    done = bn_migrate("-", "--stdin-filename", "x.ipynb", cwd=tree, stdin=TREE["a.ipynb"])
    assert sources(done.stdout) == AFTER and b"x.ipynb:cell 4:2:11" in done.stderr


def test_workers_give_the_same(tree: Path) -> None:
    large = {f"{i}.ipynb": notebook(*CELLS, "raw:" + "x" * 100_000) for i in range(8)}
    plant(tree, large)
    one, two = (report("--check", "--no-cache", "--jobs", n, ".", cwd=tree) for n in ("1", "2"))
    assert one == two and one["summary"]["changed"] == 10


def test_a_proof_reads_the_program(tree: Path) -> None:
    pytest.importorskip("mindspore")
    document = report("--verify", "--check", "a.ipynb", cwd=tree)
    proved = document["verification"]
    assert proved["passed"] == 2 and proved["failed"] == 0
    assert [case["sites"] for case in proved["cases"]] == [["a.ipynb:cell 3:2"], ["a.ipynb:cell 4:1"]]
