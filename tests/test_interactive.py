"""``--interactive`` on a real terminal: what is asked, and what is written for the answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.asked import talk
from tests.command import BEFORE, bn_migrate, harvest, plant, report

TWO = b"""from torch import nn

first = nn.BatchNorm2d(3, momentum=0.2)
x = 1
second = nn.BatchNorm2d(4, momentum=0.3)
"""
FIRST, SECOND = b"ms.nn.BatchNorm2d(3, momentum=0.8)", b"ms.nn.BatchNorm2d(4, momentum=0.7)"
USED = b"""from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.bn = nn.BatchNorm2d(3, momentum=0.2)

    def mean(self):
        return self.bn.running_mean
"""
ADVICE = b"""from torch import nn

def scale(m: nn.BatchNorm2d):
    return m.affine
"""
MAKE = b"from torch import nn\n\ndef norm(c):\n    return nn.BatchNorm2d(c, momentum=0.3)\n"
USE = b"from make import norm\n\ndef mean(c):\n    return norm(c).running_mean\n"


# The keys, and which of the two layers are then MindSpore's.
KEYS = {
    "both": ("yy", True, True),
    "the second": ("ny", False, True),
    "the first": ("yn", True, False),
    "none": ("nn", False, False),
    "all from the first on": ("a", True, True),
    "all from the second on": ("na", False, True),
    "none from the first on": ("d", False, False),
    "none from the second on": ("yd", True, False),
    "nothing": ("q", False, False),
    "what was taken before leaving": ("yq", True, False),
    "the end of the input": ("y\x04", True, False),
}


@pytest.mark.parametrize("what", KEYS)
def test_what_was_taken_is_written(tmp_path: Path, what: str) -> None:
    keys, first, second = KEYS[what]
    plant(tmp_path, {"a.py": TWO})
    typed = [key if key == "\x04" else f"{key}\n" for key in keys]
    said = talk(typed, "--interactive", "a.py", cwd=tmp_path)
    after = harvest(tmp_path)["a.py"]
    assert said.status == 0 and (FIRST in after, SECOND in after) == (first, second)
    assert f"{first + second} place{'s' * (first + second != 1)} taken, {2 - first - second} left." in said.last
    assert first or second or after == TWO
    if first and second:
        assert after == bn_migrate("-", stdin=TWO).stdout


def test_a_question_has_its_place_reason_and_hunk(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": TWO})
    question = talk(["?\n", "n\n", "n\n"], "--interactive", "a.py", cwd=tmp_path).asked[0]
    assert "a.py:3:9 BN101 rewrite torch.nn.BatchNorm2d becomes mindspore.nn.BatchNorm2d: momentum=0.2" in question
    assert question.endswith(
        "@@ -1,5 +1,5 @@\n from torch import nn\n \n-first = nn.BatchNorm2d(3, momentum=0.2)\n"
        "+first = ms.nn.BatchNorm2d(3, momentum=0.8)\n x = 1\n second = nn.BatchNorm2d(4, momentum=0.3)\n"
        "(1/2) Take this change [y,n,a,d,e,q,?]? "
    )


def test_help_says_what_each_key_does(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    asked = talk(["?\n", "x\n", "\n", "n\n"], "--interactive", "a.py", cwd=tmp_path).asked
    for shown in asked[1:]:
        assert [line[0] for line in shown.splitlines() if line[1:4] == " - "] == list("ynadeq?")


def test_what_follows_from_a_place_that_is_left_is_left_and_not_asked(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": USED})
    assert len(talk(["y\n", "y\n"], "--interactive", "--diff", "a.py", cwd=tmp_path).asked) == 2
    assert len(talk(["n\n"], "--interactive", "a.py", cwd=tmp_path).asked) == 1
    assert harvest(tmp_path) == {"a.py": USED}


def test_what_follows_in_another_file_is_left_even_where_it_was_taken(tmp_path: Path) -> None:
    plant(tmp_path, {"make.py": MAKE, "a_use.py": USE})
    said = talk(["y\n", "n\n"], "--interactive", ".", cwd=tmp_path)
    assert "a_use.py:4:12 BN105" in said.asked[0] and "make.py:4:12 BN101" in said.asked[1]
    assert harvest(tmp_path) == {"make.py": MAKE, "a_use.py": USE}


def test_a_suggestion_is_written_once_it_is_taken(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": ADVICE})
    said = talk(["y\n", "n\n"], "--interactive", "a.py", cwd=tmp_path)
    assert said.asked[1].endswith("Take this suggestion [y,n,a,d,e,q,?]? ")
    assert b"return m.affine" in harvest(tmp_path)["a.py"]
    plant(tmp_path, {"a.py": ADVICE})
    assert talk(["a\n", "y\n"], "--interactive", "a.py", cwd=tmp_path).status == 0, "all changes are no suggestions"
    assert harvest(tmp_path)["a.py"] == (
        b"import mindspore as ms\n\ndef scale(m: ms.nn.BatchNorm2d):\n    return m.gamma.requires_grad\n"
    )


def editor(folder: Path, *scripts: str) -> dict[str, str]:
    """An editor that does what the scripts of sed say, one after the other each time it is started."""
    for number, script in enumerate(scripts):
        (folder / f"{number}.sed").write_text(script)
    program = folder / "editor"
    program.write_text(f'#!/bin/sh\ncd "{folder}"\nnext=$(ls *.sed | head -n 1)\nsed -i -f $next "$1"; rm $next\n')
    program.chmod(0o755)
    return {"EDITOR": str(program), "VISUAL": str(program)}


def test_lines_can_be_written_by_hand(tmp_path: Path) -> None:
    plant(tmp_path, {"src/a.py": USED, "tools/x": b""})
    env = editor(tmp_path / "tools", "s/0.8)/0.95)  # mine/")
    said = talk(["e\n", "y\n"], "--interactive", "a.py", cwd=tmp_path / "src", env=env)
    assert "2 places taken" in said.last
    after = harvest(tmp_path / "src")["a.py"].decode()
    assert "import mindspore as ms" in after and "moving_mean" in after, "the layer is MindSpore's all the same"
    assert "        self.bn = ms.nn.BatchNorm2d(3, momentum=0.95)  # mine\n" in after


def test_lines_by_hand_keep_the_line_ends_of_the_file(tmp_path: Path) -> None:
    plant(tmp_path, {"src/a.py": TWO.replace(b"\n", b"\r\n"), "tools/x": b""})
    env = editor(tmp_path / "tools", "1s/^/zero = 0\\n/")
    talk(["e\n", "n\n"], "--interactive", "a.py", cwd=tmp_path / "src", env=env)
    after = harvest(tmp_path / "src")["a.py"]
    assert b"zero = 0\r\nfirst = ms." in after and after.count(b"\n") == after.count(b"\r\n")


def test_what_was_not_asked_about_is_counted(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": TWO, "b.py": BEFORE, "c.py": ADVICE})
    said = talk(["y\n", "q\n"], "--interactive", ".", cwd=tmp_path)
    assert "1 place taken, 1 left; 2 files not asked about." in said.last
    assert {name for name, data in harvest(tmp_path).items() if b"mindspore" in data} == {"a.py"}


def test_lines_that_do_not_parse_are_not_written(tmp_path: Path) -> None:
    plant(tmp_path, {"src/a.py": TWO, "tools/x": b""})
    env = editor(tmp_path / "tools", "s/= /= (/", "1s/$/)/", "s/)//")
    said = talk(["e\n", "y\n", "e\n", "n\n"], "--interactive", "a.py", cwd=tmp_path / "src", env=env)
    assert "Your lines cannot be used: the file does not parse with them" in said.asked[1]
    after = harvest(tmp_path / "src")["a.py"]
    assert said.status == 0 and b"first = (ms.nn.BatchNorm2d(3, momentum=0.8))\n" in after
    assert b"second = nn.BatchNorm2d(4, momentum=0.3)\n" in after, "what was not right is left in the end"


def test_an_editor_that_saves_nothing_leaves_the_place(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE})
    said = talk(["e\n"], "--interactive", "a.py", cwd=tmp_path, env={"EDITOR": "true", "VISUAL": "true"})
    assert said.status == 0 and harvest(tmp_path) == {"a.py": BEFORE}


def test_ctrl_c_writes_nothing(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": TWO})
    said = talk(["y\n", "\x03"], "--interactive", "a.py", cwd=tmp_path)
    assert said.status == 130 and "interrupted" in said.last and harvest(tmp_path) == {"a.py": TWO}


def test_a_file_that_is_changed_meanwhile_is_not_written(tmp_path: Path) -> None:
    plant(tmp_path, {"src/a.py": TWO, "tools/x": b""})
    env = editor(tmp_path / "tools", "w ../src/a.py")
    said = talk(["e\n", "y\n"], "--interactive", "a.py", cwd=tmp_path / "src", env=env)
    assert said.status == 2 and "a.py: was changed while you were asked" in said.last
    assert harvest(tmp_path / "src")["a.py"].startswith(b"first")


def test_without_a_terminal_there_is_nobody_to_ask(tmp_path: Path) -> None:
    done = bn_migrate("--interactive", "a.py", cwd=plant(tmp_path, {"a.py": BEFORE}), stdin=b"y\n")
    assert (done.returncode, done.stdout) == (2, b"") and harvest(tmp_path) == {"a.py": BEFORE}
    assert done.stderr == b"bn-migrate: --interactive asks on a terminal, and standard input is none\n"
    for more in ("-", "--check", "--quiet"):
        done = bn_migrate("--interactive", more, *(["a.py"] if more != "-" else []), cwd=tmp_path)
        assert done.returncode == 2 and b"--interactive does not go with -, --check or --quiet" in done.stderr


@pytest.mark.parametrize("options", [("--diff",), ("--output", "out"), ("--todo",)], ids=" ".join)
def test_with_other_options(tmp_path: Path, options: tuple[str, ...]) -> None:
    plant(tmp_path, {"a.py": TWO + b"third = nn.BatchNorm2d(5, momentum=None)\n"})
    said = talk(["n\n", "y\n"], "--interactive", *options, "a.py", cwd=tmp_path)
    files = harvest(tmp_path)
    after = {"--diff": said.last.encode(), "--output": files.get("out/a.py"), "--todo": files["a.py"]}[options[0]]
    assert after is not None and SECOND in after and FIRST not in after
    assert (b"# TODO(bn-migrate): BN201" in files["a.py"]) == (options[0] == "--todo")
    assert options[0] == "--todo" or files["a.py"].startswith(TWO)


def test_what_was_taken_is_proved_and_what_is_left_is_not(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("mindspore")
    plant(tmp_path, {"a.py": TWO})
    said = talk(["n\n", "y\n"], "--interactive", "--verify", "a.py", cwd=tmp_path)
    assert said.status == 0 and "1 of 1 distinct call proved" in said.last and SECOND in harvest(tmp_path)["a.py"]


def test_a_notebook_is_asked_about_cell_by_cell(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for source in ("from torch import nn\n", TWO.decode().partition("\n\n")[2])
    ]
    book = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    plant(tmp_path, {"a.ipynb": json.dumps(book, indent=1).encode()})
    said = talk(["n\n", "y\n"], "--interactive", "a.ipynb", cwd=tmp_path)
    assert "a.ipynb:cell 2:1:9 BN101" in said.asked[0] and "[y,n,a,d,q,?]? " in said.asked[0]
    after = harvest(tmp_path)["a.ipynb"]
    assert SECOND in after and FIRST not in after


def test_nothing_is_asked_where_there_is_nothing(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": b"x = 1\n"})
    said = talk([], "--interactive", "a.py", cwd=tmp_path)
    assert said.status == 0 and "0 places taken, 0 left." in said.last
    assert report("--check", ".", cwd=tmp_path)["summary"]["changed"] == 0
