"""Which files are analysed together, and how groups are dealt out to processes."""

from __future__ import annotations

import pytest

from migrate.batch.groups import Group, find_groups
from migrate.batch.work import split

NORM = b"import torch.nn as nn\nlayer = nn.BatchNorm2d(3)\n"


def grouped(files: dict[str, bytes]) -> list[tuple[str, ...]]:
    triggered = [path for path, data in files.items() if b"BatchNorm" in data]
    return [group.paths for group in find_groups(files, triggered, files.__getitem__)]


def test_files_that_import_each_other_belong_together() -> None:
    files = {"a.py": b"from b import layer\n", "b.py": NORM, "c.py": NORM, "d.py": b"import os\n"}
    assert grouped(files) == [("a.py", "b.py"), ("c.py",)]


def test_files_belong_together_through_others_that_have_no_trigger_word() -> None:
    files = {"a.py": NORM + b"import tools\n", "b.py": NORM + b"import tools\n", "tools.py": b""}
    assert grouped(files) == [("a.py", "b.py", "tools.py")]


def test_a_package_is_imported_with_its_modules() -> None:
    files = {
        "main.py": b"from pkg import net\n",
        "pkg/__init__.py": b"",
        "pkg/net.py": NORM + b"from .blocks import (\n    Block,  # used below\n)\n",
        "pkg/blocks.py": b"class Block: pass\n",
        "other/net.py": NORM,
    }
    assert grouped(files) == [("main.py", "pkg/__init__.py", "pkg/net.py", "pkg/blocks.py"), ("other/net.py",)]


def test_an_import_of_a_module_has_its_packages() -> None:
    files = {"a/__init__.py": NORM, "a/b/__init__.py": NORM, "a/b/c.py": NORM, "use.py": b""}
    together = [("a/__init__.py", "a/b/__init__.py", "a/b/c.py", "use.py")]
    assert grouped(files | {"use.py": b"import os, a.b.c\n"}) == together
    assert ("a/b/c.py", "use.py") in grouped(files | {"use.py": b"import a.b.c as c\n"})


@pytest.mark.parametrize(
    ("line", "is_import"),
    [
        ("import b", True),
        ("from b import layer", True),
        ("    from b import layer", True),
        ("x = 1; import b", True),
        ("if x: from b import layer", True),
        ("\tfrom\tb\timport layer", True),
        ("# from b import layer", False),
        ("text = 'import b'", False),
        ("text = 'the layer comes from b import it'", False),
        ("yield from b", False),
        ("reimport b", False),
        ("text = 'from b import ('; from c import (\n    b,\n)", False),
    ],
)
def test_an_import_begins_a_statement(line: str, is_import: bool) -> None:
    files = {"a.py": NORM + f"{line}\n".encode(), "b.py": NORM}
    assert (len(grouped(files)) == 1) is is_import


def test_nothing_without_a_trigger_word_is_a_group() -> None:
    assert grouped({"a.py": b"import b\n", "b.py": b""}) == []


def test_another_import_between_the_same_files_is_another_group() -> None:
    before = {"a.py": NORM + b"import b, c\n", "b.py": b"", "c.py": b""}
    after = {**before, "b.py": b"import c\n"}
    (one,), (other,) = (find_groups(files, ["a.py"], files.__getitem__) for files in (before, after))
    assert one.paths == other.paths and one.links != other.links


def test_bundles_are_of_similar_size_and_the_biggest_is_first() -> None:
    sizes = {"a": 7, "b": 1, "c": 5, "d": 4, "e": 3}
    groups = [Group((name,), (name,), "") for name in sizes]
    bundles = [[g.paths[0] for g in bundle] for bundle in split(groups, sizes, 2)]
    assert bundles == [["a", "e"], ["b", "c", "d"]]
    assert [sum(sizes[name] for name in names) for names in bundles] == [10, 10]
    assert len(split(groups, sizes, 50)) == 5
