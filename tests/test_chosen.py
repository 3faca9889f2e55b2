"""``--select``, ``--ignore`` and ``--statistics``: what is reported and counted, while the same is rewritten."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from migrate.chosen import OF_FINDINGS, choose
from migrate.codes import CODES
from migrate.errors import UsageError
from tests.command import AFTER, BEFORE, BROKEN, REVIEW, bn_migrate, harvest, plant, report

TREE = {"a.py": BEFORE, "b.py": REVIEW, "c.py": REVIEW + BEFORE.splitlines(keepends=True)[-1]}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return plant(tmp_path, TREE)


def counted(*options: str, folder: Path) -> Counter[str]:
    """How often a check of the folder reports each code."""
    files = report("--check", *options, ".", cwd=folder)["files"]
    return Counter(finding["code"] for file in files for finding in file["findings"])


@pytest.mark.parametrize(
    ("select", "ignore", "left"),
    [
        ([], [], OF_FINDINGS),
        (["BN2"], [], [c for c in OF_FINDINGS if c.startswith("BN2")]),
        (["BN204", "BN101"], [], ["BN101", "BN204"]),
        (["bn204, bn101"], [], ["BN101", "BN204"]),
        (["BN"], [], OF_FINDINGS),
        ([], ["BN1", "BN30"], [c for c in OF_FINDINGS if not c.startswith(("BN1", "BN30"))]),
        (["BN2"], ["BN20"], [c for c in OF_FINDINGS if c.startswith("BN2") and not c.startswith("BN20")]),
        (["BN207", "BN21"], ["BN2"], ["BN207", *(c for c in OF_FINDINGS if c.startswith("BN21"))]),
        (["BN2", "BN207"], ["BN20", "BN207"], [c for c in OF_FINDINGS if c.startswith("BN2") and c[3] != "0"]),
        (["BN207"], ["BN207"], []),
    ],
)
def test_the_longer_prefix_decides(select: list[str], ignore: list[str], left: list[str]) -> None:
    assert choose(select, ignore).codes == set(left)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("BN299", "unknown code 'BN299'; near it: BN2"),
        ("N204", "unknown code 'N204'; near it: BN204"),
        ("BN2041", "near it: BN204"),
        ("E501", "near it: BN1, BN2, BN3"),
        ("BN2,,BN3", "a code is expected, such as BN204"),
        ("", "a code is expected, such as BN204"),
        ("BN901", "BN901 names files that could not be processed, which are always reported"),
        ("BN9", "BN9 names files that could not be processed"),
    ],
)
def test_what_is_no_code_is_wrong_usage(tree: Path, value: str, said: str) -> None:
    for option in ("--select", "--ignore"):
        with pytest.raises(UsageError, match=option):
            choose(*([value], []) if option == "--select" else ([], [value]))
        done = bn_migrate(option, value, ".", cwd=tree)
        assert done.returncode == 2 and f"bn-migrate: {option}: " in done.stderr.decode(), done.stderr
        assert said in done.stderr.decode() and harvest(tree) == TREE


@pytest.mark.parametrize("options", [("--select", "BN2"), ("--ignore", "BN1"), ("--select", "BN3", "--ignore", "BN3")])
def test_the_same_is_rewritten(tree: Path, options: tuple[str, ...]) -> None:
    assert bn_migrate(*options, ".", cwd=tree).returncode == 0
    assert harvest(tree)["a.py"] == AFTER


def test_what_is_reported(tree: Path) -> None:
    everything = counted(folder=tree)
    assert everything["BN201"] == 2 and everything["BN101"] == 2 and everything["BN301"]
    assert counted("--select", "BN2", folder=tree) == {"BN201": 2}
    assert counted("--select", "BN2", "--select", "BN101", folder=tree) == {"BN201": 2, "BN101": 2}
    assert counted("--ignore", "BN2,BN3", folder=tree) == {"BN101": 2}
    document = report("--check", "--ignore", "BN1", ".", cwd=tree)
    assert [file["path"] for file in document["files"]] == ["a.py", "b.py", "c.py"]
    assert document["summary"] == {"files": 3, "changed": 2, "rewrites": 0, "reviews": 2, "notes": 3, "errors": 0}


def test_in_every_form_of_report(tree: Path) -> None:
    forms = {"text": b"BN201 review", "github": b"title=BN201", "sarif": b'"ruleId": "BN201"'}
    for form, mark in forms.items():
        everything, chosen = (
            bn_migrate("--check", "--format", form, *options, ".", cwd=tree).stdout
            for options in ((), ("--ignore", "BN201"))
        )
        assert mark in everything and mark not in chosen, form
    bn_migrate("--check", "--report", "page.html", "--ignore", "BN201", ".", cwd=tree)
    page = (tree / "page.html").read_text("utf-8")
    assert "<strong>BN101</strong>" in page and "<strong>BN201</strong>" not in page


def test_what_counts(tree: Path) -> None:
    def status(*options: str) -> int:
        return bn_migrate(*options, ".", cwd=tree).returncode

    assert status("--diff", "--strict", "--ignore", "BN1") == 1
    assert status("--diff", "--strict", "--ignore", "BN1,BN201") == 0
    assert (
        status("--diff", "--strict", "--select", "BN207") == 0 and status("--diff", "--strict", "--select", "BN2") == 1
    )


@pytest.mark.parametrize("options", [(), ("--ignore", "BN1"), ("--select", "BN2"), ("--select", "BN103")])
def test_a_check_counts_what_would_be_rewritten_whatever_is_reported(tree: Path, options: tuple[str, ...]) -> None:
    done = bn_migrate("--check", *options, ".", cwd=tree)
    assert done.returncode == 1 and b"2 files would be rewritten, 1 unchanged" in done.stdout
    assert bn_migrate("--check", *options, "b.py", cwd=tree).returncode == 0


def test_a_file_that_is_rewritten_says_so_without_its_findings(tree: Path) -> None:
    said = bn_migrate("--check", "--ignore", "BN1", ".", cwd=tree).stdout.decode()
    assert "c.py: rewritten\n" in said and "b.py: nothing rewritten\n" in said
    assert "2 files would be rewritten, 1 unchanged. 0 rewrites, 2 places to review, 3 notes: -v shows them." in said


def test_errors_are_always_reported(tree: Path) -> None:
    plant(tree, {"broken.py": BROKEN})
    done = bn_migrate("--check", "--select", "BN207", ".", cwd=tree)
    assert done.returncode == 2 and b"broken.py:3: error BN901" in done.stderr


def test_standard_input(tmp_path: Path) -> None:
    done = bn_migrate("-", "--strict", "--ignore", "BN201", stdin=TREE["c.py"])
    assert done.returncode == 0 and b"momentum=0.8" in done.stdout and b"BN201" not in done.stderr


@pytest.mark.parametrize("wrong", ["select = ['BN2', 'BN299']", "ignore = ['XY']", "select = 'BN2'"])
def test_a_wrong_code_in_the_configuration(tree: Path, wrong: str) -> None:
    plant(tree, {"pyproject.toml": f"[tool.bn-migrate]\n{wrong}\n".encode()})
    done = bn_migrate(".", cwd=tree)
    assert (
        done.returncode == 2
        and f"[tool.bn-migrate]: {wrong[:6]}" in done.stderr.decode()
        and harvest(tree)["a.py"] == BEFORE
    )


def test_statistics(tree: Path) -> None:
    plant(tree, {"broken.py": BROKEN})
    everything = counted(folder=tree)
    done = bn_migrate("--check", "--statistics", ".", cwd=tree)
    *lines, last = done.stdout.decode().splitlines()
    assert done.stderr.startswith(b"broken.py:3: error BN901") and "3 notes." in last
    table = [line.split(maxsplit=3) for line in lines]
    assert {code: int(n) for n, code, _, _ in table} == everything
    assert all((kind, title) == (CODES[code].kind, CODES[code].title) for _, code, kind, title in table)
    assert [(-int(n), code) for n, code, _, _ in table] == sorted((-int(n), code) for n, code, _, _ in table)
    page = bn_migrate("--check", "--statistics", "--report", "page.html", "broken.py", "a.py", cwd=tree)
    assert page.stderr.count(b"BN901") == 1 and b" BN101  rewrite  constructor call" in page.stdout


def test_statistics_of_what_is_chosen_and_of_nothing(tree: Path) -> None:
    chosen = bn_migrate("--check", "--statistics", "--select", "BN201", ".", cwd=tree).stdout.decode().splitlines()
    assert chosen[0] == "2  BN201  review   argument without a counterpart" and len(chosen) == 2
    nothing = bn_migrate("--check", "--statistics", "--select", "BN207", ".", cwd=tree).stdout.decode().splitlines()
    assert nothing == ["2 files would be rewritten, 1 unchanged. 0 rewrites, 0 places to review, 0 notes."]


def test_statistics_in_the_document(tree: Path) -> None:
    found = report("--check", "--statistics", ".", cwd=tree)
    assert {row["code"]: row["count"] for row in found["statistics"]} == counted(folder=tree)
    assert found["files"] and "statistics" not in report("--check", ".", cwd=tree)
    for form in ("sarif", "github"):
        done = bn_migrate("--check", "--statistics", "--format", form, ".", cwd=tree)
        assert done.returncode == 2 and b"--statistics goes with --format text or json" in done.stderr
