"""``--why``: how a class or layer came to a place, by the cases of ``tests/cases/why`` and on the command line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pytest

from migrate.engine import Options
from migrate.files import Selection
from migrate.flow.graph import MANY
from migrate.question import parse_question
from migrate.why import why
from tests.cases import BLOCK, fail_unless_same, sections
from tests.command import bn_migrate, harvest, plant

CASES = sorted((Path(__file__).parent / "cases" / "why").glob("*.md"))
DESIGN = Path(__file__).parent.parent / "docs" / "design.md"
MESSAGE = re.compile(r"( BN\d+ (?:rewrite|review|note)) .*")
"""What a finding says stands in the cases of the migration."""


@dataclass(frozen=True)
class Asked:
    """Files, and the answers to questions about them."""

    title: str
    place: str
    files: dict[str, str]
    answers: dict[str, str]


def read_asked() -> list[Asked]:
    """The sections of ``cases/why``, and the one of the documentation that walks through an example.

    They have blocks ``python FILE``, and ``why FILE:LINE[:COLUMN]`` with the answer.
    """
    found = []
    for title, place, body in chain.from_iterable(map(sections, (*CASES, DESIGN))):
        if "```why" not in body:
            continue
        blocks = {m["name"]: m["text"] for m in BLOCK.finditer(body)}
        files = {n.removeprefix("python "): text for n, text in blocks.items() if n.startswith("python ")}
        answers = {n.removeprefix("why "): text for n, text in blocks.items() if n.startswith("why ")}
        found.append(Asked(title, place, files, answers))
    return found


@pytest.mark.parametrize("asked", read_asked(), ids=lambda asked: asked.title)
def test_the_steps_of_a_place(asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(plant(tmp_path, {name: text.encode() for name, text in asked.files.items()}))
    assert asked.answers
    for question, answer in asked.answers.items():
        lines = why(parse_question(question), (".",), Selection(), Options())
        said = [MESSAGE.sub(r"\1 …", line) for line in lines]
        fail_unless_same(asked.place, question, answer.splitlines(), said)


def test_what_is_cut_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many functions at one call some are followed; without a line about it the rest would be lost in silence."""
    makers = [f"make{i}" for i in range(MANY + 1)]
    text = "from torch import nn\n\n" + "".join(f"def {m}(norm):\n    return norm(3)\n\n" for m in makers)
    text += "".join(f"make = {m}\n" for m in makers) + "make(nn.BatchNorm2d).eps\n"
    monkeypatch.chdir(plant(tmp_path, {"net.py": text.encode()}))
    last = text.count("\n")
    *_, said = why(parse_question(f"net.py:{last}"), (".",), Selection(), Options())
    assert said == f"not all is followed: net.py:{last}:1: make: more comes together here than is followed"
    few = text.replace(f"make = {makers[-1]}\n", "")
    plant(tmp_path, {"net.py": few.encode()})
    assert "not all" not in "\n".join(why(parse_question(f"net.py:{last - 1}"), (".",), Selection(), Options()))


FILES = {
    "net.py": b"from torch import nn\n\nlayer = nn.BatchNorm2d(3, momentum=0.2)\nlayer.eps\n",
    "bad.py": b"def f(:\n",
}


def test_the_command_line_answers_and_writes_nothing(tmp_path: Path) -> None:
    plant(tmp_path, {"net.py": FILES["net.py"]})
    done = bn_migrate(".", "--why", "net.py:4", cwd=tmp_path)
    first, second, *_, last = done.stdout.decode().splitlines()
    assert done.returncode == 0 and harvest(tmp_path) == {"net.py": FILES["net.py"]}
    assert first.startswith("net.py:4:1 BN303 note ") and second == "layer is a layer of torch.nn.BatchNorm2d:"
    assert last == "  net.py:4:1: layer: the name layer: a layer of torch.nn.BatchNorm2d"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((".", "--why", "net.py"), "FILE:LINE or FILE:LINE:COLUMN is expected"),
        ((".", "--why", "other.py:3"), "other.py is not among the files of this run"),
        ((".", "--why", "a.ipynb:3"), "places of notebooks cannot be asked for"),
        (("net.py", "bad.py", "--why", "bad.py:1"), "bad.py: BN901"),
        ((".", "--why", "net.py:999"), "net.py has no line 999: its last one is 4"),
        ((".", "--why", "net.py:5"), "net.py has no line 5"),
        ((".", "--why", "net.py:0"), "net.py has no line 0"),
        (("-", "--why", "net.py:3"), "--why does not go with -"),
    ],
)
def test_a_question_that_cannot_be_answered(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    plant(tmp_path, {**FILES, "bad.py": FILES["bad.py"] + b"# BatchNorm2d\n"})
    done = bn_migrate(*options, cwd=tmp_path)
    assert done.returncode == 2 and done.stdout == b"" and said in done.stderr.decode().splitlines()[0]


def test_columns_are_counted_in_characters(tmp_path: Path) -> None:
    text = "from torch import nn\n\nlayer = nn.BatchNorm2d(3)\ns = 'é', layer.eps\n"
    plant(tmp_path, {"net.py": text.encode()})
    *_, last = bn_migrate(".", "--why", "net.py:4:10", cwd=tmp_path).stdout.decode().splitlines()
    assert last == "  net.py:4:10: layer: the name layer: a layer of torch.nn.BatchNorm2d"


def test_a_file_that_is_nested_too_deep_stops_no_other(tmp_path: Path) -> None:
    """Its flow cannot be read; what is wrong with it, if anything, is said by what evaluates it."""
    deep = b"from torch import nn\n\nx = " + b"f(" * 150 + b"nn.BatchNorm2d(3)" + b")" * 150 + b"\n"
    plant(tmp_path, {"deep.py": deep + b"y = " + b"+ ".join([b"1 "] * 3000) + b"\n", "net.py": FILES["net.py"]})
    done = bn_migrate("--check", ".", cwd=tmp_path)
    assert b"net.py" in done.stdout and b"Traceback" not in done.stderr
