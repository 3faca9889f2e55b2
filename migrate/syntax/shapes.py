"""Forms of expressions that move values in a way of their own; purely syntactic."""

from __future__ import annotations

import ast
import re


def is_super(node: ast.expr) -> bool:
    """Whether an expression is a call of ``super``."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def literal_string(node: ast.expr) -> str:
    """The string that an expression is; empty for any other."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def rows(call: ast.Call) -> list[ast.expr | None]:
    """What ``zip`` and ``enumerate`` run over side by side; None stands for the numbers."""
    name = getattr(call.func, "id", "")
    if name not in ("zip", "enumerate") or any(isinstance(a, ast.Starred) for a in call.args):
        return []
    return [None, *call.args[:1]] if name == "enumerate" else [*call.args]


def run_over(iterated: ast.expr) -> ast.expr:
    """What a loop runs over: of ``table.values()``, the table."""
    func = iterated.func if isinstance(iterated, ast.Call) else None
    is_part = isinstance(func, ast.Attribute) and func.attr in ("items", "keys", "values")
    return func.value if is_part and isinstance(func, ast.Attribute) else iterated


def mapping_of_items(node: ast.expr) -> ast.expr | None:
    """``d`` in ``{k: v for k, v in d.items() if ...}``, which has elements of ``d`` under their keys."""
    if not isinstance(node, ast.DictComp) or len(node.generators) > 1:
        return None
    iterated, target = node.generators[0].iter, node.generators[0].target
    pair = [getattr(n, "id", "") for n in (node.key, node.value)]
    named = [getattr(n, "id", None) for n in target.elts] if isinstance(target, ast.Tuple) else []
    is_items = isinstance(iterated, ast.Call) and getattr(iterated.func, "attr", "") == "items"
    if not is_items or pair != named:
        return None
    assert isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Attribute)
    return iterated.func.value


def pattern_of(node: ast.JoinedStr) -> str:
    """What an f-string looks like, as a file name pattern."""
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)


def looks_like(node: ast.expr) -> str:
    """What ``"bn%d" % i``, ``"bn" + i`` or ``"bn{}".format(i)`` looks like, as a file name pattern, else nothing."""
    if isinstance(node, ast.JoinedStr):
        return pattern_of(node)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return re.sub(r"%[-+ #0]*\d*(?:\.\d+)?[a-z]", "*", literal_string(node.left) or "")
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = [literal_string(side) or looks_like(side) for side in (node.left, node.right)]
        return "".join(part or "*" for part in parts) if any(parts) else ""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return re.sub(r"\{[^{}]*\}", "*", literal_string(node.func.value) or "")
    return ""


def constants(node: ast.expr) -> tuple[object, ...]:
    """The elements of a tuple or list of constants; none where it has others."""
    elements = node.elts if isinstance(node, (ast.Tuple, ast.List)) else []
    found = tuple(e.value for e in elements if isinstance(e, ast.Constant))
    return found if len(found) == len(elements) else ()


def tested_constant(test: ast.expr) -> tuple[str, object] | None:
    """The name and the constant of ``name == constant``."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], ast.Eq):
        return None
    left, right = test.left, test.comparators[0]
    return (left.id, right.value) if isinstance(left, ast.Name) and isinstance(right, ast.Constant) else None


def parse_string(value: object) -> ast.expr | None:
    """The expression that a string holds; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        return ast.parse(value, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def annotated(node: ast.Constant) -> ast.expr | None:
    """The expression in an annotation that is a string: the same one for whoever asks."""
    if "annotated" not in vars(node):
        vars(node)["annotated"] = parse_string(node.value)
    tree: ast.expr | None = vars(node)["annotated"]
    return tree
