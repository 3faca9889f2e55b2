"""The migration cases of ``tests/cases/*.md``: before, after, findings; and what holds for every case."""

from __future__ import annotations

import ast
import textwrap

import pytest

from migrate.codes import CODES
from migrate.engine import Options, migrate_bytes
from migrate.findings import Result
from tests.cases import Case, all_cases, described

CASES = pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.id)


def migrate(text: str, case: Case) -> Result:
    options = Options(case.options.get("target", "mindspore.nn"), case.options.get("data-format", "NCHW"))
    result = migrate_bytes(text.encode(), case.options.get("stdin-filename", "case.py"), options)
    assert result.error is None
    return result


@CASES
def test_case(case: Case) -> None:
    result = migrate(case.before, case)
    assert result.after.decode() == case.after
    assert tuple(map(described, result.findings)) == case.findings


@CASES
def test_result_parses_and_a_second_run_changes_nothing(case: Case) -> None:
    after = migrate(case.before, case).after.decode()
    ast.parse(after)
    assert migrate(after, case).after.decode() == after


@CASES
def test_findings_are_well_formed(case: Case) -> None:
    result = migrate(case.before, case)
    lines = case.before.split("\n")
    seen = set()
    for f in result.findings:
        inner = lines[f.line - 1 : f.end_line]
        inner[-1] = inner[-1][: f.end_column - 1]
        inner[0] = inner[0][f.column - 1 :]
        assert f.before == "\n".join(inner)
        assert CODES[f.code].kind == f.kind
        assert f.message
        if f.kind != "rewrite" and f.code != "BN307":
            assert f.after == f.before
        if f.kind != "note":
            assert (f.line, f.column, f.end_line, f.end_column) not in seen, "one finding a place"
            seen.add((f.line, f.column, f.end_line, f.end_column))


@CASES
def test_suggestions_can_be_pasted(case: Case) -> None:
    """Each alone, in place of the text it is about: the file parses still, and so does the suggestion itself."""
    lines = case.before.split("\n")
    starts = [sum(len(line) + 1 for line in lines[:i]) for i in range(len(lines))]
    for f in migrate(case.before, case).findings:
        start, end = starts[f.line - 1] + f.column - 1, starts[f.end_line - 1] + f.end_column - 1
        if f.suggestion:
            assert f.kind == "review" and f.suggestion != f.before
            ast.parse(case.before[:start] + f.suggestion + case.before[end:])
            margin = lines[f.line - 1][: f.column - 1]
            ast.parse(textwrap.dedent(margin + f.suggestion) if not margin.strip() else f"{f.suggestion}")


def test_every_code_has_a_case() -> None:
    covered = {line.split()[1] for case in all_cases() for line in case.findings}
    in_notebooks = {"BN217"}
    assert {c for c, code in CODES.items() if code.kind} - in_notebooks <= covered
