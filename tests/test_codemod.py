"""The codemod under LibCST's own runner."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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


def codemod(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """LibCST's runner over ``folder``."""
    command = [sys.executable, "-m", "libcst.tool", "codemod", "--no-format", "--hide-progress"]
    command += ["-x", "migrate.codemod.MigrateCommand", *arguments, "."]
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, check=False, timeout=120)


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
