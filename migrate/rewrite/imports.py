"""Swaps and removes names in import statements, keeping the rest of the statement as it is."""

from __future__ import annotations

import libcst as cst

from migrate.edits import RemoveImport, SwapImport
from migrate.rewrite.fragments import code, comments_in, newline_of, without_comments


def change_import(text: str, edits: list[SwapImport | RemoveImport], indent: str, newline: str, shared: bool) -> str:
    """The statement after ``edits``, and the new imports behind it; empty where nothing is left.

    ``shared`` says that other statements follow on the line, so new ones join it with a semicolon.
    """
    statement = edits[0].statement
    gone = {statement.names.index(e.alias) for e in edits}
    swaps = [e for e in edits if isinstance(e, SwapImport)]
    lines = [] if len(gone) == len(statement.names) else [_without(text, gone)]
    if not lines and len(swaps) == 1 == len(statement.names):
        return _elsewhere(text, swaps[0])
    lines += [f"from {s.module} import {s.name}{_as_name(s)}" for s in swaps]
    if lines:
        lines[-1] += "".join(_comments(text, gone))
    return ("; " if shared else f"{newline}{indent}").join(lines)


def _comments(text: str, gone: set[int]) -> list[str]:
    """The comments behind the names that go, as they follow the new import."""
    statement = _parse(text)
    assert not isinstance(statement.names, cst.ImportStar)
    commas = [a.comma for i, a in enumerate(statement.names) if i in gone and isinstance(a.comma, cst.Comma)]
    return [f"  {c.value}" for comma in commas for c in comments_in(comma)]


def _as_name(swap: SwapImport) -> str:
    local = swap.alias.asname or swap.alias.name
    return f" as {local}" if local != swap.name else ""


def _parse(text: str) -> cst.Import | cst.ImportFrom:
    line = cst.parse_statement(text)
    assert isinstance(line, cst.SimpleStatementLine)
    statement = line.body[0]
    assert isinstance(statement, (cst.Import, cst.ImportFrom))
    return statement


def _elsewhere(text: str, swap: SwapImport) -> str:
    """The statement with another module: its one name, spacing and brackets stay."""
    statement = _parse(text)
    assert isinstance(statement, cst.ImportFrom) and not isinstance(statement.names, cst.ImportStar)
    module = cst.parse_expression(swap.module)
    alias = statement.names[0]
    if swap.name != swap.alias.name:
        local = cst.AsName(cst.Name(swap.alias.asname or swap.alias.name))
        alias = alias.with_changes(name=cst.Name(swap.name), asname=alias.asname or local)
    return code(statement.with_changes(module=module, relative=[], names=[alias]), newline_of(text, "\n"))


def _without(text: str, gone: set[int]) -> str:
    statement = _parse(text)
    assert not isinstance(statement.names, cst.ImportStar)
    kept = [a for i, a in enumerate(statement.names) if i not in gone]
    last = len(statement.names) - 1
    if last in gone:
        comma = statement.names[last].comma
        kept[-1] = kept[-1].with_changes(comma=without_comments(comma) if isinstance(comma, cst.Comma) else comma)
    return code(statement.with_changes(names=kept), newline_of(text, "\n"))
