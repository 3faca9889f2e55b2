"""Which files are read along: what is found has to be what is found where every file is read."""

from __future__ import annotations

import pytest

from migrate.analysis.classes import MAX_HEIRS
from migrate.engine import Options, migrate_files
from tests.cases import read_unread

WORD = "# BatchNorm\n"
"""A comment with a trigger word, for which a file is always read."""

PROJECTS = read_unread()


def found(files: dict[str, str]) -> dict[str, object]:
    results = migrate_files([(path, text.encode()) for path, text in files.items()], Options())
    assert not any(r.error for r in results)
    return {r.path: (r.findings, r.after.decode().removesuffix(WORD)) for r in results}


@pytest.mark.parametrize("title", PROJECTS)
def test_nothing_is_missed_in_files_without_a_trigger_word(title: str) -> None:
    files = PROJECTS[title]
    assert len(files) > 1
    assert found(files) == found({path: text + WORD for path, text in files.items()})


@pytest.mark.parametrize("between", ["", "\nclass Between(Base):\n    pass\n\n\nBase = Between\n"])
def test_heirs_are_counted_in_files_that_are_not_read_too(between: str) -> None:
    """With so many heirs, a use in the base is left to the user, whether or not the heirs matter by themselves."""
    base = "from torch import nn\n\n\nclass Base(nn.Module):\n    def go(self):\n        self.norm.momentum = 0.3\n"
    own = "\n\nclass Own(Base):\n    def __init__(self):\n        self.norm = nn.BatchNorm2d(3)\n"
    empty = "".join(f"\n\nclass Heir{i}(Base):\n    pass\n" for i in range(MAX_HEIRS))
    files = {"net.py": base + own, "heirs.py": "from net import Base\n" + between + empty}
    results = found(files)
    assert results == found({path: text + WORD for path, text in files.items()})
    codes = [finding.code for finding in results["net.py"][0]]  # type: ignore[index]
    assert "BN205" in codes
    few = found({"net.py": base + own, "heirs.py": files["heirs.py"].replace("Base):", "object):")})
    assert "BN205" not in [finding.code for finding in few["net.py"][0]]  # type: ignore[index]
