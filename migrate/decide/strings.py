"""Strings that carry the names of a migrated class or of its attributes."""

from __future__ import annotations

import ast
import re

from migrate.decide.drafts import Draft, Module
from migrate.edits import Edit, Write
from migrate.syntax.class_tests import class_named
from migrate.syntax.paths import dotted

POSITIVE = (ast.In, ast.Eq, ast.NotEq)
FINDERS = ("find", "startswith", "endswith", "index", "count")


def decide_strings(module: Module) -> None:
    """State-dict keys and class names in strings: a note with the new name, or a review where code tests them."""
    words = "|".join(map(re.escape, module.rules.distinctive))
    key = re.compile(rf"(?<!\w)({words})(?!\w)") if words else re.compile(r"(?!)")
    for node in module.index.all(ast.Constant):
        if isinstance(node.value, str) and not _is_docstring(module, node) and node not in module.index.strings:
            _decide(module, node, node.value, key)


def _decide(module: Module, node: ast.Constant, text: str, key: re.Pattern[str]) -> None:
    parent = module.index.parent(node)
    place = parent if isinstance(parent, ast.JoinedStr) else node
    match = key.search(text)
    if match and not re.search(r"\s", text) and not _is_reported(module, node):
        new = module.rules.distinctive[match.group()]
        becomes = f"ends in {new} in MindSpore" if new else "has no counterpart in MindSpore"
        module.add(Draft("BN305", "string", match.group(), place, f"as a state-dict key, {match.group()} {becomes}"))
    elif _tests_class_name(module, node, text):
        message = (
            "the class is tested by name: MindSpore keeps the name, but attributes used under it are called otherwise"
        )
        module.add(Draft("BN215", "string", text, place, message + _used_under(module, node)))
    elif (
        _qualified(text).rpartition(".")[2] in module.rules.short_names and "." in text and " " not in _qualified(text)
    ):
        message = "a string names torch's class: write MindSpore's where the string is used"
        module.add(Draft("BN211", "string", text, place, message, suggestion=_named(module, node, text)))
    elif isinstance(parent, ast.JoinedStr) and text in module.rules.fragments:
        message = "the name of the class is put together here: write MindSpore's class where it is looked up"
        module.add(Draft("BN211", "string", text, place, message))
    elif text in module.rules.short_names and not _is_looked_up(module, node) and not _in_all(module, node):
        module.add(Draft("BN305", "string", text, place, f"MindSpore's class is called {text} too"))


def _named(module: Module, node: ast.Constant, text: str) -> tuple[Edit, ...]:
    """The same string with the name of the target class, if the text is the name of a class and nothing else."""
    rule = module.rules.by_name.get(text)
    quoted = module.source.segment(node)
    is_whole = rule is not None and quoted.count(text) == 1 and not isinstance(module.index.parent(node), ast.JoinedStr)
    return (Write(node, quoted.replace(text, rule.target.name)),) if rule is not None and is_whole else ()


def _qualified(text: str) -> str:
    """The name of the class in what ``str`` makes of it, ``<class 'package.Class'>``; any other text itself."""
    return text.removeprefix("<class '").removesuffix("'>")


def _is_docstring(module: Module, node: ast.Constant) -> bool:
    return isinstance(module.index.parent(node), ast.Expr)


def _tests_class_name(module: Module, node: ast.Constant, text: str) -> bool:
    """Whether a text, or the first of several, is compared with the name of a class that may be a migrated one."""
    parent = module.index.parent(node)
    first = parent.elts[:1] == [node] if isinstance(parent, (ast.Tuple, ast.List, ast.Set)) else True
    test = parent if not isinstance(parent, (ast.Tuple, ast.List, ast.Set)) else module.index.parent(parent)
    if text in module.rules.fragments and test is parent and _compares(test):
        return True
    is_part = len(text) > 1 and any(text.lower() in name.lower() for name in module.rules.short_names)
    return is_part and first and any(class_named(module.index, e) is not None for e in _compared(test))


def _compares(test: ast.AST | None) -> bool:
    if isinstance(test, (ast.Compare, ast.MatchValue)):
        return True
    return isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and test.func.attr in FINDERS


def _compared(test: ast.AST | None) -> list[ast.expr]:
    """What a comparison, or a call such as ``name.find("Norm")``, looks at."""
    if isinstance(test, ast.Compare):
        return [test.left, *test.comparators]
    if isinstance(test, ast.Call):
        return [*test.args, *([test.func.value] if isinstance(test.func, ast.Attribute) else [])]
    return []


def is_named_otherwise(module: Module, node: ast.expr) -> bool:
    """Whether a test around ``node`` asks its object for a part of a class's name that no migrated class has."""
    path, names = dotted(node), [name.lower() for name in module.rules.short_names]
    for branch in module.index.ancestors(node):
        if not isinstance(branch, ast.If) or any(module.holds(s, node) for s in branch.orelse):
            continue
        parts = branch.test.values if isinstance(branch.test, ast.BoolOp) else [branch.test]
        if isinstance(branch.test, ast.BoolOp) and isinstance(branch.test.op, ast.Or):
            parts = []
        for texts in (_asked(module, part, path) for part in parts):
            if texts and not any(text.lower() in name for text in texts for name in names):
                return True
    return False


def _asked(module: Module, test: ast.expr, path: str) -> list[str]:
    """The texts of which one is in the name of the class at ``path`` where ``test`` holds."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        texts = [_asked(module, value, path) for value in test.values]
        return [t for found in texts for t in found] if all(texts) else []
    if not isinstance(test, ast.Compare) or len(test.ops) > 1 or not isinstance(test.ops[0], POSITIVE):
        return []
    sides = [test.left, test.comparators[0]]
    if isinstance(test.left, ast.Call) and isinstance(test.ops[0], ast.NotEq):
        sides = _compared(test.left) if ast.unparse(test.comparators[0]) == "-1" else []
    elif isinstance(test.ops[0], ast.NotEq):
        return []
    named = [class_named(module.index, side) for side in sides]
    spelled = [s.value for s in sides if isinstance(s, ast.Constant) and isinstance(s.value, str)]
    return spelled if any(n is not None and dotted(n) == path for n in named) else []


def _used_under(module: Module, node: ast.Constant) -> str:
    """What the branch that a test guards uses of the object, with the names that MindSpore's layer has."""
    for branch in module.index.ancestors(node):
        if isinstance(branch, ast.stmt):
            break
    else:
        return ""
    test = branch.test if isinstance(branch, ast.If) else None
    subjects = [class_named(module.index, e) for e in ast.walk(test) if isinstance(e, ast.expr)] if test else []
    paths = {dotted(s) for s in subjects if s is not None}
    found = {}
    for used in (n for s in getattr(branch, "body", ()) for n in ast.walk(s) if isinstance(n, ast.Attribute)):
        rule = next((r for r in module.rules.rules if used.attr in r.attributes), None)
        if rule is not None and dotted(used.value) in paths and rule.attributes[used.attr].to != used.attr:
            found[ast.unparse(used)] = rule.attributes[used.attr].to or "nothing"
    return f": {', '.join(f'{old} is {new}' for old, new in found.items())}" if found else ""


def _is_looked_up(module: Module, node: ast.Constant) -> bool:
    parent = module.index.parent(node)
    return isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id == "getattr"


def _is_reported(module: Module, node: ast.Constant) -> bool:
    """Whether a look-up by this name has a finding of its own."""
    around = [a for a, _ in zip(module.index.ancestors(node), range(2), strict=False)]
    return any(d.node is around[0] or (d.code == "BN211" and d.node in around) for d in module.drafts)


def _in_all(module: Module, node: ast.Constant) -> bool:
    statement = module.index.statement(node)
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return any(isinstance(t, ast.Name) and t.id == "__all__" for t in targets)
