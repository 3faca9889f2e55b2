"""The JSON report, version 1."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from migrate import __version__
from migrate.findings import Finding, Report, Traced
from migrate.proofs import Case, NetworkProof, Proof, Verification
from migrate.report.pairs import pair_document
from migrate.report.statistics import table


def render(report: Report, statistics: bool = False) -> str:
    """The report as one JSON document; ``statistics``: with how often each code was found."""
    files = [
        {
            "path": r.path,
            "changed": r.changed,
            "error": r.error,
            "findings": [_finding(f) for f in r.findings],
        }
        for r in report.results
    ]
    document = {
        "schema": 1,
        "tool": {"name": "bn-migrate", "version": __version__},
        "summary": asdict(report.summary),
        **({"statistics": table(report.codes)} if statistics else {}),
        "files": files,
        **({} if report.traced is None else {"trace": _traced(report.traced)}),
        **({} if report.original is None else {"original": pair_document(report.original)}),
        "verification": None if report.verification is None else _verification(report.verification),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _traced(traced: Traced) -> dict[str, Any]:
    return {
        "file": traced.file,
        "executed": traced.places,
        "with_finding": traced.told,
        "changed": list(traced.changed),
        "compiled": list(traced.compiled),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    """The fields of a finding; ``cell`` is among them in a notebook. Its way is for people."""
    fields = asdict(finding) | {"suggestion": finding.suggestion or None}
    without = ("way",) if finding.cell else ("way", "cell")
    return {name: value for name, value in fields.items() if name not in without}


def _verification(verification: Verification) -> dict[str, Any]:
    return {
        "environment": dict(verification.environment),
        "passed": verification.count(passed=True),
        "failed": verification.count(passed=False),
        "recorded": verification.recorded,
        "cases": [_case(proof, case) for proof in verification.proofs for case in proof.cases],
        "networks": [_network(network) for network in verification.networks],
    }


def _case(proof: Proof, case: Case) -> dict[str, Any]:
    return {
        "before": proof.before,
        "after": proof.after,
        "sites": [str(site) for site in proof.sites],
        "bindings": {name: _number(value) for name, value in case.bindings.items()},
        "passed": case.passed,
        "measures": {
            name: {"max_abs": _number(m.max_abs), "bound": _number(m.bound)} for name, m in case.measures.items()
        },
        "error": case.error,
        "snippet": case.snippet or None,
    }


def _network(network: NetworkProof) -> dict[str, Any]:
    return {
        "network": network.network,
        "inputs": network.inputs,
        "steps": network.steps,
        "passed": network.passed,
        "layers": network.layers,
        "migrated": network.migrated,
        "measures": {
            name: {"max_abs": _number(m.max_abs), "bound": _number(m.bound), "where": str(place)}
            for name, (m, place) in network.measures.items()
        },
        "depth": [
            {"layer": e.name, "max_abs": _number(e.measure.max_abs), "bound": _number(e.measure.bound)}
            for e in network.depth
        ],
        "first": network.first,
        "blur": _number(network.blur),
        "idle": list(network.idle),
        "ran": network.ran,
        "error": network.error,
        "site": str(network.site) if network.site else None,
        "line": network.line or None,
        "seconds": network.seconds,
    }


def _number(value: object) -> object:
    """JSON has no infinity: the largest number stands for it."""
    return min(max(value, -sys.float_info.max), sys.float_info.max) if isinstance(value, float) else value
