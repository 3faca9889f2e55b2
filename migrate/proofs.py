"""What a proof found: the vocabulary that verification and reports share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from migrate.findings import spot

MEASURES = (
    "reference",
    "initial",
    "trainable",
    "first_call",
    "train",
    "moving_mean",
    "moving_variance",
    "eval",
    "grad_input",
    "grad_gamma",
    "grad_beta",
)
"""What is compared; a measure stands before those that fail in its wake."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A difference and what it may be, at the place where it exceeds its bound most or comes closest to it."""

    max_abs: float
    bound: float

    @property
    def passed(self) -> bool:
        return self.max_abs <= self.bound

    @property
    def ratio(self) -> float:
        """The difference in units of the bound: at most 1 where it passed."""
        if self.bound > 0:
            return self.max_abs / self.bound
        return 0.0 if self.max_abs == 0 else math.inf


@dataclass(frozen=True, slots=True)
class Site:
    """A place in a file; the line is 1-based, in the ``cell`` of that number where the file is a notebook."""

    path: str
    line: int
    cell: int | None = None

    def __str__(self) -> str:
        return spot(self.path, self.cell, self.line)


@dataclass(frozen=True, slots=True)
class Case:
    """One execution of a call: the values of its free names, what was measured, or the error that ended it.

    ``first_call`` holds a few outputs of the untouched layer in both frameworks, where the source calls it so.
    """

    bindings: Mapping[str, object]
    measures: Mapping[str, Measure] = field(default_factory=dict)
    error: str | None = None
    snippet: str = ""
    first_call: tuple[tuple[float, ...], tuple[float, ...]] | None = None

    @property
    def passed(self) -> bool:
        return self.error is None and all(m.passed for m in self.measures.values())

    @property
    def bound_names(self) -> str:
        """The values of the free names, as ``name = value, ...``."""
        return ", ".join(f"{name} = {value!r}" for name, value in self.bindings.items())

    @property
    def failures(self) -> tuple[str, ...]:
        """The measures that exceed their bounds, causes first."""
        return tuple(name for name in MEASURES if name in self.measures and not self.measures[name].passed)


@dataclass(frozen=True, slots=True)
class Proof:
    """A distinct pair of original and rewritten text, the places it stands at, and its cases."""

    before: str
    after: str
    sites: tuple[Site, ...]
    cases: tuple[Case, ...]

    @property
    def passed(self) -> bool:
        return all(case.passed for case in self.cases)

    @property
    def worst(self) -> dict[str, Measure]:
        """Of each measure the one closest to its bound, or furthest above it."""
        worst: dict[str, Measure] = {}
        for case in self.cases:
            for name, measure in case.measures.items():
                if name not in worst or measure.ratio > worst[name].ratio:
                    worst[name] = measure
        return {name: worst[name] for name in MEASURES if name in worst}


NETWORK_MEASURES = ("initial", "trainable", "output", "loss", "input", "gradient", "statistics", "evaluation")
"""What is compared of a network; a measure stands before those that fail in its wake."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a network a measure was taken: a layer, parameter or buffer by name, and when."""

    name: str
    phase: str

    def __str__(self) -> str:
        return ", ".join(part for part in (self.name, self.phase) if part)


@dataclass(frozen=True, slots=True)
class LayerError:
    """The outputs of one layer call over all phases: its position in the order of execution, name and worst measure."""

    name: str
    measure: Measure


@dataclass(frozen=True, slots=True)
class NetworkProof:
    """One network that was run as a whole, and where the original and the rewritten one part company.

    ``network`` and ``inputs`` are as given on the command line. ``migrated`` of its ``layers`` of a migrated class are
    MindSpore's. ``measures`` has for each name the worst measure and its place, ``depth`` the layers in the order of
    execution. ``first`` names where the two differ first. ``error`` says in one line what ended the rewritten network,
    ``trace`` is its traceback, ``site`` and ``line`` the place in a rewritten file. ``ran`` is false where it is the
    original that did not run, which is no matter of the migration. ``paths`` are the rewritten files that may be used.
    ``blur`` is the largest bound of an output as a part of its largest value: smaller differences go unseen. ``idle``
    are the layers that were never called.
    """

    network: str
    inputs: str
    steps: int
    layers: int = 0
    migrated: int = 0
    measures: Mapping[str, tuple[Measure, Place]] = field(default_factory=dict)
    depth: tuple[LayerError, ...] = ()
    first: str | None = None
    error: str | None = None
    trace: str = ""
    site: Site | None = None
    line: str = ""
    ran: bool = True
    paths: frozenset[str] = frozenset()
    blur: float = 0.0
    idle: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return self.error is None and all(measure.passed for measure, _ in self.measures.values())

    @property
    def failures(self) -> tuple[str, ...]:
        """The measures that exceed their bounds, causes first."""
        return tuple(name for name in NETWORK_MEASURES if name in self.measures and not self.measures[name][0].passed)

    @property
    def worst(self) -> Measure | None:
        """The measure closest to its bound, or furthest above it."""
        return max((m for m, _ in self.measures.values()), key=lambda m: m.ratio, default=None)


@dataclass(frozen=True, slots=True)
class Verification:
    """All proofs of a run, and where they were run: versions, device, mode.

    ``recorded`` counts the executions that were kept for another machine.
    """

    environment: Mapping[str, str]
    proofs: tuple[Proof, ...]
    seconds: float = 0.0
    recorded: int = 0
    networks: tuple[NetworkProof, ...] = ()

    @property
    def passed(self) -> bool:
        return all(p.passed for p in self.proofs) and all(n.passed for n in self.networks)

    @property
    def failed_paths(self) -> frozenset[str]:
        """The files with a failed proof, and those of a network that failed; these are not written."""
        calls = {site.path for proof in self.proofs if not proof.passed for site in proof.sites}
        return frozenset(calls.union(*(n.paths for n in self.networks if not n.passed)))

    def count(self, passed: bool) -> int:
        """The number of cases that passed, or that failed."""
        return sum(case.passed is passed for proof in self.proofs for case in proof.cases)
