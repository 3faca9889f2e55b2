"""A second opinion on which names mean a batch-norm class: the import table of a file and nothing else.

It shares no code with bn-migrate and knows far less: no flows, no scopes. A name that a file binds in
any other way than by an import is left out, so what remains is certain.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

CLASSES = ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm")
HOMES = ("torch.nn", "torch.nn.modules", "torch.nn.modules.batchnorm")
QUALIFIED = {f"{home}.{name}": name for home in HOMES for name in CLASSES}


@dataclass(frozen=True)
class Place:
    """A part of a text: 1-based, in characters, the end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int

    def contains(self, other: Place) -> bool:
        starts = (self.line, self.column) <= (other.line, other.column)
        return starts and (other.end_line, other.end_column) <= (self.end_line, self.end_column)


def references(text: str) -> list[tuple[Place, str]]:
    """Each place of ``text`` that names a class, and the class; import statements are not places."""
    tree = ast.parse(text)
    table = _imports(tree)
    lines = re.split(r"\r\n|\r|\n", text)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
            name = QUALIFIED.get(_qualified(node, table))
            if name is not None:
                found.append((place_of(node, lines), name))
    return found


def place_of(node: ast.expr, lines: list[str]) -> Place:
    """Where ``node`` is, with columns in characters where ast counts bytes."""
    assert node.end_lineno is not None and node.end_col_offset is not None
    start = len(lines[node.lineno - 1].encode()[: node.col_offset].decode())
    end = len(lines[node.end_lineno - 1].encode()[: node.end_col_offset].decode())
    return Place(node.lineno, start + 1, node.end_lineno, end + 1)


def _imports(tree: ast.Module) -> dict[str, str]:
    """What each imported name means, for names that have one meaning in the whole file."""
    meanings: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                meanings.setdefault(alias.asname or top, set()).add(alias.name if alias.asname else top)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            for alias in node.names:
                meanings.setdefault(alias.asname or alias.name, set()).add(f"{module}.{alias.name}")
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            meanings.setdefault(node.id, set()).add("?")
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            meanings.setdefault(node.name, set()).add("?")
        elif isinstance(node, ast.arg):
            meanings.setdefault(node.arg, set()).add("?")
        elif isinstance(node, ast.ExceptHandler) and node.name:
            meanings.setdefault(node.name, set()).add("?")
    return {name: next(iter(all_)) for name, all_ in meanings.items() if len(all_) == 1 and "?" not in all_}


def _qualified(node: ast.expr, table: dict[str, str]) -> str:
    if isinstance(node, ast.Name):
        return table.get(node.id, "")
    if isinstance(node, ast.Attribute):
        owner = _qualified(node.value, table)
        return f"{owner}.{node.attr}" if owner else ""
    return ""
