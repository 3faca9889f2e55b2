"""GitHub workflow commands, which become annotations on the changed lines."""

from __future__ import annotations

from collections.abc import Iterator

from migrate.codes import level
from migrate.findings import Finding, Report, spot
from migrate.report.failures import failures

LEVELS = {"rewrite": "notice", "review": "warning", "warning": "warning", "note": "notice"}


def render(report: Report) -> str:
    """One command a line."""
    return "".join(f"{line}\n" for line in _commands(report))


def _commands(report: Report) -> Iterator[str]:
    for result in report.results:
        file = _property(result.path)
        if result.error is not None:
            line = f",line={result.error_line}" if result.error_line and not result.error_cell else ""
            yield f"::error file={file}{line},title=bn-migrate::{_data(result.error)}"
        for f in result.findings:
            place = f"file={file}"
            if f.cell is None:
                place += f",line={f.line},endLine={f.end_line},col={f.column},endColumn={f.end_column}"
            yield f"::{LEVELS[level(f)]} {place},title={f.code}::{_data(_said(f))}"
    for site, message in failures(report.verification) if report.verification is not None else ():
        line = f",line={site.line}" if site and site.cell is None else ""
        place = f"file={_property(site.path)}{line}," if site else ""
        where = _in_cell(site.cell, site.line) if site else ""
        yield f"::error {place}title=bn-migrate::{_data(where + message)}"


def _in_cell(cell: int | None, *position: int) -> str:
    """The place in a notebook, for the message: its lines are no lines of the file, which an annotation would need."""
    return f"{spot('', cell, *position)[1:]}: " if cell else ""


def _said(f: Finding) -> str:
    return _in_cell(f.cell, f.line, f.column) + (f"{f.message}\nwrite: {f.suggestion}" if f.suggestion else f.message)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
