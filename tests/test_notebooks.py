"""Notebooks: cells as one program, magics that survive, and every byte around a changed line kept."""

from __future__ import annotations

import json
import pickle
import re

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.codes import CODES
from migrate.engine import Options, migrate_bytes, migrate_files
from migrate.errors import FileError
from migrate.findings import Result
from migrate.notebooks.magics import pieces
from migrate.notebooks.program import Program
from tests.notebooks import migrated, notebook, sources

IMPORTS = "import torch\nfrom torch import nn"
ADDED = IMPORTS + "\nimport mindspore as ms"
OLD = "layer = nn.BatchNorm2d(3, momentum=0.2), nn.ReLU()"
NEW = "layer = ms.nn.BatchNorm2d(3, momentum=0.8), nn.ReLU()"


def found(result: Result) -> list[str]:
    return [f"{f.cell}:{f.line}:{f.column} {f.code} {f.symbol}" for f in result.findings]


def test_names_flow_between_cells() -> None:
    cells = ["markdown:# Net", "from torch import nn", "def norm(c):\n    return nn.BatchNorm2d(c, momentum=0.3)"]
    cells += ["raw:nn.BatchNorm2d", "bn = norm(8)", "torch_free = 1\nbn.running_mean"]
    result = migrated(notebook(*cells))
    assert sources(result.after) == [
        "# Net",
        "import mindspore as ms",
        "def norm(c):\n    return ms.nn.BatchNorm2d(c, momentum=0.7)",
        "nn.BatchNorm2d",
        "bn = norm(8)",
        "torch_free = 1\nbn.moving_mean",
    ]
    assert found(result) == [
        "2:1:1 BN307 torch.nn",
        "3:2:12 BN101 torch.nn.BatchNorm2d",
        "3:2:12 BN301 torch.nn.BatchNorm2d",
        "6:2:1 BN105 torch.nn.BatchNorm2d.running_mean",
    ]


# Where the import goes: behind the last one above the first use, or to the first line of code.
PLACES = {
    "in the cell of the last import above": (["import os", IMPORTS, OLD, "import re"], 1, ADDED),
    "behind an import that ends its cell with a newline": ([IMPORTS + "\n", OLD], 0, ADDED + "\n"),
    "inside the cell": ([IMPORTS + "\n\nx = 1", OLD], 0, ADDED + "\n\nx = 1"),
    "behind a magic": (["%%time\n" + IMPORTS, OLD], 0, "%%time\n" + ADDED),
}


@pytest.mark.parametrize(("cells", "where", "becomes"), PLACES.values(), ids=PLACES)
def test_where_the_import_goes(cells: list[str], where: int, becomes: str) -> None:
    after = sources(migrated(notebook(*cells)).after)
    assert after[where] == becomes
    assert sum("import mindspore" in cell for cell in after) == ("import mindspore" in becomes)


def test_an_import_without_others_above_stays_below_a_cell_magic() -> None:
    cell = "%%time\n# Net\n\nif 1:\n    from torch import nn\nbn = nn.BatchNorm2d(3), nn.ReLU()"
    (after,) = sources(migrated(notebook(cell)).after)
    assert after.split("\n")[:4] == ["%%time", "# Net", "", "import mindspore as ms"]


# Lines and cells that only IPython reads; each survives in the middle of code that changes.
MAGIC = [
    "%matplotlib inline",
    "!pip install torch",
    "!!ls",
    "?nn.Conv2d",
    "nn.Conv2d?",
    "nn.Conv2d??",
    "torch.*?",
    "files = !ls -l | grep 'it'",
    "here = %pwd",
    "a, b = !echo {1} \\\n  two",
    "%config InlineBackend.figure_format = 'retina'",
    "!python train.py \\\n   --lr 1 \\\n   --out 'x",
    "for i in range(2):\n    !echo {i}\n    %timeit -n 1 i\nelse:\n    pass",
    "if True:\n    !ls",
    "def f():\n    %time x = 1\n    return x",
    "/print 1",
    ",print a b",
    ";print a",
    "pip install torch",
    "cd ..",
    "%timeit -n 10 -r3 f(1)  # comment",
    "%time for i in range(3): print(i)",
    "%lprun -f f f(1)",
    "!echo \"unbalanced ' ( [",
    "%time",
    "x = %timeit -o 1",
    "text = f'''\n%not a magic\n!nor this\n'''",
    "y = (7\n     % 3)",
    "z = 7 \\\n  % 3",
    "w = {'a?': 1}  # really?",
    "print('?')",
    "print(1 if 2 != 3 else 4)",
    "s = 'it\\'s'; t = \"#\"  # '",
]


@pytest.mark.parametrize("magic", MAGIC)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_magics_survive(magic: str, newline: str) -> None:
    cell = f"{OLD}\n{magic}\n{OLD}".replace("\n", newline)
    result = migrated(notebook(IMPORTS, cell, magic, f"{magic}\n{OLD}".replace("\n", newline)))
    new = f"{NEW}\n{magic}\n{NEW}".replace("\n", newline)
    assert [c.source for c in nbformat.reads(result.after.decode(), 4).cells] == [
        ADDED,
        new,
        magic,
        f"{magic}\n{NEW}".replace("\n", newline),
    ]
    calls = [f for f in result.findings if f.code == "BN101"]
    last = 2 + len(magic.split("\n"))
    assert [(f.cell, f.line) for f in calls] == [(2, 1), (2, last), (4, last - 1)]


@pytest.mark.parametrize(
    "head", ["%%time", "%%timeit -n 1", "%%capture out", "%%prun -q", "\n\n%%time", "%%time \\\n x"]
)
def test_python_under_a_cell_magic_is_migrated(head: str) -> None:
    result = migrated(notebook(IMPORTS, f"{head}\n{OLD}\n%time {OLD}"))
    assert sources(result.after)[1] == f"{head}\n{NEW}\n%time {NEW}"
    line = head.count("\n") + 2
    assert [(f.cell, f.line, f.column) for f in result.findings if f.code == "BN101"] == [
        (2, line, 9),
        (2, line + 1, 15),
    ]


def test_a_timed_cell_with_imports_of_its_own_is_not_read() -> None:
    """Its body runs in a function: what it imports is seen by no other cell."""
    timed = "%%timeit\nfrom torch import nn\nnn.BatchNorm2d(3)"
    result = migrated(notebook(timed, IMPORTS, OLD))
    assert sources(result.after) == [timed, ADDED, NEW] and "1:3:4 BN217 BatchNorm2d" in found(result)
    assert sources(migrated(notebook(timed.replace("timeit", "time"), OLD)).after)[0].count("mindspore") == 1


FOREIGN = ["%%bash", "%%html", "%%writefile net.py", "%%javascript", "%%wandb", "%%!", "%%python3"]


@pytest.mark.parametrize("head", FOREIGN)
def test_other_cells_stay_and_are_pointed_out(head: str) -> None:
    cell = f"{head}\nif [ $x ]; then echo BatchNorm2d; fi\n\nm.running_mean 'it"
    result = migrated(notebook(IMPORTS, cell, OLD))
    assert sources(result.after) == [ADDED, cell, NEW]
    assert [f for f in found(result) if f.startswith("2:")] == ["2:2:22 BN217 BatchNorm2d", "2:4:3 BN217 running_mean"]


@pytest.mark.parametrize(
    ("line", "column"),
    [("!grep BatchNorm2d", 7), ("%store BatchNorm2d", 8), ("x = !ls BatchNorm2d", 9), ("nn.BatchNorm2d?", 4)],
)
def test_a_word_in_a_magic_is_pointed_out(line: str, column: int) -> None:
    result = migrated(notebook(IMPORTS, f"x = 1\n{line}", f"{line}  # bn-migrate: skip" if "?" not in line else ""))
    expected = [f"2:2:{column} BN217 BatchNorm2d", f"3:1:{column} BN306 BatchNorm2d"]
    assert found(result) == expected[: 1 + ("?" not in line)] and not result.changed
    (review, *_) = result.findings
    assert review.before == review.after == "BatchNorm2d" and CODES[review.code].kind == review.kind == "review"


def test_a_timed_statement_that_needs_more_lines_is_left() -> None:
    cell = "%time layer.reset_parameters()\n%time layer.weight.data.fill_(2)"
    after = sources(migrated(notebook(IMPORTS, "layer = nn.BatchNorm2d(3)", cell)).after)[2]
    assert [line.startswith("%time layer") for line in after.split("\n")] == [True, True]


# What a magic may use keeps its import; what a shell line or pip names is no name of the notebook.
KEPT = {
    "%lprun -f nn.Conv2d x()": True,
    "%%wandb\nnn.Conv2d(1, 1, 1)": True,
    "!echo {nn.__name__}": True,
    "!echo $nn": True,
    "!echo nn": False,
    "%pip install nn": False,
    "%%bash\necho nn": False,
}


@pytest.mark.parametrize(("magic", "kept"), KEPT.items(), ids=KEPT)
def test_an_import_that_a_magic_uses_stays(magic: str, kept: bool) -> None:
    after = sources(migrated(notebook("from torch import nn", "nn.BatchNorm2d(3)", magic)).after)
    assert after == ["from torch import nn\n" * kept + "import mindspore as ms", "ms.nn.BatchNorm2d(3)", magic]


def test_a_class_that_a_magic_uses_is_not_swapped() -> None:
    result = migrated(notebook("from torch.nn import BatchNorm2d", "bn = BatchNorm2d(3)", "%lprun -f f BatchNorm2d(3)"))
    assert sources(result.after)[0].startswith("from torch.nn import BatchNorm2d")
    assert found(result)[0] == "1:1:1 BN212 torch.nn.BatchNorm2d" and "magic" in result.findings[0].message


def test_what_a_magic_assigns_is_unknown() -> None:
    """A call through a name that a magic may have bound is not complemented."""
    cells = [IMPORTS, "def block(norm=nn.BatchNorm2d):\n    return norm(3, momentum=0.1)", "x = %who_knows", "block(x)"]
    result = migrated(notebook(*cells))
    assert "norm(3, momentum=0.1)" in sources(result.after)[1]
    assert "2:2:12 BN204 torch.nn.BatchNorm2d" in found(result)


def test_comments_leave_a_place_or_the_notebook_alone() -> None:
    skip = f"{OLD}  # bn-migrate: skip"
    result = migrated(notebook(IMPORTS, f"%time\n{skip}"))
    assert not result.changed and "2:2:9 BN306 torch.nn.BatchNorm2d" in found(result)
    result = migrated(notebook(IMPORTS, OLD, "# bn-migrate: skip-file\n!ls BatchNorm2d"))
    assert not result.changed and not result.findings


def test_a_cell_may_be_indented_as_a_whole() -> None:
    """IPython takes the indentation of the first line away."""
    cell = "\n  # why not\n  %time x = 1\n  layer = nn.BatchNorm2d(3, momentum=0.2)\n  if x:\n    pass\ny = nn.ReLU()"
    result = migrated(notebook(IMPORTS, cell, "markdown:x", "   # no code"))
    assert sources(result.after) == [ADDED, cell.replace("nn.B", "ms.nn.B").replace("0.2", "0.8"), "x", "   # no code"]
    assert "2:4:11 BN101 torch.nn.BatchNorm2d" in found(result)
    error = migrate_bytes(notebook(IMPORTS, f"{cell}\n   z"), "a.ipynb", Options())
    assert (error.error_cell, error.error_line) == (2, 8)


def test_messages_name_the_line_in_its_cell() -> None:
    subclass = "class Norm(nn.BatchNorm2d):\n    def forward(self, x):\n        return torch.relu(super().forward(x))"
    result = migrated(notebook(IMPORTS, "x = 1", subclass))
    (message,) = [f.message for f in result.findings if f.code == "BN209"]
    assert "line 3 of cell 3: " in message
    (message,) = [
        f.message
        for f in migrated(notebook("from torch.nn import *", "x = 1\nBatchNorm2d(3)")).findings
        if f.kind == "review"
    ] or [""]
    assert not re.search(r"line \d+(?! of cell)", message)


def test_a_branch_with_a_magic_in_it_is_split() -> None:
    test = "if isinstance(m, (nn.BatchNorm2d, nn.GroupNorm)):"
    cell = f"def init(m):\n    {test}\n        nn.init.ones_(m.weight)\n        %who_ls str"
    result = migrated(notebook(IMPORTS, cell))
    assert sources(result.after)[1].count("        %who_ls str") == 2
    (split,) = [f for f in result.findings if f.code == "BN109"]
    assert split.before.endswith("\n        %who_ls str") and split.after.count("%who_ls str") == 2
    assert (split.cell, split.line, split.end_line, split.end_column) == (2, 2, 4, len("        %who_ls str") + 1)


OTHER = {"nets.py": b"from torch import nn\n\ndef make(c):\n    return nn.BatchNorm2d(c, momentum=0.3)\n"}


def test_a_notebook_sees_the_modules_of_the_run_and_they_do_not_see_it() -> None:
    files = [*OTHER.items(), ("use.ipynb", notebook("from nets import make", "layer = make(3)\nlayer.running_mean"))]
    files += [("b.py", b"from use import layer\nlayer.running_mean\n"), ("c.ipynb", notebook(IMPORTS, OLD))]
    results = {r.path: r for r in migrate_files(files, Options())}
    assert sources(results["use.ipynb"].after)[1] == "layer = make(3)\nlayer.moving_mean"
    assert not results["b.py"].changed and results["c.ipynb"].changed


def test_a_notebook_without_a_word_of_the_rules_counts_as_caller() -> None:
    nets = b"from torch import nn\n\ndef block(norm=nn.BatchNorm2d):\n    return norm(3, momentum=0.1)\n"
    for call, code in (("block()", "BN108"), ("block(nn.InstanceNorm2d)", "BN204")):
        caller = notebook("from torch import nn\nfrom nets import block", f"%time\n{call}")
        results = migrate_files([("nets.py", nets), ("call.ipynb", caller)], Options())
        assert code in [f.code for f in results[0].findings]


def test_a_notebook_without_a_word_of_the_rules_is_not_parsed() -> None:
    broken = b'{"cells": [{"source": "def ("'
    assert migrate_bytes(broken, "a.ipynb", Options()).error is None
    results = migrate_files([*OTHER.items(), ("a.ipynb", broken)], Options())
    assert [r.error for r in results] == [None, None] and results[0].changed


JSON_ERRORS = {
    "no JSON": (b'{"cells": [\n"BatchNorm2d" 1]}', "BN908", None, 2),
    "not a notebook": (b'{"BatchNorm2d": 1}', "BN908", None, None),
    "a list": (b'["BatchNorm2d"]', "BN908", None, None),
    "an older format": (b'{"nbformat": 3, "worksheets": ["BatchNorm2d"]}', "BN908", None, None),
    "a newer format": (b'{"nbformat": 5, "cells": [{"cell_type": "BatchNorm2d"}]}', "BN908", None, None),
    "no cells": (b'{"nbformat": 4, "a": ["BatchNorm2d"]}', "BN908", None, None),
    "a source that is no text": (
        b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": ["BatchNorm2d", 1]}]}',
        "BN908",
        1,
        None,
    ),
    "not UTF-8": (notebook("x = 'BatchNorm2d'").replace(b"x =", b"\xff ="), "BN902", None, 10),
    "half a pair": (notebook("x = 'BatchNorm2d \\ud800'").replace(b"\\\\ud", b"\\ud"), "BN902", 1, None),
    "too deep": (b'{"BatchNorm2d": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "BN904", None, None),
    "a syntax error": (notebook("markdown:x", IMPORTS, "x = 1\nnn.BatchNorm2d(\n"), "BN901", 3, 2),
    "a statement over two cells": (notebook("x = (nn.BatchNorm2d,", "1)"), "BN901", 1, 1),
    "a block over two cells": (notebook("if BatchNorm2d:", "    x = 1"), "BN901", 1, 1),
    "an indented line": (notebook("BatchNorm2d\n  x = 1"), "BN901", 1, 2),
    "a joined line over two cells": (notebook("x = BatchNorm2d + \\", "1"), "BN901", 1, 1),
}


@pytest.mark.parametrize(("data", "code", "cell", "line"), JSON_ERRORS.values(), ids=JSON_ERRORS)
def test_errors_name_the_cell_and_the_line(data: bytes, code: str, cell: int | None, line: int | None) -> None:
    result = migrate_bytes(data, "a.ipynb", Options())
    assert result.error is not None and result.error.startswith(code)
    assert result.after == data and (result.error_cell, result.error_line) == (cell, line)
    assert (f"cell {cell}" in result.error) == (cell is not None) and "bn_cell" not in result.error


def test_an_error_travels_between_processes_with_its_place() -> None:
    error = pickle.loads(pickle.dumps(FileError("BN901", "no", 2, 3)))
    assert (error.cell, error.line, str(error)) == (3, 2, "BN901 no (cell 3, line 2)")


def test_only_python_is_taken() -> None:
    for metadata, taken in (
        ({"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}, False),
        ({"language_info": {"name": "julia"}}, False),
        ({"kernelspec": {"name": "x", "display_name": "x", "language": "python"}}, True),
        ({"language_info": {"name": "python"}}, True),
        ({}, True),
    ):
        result = migrate_bytes(notebook(IMPORTS, OLD, **metadata), "a.ipynb", Options())
        assert result.changed is taken and result.error is None


def test_a_coding_line_in_a_cell_decodes_nothing() -> None:
    result = migrated(notebook("# coding: latin-1\nname = 'é名'", IMPORTS, OLD))
    assert sources(result.after)[0] == "# coding: latin-1\nname = 'é名'"


def test_the_word_of_the_marks_may_be_the_notebooks_own() -> None:
    data = notebook("bn_cell = 1\n# bn_cell 7", IMPORTS, f"%time bn_cell1\n{OLD}")
    result = migrate_bytes(data, "a.ipynb", Options())
    assert sources(result.after) == ["bn_cell = 1\n# bn_cell 7", ADDED, f"%time bn_cell1\n{NEW}"]
    assert "bn_cell2" not in result.after.decode()


# Python and what is none, in any order, mostly no program at all.
LINE = st.sampled_from([*MAGIC, *FOREIGN, OLD, "x = 1", "", "é = '名'", "  ", "%", "=", "x = ", "?", "'''", "(", "\\"])
CELL = st.lists(LINE | st.text(max_size=12), max_size=6).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n", "\r"]).map(lambda newline: newline.join(lines))
)


@settings(max_examples=300, deadline=None)
@given(st.lists(CELL.filter(lambda s: s.encode(errors="ignore").decode() == s), max_size=4), st.booleans())
def test_a_program_goes_back_byte_for_byte(cells: list[str], escaped: bool) -> None:
    made = {"nbformat": 4, "cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    data = json.dumps(made, ensure_ascii=escaped).encode()
    program = Program(data)
    assert program.encode(program.text) == data
    assert program.shown(program.text).count("\n") >= sum(cell.count("\n") for cell in cells)
    shown = [program.shown(text).partition("\n")[2] for _, text in program.cells]
    assert [text.rstrip("\r\n") for text in shown] == [cell.rstrip("\r\n") for cell in cells]
    for cell in cells:
        assert "".join(piece.text for piece in pieces(cell) if piece.form != "close") == cell


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([*MAGIC, "x = 1", "# é"]), max_size=5), st.integers(0, 4))
def test_a_notebook_with_nothing_to_rewrite_stays(lines: list[str], indent: int) -> None:
    made = json.loads(notebook("KEY = 'bn.running_mean'", *lines, "\n".join(lines)))
    data = json.dumps(made, indent=indent or None, ensure_ascii=indent % 2 == 0).encode()
    result = migrate_bytes(data, "a.ipynb", Options())
    assert result.error is None and result.after == data and [f.code for f in result.findings] == ["BN305"]


def test_magics_are_those_of_ipython() -> None:
    """What stays Python here is what IPython leaves alone, and the other way round."""
    manager = pytest.importorskip("IPython.core.inputtransformer2").TransformerManager()
    for line in MAGIC:
        ours = all(piece.form == "python" for piece in pieces(line))
        automatic = re.match("pip|cd", line)
        assert ours == (manager.transform_cell(line) == line + "\n") or automatic, line
