"""Every construct of Python that moves a value is followed, or a review says that it is not."""

from __future__ import annotations

import ast
import sys
from types import ModuleType

import pytest

from migrate.engine import Options, migrate_bytes
from migrate.findings import Finding
from tests.constructs.table import Row, Table, names_of, read_tables

TABLES = read_tables()
ROWS = [row for table in TABLES for row in table.rows if row.module != "ast" or table.is_here(row.name)]
RUNNING = [row for table in TABLES for row in table.rows if table.is_here(row.name)]


def each(rows: list[Row]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows, ids=lambda row: f"{row.module}.{row.name}")


by_module = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.module)


@by_module
def test_every_name_of_the_module_is_in_its_table(table: Table) -> None:
    assert [name for name in sorted(names_of(table.module)) if not table.lists(name)] == []


@by_module
def test_a_table_speaks_about_names_that_there_are(table: Table) -> None:
    exact = [name for name in table.listed() if "*" not in name]
    assert [name for name in exact if table.is_here(name) and name not in names_of(table.module)] == []
    assert [name for name in exact if not table.is_here(name) and name in names_of(table.module)] == []
    assert len(exact) == len(set(exact))


@each(RUNNING)
def test_an_example_has_its_construct_and_gets_the_layer_out(row: Row) -> None:
    pytest.importorskip("torch")
    if row.module == "ast":
        assert row.name in {type(node).__name__ for node in ast.walk(ast.parse(row.example))}
    else:
        assert row.name in row.example
    module = sys.modules["example"] = ModuleType("example")
    try:
        exec(compile(row.program, "example.py", "exec"), vars(module))
    finally:
        del sys.modules["example"]
    assert row.has_use or "got" in vars(module)


def findings(row: Row, kind: str) -> list[Finding]:
    """Those of the use of what comes out, and reviews of the example as well."""
    begin, use = row.place
    found = migrate_bytes(row.program.encode(), "example.py", Options()).findings
    return [f for f in found if f.kind == kind and (f.line == use or (kind == "review" and f.line >= begin))]


@each([row for row in ROWS if row.kind == "modelled"])
def test_what_is_modelled_is_rewritten_where_it_comes_out(row: Row) -> None:
    assert findings(row, "rewrite"), row.program
    assert not [f for f in findings(row, "review") if f.line == row.place[1]], row.program


@each([row for row in ROWS if row.kind == "escape"])
def test_what_escapes_is_reviewed(row: Row) -> None:
    assert findings(row, "review"), row.program
