"""What the reviews of an instance's uses offer to write; empty wherever that might be wrong."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

from migrate.decide.drafts import Draft, Module
from migrate.decide.source_tensors import SourceTensors
from migrate.decide.target_tensors import is_target
from migrate.decide.values import NONE, Constant, Instance, Symbol
from migrate.edits import Edit, NeedImport, RenameAttribute, ReplaceMethod, SetTensor, Write
from migrate.findings import Role
from migrate.rule import AttributeTreatment, Initializer, InPlace, MethodTreatment, Related, Rule
from migrate.syntax.nodes import passed
from migrate.syntax.source import is_plain

Place = ast.expr | ast.stmt
TESTS = (ast.If, ast.While, ast.IfExp, ast.Assert)
ENCLOSED = (ast.Call, ast.keyword, ast.Assign, ast.AnnAssign, ast.Return, ast.Expr, ast.Tuple, ast.List)
OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What to write instead of ``place``."""

    place: Place
    edits: tuple[Edit, ...] = ()


def written(place: Place, text: str, parts: dict[str, ast.expr]) -> Offer:
    """``text`` with ``parts``, of which none that calls something may be repeated."""
    used = {name: part for name, part in parts.items() if f"{{{name}}}" in text}
    repeats = any(text.count(f"{{{name}}}") > 1 and not is_plain(part) for name, part in used.items())
    return Offer(place) if repeats else Offer(place, (Write(place, text, tuple(used.items())),))


def qualified(text: str, imports: Iterable[str]) -> str:
    """``text`` with the functions and modules of ``imports`` as places for their spelling."""
    for name in imports:
        text = re.sub(rf"(?<![\w.{{]){name.rpartition('.')[2]}(?=[(.])", f"{{{name}}}", text)
    return text


def is_statement(text: str) -> bool:
    """Whether ``text`` can stand as a statement alone."""
    try:
        ast.parse(re.sub(r"\{[\w.]+\}", "x", text), mode="eval")
    except SyntaxError:
        return True
    return False


def tests_for_none(module: Module, node: ast.expr) -> bool:
    """A comparison with None, or a use as a truth value."""
    parent = module.index.parent(node)
    while isinstance(parent, ast.NamedExpr):
        parent = module.index.parent(parent)
    if isinstance(parent, ast.Call) and getattr(parent.func, "id", "") == "bool":
        return True
    if isinstance(parent, ast.Compare):
        sides = [parent.left, *parent.comparators]
        return any(isinstance(s, ast.Constant) and s.value is None for s in sides)
    if isinstance(parent, (ast.If, ast.While, ast.IfExp, ast.Assert)):
        return parent.test is node
    return isinstance(parent, ast.BoolOp) or (isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not))


def none_test(module: Module, node: ast.expr, owner: ast.expr, treatment: AttributeTreatment) -> Offer:
    """The test that tells in the target what the comparison of ``node`` with None tells in the source."""
    parent = module.index.parent(node)
    if not treatment.present:
        return Offer(node)
    if isinstance(parent, ast.Compare):
        if len(parent.ops) != 1 or not isinstance(parent.ops[0], (ast.Is, ast.IsNot, ast.Eq, ast.NotEq)):
            return Offer(node)
        positive = isinstance(parent.ops[0], (ast.IsNot, ast.NotEq))
        return written(parent, treatment.present if positive else _negated(treatment.present), {"object": owner})
    while isinstance(parent, (ast.BoolOp, ast.UnaryOp)):
        parent = module.index.parent(parent)
    is_test = isinstance(parent, TESTS) and any(n is node for n in ast.walk(parent.test))
    if is_test or (isinstance(parent, ast.Call) and getattr(parent.func, "id", "") == "bool"):
        return written(node, _spaced(module, node, treatment.present), {"object": owner})
    return Offer(node)


def read(module: Module, node: ast.Attribute, treatment: AttributeTreatment) -> Offer:
    """What to read instead of an attribute that the target does not have."""
    if not treatment.suggest or not isinstance(node.ctx, ast.Load):
        return Offer(node)
    return written(node, _spaced(module, node, treatment.suggest), {"object": node.value})


def compared(module: Module, node: ast.Attribute, treatment: AttributeTreatment) -> Offer:
    """The test for equality with another number, as one that leaves the last digits out."""
    test = module.index.parent(node)
    if not isinstance(test, ast.Compare) or len(test.ops) > 1 or not isinstance(test.ops[0], (ast.Eq, ast.NotEq)):
        return Offer(node)
    other = test.comparators[0] if test.left is node else test.left
    if isinstance(other, ast.Attribute) and other.attr == node.attr:
        return Offer(node)  # it may have another name, too
    close = f"{{math.isclose}}({{object}}.{treatment.to}, {{other}})"
    text = close if isinstance(test.ops[0], ast.Eq) else in_context(module, test, f"not {close}")
    return written(test, text, {"object": node.value, "other": other})


def _spaced(module: Module, place: ast.expr, text: str) -> str:
    return in_context(module, place, text) if " " in text else text


def _negated(test: str) -> str:
    return test.replace(" is not ", " is ") if " is not " in test else f"not {test}"


def assignment(module: Module, node: ast.Attribute, treatment: AttributeTreatment) -> Offer:
    """What does in the target what assigning the attribute does in the source."""
    parent = module.index.parent(node)
    parts = {"object": node.value}
    if isinstance(parent, ast.AugAssign) and treatment.tensor and not _is_foreign(module, parent.value):
        operator = OPERATORS.get(type(parent.op))
        tensor = f"{{object}}.{treatment.to}"
        if operator:
            text = f"{tensor}.set_data({tensor} {operator} {{value}})"
            return written(parent, text, {**parts, "value": parent.value})
    if not isinstance(parent, ast.Assign) or len(parent.targets) > 1:
        return Offer(node)
    if treatment.assign_none and module.file.evaluate(parent.value) == {NONE}:
        return written(parent, treatment.assign_none, parts)
    if treatment.assign:
        return written(parent, treatment.assign, {**parts, "value": parent.value})
    return Offer(node)


def item_assignment(module: Module, node: ast.Attribute, place: ast.Subscript, treatment: AttributeTreatment) -> Offer:
    """Writing into a part of a tensor works under its new name, unless the value is the source framework's."""
    parent = module.index.parent(place)
    if isinstance(parent, (ast.Assign, ast.AugAssign)) and not _is_foreign(module, parent.value):
        # Through .data, a write by a mask or a list of places is lost.
        return written(place.value, f"{{object}}.{treatment.to}", {"object": node.value})
    return Offer(node)


def part_changed(module: Module, node: ast.Attribute, treatment: AttributeTreatment) -> Offer:
    """``layer.weight.data[:2].mul_(3)``, which changes a part of the tensor by a method: the part is assigned."""
    index = module.index
    tensor: ast.expr = node
    parent = index.parent(node)
    if isinstance(parent, ast.Attribute) and parent.attr == "data":
        tensor, parent = parent, index.parent(parent)
    method = index.parent(parent) if isinstance(parent, ast.Subscript) and parent.value is tensor else None
    call = index.parent(method) if isinstance(method, ast.Attribute) else None
    alone = isinstance(call, ast.Call) and isinstance(index.parent(call), ast.Expr)
    if not alone or not isinstance(call, ast.Call) or not isinstance(method, ast.Attribute):
        return Offer(node)
    assert isinstance(parent, ast.Subscript)
    table = _part_table(module, method.attr)
    given = _given(table, call) if table is not None else None
    if table is None or given is None or any(isinstance(v, str) or _is_foreign(module, v) for v in given.values()):
        return Offer(node)
    part = f"{{object}}.{treatment.to}[{{index}}]"
    text = f"{part} = {table.part.replace('{tensor}', part)}"
    return written(call, text, {"object": node.value, "index": parent.slice, **given})  # type: ignore[dict-item]


def _part_table(module: Module, method: str) -> InPlace | Initializer | None:
    """What the rules say of a method that changes a part of a tensor."""
    for rule in module.rules.rules:
        tables: tuple[InPlace | Initializer, ...] = (*rule.in_place, *rule.initializers)
        found = next((t for t in tables if method in t.methods and t.part), None)
        if found is not None:
            return found
    return None


def made_target(
    module: Module, node: ast.Attribute, place: Place, value: ast.expr, treatment: AttributeTreatment
) -> Offer:
    """The tensor gets the values of one of the source framework's, which is converted."""
    inward = module.rules.tensor.inward
    if not inward or not SourceTensors(module).holds(value):
        return Offer(node)
    text = f"{{object}}.{treatment.to}.set_data({inward})"
    return written(place, text, {"object": node.value, "value": value})


def _is_foreign(module: Module, value: ast.expr) -> bool:
    """Whether something in ``value`` is known to be made by another framework."""
    if is_target(module, value) or SourceTensors(module).holds(value):
        return not is_target(module, value)
    made = [v.of for n in ast.walk(value) if isinstance(n, ast.expr) for v in module.file.evaluate(n)
            if isinstance(v, Instance)]  # fmt: skip
    return any(not isinstance(of, Symbol) or not of.name.startswith(("mindspore.", "builtins.")) for of in made)


def method(module: Module, node: ast.Attribute, treatment: MethodTreatment, imports: tuple[str, ...]) -> Offer:
    """What to write instead of a call of a method that has no rewrite there."""
    call = module.index.parent(node)
    if not isinstance(call, ast.Call) or call.func is not node:
        return Offer(node)
    text = treatment.suggest
    if treatment.statements:
        texts = tuple(ast.unparse(a) for a in call.args)
        if call.keywords or texts != treatment.when:
            return Offer(node)
        lines = "" if any(line.startswith(" ") for line in treatment.statements) else "; ".join(treatment.statements)
        text = qualified(text or lines, imports)
    if not text or (is_statement(text) and not isinstance(module.index.parent(call), ast.Expr)):
        return Offer(node)
    return written(call, text, {"object": node.value})


def in_place(module: Module, node: ast.Attribute, call: ast.Call, name: str, treatment: AttributeTreatment) -> Offer:
    """What to write instead of an in-place method of a tensor."""
    tables = [t for r in module.rules.rules for t in r.in_place if name in t.methods]
    given = _given(tables[0], call) if tables else None
    if given is None or any(_is_foreign(module, v) for v in given.values() if isinstance(v, ast.expr)):
        return Offer(node)
    text = tables[0].suggest.replace("{tensor}", f"{{object}}.{treatment.to}")
    if is_statement(text) and not isinstance(module.index.parent(call), ast.Expr):
        return Offer(node)
    for argument, value in given.items():
        if isinstance(value, str):
            text = text.replace(f"{{{argument}}}", value)
    return written(call, text, {"object": node.value, **{k: v for k, v in given.items() if not isinstance(v, str)}})


def _given(table: InPlace | Initializer, call: ast.Call) -> dict[str, ast.expr | str] | None:
    """The arguments of a call by name, defaults as text; None where the call does not fit."""
    if len(call.args) > len(table.arguments) or any(isinstance(a, ast.Starred) for a in call.args):
        return None
    given: dict[str, ast.expr | str] = {**table.defaults, **dict(zip(table.arguments, call.args, strict=False))}
    given.update({k.arg or "**": k.value for k in call.keywords})
    return given if set(given) == set(table.arguments) else None


def by_class(module: Module, node: ast.Attribute, drafts: list[tuple[Rule, Draft]], others: bool) -> Offer:
    """Each class's own text for one use, chosen by the class of the object."""
    edits = [_template(draft) for _, draft in drafts]
    places = {draft.node for _, draft in drafts}
    if not all(edits) or len(places) != 1 or not is_plain(node.value):
        return Offer(node)
    (place,) = places
    classes: dict[str, list[str]] = {}
    parts: dict[str, ast.expr] = {}
    for (rule, _), edit in zip(drafts, edits, strict=True):
        assert edit is not None
        classes.setdefault(edit.text, []).append(f"{{{rule.target.name}}}")
        parts |= dict(edit.parts)
    texts = {*classes, f"{{object}}.{node.attr}"} if others else {*classes}
    if not isinstance(place, ast.expr) or len(texts) < 2:
        return Offer(node)
    parts |= {"object": node.value, "old": place}
    choices = [(text, spelled_classes(names)) for text, names in classes.items()]
    last = "{old}" if others else choices.pop()[0]
    text = chosen_by_class(module, place, choices, last)
    return Offer(place, (Write(place, text, tuple(parts.items())),))


def spelled_classes(names: list[str]) -> str:
    """The second argument of ``isinstance`` for one class or several."""
    return names[0] if len(names) == 1 else f"({', '.join(sorted(set(names)))})"


def chosen_by_class(module: Module, place: ast.expr, choices: list[tuple[str, str]], last: str) -> str:
    """An if statement where ``place`` is one on lines of its own, otherwise a conditional expression."""
    parent = module.index.parent(place)
    if isinstance(parent, ast.Expr) and has_own_line(module, parent):
        lines = [
            f"{'el' * (i > 0)}if isinstance({{object}}, {cls}):\n    {text}" for i, (text, cls) in enumerate(choices)
        ]
        return "\n".join([*lines, f"else:\n    {last}"])
    text = " else ".join([*(f"{text} if isinstance({{object}}, {cls})" for text, cls in choices), last])
    return in_context(module, place, text)


def in_context(module: Module, place: ast.expr, text: str) -> str:
    """``text`` in parentheses, unless nothing stands beside ``place`` that could bind tighter."""
    parent = module.index.parent(place)
    alone = isinstance(parent, ENCLOSED) and getattr(parent, "func", None) is not place
    return text if alone or (isinstance(parent, TESTS) and parent.test is place) else f"({text})"


def has_own_line(module: Module, statement: ast.stmt) -> bool:
    """Whether nothing but a comment stands beside a statement."""
    source = module.source
    span = source.span(statement)
    before = source.text[source.line_start(span.start) : span.start]
    after = source.text[span.end : source.line_end(span.end)].strip()
    return not before.strip() and (not after or after.startswith("#"))


def _template(draft: Draft) -> Write | None:
    """The one edit of a draft, or of its suggestion, as a text; None where it has none or several."""
    edits = draft.edits or draft.suggestion
    if draft.code == "BN303" and isinstance(draft.node, ast.Attribute):
        return Write(draft.node, f"{{object}}.{draft.node.attr}")
    imports = [e.name for e in edits if isinstance(e, NeedImport)]
    changes = [e for e in edits if not isinstance(e, NeedImport)]
    if len(changes) != 1:
        return None
    (edit,) = changes
    if isinstance(edit, Write):
        return edit
    if isinstance(edit, RenameAttribute):
        return Write(edit.node, f"{{object}}.{edit.to}")
    if isinstance(edit, ReplaceMethod):
        return Write(edit.node, f"{{object}}.{edit.text}")
    if isinstance(edit, SetTensor) and isinstance(edit.node, ast.Call):
        return _set_tensor(edit, edit.node, imports)
    return None


def _set_tensor(edit: SetTensor, call: ast.Call, imports: list[str]) -> Write:
    arguments = passed(call)
    tensor = f"{{object}}.{edit.attribute}"
    text = qualified(edit.value, imports).replace("{tensor}", tensor)
    parts: dict[str, ast.expr] = {}
    for name, given in edit.arguments:
        if isinstance(given, str):
            text = text.replace(f"{{{name}}}", given)
        else:
            parts[name] = arguments[given]
    return Write(call, f"{tensor}.set_data({text})", tuple(parts.items()))


def looked_up_class(call: ast.Call, rule: Rule) -> Offer:
    """The class itself instead of ``getattr(module, "Class")``."""
    is_getattr = isinstance(call.func, ast.Name) and call.func.id == "getattr"
    return written(call, f"{{{rule.target.name}}}", {}) if is_getattr else Offer(call)


def looked_up_member(module: Module, call: ast.Call, old: str, rule: Rule) -> Offer:
    """``getattr`` or ``hasattr`` with the new name, or what it is compared with None for."""
    function = getattr(call.func, "id", "")
    attribute = rule.attributes.get(old)
    if function not in ("getattr", "hasattr"):
        return Offer(call)
    name = call.args[1]
    if attribute is not None and attribute.none_test and function == "getattr" and tests_for_none(module, call):
        return none_test(module, call, call.args[0], attribute)
    to = attribute.to if attribute is not None else rule.methods[old].to
    path, _, last = to.rpartition(".")
    quoted = module.source.segment(name).replace(old, last)
    if not last.isidentifier() or to == old or quoted.count(last) != 1:
        return Offer(call)
    owner = call.args[0]
    inner = (Write(owner, f"{{object}}.{path}", (("object", owner),)),) if path else ()
    return Offer(call, (*inner, Write(name, quoted)))


def looked_up_in_any(module: Module, call: ast.Call, old: str, rule: Rule) -> Offer:
    """A test by ``hasattr`` for either name, where the object may be of another class, which keeps its own."""
    attribute = rule.attributes.get(old)
    if getattr(call.func, "id", "") != "hasattr" or attribute is None or not attribute.to.isidentifier():
        return Offer(call)
    text = in_context(module, call, f"{{call}} or hasattr({{object}}, {attribute.to!r})")
    return written(call, text, {"call": call, "object": call.args[0]}) if attribute.to != old else Offer(call)


def related(module: Module, node: ast.expr, symbol: Related, role: Role) -> Offer:
    """What to write instead of a symbol beside the class, where it stands in the right place or is called right."""
    parent = module.index.parent(node)
    called = parent if isinstance(parent, ast.Call) and parent.func is node else None
    fits = role in symbol.roles and not isinstance(parent, ast.BinOp)
    if called is not None and symbol.parameters:
        fits = _passes(module, called, symbol)
    return written(node, symbol.suggest, {}) if symbol.suggest and fits else Offer(node)


def _passes(module: Module, call: ast.Call, function: Related) -> bool:
    """Whether a call passes all that the function requires, nothing it does not know, and no integer."""
    if len(call.args) > len(function.parameters) or any(isinstance(a, ast.Starred) for a in call.args):
        return False
    given = dict(zip(function.parameters, call.args, strict=False)) | {k.arg or "**": k.value for k in call.keywords}
    if not set(function.required) <= set(given) <= set(function.parameters):
        return False
    known = [v for value in given.values() for v in module.file.evaluate(value) if isinstance(v, Constant)]
    return all(v.value is not None and type(v.value) is not int for v in known)
