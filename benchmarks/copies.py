"""Trees for the measurements: a copy of one, several copies that do not know each other, and a large tree.

Two copies of a package would share their module names, and ``import package.module`` would mean either. So each copy
goes by a name of its own: the package's with the number of the copy behind it, as its folder and wherever the name is a
word of its sources, unless a dot stands before it.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from migrate.rules import load_rules

SHARE = 10
"""One copy in so many of a large tree has its batch norms, the others have a word of no meaning in their place."""


@dataclass(frozen=True)
class Tree:
    """A folder, with the number of its Python files and of their lines."""

    name: str
    folder: Path
    files: int
    lines: int


def count(name: str, folder: Path) -> Tree:
    """Reads everything, so that the disk is not what is measured."""
    files = sorted(folder.rglob("*.py"))
    return Tree(name, folder, len(files), sum(path.read_bytes().count(b"\n") for path in files))


def copy(name: str, source: Path, work: Path) -> Tree:
    """The tree as it is, alone in a folder: nothing around it tells what to leave out, or how."""
    target = work / name / source.resolve().name
    shutil.rmtree(target.parent, ignore_errors=True)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".git"))
    return count(name, target)


def copies(tree: Tree, number: int, work: Path) -> Tree:
    """``number`` copies, all of them with work to do."""
    return _write(f"{tree.name} ×{number}", tree, number, work, share=1)


def large(tree: Tree, files: int, work: Path) -> Tree:
    """So many copies that there are ``files`` Python files or a few more."""
    return _write("large", tree, -(-files // tree.files), work, share=SHARE)


def _write(name: str, tree: Tree, number: int, work: Path, share: int) -> Tree:
    package = tree.folder.name
    if not (tree.folder / "__init__.py").exists():
        raise SystemExit(f"{tree.name}: only a package can be copied under another name")
    top = work / name.replace(" ×", "-")
    shutil.rmtree(top, ignore_errors=True)
    word = re.compile(rb"(?<![\w.])%s\b" % re.escape(package.encode()))
    words = b"|".join(re.escape(word) for word in load_rules("mindspore.nn").words)
    sources = {path.relative_to(tree.folder): path.read_bytes() for path in sorted(tree.folder.rglob("*.py"))}
    plain = {path: re.sub(words, lambda match: match.group()[::-1], text) for path, text in sources.items()}
    for index in range(number):
        called = f"{package}_{index}"
        for path, text in (plain if index % share else sources).items():
            target = top / called / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(word.sub(called.encode(), text))
    return count(name, top)
