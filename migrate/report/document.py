"""The JSON report, version 1."""

from __future__ import annotations

import json
from dataclasses import asdict

from migrate import __version__
from migrate.findings import Report


def render(report: Report) -> str:
    """The report as one JSON document."""
    files = [
        {
            "path": r.path,
            "changed": r.changed,
            "error": r.error,
            "findings": [asdict(f) for f in r.findings],
        }
        for r in report.results
    ]
    document = {
        "schema": 1,
        "tool": {"name": "bn-migrate", "version": __version__},
        "summary": asdict(report.summary),
        "files": files,
        "verification": None,
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
