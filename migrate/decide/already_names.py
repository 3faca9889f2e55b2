"""BN402 in strings: tests of the names of parameters for what the source's class calls them.

A network of the target's gives its parameters under the target's names, so that a test such as
``name.endswith("bn3.weight")`` never holds. It is found in loops over them, and in what has the parameters by name,
where the name says that it is of a layer: by an attribute that holds one in a class of the run, or by a word that no
other layer has.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrate.decide.already_keys import Keys
from migrate.decide.drafts import Draft, Module
from migrate.decide.target_calls import TargetCalls
from migrate.edits import Write
from migrate.rule import Rule
from migrate.syntax.index import Index
from migrate.syntax.source import Located

CODE = "BN402"
NOTES = ("BN304", "BN305")
"""Notes on words that tell nothing more of a place that is reviewed."""
TESTS = ("endswith", "startswith", "find", "count", "index")
COMPARISONS = (ast.In, ast.NotIn, ast.Eq, ast.NotEq)
LOOPS = (ast.For, ast.AsyncFor, ast.comprehension)


def decide_names(module: Module, calls: TargetCalls) -> None:
    """Review the strings of a file that names of parameters are compared with, and never are like."""
    targets = [rule.target for rule in module.rules.rules]
    given = {name for target in targets for name in target.gives_parameters}
    named = {name for target in targets for name in target.names_parameters}
    keys = Keys(module)
    if not keys.any and not any(node.attr in given | named for node in module.index.all(ast.Attribute)):
        return
    for text in module.index.all(ast.Constant):
        if not isinstance(text.value, str):
            continue
        rule, right = _renamed(module, calls, text.value)
        tested = [subject for subject in _subjects(module.index, text) if _is_name(module.index, subject, given, named)]
        if rule is None and tested:
            rule, right = _beside(module.index, calls, text, ast.unparse(tested[0]))
        if rule is not None and (tested or keys.has(text)):
            module.drafts[:] = [d for d in module.drafts if d.node is not text or d.code not in NOTES]
            name = text.value.rpartition(".")[2]
            message = f"no parameter is called so: {name} is called {right.rpartition('.')[2]} in MindSpore"
            symbol = f"{rule.target.name}.{name}"
            module.add(Draft(CODE, "string", symbol, text, message, suggestion=_edits(module, text, right)))


def _beside(index: Index, calls: TargetCalls, text: ast.Constant, subject: str) -> tuple[Rule | None, str]:
    """As `_renamed`, for ``"bn3" in name and "weight" in name``, where another test says which layer is meant."""
    around = next((a for a in index.ancestors(text) if isinstance(a, ast.BoolOp)), None)
    path, _, name = str(text.value).rpartition(".")
    if path or around is None or not isinstance(around.op, ast.And):
        return None, ""
    for other in (node for value in around.values if _holds(value) for node in ast.walk(value)):
        if isinstance(other, ast.Constant) and isinstance(other.value, str) and other is not text:
            is_same = subject in [ast.unparse(each) for each in _subjects(index, other)]
            for rule in calls.layers_alone(other.value.strip(".")) if is_same else ():
                attribute = rule.attributes.get(name)
                if attribute is not None and attribute.tensor and attribute.to not in ("", name):
                    return rule, str(text.value)[: -len(name)] + attribute.to
    return None, ""


def _holds(test: ast.expr) -> bool:
    """Whether a test holds where something is like a string, not where it is unlike it."""
    return isinstance(test, ast.Call) or (isinstance(test, ast.Compare) and isinstance(test.ops[0], (ast.In, ast.Eq)))


def _renamed(module: Module, calls: TargetCalls, text: str) -> tuple[Rule | None, str]:
    """The rule of the layer that the end of a name is about, and what the name is in the target; None where none is."""
    *path, name = text.split(".")
    for rule in calls.fields.get(path[-1], ()) if path else ():
        attribute = rule.attributes.get(name)
        if attribute is not None and attribute.tensor and attribute.to not in ("", name):
            return rule, ".".join([*path, attribute.to])
    new = module.rules.distinctive.get(name, "")
    return (next(iter(module.rules.rules)), ".".join([*path, new])) if new not in ("", name) else (None, "")


def _edits(module: Module, text: ast.Constant, right: str) -> tuple[Write, ...]:
    """The edits that write another string in the same quotes."""
    before = module.source.segment(text)
    written = before.replace(str(text.value), right)
    return (Write(text, written),) if written != before and "{" not in written else ()


def _subjects(index: Index, text: ast.Constant) -> Iterator[ast.expr]:
    """What a string is compared with."""
    node: ast.AST = text
    parent = index.parent(node)
    while isinstance(parent, (ast.Tuple, ast.List, ast.Set)):
        node, parent = parent, index.parent(parent)
    if isinstance(parent, ast.Call) and node in parent.args and isinstance(parent.func, ast.Attribute):
        if parent.func.attr in TESTS:
            yield parent.func.value
    elif isinstance(parent, ast.Compare) and all(isinstance(op, COMPARISONS) for op in parent.ops):
        yield from (other for other in (parent.left, *parent.comparators) if other is not node)


def _is_name(index: Index, subject: ast.expr, given: set[str], named: set[str]) -> bool:
    """``name`` of ``for name, p in net.parameters_and_names()``, or ``p.name`` of a loop over parameters."""
    owner: Located = subject.value if isinstance(subject, ast.Attribute) else subject
    if not isinstance(owner, ast.Name):
        return False
    is_pair_name = owner is subject
    if not is_pair_name and getattr(subject, "attr", "") != "name":
        return False
    for loop in _loops(index, owner):
        method = loop.iter.func.attr if _is_method_call(loop.iter) else ""  # type: ignore[attr-defined]
        target, pair = loop.target, getattr(loop.target, "elts", [])
        names = [getattr(part, "id", "") for part in pair]
        if method in named and len(names) == 2 and names[0 if is_pair_name else 1] == owner.id:
            return True
        if method in given and not is_pair_name and getattr(target, "id", "") == owner.id:
            return True
    return False


def _is_method_call(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)


def _loops(index: Index, name: ast.Name) -> Iterator[ast.For | ast.AsyncFor | ast.comprehension]:
    """The loops around a name, the innermost first."""
    for around in index.ancestors(name):
        if isinstance(around, (ast.For, ast.AsyncFor)):
            yield around
        yield from getattr(around, "generators", ())
