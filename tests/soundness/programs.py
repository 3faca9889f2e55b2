"""Programs of independent strands, each of which passes a class or a layer through a few forms."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.soundness.class_forms import CLASS_FORMS
from tests.soundness.instance_forms import INSTANCE_FORMS
from tests.soundness.narrowing_forms import NARROWING_FORMS
from tests.soundness.object_forms import OBJECT_FORMS
from tests.soundness.scope_forms import SCOPE_FORMS
from tests.soundness.sinks import CALLS, USES
from tests.soundness.strand import OWN, Form, Names, Strand

ALL_CLASS_FORMS: dict[str, Form] = {**CLASS_FORMS, **SCOPE_FORMS, **OBJECT_FORMS}
ALL_INSTANCE_FORMS: dict[str, Form] = {**INSTANCE_FORMS, **NARROWING_FORMS}
FORMS: dict[str, Form] = {**ALL_CLASS_FORMS, **CALLS, **ALL_INSTANCE_FORMS, **USES}
HEADS = ("from torch import nn", "import torch.nn as nn", "import torch\nfrom torch import nn as nn")
EXTRA = {"BatchNorm2d": "from torch.nn import BatchNorm2d", "BN": "from torch.nn import BatchNorm2d as BN"}
SPELLINGS = ("nn.BatchNorm2d", "BatchNorm2d", "BN", "torch.nn.BatchNorm2d", "Sub", "nn.SyncBatchNorm", "nn.BatchNorm1d")
LIBRARY = """import torch
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from types import SimpleNamespace
from typing import NamedTuple, Optional
from observer import hidden, observe
"""


@dataclass(frozen=True)
class Piece:
    """A definition that strands share, or a strand: its text, its forms, and the definitions it uses."""

    text: str
    forms: tuple[str, ...] = ()
    shared: frozenset[str] = frozenset()
    name: str = ""


@dataclass(frozen=True)
class Program:
    """A module: a head of imports, then the pieces in order."""

    head: str
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        return self.head + "".join(p.text for p in self.pieces)

    @property
    def strands(self) -> tuple[Piece, ...]:
        return tuple(p for p in self.pieces if not p.name)

    def piece_at(self, line: int) -> int | None:
        """The place of the piece that holds a line of the text."""
        end = self.head.count("\n")
        for i, piece in enumerate(self.pieces):
            start, end = end, end + piece.text.count("\n")
            if start < line <= end:
                return i
        return None


@st.composite
def strands(draw: st.DrawFn, names: Names, only: str = "") -> Piece:
    """One strand; ``only`` names the one form it is made of, next to the plainest call and use."""
    s = Strand(draw, names)
    s.spelled = s.choose(SPELLINGS[:1] if only else SPELLINGS)
    expression = _passed(s, s.spelled, ALL_CLASS_FORMS, 3, only)
    expression = _last(s, expression, CALLS, only)
    expression = _passed(s, expression, ALL_INSTANCE_FORMS, 2, only)
    s.add(_last(s, expression, USES, only))
    s.close()
    text = "\n".join(s.lines) + "\n"
    shared = set(re.findall(r"\w+", text)) & OWN.keys()
    if "own" in shared:
        shared.add("Own")
    return Piece(text, tuple(s.forms), frozenset(shared))


def _passed(s: Strand, expression: str, family: dict[str, Form], most: int, only: str) -> str:
    """The expression after a few forms of a family."""
    if only:
        names = [[only]] if only in family else []
    else:
        names = [list(family)] * s.draw(st.integers(0, most))
    for allowed in names:
        expression = family[s.choose(allowed)](s, expression)
    return expression


def _last(s: Strand, expression: str, family: dict[str, Form], only: str) -> str:
    names = [only] if only in family else list(family)[:3] if only else list(family)
    return family[s.choose(names)](s, expression)


@st.composite
def programs(draw: st.DrawFn, only: str = "") -> Program:
    names = Names()
    count = 1 if only else draw(st.integers(1, 3))
    drawn = [draw(strands(names, only)) for _ in range(count)]
    shared = [n for n in OWN if any(n in s.shared for s in drawn)]
    text = "".join(s.text for s in drawn)
    extra = "".join(f"{line}\n" for name, line in EXTRA.items() if any(name == s.forms[0] for s in drawn))
    head = f"{draw(st.sampled_from(HEADS))}\n{extra}{_needed(text + ''.join(OWN[n] for n in shared))}"
    return Program(head, (*(Piece(OWN[n], name=n) for n in shared), *drawn))


def _needed(text: str) -> str:
    """The imports of the library that the text uses."""
    lines = []
    for line in LIBRARY.splitlines():
        start, _, imported = line.partition("import ")
        used = [n for n in imported.split(", ") if n in text]
        if used:
            lines.append(f"{start}import {', '.join(used)}\n")
    return "".join(lines)
