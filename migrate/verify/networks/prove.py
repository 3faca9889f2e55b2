"""Runs networks in two processes, one for each side, and judges what they computed."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from migrate.bridge.rules import bridged_names
from migrate.errors import UsageError
from migrate.files import uninterrupted
from migrate.findings import FileResult
from migrate.proofs import NETWORK_MEASURES, Measure, NetworkProof, Place, Site
from migrate.rules import RuleSet
from migrate.verify.networks.compare import Compared, Side, compare_networks, depth, mismatch
from migrate.verify.networks.spec import Network
from migrate.verify.process import Died, Interpreter, Limits, Worker
from migrate.verify.settings import Settings

SCRIPT = Path(__file__).with_name("run") / "worker.py"
SECONDS = 3600.0
"""Until a network that says nothing counts as hanging."""
Tick = Callable[[int, int], None]


def prove_networks(
    results: Sequence[FileResult],
    settings: Settings,
    rules: RuleSet,
    tick: Tick = lambda done, total: None,
) -> tuple[NetworkProof, ...]:
    """Run every network of ``settings`` before and after the migration. Executes the user's code.

    Raises UsageError where an environment does not serve, or a network does not run in torch.
    """
    with contextlib.ExitStack() as stack:
        with uninterrupted():
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bn-migrate-")))
            options = _options(results, settings, rules, folder)
            here = Path.cwd()
            torch = Interpreter("torch", settings.torch_python, "--torch-python", options, SCRIPT, here)
            both = Interpreter("mindspore", settings.mindspore_python, "--mindspore-python", options, SCRIPT, here)
            workers = [stack.enter_context(Worker(i, Limits(case=SECONDS))) for i in (torch, both)]
        return _Prover(results, settings.steps, folder, *workers).prove(settings.networks, tick)


def _options(results: Iterable[FileResult], settings: Settings, rules: RuleSet, folder: Path) -> dict[str, Any]:
    rewritten = {}
    for number, result in enumerate(r for r in results if r.before != r.after):
        text = folder / "rewritten" / str(number) / Path(result.path).name
        text.parent.mkdir(parents=True)
        text.write_bytes(result.after)
        rewritten[os.path.realpath(result.path)] = str(text)
    proved = [r for r in rules.rules if r.proof is not None]
    return {
        "path": _import_folders(r.path for r in results),
        "rewritten": rewritten,
        "names": [asdict(names) for names in bridged_names(rules)],
        "rules": [{"source": r.source.name, "tensors": r.proof.tensors} for r in proved if r.proof is not None],
        "device_target": settings.device_target,
        "mode": settings.mode,
        "threads": max(1, (os.cpu_count() or 1) // 2),
    }


def _import_folders(paths: Iterable[str]) -> list[str]:
    """Where imports look first: the working directory, and the folders in which the packages of the files lie."""
    folders = [os.getcwd()]
    for path in paths:
        folder = Path(os.path.realpath(path)).parent
        while (folder / "__init__.py").is_file():
            folder = folder.parent
        folders.append(str(folder))
    return list(dict.fromkeys(folders))


class _Prover:
    """The two processes of a run; the original runs the next network while the rewritten one runs the last."""

    def __init__(
        self, results: Iterable[FileResult], steps: int, folder: Path, torch: Worker, mindspore: Worker
    ) -> None:
        self._paths = {os.path.realpath(r.path): r.path for r in results}
        self._steps = steps
        self._folder = folder
        self._torch, self._mindspore = torch, mindspore

    def prove(self, networks: Sequence[Network], tick: Tick) -> tuple[NetworkProof, ...]:
        self._torch.hello()
        self._mindspore.hello()
        found = []
        tick(0, len(networks))
        with ThreadPoolExecutor(1) as pool:
            try:
                coming = [pool.submit(self._original, n, i) for i, n in enumerate(networks)]
                for i, (network, future) in enumerate(zip(networks, coming, strict=True)):
                    start = time.monotonic()
                    found.append(self._proof(network, i, future.result(), start))
                    tick(i + 1, len(networks))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self._torch.__exit__()
                raise
        return tuple(found)

    def _original(self, network: Network, number: int) -> Side:
        """What the original computes; raises UsageError where it does not run, which is no matter of the migration."""
        folder = self._folder / str(number)
        folder.mkdir()
        try:
            facts = self._torch.ask(self._request(network, number))["done"]
        except Died as death:
            raise UsageError(f"--network {network.text}: {death}, before any migration") from None
        if "fault" in facts:
            said = facts["fault"]
            if facts["trace"]:
                said = f"it does not run in torch, before any migration:\n{facts['trace']}"
            raise UsageError(f"--network {network.text}: {said}")
        return Side(_arrays(folder / "original.npz"), facts)

    def _proof(self, network: Network, number: int, original: Side, start: float) -> NetworkProof:
        proof = self._judged(network, number, original)
        for file in (self._folder / str(number)).iterdir():
            file.unlink()
        return NetworkProof(**{**proof, "seconds": time.monotonic() - start})

    def _judged(self, network: Network, number: int, original: Side) -> dict[str, Any]:
        said: dict[str, Any] = {"network": network.text, "inputs": network.inputs_text, "steps": self._steps}
        said["layers"] = len(original.facts["layers"])
        try:
            facts = self._mindspore.ask(self._request(network, number))["done"]
        except Died as death:
            self._mindspore.restart()
            self._mindspore.hello()
            return {**said, "error": str(death)}
        said["paths"] = frozenset(self._paths[path] for path in facts["used"])
        if "fault" in facts:
            said |= {"error": facts["fault"], "trace": facts["trace"]}
            for path, given in self._paths.items():
                said["trace"] = said["trace"].replace(f'"{path}"', f'"{given}"')
            if facts["site"]:
                path, line, text = facts["site"]
                said |= {"site": Site(self._paths[path], line), "line": text}
            return said
        rewritten = Side(_arrays(self._folder / str(number) / "rewritten.npz"), facts)
        said["migrated"] = len(facts["layers"])
        if not facts["layers"]:
            return {**said, "error": NOTHING_MIGRATED}
        if (different := mismatch(original, rewritten)) is not None:
            return {**said, "error": different}
        compared = compare_networks(original, rewritten)
        first = next((c for c in compared if not c.measure.passed), None)
        return {
            **said,
            "measures": _worst(compared),
            "depth": depth(original, compared),
            "first": None if first is None else f"{first.kind} of {first.place}",
        }

    def _request(self, network: Network, number: int) -> dict[str, Any]:
        return {
            "module": network.module,
            "expression": network.expression,
            "inputs": [asdict(i) for i in network.inputs],
            "steps": self._steps,
            "folder": str(self._folder / str(number)),
        }


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
