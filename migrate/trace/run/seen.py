"""Counts what is seen, by the instruction that did it; what has to be quick is here, all else waits for the end."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from .places import FRAMEWORK, Files

Json = dict[str, Any]
Key = tuple[int, int, str, str, type, str]
MADE, READ, WRITTEN, DELETED, TESTED = "made", "read", "written", "deleted", "tested"
MOST_ARGUMENTS = 20
"""Different sets of arguments that are kept of one place."""


class Seen:
    """What was seen in this process.

    ``counts`` has for each instruction (id of the code, offset), use, name, class of the object, and file of a library
    that it goes through: a counter, whose next number is how often. Its methods are atomic under the lock of the
    interpreter, so threads need no lock of their own.
    """

    def __init__(self, files: Files) -> None:
        self.files = files
        self.classes: dict[type, Mapping[str, Any]] = {}
        self.roots: tuple[type, ...] = ()
        self._concerning: dict[Any, bool] = {}
        self.forget()

    def add(self, cls: type, spec: Mapping[str, Any]) -> None:
        """Take a class of a rule."""
        self.classes[cls] = spec
        self._concerning.clear()

    def forget(self) -> None:
        """Begin anew: what was seen so far is kept elsewhere, or belongs to the process that this one was made of."""
        self.counts: dict[Key, Any] = defaultdict(itertools.count)
        self.codes: dict[int, Any] = {}
        self.arguments: dict[tuple[int, int], list[list[Any]]] = {}

    def note(self, frame: Any, use: str, name: str, cls: type) -> None:
        """Count a use by the nearest frame in the sources; what the framework does itself is its own affair."""
        kind = self.files.maker(frame)
        if kind == FRAMEWORK:
            return
        at, through = self.files.nearest(frame)
        if at is not None:
            code = at.f_code
            self.codes[id(code)] = code
            next(self.counts[(id(code), at.f_lasti, use, name, cls, through)])

    def note_made(self, frame: Any, layer: Any, given: Json | None, effective: Json) -> None:
        """Count a construction: how the arguments were ``given``, None for a copy, and what they came to."""
        at, through = self.files.nearest(frame)
        if at is None:
            return
        code = at.f_code
        self.codes[id(code)] = code
        next(self.counts[(id(code), at.f_lasti, MADE, "" if given is not None else "copy", type(layer), through)])
        kept = self.arguments.setdefault((id(code), at.f_lasti), [])
        found = next((entry for entry in kept if entry[0] == given and entry[1] == effective), None)
        if found is not None:
            found[2] += 1
        elif len(kept) < MOST_ARGUMENTS:
            kept.append([given, effective, 1])

    def note_other(self, frame: Any, made: type) -> None:
        """Count the construction of something else where the sources may have made a layer."""
        while frame is not None and self.files.kind(frame.f_code.co_filename) == FRAMEWORK:
            frame = frame.f_back
        if frame is not None:
            self.note(frame, MADE, "", made)

    def rule_of(self, cls: type) -> Mapping[str, Any] | None:
        """The description of the class of a rule that ``cls`` is or derives from."""
        return next((self.classes[c] for c in cls.__mro__ if c in self.classes), None)

    def concerns(self, classes: Any) -> bool:
        """Whether a test for these classes is one for a class of a rule, an heir of it, or a base below the root."""
        try:
            known = self._concerning.get(classes)
        except TypeError:  # a list, or a class that cannot be hashed
            return self._concerns(classes)
        if known is None:
            known = self._concerning[classes] = self._concerns(classes)
        return known

    def _concerns(self, classes: Any) -> bool:
        if isinstance(classes, tuple):
            return any(map(self._concerns, classes))
        if not isinstance(classes, type):
            return False
        heirs = any(c in self.classes for c in classes.__mro__)
        above = classes is not object and classes not in self.roots
        return heirs or (above and any(classes in ours.__mro__ for ours in self.classes))

    def entries(self) -> Iterator[tuple[Any, int, str, str, type, str, int]]:
        """Code, offset, use, name, class, file on the way and count of all that was seen; to be asked once."""
        for (code, offset, use, name, cls, through), counter in list(self.counts.items()):
            yield self.codes[code], offset, use, name, cls, through, next(counter)
