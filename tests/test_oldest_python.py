"""What Python 3.10, the oldest that is promised, would not take, found without one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted(path for folder in ("migrate", "tests", "docs", "benchmarks") for path in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_oldest_python_takes_a_file(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"), feature_version=(3, 10))
    for node in ast.walk(tree):
        bases = [ast.unparse(base) for base in node.bases] if isinstance(node, ast.ClassDef) else []
        assert "NamedTuple" not in bases or len(bases) == 1, f"line {node.lineno}: a NamedTuple has no other base there"
        if isinstance(node, ast.ImportFrom) and node.module == "typing":
            newer = {"Self", "Never", "assert_never", "override", "NotRequired", "Unpack", "LiteralString"}
            assert not newer & {alias.name for alias in node.names}, f"line {node.lineno}"
