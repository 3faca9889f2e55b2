"""Programs of independent strands, each of which passes a class or a layer through a few forms."""

from __future__ import annotations

import re

from hypothesis import strategies as st

from tests.soundness.class_forms import CLASS_FORMS
from tests.soundness.instance_forms import INSTANCE_FORMS
from tests.soundness.narrowing_forms import NARROWING_FORMS
from tests.soundness.not_yet import SEVERAL_FILES
from tests.soundness.object_forms import OBJECT_FORMS
from tests.soundness.program import Piece, Program, divided
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
from typing import Callable, NamedTuple, Optional
from observer import hidden, observe
"""


@st.composite
def strands(draw: st.DrawFn, names: Names, only: str, several: bool) -> Piece:
    """One strand; ``only`` names the one form it is made of, next to the plainest call and use.

    ``several`` lets its first statements go into another file.
    """
    s = Strand(draw, names, everything=bool(only))
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
    library, text = divided(s, text) if several and s.pick(True, False) else ("", text)
    return Piece(text, tuple(s.forms), frozenset(shared), library=library)


def _passed(s: Strand, expression: str, family: dict[str, Form], most: int, only: str) -> str:
    """The expression after a few forms of a family."""
    allowed = [only] if only else list(family)
    count = s.draw(st.integers(0, most)) if not only else int(only in family)
    for _ in range(count):
        expression = family[s.choose(allowed)](s, expression)
    return expression


def _last(s: Strand, expression: str, family: dict[str, Form], only: str) -> str:
    names = [only] if only in family else list(family)[:3] if only else list(family)
    return family[s.choose(names)](s, expression)


@st.composite
def programs(draw: st.DrawFn, only: str = "", several: bool = SEVERAL_FILES) -> Program:
    names = Names()
    count = 1 if only else draw(st.integers(1, 2))
    drawn = [draw(strands(names, only, several)) for _ in range(count)]
    shared = [n for n in OWN if any(n in s.shared for s in drawn)]
    text = "".join(s.library + s.text for s in drawn)
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
