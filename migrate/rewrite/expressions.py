"""Carries out the edits of one expression or statement on its LibCST node."""

from __future__ import annotations

import re

import libcst as cst

from migrate.edits import (
    CallMethod,
    ChangeArguments,
    Edit,
    ReferTo,
    RenameAttribute,
    ReplaceMethod,
    ReplaceStatement,
    SetTensor,
    Spelling,
)
from migrate.rewrite.arguments import change_arguments
from migrate.rewrite.fragments import code, parse_fragment

ORDER = (ReferTo, RenameAttribute, ChangeArguments, ReplaceMethod, SetTensor, CallMethod, ReplaceStatement)


def carry_out(text: str, edits: list[Edit], spelling: Spelling, indent: str, newline: str) -> str:
    """``text`` after ``edits``; ``indent`` is that of its line."""
    ordered = sorted((e for e in edits if isinstance(e, ORDER)), key=lambda e: ORDER.index(type(e)))
    for edit in ordered:
        text = _carry_out(text, edit, spelling, indent, newline)
    return text


def _carry_out(text: str, edit: Edit, spelling: Spelling, indent: str, newline: str) -> str:
    if isinstance(edit, ReplaceStatement):
        return _statement(text, edit, spelling, indent, newline)
    if isinstance(edit, SetTensor) and edit.form == "assignment":
        return _assignment(text, edit)
    node = parse_fragment(text)
    if isinstance(edit, ReferTo):
        return code(_refer(node, spelling.references[edit.node]))
    if isinstance(edit, RenameAttribute):
        assert isinstance(node, cst.Attribute)
        return code(node.with_changes(attr=cst.Name(edit.to)))
    if isinstance(edit, ChangeArguments):
        return code(change_arguments(node, edit))
    if isinstance(edit, CallMethod):
        return code(_method_of(node, edit.text))
    assert isinstance(node, cst.Call)
    if isinstance(edit, ReplaceMethod):
        assert isinstance(node.func, cst.Attribute)
        return code(_method_of(node.func.value, edit.text, node.func.dot))
    assert isinstance(edit, SetTensor)
    return _set_tensor(node, edit, spelling)


def _refer(node: cst.BaseExpression, text: str) -> cst.BaseExpression:
    """A reference under its new spelling; line breaks before the last dot stay."""
    new = parse_fragment(text)
    if isinstance(node, cst.Attribute) and isinstance(new, cst.Attribute):
        return node.with_changes(value=new.value, attr=new.attr)
    return new.with_changes(lpar=node.lpar, rpar=node.rpar)


def _method_of(owner: cst.BaseExpression, text: str, dot: cst.Dot | None = None) -> cst.BaseExpression:
    """``owner.text``."""
    call = parse_fragment(f"OWNER.{text}")
    assert isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute)
    func = call.func.with_changes(value=owner, **({"dot": dot} if dot is not None else {}))
    return call.with_changes(func=func)


def _renamed_tensor(tensor: cst.BaseExpression, edit: SetTensor) -> str:
    """The text of ``owner.attr`` under the new name, from ``owner.attr`` or ``owner.attr.data``."""
    assert isinstance(tensor, cst.Attribute)
    if tensor.attr.value == "data" and isinstance(tensor.value, cst.Attribute):
        tensor = tensor.value
    return code(tensor.with_changes(attr=cst.Name(edit.attribute), lpar=[], rpar=[]))


def _set_tensor(call: cst.Call, edit: SetTensor, spelling: Spelling) -> str:
    if edit.form == "function":
        tensor = _renamed_tensor(call.args[0].value, edit)
    else:
        assert isinstance(call.func, cst.Attribute)
        tensor = _renamed_tensor(call.func.value, edit)
    given = {name: code(call.args[p].value) if isinstance(p, int) else p for name, p in edit.arguments}
    value = local_names(edit.value, spelling).format(tensor=tensor, **given)
    return f"{tensor}.set_data({value})"


def _assignment(text: str, edit: SetTensor) -> str:
    statement = cst.parse_statement(text)
    assert isinstance(statement, cst.SimpleStatementLine)
    assign = statement.body[0]
    assert isinstance(assign, cst.Assign)
    value = code(assign.value.with_changes(lpar=[], rpar=[]) if assign.value.lpar else assign.value)
    return f"{_renamed_tensor(assign.targets[0].target, edit)}.set_data({value})"


def _statement(text: str, edit: ReplaceStatement, spelling: Spelling, indent: str, newline: str) -> str:
    call = parse_fragment(text)
    assert isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute)
    owner = code(call.func.value)
    lines = [local_names(line, spelling).format(object=owner, fresh=edit.fresh) for line in edit.lines]
    unit = "\t" if indent.endswith("\t") else "    "
    return f"{newline}{indent}".join(line.replace("    ", unit) for line in lines)


def local_names(template: str, spelling: Spelling) -> str:
    """``template`` with the functions it calls under the names they have in the file."""
    for qualified, name in spelling.needed.items():
        short = qualified.rpartition(".")[2]
        template = re.sub(rf"(?<![\w.]){short}(?=\()", name, template)
    return template
