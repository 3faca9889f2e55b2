"""What GitHub's code scanning asks of SARIF beyond the schema, and the workflow that uploads it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from migrate import migrate_source
from migrate.codes import CODES
from migrate.findings import Report
from migrate.report import sarif as writer
from migrate.report.line_hashes import line_hashes
from tests.command import AFTER, BEFORE, BROKEN, REVIEW, bn_migrate, environment, git, plant, report, sarif
from tests.schemas import SARIF, WORKFLOW, mistakes

EXAMPLE = Path(__file__).parent.parent / "docs/examples/github-workflow.yml"
TWICE = BEFORE + b"layer = nn.BatchNorm2d(3, momentum=0.2)\n"

# Files and the hashes of their lines, from the tests of github/codeql-action, which the values have to agree with.
EMPTY = "c129715d7a2bc9a3"
_LINES = ["e9496ae3ebfced30", "fb7c023a8b9ccb3f", "ce8ba1a563dcdaca", "e20e36e16fcb0cc8", "b3edc88f2938467e"]
GREETINGS = [f"{value}:1" for value in (*_LINES, "c8e28b0b4002a3a0", EMPTY)]
REPEATED = [f"a7f2ff13bc495cf2:{n}" for n in range(1, 7)]
REPEATED += ["a7f2ff1481e87703:1", "a9cf91f7bbf1862b:1", "55ec222b86bcae53:1", "cc97dc7b1d7d8f7b:1", f"{EMPTY}:1"]
HASHES = {
    "nothing": (b"", [f"{EMPTY}:1"]),
    "blanks": (
        b" a\nb\n  \t\tc\n d",
        ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"],
    ),
    "unix": (b" hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n", GREETINGS),
    "windows": (b" hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n", GREETINGS),
    "line ends of all kinds": (b" hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n", GREETINGS),
    "lines that come again": (b"Lorem ipsum dolor sit amet.\n" * 10, REPEATED),
}


@pytest.mark.parametrize("what", HASHES)
def test_the_hash_of_a_line_is_that_of_the_upload_action(what: str) -> None:
    data, hashes = HASHES[what]
    assert line_hashes(data) == hashes


def results(data: bytes, filename: str = "a.py") -> list[dict[str, Any]]:
    report = Report()
    report.add(migrate_source(data, filename=filename))
    found: list[dict[str, Any]] = json.loads(writer.render(report))["runs"][0]["results"]
    return found


def test_every_rule_links_to_its_explanation() -> None:
    (run,) = json.loads(writer.render(Report()))["runs"]
    page = (EXAMPLE.parents[1] / "findings.md").as_uri()
    assert {rule["id"]: rule["helpUri"] for rule in run["tool"]["driver"]["rules"]} == {
        code: f"{page}#{code.lower()}" for code in CODES
    }


def fingerprints(data: bytes, name: str, filename: str = "a.py") -> list[tuple[str, str]]:
    """Each finding as GitHub tells it from others of a file: by its rule and its fingerprint."""
    return [(r["ruleId"], r["partialFingerprints"][name]) for r in results(data, filename)]


@pytest.mark.parametrize("name", ["primaryLocationLineHash", "bnMigrate/v1"])
@pytest.mark.parametrize(
    "data",
    [TWICE, b"import torch.nn as nn\nlayers = nn.BatchNorm2d(3), nn.BatchNorm2d(3)\n"],
    ids=["on two lines", "on one line"],
)
def test_fingerprints_survive_lines_above_and_tell_like_places_apart(name: str, data: bytes) -> None:
    marks = fingerprints(data, name)
    assert len(set(marks)) == len(marks) > 2
    assert fingerprints(b'"""What it is."""\n\nimport os\n' + data, name) == marks
    assert fingerprints(data, name, os.path.abspath("a.py")) == marks, "however the file is named"


def test_a_fingerprint_of_the_text_survives_lines_between() -> None:
    marks = fingerprints(TWICE, "bnMigrate/v1")
    assert fingerprints(TWICE.replace(b"\n\n", b"\nx = 1\n"), "bnMigrate/v1") == marks
    assert fingerprints(TWICE.replace(b"0.2", b"0.3"), "bnMigrate/v1") != marks


def test_the_first_finding_on_a_line_has_the_hash_of_the_line() -> None:
    """Another value makes the upload action warn, of each."""
    data = "größe = '😀'\n".encode() + TWICE
    for r in results(data):
        line = r["locations"][0]["physicalLocation"]["region"]["startLine"]
        assert r["partialFingerprints"]["primaryLocationLineHash"] == line_hashes(data)[line - 1]


def artifact(folder: Path, *paths: str | Path) -> dict[str, str]:
    found: dict[str, str] = sarif(folder, *paths)["runs"][0]["results"][0]["locations"][0]["physicalLocation"][
        "artifactLocation"
    ]
    return found


def test_paths_are_relative_to_the_working_directory_however_they_are_given(tmp_path: Path) -> None:
    plant(tmp_path, {"src/sp ace#1%é.py": BEFORE})
    for path in (".", "./src/../src", tmp_path):
        expected = {"uri": "src/sp%20ace%231%25%C3%A9.py", "uriBaseId": "%SRCROOT%"}
        assert artifact(tmp_path, path) == expected, path
    base = sarif(tmp_path, ".")["runs"][0]["originalUriBaseIds"]
    assert base == {"%SRCROOT%": {"uri": f"{tmp_path.as_uri()}/"}}


def test_paths_are_relative_to_the_repository_from_a_folder_in_it(tmp_path: Path) -> None:
    git("init", "--quiet", cwd=plant(tmp_path, {"src/a.py": BEFORE}))
    assert artifact(tmp_path / "src", "a.py") == {"uri": "src/a.py", "uriBaseId": "%SRCROOT%"}


def test_a_path_outside_is_a_file_uri(tmp_path: Path) -> None:
    plant(tmp_path, {"in/b.py": b"", "out side/a.py": BEFORE})
    assert artifact(tmp_path / "in", "../out side") == {"uri": (tmp_path / "out side/a.py").as_uri()}


def test_an_error_is_placed_as_a_finding_is(tmp_path: Path) -> None:
    (notice,) = sarif(plant(tmp_path, {"a.py": BROKEN}), tmp_path)["runs"][0]["invocations"][0][
        "toolExecutionNotifications"
    ]
    place = {"artifactLocation": {"uri": "a.py", "uriBaseId": "%SRCROOT%"}, "region": {"startLine": 3}}
    assert notice["locations"] == [{"physicalLocation": place}]


def test_the_analysis_has_a_category_of_its_own(tmp_path: Path) -> None:
    run = sarif(plant(tmp_path, {"a.py": BEFORE}), ".")["runs"][0]
    assert run["automationDetails"]["id"].rpartition("/")[0] == "bn-migrate"


def test_rules_say_what_they_mean(tmp_path: Path) -> None:
    run = sarif(plant(tmp_path, {"a.py": BEFORE, "b.py": REVIEW}), ".")["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    for rule in rules:
        code = CODES[rule["id"]]
        assert code.reason in rule["help"]["text"] and code.reason in rule["help"]["markdown"]
        assert all(f"```python\n{text}```" in rule["help"]["markdown"] for text in (code.before, code.after) if text)
        assert len(rule["shortDescription"]["text"]) <= 1024 and len(rule["fullDescription"]["text"]) <= 1024
    levels = {rule["id"][:3]: rule["defaultConfiguration"]["level"] for rule in rules}
    assert levels == {"BN1": "note", "BN2": "warning", "BN3": "note", "BN4": "warning", "BN9": "error"}
    assert all(r["level"] == levels[r["ruleId"][:3]] for r in run["results"])


def test_what_may_fail_later_is_a_warning(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": b"def mean(x, found):\n    return x.running_mean + found['bn1.running_mean']\n"})
    run = sarif(tmp_path, ".")["runs"][0]
    assert {(r["ruleId"], r["level"]) for r in run["results"]} == {("BN304", "warning"), ("BN305", "warning")}
    said = bn_migrate("--check", "--format", "github", ".", cwd=tmp_path).stdout.decode().splitlines()
    assert [line.split()[0] for line in said] == ["::warning", "::warning"]
    assert [(f["kind"]) for f in report("--check", ".", cwd=tmp_path)["files"][0]["findings"]] == ["note", "note"]


def test_columns_are_characters_as_the_document_says(tmp_path: Path) -> None:
    line = "größe = '名😀', nn.BatchNorm2d(3)"
    data = f"import torch.nn as nn\n{line}\n".encode()
    run = sarif(plant(tmp_path, {"a.py": data}), "a.py")["runs"][0]
    assert run["columnKind"] == "unicodeCodePoints"
    region = next(r for r in run["results"] if r["ruleId"] == "BN101")["locations"][0]["physicalLocation"]["region"]
    assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == "nn.BatchNorm2d(3)"


def test_more_findings_than_an_upload_may_have_leave_out_notes_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert writer.MOST_RESULTS == 25_000, "GitHub's limit"
    monkeypatch.setattr(writer, "MOST_RESULTS", 4)
    report = Report()
    for data in (BEFORE, TWICE, REVIEW):
        report.add(migrate_source(data, filename="a.py"))
    document = json.loads(writer.render(report))
    run, invocation = document["runs"][0], document["runs"][0]["invocations"][0]
    assert [r["ruleId"][:3] for r in run["results"]] == ["BN2", "BN1", "BN1", "BN1"]
    (notice,) = invocation["toolExecutionNotifications"]
    count = report.summary.reviews + report.summary.rewrites + report.summary.notes - 4
    assert invocation["executionSuccessful"]
    assert count > 1 and notice["message"]["text"].startswith(f"{count} findings are left out")
    assert mistakes(SARIF, document) == []


def workflow() -> dict[str, Any]:
    # To YAML 1.1, which PyYAML reads, "on" is a truth value.
    read: dict[Any, Any] = yaml.safe_load(EXAMPLE.read_text("utf-8"))
    return {"on" if key is True else key: value for key, value in read.items()}


def test_the_example_workflow_is_valid() -> None:
    assert mistakes(WORKFLOW, workflow()) == []
    assert mistakes(WORKFLOW, {**workflow(), "jobs": {"a": {"steps": []}}}), "the schema sees mistakes"
    assert workflow()["jobs"]["code-scanning"]["permissions"]["security-events"] == "write"


def test_the_example_installs_what_the_guide_builds() -> None:
    guide = (EXAMPLE.parents[1] / "ci.md").read_text("utf-8")
    installs = [s["run"] for job in workflow()["jobs"].values() for s in job["steps"] if "pip" in s.get("run", "")]
    assert len(installs) == 2 and all(f"\n{line} " in guide for line in installs)


def steps(job: str) -> tuple[str, ...]:
    lines = [step["run"] for step in workflow()["jobs"][job]["steps"] if "run" in step]
    return tuple(line for line in lines if line.startswith("bn-migrate "))


def github_runs(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A step of a workflow as GitHub runs it."""
    env = environment({"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"})
    command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", line]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=120)


def test_the_example_uploads_what_is_found_and_fails_for_files_it_cannot_read(tmp_path: Path) -> None:
    (line,) = steps("code-scanning")
    assert github_runs(line, plant(tmp_path, {"a.py": BEFORE})).returncode == 0
    (uploaded,) = re.findall(r"> (\S+)", line)
    assert uploaded == workflow()["jobs"]["code-scanning"]["steps"][-1]["with"]["sarif_file"]
    assert json.loads((tmp_path / uploaded).read_text("utf-8"))["runs"][0]["results"]
    assert github_runs(line, plant(tmp_path, {"b.py": BROKEN})).returncode == 1


@pytest.mark.parametrize(("data", "status"), [(BEFORE, 1), (REVIEW, 1), (AFTER, 0)], ids=["before", "review", "after"])
def test_the_example_annotates_and_stops(tmp_path: Path, data: bytes, status: int) -> None:
    (line,) = steps("annotations")
    done = github_runs(line, plant(tmp_path, {"a.py": data}))
    assert done.returncode == status and all(said.startswith("::") for said in done.stdout.splitlines())
