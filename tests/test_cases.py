"""The migration cases of ``tests/cases/*.md``: before, after, findings; and what holds for every case."""

from __future__ import annotations

import ast
import textwrap

import pytest

from migrate.codes import CODES
from migrate.engine import Options, migrate_bytes
from migrate.findings import Finding, Result
from tests.cases import Case, all_cases, described, fail_unless_same, lines_of


def migrate(text: str, case: Case) -> Result:
    options = Options(case.options.get("target", "mindspore.nn"), case.options.get("data-format", "NCHW"))
    result = migrate_bytes(text.encode(), case.options.get("stdin-filename", "case.py"), options)
    assert result.error is None, case.place
    return result


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.id)
def test_case(case: Case) -> None:
    """Text and findings are those of the section; the result parses, and a second run changes nothing."""
    result = migrate(case.before, case)
    after = result.after.decode()
    fail_unless_same(case.place, "text", case.after.splitlines(), after.splitlines())
    assert after == case.after, case.place
    fail_unless_same(case.place, "findings", lines_of(case.findings), lines_of(map(described, result.findings)))
    ast.parse(after)
    again = migrate(after, case).after.decode()
    fail_unless_same(case.place, "a second run", after.splitlines(), again.splitlines())
    check_findings(case, result.findings)
    check_messages(case, result.findings)
    check_suggestions(case, result.findings)


def check_findings(case: Case, findings: tuple[Finding, ...]) -> None:
    """Each has the text of its place, the kind of its code and a message; one of them is about each place."""
    lines = case.before.split("\n")
    seen = set()
    for f in findings:
        inner = lines[f.line - 1 : f.end_line]
        inner[-1] = inner[-1][: f.end_column - 1]
        inner[0] = inner[0][f.column - 1 :]
        assert f.before == "\n".join(inner), case.place
        assert CODES[f.code].kind == f.kind, case.place
        assert f.message, case.place
        if f.kind != "rewrite" and f.code != "BN307":
            assert f.after == f.before, case.place
        if f.kind != "note":
            span = (f.line, f.column, f.end_line, f.end_column)
            assert span not in seen, f"{case.place}: two findings at {span}"
            seen.add(span)


def check_messages(case: Case, findings: tuple[Finding, ...]) -> None:
    """Each line names a finding, and words that its message has; ``not`` before them where it must not."""
    messages = {f"{f.line}:{f.column} {f.code}": f.message for f in findings}
    for line in case.messages:
        place, code, words = line.split(" ", 2)
        message = messages[f"{place} {code}"]
        assert (words.removeprefix("not ") in message) is not words.startswith("not "), f"{case.place}: {message}"


def check_suggestions(case: Case, findings: tuple[Finding, ...]) -> None:
    """Each alone, in place of the text it is about: the file parses still, and so does the suggestion itself."""
    lines = case.before.split("\n")
    starts = [sum(len(line) + 1 for line in lines[:i]) for i in range(len(lines))]
    for f in findings:
        start, end = starts[f.line - 1] + f.column - 1, starts[f.end_line - 1] + f.end_column - 1
        if f.suggestion:
            assert f.kind != "rewrite" and f.suggestion != f.before, case.place
            ast.parse(case.before[:start] + f.suggestion + case.before[end:])
            margin = lines[f.line - 1][: f.column - 1]
            ast.parse(textwrap.dedent(margin + f.suggestion) if not margin.strip() else f"{f.suggestion}")


def test_every_code_has_a_case() -> None:
    covered = {line.split()[1] for case in all_cases() for line in case.findings}
    elsewhere = {"BN217", "BN219", "BN222", "BN407"}  # in notebooks, with a record, of many files, beside an original
    assert {c for c, code in CODES.items() if code.kind} - elsewhere <= covered
