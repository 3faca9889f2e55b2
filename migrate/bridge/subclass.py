"""Makes a class of MindSpore's from the body of a class that was derived from a bridge."""

from __future__ import annotations

import builtins
import sys
import types
from collections.abc import Callable
from typing import Any

SUPER = "_super_of_bridges"


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
    """The function with ``cell`` for the class that it stands in, and a ``super`` that understands bridges."""
    code = function.__code__
    if "__class__" not in code.co_freevars:
        return function
    function.__globals__.setdefault(SUPER, super_of_bridges)
    code = code.replace(co_names=tuple(SUPER if name == "super" else name for name in code.co_names))
    pairs = zip(code.co_freevars, function.__closure__ or ())
    closure = tuple(cell if name == "__class__" else old for name, old in pairs)
    made = types.FunctionType(code, function.__globals__, function.__name__, function.__defaults__, closure)
    made.__kwdefaults__ = function.__kwdefaults__
    made.__dict__.update(function.__dict__)
    made.__qualname__, made.__doc__ = function.__qualname__, function.__doc__
    return made


def super_of_bridges(*args: Any) -> Any:
    """``super()``, and ``super(Bridge, self)`` where ``self`` is the cell: there it means the class of the cell."""
    if args:
        first = args[0]
        return builtins.super(getattr(first, "cell_class", first), *args[1:])
    frame = sys._getframe(1)
    return builtins.super(frame.f_locals["__class__"], frame.f_locals[frame.f_code.co_varnames[0]])
