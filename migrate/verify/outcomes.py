"""Runs cases in a worker, in batches, and goes on where one of them kills it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migrate.verify.process import Died, Worker

BATCH = 24


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one execution gave: arrays and facts by name, or the error that ended it."""

    arrays: Mapping[str, NDArray[np.float32]]
    facts: Mapping[str, Any]
    error: str | None = None


def run_cases(
    worker: Worker, cases: Sequence[Mapping[str, Any]], inputs: Path, finished: Callable[[], None] = lambda: None
) -> dict[str, Outcome]:
    """The outcome of every case by its id. A case on which the worker dies or hangs fails, and the rest goes on."""
    outcomes: dict[str, Outcome] = {}
    waiting = list(cases)
    while waiting and not worker.closed:
        batch = waiting[:BATCH]
        try:
            worker.hello()
            done = _ask(worker, batch, inputs)
        except Died as death:
            done = {death.case or batch[0]["id"]: Outcome({}, {}, str(death))}
            worker.restart()
        for _ in done:
            finished()
        outcomes |= done
        waiting = [c for c in waiting if c["id"] not in done]
    return outcomes


def _ask(worker: Worker, batch: Sequence[Mapping[str, Any]], inputs: Path) -> dict[str, Outcome]:
    outputs = worker.folder / "outputs.npz"
    facts = worker.ask({"cases": batch, "inputs": str(inputs), "outputs": str(outputs)})["done"]
    with np.load(outputs, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    outputs.unlink()
    found: dict[str, dict[str, NDArray[np.float32]]] = {}
    for name, array in arrays.items():
        owner, _, measure = name.partition("/")
        found.setdefault(owner, {})[measure] = array
    return {i: Outcome(found.get(i, {}), f, f.get("error")) for i, f in facts.items()}
