"""Which layers of a tree get zeros as their scale, by a call or by an argument of the constructor."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from migrate.decide.target_calls import TargetCall, TargetCalls
from migrate.rule import Rule

SET = "set_data"
ZEROS = (0, "zeros", "zero")


class Zeroed:
    """The attributes whose layers are set to zeros after they were made, in the files of a tree.

    What is done under a condition other than a test for a class may not be done: of such attributes nothing is known.
    """

    def __init__(self, trees: dict[str, ast.Module], rules: tuple[Rule, ...]) -> None:
        self._certain: set[tuple[str, str]] = set()
        self._maybe: set[tuple[str, str]] = set()
        for path, tree in trees.items():
            for name, is_certain in _found(tree, rules):
                (self._certain if is_certain else self._maybe).add((path, name))

    def of(self, calls: TargetCalls, target: TargetCall, path: str, attribute: str) -> bool | None:
        """Whether a layer of an attribute gets zeros; None where that is not known."""
        name = attribute.partition(".")[0]
        if (path, name) in self._certain:
            return True
        if (path, name) in self._maybe:
            return None
        scale = _scale(target.rule)
        nodes = target.made.arguments.get(f"{scale}_init", ())
        if not nodes:
            return False
        values = calls.values(nodes)
        return None if calls.arriving(nodes).unknown or not values else all(v in ZEROS for v in values)


def _scale(rule: Rule) -> str:
    """What the target's class calls the tensor that scales."""
    name = rule.proof.tensors["scale"] if rule.proof is not None else ""
    return rule.attributes[name].to if name in rule.attributes else name


def _found(tree: ast.Module, rules: tuple[Rule, ...]) -> Iterator[tuple[str, bool]]:
    """The attributes whose scale calls set to zeros, and whether nothing but a class is asked before."""
    names = {n for r in rules if r.proof is not None for n in (r.proof.tensors["scale"], _scale(r))}
    functions = {f.rpartition(".")[2]: i for r in rules for i in r.initializers for f in i.functions}

    def visit(node: ast.AST, certain: bool) -> Iterator[tuple[str, bool]]:
        if isinstance(node, ast.Call) and (tensor := _zeroed(node, functions)) is not None:
            owner = tensor.value
            if tensor.attr in names and isinstance(owner, ast.Attribute):
                yield owner.attr, certain
        for child in ast.iter_child_nodes(node):
            asked = isinstance(node, ast.If) and child is not node.test and not _asks_for_class(node.test)
            yield from visit(child, certain and not asked)

    yield from visit(tree, True)


def _asks_for_class(test: ast.expr) -> bool:
    return isinstance(test, ast.Call) and getattr(test.func, "id", "") == "isinstance"


def _zeroed(call: ast.Call, functions: Mapping[str, object]) -> ast.Attribute | None:
    """The tensor that a call sets to zeros: ``zeros_(t)``, ``constant_(t, 0)``, ``t.set_data(initializer(0, …))``."""
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name == SET and isinstance(call.func, ast.Attribute) and call.args:
        first = call.args[0]
        given = first.args[0] if isinstance(first, ast.Call) and first.args else first
        tensor, is_zero = call.func.value, _is_zero(given)
    elif name in functions and call.args:
        constant = getattr(functions[name], "constant", None)
        value = call.args[1] if len(call.args) > 1 else next((k.value for k in call.keywords), None)
        tensor, is_zero = call.args[0], constant == 0 if constant is not None else value is not None and _is_zero(value)
    else:
        return None
    return tensor if is_zero and isinstance(tensor, ast.Attribute) else None


def _is_zero(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):  # Zero()
        return getattr(value.func, "attr", getattr(value.func, "id", "")).lower() in ZEROS
    return isinstance(value, ast.Constant) and value.value in ZEROS
