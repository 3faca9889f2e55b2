"""The least that a migration could cost: ``python benchmarks/floors.py ast|libcst LIST [TREE]``.

``ast`` reads every Python file of TREE and parses those that LIST names, ``libcst`` parses those that LIST names.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    kind, listed, *trees = sys.argv[1:]
    named = Path(listed).read_text().splitlines()
    if kind == "ast":
        read_all(Path(trees[0]), named)
    else:
        parse_concretely(named)


def read_all(tree: Path, named: list[str]) -> None:
    import ast

    for path in tree.rglob("*.py"):
        path.read_bytes()
    for name in named:
        ast.parse(Path(name).read_bytes())


def parse_concretely(named: list[str]) -> None:
    import libcst

    for name in named:
        libcst.parse_module(Path(name).read_bytes())


if __name__ == "__main__":
    main()
