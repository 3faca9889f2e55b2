"""SARIF 2.1.0, for code scanning."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from typing import Any
from urllib.parse import quote

from migrate import __version__
from migrate.codes import CODES
from migrate.findings import Finding, Report, spot
from migrate.report.failures import failures

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
PROOF = "BN907"
LEVELS = {"rewrite": "note", "review": "warning", "note": "note"}


def render(report: Report) -> str:
    """The report as one SARIF document."""
    codes = sorted(CODES)
    rules = [
        {
            "id": code,
            "shortDescription": {"text": CODES[code].title},
            "fullDescription": {"text": CODES[code].reason},
        }
        for code in codes
    ]
    notifications = [
        {
            "level": "error",
            "message": {"text": r.error},
            "descriptor": {"id": (r.error or "")[:5]},
            "locations": [_place(r.path, r.error_cell, {"startLine": r.error_line} if r.error_line else {})],
        }
        for r in report.results
        if r.error is not None
    ]
    proved = report.verification
    notifications += [
        {
            "level": "error",
            "message": {"text": message},
            "descriptor": {"id": PROOF},
            "locations": [_place(site.path, site.cell, {"startLine": site.line})] if site else [],
        }
        for site, message in (failures(proved) if proved is not None else ())
    ]
    run = {
        "tool": {"driver": {"name": "bn-migrate", "version": __version__, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not notifications, "toolExecutionNotifications": notifications}],
        "results": [result for r in report.results for result in _results(r.path, r.findings, codes)],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _results(path: str, findings: tuple[Finding, ...], codes: list[str]) -> list[dict[str, Any]]:
    seen: Counter[str] = Counter()
    results = []
    for f in findings:
        same = f"{path}\0{f.code}\0{f.symbol}\0{f.before}"
        seen[same] += 1
        fingerprint = hashlib.sha256(f"{same}\0{seen[same]}".encode("utf-8", "backslashreplace")).hexdigest()
        region = {
            "startLine": f.line,
            "startColumn": f.column,
            "endLine": f.end_line,
            "endColumn": f.end_column,
        }
        location = _place(path, f.cell, region)
        fix = {"fixes": [_fix(path, f, region)]} if f.suggestion and f.cell is None else {}
        results.append(
            {
                "ruleId": f.code,
                "ruleIndex": codes.index(f.code),
                "level": LEVELS[f.kind],
                "message": {"text": f.message if fix or not f.suggestion else f"{f.message}\nwrite: {f.suggestion}"},
                "locations": [location],
                "partialFingerprints": {"bnMigrate/v1": fingerprint},
                **fix,
            }
        )
    return results


def _fix(path: str, finding: Finding, region: dict[str, int]) -> dict[str, Any]:
    """What a review offers to write, which nothing applies by itself."""
    replacement = {"deletedRegion": region, "insertedContent": {"text": finding.suggestion}}
    change = {"artifactLocation": {"uri": _uri(path)}, "replacements": [replacement]}
    return {"description": {"text": finding.message}, "artifactChanges": [change]}


def _place(path: str, cell: int | None, region: dict[str, int]) -> dict[str, Any]:
    """A location. The lines of a cell are no lines of the file, so in a notebook they are part of a logical place."""
    artifact: dict[str, Any] = {"artifactLocation": {"uri": _uri(path)}}
    if cell is None:
        return {"physicalLocation": {**artifact, "region": region} if region else artifact}
    position = [region[key] for key in ("startLine", "startColumn") if key in region]
    logical = {"name": f"cell {cell}", "fullyQualifiedName": spot(path, cell, *position)}
    return {"physicalLocation": artifact, "logicalLocations": [logical]}


def _uri(path: str) -> str:
    """A relative reference where the path is relative, a file URI where it is not."""
    posix = quote(os.fsencode(os.path.normpath(path).replace(os.sep, "/")))
    return f"file://{posix}" if os.path.isabs(path) else posix
