"""Attributes of an instance: renamed where they are read, and every way code writes or initialises them."""

from __future__ import annotations

import ast

from migrate.decide import contexts, offers
from migrate.decide.drafts import Draft, Module
from migrate.decide.existence import argument_of
from migrate.decide.leaving import decide_leaving, in_subclass
from migrate.decide.offers import Offer
from migrate.decide.source_tensors import SourceTensors
from migrate.decide.target_tensors import is_target
from migrate.decide.values import NONE, Constant, Symbol
from migrate.decide.writes import decide_write, guards_what_is_there
from migrate.edits import Edit, NeedImport, RenameAttribute, SetTensor
from migrate.rule import AttributeTreatment, Initializer, Rule
from migrate.syntax.nodes import passed
from migrate.syntax.source import is_plain


def decide_attribute(module: Module, node: ast.Attribute, rules: list[Rule], symbol: str) -> Draft:
    """What becomes of ``instance.attr`` where it stands; ``rules`` are those of the classes, which agree on it."""
    treatment = rules[0].attributes[node.attr]

    def review(code: str, message: str, offer: Offer | None = None) -> Draft:
        offer = offer or Offer(node)
        return Draft(code, "attribute", symbol, offer.place, message, suggestion=offer.edits)

    if treatment.refuse and treatment.write and not isinstance(node.ctx, ast.Load):
        return review("BN207", treatment.write)
    if treatment.refuse:
        return review("BN208", treatment.refuse, offers.read(module, node, treatment))
    if treatment.none_test and offers.tests_for_none(module, node):
        if not guards_what_is_there(module, node, rules[0]):
            return review("BN206", treatment.none_test, offers.none_test(module, node, node.value, treatment))
        message = f"{treatment.to} always exists in MindSpore; what the test guards writes the value it then has"
        return Draft("BN105", "attribute", symbol, node, message, (RenameAttribute(node, treatment.to),))
    if isinstance(node.ctx, ast.Load) and treatment.tensor:
        draft = _in_place(module, node, treatment, symbol) or decide_leaving(module, node, treatment, symbol)
        if draft is not None:
            return draft
    if not isinstance(node.ctx, ast.Load):
        if treatment.write:
            return decide_write(module, node, rules, symbol)
        doubt = (
            "" if treatment.settable and isinstance(node.ctx, ast.Store) else _assigned_doubt(module, node, treatment)
        )
        if doubt:
            return review("BN207", doubt, offers.assignment(module, node, treatment))
    elif treatment.missing and argument_of(module, node.value, treatment.exists_with) is False:
        return review("BN220", treatment.missing)
    elif treatment.inexact and _is_compared(module, node, rules[0]):
        return review("BN220", treatment.inexact, offers.compared(module, node, treatment))
    if treatment.to == node.attr:
        return review("BN303", treatment.read or f"{node.attr} has the same name in MindSpore")
    message = f"{node.attr} is called {treatment.to} in MindSpore"
    return Draft("BN105", "attribute", symbol, node, message, (RenameAttribute(node, treatment.to),))


def _is_compared(module: Module, node: ast.Attribute, rule: Rule) -> bool:
    """Whether a number is compared or looked up by value, unless with one that arithmetic gives back exactly."""
    context = contexts.context(module, node)
    parent = module.index.parent(node)
    parameter = rule.parameter(node.attr)
    if context != "compared" or not isinstance(parent, ast.Compare):
        return context in ("compared", "looked up")
    sides = [v for s in (parent.left, *parent.comparators) if s is not node for v in module.file.evaluate(s)]
    numbers = [v.value for v in sides if isinstance(v, Constant) and isinstance(v.value, (int, float))]
    complemented = parameter is not None and parameter.treatment.action == "complement"
    return not (complemented and len(numbers) == len(sides) and all(1 - (1 - n) == n for n in numbers))


def _assigned_doubt(module: Module, node: ast.Attribute, treatment: AttributeTreatment) -> str:
    """Why an assignment to the attribute has no rewrite; empty where the new name is all it needs."""
    parent = module.index.parent(node)
    tensor = f"{ast.unparse(node.value)}.{treatment.to}"
    if isinstance(node.ctx, ast.Del):
        return f"a MindSpore cell needs its {treatment.to}: replace the layer instead of deleting it"
    if isinstance(parent, ast.AugAssign):
        return f"write {tensor}.set_data({tensor} ...) with the new value"
    value = parent.value if isinstance(parent, (ast.Assign, ast.AnnAssign)) else None
    values = module.file.evaluate(value) if value is not None else frozenset()
    if values == {NONE} and treatment.unset:
        return treatment.unset
    if not treatment.tensor:
        return (
            f"whether MindSpore's layer sees that {treatment.to} is assigned is not known: pass it to the constructor"
        )
    if value is None or any(isinstance(v, Constant) for v in values) or not _arrives(module, node, value):
        return f"MindSpore accepts a Parameter or a Tensor of its own here: write {tensor} = mindspore.Parameter(...)"
    return ""


def _arrives(module: Module, node: ast.Attribute, value: ast.expr) -> bool:
    """Whether ``value`` may be assigned to a tensor of the target's; the code of a subclass is checked as a whole."""
    return is_target(module, value) or (in_subclass(module, node) and not SourceTensors(module).holds(value))


def _in_place(module: Module, node: ast.Attribute, treatment: AttributeTreatment, symbol: str) -> Draft | None:
    """Initialisation by a function, by a method of the tensor or its ``.data``, or by assigning ``.data``."""
    index = module.index
    tensor: ast.expr = node
    parent = index.parent(node)
    if isinstance(parent, ast.Attribute) and parent.attr == "data":
        tensor, parent = parent, index.parent(parent)
        assert isinstance(tensor, ast.Attribute)
        if isinstance(tensor.ctx, ast.Store):
            return _data_assigned(module, node, tensor, treatment, symbol)
    if isinstance(parent, ast.Subscript) and parent.value is tensor and not isinstance(parent.ctx, ast.Load):
        offer = offers.item_assignment(module, node, parent, treatment)
        return _no_rewrite(node, treatment, symbol, "writing into a part of it", offer)
    if isinstance(parent, ast.keyword):
        parent = index.parents[parent]
        if isinstance(parent, ast.Call) and _initializes(module, parent):
            return _no_rewrite(node, treatment, symbol, ast.unparse(parent))
        return None
    if isinstance(parent, ast.Call) and parent.args and parent.args[0] is tensor:
        return _by_function(module, node, parent, treatment, symbol)
    if isinstance(parent, ast.Attribute) and parent.value is tensor:
        call = index.parent(parent)
        if isinstance(call, ast.Call) and call.func is parent:
            return _by_method(module, node, call, parent.attr, treatment, symbol)
    return None


def _initializes(module: Module, call: ast.Call) -> bool:
    names = [v.name for v in module.file.evaluate(call.func) if isinstance(v, Symbol)]
    return any(name.rpartition(".")[0] in module.rules.initializer_package for name in names)


def _data_assigned(
    module: Module, node: ast.Attribute, data: ast.Attribute, treatment: AttributeTreatment, symbol: str
) -> Draft:
    statement = module.index.parent(data)
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1 or "#" in module.source.segment(statement):
        return _no_rewrite(node, treatment, symbol, "assigning .data here")
    if not _arrives(module, node, statement.value):
        offer = offers.made_target(module, node, statement, statement.value, treatment)
        return _no_rewrite(node, treatment, symbol, f"assigning {_whose(module, statement.value)}", offer)
    message = (
        f"assigning {node.attr}.data is {treatment.to}.set_data(...) in MindSpore, which takes any shape: check it"
    )
    edit = SetTensor(statement, "assignment", treatment.to, "{src}", (("src", 0),))
    return Draft("BN107", "attribute", symbol, statement, message, (edit,))


def _whose(module: Module, value: ast.expr) -> str:
    """A value that is not known to be the target's, in words."""
    text = ast.unparse(value)
    known = SourceTensors(module).holds(value)
    return f"{text}, which is torch's," if known else f"{text}, which may be torch's,"


def _by_function(
    module: Module, node: ast.Attribute, call: ast.Call, treatment: AttributeTreatment, symbol: str
) -> Draft | None:
    for value in module.file.evaluate(call.func):
        if not isinstance(value, Symbol):
            continue
        initializer = module.rules.initializer_functions.get(value.name)
        if initializer is not None:
            return _initialised(module, node, call, initializer, treatment, symbol, "function", 1)
        if value.name.rpartition(".")[0] in module.rules.initializer_package:
            return _no_rewrite(node, treatment, symbol, value.name)
    return None


def _by_method(
    module: Module, node: ast.Attribute, call: ast.Call, method: str, treatment: AttributeTreatment, symbol: str
) -> Draft | None:
    for rule in module.rules.rules:
        for initializer in rule.initializers:
            if method in initializer.methods:
                return _initialised(module, node, call, initializer, treatment, symbol, "method", 0)
    if method.endswith("_") and not method.endswith("__"):
        offer = offers.in_place(module, node, call, method, treatment)
        return _no_rewrite(node, treatment, symbol, f"{method}()", offer)
    return None


def _initialised(
    module: Module,
    node: ast.Attribute,
    call: ast.Call,
    initializer: Initializer,
    treatment: AttributeTreatment,
    symbol: str,
    form: str,
    skip: int,
) -> Draft:
    """The rewrite of an initialisation that stands as a statement of its own."""
    arguments = _initializer_arguments(call, initializer, skip)
    alone = isinstance(module.index.parent(call), ast.Expr)
    if arguments is None or not is_plain(node.value) or "#" in module.source.segment(call):
        return _no_rewrite(node, treatment, symbol, ast.unparse(call))
    sources, takes = SourceTensors(module), bool(initializer.tensor)
    foreign = [a for a in passed(call)[skip:] if sources.holds(a) or (takes and not _arrives(module, node, a))]
    if foreign:
        offer = offers.made_target(module, node, call, foreign[0], treatment) if takes and alone else None
        return _no_rewrite(node, treatment, symbol, f"{ast.unparse(call)} with {_whose(module, foreign[0])}", offer)
    edit = SetTensor(call, "function" if form == "function" else "method", treatment.to, initializer.value, arguments)
    edits: list[Edit] = [edit, *(NeedImport(name) for name in initializer.imports)]
    if not alone:
        return _no_rewrite(node, treatment, symbol, ast.unparse(call), Offer(call, tuple(edits)))
    message = f"in-place initialisation of {node.attr} is {treatment.to}.set_data(...) in MindSpore"
    return Draft("BN107", "attribute", symbol, call, message, tuple(edits))


def _initializer_arguments(
    call: ast.Call, initializer: Initializer, skip: int
) -> tuple[tuple[str, int | str], ...] | None:
    """For each argument its place in the call, or the text of its default; None where the call does not fit."""
    if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
        return None
    passed: dict[str, int | str] = dict(initializer.defaults)
    positional = call.args[skip:]
    if len(positional) > len(initializer.arguments):
        return None
    for i, name in enumerate(initializer.arguments[: len(positional)]):
        passed[name] = skip + i
    for i, keyword in enumerate(call.keywords):
        if keyword.arg not in initializer.arguments or isinstance(passed.get(keyword.arg), int):
            return None
        passed[keyword.arg] = len(call.args) + i
    if set(passed) != set(initializer.arguments):
        return None
    return tuple(passed.items())


def _no_rewrite(
    node: ast.Attribute, treatment: AttributeTreatment, symbol: str, what: str, offer: Offer | None = None
) -> Draft:
    tensor = f"{ast.unparse(node.value)}.{treatment.to}"
    message = f"{what} has no rewrite: compute the value and write {tensor}.set_data(value)"
    offer = offer or Offer(node)
    return Draft("BN214", "attribute", symbol, offer.place, message, suggestion=offer.edits)
