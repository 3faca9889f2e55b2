"""Writes of one attribute that may concern one layer: given their effect together, or left together."""

from __future__ import annotations

import pytest

from migrate.engine import Options, migrate_files
from migrate.findings import Finding

HEAD = "from torch import nn\n"
SET = HEAD + "def calibrate(net):\n    for m in net.modules():\n        if isinstance(m, nn.BatchNorm2d):\n{}"
RESTORE = HEAD + "def restore(m: nn.BatchNorm2d, value):\n    m.momentum = value\n"


def codes(files: dict[str, str]) -> dict[str, list[Finding]]:
    results = migrate_files([(path, text.encode()) for path, text in files.items()], Options())
    again = migrate_files([(r.path, r.after) for r in results], Options())
    assert not any(r.error or r.changed for r in again)
    return {r.path: [f for f in r.findings if f.code in ("BN110", "BN207")] for r in results}


@pytest.mark.parametrize("name", ["a.py", "z.py"])
def test_a_write_of_another_file_that_imports_it_is_a_partner(name: str) -> None:
    text = SET.format("            m.momentum = 1.0\n") + "calibrate(nn.Sequential(nn.BatchNorm2d(3)))\n"
    imported = f"from {name[:-3]} import calibrate\n"
    found = codes({name: text, "restore.py": imported + RESTORE})
    assert [f.code for f in found[name]] == ["BN207"] and "line 4 of restore.py" in found[name][0].message
    assert [f.code for f in found["restore.py"]] == ["BN207"] and "may be of" not in found["restore.py"][0].message


def test_the_partner_of_all_is_the_one_that_cannot_be_rewritten() -> None:
    text = SET.format("            m.eps = 1e-3\n            m.momentum = 0.03\n")
    more = "def tune(m: nn.BatchNorm2d, value):\n    m.eps = 1e-4\n    print(m)\n    m.momentum = value\n"
    found = codes({"a.py": text + more})["a.py"]
    assert [f.code for f in found] == ["BN207"] * 4
    assert all("line 10" in f.message for f in found[:3]) and "may be of" not in found[3].message
