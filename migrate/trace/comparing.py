"""Runs a migrated program with strict bridges, against the record of what it was in torch."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import tempfile
from typing import Any

from migrate.errors import not_installed
from migrate.trace.run.hooks import at_every_end
from migrate.trace.run.recorder import tell

VARIABLE = "BN_MIGRATE_COMPARE"
"""Holds the record, the names of the classes, and the file to which the processes of a run add what they compare."""


def start(is_first: bool) -> None:
    """Put strict bridges in the place of MindSpore's classes, and say at the end what was compared.

    Where one of the frameworks is missing, the first process of a run ends with status 2; another one goes on without.
    """
    if _started:
        return
    _started.append(True)
    os.environ.setdefault("GLOG_v", "4")
    orders = json.loads(os.environ[VARIABLE])
    try:
        bridge: Any = importlib.import_module("migrate.bridge")
    except ModuleNotFoundError as error:
        missing = not_installed(str(error.name), "verify")
        tell(f"--compare: {missing}" if is_first else f"--compare: not in process {os.getpid()}: {missing}")
        if is_first:
            sys.exit(2)
        return
    names = importlib.import_module("migrate.bridged").Names
    bridge.install(classes=[names(**each) for each in orders["names"]], strict=True, trace=orders["record"])
    results = orders.get("results", "")
    if not os.path.exists(results):
        # The first process, or one that goes on behind its end.
        results = orders["results"] = _begun(orders["record"])
        os.environ[VARIABLE] = json.dumps(orders)
    # At once and not at the end: MindSpore's threads can end a process without what Python does at exit.
    importlib.import_module("migrate.bridge.layer").STRICT[0].heard = lambda difference: _add(results, difference)


def _begun(record: str) -> str:
    """A file for what is compared, which this process reads at its end."""
    descriptor, results = tempfile.mkstemp(prefix="bn-migrate-compared-")
    os.close(descriptor)
    first = os.getpid()

    def save() -> None:
        if os.getpid() == first and os.path.exists(results):
            _tell_all(_taken(results), record)

    at_every_end(save, lambda: None)
    return results


def _add(results: str, difference: str) -> None:
    """Add a layer that was compared, unless nobody waits for it any more."""
    with contextlib.suppress(FileNotFoundError), open(os.open(results, os.O_WRONLY | os.O_APPEND), "w") as file:
        file.write(json.dumps([os.getpid(), difference]) + "\n")


def _taken(results: str) -> list[tuple[int, str]]:
    """The processes that have compared layers, with how each layer differs; the file is removed."""
    with open(results) as file:
        os.unlink(results)
        return [(process, difference) for process, difference in map(json.loads, file)]


def _tell_all(compared: list[tuple[int, str]], record: str) -> None:
    """How many layers were compared, and which were not as they were in torch."""
    differing = [difference for _, difference in compared if difference]
    for difference in dict.fromkeys(differing):
        tell(difference)
    processes = len({process for process, _ in compared})
    where = f" in {processes} processes" if processes > 1 else ""
    tell(f"{len(compared)} layers compared with {record}{where}, {len(differing)} differ")


_started: list[bool] = []
"""Whether this process compares: what the interpreter reads at its start may have begun already."""
