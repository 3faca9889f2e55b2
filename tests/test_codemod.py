"""The codemod under LibCST's own runner."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import libcst as cst
import pytest
from libcst.codemod import CodemodContext
from libcst.metadata import FullRepoManager

from migrate.codemod import MigrateCommand
from tests.command import AFTER, BEFORE, BROKEN, REVIEW, bn_migrate, environment, harvest, plant

FILES = {
    "lf.py": BEFORE,
    "crlf.py": BEFORE.replace(b"\n", b"\r\n"),
    "no_final_newline.py": BEFORE.removesuffix(b"\n"),
    "bom.py": b"\xef\xbb\xbf" + BEFORE,
    "latin.py": b"# coding: latin-1\n" + BEFORE + b"name = '\xe9'\n",
    "form_feed.py": BEFORE.replace(b"\n\n", b"\n\x0c\n"),
    "comments.py": b"import torch.nn as nn  # why\n\nlayer = nn.BatchNorm2d(  # 1\n    3,\n    momentum=0.2,  # 2\n)\n",
    "names.py": b"from torch.nn import BatchNorm2d as BN\n\nlayer = BN(3, 1e-5, 0.3, True, False)\n",
    "review.py": REVIEW,
    "clean.py": b"x = 1\r\n",
    "empty.py": b"",
}


# Files of one program: what a class reaches lies in another file than the class.
PROGRAM = {
    "pkg/__init__.py": b"",
    "pkg/lib.py": b"def make(norm):  # BatchNorm\n    return norm(3, momentum=0.1)\n",
    "pkg/net.py": b"from torch import nn\nfrom pkg.lib import make\n\nnet = make(nn.BatchNorm2d)\n",
    "pkg/use.py": b"from pkg.net import net\n\nmean = net.running_mean\n",
    "pkg/other.py": BEFORE,
    "tests/test_net.py": b"from pkg.use import mean\n",
    "review.py": REVIEW,
}
EXAMPLE = Path(__file__).parent.parent / "docs/examples/libcst.codemod.yaml"


def tool(
    folder: Path, *arguments: str, stdin: bytes = b"", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """LibCST's tool in ``folder``."""
    command = [sys.executable, "-m", "libcst.tool", *arguments]
    streams = {"input": stdin, "capture_output": True, "timeout": 120}
    return subprocess.run(command, cwd=folder, env=environment(env), check=False, **streams)


def codemod(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    """The runner over ``folder``, the command under its full name."""
    named = ("-x", "migrate.codemod.MigrateCommand")
    return tool(folder, "codemod", "--no-format", "--hide-progress", *named, *arguments, ".", env=env)


def changed(folder: Path, before: dict[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in harvest(folder).items() if data != before.get(name)}


def test_it_gives_what_the_command_line_gives(tmp_path: Path) -> None:
    one, other = plant(tmp_path / "libcst", FILES), plant(tmp_path / "ours", FILES)
    done = codemod(one)
    assert done.returncode == 0, done.stderr.decode()
    assert bn_migrate(".", cwd=other).returncode == 0
    ours = harvest(other)
    assert {name: data for name, data in harvest(one).items() if data != ours[name]} == {}
    assert ours["lf.py"] == AFTER and ours["crlf.py"] == AFTER.replace(b"\n", b"\r\n")


def test_a_review_is_a_warning(tmp_path: Path) -> None:
    done = codemod(plant(tmp_path, {"review.py": REVIEW}))
    assert b"3:9 BN201 " in done.stderr and b"review.py" in done.stderr
    assert b"1 warnings were generated" in done.stderr and harvest(tmp_path) == {"review.py": REVIEW}


def test_a_warning_says_what_to_write(tmp_path: Path) -> None:
    review = b"from torch import nn\n\ndef f(m: nn.BatchNorm2d):\n    return m.affine\n"
    done = codemod(plant(tmp_path, {"review.py": review}))
    assert b"4:12 BN208 " in done.stderr and b"write: m.gamma.requires_grad" in done.stderr


def test_a_rewrite_is_no_warning(tmp_path: Path) -> None:
    done = codemod(plant(tmp_path, {"a.py": BEFORE}))
    assert b"0 warnings were generated" in done.stderr and b"BN" not in done.stderr


def test_a_file_that_libcst_would_change_elsewhere_is_left(tmp_path: Path) -> None:
    """LibCST itself loses a form feed before def."""
    rest = b"\x0cdef f():\n    pass\n"
    codemod(plant(tmp_path, {"a.py": BEFORE + rest}))
    assert harvest(tmp_path)["a.py"] in (BEFORE + rest, AFTER + rest)


OPTIONS = [
    (["--target", "mindspore.mint.nn"], b"ms.mint.nn.BatchNorm2d(3, momentum=0.2)"),
    (["--data-format", "NHWC"], b"ms.nn.BatchNorm2d(3, momentum=0.8, data_format='NHWC')"),
]


@pytest.mark.parametrize(("arguments", "call"), OPTIONS, ids=[" ".join(a) for a, _ in OPTIONS])
def test_options(tmp_path: Path, arguments: list[str], call: bytes) -> None:
    assert codemod(plant(tmp_path, {"a.py": BEFORE}), *arguments).returncode == 0
    assert call in harvest(tmp_path)["a.py"]
    assert bn_migrate("-", *arguments, stdin=BEFORE).stdout == harvest(tmp_path)["a.py"]


def test_a_file_with_an_error_is_reported_and_left(tmp_path: Path) -> None:
    deep = b"import torch.nn as nn\nx = nn.BatchNorm2d(" + b"(" * 210 + b"3" + b")" * 211 + b"\n"
    done = codemod(plant(tmp_path, {"a.py": BEFORE, "broken.py": BROKEN, "deep.py": deep}))
    assert done.returncode == 1 and b"broken.py" in done.stderr and b"BN904" in done.stderr
    assert harvest(tmp_path) == {"a.py": AFTER, "broken.py": BROKEN, "deep.py": deep}


def test_files_are_migrated_together_by_any_number_of_workers(tmp_path: Path) -> None:
    """Each gets one file at a time, some of them after others have been rewritten; what they share goes at the end."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    one, other = plant(tmp_path / "libcst", PROGRAM), plant(tmp_path / "ours", PROGRAM)
    done = codemod(one, "-j", "3", env={"TMPDIR": str(temporary)})
    assert done.returncode == 0 and b"BN201" in done.stderr, done.stderr.decode()
    assert bn_migrate(".", cwd=other).returncode == 0
    found = changed(one, PROGRAM)
    assert found == changed(other, PROGRAM) and harvest(temporary) == {}
    assert found.keys() == {"pkg/lib.py", "pkg/net.py", "pkg/use.py", "pkg/other.py"}
    assert b"momentum=0.9" in found["pkg/lib.py"]


def test_what_connected_files_held_when_the_run_began_counts(tmp_path: Path) -> None:
    paths = [str(plant(tmp_path, PROGRAM) / name) for name in PROGRAM]
    manager = FullRepoManager(str(tmp_path), paths, MigrateCommand.get_inherited_dependencies())
    manager.resolve_cache()
    plant(tmp_path, {"pkg/net.py": b"x = 1\n"})

    def after(name: str) -> str:
        path = tmp_path / name
        command = MigrateCommand(CodemodContext(filename=str(path), metadata_manager=manager))
        return command.transform_module(cst.parse_module(path.read_bytes())).code

    assert "momentum=0.9" in after("pkg/lib.py"), "net.py handed a class over"
    with pytest.raises(RuntimeError, match=r"net\.py was changed during the run"):
        after("pkg/net.py")


def test_a_repository_can_name_it_in_its_configuration(tmp_path: Path) -> None:
    """With the example of the documentation, which excludes a folder and keeps what is not migrated as it is."""
    files = {**PROGRAM, "odd.py": BEFORE + b"x  =  { }\n", "third_party/a.py": BEFORE}
    plant(tmp_path, {**files, ".libcst.codemod.yaml": EXAMPLE.read_bytes()})
    listed = tool(tmp_path, "list").stdout.decode()
    assert listed == "migrate.MigrateCommand - Migrate torch.nn.BatchNorm2d to MindSpore.\n"
    done = tool(tmp_path / "pkg", "codemod", "migrate.MigrateCommand", "-j", "1", "..")
    assert done.returncode == 0, done.stderr.decode()
    found = changed(tmp_path, files)
    assert found["odd.py"] == AFTER + b"x  =  { }\n" and b"momentum=0.9" in found["pkg/lib.py"]
    assert "third_party/a.py" not in found


def test_what_initialize_writes_takes_one_more_line(tmp_path: Path) -> None:
    assert tool(tmp_path, "initialize", ".").returncode == 0
    configuration = tmp_path / ".libcst.codemod.yaml"
    configuration.write_text(configuration.read_text("utf-8").replace("modules:\n", "modules:\n- migrate.codemod\n"))
    plant(tmp_path, {"a.py": BEFORE})
    done = tool(tmp_path, "codemod", "--no-format", "migrate.MigrateCommand", "a.py")
    assert done.returncode == 0 and harvest(tmp_path)["a.py"] == AFTER, done.stderr.decode()


def test_standard_input_is_a_module_on_its_own(tmp_path: Path) -> None:
    done = tool(tmp_path, "codemod", "--no-format", "-x", "migrate.codemod.MigrateCommand", "-", stdin=BEFORE)
    assert done.returncode == 0 and done.stdout == AFTER + b"\n", done.stderr.decode()
