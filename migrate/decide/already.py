"""Instances of the target's classes that are used as the source's are: names, and writes that have no effect.

The file may have been migrated before, or written by hand. What is wrong follows from the rules, and what to write
instead from the same decision that rewrites the use of a source's instance. Where an object may be either, the finding
about the source's class is there already and stays.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrate.decide import offers
from migrate.decide.drafts import Draft, Module
from migrate.decide.instances import OF_TENSORS, listed, may_be_ours, offer_by_class, treatment
from migrate.decide.lookups import Lookup, lookups, unknown_lookups
from migrate.decide.offers import Offer
from migrate.decide.overrides import name_of
from migrate.decide.values import Instance, Local, Symbol, Unknown, Value
from migrate.edits import ReplaceExpression
from migrate.findings import Role
from migrate.rule import Rule
from migrate.syntax.nodes import passed

Known = list[tuple[Value, Rule]]
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def decide_already(module: Module) -> None:
    """Review every use of an instance of a target class that is right for the source's class alone."""
    rules = module.rules
    for node in module.index.all(ast.Attribute):
        if (node.attr in rules.members or node.attr in rules.lacks) and may_be_ours(module, node):
            draft = decide_target_use(module, node, module.objects(node.value))
            if draft is not None:
                module.add(draft)
    for look_up in lookups(module):
        _looked_up(module, look_up)
    for call, name in unknown_lookups(module):
        _looked_up(module, Lookup(call, "getattr", call.args[0], name, (name,), False))
    for pattern in module.index.all(ast.MatchClass):
        _pattern(module, pattern)
    for cls in module.index.all(ast.ClassDef):
        _overrides(module, cls)


def _packages(module: Module) -> set[str]:
    """The packages that a file imports something of."""
    names = {alias.name for statement in module.index.all(ast.Import) for alias in statement.names}
    names |= {statement.module or "" for statement in module.index.all(ast.ImportFrom)}
    return {name.partition(".")[0] for name in names}


def _known(module: Module, values: list[Value]) -> Known:
    """The instances of target classes among ``values``."""
    return [(v, rule) for v in values if (rule := module.target_rule(v)) is not None]


def decide_target_use(module: Module, node: ast.Attribute, values: list[Value]) -> Draft | None:
    """The review of an attribute of an object that is one of ``values``; None where nothing is wrong."""
    known = _known(module, values)
    wrong = [(v, rule) for v, rule in known if _is_wrong(module, node, v, rule)]
    is_any = any(isinstance(v, Unknown) for v in values)
    if not wrong or (node.attr in OF_TENSORS and is_any):
        return None
    if module.rules.source_package not in _packages(module):
        module.uses.pop(node, None)  # whatever is done with its tensor is done with one of the target's
    rules = [rule for _, rule in wrong]
    symbol = f"{rules[0].target.name}.{node.attr}"
    role: Role = "method" if node.attr in rules[0].methods else "attribute"
    code = "BN405" if all(_keeps_name(rule, node.attr) for rule in rules) else "BN402"
    instead, message, offer = _instead(module, node, rules, symbol)
    others = [v for v in values if all(v is not w for w, _ in wrong)]
    if others or any(treatment(rule, node.attr) != treatment(rules[0], node.attr) for rule in rules):
        names = module.described(values)
        message = f"{ast.unparse(node.value)} may be {names}: for {rules[0].target.name}, {message}"
        offer = offer_by_class(module, node, known, len(known) < len(values))
        instead = "BN205"
    return Draft(code, role, symbol, offer.place, message, suggestion=offer.edits, as_source=(instead,))


def _instead(module: Module, node: ast.Attribute, rules: list[Rule], symbol: str) -> tuple[str, str, Offer]:
    """What is wrong with an attribute: its code on the source's layer, in words, and what to write instead."""
    if node.attr not in rules[0].attributes and node.attr not in rules[0].methods:
        return "BN208", f"MindSpore's layer has no {node.attr}", Offer(node)
    draft = listed(module, node, rules, symbol)
    edits = draft.edits or draft.suggestion
    offer = Offer(draft.node, edits) if edits and isinstance(draft.node, (ast.expr, ast.stmt)) else Offer(node)
    method = rules[0].methods.get(node.attr)
    if method is not None and method.refuse:
        return draft.code, method.refuse.replace("{object}", ast.unparse(node.value)), offer
    attribute = rules[0].attributes.get(node.attr)
    written = attribute is not None and attribute.write and not isinstance(node.ctx, ast.Load)
    return draft.code, attribute.write if attribute is not None and written else draft.message, offer


def _is_wrong(module: Module, node: ast.Attribute, value: Value, rule: Rule) -> bool:
    """Whether an instance of the target class does not know the attribute as it is used."""
    if _keeps_name(rule, node.attr):
        written = not isinstance(node.ctx, ast.Load) and not _in_body(module, value, node.attr)
        statement = module.index.statement(node)
        return written and _has_no_effect(module, statement, ast.unparse(node.value), node.attr, rule)
    if _is_own(module, value, node.attr):
        return False
    method = rule.methods.get(node.attr)
    if method is not None and method.shared:
        return _passes_source(module, node, rule)
    return _is_foreign(rule, node.attr)


def _is_foreign(rule: Rule, name: str) -> bool:
    """Whether instances of the target class have nothing of that name, or something else."""
    method = rule.methods.get(name)
    if method is not None:
        return method.to != name and not method.shared
    return name in rule.lacks or (name in rule.attributes and rule.attributes[name].to != name)


def _why_foreign(rule: Rule, name: str, owner: str) -> str:
    """What the target has instead of a name, in words."""
    attribute, method = rule.attributes.get(name), rule.methods.get(name)
    refuse = attribute.refuse if attribute is not None else method.refuse if method is not None else ""
    if refuse:
        return refuse.replace("{object}", owner)
    new = attribute.to if attribute is not None else (method.to or method.call) if method is not None else ""
    return f"{name} is called {new} in MindSpore" if new else f"MindSpore's layer has no {name}"


def _keeps_name(rule: Rule, name: str) -> bool:
    return name in rule.attributes and rule.attributes[name].to == name


def _passes_source(module: Module, node: ast.Attribute, rule: Rule) -> bool:
    """Whether a method that both classes have is called with something of the source framework."""
    call = module.index.parent(node)
    package = rule.source.name.partition(".")[0]
    given = passed(call) if isinstance(call, ast.Call) and call.func is node else []
    made = (getattr(v, "of", v) for argument in given for v in module.file.evaluate(argument))
    return any(isinstance(of, Symbol) and of.name.partition(".")[0] == package for of in made)


def _has_no_effect(module: Module, statement: ast.stmt, owner: str, name: str, rule: Rule) -> bool:
    """Whether the layer does not see that an attribute is written: nothing behind the statement makes it see that."""
    if not rule.attributes[name].write:
        return False
    needed = {
        w.statement.partition(" = ")[0].replace("{object}", owner) for w in rule.write_backs if name in w.attributes
    }
    done = {ast.unparse(t) for s in _behind(module, statement) if isinstance(s, ast.Assign) for t in s.targets}
    return not needed or not needed <= done


def _behind(module: Module, statement: ast.stmt) -> Iterator[ast.stmt]:
    """The statements that run after one in its function, whatever the conditions around it are."""
    while isinstance(statement, ast.stmt) and not isinstance(statement, FUNCTIONS):
        block = module.index.block(statement)
        yield from block[block.index(statement) + 1 :]
        parent = module.index.parent(statement)
        if not isinstance(parent, ast.stmt):
            return
        statement = parent


def _class_of(value: Value) -> ast.ClassDef | None:
    of = value.of if isinstance(value, Instance) else None
    return of.node if isinstance(of, Local) and isinstance(of.node, ast.ClassDef) else None


def _is_own(module: Module, value: Value, name: str) -> bool:
    """Whether a subclass of the project gives the name a meaning of its own."""
    cls = _class_of(value)
    return cls is not None and module.file.classes.defines(cls, name)


def _in_body(module: Module, value: Value, name: str) -> bool:
    """Whether the body of a subclass defines the name, for instance as a property that can be written."""
    cls = _class_of(value)
    return cls is not None and bool(module.file.classes.members(cls, name))


def _looked_up(module: Module, look_up: Lookup) -> None:
    """``hasattr(m, "weight")`` and its like."""
    values = module.objects(look_up.owner)
    known = _known(module, values)
    if (
        look_up.function == "hasattr"
        and len(known) < len(values)
        and module.rules.source_package not in _packages(module)
    ):
        return  # it asks of all layers of a network which of them have one
    for value, rule in known:
        for name in look_up.names:
            _looked_up_name(module, look_up, name, value, rule)


def _looked_up_name(module: Module, look_up: Lookup, name: str, value: Value, rule: Rule) -> None:
    call, owner, symbol = look_up.call, ast.unparse(look_up.owner), f"{rule.target.name}.{name}"
    if _keeps_name(rule, name):
        written = look_up.function == "setattr" and not _in_body(module, value, name)
        if written and _has_no_effect(module, module.index.statement(call), owner, name, rule):
            message = rule.attributes[name].write
            module.add(Draft("BN405", "string", symbol, call, message, as_source=("BN211",)))
    elif _is_foreign(rule, name) and not _is_own(module, value, name):
        is_offered = look_up.name and (name in rule.attributes or name in rule.methods)
        message = _why_foreign(rule, name, owner)
        offer = offers.looked_up_member(module, call, name, rule) if is_offered else Offer(call)
        module.add(Draft("BN402", "string", symbol, offer.place, message, suggestion=offer.edits, as_source=("BN211",)))


def _pattern(module: Module, pattern: ast.MatchClass) -> None:
    """``case C(weight=w)`` of a target class, or of what one may derive from."""
    tested = [value.name for value in module.objects(pattern.cls) if isinstance(value, Symbol)]
    held = [str(fact[1]) for fact in module.file.project.queries.facts(pattern) if fact[0] == "I"]
    for target in dict.fromkeys((*tested, *held)):
        rule = module.rules.by_target.get(target)
        for name in pattern.kwd_attrs if rule is not None else ():
            if rule is not None and _is_foreign(rule, name):
                message = f"the pattern reads {name}, which MindSpore's layer does not have"
                module.add(Draft("BN402", "isinstance", f"{rule.target.name}.{name}", pattern, message))


def _overrides(module: Module, cls: ast.ClassDef) -> None:
    """Methods of a subclass that the target never calls, as they have the source's name."""
    classes = module.file.classes
    base = classes.target_base(cls)
    rule = module.rules.by_target[base.name] if base is not None else None
    for function in cls.body if rule is not None else ():
        method = rule.methods.get(function.name) if rule is not None and isinstance(function, ast.FunctionDef) else None
        if rule is None or method is None or not isinstance(function, ast.FunctionDef):
            continue
        if method.override and method.to not in ("", function.name) and not classes.defines(cls, method.to):
            place = name_of(module.source, function)
            edits = (ReplaceExpression(place, method.to),) if place is not None else ()
            message = f"MindSpore never calls {function.name}: the method is called {method.to} there"
            symbol = f"{rule.target.name}.{function.name}"
            module.add(Draft("BN402", "method", symbol, place or function, message, suggestion=edits))
