"""What is known of the constructor's arguments behind an instance."""

from __future__ import annotations

import ast

from migrate.decide.binding import Bound, bind
from migrate.decide.drafts import Module
from migrate.decide.values import Constant, Instance, Migrated, Value


def argument_of(module: Module, owner: ast.expr, parameter: str) -> object:
    """The one value of a constructor's argument, if every object that ``owner`` may be was made where the files show
    it; None where they do not."""
    found = {_argument(module, value, parameter) for value in module.objects(owner)}
    return found.pop() if len(found) == 1 else None


def _argument(module: Module, value: Value, parameter: str) -> object:
    made = value.of if isinstance(value, Instance) else None
    if not isinstance(made, Migrated) or made.reference is None:
        return None
    home = module.file.home(made.reference)
    call = home.index.parent(made.reference)
    described = made.rule.parameter(parameter)
    if not isinstance(call, ast.Call) or call.func is not made.reference or described is None:
        return None
    bound = bind(home, call, made.rule)
    if not isinstance(bound, Bound):
        return None
    values = next((a.values for a in bound.arguments if a.parameter == parameter), None)
    if values is None:
        return described.default
    known = {v.value for v in values if isinstance(v, Constant)}
    return known.pop() if len(known) == len(values) == 1 else None
