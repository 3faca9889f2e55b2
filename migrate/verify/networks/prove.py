"""Runs networks in two processes, one for each side, and judges what they computed."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from migrate.bridged import bridged_names
from migrate.files import uninterrupted
from migrate.findings import Result
from migrate.proofs import NETWORK_MEASURES, Measure, NetworkProof, Place, Site
from migrate.rules import RuleSet
from migrate.verify.networks.compare import Compared, Side, blur, compare_networks, depth, idle, mismatch
from migrate.verify.networks.locating import located
from migrate.verify.networks.spec import Network
from migrate.verify.process import Died, Interpreter, Limits, Worker
from migrate.verify.settings import Settings

SCRIPT = Path(__file__).with_name("run") / "worker.py"
SECONDS = 3600.0
"""Until a network that says nothing counts as hanging."""
Tick = Callable[[int, int], None]


def prove_networks(
    results: Sequence[Result],
    paths: Sequence[str],
    settings: Settings,
    rules: RuleSet,
    tick: Tick = lambda done, total: None,
) -> tuple[NetworkProof, ...]:
    """Run every network of ``settings`` before and after the migration of ``paths``. Executes the user's code.

    Raises UsageError where an environment does not serve.
    """
    with contextlib.ExitStack() as stack:
        with uninterrupted():
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bn-migrate-")))
        networks, folders = located(settings.networks, paths, [r.path for r in results])
        options = _options(results, folders, settings, rules, folder)
        return _Prover(results, replace(settings, networks=networks), options, folder).prove(tick)


def _options(
    results: Iterable[Result], folders: list[str], settings: Settings, rules: RuleSet, folder: Path
) -> dict[str, Any]:
    rewritten = {}
    for number, result in enumerate(r for r in results if r.differs):
        text = folder / "rewritten" / str(number) / Path(result.path).name
        text.parent.mkdir(parents=True)
        text.write_bytes(result.after)
        rewritten[os.path.realpath(result.path)] = str(text)
    proved = [(r, r.proof) for r in rules.rules if r.proof is not None]
    return {
        "path": folders,
        "rewritten": rewritten,
        "names": [asdict(names) for names in bridged_names(rules)],
        "rules": [{"source": r.source.name, "tensors": proof.tensors} for r, proof in proved],
        "counters": sorted({proof.counter for _, proof in proved if proof.counter}),
        "device_target": settings.device_target,
        "mode": settings.mode,
        "threads": max(1, (os.cpu_count() or 1) // 2),
    }


class _Prover:
    """Each network has two processes of its own, so that none meets what another has left behind.

    While a rewritten network runs, the original of the next one does.
    """

    def __init__(self, results: Iterable[Result], settings: Settings, options: dict[str, Any], folder: Path) -> None:
        self._paths = {os.path.realpath(r.path): r.path for r in results if r.differs}
        self._settings = settings
        self._folder = folder
        # Sets of strings have the same order in both processes.
        at = (options, SCRIPT, Path.cwd(), {"PYTHONHASHSEED": "0"})
        self._torch = Interpreter("torch", settings.torch_python, "--torch-python", *at)
        self._mindspore = Interpreter("mindspore", settings.mindspore_python, "--mindspore-python", *at)
        self._running: set[Worker] = set()

    def prove(self, tick: Tick) -> tuple[NetworkProof, ...]:
        networks = self._settings.networks
        found = []
        tick(0, len(networks))
        with ThreadPoolExecutor(1) as pool:
            try:
                coming = [pool.submit(self._original, n, i) for i, n in enumerate(networks)]
                for i, (network, future) in enumerate(zip(networks, coming, strict=True)):
                    start = time.monotonic()
                    with self._started(self._mindspore) as worker:
                        proof = self._proof(network, i, future.result(), worker)
                    shutil.rmtree(self._folder / str(i))
                    found.append(replace(proof, seconds=time.monotonic() - start))
                    tick(i + 1, len(networks))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for worker in list(self._running):
                    worker.__exit__()
                raise
        return tuple(found)

    @contextlib.contextmanager
    def _started(self, interpreter: Interpreter) -> Iterator[Worker]:
        """A new process, which imports its frameworks while others work."""
        with Worker(interpreter, Limits(case=SECONDS)) as worker:
            self._running.add(worker)
            try:
                yield worker
            finally:
                self._running.discard(worker)

    def _original(self, network: Network, number: int) -> dict[str, Any]:
        """What the original says of its run, or the fault that ended it."""
        (self._folder / str(number)).mkdir()
        with self._started(self._torch) as worker:
            return self._asked(worker, network, number)

    def _asked(self, worker: Worker, network: Network, number: int) -> dict[str, Any]:
        request = {
            "module": network.module,
            "expression": network.expression,
            "inputs": [asdict(i) for i in network.inputs],
            "steps": self._settings.steps,
            "folder": str(self._folder / str(number)),
        }
        worker.hello()
        try:
            done: dict[str, Any] = worker.ask(request)["done"]
        except Died as death:
            return {"fault": str(death), "trace": "", "site": None, "used": sorted(self._paths)}
        return done

    def _proof(self, network: Network, number: int, original: dict[str, Any], worker: Worker) -> NetworkProof:
        # Until it is known what the network uses, it may be every file.
        files = frozenset(self._paths.values())
        proof = NetworkProof(network.text, network.inputs_text, self._settings.steps, paths=files)
        if "fault" in original:
            return replace(self._ended(proof, original), ran=False)
        rewritten = self._asked(worker, network, number)
        proof = replace(
            proof,
            layers=len(original["layers"]),
            migrated=len(rewritten.get("layers", ())),
            paths=frozenset(self._paths[path] for path in rewritten["used"]),
        )
        folder = self._folder / str(number)
        if "fault" in rewritten:
            return self._ended(proof, rewritten)
        sides = Side(_arrays(folder / "original.npz"), original), Side(_arrays(folder / "rewritten.npz"), rewritten)
        return _judged(proof, *sides)

    def _ended(self, proof: NetworkProof, facts: dict[str, Any]) -> NetworkProof:
        """The proof of a network that a fault ended, with the user's own names of the files."""
        trace = facts["trace"]
        for path, given in self._paths.items():
            trace = trace.replace(f'"{path}"', f'"{given}"')
        proof = replace(proof, error=facts["fault"], trace=trace)
        if facts["site"] is None:
            return proof
        path, number, line = facts["site"]
        return replace(proof, site=Site(self._paths[path], number), line=line)


def _judged(proof: NetworkProof, original: Side, rewritten: Side) -> NetworkProof:
    if not proof.migrated:
        return replace(proof, error=NOTHING_MIGRATED)
    if (different := mismatch(original, rewritten)) is not None:
        return replace(proof, error=different)
    compared = compare_networks(original, rewritten)
    first = next((c for c in compared if not c.measure.passed), None)
    return replace(
        proof,
        measures=_worst(compared),
        depth=depth(original, compared),
        blur=blur(original, compared),
        idle=idle(original),
        first=None if first is None else f"{first.kind} of {first.place}",
    )


NOTHING_MIGRATED = (
    "no layer of the rewritten network is MindSpore's: the files that make its layers are not among PATHS, or were "
    "left for review"
)


def _worst(compared: Iterable[Compared]) -> dict[str, tuple[Measure, Place]]:
    worst: dict[str, tuple[Measure, Place]] = {}
    for c in compared:
        if c.kind in NETWORK_MEASURES and (c.kind not in worst or c.measure.ratio > worst[c.kind][0].ratio):
            worst[c.kind] = (c.measure, c.place)
    return {name: worst[name] for name in NETWORK_MEASURES if name in worst}


def _arrays(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as archive:
        return {str(name): archive[str(i)] for i, name in enumerate(archive["names"])}
