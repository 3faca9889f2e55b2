"""Which files are read along: what is found has to be what is found where every file is read."""

from __future__ import annotations

import re

import pytest

from migrate.engine import Options, migrate_files

WORD = "# BatchNorm\n"
"""A comment with a trigger word, for which a file is always read."""

PROJECTS = {
    "a class of another file whose name is not ASCII": """
# == net.py
from torch import nn
class Größe(nn.Module):
    def __init__(self):
        self.bn = nn.BatchNorm2d(3)
# == mid.py
import net
class Überbau(net.Größe): pass
# == use.py
from torch import nn
import mid
x = nn.BatchNorm2d(4)
class U1(mid.Überbau):
    def go(self):
        self.bn.weight
""",
    "a layer whose name is not ASCII": """
# == net.py
from torch import nn
class Net(nn.Module):
    def __init__(self):
        self.größe = nn.BatchNorm2d(3)
# == use2.py
import net
class U1(net.Net):
    def go(self):
        self.größe.weight
""",
}


def found(files: dict[str, str]) -> dict[str, object]:
    results = migrate_files([(path, text.encode()) for path, text in files.items()], Options())
    assert not any(r.error for r in results)
    return {r.path: (r.findings, r.after.decode().removesuffix(WORD)) for r in results}


@pytest.mark.parametrize("title", PROJECTS)
def test_nothing_is_missed_in_files_without_a_trigger_word(title: str) -> None:
    parts = re.split(r"^# == (\S+)\n", PROJECTS[title], flags=re.MULTILINE)
    files = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert found(files) == found({path: text + WORD for path, text in files.items()})
