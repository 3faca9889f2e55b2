"""SARIF 2.1.0, as GitHub's code scanning takes it."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from migrate import __version__
from migrate.code import Code
from migrate.codes import CODES, level
from migrate.explain import explain
from migrate.files import repository
from migrate.findings import Finding, Report, Result, spot
from migrate.report.failures import failures
from migrate.report.line_hashes import line_hashes

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
PROOF = "BN907"
LEVELS = {"rewrite": "note", "review": "warning", "warning": "warning", "note": "note", None: "error"}
ROOT = "%SRCROOT%"
# An upload with more is refused: reviews go first, what is left out is told.
MOST_RESULTS = 25_000
ORDER = ("review", "rewrite", "note")
_CODES = [CODES[name] for name in sorted(CODES)]
_INDEX = {code.code: index for index, code in enumerate(_CODES)}


def render(report: Report) -> str:
    """The report as one SARIF document; paths below the repository, or below the working directory, are relative."""
    root = repository(Path.cwd()) or Path.cwd()
    errors = list(_errors(report, root))
    results, left_out = _results(report, root)
    notices = [_left_out(left_out)] if left_out else []
    run = {
        "tool": {"driver": {"name": "bn-migrate", "version": __version__, "rules": [_rule(code) for code in _CODES]}},
        # What is before the last slash tells this analysis from those of other tools.
        "automationDetails": {"id": "bn-migrate/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"uri": f"{root.as_uri().rstrip('/')}/"}},
        "invocations": [{"executionSuccessful": not errors, "toolExecutionNotifications": [*errors, *notices]}],
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rule(code: Code) -> dict[str, Any]:
    shown = {"Before": code.before, "After": code.after}
    examples = [f"{title}:\n\n```python\n{text}```" for title, text in shown.items() if text]
    return {
        "id": code.code,
        "shortDescription": {"text": code.title},
        "fullDescription": {"text": code.reason},
        "helpUri": code.link,
        "help": {"text": explain(code.code), "markdown": "\n\n".join([code.reason, *examples])},
        "defaultConfiguration": {"level": LEVELS[code.level]},
    }


def _errors(report: Report, root: Path) -> Iterator[dict[str, Any]]:
    """Files that could not be processed, and proofs that failed."""
    for r in report.results:
        if r.error is not None:
            region = {"startLine": r.error_line} if r.error_line else {}
            yield _notification(r.error, r.error[:5], [_location(r.path, root, r.error_cell, region)])
    for site, message in failures(report.verification) if report.verification is not None else ():
        places = [_location(site.path, root, site.cell, {"startLine": site.line})] if site else []
        yield _notification(message, PROOF, places)


def _left_out(count: int) -> dict[str, Any]:
    message = f"{count} findings are left out: code scanning takes {MOST_RESULTS}; --format json has all of them"
    return {"level": "warning", "message": {"text": message}}


def _notification(message: str, code: str, places: list[dict[str, Any]]) -> dict[str, Any]:
    return {"level": "error", "message": {"text": message}, "descriptor": {"id": code}, "locations": places}


def _results(report: Report, root: Path) -> tuple[list[dict[str, Any]], int]:
    """The findings as results, and how many of the least urgent are left out."""
    made = [pair for r in report.results for pair in _of_file(r, root)]
    if len(made) > MOST_RESULTS:
        made.sort(key=lambda pair: ORDER.index(pair[0].kind))
    return [result for _, result in made[:MOST_RESULTS]], max(0, len(made) - MOST_RESULTS)


def _of_file(result: Result, root: Path) -> Iterator[tuple[Finding, dict[str, Any]]]:
    for f, fingerprints in zip(result.findings, _fingerprints(result, root), strict=True):
        region = {"startLine": f.line, "startColumn": f.column, "endLine": f.end_line, "endColumn": f.end_column}
        fix = {"fixes": [_fix(result.path, root, f, region)]} if f.suggestion and f.cell is None else {}
        yield (
            f,
            {
                "ruleId": f.code,
                "ruleIndex": _INDEX[f.code],
                "level": LEVELS[level(f)],
                "message": {"text": f.message if fix or not f.suggestion else f"{f.message}\nwrite: {f.suggestion}"},
                "locations": [_location(result.path, root, f.cell, region)],
                "partialFingerprints": fingerprints,
                **fix,
            },
        )


def _fingerprints(result: Result, root: Path) -> Iterator[dict[str, str]]:
    """What makes each finding the same one in the next run: GitHub's own mark of its line, and one of its text."""
    of_module = any(f.cell is None for f in result.findings)
    lines = line_hashes(result.before) if of_module else []
    on_line: Counter[tuple[str, int]] = Counter()
    alike: Counter[str] = Counter()
    for f in result.findings:
        same = f"{_artifact(result.path, root)['uri']}\0{f.code}\0{f.symbol}\0{f.before}"
        alike[same] += 1
        text = hashlib.sha256(f"{same}\0{alike[same]}".encode("utf-8", "backslashreplace")).hexdigest()
        # GitHub would take a second finding of a code on the line for the first one.
        another = f"-{n}" if (n := on_line[f.code, f.line]) else ""
        on_line[f.code, f.line] += 1
        of_line = {"primaryLocationLineHash": lines[f.line - 1] + another} if f.line <= len(lines) else {}
        yield {**of_line, "bnMigrate/v1": text}


def _fix(path: str, root: Path, finding: Finding, region: dict[str, int]) -> dict[str, Any]:
    """What a review offers to write, which nothing applies by itself."""
    replacement = {"deletedRegion": region, "insertedContent": {"text": finding.suggestion}}
    change = {"artifactLocation": _artifact(path, root), "replacements": [replacement]}
    return {"description": {"text": finding.message}, "artifactChanges": [change]}


def _location(path: str, root: Path, cell: int | None, region: dict[str, int]) -> dict[str, Any]:
    """A location. The lines of a cell are no lines of the file, so in a notebook they are part of a logical place."""
    location: dict[str, Any] = {"artifactLocation": _artifact(path, root)}
    if cell is None:
        return {"physicalLocation": {**location, "region": region} if region else location}
    position = [region[key] for key in ("startLine", "startColumn") if key in region]
    logical = {"name": f"cell {cell}", "fullyQualifiedName": spot(path, cell, *position)}
    return {"physicalLocation": location, "logicalLocations": [logical]}


def _artifact(path: str, root: Path) -> dict[str, str]:
    """A reference relative to the root, or a file URI where the path leads out of it."""
    absolute = Path(os.path.abspath(path))
    if absolute.is_relative_to(root):
        return {"uri": quote(os.fsencode(absolute.relative_to(root).as_posix())), "uriBaseId": ROOT}
    return {"uri": absolute.as_uri()}
