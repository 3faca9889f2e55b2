"""Uses of instances of migrated classes: attributes, methods, writes; and names that look like theirs."""

from __future__ import annotations

import ast

from migrate.analysis import offers, tensors
from migrate.analysis.drafts import Draft, Module
from migrate.analysis.methods import decide_method
from migrate.analysis.offers import Offer
from migrate.analysis.overrides import decide_overridden
from migrate.analysis.values import Instance, Local, Migrated, Symbol, Unknown, Value
from migrate.findings import Role
from migrate.rule import Rule

LOOKUPS = ("getattr", "setattr", "hasattr", "delattr")


def decide_instances(module: Module) -> None:
    """Every attribute of an object that is, or looks like, an instance of a migrated class."""
    for node in module.index.all(ast.Attribute):
        if node not in module.decided and may_be_ours(module, node):
            draft = decide_use(module, node, module.without_none(node.value))
            if draft is not None:
                module.add(draft)
    for call in module.index.all(ast.Call):
        if isinstance(call.func, ast.Name) and call.func.id in LOOKUPS and len(call.args) >= 2:
            _lookup(module, call)


def may_be_ours(module: Module, node: ast.Attribute) -> bool:
    """Whether an attribute can concern a rule: a quick look before its object is followed."""
    return not module.evaluator.is_module_member(node) and not _is_plain_parameter(module, node)


def decide_use(module: Module, node: ast.Attribute, values: list[Value]) -> Draft | None:
    """What becomes of an attribute of an object that is one of ``values``; None where it is nothing of ours."""
    if node.attr.startswith("__") and node.attr.endswith("__"):
        return None
    bases = [(v, base) for v in values if (base := module.base_of(v)) is not None]
    if not bases:
        return _distinctive(module, node, values)
    known = [(v, base) for v, base in bases if not _defined_here(module, v, node.attr)]
    overridden = decide_overridden(module, node, values) if len(known) < len(bases) else None
    if overridden is not None or not known:
        return overridden
    rule = known[0][1].rule
    symbol = f"{rule.source.name}.{node.attr}"
    role: Role = "method" if node.attr in rule.methods else "attribute"
    others = [v for v in values if all(v is not k for k, _ in known)]
    if others or any(treatment(b.rule, node.attr) != treatment(rule, node.attr) for _, b in known[1:]):
        if node.attr not in module.rules.members:
            return None
        if _keeps_meaning(node, [b.rule for _, b in known]):
            return Draft("BN303", role, symbol, node, _same_meaning(rule, node.attr))
        names = ", ".join(sorted({module.describe(v) for v in values}))
        advice = f"split the branch by class; for batch norm, write {new_name(rule, node.attr)}"
        message = f"{ast.unparse(node.value)} may be {names}, which do not share the name: {advice}"
        # Its own heir is an instance of the class, too: a test for the class does not tell them apart.
        offer = (
            offer_by_class(module, node, [(v, b.rule) for v, b in known], bool(others))
            if len(known) == len(bases)
            else Offer(node)
        )
        return Draft("BN205", role, symbol, offer.place, message, suggestion=offer.edits)
    origin = module.left_around(node.value) or _left(module, [b for _, b in known], values)
    rules = [b.rule for _, b in known]
    if origin:
        message = f"{ast.unparse(node.value)} is {rule.source.name}, {origin}: migrate both together"
        code = "BN306" if "comment" in origin else "BN213"
        offer = _offer_for_left(module, node, rules, symbol) if code == "BN213" else Offer(node)
        return Draft(code, role, symbol, offer.place, message, suggestion=offer.edits)
    known_name = node.attr in rule.attributes or node.attr in rule.methods
    return listed(module, node, rules, symbol) if known_name else _unlisted(node, rule, symbol)


def listed(module: Module, node: ast.Attribute, rules: list[Rule], symbol: str) -> Draft:
    """What becomes of an attribute or method that the rules of all the object's classes treat alike."""
    if node.attr in rules[0].attributes:
        return tensors.decide_attribute(module, node, rules, symbol)
    return decide_method(module, node, rules[0], symbol)


def offer_by_class(module: Module, node: ast.Attribute, known: list[tuple[Value, Rule]], others: bool) -> Offer:
    """Each class's own text for one use, chosen by the class of the object, which may be of ``others`` as well."""
    rules = {rule.name: rule for _, rule in known}.values()
    if any(node.attr not in rule.attributes and node.attr not in rule.methods for rule in rules):
        return Offer(node)
    return offers.by_class(module, node, [(rule, listed(module, node, [rule], "")) for rule in rules], others)


def _offer_for_left(module: Module, node: ast.Attribute, rules: list[Rule], symbol: str) -> Offer:
    """What the use becomes once its object is MindSpore's."""
    if node.attr not in rules[0].attributes and node.attr not in rules[0].methods:
        return Offer(node)
    draft = listed(module, node, rules, symbol)
    edits = draft.edits or draft.suggestion
    return Offer(draft.node, edits) if edits and isinstance(draft.node, (ast.expr, ast.stmt)) else Offer(node)


def _keeps_meaning(node: ast.Attribute, rules: list[Rule]) -> bool:
    """Whether reading the attribute is the same in both frameworks, so that it does not matter what the object is."""
    if all(node.attr in rule.methods for rule in rules):
        return all(rule.methods[node.attr].to == node.attr for rule in rules)
    treatments = [rule.attributes.get(node.attr) for rule in rules]
    return isinstance(node.ctx, ast.Load) and all(
        t is not None and t.to == node.attr and not t.tensor and not t.refuse for t in treatments
    )


def _same_meaning(rule: Rule, attr: str) -> str:
    """What a note says about an attribute or method that stays."""
    attribute = rule.attributes.get(attr)
    return (attribute.read if attribute is not None else "") or f"{attr} has the same name in MindSpore"


def _is_plain_parameter(module: Module, node: ast.Attribute) -> bool:
    """``x.shape`` of a parameter that nothing describes, and a name that no rule is about: the common case."""
    if node.attr in module.rules.members or not isinstance(node.value, ast.Name):
        return False
    bindings = module.evaluator.bindings(node.value)
    plain = all(b.kind == "parameter" and b.annotation is None and b.value is None for b in bindings)
    return plain and not any(module.evaluator.narrowing.holding(node.value))


def treatment(rule: Rule, attr: str) -> object:
    """What a rule says about an attribute or method; two rules that say the same agree."""
    return rule.attributes.get(attr) or rule.methods.get(attr)


def new_name(rule: Rule, attr: str) -> str:
    """What an attribute or method is called in the target, or why there is none."""
    attribute, method = rule.attributes.get(attr), rule.methods.get(attr)
    if attribute is not None:
        return attribute.to or attribute.refuse
    return (method.call or method.to or method.refuse) if method is not None else attr


def _defined_here(module: Module, value: Value, attr: str) -> bool:
    """Whether a subclass in this file gives the attribute a meaning of its own."""
    local = value.of if isinstance(value, Instance) else None
    return (
        isinstance(local, Local)
        and isinstance(local.node, ast.ClassDef)
        and module.evaluator.classes.defines(local.node, attr)
    )


def _left(module: Module, bases: list[Migrated], values: list[Value]) -> str:
    """Where the constructor or subclass of one of the instances was left; empty where all were migrated."""
    nodes: list[ast.AST | None] = [b.reference for b in bases]
    nodes += [v.of.node for v in values if isinstance(v, Instance) and isinstance(v.of, Local)]
    return next((why for n in nodes if (why := module.why_left(n))), "")


def _distinctive(module: Module, node: ast.Attribute, values: list[Value]) -> Draft | None:
    """``x.running_mean`` of an unknown ``x``: a note with the new name."""
    if node.attr not in module.rules.distinctive or not all(_may_be_anything(module, v) for v in values):
        return None
    new = module.rules.distinctive[node.attr]
    becomes = f"its name in MindSpore is {new}" if new else "MindSpore has no counterpart"
    message = f"if {ast.unparse(node.value)} is a batch norm, {becomes}"
    return Draft("BN304", "attribute", node.attr, node, message)


def _may_be_anything(module: Module, value: Value) -> bool:
    """Unknown values, and instances of classes of this file whose bases it does not show."""
    if not isinstance(value, Instance):
        return isinstance(value, Unknown)
    if isinstance(value.of, Local) and isinstance(value.of.node, ast.ClassDef):
        if module.evaluator.classes.has_rule(value.of.node):
            return False
        bases = [v for b in value.of.node.bases for v in module.evaluator.evaluate(b)]
        packages = (*module.rules.packages, "builtins")
        return not all(isinstance(b, Symbol) and b.name.partition(".")[0] in packages for b in bases)
    return False


def _unlisted(node: ast.Attribute, rule: Rule, symbol: str) -> Draft:
    message = f"the rule for {rule.source.name} does not know {node.attr}: check what MindSpore's cell offers"
    return Draft("BN208", "attribute", symbol, node, message)


def _lookup(module: Module, call: ast.Call) -> None:
    """``getattr(m, "weight")`` and its like on a known instance, or for a known class of a module."""
    name = call.args[1]
    assert isinstance(call.func, ast.Name)
    values = module.without_none(call.args[0])
    if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
        packages = {n.rpartition(".")[0] for n in module.rules.by_name}
        if any(isinstance(v, Symbol) and v.name in packages for v in values):
            message = f"{ast.unparse(call)} may look up batch norm: torch's class would come back"
            module.add(Draft("BN304", "other", ast.unparse(call.args[0]), call, message))
        return
    for value in values:
        rule = module.rules.by_name.get(f"{value.name}.{name.value}") if isinstance(value, Symbol) else None
        if rule is not None:
            advice = f"write {rule.target.name}, or getattr on its module"
            message = f"the class is looked up by name: {advice}"
            edits = offers.looked_up_class(call, rule).edits
            module.add(Draft("BN211", "string", rule.source.name, call, message, suggestion=edits))
        base = module.base_of(value)
        if base is not None and name.value in module.rules.members and not _defined_here(module, value, name.value):
            symbol = f"{base.rule.source.name}.{name.value}"
            message = f"{call.func.id} by name: in MindSpore it is {new_name(base.rule, name.value)}"
            offer = offers.looked_up_member(module, call, name, base.rule)
            module.add(Draft("BN211", "string", symbol, offer.place, message, suggestion=offer.edits))
    if call.func.id == "delattr" and not isinstance(call.args[0], ast.Constant):
        _deleted(module, call, name.value)


def _deleted(module: Module, call: ast.Call, name: str) -> None:
    for value in module.without_none(call.args[0]):
        if isinstance(value, Instance) and isinstance(value.of, Local) and isinstance(value.of.node, ast.ClassDef):
            held = module.evaluator.classes.attribute(value.of.node, name)
            base = next((b for v in sorted(held, key=repr) if (b := module.base_of(v)) is not None), None)
            if base is not None:
                message = f"{name} holds a {base.rule.source.name}: deleting it works the same on a MindSpore cell"
                module.add(Draft("BN303", "other", base.rule.source.name, call, message))
