"""Subclasses whose bases stand in other files of the run: rewritten together, or left together."""

from __future__ import annotations

import itertools

import pytest

from migrate.engine import Options, migrate_files

BASE = """\
from torch import nn
class Norm(nn.BatchNorm2d):
    def __init__(self, c, momentum=0.1):
        super().__init__(c, momentum=momentum)
        self.gain = 2.0
    def forward(self, x):
        return super().forward(x) * self.gain
"""
CHILD = """\
# BatchNorm2d with more: the word makes a file one of the first to be read
from .base import Norm
class Child(Norm):
    def __init__(self, c):
        super().__init__(c, momentum=0.3)
    def forward(self, x):
        return super().forward(x) + self.gain
"""
USE = """\
# BatchNorm2d with more
from .child import Child
def build(x):
    return Child(3)(x), Child(3).forward(x)
"""
LAST = """\
# BatchNorm2d with more
from .child import Child
class Last(Child):
    def forward(self, x):
        return super().forward(x)
"""
Results = dict[str, tuple[str, set[str]]]


def migrated(base: str, child: str = CHILD, use: str = USE, package: str = "") -> Results:
    """The text and the codes of each file, which are the same in whatever order the files come."""
    files = {"__init__": package, "base": base, "child": child, "use": use}
    found: list[Results] = []
    for order in itertools.permutations(files):
        results = migrate_files([(f"pack/{name}.py", files[name].encode()) for name in order], Options())
        assert not any(r.error for r in results)
        found.append({n: (r.after.decode(), {f.code for f in r.findings}) for n, r in zip(order, results, strict=True)})
    assert all(f == found[0] for f in found)
    return found[0]


def test_a_child_is_rewritten_with_its_base() -> None:
    found = migrated(BASE)
    assert "class Norm(ms.nn.BatchNorm2d)" in found["base"][0] and "momentum=1 - momentum)" in found["base"][0]
    assert found["child"] == (CHILD.replace("forward", "construct"), {"BN106"})
    expected = USE.replace("Child(3)(x)", "Child(3).set_train()(x)").replace("forward", "construct")
    assert found["use"] == (expected, {"BN106", "BN108"})


@pytest.mark.parametrize(
    ("base", "code"),
    [
        (BASE.replace("super().forward(x)", "nn.functional.relu(super().forward(x))"), "BN308"),
        (BASE.replace("class Norm(nn.BatchNorm2d):", "class Norm(nn.BatchNorm2d):  # bn-migrate: skip"), "BN306"),
        ("# bn-migrate: skip-file\n" + BASE, "BN306"),
    ],
    ids=["not understood", "skipped class", "skipped file"],
)
def test_a_child_stays_with_its_base(base: str, code: str) -> None:
    found = migrated(base)
    assert (found["base"][0], found["child"], found["use"]) == (base, (CHILD, {code}), (USE, set()))
    assert migrated(base, CHILD, LAST)["use"] == (LAST, {code})


def test_a_child_that_needs_a_person_keeps_its_base_and_what_derives_from_it() -> None:
    child = CHILD.replace("super().forward(x) +", "print(x) or super().forward(x) +")
    most = LAST.replace(".child import Child", ".use import Last").replace("class Last(Child)", "class Most(Last)")
    found = migrated(BASE, child, LAST, most)
    assert found["__init__"] == (most, {"BN308"})
    assert "class Norm(ms.nn.BatchNorm2d)" in found["base"][0]
    assert found["child"] == (child, {"BN209", "BN308"})
    assert found["use"] == (LAST, {"BN308"})


def test_what_derives_from_a_class_of_a_skipped_file_stays() -> None:
    child = "# bn-migrate: skip-file\n" + CHILD
    found = migrated(BASE, child, LAST)
    assert (found["child"][0], found["use"]) == (child, (LAST, {"BN306"}))


def test_a_base_that_another_file_only_names_is_followed() -> None:
    base = "from torch import nn\nNorm = nn.BatchNorm2d\n"
    found = migrated(base, CHILD.replace(" + self.gain", " + 1"))
    assert "momentum=0.7)" in found["child"][0] and "construct" in found["child"][0]
    assert found["child"][1] == {"BN101", "BN106", "BN301"}


def test_what_an_imported_name_holds_has_to_be_certain() -> None:
    base = "from torch import nn\nNorm = nn.BatchNorm2d if FLAG else nn.GroupNorm\n"
    child = "from .base import Norm\nclass Child(Norm):\n    pass\n"
    assert migrated(base, child)["child"] == (child, {"BN209"})


def test_what_a_call_offers_names_no_class_of_another_file() -> None:
    norms = "from torch import nn\nclass Norm(nn.BatchNorm2d):\n    pass\n"
    block = (
        "from torch import nn\n{}def block(c, norm=Norm): return norm(c, momentum=0.1)\nblock(3, nn.InstanceNorm2d)\n"
    )
    together = norms + block.format("").removeprefix("from torch import nn\n")
    (alone,) = migrate_files([("a.py", together.encode())], Options())
    _, use = migrate_files(
        [("norms.py", norms.encode()), ("use.py", block.format("from norms import Norm\n").encode())], Options()
    )
    offered = [f.suggestion for result in (alone, use) for f in result.findings if f.code == "BN204"]
    assert offered == ["norm(c, momentum=0.9 if norm is Norm else 0.1)", ""]
