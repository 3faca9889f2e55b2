"""The tensors that a rename makes the target's, and those among them that the code around cannot use as such."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrate.decide import offers
from migrate.decide.drafts import Draft, Module, Use
from migrate.decide.offers import Offer
from migrate.decide.source_tensors import stays
from migrate.decide.tensor_flow import Flow
from migrate.decide.tensor_uses import first_use
from migrate.rule import AttributeTreatment

ROUNDS = 6


def find_uses(module: Module) -> None:
    """Fill ``module.uses``; a tensor that leaves takes with it those that it is combined with."""
    module.uses = dict.fromkeys(_tensors(module))
    for _ in range(ROUNDS):
        flow = Flow(module)
        found = {node: use or first_use(flow, node) for node, use in module.uses.items()}
        if found == module.uses:
            break
        module.uses.update(found)


def _tensors(module: Module) -> Iterator[ast.Attribute]:
    """The reads of a tensor of an object that may be, or become, the target's."""
    for node in module.index.all(ast.Attribute):
        if node.attr not in module.rules.tensors or not isinstance(node.ctx, ast.Load) or in_subclass(module, node):
            continue
        values = module.objects(node.value)
        ours = any(module.base_of(v) is not None or module.target_rule(v) is not None for v in values)
        if ours and not stays(module, values):
            yield node


def in_subclass(module: Module, node: ast.AST) -> bool:
    """Whether ``node`` stands in a class that becomes one of the target's, where all tensors are its."""
    classes = module.file.classes
    around = (a for a in module.index.ancestors(node) if isinstance(a, ast.ClassDef))
    return any(classes.migrated_base(cls) is not None for cls in around)


def decide_leaving(module: Module, node: ast.Attribute, treatment: AttributeTreatment, symbol: str) -> Draft | None:
    """The review of a tensor that the code around cannot use under its new name; None where it can."""
    use = module.uses.get(node)
    if use is None:
        return None
    code = "BN214" if use.why == "changed" else "BN218"
    offer = _offer(module, node, use, treatment)
    message = reason(module, use, f"{ast.unparse(node.value)}.{treatment.to}", bool(offer.edits))
    return Draft(code, "attribute", symbol, offer.place, message, suggestion=offer.edits)


def reason(module: Module, use: Use, tensor: str, offered: bool) -> str:
    """Why ``tensor`` cannot be used so, and what to write; ``offered``: the review brings that along."""
    table = module.rules.tensor
    reasons: list[str] = [getattr(table, use.why)]
    if use.leaves:
        reasons.append(table.advice if offered else table.otherwise)
    if use.why == "changed":
        reasons.append(table.whole if use.has_offer else table.anew)
    return ": ".join(filter(None, reasons)).replace("{use}", use.what).replace("{tensor}", tensor)


def _offer(module: Module, node: ast.Attribute, use: Use, treatment: AttributeTreatment) -> Offer:
    outward = module.rules.tensor.outward
    if use.why == "changed":
        return offers.part_changed(module, node, treatment)
    if not use.leaves or not use.has_offer or not outward:
        return Offer(node)
    return offers.written(node, outward.replace("{tensor}", f"{{object}}.{treatment.to}"), {"object": node.value})
