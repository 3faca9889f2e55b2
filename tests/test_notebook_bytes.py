"""The bytes of a notebook outside of the lines that change: layout, escapes, key order, newlines."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable
from typing import Any

import pytest

from migrate.engine import Options, migrate_bytes
from tests.notebooks import migrated, notebook, sources

CELLS = [
    "markdown:# Größe 名 😀",
    "import torch.nn as nn",
    "# é\nbn = nn.BatchNorm2d(3, momentum=0.2)  # é 😀\nact = nn.ReLU()",
]
AFTER = [
    "import torch.nn as nn\nimport mindspore as ms",
    "# é\nbn = ms.nn.BatchNorm2d(3, momentum=0.8)  # é 😀\nact = nn.ReLU()",
]
OUTPUT = [{"output_type": "stream", "name": "stdout", "text": ["BatchNorm2d(3) é\n", "\u2028\\/"]}]


def document(*cells: str) -> dict[str, Any]:
    """A notebook with outputs, in an order of keys that nbformat would not write."""
    made = json.loads(notebook(*cells))
    for cell in made["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=OUTPUT, execution_count=3, metadata={"z": [1.50, 1e-7, {}], "a": "\x7f"})
    return {"nbformat_minor": 5, "metadata": {"language_info": {"name": "python"}}, **made}


def dumped(**layout: Any) -> Callable[[dict[str, Any]], bytes]:
    return lambda made: json.dumps(made, **layout).encode()


def as_text(made: dict[str, Any]) -> dict[str, Any]:
    return {**made, "cells": [{**cell, "source": "".join(cell["source"])} for cell in made["cells"]]}


def reversed_keys(made: dict[str, Any]) -> dict[str, Any]:
    return {k: [dict(reversed(c.items())) for c in v] if k == "cells" else v for k, v in reversed(made.items())}


LAYOUTS: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "as Jupyter writes it": lambda made: json.dumps(made, indent=1, ensure_ascii=False).encode() + b"\n",
    "indented by 2, without a final newline": dumped(indent=2, ensure_ascii=False),
    "tabs": dumped(indent="\t", ensure_ascii=False),
    "escaped": dumped(indent=1),
    "on one line": dumped(),
    "on one line, without spaces": dumped(separators=(",", ":"), ensure_ascii=False),
    "CRLF": lambda made: json.dumps(made, indent=1).replace("\n", "\r\n").encode() + b"\r\n",
    "a byte order mark": lambda made: b"\xef\xbb\xbf" + json.dumps(made, indent=1, ensure_ascii=False).encode(),
    "sources as one string": lambda made: dumped(indent=1, ensure_ascii=False)(as_text(made)),
    "sources as one string, escaped": lambda made: dumped(indent=1)(as_text(made)),
    "sorted keys": dumped(indent=1, sort_keys=True),
    "keys the other way round": lambda made: dumped(indent=1)(reversed_keys(made)),
    "odd spaces": lambda made: json.dumps(made, separators=(", ", " :\t ")).encode() + b" \n\n",
    "odd escapes": lambda made: json.dumps(made, indent=1).replace("/", "\\/").replace("\\u00f6", "\\u00F6").encode(),
    "escapes in one cell alone": lambda made: (
        json.dumps(made, indent=1, ensure_ascii=False).replace("# é 😀", "# \\u00e9 \\ud83d\\ude00").encode()
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_only_changed_lines_change(layout: Callable[[dict[str, Any]], bytes]) -> None:
    before = layout(document(*CELLS))
    after = migrated(before).after
    assert sources(after)[1:] == AFTER
    new = document(CELLS[0], *AFTER)
    for cell, old in zip(new["cells"], json.loads(before.decode("utf-8-sig"))["cells"], strict=True):
        cell["id"] = old["id"]
    assert after == layout(new)


def test_elements_that_are_no_lines() -> None:
    """An element may hold several lines, or a part of one; those without a change stay as they are."""
    made = document(*CELLS)
    text = "a = 1\nb = 2\nbn = nn.BatchNorm2d(3, momentum=0.2)\nc = nn.ReLU()\nd = 4"
    made["cells"][2]["source"] = ["", text[:9], text[9:12], text[12:31], text[31:49], "", text[49:-3], text[-3:], ""]
    after = json.loads(migrated(json.dumps(made).encode()).after)["cells"][2]["source"]
    assert "".join(after) == text.replace("nn.BatchNorm2d(3, momentum=0.2)", "ms.nn.BatchNorm2d(3, momentum=0.8)")
    assert after[:3] == ["", text[:9], text[9:12]] and after[-4:] == ["", text[49:-3], text[-3:], ""]


def test_a_cell_may_lose_its_last_line() -> None:
    cells = ["import mindspore as ms\nimport torch.nn as nn", "bn = nn.BatchNorm2d(3)", "import torch.nn as nn"]
    result = migrated(notebook(*cells[:2]))
    assert sources(result.after) == ["import mindspore as ms", "bn = ms.nn.BatchNorm2d(3)"]
    result = migrated(notebook("import mindspore as ms", "import torch.nn as nn", "bn = nn.BatchNorm2d(3)"))
    assert sources(result.after) == ["import mindspore as ms", "", "bn = ms.nn.BatchNorm2d(3)"]
    assert json.loads(result.after)["cells"][1]["source"] == []


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("last", [True, False], ids=["with a last newline", "without"])
def test_newlines_inside_sources(newline: str, last: bool) -> None:
    before, after = ([cell.replace("\n", newline) + newline * last for cell in cells] for cells in (CELLS[1:], AFTER))
    assert sources(migrated(notebook(*before)).after) == after


def test_few_bytes_of_a_large_notebook_change() -> None:
    cells = [f"x{i} = nn.Linear({i}, 1)  # é\nprint(x{i})" for i in range(300)]
    cells[150] = CELLS[2]
    before = notebook(CELLS[1], *cells)
    after = migrated(before).after
    lines = difflib.unified_diff(before.decode().split("\n"), after.decode().split("\n"), n=0, lineterm="")
    changed = [line for line in lines if line[:1] in "+-" and not line.startswith(("+++", "---"))]
    assert [line.strip('+- ",').removesuffix("\\n") for line in changed] == [
        "import torch.nn as nn",
        "import torch.nn as nn",
        "import mindspore as ms",
        "bn = nn.BatchNorm2d(3, momentum=0.2)  # é 😀",
        "bn = ms.nn.BatchNorm2d(3, momentum=0.8)  # é 😀",
    ]


def test_of_members_with_the_same_key_the_last_one_counts() -> None:
    first = b'"cells": [{"cell_type": "code", "source": "import os"}], '
    data = notebook(*CELLS).replace(b'"cells":', first + b'"cells":', 1)
    after = migrated(data).after
    assert first in after and b"ms.nn.BatchNorm2d(3, momentum=0.8)" in after


def test_a_number_that_python_does_not_read_stays() -> None:
    number = b"9" * 5000
    data = notebook(*CELLS).replace(b'"nbformat":', b'"n": ' + number + b', "nbformat":', 1)
    result = migrate_bytes(data, "a.ipynb", Options())
    assert result.error is None
    assert number in result.after and b"ms.nn.BatchNorm2d(3, momentum=0.8)" in result.after
