"""Builds notebooks for tests, and reads them: cells as text, each below a line with its type."""

from __future__ import annotations

import json
import re
from typing import Any

import nbformat
from nbformat import v4

from migrate.engine import Options, migrate_bytes
from migrate.findings import Result

MAKE = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell, "raw": v4.new_raw_cell}


def notebook(*cells: str, **metadata: Any) -> bytes:
    """A notebook as Jupyter writes it. ``code``, ``markdown`` or ``raw`` and a colon may stand before a source."""
    made = v4.new_notebook(metadata=metadata)
    for n, cell in enumerate(cells):
        kind, _, source = cell.partition(":") if re.match("(code|markdown|raw):", cell) else ("code", "", cell)
        made.cells.append(MAKE[kind](source, id=f"cell-{n}"))
    return (nbformat.writes(made) + "\n").encode()


def sources(data: bytes) -> list[str]:
    """The sources of all cells. The notebook is valid."""
    read = nbformat.reads(data.decode("utf-8-sig"), as_version=4)
    nbformat.validate(read)
    return [cell.source for cell in read.cells]


def migrated(data: bytes, options: Options | None = None) -> Result:
    """The result, which has no error, keeps all but sources, and shows nothing that only the program of cells has."""
    result = migrate_bytes(data, "a.ipynb", options or Options())
    assert result.error is None, result.error
    assert without_sources(result.after) == without_sources(data)
    assert "bn_cell" not in repr((result.findings, result.after))
    assert result.text == result.after.decode("utf-8-sig")
    again = migrate_bytes(result.after, "a.ipynb", options or Options())
    assert again.error is None and not again.changed, "a second run changes nothing"
    return result


def without_sources(data: bytes) -> Any:
    """Everything of a notebook but the sources of its cells."""
    document = json.loads(data.decode("utf-8-sig"))
    for cell in document["cells"]:
        del cell["source"]
    return document
