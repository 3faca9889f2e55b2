"""``--original TREE``: layers of a port beside those of what it was ported from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrate.original.layers import Tree, layers_of, original_rules
from migrate.original.pairs import Pairs, pair
from migrate.rules import load_rules
from tests.command import bn_migrate, harvest, plant
from tests.schemas import report_mistakes

RULES = load_rules("mindspore.nn")
TORCH = """
from torch import nn


class Unit(nn.Module):
    def __init__(self, c, norm=nn.BatchNorm2d):
        super().__init__()
        self.bn1 = norm(c, {first})
        self.down_sample = nn.Sequential(nn.Conv2d(c, c, 1), nn.BatchNorm2d(c))
{more}
"""
PORT = """
from mindspore import nn
from mindspore.common.initializer import initializer


class Unit(nn.Cell):
    def __init__(self, c):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(c, {first})
        self.downsample = nn.SequentialCell([nn.Conv2d(c, c, 1), nn.BatchNorm2d(c)])
{more}
"""


def tree(text: str, path: str = "unit.py") -> Tree:
    rules = RULES if "mindspore" in text else original_rules(RULES)
    return layers_of({path: text.encode()}, rules)


def pairs(port: str, original: str, more: str = "", original_more: str = "") -> Pairs:
    return pair(
        tree(PORT.format(first=port, more=more)),
        tree(TORCH.format(first=original, more=original_more), "torch/unit.py"),
    )


# The arguments of the port and of the original, and what differs, with the values of the original.
SETTINGS = {
    "defaults": ("eps=1e-5, momentum=0.9", "", {}),
    "a complement": ("momentum=0.97", "momentum=0.03", {}),
    "a default that stands there": ("affine=True, use_batch_statistics=None", "track_running_stats=True", {}),
    "a momentum": ("momentum=0.9997", "", {"momentum": (0.1,)}),
    "an eps": ("eps=1e-3", "1e-4", {"eps": (1e-4,)}),
    "an eps that is missing": ("momentum=0.9", "eps=1e-3", {"eps": (1e-3,)}),
    "affine": ("", "affine=False", {"affine": (False,)}),
    "statistics": ("use_batch_statistics=True", "track_running_stats=False", {}),
    "statistics of the port alone": ("use_batch_statistics=True", "", {"track_running_stats": (True,)}),
    "what is not known": ("momentum=c / 2", "momentum=0.3", {}),
    "zeros": ("gamma_init='zeros'", "", {"initial scale": (1.0,)}),
}


@pytest.mark.parametrize(("port", "original", "found"), SETTINGS.values(), ids=SETTINGS)
def test_settings_differ(port: str, original: str, found: dict[str, tuple[object, ...]]) -> None:
    paired = pairs(port, original)
    assert len(paired.pairs) == 2 and not paired.port_alone and not paired.original_alone
    assert {d.parameter: d.values for d in paired.differences} == found
    assert all(d.original == "torch/unit.py:8" for d in paired.differences)


ZERO = "\n        nn.init.zeros_(self.bn1.weight)\n"
SET = "\n        self.bn1.gamma.set_data(initializer('zeros', self.bn1.gamma.shape))\n"
# What the port and the original do more, and whether the layer begins otherwise.
INITIAL = {
    "both": (SET, ZERO, False),
    "the original alone": ("", ZERO, True),
    "the port alone": (SET, "", True),
    "under a test for a class": ("", f"\n        if isinstance(self.bn1, nn.Module):\n    {ZERO.strip(chr(10))}", True),
    "under another condition": ("", f"\n        if c > 3:\n    {ZERO.strip(chr(10))}", False),
    "a constant": (SET, "\n        nn.init.constant_(self.bn1.weight, 0)\n", False),
    "ones": ("", "\n        nn.init.constant_(self.bn1.weight, 1)\n", False),
}


@pytest.mark.parametrize(("port", "original", "differs"), INITIAL.values(), ids=INITIAL)
def test_zeros_differ(port: str, original: str, differs: bool) -> None:
    found = [d.parameter for d in pairs("", "", port, original).differences]
    assert found == (["initial scale"] if differs else [])


def test_a_layer_that_the_port_has_not_and_one_that_may_be_there() -> None:
    more = "\n        self.bn2 = nn.BatchNorm2d(c)\n"
    (missing,) = pairs("", "", "", more).missing
    assert (missing.owner, missing.name, missing.original) == ("Unit", "bn2", "torch/unit.py:11")
    unseen = pairs("", "", "\n        self.bn2 = c.make()\n", more)
    assert not unseen.missing and [layer.name for layer in unseen.original_alone] == ["bn2"]


MADE = """
from FRAMEWORK import nn

make = lambda c: nn.BatchNorm2d(c, eps=1e-3)


class Unit(nn.KIND):
    norm = lambda self, c: nn.BatchNorm2d(c)

    def __init__(self, c, layer=lambda c: nn.BatchNorm2d(c)):
        super().__init__()
        build = lambda c: nn.SEQUENCE(nn.Conv2d(c, c, 1), nn.BatchNorm2d(c))
        self.a = make(c)
        self.b = self.norm(c)
        self.d = layer(c)
        self.e = build(c)
        self.g = nn.LIST(map(lambda k: nn.BatchNorm2d(k), [1, 2]))
        self.h = nn.LIST([make(c) for _ in range(2)])
        c.register(lambda: nn.BatchNorm2d(c))
"""
WORDS = {"FRAMEWORK": ("torch", "mindspore"), "KIND": ("Module", "Cell"), "SEQUENCE": ("Sequential", "SequentialCell")}


def made(side: int) -> str:
    text = MADE.replace("LIST", ("ModuleList", "CellList")[side])
    for word, names in WORDS.items():
        text = text.replace(word, names[side])
    return text


def test_layers_of_lambdas_have_partners_and_one_that_nothing_holds_is_told() -> None:
    found = pair(tree(made(1), "p/unit.py"), tree(made(0), "o/unit.py"))
    names = {p.port.name for p in found.pairs}
    assert names == {p.original.name for p in found.pairs} == {"a", "b", "d", "e.1", "g.*", "h.*"}
    assert not found.differences and not found.missing
    assert [(layer.name, layer.line) for layer in (*found.port_alone, *found.original_alone)] == [("", 19)] * 2


def test_files_and_classes_are_told_by_their_names_and_by_their_layers() -> None:
    text = TORCH.format(first="eps=1e-3", more="")
    sources = {"o/other.py": text.encode(), "o/unit_v2.py": TORCH.format(first="eps=1e-4", more="").encode()}
    port = tree(PORT.format(first="eps=1e-5", more=""), "p/unit.py")
    found = pair(port, layers_of(sources, original_rules(RULES)))
    assert {p.original.path for p in found.pairs} == {"o/unit_v2.py"} and len(found.original_alone) == 2
    renamed = tree(PORT.format(first="eps=1e-3", more="").replace("Unit", "Block"), "p/block.py")
    assert len(pair(renamed, layers_of({"o/other.py": text.encode()}, original_rules(RULES))).pairs) == 2
    other = "from torch import nn\nclass Net(nn.Module):\n    def __init__(self):\n        self.n = nn.BatchNorm2d(3)\n"
    alone = pair(renamed, tree(other))
    assert not alone.pairs and len(alone.port_alone) == 2 and len(alone.original_alone) == 1


def test_the_run_reports_them_with_a_table_and_writes_what_is_asked_for(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            "port/unit.py": PORT.format(first="eps=1e-5, momentum=0.9997", more="").encode(),
            "torch/unit.py": TORCH.format(first="eps=1e-3", more="").encode(),
        },
    )
    done = bn_migrate("port", "--original", "torch", "--check", "--format", "json", cwd=tmp_path)
    document = json.loads(done.stdout)
    assert report_mistakes(document) == []
    ((finding,),) = (file["findings"] for file in document["files"])
    assert (finding["code"], finding["line"]) == ("BN407", 9)
    assert "eps=0.001" in finding["message"] and "momentum=0.9" in finding["message"]
    assert b"2 layers paired with the original" in done.stderr and b"eps, momentum" in done.stderr
    first, second = document["original"]["pairs"]
    assert first["port"] == {"class": "Unit", "name": "bn1", "path": str(Path("port/unit.py")), "line": 9}
    assert first["original"]["line"] == 8 and first["differences"] == ["eps", "momentum"]
    assert (second["original"]["name"], second["differences"]) == ("down_sample.1", [])
    bn_migrate("port", "--original", "torch", "--apply", "BN407", cwd=tmp_path)
    after = harvest(tmp_path)
    assert b"self.bn1 = nn.BatchNorm2d(c, eps=0.001, momentum=0.9)" in after["port/unit.py"]
    again = bn_migrate("port", "--original", "torch", "--check", "--strict", cwd=tmp_path)
    assert again.returncode == 0 and b"same" in again.stdout
    assert bn_migrate("port", "--check", "--strict", cwd=tmp_path).returncode == 0


def test_the_report_has_what_is_not_paired(tmp_path: Path) -> None:
    more = "\n        self.bn{} = nn.BatchNorm2d(c)\n"
    head = "\n\nclass Head(nn.{}):\n    def __init__(self):\n        super().__init__()\n"
    head += "        self.{} = nn.BatchNorm2d(3)\n"
    port = PORT.format(first="", more=more.format(3)) + head.format("Cell", "a")
    original = TORCH.format(first="", more=more.format(2)) + head.format("Module", "b").replace("Head", "Tail")
    plant(tmp_path, {"port/unit.py": port.encode(), "torch/unit.py": original.encode()})
    done = bn_migrate("port", "--original", "torch", "--check", "--format", "json", cwd=tmp_path)
    document = json.loads(done.stdout)
    assert report_mistakes(document) == []
    named = {
        key: [f"{layer['class']}.{layer['name']}:{layer['line']}" for layer in document["original"][key]]
        for key in ("port_alone", "original_alone", "missing")
    }
    assert named == {
        "port_alone": ["Unit.bn3:12", "Head.a:19"],
        "original_alone": ["Tail.b:18"],
        "missing": ["Unit.bn2:11"],
    }
    assert b"1 layer that the port has not:" in done.stderr and b"Tail.b (torch/unit.py:18)" in done.stderr
    without = json.loads(bn_migrate("port", "--check", "--format", "json", cwd=tmp_path).stdout)
    assert "original" not in without


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--original", "empty"], b"no Python file is there"),
        (["--original", "torch", "--from", "mindspore"], b"--original goes neither with"),
        (["--original", "none"], b"does not exist"),
    ],
)
def test_an_original_that_does_not_serve_is_a_mistake(tmp_path: Path, options: list[str], said: bytes) -> None:
    (tmp_path / "empty").mkdir()
    plant(tmp_path, {"port/unit.py": PORT.format(first="", more="").encode(), "torch/unit.py": b""})
    done = bn_migrate("port", *options, cwd=tmp_path)
    assert done.returncode == 2 and said in done.stderr
