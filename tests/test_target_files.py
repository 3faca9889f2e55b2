"""MindSpore's layers that reach files in which nothing names their class."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from migrate.engine import Options, migrate_files
from tests.test_rules import GROUP_NORM

NET = """
from mindspore import nn

class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.bn = nn.BatchNorm2d(3)

class Norm(nn.BatchNorm2d):
    pass

def make():
    return nn.BatchNorm2d(3)

layer = nn.BatchNorm2d(3)
layers = [nn.BatchNorm2d(3)]
"""
# The other files, and the reviews in the last of them.
FILES: dict[str, tuple[dict[str, str], list[str]]] = {
    "an attribute of an object": (
        {"use.py": "from net import Net\nprint(Net().bn.bias, Net().bn.beta)"},
        ["Net().bn.bias"],
    ),
    "an object at module level": ({"use.py": "import net\nprint(net.layer.bias, net.layer.beta)"}, ["net.layer.bias"]),
    "a container": ({"use.py": "from net import layers\nfor m in layers: print(m.bias)"}, ["m.bias"]),
    "a function that makes one": ({"use.py": "from net import make\nmake().eval()"}, ["make().eval()"]),
    "a subclass": (
        {"use.py": "from net import Norm\nclass Own(Norm):\n    def forward(self, x):\n        return self.bias"},
        ["forward", "self.bias"],
    ),
    "a class of the same name": (
        {
            "own.py": "class Net:\n    def __init__(self):\n        self.bn = self\n        self.bias = 1",
            "use.py": "from own import Net\nprint(Net().bn.bias)",
        },
        [],
    ),
}


@pytest.mark.parametrize(("files", "found"), FILES.values(), ids=FILES)
def test_its_uses_are_found_there(files: dict[str, str], found: list[str]) -> None:
    sources = {"net.py": NET, **files}
    results = {
        r.path: r for r in migrate_files([(p, textwrap.dedent(t).encode()) for p, t in sources.items()], Options())
    }
    assert not any(r.changed or r.error for r in results.values())
    assert [f.before for f in results[list(files)[-1]].findings if f.code == "BN402"] == found


def test_a_function_of_another_file_uses_what_it_gets() -> None:
    main = "from net import Net\nfrom use import halve\nhalve(Net().bn)\n"
    sources = {"net.py": NET, "use.py": "def halve(m):\n    return m.bias\n", "main.py": main}
    results = migrate_files([(p, t.encode()) for p, t in sources.items()], Options())
    assert [(r.path, f.before) for r in results for f in r.findings] == [("use.py", "m.bias")]


def test_torchs_layer_and_mindspores_are_kept_apart() -> None:
    """A function gets the one from a file that was migrated before, and the other from one that is being migrated."""
    sources = {
        "net.py": NET,
        "other.py": "from torch import nn\nfrom use import shift\ndef made():\n    return shift(nn.BatchNorm2d(3))\n",
        "use.py": "from net import layer\ndef shift(m):\n    return m.bias\nshift(layer)\nprint(layer.bias)\n",
    }
    results = {r.path: r for r in migrate_files([(p, t.encode()) for p, t in sources.items()], Options())}
    assert not results["use.py"].changed and results["other.py"].changed
    assert [(f.code, f.line) for f in results["use.py"].findings] == [("BN205", 3), ("BN402", 5)]


def test_a_rule_that_does_not_tell_the_parameters_says_nothing_about_calls(tmp_path: Path) -> None:
    (tmp_path / "group_norm.toml").write_text(GROUP_NORM)
    source = (
        b"from mindspore import nn\nlayer = nn.GroupNorm(2, 4, 0.1, True, 'ones')\nnn.GroupNorm(2, 4, eps=0.1).weight"
    )
    (result,) = migrate_files([("a.py", source)], Options(rules=(tmp_path,)))
    assert [(f.code, f.line) for f in result.findings] == [("BN402", 3)]
