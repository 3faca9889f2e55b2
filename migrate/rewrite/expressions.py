"""Carries out the edits of one expression or statement on its LibCST node."""

from __future__ import annotations

import re

import libcst as cst

from migrate.edits import (
    CallMethod,
    ChangeArguments,
    Edit,
    KeepClasses,
    MakeStatic,
    ReferTo,
    RenameAttribute,
    ReplaceExpression,
    ReplaceMethod,
    ReplaceStatement,
    SetTensor,
    Spelling,
)
from migrate.rewrite.arguments import change_arguments
from migrate.rewrite.classes import keep_classes
from migrate.rewrite.fragments import (
    NO_SPACE,
    attribute_of,
    bare,
    code,
    comments_in,
    gathered,
    in_parentheses,
    newline_of,
    parse_fragment,
)

ORDER = (
    ReferTo,
    RenameAttribute,
    ChangeArguments,
    ReplaceExpression,
    ReplaceMethod,
    SetTensor,
    CallMethod,
    KeepClasses,
    ReplaceStatement,
    MakeStatic,
)


def carry_out(text: str, edits: list[Edit], spelling: Spelling, indent: str, newline: str) -> str:
    """``text`` after ``edits``; ``indent`` is that of its line."""
    ordered = sorted((e for e in edits if isinstance(e, ORDER)), key=lambda e: ORDER.index(type(e)))
    for edit in ordered:
        text = _carry_out(text, edit, spelling, indent, newline)
    return text


def _carry_out(text: str, edit: Edit, spelling: Spelling, indent: str, newline: str) -> str:
    if isinstance(edit, ReplaceStatement):
        return _statement(text, edit, spelling, indent, newline)
    if isinstance(edit, MakeStatic):
        return _static(text, edit, indent, newline)
    newline = newline_of(text, newline)
    if isinstance(edit, SetTensor):
        return _set_tensor(text, edit, spelling, newline)
    return code(_edited(parse_fragment(text), edit, spelling), newline)


def _edited(node: cst.BaseExpression, edit: Edit, spelling: Spelling) -> cst.BaseExpression:
    if isinstance(edit, ReferTo):
        return _refer(node, spelling.references[edit.node])
    if isinstance(edit, ChangeArguments):
        return change_arguments(node, edit)
    if isinstance(edit, CallMethod):
        return _method_of(node, edit.text)
    if isinstance(edit, KeepClasses):
        return keep_classes(node, edit)
    if isinstance(edit, ReplaceExpression):
        return parse_fragment(edit.text).with_changes(lpar=node.lpar, rpar=node.rpar)
    if isinstance(edit, RenameAttribute):
        return _renamed(_attribute(node), edit.to)
    assert isinstance(edit, ReplaceMethod)
    method = _attribute(cst.ensure_type(node, cst.Call).func)
    return _method_of(method.value, edit.text, method.dot)


def _attribute(node: cst.BaseExpression) -> cst.Attribute:
    """What analysis took for an attribute."""
    attribute = attribute_of(node)
    assert attribute is not None
    return attribute


def _refer(node: cst.BaseExpression, text: str) -> cst.BaseExpression:
    """A reference under its new spelling; line breaks before the last dot stay, and comments move there.

    Where there is no such dot, or nothing shows that brackets are around it, they get parentheses of their own.
    """
    new = parse_fragment(text)
    if (
        isinstance(node, cst.Attribute)
        and isinstance(new, cst.Attribute)
        and (_spans_lines(node) or not comments_in(node.value))
    ):
        before = node.dot.whitespace_before
        dot = node.dot.with_changes(whitespace_before=gathered([node.value, before], before))
        return node.with_changes(value=new.value, dot=dot, attr=new.attr)
    if comments_in(node):
        return in_parentheses(new, gathered([node], NO_SPACE))
    return new.with_changes(lpar=node.lpar, rpar=node.rpar)


def _spans_lines(node: cst.BaseExpression) -> bool:
    """Whether a line ends at a dot of the reference, which it can within brackets only."""
    while isinstance(node, cst.Attribute) and not node.lpar:
        spaces = (node.dot.whitespace_before, node.dot.whitespace_after)
        if any(isinstance(s, cst.ParenthesizedWhitespace) for s in spaces):
            return True
        node = node.value
    return False


def _method_of(owner: cst.BaseExpression, text: str, dot: cst.Dot | None = None) -> cst.BaseExpression:
    """``owner.text``."""
    call = parse_fragment(f"OWNER.{text}")
    assert isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute)
    func = call.func.with_changes(value=owner, **({"dot": dot} if dot is not None else {}))
    return call.with_changes(func=func)


def _renamed(node: cst.Attribute, to: str) -> cst.Attribute:
    """``owner.attr`` as ``owner.to``, where ``to`` may be a path."""
    *path, last = to.split(".")
    owner = node.value
    for name in path:
        owner = cst.Attribute(value=owner, attr=cst.Name(name))
    return node.with_changes(value=owner, attr=cst.Name(last))


def _renamed_tensor(tensor: cst.BaseExpression, edit: SetTensor, newline: str) -> str:
    """The text of ``owner.attr`` under the new name, from ``owner.attr`` or ``owner.attr.data``."""
    attribute = _attribute(tensor)
    if attribute.attr.value == "data":
        attribute = attribute_of(attribute.value) or attribute
    return code(_renamed(attribute, edit.attribute).with_changes(lpar=[], rpar=[]), newline)


def _set_tensor(text: str, edit: SetTensor, spelling: Spelling, newline: str) -> str:
    if edit.form == "assignment":
        assign = cst.ensure_type(
            cst.ensure_type(cst.parse_statement(text), cst.SimpleStatementLine).body[0], cst.Assign
        )
        tensor = _renamed_tensor(assign.targets[0].target, edit, newline)
        given = {"src": code(bare(assign.value), newline)}
    else:
        call = cst.ensure_type(parse_fragment(text), cst.Call)
        function = edit.form == "function"
        owner = call.args[0].value if function else _attribute(call.func).value
        tensor = _renamed_tensor(owner, edit, newline)
        given = {
            n: _argument(call.args[p].value, edit, n, newline) if isinstance(p, int) else p for n, p in edit.arguments
        }
    value = local_names(edit.value, spelling).format(tensor=tensor, **given)
    return f"{tensor}.set_data({value})"


def _argument(value: cst.BaseExpression, edit: SetTensor, name: str, newline: str) -> str:
    """The text of an argument, in parentheses where a method of it is called."""
    atom = isinstance(value, (cst.Name, cst.Attribute, cst.Call, cst.Subscript)) or value.lpar
    text = code(value, newline)
    return text if atom or f"{{{name}}}." not in edit.value else f"({text})"


def _statement(text: str, edit: ReplaceStatement, spelling: Spelling, indent: str, newline: str) -> str:
    call = cst.ensure_type(parse_fragment(text), cst.Call)
    owner = code(_attribute(call.func).value, newline_of(text, newline))
    lines = [local_names(line, spelling).format(object=owner, fresh=edit.fresh) for line in edit.lines]
    unit = "\t" if indent.endswith("\t") else "    "
    return f"{newline}{indent}".join(line.replace("    ", unit) for line in lines)


def _static(text: str, edit: MakeStatic, indent: str, newline: str) -> str:
    """The header of a static method, with its decorator on a line of its own above."""
    body = ": ..."
    function = cst.ensure_type(cst.parse_statement(text + body), cst.FunctionDef)
    names = [cst.Param(cst.Name(name)) for name in edit.parameters]
    header = code(function.with_changes(params=cst.Parameters(names)), newline).strip().removesuffix(body)
    return f"@staticmethod{newline}{indent}{header}"


def local_names(template: str, spelling: Spelling) -> str:
    """``template`` with the functions and modules it uses under the names they have in the file."""
    for qualified, name in spelling.needed.items():
        short = qualified.rpartition(".")[2]
        template = re.sub(rf"(?<![\w.]){short}(?=[(.])", name, template)
    return template
