"""Which files a run takes, and what it leaves behind whatever goes wrong."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import stat
import sys
from pathlib import Path
from types import FrameType

import pytest

from migrate.files import write
from migrate.selected import JUNK
from tests.command import AFTER, BEFORE, bn_migrate, git, harvest, plant, report

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2
LARGE = BEFORE + b"# " + b"x" * 20_000 + b"\n"


def taken(folder: Path, *arguments: str) -> list[str]:
    """The paths of a run that reports each file it takes, in its order."""
    return [f["path"] for f in report("--check", *arguments, cwd=folder)["files"]]


def test_files_come_in_the_order_of_the_paths_and_sorted_below_them(tmp_path: Path) -> None:
    names = ["z.py", "a.py", "m/z.py", "m/a.py", "m/b/c.py", "b.pyw", "c.pyi"]
    plant(tmp_path, dict.fromkeys(names, BEFORE))
    below = ["a.py", "b.pyw", "c.pyi", "m/a.py", "m/b/c.py", "m/z.py", "z.py"]
    assert taken(tmp_path, ".") == below
    assert taken(tmp_path, "z.py", "m", ".") == ["z.py", "m/a.py", "m/b/c.py", "m/z.py", "a.py", "b.pyw", "c.pyi"]


def test_a_file_reached_by_several_paths_is_taken_once(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE, "m/b.py": BEFORE})
    (tmp_path / "link.py").symlink_to("a.py")
    assert taken(tmp_path, "a.py", "./a.py", "m/../a.py", "link.py", ".", "m", str(tmp_path)) == ["a.py", "m/b.py"]


def test_folders_of_tools_and_other_files_are_left_alone(tmp_path: Path) -> None:
    named = ["readme.md", "norm.txt", "py", "norm.py.orig", "script"]
    plant(tmp_path, dict.fromkeys([*(f"sub/{folder}/a.py" for folder in JUNK), *named, "sub/a.py"], BEFORE))
    assert taken(tmp_path, ".") == ["sub/a.py"]
    assert {".git", ".venv", "__pycache__", "build", "node_modules"} <= JUNK


def test_a_file_named_on_the_command_line_is_always_taken(tmp_path: Path) -> None:
    named = ["build/a.py", "script", "ignored.py", "excluded.py"]
    plant(tmp_path, {**dict.fromkeys(named, BEFORE), ".gitignore": b"ignored.py\n"})
    assert taken(tmp_path, "--exclude", "excluded.py", *named) == named


IGNORED = {
    ".gitignore": b"generated_*.py\n/top.py\nold/\n# comment\n\\#hash.py\n[xy]?.py\n**/deep/skip.py\ntrail.py   \n"
    b"*.pyi\n!keep.pyi\nname with space.py\nunder/mid/\n"
    b"all/**\n!all/kept.py\n",
    "sub/.gitignore": b"!generated_keep.py\nlocal.py\n/anchored.py\n",
    "old/.gitignore": b"!a.py\n",
}
LISTED = """
a.py top.py sub/top.py old/a.py sub/old/a.py old.py #hash.py x1.py z1.py xx1.py trail.py
generated_a.py generated_keep.py sub/generated_keep.py sub/generated_b.py sub/in/generated_keep.py
deep/skip.py sub/deep/skip.py sub/deep/er/skip.py local.py sub/local.py sub/in/local.py sub/in/kept.py
sub/anchored.py sub/in/anchored.py b.pyi keep.pyi sub/keep.pyi name-with-space.py
under/mid/a.py under/a.py sub/under/mid/a.py all/kept.py all/lost.py
"""
NAMES = [name.replace("-with-", " with ") for name in LISTED.split()]


def test_gitignore_files_mean_what_git_reads_in_them(tmp_path: Path) -> None:
    plant(tmp_path, {**dict.fromkeys(NAMES, BEFORE), **IGNORED})
    git("init", "-q", cwd=tmp_path)
    listed = git("ls-files", "-z", "--others", "--exclude-standard", cwd=tmp_path).decode().split("\0")
    expected = sorted(name for name in listed if name.endswith((".py", ".pyi")))
    assert 0 < len(expected) < len(NAMES)
    assert sorted(taken(tmp_path, ".")) == expected
    below = [name for name in expected if name.startswith("sub/in/")]
    assert below
    assert sorted(taken(tmp_path, "sub/in")) == below
    assert sorted(taken(tmp_path, "--no-gitignore", ".")) == sorted(NAMES)


# Patterns, and the files of the tree that are left out.
EXCLUDED = [
    (["vendor/"], {"vendor/a.py", "sub/vendor/a.py"}),
    (["/vendor"], {"vendor/a.py"}),
    (["*_pb2.py"], {"x_pb2.py", "sub/y_pb2.py"}),
    (["sub/vendor/a.py", "x_pb2.py"], {"sub/vendor/a.py", "x_pb2.py"}),
    (["**/vendor/**", "!sub/vendor/a.py"], {"vendor/a.py"}),
]
TREE = ["sub/a.py", "sub/vendor/a.py", "sub/y_pb2.py", "vendor/a.py", "x_pb2.py"]


@pytest.mark.parametrize(("patterns", "left_out"), EXCLUDED, ids=[" ".join(p) for p, _ in EXCLUDED])
def test_exclude(tmp_path: Path, patterns: list[str], left_out: set[str]) -> None:
    plant(tmp_path, dict.fromkeys(TREE, BEFORE))
    options = [word for pattern in patterns for word in ("--exclude", pattern)]
    kept = [name for name in TREE if name not in left_out]
    assert taken(tmp_path, *options, ".") == kept
    assert taken(tmp_path, *options, "--force-exclude", *TREE) == kept


@pytest.mark.parametrize("pattern", ["[", "src/[a", "", "# notes", "!", "[z-a]", "a\\"])
def test_a_pattern_that_matches_nothing_is_wrong_usage(tmp_path: Path, pattern: str) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    done = bn_migrate("--exclude", "b.py", "--exclude", pattern, "a.py", cwd=tmp_path)
    assert done.returncode == 2 and f"--exclude: {pattern!r} matches nothing" in done.stderr.decode()
    assert harvest(tmp_path) == {"a.py": BEFORE}


def test_a_bracket_that_stands_for_itself(tmp_path: Path) -> None:
    plant(tmp_path, {"[a.py": BEFORE, "b.py": BEFORE, ".gitignore": b"[\n[z-a]\n"})
    assert taken(tmp_path, "--exclude", "\\[*", ".") == ["b.py"]


def test_force_exclude_leaves_out_what_walking_would(tmp_path: Path) -> None:
    plant(tmp_path, {**dict.fromkeys([*NAMES, "build/a.py"], BEFORE), **IGNORED})
    git("init", "-q", cwd=tmp_path)
    walked = taken(tmp_path, ".")
    assert sorted(taken(tmp_path, "--force-exclude", *NAMES, "build/a.py")) == sorted(walked)


def test_links_inside_a_tree_are_not_followed(tmp_path: Path) -> None:
    plant(tmp_path, {"tree/a.py": BEFORE, "outside/b.py": BEFORE, "c.py": BEFORE})
    tree = tmp_path / "tree"
    links = {"z.py": "a.py", "b.py": "../c.py", "out": "../outside", "gone.py": "nowhere.py", "loop": "."}
    for name, target in links.items():
        (tree / name).symlink_to(target)
    (tree / "self.py").symlink_to("self.py")
    os.mkfifo(tree / "pipe.py")
    assert taken(tmp_path, "tree") == ["tree/a.py"]
    assert bn_migrate("tree", cwd=tmp_path).returncode == 0
    assert (tmp_path / "outside/b.py").read_bytes() == (tmp_path / "c.py").read_bytes() == BEFORE
    assert all((tree / name).is_symlink() for name in [*links, "self.py"])


def test_links_on_the_command_line_are_written_through(tmp_path: Path) -> None:
    plant(tmp_path, {"real/a.py": BEFORE, "other/b.py": BEFORE})
    (tmp_path / "link.py").symlink_to("real/a.py")
    (tmp_path / "folder").symlink_to("other")
    assert taken(tmp_path, "link.py", "folder") == ["link.py", "folder/b.py"]
    assert bn_migrate("link.py", "folder", cwd=tmp_path).returncode == 0
    assert (tmp_path / "link.py").is_symlink() and (tmp_path / "folder").is_symlink()
    assert (tmp_path / "real/a.py").read_bytes() == (tmp_path / "other/b.py").read_bytes() == AFTER
    assert not (tmp_path / "real/a.py").is_symlink()


def test_a_path_that_cannot_be_read_stops_nothing(tmp_path: Path) -> None:
    names = ["missing.py", "dangling.py", "loop.py", "a.py/b.py", "x" * 300 + ".py"]
    plant(tmp_path, {"a.py": BEFORE, "z.py": BEFORE})
    (tmp_path / "dangling.py").symlink_to("nowhere.py")
    (tmp_path / "loop.py").symlink_to("loop.py")
    document = report("a.py", *names, "z.py", cwd=tmp_path)
    errors = {f["path"]: f["error"] for f in document["files"] if f["error"]}
    assert list(errors) == names and all(error.startswith("BN903 ") for error in errors.values())
    assert document["summary"] == {"files": 7, "changed": 2, "rewrites": 2, "reviews": 0, "notes": 4, "errors": 5}
    assert (tmp_path / "a.py").read_bytes() == (tmp_path / "z.py").read_bytes() == AFTER
    assert bn_migrate("--check", "missing.py", cwd=tmp_path).returncode == 2


def as_a_user() -> None:
    """Runs in the child: takes from root the rights to read and write what permissions deny."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None)
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
                raise PermissionError("root that may not give up its rights")


@pytest.mark.parametrize(("locked", "mode"), [("secret", 0o000), ("secret/a.py", 0o000), ("secret", 0o644)])
def test_what_is_not_permitted_is_named_and_stops_nothing(tmp_path: Path, locked: str, mode: int) -> None:
    plant(tmp_path, {"a.py": BEFORE, "secret/a.py": BEFORE, "z.py": BEFORE})
    (tmp_path / locked).chmod(mode)
    document = report(".", cwd=tmp_path, preexec_fn=as_a_user)
    (tmp_path / locked).chmod(0o755)
    errors = [f for f in document["files"] if f["error"]]
    assert [f["path"].split("/")[0] for f in errors] == ["secret"]
    assert errors[0]["error"].startswith("BN903 ") and "ermission" in errors[0]["error"]
    assert document["summary"]["changed"] == 2 and document["summary"]["errors"] == 1
    assert harvest(tmp_path) == {"a.py": AFTER, "secret/a.py": BEFORE, "z.py": AFTER}


def test_a_folder_that_cannot_be_written_keeps_its_files(tmp_path: Path) -> None:
    plant(tmp_path, {"sub/a.py": BEFORE})
    (tmp_path / "sub").chmod(0o555)
    document = report(".", cwd=tmp_path, preexec_fn=as_a_user)
    (tmp_path / "sub").chmod(0o755)
    assert document["files"][0]["error"].startswith("BN906 ") and document["summary"]["changed"] == 0
    assert harvest(tmp_path) == {"sub/a.py": BEFORE}


def test_a_read_only_file_is_named_and_left(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE, "b.py": BEFORE})
    (tmp_path / "a.py").chmod(0o444)
    done = bn_migrate(".", cwd=tmp_path)
    assert done.returncode == 2 and b"a.py: error BN906" in done.stderr and b"read-only" in done.stderr
    assert b"1 file rewritten" in done.stdout and b"1 not processed" in done.stdout
    assert harvest(tmp_path) == {"a.py": BEFORE, "b.py": AFTER}
    assert bn_migrate("--check", "a.py", cwd=tmp_path).returncode == 1, "nothing is written, so nothing is wrong"


@pytest.mark.parametrize("output", [None, "out"])
def test_a_full_disk_leaves_the_original_and_nothing_else(tmp_path: Path, output: str | None) -> None:
    plant(tmp_path, {"src/large.py": LARGE, "src/small.py": BEFORE})
    options = ["--output", output] if output else []

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))

    unwritten = {"PYTHONDONTWRITEBYTECODE": "1"}
    done = bn_migrate("src", *options, cwd=tmp_path, env=unwritten, preexec_fn=fill)
    assert done.returncode == 2 and b"large.py: error BN906" in done.stderr
    after = harvest(tmp_path)
    assert after["src/large.py"] == LARGE
    assert after[f"{output or 'src'}/small.py"] == AFTER
    assert not [name for name, data in after.items() if data not in (LARGE, BEFORE, AFTER)], "half a file is left"


@pytest.mark.parametrize("moment", ["mkstemp", "chmod", "replace"])
def test_an_interrupt_while_writing_waits_until_the_file_is_whole(tmp_path: Path, moment: str) -> None:
    plant(tmp_path, {"a.py": BEFORE})

    def interrupt(frame: FrameType, event: str, function: object) -> None:
        name = frame.f_code.co_name if event == "return" else getattr(function, "__name__", "")
        if event in ("return", "c_return") and name == moment:
            sys.setprofile(None)
            os.kill(os.getpid(), signal.SIGINT)

    sys.setprofile(interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "a.py", AFTER, BEFORE)
    assert harvest(tmp_path) == {"a.py": AFTER}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_mode_of_a_file_is_kept(tmp_path: Path) -> None:
    modes = {"a.py": 0o755, "b.py": 0o640, "c.py": 0o600, "d.py": 0o4711}
    plant(tmp_path / "src", dict.fromkeys(modes, BEFORE))
    for name, mode in modes.items():
        (tmp_path / "src" / name).chmod(mode)
    for options, folder in ((["--output", "out"], "out"), ([], "src")):
        assert bn_migrate(*options, "src", cwd=tmp_path, umask=0o077).returncode == 0
        assert harvest(tmp_path / folder) == dict.fromkeys(modes, AFTER)
        assert {p.name: stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / folder).iterdir()} == modes
