"""What torch compiles: the recorder keeps out of its way, and says where it cannot see."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Iterator
from typing import Any

COMPILER = "torch._dynamo.eval_frame"


def hide() -> None:
    """Keep torch's compiler from tracing the recorder's own functions, which run inside of what it compiles."""
    skip = getattr(sys.modules.get(COMPILER), "skip_code", None)
    if skip is not None:
        for name, module in list(sys.modules.items()):
            if name.startswith(f"{__package__}."):
                for value in list(vars(module).values()):
                    for code in _codes(value):
                        skip(code)


def _codes(value: Any) -> Iterator[types.CodeType]:
    """The code of a function or of the methods of a class, with that of the functions inside."""
    if isinstance(value, type) and value.__module__.startswith(__package__ or ""):
        for member in vars(value).values():
            if not isinstance(member, type):
                yield from _codes(member)
    elif isinstance(value, types.FunctionType):
        yield from _codes(value.__code__)
    elif isinstance(value, types.CodeType):
        yield value
        for constant in value.co_consts:
            yield from _codes(constant)


def follow() -> None:
    """Keep what torch's compiler takes into the functions that it compiles: it forgets that when it has done so."""
    context: Any = getattr(sys.modules.get("torch._guards"), "TracingContext", None)
    if context is None or context in _followed:
        return
    _followed.append(context)
    constructor = context.__init__

    @functools.wraps(constructor)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        constructor(self, *args, **kwargs)
        _taken_in.append(getattr(self, "traced_code", []))

    context.__init__ = __init__


_followed: list[type] = []
"""The classes of the compiler's that tell what they take in."""
_taken_in: list[list[types.CodeType]] = []
"""For each compilation the code that went into it, which the compiler adds to."""


def compiled() -> list[tuple[str, int, str]]:
    """File, line and name of the functions that torch has compiled or scripted: their uses are not all seen."""
    tracker = getattr(sys.modules.get("torch._dynamo.convert_frame"), "input_codes", None)
    codes = [*(ref() for ref in getattr(tracker, "seen", ())), *(code for taken in _taken_in for code in taken)]
    found = [(code.co_filename, code.co_firstlineno, code.co_name) for code in codes if code is not None]
    store = getattr(sys.modules.get("torch.jit._recursive"), "concrete_type_store", None)
    for cls in getattr(store, "type_store", ()):
        code = getattr(getattr(cls, "forward", None), "__code__", None)
        if code is not None:
            found.append((code.co_filename, code.co_firstlineno, f"{cls.__qualname__}.forward"))
    return found
