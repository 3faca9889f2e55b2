"""The program as a user meets it: exit codes, streams, options, and what goes together."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from migrate import __version__
from migrate.codes import CODES
from migrate.runner import WORTH_A_POOL
from tests.command import (
    AFTER,
    BEFORE,
    BROKEN,
    REVIEW,
    bn_migrate,
    harvest,
    plant,
    report,
    started,
)

CLEAN = b"import torch\n\nprint(torch.__version__)\n"
MINT = b"import mindspore as ms\n\nlayer = ms.mint.nn.BatchNorm2d(3, momentum=0.2)\n"
NHWC = b"import mindspore as ms\n\nlayer = ms.nn.BatchNorm2d(3, momentum=0.8, data_format='NHWC')\n"

# Arguments, the file they are given, the exit status.
STATUS = [
    ("a rewrite is written", [], BEFORE, 0),
    ("nothing to do", [], CLEAN, 0),
    ("a review is not a failure", [], REVIEW, 0),
    ("check finds a rewrite", ["--check"], BEFORE, 1),
    ("check finds nothing", ["--check"], CLEAN, 0),
    ("check finds nothing in a migrated file", ["--check"], AFTER, 0),
    ("a diff is not a failure", ["--diff"], BEFORE, 0),
    ("strict minds a review", ["--strict"], REVIEW, 1),
    ("strict does not mind a rewrite", ["--strict"], BEFORE, 0),
    ("a file that cannot be processed", [], BROKEN, 2),
    ("an error counts more than a check", ["--check"], BROKEN, 2),
    ("an unknown option", ["--chek"], BEFORE, 2),
    ("an unknown format", ["--format", "xml"], BEFORE, 2),
    ("a data format of another layer", ["--data-format", "NCDHW"], BEFORE, 2),
    ("no worker", ["--jobs", "0"], BEFORE, 2),
    ("a path that does not exist", ["missing.py"], BEFORE, 2),
    ("a rule folder that does not exist", ["--rules", "missing"], BEFORE, 2),
    ("a rule folder without rules", ["--rules", "."], BEFORE, 2),
]


@pytest.mark.parametrize(("arguments", "data", "status"), [s[1:] for s in STATUS], ids=[s[0] for s in STATUS])
def test_exit_status(tmp_path: Path, arguments: list[str], data: bytes, status: int) -> None:
    plant(tmp_path, {"a.py": data})
    done = bn_migrate(*arguments, "a.py", cwd=tmp_path)
    assert done.returncode == status, done.stderr.decode()
    assert status != 2 or done.stderr or b"error" in done.stdout


@pytest.mark.parametrize("option", ["--report", "--record"])
@pytest.mark.parametrize(
    ("place", "said"),
    [("no/page", "there is no folder no; make it first"), ("folder", "is a folder"), ("closed/x", "Permission denied")],
)
def test_a_document_that_cannot_be_written_ends_the_run_before_it_starts(
    tmp_path: Path, option: str, place: str, said: str
) -> None:
    plant(tmp_path, {"a.py": BEFORE, "folder/x": b""})
    (tmp_path / "closed").mkdir(mode=0o555)
    if place == "closed/x" and os.access(tmp_path / "closed", os.W_OK):
        pytest.skip("this user may write everywhere")
    for more in ([], ["--check"]):
        done = bn_migrate(*more, option, place, "a.py", cwd=tmp_path)
        assert done.returncode == 2 and not done.stdout
        assert done.stderr.decode().startswith(f"bn-migrate: {option} {place}: ") and said in done.stderr.decode()
    assert harvest(tmp_path) == {"a.py": BEFORE, "folder/x": b""}


def test_no_path_is_an_error_that_says_what_to_name(tmp_path: Path) -> None:
    done = bn_migrate(cwd=plant(tmp_path, {"a.py": BEFORE}))
    assert done.returncode == 2 and b"PATH" in done.stderr and harvest(tmp_path) == {"a.py": BEFORE}


@pytest.mark.parametrize("options", [["--check"], ["--diff"], ["--check", "--format", "json"]])
def test_a_dry_run_touches_nothing(tmp_path: Path, options: list[str]) -> None:
    plant(tmp_path, {"a.py": BEFORE, "b/c.py": REVIEW, "d.py": BROKEN})
    times = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")}
    before = harvest(tmp_path)
    bn_migrate(*options, ".", cwd=tmp_path)
    assert harvest(tmp_path) == before
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")} == times


def test_a_second_run_writes_nothing(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    bn_migrate("a.py", cwd=tmp_path)
    written = (tmp_path / "a.py").stat().st_ino
    assert bn_migrate("--check", "a.py", cwd=tmp_path).returncode == 0
    bn_migrate("a.py", cwd=tmp_path)
    assert (tmp_path / "a.py").stat().st_ino == written and harvest(tmp_path) == {"a.py": AFTER}


# Options, what standard output begins with; the totals are then on standard error.
TAKEN = [(["--diff", "a.py"], b"--- a/a.py"), (["-"], b"import mindspore"), (["--diff", "-"], b"--- a/stdin")]


@pytest.mark.parametrize(("arguments", "start"), TAKEN, ids=lambda x: " ".join(x) if isinstance(x, list) else "")
def test_messages_leave_a_taken_standard_output_alone(tmp_path: Path, arguments: list[str], start: bytes) -> None:
    plant(tmp_path, {"a.py": BEFORE, "b.py": BROKEN})
    more = [] if "-" in arguments else ["b.py"]
    done = bn_migrate(*arguments, *more, cwd=tmp_path, stdin=BEFORE)
    assert done.stdout.startswith(start) and b"1 rewrite" not in done.stdout and b"BN901" not in done.stdout
    assert b"1 rewrite" in done.stderr and (not more or b"BN901" in done.stderr)


def test_messages_go_to_a_free_standard_output(tmp_path: Path) -> None:
    done = bn_migrate("--check", "--mindspore-version", "2.10", "a.py", cwd=plant(tmp_path, {"a.py": BEFORE}))
    assert b"1 rewrite" in done.stdout and not done.stderr


@pytest.mark.parametrize("name", ["json", "sarif"])
@pytest.mark.parametrize("options", [[], ["--diff", "--verbose"], ["--quiet"]], ids=lambda o: "".join(o) or "plain")
def test_a_document_is_alone_on_standard_output(tmp_path: Path, name: str, options: list[str]) -> None:
    plant(tmp_path, {"a.py": BEFORE, "b.py": BROKEN})
    done = bn_migrate("--format", name, *options, ".", cwd=tmp_path)
    assert json.loads(done.stdout) and b"b.py:3: BN901" in done.stderr
    assert (b"+++ b/a.py" in done.stderr) == ("--diff" in options)


# Arguments, input, what is written to standard output, the exit status.
STREAM = [
    ("the migrated code", [], BEFORE, AFTER, 0),
    ("unchanged code", [], CLEAN, CLEAN, 0),
    ("CRLF, latin-1, no final newline", [], b"# coding: latin-1\r\nx = '\xe9'", b"# coding: latin-1\r\nx = '\xe9'", 0),
    ("empty input", [], b"", b"", 0),
    ("nothing for a check", ["--check"], BEFORE, b"", 1),
    ("nothing for code that does not parse", [], BROKEN, b"", 2),
    ("code that needs review, strictly", ["--strict"], REVIEW, REVIEW, 1),
    ("quietly", ["--quiet"], BEFORE, AFTER, 0),
    ("another target", ["--target", "mindspore.mint.nn"], BEFORE, MINT, 0),
    ("another data format", ["--data-format", "NHWC"], BEFORE, NHWC, 0),
]


@pytest.mark.parametrize(
    ("arguments", "given", "output", "status"), [s[1:] for s in STREAM], ids=[s[0] for s in STREAM]
)
def test_standard_input(tmp_path: Path, arguments: list[str], given: bytes, output: bytes, status: int) -> None:
    done = bn_migrate("-", *arguments, cwd=tmp_path, stdin=given)
    assert (done.stdout, done.returncode) == (output, status)
    assert "--quiet" not in arguments or not done.stderr
    assert not harvest(tmp_path)


def test_the_name_of_standard_input_is_reported(tmp_path: Path) -> None:
    document = report("-", "--stdin-filename", "pkg/norm.py", cwd=tmp_path, stdin=BEFORE)
    assert [f["path"] for f in document["files"]] == ["pkg/norm.py"]
    diff = bn_migrate("-", "--diff", "--stdin-filename", "pkg/norm.py", cwd=tmp_path, stdin=BEFORE).stdout
    assert diff.startswith(b"--- a/pkg/norm.py\n+++ b/pkg/norm.py\n") and not harvest(tmp_path)


def test_standard_input_named_as_a_package_keeps_its_imports(tmp_path: Path) -> None:
    exported = b"from torch.nn import BatchNorm2d\n\nlayer = BatchNorm2d(3)\n"
    named = bn_migrate("-", "--stdin-filename", "pkg/__init__.py", cwd=tmp_path, stdin=exported)
    assert b"from torch.nn import BatchNorm2d\n" in named.stdout
    assert b"from torch.nn" not in bn_migrate("-", "--stdin-filename", "pkg/a.py", stdin=exported).stdout


def test_quiet_says_nothing_but_errors(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE, "b.py": REVIEW})
    done = bn_migrate("--quiet", ".", cwd=tmp_path)
    assert (done.stdout, done.stderr, done.returncode) == (b"", b"", 0)
    done = bn_migrate("-q", ".", cwd=plant(tmp_path, {"c.py": BROKEN}))
    assert done.stdout == b"" and done.stderr.startswith(b"bn-migrate: c.py:3: BN901") and done.returncode == 2


def test_verbose_lists_every_finding(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    found = [f["code"] for f in report("--check", "a.py", cwd=tmp_path)["files"][0]["findings"]]
    text = bn_migrate("--verbose", "--check", "a.py", cwd=tmp_path).stdout.decode()
    assert len(found) > 1 and all(f" {code} " in text for code in found)
    assert "ms.nn.BatchNorm2d(3, momentum=0.8)" in text
    assert not any(code in bn_migrate("--check", "a.py", cwd=tmp_path).stdout.decode() for code in found)


def test_version() -> None:
    assert bn_migrate("--version").stdout == f"bn-migrate {__version__}\n".encode()


def test_help_fits_a_terminal_and_promises_only_what_exists() -> None:
    done = bn_migrate("--help", env={"COLUMNS": "80"})
    text = done.stdout.decode()
    assert done.returncode == 0 and [line for line in text.splitlines() if len(line) > 80] == []
    promised = ("--diff", "--check", "--output", "--network", "--dask", "--no-cache", "--stdin-filename", "--explain")
    assert all(option in text for option in promised)
    assert bn_migrate("-h", env={"COLUMNS": "80"}).stdout == done.stdout


def test_explain() -> None:
    done = bn_migrate("--explain", "bn101")
    assert done.returncode == 0 and CODES["BN101"].reason in done.stdout.decode()
    unknown = bn_migrate("--explain", "BN999")
    assert unknown.returncode == 2 and b"BN999" in unknown.stderr and b"BN101" in unknown.stderr
    assert not unknown.stdout


# Arguments that do not go together, and what the message has to name.
CONTRADICTIONS = [
    (["-", "a.py"], "other paths"),
    (["-", "-"], "other paths"),
    (["--output", "out", "--diff", "a.py"], "--output"),
    (["--output", "out", "--check", "a.py"], "--output"),
    (["--output", "out", "-"], "--output"),
    (["--stdin-filename", "x.py", "a.py"], "--stdin-filename"),
    (["--target", "mindspore.mint.nn", "--data-format", "NHWC", "a.py"], "--data-format"),
]


@pytest.mark.parametrize(("arguments", "name"), CONTRADICTIONS, ids=[" ".join(a) for a, _ in CONTRADICTIONS])
def test_contradiction(tmp_path: Path, arguments: list[str], name: str) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    done = bn_migrate(*arguments, cwd=tmp_path, stdin=BEFORE)
    assert done.returncode == 2 and name in done.stderr.decode() and not done.stdout
    assert harvest(tmp_path) == {"a.py": BEFORE}


def large_tree(folder: Path, files: int) -> dict[str, bytes]:
    """Files of one run that is worth worker processes and takes seconds."""
    calls = b"".join(b"layer%d = nn.BatchNorm2d(%d, momentum=0.2)\n" % (i, i + 1) for i in range(8))
    text = b"import torch.nn as nn\n" + calls + b"# " + b"x" * (WORTH_A_POOL // files) + b"\n"
    made = {f"m{n:03}.py": text for n in range(files)}
    assert sum(map(len, made.values())) > WORTH_A_POOL
    plant(folder, made)
    return made


def test_the_number_of_processes_changes_nothing(tmp_path: Path) -> None:
    large_tree(tmp_path / "src", 40)
    deep = b"import torch.nn as nn\nx = nn.BatchNorm2d(" + b"(" * 3000 + b"3" + b")" * 3001 + b"\n"
    plant(tmp_path / "src", {"a.py": BROKEN, "m01/deep.py": deep, "m02/b.py": REVIEW, "z.py": CLEAN})
    done = {
        jobs: bn_migrate("--jobs", jobs, "--format", "json", "--output", f"out{jobs}", "src", cwd=tmp_path)
        for jobs in ("1", "2")
    }
    assert done["1"].stdout == done["2"].stdout and done["1"].returncode == done["2"].returncode == 2
    assert harvest(tmp_path / "out1") == harvest(tmp_path / "out2")
    assert json.loads(done["1"].stdout)["summary"]["changed"] == 40


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupted_run_leaves_every_file_whole(tmp_path: Path, jobs: str) -> None:
    """As a terminal does it: the signal goes to the program and its workers, long before the last file is done."""
    before = large_tree(tmp_path, 160)
    expected = bn_migrate("-", stdin=before["m000.py"]).stdout
    before["z.py"] = before["m000.py"] + b"layer = nn.BatchNorm2d(3, momentum=0.2)\n" * 8000
    plant(tmp_path, {"z.py": before["z.py"]})
    process = started("--jobs", jobs, ".", cwd=tmp_path, start_new_session=True)
    deadline = time.monotonic() + 60
    while (tmp_path / "m002.py").read_bytes() == before["m002.py"] and time.monotonic() < deadline:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGINT)
    _, messages = process.communicate(timeout=60)
    assert process.returncode == 130, messages.decode()
    assert b"interrupted" in messages and b"Traceback" not in messages
    after = harvest(tmp_path)
    assert sorted(after) == sorted(before), "temporary files are left"
    assert after.pop("z.py") == before["z.py"]
    assert set(after.values()) == {before["m000.py"], expected}, "old and new files, and nothing between"
