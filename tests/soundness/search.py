"""Draws programs and keeps those that fail."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.soundness.execution import Outcome, outcomes
from tests.soundness.program import Program
from tests.soundness.programs import programs


@dataclass
class Search:
    """``count`` programs from a seed: how many strands ended how, and what failed."""

    count: int
    seed: int
    only: str = ""
    several: bool = False
    kinds: Counter[str] = field(default_factory=Counter)
    failures: dict[tuple[str, ...], tuple[Program, Outcome]] = field(default_factory=dict)
    discarded: Counter[str] = field(default_factory=Counter)

    def run(self) -> Search:
        @seed(self.seed)
        @settings(
            max_examples=self.count,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(programs(self.only, self.several))
        def search(program: Program) -> None:
            for outcome in outcomes(program):
                self._keep(program, outcome)

        search()
        return self

    def _keep(self, program: Program, outcome: Outcome) -> None:
        self.kinds[outcome.kind] += 1
        if outcome.kind == "discarded":
            self.discarded[outcome.detail] += 1
        if outcome.kind not in ("wrong", "noted"):
            return
        kept = self.failures.get(outcome.forms)
        if kept is None or len(program.text) < len(kept[0].text):
            self.failures[outcome.forms] = program, outcome

    def shortest(self) -> list[tuple[Program, Outcome]]:
        """One program for each set of forms, shortest first."""
        return sorted(self.failures.values(), key=lambda f: len(f[0].text))
