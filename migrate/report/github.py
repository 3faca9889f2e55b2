"""GitHub workflow commands, which become annotations on the changed lines."""

from __future__ import annotations

from collections.abc import Iterator

from migrate.findings import Finding, Report
from migrate.report.failures import failures

LEVELS = {"rewrite": "notice", "review": "warning", "note": "notice"}


def render(report: Report) -> str:
    """One command a line."""
    return "".join(f"{line}\n" for line in _commands(report))


def _commands(report: Report) -> Iterator[str]:
    for result in report.results:
        file = _property(result.path)
        if result.error is not None:
            line = f",line={result.error_line}" if result.error_line else ""
            yield f"::error file={file}{line},title=bn-migrate::{_data(result.error)}"
        for f in result.findings:
            place = f"file={file},line={f.line},endLine={f.end_line},col={f.column},endColumn={f.end_column}"
            yield f"::{LEVELS[f.kind]} {place},title={f.code}::{_data(_said(f))}"
    for site, message in failures(report.verification) if report.verification is not None else ():
        place = f"file={_property(site.path)},line={site.line}," if site else ""
        yield f"::error {place}title=bn-migrate::{_data(message)}"


def _said(finding: Finding) -> str:
    return f"{finding.message}\nwrite: {finding.suggestion}" if finding.suggestion else finding.message


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
