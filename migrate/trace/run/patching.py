"""Puts what records around the methods of the classes, so that nothing but time shows a difference."""

from __future__ import annotations

import builtins
import functools
import inspect
import math
import sys
from collections.abc import Callable, Mapping
from typing import Any

from .layers import Layers
from .places import FRAMEWORK, SOURCE
from .seen import DELETED, READ, TESTED, WRITTEN, Seen

Json = dict[str, Any]
CALLED = "_call_impl"
"""What torch's modules look up in themselves when they are called."""
PLAIN = (bool, int, float, str, type(None))


def opaque(recording: Callable[..., Any], original: Any) -> Any:
    """``recording`` as a callable in C that binds like a method.

    torch's compiler takes a Python function in the place of `__getattribute__` for code of the user's that it has to
    trace, and gives up; through this one it sees the original.
    """
    made = functools.lru_cache(maxsize=0)(recording)
    functools.update_wrapper(made, original)
    return made


def patch_root(root: type, watched: frozenset[str], seen: Seen, layers: Layers) -> None:
    """Record the reads, writes and deletions of ``watched`` names on the instances of ``root``."""
    kinds, getframe, note = seen.files.kinds, sys._getframe, seen.note
    reading: Any = root.__getattribute__
    writing: Any = root.__setattr__
    deleting: Any = root.__delattr__

    def __getattribute__(self: Any, name: str) -> Any:
        if name in watched:
            frame = getframe(1)
            if kinds.get(frame.f_code.co_filename) != FRAMEWORK:
                note(frame, READ, name, type(self))
            elif name == CALLED:
                layers.enter(self)
        return reading(self, name)

    def __setattr__(self: Any, name: str, value: Any) -> None:
        if name in watched:
            frame = getframe(1)
            if kinds.get(frame.f_code.co_filename) != FRAMEWORK:
                note(frame, WRITTEN, name, type(self))
        writing(self, name, value)

    def __delattr__(self: Any, name: str) -> None:
        if name in watched:
            frame = getframe(1)
            if kinds.get(frame.f_code.co_filename) != FRAMEWORK:
                note(frame, DELETED, name, type(self))
        deleting(self, name)

    for method, original in ((__getattribute__, reading), (__setattr__, writing), (__delattr__, deleting)):
        setattr(root, method.__name__, opaque(method, original))


def patch_class(cls: type, seen: Seen, own: set[Any]) -> None:
    """Record the constructions of ``cls`` and its heirs. ``own`` collects the code of the constructors themselves."""
    constructor = cls.__init__  # type: ignore[misc]
    signature = inspect.signature(constructor)
    own.add(getattr(constructor, "__code__", None))
    getframe = sys._getframe

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        constructor(self, *args, **kwargs)
        frame = getframe(1)
        if frame.f_code not in own:
            bound = signature.bind(self, *args, **kwargs)
            bound.apply_defaults()
            given = {"positions": len(args), "keywords": sorted(kwargs)}
            seen.note_made(frame, self, given, _plain(dict(list(bound.arguments.items())[1:])))

    made = opaque(__init__, constructor)
    made.__signature__ = signature
    cls.__init__ = made  # type: ignore[misc]


def patch_others(root: type, seen: Seen) -> None:
    """Record what else is made where layers are: the other modules of the framework."""
    constructor: Any = root.__init__  # type: ignore[misc]
    getframe = sys._getframe

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        constructor(self, *args, **kwargs)
        if seen.rule_of(type(self)) is None:
            seen.note_other(getframe(1), type(self))

    made = opaque(__init__, constructor)
    made.__signature__ = inspect.signature(constructor)
    root.__init__ = made  # type: ignore[misc]


def patch_copies(root: type, seen: Seen) -> None:
    """Record the instances of classes that come into being as copies, or out of a file."""
    restoring = getattr(root, "__setstate__", None)
    if restoring is None:
        return
    getframe = sys._getframe

    def __setstate__(self: Any, state: Any) -> None:
        restoring(self, state)
        spec = seen.rule_of(type(self))
        if spec is not None:
            seen.note_made(getframe(1), self, None, held(self, spec))

    root.__setstate__ = opaque(__setstate__, restoring)  # type: ignore[attr-defined]


def patch_tests(seen: Seen) -> None:
    """Record the tests for the classes; of a test for others nothing is kept."""
    kinds, kind_of, getframe, original = seen.files.kinds, seen.files.kind, sys._getframe, builtins.isinstance

    def isinstance(object: Any, classes: Any, /) -> bool:
        found = original(object, classes)
        frame = getframe(1)
        name = frame.f_code.co_filename
        if (kinds.get(name) or kind_of(name)) == SOURCE and seen.concerns(classes):
            seen.note(frame, TESTED, "", type(object))
        return found

    builtins.isinstance = opaque(isinstance, original)


def held(layer: Any, spec: Mapping[str, Any]) -> Json:
    """The parameters of the constructor that a layer keeps as attributes of the same names."""
    return _plain({name: layer.__dict__[name] for name in spec["parameters"] if name in layer.__dict__})


def _plain(values: Mapping[str, Any]) -> Json:
    """Values as JSON has them; others by their text."""
    return {name: value if _is_plain(value) else {"text": _text(value)} for name, value in values.items()}


def _is_plain(value: Any) -> bool:
    return type(value) in PLAIN and (type(value) is not float or math.isfinite(value))


def _text(value: Any) -> str:
    """The text of a value; its class where that raises, which is no affair of the program."""
    try:
        return repr(value)
    except Exception:
        return f"<{type(value).__name__}>"


def rule_classes(spec: Mapping[str, Any]) -> tuple[type, ...]:
    """The class of a rule, where the modules that are loaded have it by now."""
    for name in spec["names"]:
        module, _, attribute = name.rpartition(".")
        cls = getattr(sys.modules.get(module), attribute, None)
        if isinstance(cls, type):
            return (cls,)
    return ()
