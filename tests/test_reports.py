"""The reports: their exact shape, their positions, and what readers of them rely on."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from migrate import __version__
from migrate.codes import CODES
from tests.command import BEFORE, BROKEN, REVIEW, bn_migrate, plant, report, sarif
from tests.page import having, read_page, text_of
from tests.schemas import SARIF, mistakes

WIDE = "import torch.nn as nn\n\ngröße = '名😀', nn.BatchNorm2d(3, momentum=0.2)\n".encode()
TREE = {"a.py": BEFORE, "b.py": REVIEW, "broken.py": BROKEN, "clean.py": b"x = 1\n", "sub/wide.py": WIDE}


def test_json_has_the_documented_keys(tmp_path: Path) -> None:
    document = report("--check", ".", cwd=plant(tmp_path, TREE))
    assert list(document) == ["schema", "tool", "summary", "files", "verification"]
    assert document["schema"] == 1 and document["verification"] is None
    assert document["tool"] == {"name": "bn-migrate", "version": __version__}
    assert list(document["summary"]) == ["files", "changed", "rewrites", "reviews", "notes", "errors"]
    place = ["line", "column", "end_line", "end_column"]
    keys = ["code", "kind", "role", "symbol", *place, "message", "before", "after", "suggestion"]
    for file in document["files"]:
        assert list(file) == ["path", "changed", "error", "findings"]
        assert all(list(finding) == keys for finding in file["findings"])


def test_json_values(tmp_path: Path) -> None:
    document = report("--check", ".", cwd=plant(tmp_path, TREE))
    files = {f["path"]: f for f in document["files"]}
    assert list(files) == ["a.py", "b.py", "broken.py", "sub/wide.py"], "a file without a finding is counted alone"
    assert [f["changed"] for f in files.values()] == [True, False, False, True]
    assert [f["error"] is None for f in files.values()] == [True, True, False, True]
    kinds = [finding["kind"] for f in files.values() for finding in f["findings"]]
    totals = {name: kinds.count(kind) for name, kind in zip(("rewrites", "reviews", "notes"), KINDS, strict=True)}
    assert document["summary"] == {"files": 5, "changed": 2, **totals, "errors": 1}
    call = files["a.py"]["findings"][1]
    assert {k: v for k, v in call.items() if k != "message"} == {
        "code": "BN101",
        "kind": "rewrite",
        "role": "call",
        "symbol": "torch.nn.BatchNorm2d",
        "line": 3,
        "column": 9,
        "end_line": 3,
        "end_column": 40,
        "before": "nn.BatchNorm2d(3, momentum=0.2)",
        "after": "ms.nn.BatchNorm2d(3, momentum=0.8)",
        "suggestion": None,
    }
    assert call["message"]


KINDS = ("rewrite", "review", "note")


def test_columns_count_characters(tmp_path: Path) -> None:
    document = report("--check", "wide.py", cwd=plant(tmp_path, {"wide.py": WIDE}))
    call = next(f for f in document["files"][0]["findings"] if f["role"] == "call")
    line = WIDE.decode().splitlines()[2]
    assert (call["line"], call["column"]) == (3, line.index("nn.") + 1)
    assert line[call["column"] - 1 : call["end_column"] - 1] == call["before"] == "nn.BatchNorm2d(3, momentum=0.2)"


def test_json_is_readable_text_in_utf8(tmp_path: Path) -> None:
    plant(tmp_path, {"名.py": "x = 'größe.running_mean'\n".encode()})
    done = bn_migrate("--format", "json", "--check", ".", cwd=tmp_path, env={"PYTHONIOENCODING": "ascii"})
    assert "名.py" in done.stdout.decode() and "größe" in done.stdout.decode()


@pytest.mark.parametrize("place", ["relative", "absolute"])
def test_paths_are_as_given_or_below(tmp_path: Path, place: str) -> None:
    plant(tmp_path, {"src/pkg/a.py": BEFORE})
    given = "./src" if place == "relative" else str(tmp_path / "src")
    document = report("--check", given, cwd=tmp_path)
    assert [f["path"] for f in document["files"]] == [f"{given}/pkg/a.py"]


@pytest.mark.parametrize(
    "files", [{**TREE, "spa ce, 名%.py": BEFORE}, {"clean.py": b"x = 1\n"}], ids=lambda f: ", ".join(f)
)
def test_sarif_is_valid(tmp_path: Path, files: dict[str, bytes]) -> None:
    plant(tmp_path, files)
    for path in (".", str(tmp_path)):
        document = sarif(tmp_path, path)
        assert mistakes(SARIF, document) == []
    document["runs"][0]["results"].append({"message": 1})
    assert mistakes(SARIF, document), "the schema sees mistakes"


def test_sarif_names_rules_places_and_errors(tmp_path: Path) -> None:
    run = sarif(plant(tmp_path, TREE), ".")["runs"][0]
    document = report("--check", ".", cwd=tmp_path)
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert sorted(rules) == sorted(CODES) and run["columnKind"] == "unicodeCodePoints"
    found = [(f, finding) for f in document["files"] for finding in f["findings"]]
    assert len(run["results"]) == len(found)
    for result, (file, finding) in zip(run["results"], found, strict=True):
        assert result["ruleId"] == finding["code"] == rules[result["ruleIndex"]]
        assert result["message"]["text"] == finding["message"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == file["path"]
        columns = [place["region"][k] for k in ("startLine", "startColumn", "endLine", "endColumn")]
        assert columns == [finding[k] for k in ("line", "column", "end_line", "end_column")]
    assert {r["level"] for r in run["results"] if r["ruleId"].startswith("BN2")} == {"warning"}
    notification = run["invocations"][0]["toolExecutionNotifications"][0]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert notification["message"]["text"].startswith("BN901") and "broken.py" in json.dumps(notification["locations"])


def test_github_annotations(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE, "b.py": REVIEW, "broken.py": BROKEN})
    lines = bn_migrate("--check", "--format", "github", ".", cwd=tmp_path).stdout.decode().splitlines()
    levels = {(line.split(" ")[0], re.findall(r"file=(\w+)", line)[0]) for line in lines}
    assert levels == {("::notice", "a"), ("::warning", "b"), ("::error", "broken")}
    assert any(line.startswith("::error file=broken.py,line=3,title=bn-migrate::BN901 ") for line in lines)
    assert any("file=a.py,line=3,endLine=3,col=9,endColumn=40,title=BN101::" in line for line in lines)
    assert all(re.fullmatch(r"::(notice|warning|error) [^:]+::.+", line) for line in lines)


def test_github_escapes_what_would_end_a_command(tmp_path: Path) -> None:
    odd = "a,b:c%d\ne.py"
    several = b"import torch.nn as nn\nlayer = nn.BatchNorm2d(3, momentum=None, eps=100 %\n    7)\n"
    plant(tmp_path, {odd: several})
    done = bn_migrate("--check", "--format", "github", ".", cwd=tmp_path)
    found = report("--check", ".", cwd=tmp_path)["files"][0]["findings"]
    lines = done.stdout.decode().splitlines()
    assert len(lines) == len(found), "one line a finding"
    for line, finding in zip(lines, found, strict=True):
        assert "file=a%2Cb%3Ac%25d%0Ae.py,line=" in line
        message = line.rpartition("::")[2] if "::" not in finding["message"] else line[-len(finding["message"]) :]
        assert message.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%") == finding["message"]
        assert "%" not in re.sub("%(25|0A|0D|2C|3A)", "", line)


# A line with a place to review. The caret has to stand exactly below it.
LINES = [
    "layer = nn.BatchNorm2d(3, momentum=None)",
    "if 1:\n\tlayer = nn.BatchNorm2d(3, momentum=None)",
    "if 1:\n  \t layer =\tnn.BatchNorm2d(3, momentum=None)",
    "größe = 'é', nn.BatchNorm2d(3, momentum=None)  # [bold]not markup[/bold] :smile:",
    "x = [1, 2][0], nn.BatchNorm2d(3, momentum=None)" + "  # long" * 40,
    "layer = nn.BatchNorm2d(3,\n    momentum=None)",
]


@dataclass(frozen=True)
class Shown:
    """The text report on ``LINES``, a file each, and the reviews in it."""

    lines: list[str]
    reviews: dict[str, Any]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    folder = tmp_path_factory.mktemp("shown")
    plant(folder, {f"{i}.py": f"import torch.nn as nn\n{line}\n".encode() for i, line in enumerate(LINES)})
    found = {f["path"]: f["findings"][0] for f in report("--check", ".", cwd=folder)["files"]}
    return Shown(bn_migrate("--check", ".", cwd=folder).stdout.decode().split("\n"), found)


@pytest.mark.parametrize("index", range(len(LINES)), ids=[repr(line[:60]) for line in LINES])
def test_text_shows_the_line_with_the_place_marked(shown: Shown, index: int) -> None:
    finding = shown.reviews[f"{index}.py"]
    place = f"{index}.py:{finding['line']}:{finding['column']}"
    head = shown.lines.index(f"  {place} BN201 review {finding['message']}")
    source, carets = shown.lines[head + 1 : head + 3]
    assert source.expandtabs() == f"    {LINES[index].splitlines()[finding['line'] - 2]}".expandtabs()
    assert set(carets) <= {" ", "\t", "^"}
    start, end = carets.index("^"), carets.rindex("^") + 1
    assert source[start:end] == finding["before"].splitlines()[0]
    assert len(carets[:start].expandtabs()) == len(source[:start].expandtabs()), "also where a terminal shows tabs"


OFFER = b"""import torch.nn as nn

class Block(nn.Module):
    def start(self, m, norm=nn.BatchNorm2d):
        if isinstance(m, (nn.BatchNorm2d, nn.Module)):
            nn.init.ones_(m.weight)  # scale
        return norm(3, momentum=0.1), "100%"

Block().start(None, nn.InstanceNorm2d)
"""
CHOICE = "norm(3, momentum=0.9 if norm is ms.nn.BatchNorm2d else 0.1)"


def test_text_shows_what_to_write_below_the_place(tmp_path: Path) -> None:
    lines = bn_migrate("--check", "a.py", cwd=plant(tmp_path, {"a.py": OFFER})).stdout.decode().splitlines()
    first = lines.index("    write: if isinstance(m, ms.nn.BatchNorm2d):")
    assert set(lines[first - 1].strip()) == {"^"}
    assert lines[first + 2 : first + 4] == ["           else:", "               nn.init.ones_(m.weight)"]
    assert f"    write: {CHOICE}" in lines and sum("write: " in line for line in lines) == 2


def test_json_and_sarif_carry_what_to_write(tmp_path: Path) -> None:
    findings = report("--check", "a.py", cwd=plant(tmp_path, {"a.py": OFFER}))["files"][0]["findings"]
    offered = [f for f in findings if f["suggestion"] is not None]
    assert {f["kind"] for f in offered} == {"review"} and [f["code"] for f in offered] == ["BN205", "BN204"]
    assert offered[1]["suggestion"] == CHOICE
    document = sarif(tmp_path, "a.py")
    assert mistakes(SARIF, document) == []
    results = [r for r in document["runs"][0]["results"] if "fixes" in r]
    for result, finding in zip(results, offered, strict=True):
        (change,) = result["fixes"][0]["artifactChanges"]
        (replacement,) = change["replacements"]
        place = result["locations"][0]["physicalLocation"]
        assert change["artifactLocation"] == place["artifactLocation"]
        assert replacement["deletedRegion"] == place["region"]
        assert replacement["insertedContent"] == {"text": finding["suggestion"]}


def test_a_fix_of_sarif_gives_a_file_that_parses(tmp_path: Path) -> None:
    run = sarif(plant(tmp_path, {"a.py": OFFER}), "a.py")["runs"][0]
    for result in (r for r in run["results"] if "fixes" in r):
        replacement = result["fixes"][0]["artifactChanges"][0]["replacements"][0]
        region, lines = replacement["deletedRegion"], OFFER.decode().splitlines()
        assert region["startLine"] == region["endLine"]
        line = lines[region["startLine"] - 1]
        start, end = region["startColumn"] - 1, region["endColumn"] - 1
        lines[region["startLine"] - 1] = line[:start] + replacement["insertedContent"]["text"] + line[end:]
        ast.parse("\n".join(lines))


def test_github_says_what_to_write(tmp_path: Path) -> None:
    done = bn_migrate("--check", "--format", "github", "a.py", cwd=plant(tmp_path, {"a.py": OFFER}))
    lines = done.stdout.decode().splitlines()
    assert [line for line in lines if line.endswith(f"%0Awrite: {CHOICE}")] != []
    assert sum("%0Awrite: " in line for line in lines) == 2 and all(line.startswith("::") for line in lines)


def test_what_to_write_can_be_selected_at_once_on_the_page(tmp_path: Path) -> None:
    source = OFFER.replace(b"(m, ", b"(m['<i>'], ").replace(b"(m.weight)", b"(m['<i>'].weight)")
    bn_migrate("--check", "--report", "page.html", "a.py", cwd=plant(tmp_path, {"a.py": source}))
    page = read_page((tmp_path / "page.html").read_text("utf-8"))
    offers = [text_of(e) for e in having(page, "pre", "snippet")]
    assert offers[0].startswith("if isinstance(m['<i>'], ms.nn.BatchNorm2d):\n") and offers[1:] == [CHOICE]


def test_text_totals(tmp_path: Path) -> None:
    plant(tmp_path, {**TREE, "two.py": BEFORE + b"other = nn.BatchNorm2d(4)\n"})
    done = bn_migrate("--check", "--mindspore-version", "2.10", ".", cwd=tmp_path)
    checked = done.stdout.decode()
    summary = report("--check", ".", cwd=tmp_path)["summary"]
    assert "two.py: 2 calls rewritten\n" in checked and "a.py: 1 call rewritten\n" in checked
    assert checked.splitlines()[-1] == (
        "3 files would be rewritten, 2 unchanged, 1 not processed. "
        f"{summary['rewrites']} rewrites, 1 place to review, {summary['notes']} notes: -v shows them."
    )
    assert "error" not in checked and "clean.py" not in checked
    (error,) = done.stderr.decode().splitlines()
    assert error.startswith("broken.py:3: error BN901 ") and "line 3" not in error
    assert bn_migrate(".", cwd=tmp_path).stdout.decode().splitlines()[-1].startswith("3 files rewritten, 2 unchanged")
