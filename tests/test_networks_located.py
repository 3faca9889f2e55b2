"""``--network`` finds its module as Python would: in packages, folders with relative imports, src layouts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from migrate.errors import UsageError
from migrate.verify.networks.locating import located
from migrate.verify.networks.spec import parse_networks
from tests.command import bn_migrate, harvest, plant

NET = (
    b"import torch.nn as nn\nfrom . import blocks\n\ndef Net():\n    return nn.Sequential(blocks.norm(3), nn.ReLU())\n"
)
BLOCKS = b"import torch.nn as nn\n\ndef norm(c):\n    return nn.BatchNorm2d(c, momentum=0.2)\n"
PLAIN = BLOCKS + b"\ndef Net():\n    return nn.Sequential(norm(3))\n"
DEEP = NET.replace(b"from . import", b"from ..parts import")


def find(folder: Path, module: str, *paths: str) -> tuple[str, str]:
    """The full name of a module in a run over paths of a folder, which is the working directory; and where it lies."""
    files = [
        str(f) for path in paths for f in ([Path(path)] if path.endswith(".py") else sorted(Path(path).rglob("*.py")))
    ]
    before = os.getcwd()
    os.chdir(folder)
    try:
        (network,), folders = located(parse_networks((f"{module}:Net",), ("2,3,4,4",)), paths, files)
        name = network.module
        home = next(
            f for f in folders if any(Path(f).joinpath(*name.split(".")).parent.glob("*.py")) and _holds(f, name)
        )
        return name, os.path.relpath(home, folder)
    finally:
        os.chdir(before)


def _holds(folder: str, name: str) -> bool:
    path = Path(folder).joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


LAYOUTS = {
    "a module": ({"net.py": PLAIN}, "", "net", (".",), "net", "."),
    "in a package, by its full name": (
        {"pkg/__init__.py": b"", "pkg/net.py": NET},
        "",
        "pkg.net",
        ("pkg",),
        "pkg.net",
        ".",
    ),
    "in a package, by its file": (
        {"pkg/__init__.py": b"", "pkg/net.py": NET},
        "",
        "net",
        ("pkg/net.py",),
        "pkg.net",
        ".",
    ),
    "in a package that is the path": ({"pkg/__init__.py": b"", "pkg/net.py": NET}, "", "net", ("pkg",), "pkg.net", "."),
    "from inside the package": ({"pkg/__init__.py": b"", "pkg/net.py": NET}, "pkg", "net", (".",), "pkg.net", ".."),
    "in a package of a package": (
        {"a/__init__.py": b"", "a/b/__init__.py": b"", "a/b/net.py": NET},
        "",
        "b.net",
        ("a",),
        "a.b.net",
        ".",
    ),
    "a package itself": ({"a/__init__.py": b"", "a/net/__init__.py": NET}, "", "net", ("a",), "a.net", "."),
    "src": ({"src/pkg/__init__.py": b"", "src/pkg/net.py": NET}, "", "pkg.net", (".",), "pkg.net", "src"),
    "src, by the module alone": (
        {"src/pkg/__init__.py": b"", "src/pkg/net.py": NET},
        "",
        "net",
        ("src",),
        "pkg.net",
        "src",
    ),
    "a namespace package": ({"src/ns/net.py": PLAIN}, "", "ns.net", ("src",), "ns.net", "src"),
    "a namespace package in a namespace": ({"src/a/b/net.py": PLAIN}, "", "a.b.net", (".",), "a.b.net", "src"),
    "a folder with relative imports": ({"pkg/net.py": NET, "pkg/blocks.py": b""}, "", "net", ("pkg",), "pkg.net", "."),
    "relative imports that lead further": (
        {"top/a/net.py": DEEP, "top/parts/blocks.py": b""},
        "",
        "net",
        ("top/a",),
        "top.a.net",
        ".",
    ),
    "a neighbour that leads further": (
        {"top/a/net.py": NET, "top/a/blocks.py": DEEP},
        "",
        "net",
        ("top/a",),
        "top.a.net",
        ".",
    ),
    "a neighbour that is not imported": ({"net.py": PLAIN, "other.py": NET}, "", "net", (".",), "net", "."),
    "words of a docstring": ({"a/net.py": b'"""\nfrom ... to\n"""\n' + PLAIN}, "", "net", ("a",), "net", "a"),
    "the working directory first": ({"net.py": PLAIN, "a/net.py": PLAIN}, "", "net", ("a",), "net", "."),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_module_is_found(tmp_path: Path, layout: str) -> None:
    files, start, module, paths, name, home = LAYOUTS[layout]
    folder = plant(tmp_path, files) / start
    before = os.getcwd()
    os.chdir(folder)
    try:
        assert find(folder, module, *paths) == (name, home)
    finally:
        os.chdir(before)


def test_one_of_several_has_to_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(plant(tmp_path, {"src/a/x/net.py": PLAIN, "src/b/x/net.py": PLAIN}))
    with pytest.raises(
        UsageError, match=r"--network x.net: it may be src/a/x/net, src/b/x/net: name it with its package"
    ):
        find(tmp_path, "x.net", "src")
    assert find(tmp_path, "b.x.net", "src") == ("b.x.net", "src")


def test_what_is_not_among_the_files_keeps_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(plant(tmp_path, {"a.py": PLAIN}))
    (network,), folders = located(parse_networks(("torch.nn:Net",), ("2,3",)), ["."], ["a.py"])
    assert network.module == "torch.nn" and folders == [str(tmp_path)]


TREES = {
    "a package": ({"pkg/__init__.py": b"", "pkg/net.py": NET, "pkg/blocks.py": BLOCKS}, "", "net:Net", "pkg"),
    "inside a package": ({"pkg/__init__.py": b"", "pkg/net.py": NET, "pkg/blocks.py": BLOCKS}, "pkg", "net:Net", "."),
    "a folder": ({"pkg/net.py": NET, "pkg/blocks.py": BLOCKS}, "", "net:Net", "pkg"),
    "src": ({"src/ns/net.py": NET, "src/ns/blocks.py": BLOCKS}, "", "ns.net:Net", "."),
}


@pytest.mark.parametrize("tree", TREES)
def test_both_sides_run(tmp_path: Path, tree: str) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("mindspore")
    files, start, network, path = TREES[tree]
    plant(tmp_path, files)
    options = ("--verify", "--network", network, "--input", "2,3,4,4", "--steps", "1")
    done = bn_migrate(*options, path, cwd=tmp_path / start)
    said = done.stdout.decode()
    assert done.returncode == 0 and f"{network}: 1 of 1 layers MindSpore's" in said, said + done.stderr.decode()
    (blocks,) = (data for name, data in harvest(tmp_path).items() if name.endswith("blocks.py"))
    assert b"ms.nn.BatchNorm2d(c, momentum=0.8)" in blocks
