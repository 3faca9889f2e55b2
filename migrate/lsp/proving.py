"""The proof of one file: its rewritten calls, executed in both frameworks. Nothing of the user's code is run."""

from __future__ import annotations

import threading

from migrate.errors import UsageError, not_installed
from migrate.findings import Result
from migrate.lsp.settings import Settings
from migrate.proofs import Verification


class Cancelled(Exception):
    """The proof was called off."""


def prove(result: Result, settings: Settings, called_off: threading.Event) -> Verification:
    """The verification of a file; raises UsageError where a framework is missing, Cancelled where it is called off."""
    try:
        from migrate.verify.prove import Prover
    except ModuleNotFoundError as error:
        if error.name != "numpy":
            raise
        raise UsageError(not_installed("numpy", "verify")) from None
    from migrate.rules import load_rules

    def tick(done: int, total: int) -> None:
        if called_off.is_set():
            raise Cancelled

    rules = load_rules(settings.options.target, settings.options.rules, settings.options.version)
    with Prover(settings.proof, rules) as prover:
        tick(0, 0)
        return prover.prove([result], tick)


def summary(verification: Verification) -> str:
    """One line for the user."""
    passed, failed = verification.count(True), verification.count(False)
    if not passed + failed:
        return "nothing to prove: no call of this file is rewritten"
    frameworks = ", ".join(f"{name} {v}" for name, v in verification.environment.items() if name not in ("mode",))
    return f"{passed} executions passed, {failed} failed ({frameworks})"
