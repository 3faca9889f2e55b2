"""Makes a class of MindSpore's from the body of a class that was derived from a bridge."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any


def subclass(name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
    """The class ``name`` of ``bases`` with ``body``, in which ``super()`` means this class.

    The compiler has tied ``super()`` in the body to the class that the class statement gives, which is the bridge.
    """
    cell = types.CellType()

    def tied(value: Any) -> Any:
        if isinstance(value, types.FunctionType):
            return _tied(value, cell)
        if isinstance(value, (staticmethod, classmethod)):
            return type(value)(tied(value.__func__))
        if isinstance(value, property):
            return property(tied(value.fget), tied(value.fset), tied(value.fdel))
        return value

    own = {key: tied(value) for key, value in body.items() if key != "__classcell__"}
    cls: type = type(bases[0])(name, bases, own)
    cell.cell_contents = cls
    return cls


def _tied(function: types.FunctionType, cell: types.CellType) -> Callable[..., Any]:
    """The function with ``cell`` for the class that it stands in."""
    if "__class__" not in function.__code__.co_freevars:
        return function
    pairs = zip(function.__code__.co_freevars, function.__closure__ or ())
    closure = tuple(cell if name == "__class__" else old for name, old in pairs)
    made = types.FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, closure
    )
    made.__kwdefaults__ = function.__kwdefaults__
    made.__dict__.update(function.__dict__)
    made.__qualname__, made.__doc__ = function.__qualname__, function.__doc__
    return made
