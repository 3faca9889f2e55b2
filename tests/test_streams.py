"""Diffs that git takes, and output to terminals, closed pipes, full disks and narrow encodings."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.command import (
    AFTER,
    BEFORE,
    BROKEN,
    PROGRAM,
    REVIEW,
    bn_migrate,
    environment,
    git,
    harvest,
    on_terminal,
    plant,
    started,
)

COLOUR = re.compile(r"\x1b\[[0-9;]*?(?:3[0-7]|9[0-7]|38;|4[0-7])[0-9;]*m")
CONTEXT = b"".join(b"value%d = %d\n" % (i, i) for i in range(20))
TREE = {
    "plain.py": BEFORE,
    "crlf.py": BEFORE.replace(b"\n", b"\r\n"),
    "no_final_newline.py": BEFORE.removesuffix(b"\n"),
    "no_final_newline_in_sight.py": BEFORE + CONTEXT.removesuffix(b"\n"),
    "several_hunks.py": BEFORE + CONTEXT + b"other = nn.BatchNorm2d(4)\n" + CONTEXT,
    "with space/na me.py": BEFORE,
    "späße/größe 名.py": BEFORE,
    'quote".py': BEFORE,
    "form_feed.py": BEFORE.replace(b"\n\n", b"\n\x0c\n"),
    "carriage_return.py": BEFORE.replace(b"\n", b"\r"),
    "latin.py": b"# coding: latin-1\n" + BEFORE + b"name = '\xe9'  # \xe9\n",
    "bom.py": b"\xef\xbb\xbf" + BEFORE,
    "separator.py": BEFORE + "text = 'a\u2028b\x85c'\n".encode(),
    "one_line.py": b"import torch.nn as nn; layer = nn.BatchNorm2d(3)",
    "minus.py": BEFORE + b"-- -1\n++ 1\n",
    "review.py": REVIEW,
    "sub/deep/er.py": BEFORE,
}


def repository(folder: Path) -> Path:
    plant(folder, TREE)
    git("init", "-q", cwd=folder)
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    return {name: data for name, data in harvest(folder).items() if not name.startswith(".git/")}


# Where the program and git run, and the path that the program is given.
PLACES = [(".", "."), ("sub", "."), ("sub", "{absolute}/sub/deep")]


@pytest.mark.parametrize(("folder", "path"), PLACES)
def test_the_applied_tree_is_what_writing_in_place_gives(tmp_path: Path, folder: str, path: str) -> None:
    applied, written = (repository(tmp_path / name) for name in ("applied", "written"))
    diff = bn_migrate("--diff", path.format(absolute=applied), cwd=applied / folder)
    assert diff.returncode == 0
    git("apply", "-", cwd=applied / folder, stdin=diff.stdout)
    bn_migrate(path.format(absolute=written), cwd=written / folder)
    assert files_of(applied) == files_of(written)
    assert files_of(written)["sub/deep/er.py"] == AFTER


# Where the program runs, what it is given, and where its diff applies.
OUTSIDE = {
    "above, in a repository": ("sub", [".."], "."),
    "beside, in a repository": ("sub", ["../with space", "deep"], "."),
    "beside, in none": ("sub", ["../with space"], "with space"),
    "a file beside, in none": ("sub", ["../with space/na me.py"], "with space"),
    "two beside, in none": ("sub/deep", ["../../plain.py", "../../with space"], "."),
}


@pytest.mark.parametrize("what", OUTSIDE)
def test_a_diff_of_files_outside_says_where_it_applies(tmp_path: Path, what: str) -> None:
    folder, paths, there = OUTSIDE[what]
    applied, written = (plant(tmp_path / name, TREE) for name in ("applied", "written"))
    if "none" not in what:
        git("init", "-q", cwd=applied)
    diff = bn_migrate("--diff", *paths, cwd=applied / folder)
    assert f"the paths of the diff start at {applied / there}: apply it there\n" in diff.stderr.decode()
    git("apply", "-", cwd=applied / there, stdin=diff.stdout)
    bn_migrate(*paths, cwd=written / folder)
    assert files_of(applied) == files_of(written) != TREE
    assert b"start at" not in bn_migrate("--diff", ".", cwd=applied / folder).stderr


@pytest.mark.parametrize("name", ["tab\there.py", "back\\slash.py", "new\nline.py"], ids=repr)
def test_a_name_that_git_quotes_is_quoted(tmp_path: Path, name: str) -> None:
    plant(tmp_path, {name: BEFORE})
    git("apply", "-", cwd=tmp_path, stdin=bn_migrate("--diff", ".", cwd=tmp_path).stdout)
    assert harvest(tmp_path) == {name: AFTER}


def test_a_diff_of_nothing_is_empty(tmp_path: Path) -> None:
    assert bn_migrate("--diff", ".", cwd=plant(tmp_path, {"a.py": AFTER, "b.py": REVIEW})).stdout == b""


PLAIN = [(["--no-color"], {}), ([], {"NO_COLOR": "1"})]


@pytest.mark.parametrize("arguments", [["--diff"], ["--verbose", "--check"]], ids=" ".join)
def test_colours_on_a_terminal_alone(tmp_path: Path, arguments: list[str]) -> None:
    plant(tmp_path, {"a.py": BEFORE, "b.py": REVIEW})
    assert COLOUR.search(on_terminal(*arguments, ".", cwd=tmp_path))
    for options, env in PLAIN:
        assert not COLOUR.search(on_terminal(*arguments, *options, ".", cwd=tmp_path, env=env))
    piped = bn_migrate(*arguments, ".", cwd=tmp_path)
    assert b"\x1b" not in piped.stdout + piped.stderr


def test_a_piped_diff_is_plain_while_messages_are_on_a_terminal(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    with open(tmp_path / "diff", "wb") as file:
        on_terminal("--diff", "a.py", cwd=tmp_path, stdout=file)
    assert (tmp_path / "diff").read_bytes() == bn_migrate("--diff", "a.py", cwd=tmp_path).stdout


def test_a_coloured_diff_has_the_lines_of_the_plain_one(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    shown = re.sub(r"\x1b\[[0-9;]*m", "", on_terminal("--diff", "a.py", cwd=tmp_path)).replace("\r\n", "\n")
    assert bn_migrate("--diff", "a.py", cwd=tmp_path).stdout.decode() in shown


def test_progress_of_a_long_run_on_a_terminal_alone(tmp_path: Path) -> None:
    plant(tmp_path, {f"m{n}.py": BEFORE for n in range(60)})
    assert "Migrating" in on_terminal("--check", ".", cwd=tmp_path)
    assert "Migrating" not in on_terminal("--check", "--quiet", ".", cwd=tmp_path)
    assert "Migrating" not in on_terminal("--check", ".", cwd=tmp_path, stderr=subprocess.DEVNULL)
    assert not COLOUR.search(on_terminal("--check", "--no-color", ".", cwd=tmp_path))
    piped = bn_migrate("--check", ".", cwd=tmp_path)
    assert b"Migrating" not in piped.stdout + piped.stderr


def test_a_reader_that_leaves_early_is_no_error_message(tmp_path: Path) -> None:
    plant(tmp_path, {f"m{n}.py": BEFORE + CONTEXT * 20 for n in range(300)})
    read, write = os.pipe()
    process = subprocess.Popen(
        [*PROGRAM, "--verbose", "--diff", "."], cwd=tmp_path, env=environment(), stdout=write, stderr=subprocess.PIPE
    )
    os.close(write)
    assert os.read(read, 10) == b"--- a/m0.p"
    os.close(read)
    _, messages = process.communicate(timeout=60)
    assert process.returncode == 141, "as a shell reports a closed pipe"
    assert b"Traceback" not in messages and b"Exception ignored" not in messages and b"BrokenPipe" not in messages


@pytest.mark.parametrize("arguments", [["--diff"], ["--check"], ["--format", "json", "--check"]], ids=" ".join)
def test_output_that_cannot_be_written_is_an_error(tmp_path: Path, arguments: list[str]) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    with open("/dev/full", "wb") as full:
        done = bn_migrate(*arguments, "a.py", cwd=tmp_path, stdout=full)
    assert done.returncode == 2 and b"No space left" in done.stderr


ACCENT = b"import torch.nn as nn\n\nlayer = nn.BatchNorm2d(3, momentum=None)  # caf\xc3\xa9\n"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_text_that_the_output_cannot_show_is_escaped(tmp_path: Path, encoding: str) -> None:
    plant(tmp_path, {"名.py": ACCENT})
    done = bn_migrate(".", cwd=tmp_path, env={"PYTHONIOENCODING": f"{encoding}:strict"})
    assert done.returncode == 0 and b"BN201" in done.stdout and b"1 place to review" in done.stdout


FORMATS = [[], ["--diff"], ["--format", "json"], ["--format", "sarif"], ["--format", "github"]]


@pytest.mark.parametrize("arguments", FORMATS, ids=lambda a: " ".join(a) or "in place")
def test_a_file_name_that_is_not_text_stops_nothing(tmp_path: Path, arguments: list[str]) -> None:
    odd = os.fsencode(tmp_path) + b"/caf\xe9.py"
    with open(odd, "wb") as file:
        file.write(BEFORE)
    plant(tmp_path, {"a.py": BEFORE})
    done = bn_migrate(*arguments, ".", cwd=tmp_path, env={"PYTHONIOENCODING": "utf-8:strict"})
    assert done.returncode == 0
    with open(odd, "rb") as file:
        assert file.read() == (BEFORE if "--diff" in arguments else AFTER)


@pytest.mark.parametrize(
    "options", [["--check"], ["--check", "--verbose"], ["--check", "--format", "json"]], ids=" ".join
)
def test_a_reader_that_has_left_is_no_finding(tmp_path: Path, options: list[str]) -> None:
    """The code 1 says that there is something to rewrite."""
    plant(tmp_path, {"a.py": BEFORE})
    read, write = os.pipe()
    os.close(read)
    done = bn_migrate(*options, ".", cwd=tmp_path, stdout=write)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def test_what_became_of_a_file_is_said_before_the_others_are_done(tmp_path: Path) -> None:
    """The results of a large run need not be kept."""
    plant(tmp_path, {"a.py": REVIEW, "z.py": BEFORE + b"layer = nn.BatchNorm2d(3, momentum=0.2)\n" * 8000})
    process = started("--jobs", "1", "--check", ".", cwd=tmp_path)
    assert process.stdout is not None
    first = process.stdout.readline()
    still_at_work = process.poll() is None
    process.kill()
    process.communicate(timeout=60)
    assert first.startswith(b"a.py: nothing rewritten") and still_at_work


@pytest.mark.parametrize("options", [["--check"], ["--check", "--verbose"], ["--diff"]], ids=" ".join)
def test_a_terminal_shows_what_a_pipe_gets(tmp_path: Path, options: list[str]) -> None:
    plant(tmp_path, {"a.py": REVIEW, "b.py": BEFORE, "c.py": BROKEN})
    done = bn_migrate(*options, "--no-color", ".", cwd=tmp_path)
    shown = on_terminal(*options, "--no-color", ".", cwd=tmp_path, columns=1000)
    lines = [line for line in shown.splitlines() if line.strip()]
    assert sorted(lines) == sorted(line for line in (done.stdout + done.stderr).decode().splitlines() if line.strip())
