"""When to begin: once a module that holds a class is loaded. When to write: wherever a process may end."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from .compiled import COMPILER, follow, hide
from .layers import Layers
from .patching import held, patch_class, patch_copies, patch_others, patch_root, patch_tests, rule_classes
from .seen import Seen

EXECUTIONS = ("execv", "execve")
"""Functions of ``os`` behind which another program has this process."""
ENDING = (signal.SIGINT, signal.SIGTERM)
"""Signals by which a process is told to end."""


class Loaded:
    """Calls ``then`` whenever one of ``modules`` has been imported: a finder that others stand behind."""

    def __init__(self, modules: Collection[str], then: Callable[[], None]) -> None:
        self._modules, self._then = modules, then

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """The spec that others find, whose loader tells once the module is there."""
        if name not in self._modules:
            return None
        finders = [f for f in sys.meta_path if f is not self and hasattr(f, "find_spec")]
        spec: Any = next((s for f in finders if (s := f.find_spec(name, path, target)) is not None), None)
        if spec is not None and hasattr(spec.loader, "exec_module"):
            loader, execute = spec.loader, spec.loader.exec_module

            def exec_module(module: Any) -> None:
                loader.__dict__.pop("exec_module", None)
                execute(module)
                self._then()

            loader.exec_module = exec_module
        return spec


class Watch:
    """Patches the classes as they come; ``seen`` and ``layers`` get what happens to them."""

    def __init__(self, classes: Sequence[Mapping[str, Any]], watched: Sequence[str], seen: Seen) -> None:
        self._specs = classes
        self._watched = frozenset((*watched, "_call_impl"))
        self._seen = seen
        self._own: set[Any] = set()
        self.layers = Layers(self._describe)
        self._modules = {COMPILER, *(name.rpartition(".")[0] for spec in classes for name in spec["names"])}

    def start(self) -> None:
        """Patch what is loaded, and have all else patched when it is: nothing is imported for it."""
        self._patch()
        sys.meta_path.insert(0, Loaded(self._modules, self._patch))

    def _patch(self) -> None:
        hide()
        follow()
        for spec in self._specs:
            for cls in rule_classes(spec):
                if cls not in self._seen.classes:
                    self._seen.add(cls, spec)
                    self._patch_root(cls)
                    patch_class(cls, self._seen, self._own)

    def _patch_root(self, cls: type) -> None:
        """Patch the base that all modules of the framework have in common, where that is still to be done."""
        root = cls.__mro__[-2]
        if root in self._seen.roots:
            return
        file = sys.modules[root.__module__.partition(".")[0]].__file__
        self._seen.files.add_framework(os.path.dirname(file or root.__module__))
        if not self._seen.roots:
            patch_tests(self._seen)
        self._seen.roots += (root,)
        patch_root(root, self._watched, self._seen, self.layers)
        patch_others(root, self._seen)
        patch_copies(root, self._seen)

    def _describe(self, network: str, path: str, module: Any) -> Any:
        spec = self._seen.rule_of(type(module))
        return None if spec is None else {"class": spec["name"], "arguments": held(module, spec)}


def at_every_end(save: Callable[[], None], forget: Callable[[], None]) -> None:
    """Call ``save`` where the process ends, however it does, and ``forget`` in every process that it forks."""
    last = undisturbed(save)
    atexit.register(last)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=forget)
    setattr(os, "_exit", _behind(last, os._exit))  # noqa: B010 - its type says that it does not return
    for name in EXECUTIONS:
        setattr(os, name, _behind(save, getattr(os, name)))


def undisturbed(save: Callable[[], None]) -> Callable[[], None]:
    """``save``, with which a process ends, and which nobody cuts short who tells the process to end.

    After Ctrl-C the workers of a DataLoader end by themselves, and their parent sends them SIGTERM all the same: one
    that was just writing lost what it saw.
    """

    def last() -> None:
        before = {}
        with contextlib.suppress(ValueError):  # only the main thread may say what becomes of signals
            for number in ENDING:
                before[number] = signal.signal(number, signal.SIG_IGN)
        try:
            save()
        finally:
            for number, handler in before.items():
                # None stands for a handler in C, which Python cannot put back.
                signal.signal(number, signal.SIG_DFL if handler is None else handler)

    return last


def _behind(save: Callable[[], None], ending: Callable[..., Any]) -> Callable[..., Any]:
    def end(*args: Any) -> Any:
        save()
        return ending(*args)

    end.__name__ = ending.__name__
    return end
