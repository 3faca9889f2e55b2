"""Fills the text of a Write: parts in the parentheses they need, names as the file spells them."""

from __future__ import annotations

import ast
import re

from migrate.edits import PLACE, Spelling

ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp)


def fill(text: str, parts: dict[str, tuple[ast.expr, str]], spelling: Spelling, indent: str, newline: str) -> str:
    """``text`` with its places filled; lines after the first get the indentation of the place."""

    def filled(match: re.Match[str]) -> str:
        name = match.group(1)
        if "." in name:
            return spelling.needed[name]
        node, part = parts[name]
        before, after = text[: match.start()], text[match.end() :]
        enclosed = before.endswith(("(", "[", ", ", "=", ": ")) and after.startswith((")", "]", ", ", "}"))
        return part if enclosed or not before + after or _is_atom(node, part, after) else f"({part})"

    lines = text.split("\n")
    if indent.endswith("\t"):
        lines = [re.sub("^(?: {4})+", lambda m: "\t" * (len(m.group()) // 4), line) for line in lines]
    text = f"{newline}{indent}".join(lines)
    return PLACE.sub(filled, text)


def _is_atom(node: ast.expr, text: str, after: str) -> bool:
    """Whether the text needs no parentheses, with ``after`` behind it."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    if isinstance(node, ast.Constant):
        return not after.startswith((".", " **")) or isinstance(node.value, str)
    return isinstance(node, ATOMS) and "\n" not in text and "\r" not in text
