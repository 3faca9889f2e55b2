"""Findings, errors of a file and failed proofs as diagnostics."""

from __future__ import annotations

from lsprotocol import types

from migrate.codes import CODES, level
from migrate.findings import Finding, Level, Result
from migrate.lsp.text import Text

SOURCE = "bn-migrate"
SEVERITIES: dict[Level, types.DiagnosticSeverity] = {
    "rewrite": types.DiagnosticSeverity.Information,
    "review": types.DiagnosticSeverity.Warning,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Hint,
}


def diagnostics(result: Result, text: Text) -> list[types.Diagnostic]:
    """The diagnostics of a file in the order of its findings; an error of the file comes first."""
    found = [error(text.line_range((result.error_line or 1) - 1), result.error)] if result.error else []
    return found + [diagnostic(finding, text) for finding in result.findings]


def diagnostic(finding: Finding, text: Text) -> types.Diagnostic:
    """One finding, with the words of the other reports."""
    return types.Diagnostic(
        range=text.range(*text.span(finding)),
        severity=SEVERITIES[level(finding)],
        code=finding.code,
        code_description=description(finding.code),
        source=SOURCE,
        message=finding.message,
    )


def error(place: types.Range, message: str) -> types.Diagnostic:
    """What is wrong with a file, or a proof that failed; the message begins with the code."""
    code, _, said = message.partition(" ")
    return types.Diagnostic(
        range=place,
        severity=types.DiagnosticSeverity.Error,
        code=code,
        code_description=description(code),
        source=SOURCE,
        message=said,
    )


def description(code: str) -> types.CodeDescription | None:
    """Where the documentation explains a code."""
    return types.CodeDescription(CODES[code].link) if code in CODES else None
