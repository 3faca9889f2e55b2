"""Every constructor call of the migration cases, executed in torch and MindSpore."""

from __future__ import annotations

import pytest

from migrate.engine import Options, migrate_bytes
from migrate.rules import load_rules
from migrate.verify.prove import Prover
from migrate.verify.settings import Settings
from tests.cases import all_cases

pytest.importorskip("torch")
pytest.importorskip("mindspore")

# The kernels of the other target and layout are not on a CPU.
CASES = [case for case in all_cases() if not case.options]


def test_every_rewritten_call_of_the_cases_is_proved() -> None:
    results = [migrate_bytes(case.before.encode(), case.id, Options()) for case in CASES]
    with Prover(Settings(), load_rules("mindspore.nn")) as prover:
        verification = prover.prove(results)
    assert len(verification.proofs) > 100
    failed = [
        (str(p.sites[0]), p.before, p.after, [c.error or c.failures for c in p.cases])
        for p in verification.proofs
        if not p.passed
    ]
    assert failed == []
