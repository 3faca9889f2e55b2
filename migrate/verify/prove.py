"""Runs the plan in both frameworks at the same time."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from migrate.errors import UsageError
from migrate.files import uninterrupted, write_document
from migrate.findings import Result
from migrate.proofs import Case, Verification
from migrate.rules import RuleSet
from migrate.verify.conventions import check_source, conflicts
from migrate.verify.execution import Execution, executions, reason_against, request
from migrate.verify.inputs import Floats, Recipe, make_inputs
from migrate.verify.judge import judge, proofs
from migrate.verify.outcomes import Outcome, run_cases
from migrate.verify.plan import plan
from migrate.verify.process import Interpreter, Limits, Worker
from migrate.verify.record import Entry, Record, load, packed
from migrate.verify.settings import Settings

Tick = Callable[[int, int], None]
"""Told how many executions are done, and of how many."""
Inputs = dict[Recipe, Mapping[str, Floats]]
Outcomes = dict[str, Mapping[str, Outcome]]
"""By framework, then by the id of the execution."""


class Prover:
    """The workers of a run. They start at once, and import their frameworks while the sources are migrated."""

    def __init__(self, settings: Settings, rules: RuleSet, limits: Limits | None = None) -> None:
        self._settings = settings
        self._rules = rules
        self._limits = limits or Limits()
        self._stack = contextlib.ExitStack()
        self._record = load(settings.against) if settings.against is not None else None
        self.workers: dict[str, Worker] = {}

    def __enter__(self) -> Prover:
        settings = self._settings
        sources = [r.source.name for r in self._rules.rules]
        targets = [r.target.name for r in self._rules.rules]
        options = {"classes": targets, "device_target": settings.device_target, "mode": settings.mode}
        # A change of signature is one from MindSpore to MindSpore: its original runs there, too.
        changes = any(r.changes_signature for r in self._rules.rules)
        framework, given = ("mindspore", options) if changes else ("torch", {"classes": sources})
        torch = Interpreter(framework, settings.torch_python, "--torch-python", given)
        mindspore = Interpreter("mindspore", settings.mindspore_python, "--mindspore-python", options)
        with contextlib.ExitStack() as stack:
            # Ctrl-C between making a folder or a process and knowing of it would leave it behind.
            with uninterrupted():
                if self._record is None:
                    self.workers["torch"] = stack.enter_context(Worker(torch, self._limits))
                if not settings.only_record:
                    self.workers["mindspore"] = stack.enter_context(Worker(mindspore, self._limits))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def prove(self, results: Iterable[Result], tick: Tick = lambda done, total: None) -> Verification:
        """Execute every rewritten call of ``results``; raises UsageError where an environment does not serve."""
        start = time.monotonic()
        claims = plan(results, self._rules)
        planned = executions(claims)
        found = list(planned.values())
        inputs = self._inputs(found)
        environment = self._environment(found)
        refused = self._refused(found)
        found = [e for e in found if e.id not in refused]
        outcomes = self._execute(found, inputs, tick)
        if self._settings.record is not None:
            self._keep(found, inputs, outcomes["torch"])
        if self._settings.only_record:
            return Verification(environment, (), time.monotonic() - start, recorded=len(found))
        cases = {
            key: Case({}, error=refused[e.id])
            if e.id in refused
            else judge(e, inputs[e.recipe], outcomes["torch"][e.id], outcomes["mindspore"][e.id], self._settings)
            for key, e in planned.items()
        }
        return Verification(environment, proofs(claims, cases), time.monotonic() - start)

    def _environment(self, found: list[Execution]) -> dict[str, str]:
        """Versions, device and mode, once the classes are known to be those that the rules are about."""
        environment = {"device": self._settings.device_target, "mode": self._settings.mode}
        if not found:
            return environment
        rules = {e.trial.rule.name: e.trial.rule for e in found}.values()
        torch = self._record.hello if self._record is not None else self.workers["torch"].hello()
        for rule in rules:
            check_source(rule, torch["signatures"][rule.source.name], torch["version"])
        before = "original" if any(rule.changes_signature for rule in rules) else "torch"
        environment[before] = torch["version"]
        if "mindspore" in self.workers:
            mindspore = self.workers["mindspore"].hello()
            environment |= {"mindspore": mindspore["version"], "numpy": mindspore["numpy"]}
        return environment

    def _refused(self, found: list[Execution]) -> dict[str, str]:
        """Why executions cannot be right with the class at hand, by id: it does not take what the rule has written."""
        if "mindspore" not in self.workers or not found:
            return {}
        mindspore = self.workers["mindspore"].hello()
        rules = {e.trial.rule.name: e.trial.rule for e in found}
        wrong = {
            name: conflicts(rule, mindspore["signatures"][rule.target.name], mindspore["version"])
            for name, rule in rules.items()
        }
        reasons = ((e.id, reason_against(e.trial, wrong[e.trial.rule.name])) for e in found)
        return {number: reason for number, reason in reasons if reason}

    def _inputs(self, found: list[Execution]) -> Inputs:
        """The inputs of every recipe: made here, or those of the record, which has to hold every execution."""
        if self._record is None:
            return {recipe: make_inputs(recipe) for recipe in dict.fromkeys(e.recipe for e in found)}
        entries = self._record.entries
        missing = [e.text for e in found if e.original_key not in entries]
        if missing:
            raise UsageError(
                f"--against {self._settings.against}: the record does not belong to these sources: "
                f"{len(missing)} of {len(found)} executions are not in it, first {missing[0]}: record it again"
            )
        return {e.recipe: entries[e.original_key].inputs for e in found}

    def _execute(self, found: list[Execution], inputs: Inputs, tick: Tick) -> Outcomes:
        outcomes: Outcomes = {}
        if self._record is not None:
            outcomes["torch"] = {e.id: self._record.entries[e.original_key].outcome for e in found}
        if not found:
            return {"torch": {}, "mindspore": {}}
        done, total = 0, len(found) * len(self.workers)
        tick(done, total)

        def finished() -> None:
            nonlocal done
            done += 1
            tick(done, total)

        with tempfile.TemporaryDirectory(prefix="bn-migrate-") as folder, ThreadPoolExecutor(2) as pool:
            path = Path(folder) / "inputs.npz"
            names = {recipe: str(i) for i, recipe in enumerate(inputs)}
            arrays = {f"{names[r]}/{name}": a for r, made in inputs.items() for name, a in made.items()}
            np.savez(path, **arrays)
            try:
                futures = {
                    framework: pool.submit(
                        run_cases, worker, [request(framework, e, names[e.recipe]) for e in found], path, finished
                    )
                    for framework, worker in self.workers.items()
                }
                return outcomes | {framework: future.result() for framework, future in futures.items()}
            finally:
                # Ctrl-C while they work: without its worker a thread comes to an end.
                self._stack.close()

    def _keep(self, found: list[Execution], inputs: Inputs, outcomes: Mapping[str, Outcome]) -> None:
        assert self._settings.record is not None
        entries = {e.original_key: Entry(e.text, inputs[e.recipe], outcomes[e.id]) for e in found}
        hello = self.workers["torch"].hello() if found else {}
        write_document(self._settings.record, packed(Record(hello, entries)))
