"""Uses of instances of migrated classes: attributes, methods, writes; and names that look like theirs."""

from __future__ import annotations

import ast

from migrate.decide import offers, tensors
from migrate.decide.drafts import Draft, Module
from migrate.decide.methods import decide_method
from migrate.decide.offers import Offer
from migrate.decide.origins import Stays
from migrate.decide.overrides import decide_overridden
from migrate.decide.values import Instance, Local, Migrated, Symbol, Unknown, Value
from migrate.findings import Role
from migrate.rule import Rule
from migrate.syntax.scopes import Function

OF_TENSORS = frozenset({"bfloat16", "cpu", "cuda", "double", "float", "half", "to", "type"})
"""What tensors have as layers do: on what may also be something that the files do not show, it most often is theirs."""


def decide_instances(module: Module) -> None:
    """Every attribute of an object that is, or looks like, an instance of a migrated class."""
    for node in module.index.all(ast.Attribute):
        if node not in module.decided and may_be_ours(module, node):
            draft = decide_use(module, node, module.objects(node.value))
            if draft is not None:
                module.add(draft)


def may_be_ours(module: Module, node: ast.Attribute) -> bool:
    """Whether an attribute can concern a rule: a quick look before its object is followed."""
    if node.attr in module.rules.members:
        return not module.file.is_module_member(node)
    return not _is_own(module, node.value) and module.file.project.queries.may_be_layer(node.value)


def _is_own(module: Module, node: ast.expr) -> bool:
    """Whether an object is the one whose method uses it, where any name may be one of its own."""
    for binding in module.file.bindings(node) if isinstance(node, ast.Name) else ():
        function = binding.scope.node
        first = function.args.args[:1] if isinstance(function, Function) else []
        if first == [binding.node] and module.file.classes.owner(function) is not None:
            return True
    return False


def decide_use(module: Module, node: ast.Attribute, values: list[Value]) -> Draft | None:
    """What becomes of an attribute of an object that is one of ``values``; None where it is nothing of ours."""
    if node.attr.startswith("__") and node.attr.endswith("__"):
        return _made_again(module, node, values) if node.attr == "__init__" else None
    values = [v for v in values if not _lacks(module, v, node.attr)]
    bases = [(v, base) for v in values if (base := module.base_of(v)) is not None]
    if not bases:
        return _distinctive(module, node, values)
    known = [(v, base) for v, base in bases if not is_defined_here(module, v, node.attr)]
    overridden = decide_overridden(module, node, values) if len(known) < len(bases) else None
    if overridden is not None or not known:
        return overridden
    rule = known[0][1].rule
    symbol = f"{rule.source.name}.{node.attr}"
    others = [v for v in values if all(v is not k for k, _ in known)]
    spoken = spoken_for(module, bases, node.attr, isinstance(node.ctx, ast.Load))
    if others or any(treatment(b.rule, node.attr) != treatment(rule, node.attr) for _, b in known[1:]):
        return _in_doubt(module, node, values, known, symbol, len(known) == len(bases), spoken)
    origin = module.left_around(node.value) or spoken or why_left(module, [b for _, b in known], values)
    rules = [b.rule for _, b in known]
    known_name = node.attr in rule.attributes or node.attr in rule.methods
    draft = listed(module, node, rules, symbol) if known_name else _unlisted(node, rule, symbol)
    what = f"is {rule.source.name}"
    return draft if origin is None else _of_left(module, node, draft, origin, what, origin is spoken)


def _in_doubt(
    module: Module,
    node: ast.Attribute,
    values: list[Value],
    known: list[tuple[Value, Migrated]],
    symbol: str,
    all_known: bool,
    spoken: Stays | None,
) -> Draft | None:
    """What is said of an attribute of an object that may be one of several ``values``, which differ in it."""
    rule = known[0][1].rule
    role: Role = "method" if node.attr in rule.methods else "attribute"
    if node.attr not in module.rules.members:
        return None
    if _keeps_meaning(node, [b.rule for _, b in known]):
        return Draft("BN303", role, symbol, node, _same_meaning(rule, node.attr))
    is_one = f"{ast.unparse(node.value)} may be {module.described(values)}"
    others = any(all(v is not k for k, _ in known) for v in values)
    # Its own heir is an instance of the class, too: a test for the class does not tell them apart.
    offer = offer_by_class(module, node, [(v, b.rule) for v, b in known], others) if all_known else Offer(node)
    if spoken is not None:
        return module.stays(spoken, role, symbol, is_one, offer.place, offer.edits, spoken=True)
    if node.attr in OF_TENSORS and any(isinstance(v, Unknown) for v in values):
        told = _advised([b.rule for _, b in known], node)
        return Draft("BN304", role, symbol, node, f"{is_one}, and tensors have {node.attr}, too: {told}")
    advice = f"split the branch by class; {_advised([b.rule for _, b in known], node)}"
    message = f"{is_one}, which do not share the name: {advice}"
    return Draft("BN205", role, symbol, offer.place, message, suggestion=offer.edits)


def _made_again(module: Module, node: ast.Attribute, values: list[Value]) -> Draft | None:
    """A constructor that is called on an object which is there already."""
    bases = [base for v in values if isinstance(v, Instance) and (base := module.base_of(v)) is not None]
    if not bases or not isinstance(module.index.parent(node), ast.Call) or ast.unparse(node.value).startswith("super("):
        return None
    rule = bases[0].rule
    message = f"the layer is made again with torch's arguments: make a new {rule.target.name} in its place"
    return Draft("BN208", "method", f"{rule.source.name}.__init__", node, message)


def _lacks(module: Module, value: Value, attr: str) -> bool:
    """Whether a value is of a class of a library that has no such attribute, so that it cannot be here."""
    of = value.of if isinstance(value, Instance) else None
    rules = module.rules
    return isinstance(of, Symbol) and of.name in rules.without and (attr in rules.telling or attr in rules.tested)


def _of_left(
    module: Module, node: ast.Attribute, draft: Draft, origin: Stays, what: str, spoken: bool = False
) -> Draft:
    """What is said of a use whose object stays; ``draft`` is what becomes of it once the object is the target's."""
    edits = (draft.edits or draft.suggestion) if isinstance(draft.node, (ast.expr, ast.stmt)) else ()
    place, edits = (draft.node, edits) if edits and not origin.asked else (node, ())
    told = f"{ast.unparse(node.value)} {what}"
    needed = module.stays(origin, draft.role, draft.symbol, told, place, edits)
    if draft.kind == "note" and needed.kind == "review":
        return draft
    return module.stays(origin, draft.role, draft.symbol, told, place, edits, spoken)


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


def treatment(rule: Rule, attr: str) -> object:
    """What a rule says about an attribute or method; two rules that say the same agree."""
    return rule.attributes.get(attr) or rule.methods.get(attr)


def new_name(rule: Rule, attr: str) -> str:
    """What an attribute or method is called in the target; empty where it has nothing of the kind."""
    attribute, method = rule.attributes.get(attr), rule.methods.get(attr)
    if attribute is not None:
        return attribute.to
    return (method.call or method.to) if method is not None else attr


def why_none(rule: Rule, attr: str, owner: str) -> str:
    """Why the target has no counterpart of an attribute or method, and what to do."""
    attribute, method = rule.attributes.get(attr), rule.methods.get(attr)
    refuse = attribute.refuse if attribute is not None else method.refuse if method is not None else ""
    return refuse.replace("{object}", owner)


def _advised(rules: list[Rule], node: ast.Attribute) -> str:
    """What to write for instances of each class: the new name, or why that alone does not do."""
    told: dict[str, list[str]] = {}
    for rule in sorted({r.name: r for r in rules}.values(), key=lambda r: r.name):
        attribute = rule.attributes.get(node.attr)
        lost = attribute.write if attribute is not None and not isinstance(node.ctx, ast.Load) else ""
        none = lost or (not new_name(rule, node.attr) and why_none(rule, node.attr, ast.unparse(node.value)))
        told.setdefault(f": {none}" if none else f", write {new_name(rule, node.attr)}", []).append(rule.name)
    return "; ".join(f"for {', '.join(names)}{text}" for text, names in told.items())


def is_defined_here(module: Module, value: Value, attr: str) -> bool:
    """Whether a subclass in this file gives the attribute a meaning of its own."""
    local = value.of if isinstance(value, Instance) else None
    return (
        isinstance(local, Local)
        and isinstance(local.node, ast.ClassDef)
        and module.file.classes.defines(local.node, attr)
    )


def why_left(module: Module, bases: list[Migrated], values: list[Value]) -> Stays | None:
    """Why the constructor or subclass of one of the instances stays; None where all were migrated."""
    subclasses = [v.of.node for v in values if isinstance(v, Instance) and isinstance(v.of, Local)]
    return module.first_left([*subclasses, *(b.reference for b in bases)])


def spoken_for(module: Module, layers: list[tuple[Value, Migrated]], name: str, reads: bool) -> Stays | None:
    """What stays with a review that is about a use, too, of an object that may be any of ``layers``.

    A use that nothing would tell of once the class is the target's needs a review of its own.
    """
    if not all(_shows_on_target(base.rule, name, reads) for _, base in layers):
        return None
    return module.spoken_for(why_left(module, [base], [value]) for value, base in layers)


def _shows_on_target(rule: Rule, name: str, reads: bool) -> bool:
    """Whether the use of a name on an instance of the target's class is a review."""
    attribute, method = rule.attributes.get(name), rule.methods.get(name)
    if attribute is not None:
        return attribute.to != name or (not reads and bool(attribute.write))
    return name in rule.lacks or (method is not None and method.to != name and not method.shared)


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
        if module.file.classes.has_rule(value.of.node):
            return False
        bases = [v for b in value.of.node.bases for v in module.file.evaluate(b)]
        packages = (*module.rules.packages, "builtins")
        return not all(isinstance(b, Symbol) and b.name.partition(".")[0] in packages for b in bases)
    return False


def _unlisted(node: ast.Attribute, rule: Rule, symbol: str) -> Draft:
    message = f"the rule for {rule.source.name} does not know {node.attr}: check what MindSpore's cell offers"
    return Draft("BN208", "attribute", symbol, node, message)
