"""Assignments that the target's layer does not see once it is built, and initialisations behind a test for None."""

from __future__ import annotations

import ast

from migrate.decide import offers
from migrate.decide.drafts import Draft, Module
from migrate.decide.offers import Offer
from migrate.decide.values import NONE, Constant, Symbol
from migrate.edits import AddLines, Edit, NeedImport, RenameAttribute
from migrate.rule import Initializer, Rule, WriteBack
from migrate.syntax.nodes import passed
from migrate.syntax.source import is_plain


def decide_write(module: Module, node: ast.Attribute, rules: list[Rule], symbol: str) -> Draft:
    """``instance.attr = value`` where the assignment alone has no effect.

    Where the rules know statements that give it one, they go behind the last of the assignments that stand together.
    """
    treatment = rules[0].attributes[node.attr]
    statement = module.index.parent(node)
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        offer = offers.assignment(module, node, treatment)
        return Draft("BN207", "attribute", symbol, offer.place, treatment.write, suggestion=offer.edits)
    run = together(module, statement, rules[0])
    backs = _write_backs(run, rules) if statement is run[-1] else ()
    partner = module.partners.get(node)
    if partner is None and all(_is_known(module, s, rules) for s in run) and _has_lines(module, run):
        edits: list[Edit] = [RenameAttribute(node, treatment.to)] if treatment.to != node.attr else []
        whole = module.to_line_end(statement, statement) if backs else statement
        if backs:
            lines = tuple(b.statement for b in backs)
            edits.append(AddLines(whole, lines, module.source.segment(node.value)))
        edits += [NeedImport(name) for b in backs for name in b.imports]
        message = (
            f"{node.attr} keeps its meaning; MindSpore's layer sees it once its primitives are built again behind it, "
            "before graph mode compiles the network"
        )
        return Draft("BN110", "attribute", symbol, whole, message, tuple(edits))
    offer, advice = offers.assignment(module, node, treatment), ""
    if backs and not _is_refused(module, statement, rules[0]):
        offer = _offer(module, statement, treatment.to, backs)
        advice = "; or build its primitives again behind the assignment"
    if partner is not None:
        place = module.place(partner)
        advice += f". It is left since the write at {place}, which may be of the same layer, is: give both their effect"
    told = (_none_advice(module, statement, rules[0]) or treatment.write) + advice
    return Draft("BN207", "attribute", symbol, offer.place, told, suggestion=offer.edits)


def _none_advice(module: Module, statement: ast.Assign, rule: Rule) -> str:
    """What to do where None is assigned and the constructor does not take it either; empty for anything else."""
    target = statement.targets[0]
    parameter = rule.parameter(target.attr) if isinstance(target, ast.Attribute) else None
    if parameter is None or not parameter.treatment.none or module.file.evaluate(statement.value) != {NONE}:
        return ""
    return f"{parameter.name} = None: {parameter.treatment.none} in the constructor"


def together(module: Module, statement: ast.Assign, rule: Rule) -> list[ast.Assign]:
    """The assignments around ``statement``, with none between, to attributes of the object that need the same care."""
    names = {a for w in rule.write_backs for a in w.attributes}
    block = module.index.block(statement)
    at = block.index(statement)

    def belongs(other: ast.stmt) -> bool:
        return isinstance(other, ast.Assign) and _written(other, names) == _written(statement, names) != ""

    first, last = at, at
    while first > 0 and belongs(block[first - 1]):
        first -= 1
    while last + 1 < len(block) and belongs(block[last + 1]):
        last += 1
    return [s for s in block[first : last + 1] if isinstance(s, ast.Assign)]


def _written(statement: ast.Assign, names: set[str]) -> str:
    """The object whose attribute among ``names`` is assigned, as text; empty for any other assignment."""
    target = statement.targets[0]
    fits = len(statement.targets) == 1 and isinstance(target, ast.Attribute) and target.attr in names
    return ast.unparse(target.value) if fits and isinstance(target, ast.Attribute) else ""


def _write_backs(run: list[ast.Assign], rules: list[Rule]) -> tuple[WriteBack, ...]:
    """The statements for what ``run`` assigns; none where the classes differ in them."""
    if any(r.write_backs != rules[0].write_backs for r in rules):
        return ()
    names = {t.attr for s in run for t in s.targets if isinstance(t, ast.Attribute)}
    return tuple(w for w in rules[0].write_backs if names & set(w.attributes))


def _is_known(module: Module, statement: ast.Assign, rules: list[Rule]) -> bool:
    """Whether the file itself tells the value, and the target's primitive takes it."""
    fixed = bool(_write_backs([statement], rules)) and _is_fixed(module, statement.value)
    values = module.file.evaluate(statement.value) if fixed else frozenset()
    return (
        bool(values) and all(isinstance(v, Constant) for v in values) and not _is_refused(module, statement, rules[0])
    )


def _is_refused(module: Module, statement: ast.Assign, rule: Rule) -> bool:
    """Whether the value may be a constant that the target's primitive does not take: it wants floats in its range."""
    target = statement.targets[0]
    parameter = rule.parameter(target.attr) if isinstance(target, ast.Attribute) else None
    values = [v.value for v in module.file.evaluate(statement.value) if isinstance(v, Constant)]
    return parameter is not None and any(not isinstance(v, float) or parameter.treatment.is_outside(v) for v in values)


def _is_fixed(module: Module, value: ast.expr, seen: frozenset[str] = frozenset()) -> bool:
    """Literals, arithmetic on them, and names that the file binds once to such."""
    for n in ast.walk(value):
        if isinstance(n, ast.Name):
            bindings = module.file.bindings(n) if n.id not in seen else []
            bound = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "value" else None
            if bound is None or not _is_fixed(module, bound, seen | {n.id}):
                return False
        elif not isinstance(n, (ast.Constant, ast.UnaryOp, ast.BinOp, ast.operator, ast.unaryop, ast.expr_context)):
            return False
    return True


def _has_lines(module: Module, run: list[ast.Assign]) -> bool:
    """Whether lines may follow ``run``: it ends its line, which its block begins, and no comment asks otherwise."""
    source = module.source
    end = source.span(run[-1]).end
    behind = source.text[end : source.line_end(end)].strip()
    block = module.index.block(run[-1])
    first = next(s for s in block if s.end_lineno == run[-1].lineno or s is run[-1])
    start = source.span(first).start
    begins = not source.text[source.line_start(start) : start].strip()
    plain = all(_is_path(t.value) for s in run for t in s.targets if isinstance(t, ast.Attribute))
    skipped = any(module.is_skipped(s, "BN110") for s in run)
    return begins and plain and (not behind or behind.startswith("#")) and not skipped


def _is_path(node: ast.expr) -> bool:
    """Whether the text of ``node`` means the same object a second time."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, (ast.Name, ast.Constant, ast.UnaryOp)):
            return False
        node = node.value
    return isinstance(node, ast.Name)


def _offer(module: Module, statement: ast.Assign, to: str, backs: tuple[WriteBack, ...]) -> Offer:
    """The assignment under its new name, with the statements behind it."""
    (target,) = statement.targets
    assert isinstance(target, ast.Attribute)
    between = "\n" if offers.has_own_line(module, statement) else "; "
    lines = [f"{{object}}.{to} = {{value}}", *(offers.qualified(b.statement, b.imports) for b in backs)]
    return offers.written(statement, between.join(lines), {"object": target.value, "value": statement.value})


def guards_what_is_there(module: Module, node: ast.Attribute, rule: Rule) -> bool:
    """Whether ``if instance.attr is not None:`` may hold where the source has None: all that it then does is to write
    the values which the target's tensors have anyway."""
    test = module.index.parent(node)
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], ast.IsNot) or len(test.ops) > 1:
        return False
    branch: ast.AST | None = module.index.parent(test)
    if isinstance(branch, ast.BoolOp) and isinstance(branch.op, ast.And):
        later = branch.values[branch.values.index(test) + 1 :]
        branch = module.index.parent(branch) if all(map(is_plain, later)) else None
    if not isinstance(branch, ast.If) or branch.orelse:
        return False
    return all(_writes_absent(module, s, ast.unparse(node.value), rule) for s in branch.body)


def _writes_absent(module: Module, statement: ast.stmt, owner: str, rule: Rule) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    found = _initialised(module, call) if isinstance(call, ast.Call) else None
    if found is None:
        return False
    tensor, initializer, arguments = found
    if isinstance(tensor, ast.Attribute) and tensor.attr == "data":
        tensor = tensor.value
    if not isinstance(tensor, ast.Attribute) or ast.unparse(tensor.value) != owner:
        return False
    absent = rule.attributes[tensor.attr].absent if tensor.attr in rule.attributes else None
    return absent is not None and _number(module, initializer, arguments) == absent


def _initialised(module: Module, call: ast.Call) -> tuple[ast.expr, Initializer, list[ast.expr]] | None:
    """The tensor that a call initialises, how, and the arguments besides it."""
    values = module.file.evaluate(call.func)
    functions = [module.rules.initializer_functions.get(v.name) for v in values if isinstance(v, Symbol)]
    if len(values) == 1 and functions and functions[0] is not None and call.args:
        return call.args[0], functions[0], passed(call)[1:]
    if isinstance(call.func, ast.Attribute):
        for initializer in (i for r in module.rules.rules for i in r.initializers if call.func.attr in i.methods):
            return call.func.value, initializer, passed(call)
    return None


def _number(module: Module, initializer: Initializer, arguments: list[ast.expr]) -> float | None:
    """The number that an initialisation writes into every element, where the file tells it."""
    if initializer.constant is not None:
        return initializer.constant
    values = module.file.evaluate(arguments[0]) if len(initializer.arguments) == len(arguments) == 1 else ()
    numbers = {v.value for v in values if isinstance(v, Constant) and isinstance(v.value, (int, float))}
    return float(numbers.pop()) if len(numbers) == len(values) == 1 else None
