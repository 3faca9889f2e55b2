"""Runs a migrated program with strict bridges, against the record of what it was in torch."""

from __future__ import annotations

import atexit
import importlib
import os
import sys
from typing import Any

from migrate.errors import not_installed


def start(orders: dict[str, Any]) -> None:
    """Put strict bridges in the place of MindSpore's classes, and say at the end what was compared.

    Ends the process with status 2 where one of the frameworks is missing.
    """
    os.environ.setdefault("GLOG_v", "4")
    try:
        bridge: Any = importlib.import_module("migrate.bridge")
    except ModuleNotFoundError as error:
        print(f"bn-migrate-trace: --compare: {not_installed(str(error.name), 'verify')}", file=sys.stderr)
        sys.exit(2)
    names = importlib.import_module("migrate.bridged").Names
    bridge.install(classes=[names(**each) for each in orders["names"]], strict=True, trace=orders["record"])
    strict = importlib.import_module("migrate.bridge.layer").STRICT[0]
    atexit.register(_tell, strict, orders["record"])


def _tell(strict: Any, record: str) -> None:
    """How many layers were compared, and which were not as they were in torch."""
    for message in strict.differing:
        print(f"bn-migrate-trace: {message}", file=sys.stderr)
    count = strict.compared
    print(f"bn-migrate-trace: {count} layers compared with {record}, {len(strict.differing)} differ", file=sys.stderr)
