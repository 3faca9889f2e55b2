"""The text of one strand of a program, written line by line as its forms are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from hypothesis import reject
from hypothesis import strategies as st

from tests.soundness.not_yet import excluded

T = TypeVar("T")
ATTRIBUTES = ("norm", "bn", "layer")
OWN = {
    "Own": """class Own:
    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True):
        self.arguments = num_features, eps, momentum, affine, track_running_stats
        self.momentum = momentum
        self.eps = eps
        self.num_features = num_features
        self.weight = torch.full((num_features,), 2.0)
        self.bias = self.running_mean = self.running_var = self.weight
    def train(self, mode=True):
        return self
    eval = requires_grad_ = train
""",
    "own": """def own(num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True):
    return Own(num_features, eps, momentum, affine, track_running_stats)
""",
    "Sub": """class Sub(nn.BatchNorm2d):
    pass
""",
    "make": """def make(norm, c, **options):
    return norm(c, **options)
""",
    "build": """def build(norm, c, m=0.1):
    return norm(c, momentum=m)
""",
}
"""Definitions that the strands of a program share, by name; those that a program names stand at its start."""


@dataclass
class Names:
    """Hands out names that the program does not have yet."""

    taken: dict[str, int] = field(default_factory=dict)

    def new(self, base: str) -> str:
        count = self.taken[base] = self.taken.get(base, 0) + 1
        return f"{base}{count}"


@dataclass
class Strand:
    """Lines under construction. A form adds lines, and opens blocks that are closed again at the end.

    ``everything`` draws also what the table of what is not there yet leaves out.
    """

    draw: st.DrawFn
    names: Names
    spelled: str = ""
    everything: bool = False
    lines: list[str] = field(default_factory=list)
    depth: int = 0
    forms: list[str] = field(default_factory=list)
    _open: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)

    def pick(self, *options: T) -> T:
        return self.draw(st.sampled_from(options))

    def way(self, **ways: str) -> str:
        """One of several spellings of a form, each of which the table of what is not there yet can name."""
        taken = self.forms[-1]
        return ways[self.choose([f"{taken}: {w}" for w in ways]).rpartition(": ")[2]]

    def choose(self, names: Sequence[str]) -> str:
        """A name that completes no entry of the table, kept among the forms."""
        left_out = set() if self.everything else excluded(self.forms)
        free = [n for n in names if n not in left_out]
        if not free:
            reject()
        self.forms.append(self.draw(st.sampled_from(free)))
        return self.forms[-1]

    def new(self, base: str) -> str:
        return self.names.new(base)

    def attribute(self) -> str:
        return self.pick(*ATTRIBUTES)

    def flag(self) -> str:
        return self.pick("hidden(True)", "hidden(False)", "True", "False")

    def other(self) -> str:
        """A class or function that is not migrated and takes the same arguments, or a migrated sibling."""
        return self.pick("nn.InstanceNorm2d", "Own", "own", "nn.SyncBatchNorm")

    def foreign(self) -> str:
        """An instance of a class that is not migrated."""
        return self.pick("nn.InstanceNorm2d(3, affine=True, track_running_stats=True)", "Own(3)")

    def add(self, text: str) -> None:
        self.lines += ["    " * self.depth + line for line in text.splitlines()]

    def block(self, text: str, *after: str) -> None:
        """Lines whose last one opens a block; what follows goes into it, and ``after`` behind it."""
        start = self.depth
        self.add(text)
        last = text.splitlines()[-1]
        self._open.append((start, after))
        self.depth += (len(last) - len(last.lstrip())) // 4 + 1

    def leave(self) -> None:
        """End the innermost block."""
        self.depth, after = self._open.pop()
        for text in after:
            self.add(text)

    def close(self) -> None:
        while self._open:
            self.leave()

    def named(self, expression: str) -> str:
        """A plain name for the expression, which a nested scope can use."""
        if expression.isidentifier() and expression != "self":
            return expression
        name = self.new("held")
        self.add(f"{name} = {expression}")
        return name


Form = Callable[[Strand, str], str]


def registry(forms: dict[str, Form]) -> Callable[[Form], Form]:
    """A decorator that keeps a form under its name in words."""

    def keep(form: Form) -> Form:
        forms[form.__name__.replace("_", " ")] = form
        return form

    return keep
