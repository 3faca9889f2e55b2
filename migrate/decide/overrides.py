"""Methods that a subclass overrides: where they are named, and the check of an input's dimensions."""

from __future__ import annotations

import ast
import builtins
import io
import re
import tokenize

from migrate.decide.drafts import Draft, Module
from migrate.decide.values import Instance, Local, Value
from migrate.edits import Edit, MakeStatic, RenameAttribute, ReplaceExpression
from migrate.rule import MethodTreatment
from migrate.syntax.shapes import parse_string
from migrate.syntax.source import Source, Span

BEFORE_NAME = re.compile(r"def(?:[ \t\f]|\\\r?\n)+")
DIMENSION_CALLS = ("dim", "ndimension")


def decide_overridden(module: Module, node: ast.Attribute, values: list[Value]) -> Draft | None:
    """A use of a member that a subclass of this file defines itself: renamed together with an override."""
    bases = [b for v in values if (b := module.base_of(v)) is not None]
    rule = bases[0].rule
    treatment = rule.methods.get(node.attr)
    if treatment is None or not treatment.override or treatment.to in ("", node.attr):
        return None
    symbol = f"{rule.source.name}.{node.attr}"
    around = module.left_around(node.value)
    if around is not None:
        what = f"{ast.unparse(node.value)} is {rule.source.name}"
        return module.stays(around, "method", symbol, what, node, (RenameAttribute(node, treatment.to),))
    left = [_is_left(module, v) for v in values]
    if all(left):
        return None
    if any(left) or len(bases) < len(values):
        names = module.described(values)
        message = f"{ast.unparse(node.value)} may be {names}, of which only some call it {treatment.to}: split the code"
        return Draft("BN205", "method", symbol, node, message)
    message = f"{node.attr} is called {treatment.to} in MindSpore"
    return Draft("BN106", "method", symbol, node, message, (RenameAttribute(node, treatment.to),))


def _is_left(module: Module, value: Value) -> bool:
    base = module.base_of(value)
    made_of = value.of if isinstance(value, Instance) else None
    own = made_of.node if isinstance(made_of, Local) else None
    return module.first_left([own, base.reference if base is not None else None]) is not None


def name_of(source: Source, function: ast.FunctionDef) -> ast.expr | None:
    """The name in the header of a function, as a node with its place; None where the header is unusual."""
    start = source.span(function).start
    match = BEFORE_NAME.match(source.text, start)
    if match is None or not source.text.startswith(function.name, match.end()):
        return None
    return _placed(source, Span(match.end(), match.end() + len(function.name)))


def header_of(source: Source, function: ast.FunctionDef) -> ast.expr | None:
    """``def name(parameters)`` as a node with its place; None where it holds a comment or unusual newlines."""
    start, end = source.span(function).start, source.span(function.body[0]).start
    text = source.text[start:end]
    if "\r" in text.replace("\r\n", ""):
        return None
    lines = text.splitlines(keepends=True)
    depth = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        depth += (token.string in "([{") - (token.string in ")]}") if token.type == tokenize.OP else 0
        if token.type == tokenize.COMMENT:
            return None
        if token.string == ")" and depth == 0:
            row, column = token.end
            return _placed(source, Span(start, start + sum(map(len, lines[: row - 1])) + column))
    return None


def _placed(source: Source, span: Span) -> ast.expr:
    """A node that covers ``span``: it only says where something stands."""
    (line, column), (end_line, end_column) = source.position(span.start), source.position(span.end)
    node = ast.Name("_", ast.Load())
    node.lineno, node.end_lineno = line, end_line
    node.col_offset = len(source.line_text(line)[: column - 1].encode())
    node.end_col_offset = len(source.line_text(end_line)[: end_column - 1].encode())
    return node


def check_edits(module: Module, function: ast.FunctionDef, treatment: MethodTreatment) -> tuple[Edit, ...]:
    """The edits that turn a check of the number of dimensions into the target's; none where it is anything else."""
    arguments = function.args
    plain = len(arguments.args) == 2 and not (arguments.posonlyargs or arguments.kwonlyargs or arguments.defaults)
    header = header_of(module.source, function)
    body = function.body[ast.get_docstring(function, clean=False) is not None :]
    if not plain or arguments.vararg or arguments.kwarg or header is None or len(body) != 1:
        return ()
    tensor = arguments.args[1].arg
    test = body[0]
    if not isinstance(test, ast.If) or test.orelse or not all(isinstance(s, ast.Raise) for s in test.body):
        return ()
    dimensions = [n for n in ast.walk(test) if isinstance(n, ast.expr) and _is_dimension(n, tensor)]
    read = {id(n) for d in dimensions for n in ast.walk(d)}
    names = [n for n in ast.walk(test) if isinstance(n, ast.Name) and id(n) not in read]
    accepted = _accepted(test.test, tensor)
    if not accepted or not accepted <= set(treatment.dimensions) or not all(_is_builtin(module, n) for n in names):
        return ()
    if not all(_is_in_place(module, d) for d in dimensions):
        return ()
    shape = treatment.parameters[0]
    return (MakeStatic(header, treatment.parameters), *(ReplaceExpression(d, f"len({shape})") for d in dimensions))


def _is_in_place(module: Module, node: ast.expr) -> bool:
    """Whether the text at the place of ``node`` is its own; not always so inside an f-string."""
    text = module.source.segment(node)
    found = parse_string(text)
    return "#" not in text and found is not None and ast.dump(found) == ast.dump(node)


def _is_builtin(module: Module, name: ast.Name) -> bool:
    return hasattr(builtins, name.id) and not module.file.bindings(name)


def _is_dimension(node: ast.expr, tensor: str) -> bool:
    """``tensor.dim()``, ``tensor.ndim`` or ``len(tensor.shape)``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in DIMENSION_CALLS and _is_name(node.func.value, tensor) and not node.args
    if isinstance(node, ast.Call) and _is_name(node.func, "len") and len(node.args) == 1:
        (sized,) = node.args
        return isinstance(sized, ast.Attribute) and sized.attr == "shape" and _is_name(sized.value, tensor)
    return isinstance(node, ast.Attribute) and node.attr == "ndim" and _is_name(node.value, tensor)


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _accepted(test: ast.expr, tensor: str) -> set[int]:
    """The numbers of dimensions for which ``test`` does not hold; empty where it is not such a test."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        parts = [_accepted(v, tensor) for v in test.values]
        return set().union(*parts) if all(parts) else set()
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not _is_dimension(test.left, tensor):
        return set()
    (right,) = test.comparators
    if isinstance(test.ops[0], ast.NotIn) and isinstance(right, (ast.Tuple, ast.List, ast.Set)):
        values = [getattr(e, "value", None) for e in right.elts]
    elif isinstance(test.ops[0], ast.NotEq):
        values = [getattr(right, "value", None)]
    else:
        return set()
    return {v for v in values if isinstance(v, int)} if all(type(v) is int for v in values) else set()
