"""``# bn-migrate: skip[...]`` on the command line and in notebooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrate.decide.skips import asked, covered
from migrate.findings import Result
from tests.command import bn_migrate, harvest, plant
from tests.notebooks import migrated, notebook

LEFT = b"import torch.nn as nn\n\nlayer = nn.BatchNorm2d(3, momentum=None)  # bn-migrate: skip[%s]\n"


@pytest.mark.parametrize(
    ("comment", "codes"),
    [
        ("# bn-migrate: skip", ("BN1", "BN2", "BN4")),
        ("# why # bn-migrate:skip because", ("BN1", "BN2", "BN4")),
        ("# bn-migrate: skip[BN207]", ("BN207",)),
        ("# bn-migrate: skip [ bn207 , BN21 ] why", ("BN207", "BN21")),
        ("# bn-migrate: skip[BN207, BN999]", ("BN207",)),
        ("# bn-migrate: skip[]", ()),
        ("# bn-migrate: skip-file", None),
        ("# bn-migrate: skipped", None),
        ("# skip[BN207]", None),
    ],
)
def test_what_a_comment_asks_for(comment: str, codes: tuple[str, ...] | None) -> None:
    assert asked(comment) == codes


def test_what_is_covered() -> None:
    assert covered(("BN2",), "BN101", "BN207") and not covered(("BN2",), "BN101") and covered(("BN105",), "BN1")
    assert not covered((), "BN101") and not covered(("BN207",), "BN208")


@pytest.mark.parametrize(("codes", "status"), [("BN201", 0), ("BN2", 0), ("BN207", 1), ("BN201,BN999", 1), ("", 1)])
def test_strict_counts_what_is_not_left_alone(tmp_path: Path, codes: str, status: int) -> None:
    plant(tmp_path, {"a.py": LEFT % codes.encode()})
    done = bn_migrate("--strict", "a.py", cwd=tmp_path)
    assert done.returncode == status and harvest(tmp_path)["a.py"] == LEFT % codes.encode()


def test_what_is_no_code_is_told_with_file_and_line(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": LEFT % b"BN20l"})
    said = bn_migrate("a.py", cwd=tmp_path).stdout.decode()
    assert "a.py:3:43 BN225 review unknown code 'BN20L'; near it: BN20" in said
    assert "it leaves nothing alone" in said and "a.py:3:9 BN201 review" in said


def test_in_a_notebook() -> None:
    lines = "from torch import nn", "nn.BatchNorm2d(3, momentum=None)  # bn-migrate: skip[BN201]"

    def codes(*cells: str) -> list[str]:
        result: Result = migrated(notebook(*cells))
        return [f.code for f in result.findings if f.kind != "note"]

    assert codes(*lines) == [] and codes(lines[0], lines[1].replace("BN201", "BN999")) == ["BN201", "BN225"]
    assert codes(lines[0], "%run BatchNorm2d.py  # bn-migrate: skip[BN217]") == []
    assert codes(lines[0], "%run BatchNorm2d.py  # bn-migrate: skip[BN201]") == ["BN217"]
