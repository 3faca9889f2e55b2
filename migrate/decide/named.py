"""Members of layers that calls name by a value without being a plain ``getattr``: ``attrgetter``, ``map``."""

from __future__ import annotations

import ast

from migrate.decide.drafts import Draft, Module
from migrate.decide.lookups import becomes, lookups
from migrate.flow.queries import NamedMember


def decide_named(module: Module) -> None:
    """A review of each call by which a member of a migrated layer is had, or set, under a name that it gets."""
    direct = {look_up.call for look_up in lookups(module)}
    for named in module.file.project.queries.named(module.file.path):
        is_vague = named.is_open and named.function == "setattr"  # what add_module does, too
        if named.call not in direct and named.layer in module.rules.by_name and not is_vague:
            _decide(module, named)


def _decide(module: Module, named: NamedMember) -> None:
    rule = module.rules.by_name[named.layer]
    names = sorted({*rule.attributes, *rule.methods}) if named.is_open else named.names
    told = [text for name in names if (text := becomes(rule, name, named.function, "the layer"))]
    origin = module.first_left([node for node in named.origins if node is not None])
    if not told:
        return
    what = f"{ast.unparse(named.call)}: {named.function} by name, on {rule.source.name}"
    if origin is not None:
        module.add(module.stays(origin, "string", rule.source.name, what, named.call))
    else:
        module.add(Draft("BN211", "string", rule.source.name, named.call, f"{what}: {'; '.join(told)}"))
