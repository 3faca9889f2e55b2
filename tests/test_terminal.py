"""The report on a terminal: nothing is wider than it is, and what matters is seen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.command import BEFORE, BROKEN, bn_migrate, on_terminal, plant

ROOT = Path(__file__).parent.parent
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
LONG = f"""from torch import nn

def f(m: nn.BatchNorm2d):
    return {{"{"a" * 90}": 1, "scale": m.affine, "{"b" * 90}": 2, "c": "{"c" * 90}"}}
"""
LAST = {
    60: "1 rewrite, 1 place to review, 1 note: -v shows them.",
    80: "1 rewrite, 1 place to review, 1 note: -v shows them.",
    100: "1 file would be rewritten, 0 unchanged. 1 rewrite, 1 place to review, 1 note: -v shows them.",
}
UNKNOWN = b"def mean(x):\n    return x.running_mean\n"


def lines_of(text: str) -> list[str]:
    return COLOUR.sub("", text).replace("\r\n", "\n").splitlines()


@pytest.mark.parametrize("columns", [80, 100])
def test_messages_wrap_between_words_at_the_width(columns: int) -> None:
    shown = lines_of(on_terminal("--check", "samples", cwd=ROOT, columns=columns))
    piped = bn_migrate("--check", "samples", cwd=ROOT).stdout.decode().splitlines()
    code = ("    write: ", " " * 11)
    assert max(cell_len(line) for line in shown if not line.startswith(code)) <= columns < max(map(cell_len, piped))
    start = next(i for i, line in enumerate(shown) if "BN218 review" in line)
    end = next(i for i, line in enumerate(shown) if i > start and not line.startswith("      "))
    whole = " ".join(line.strip() for line in shown[start : end - 1])
    assert end - start > 3 and whole.split("  ")[0] in " ".join(" ".join(piped).split())


def test_code_that_is_offered_is_not_wrapped() -> None:
    shown = lines_of(on_terminal("--check", "samples", cwd=ROOT, columns=40))
    assert "           m.bn_train = ms.ops.BatchNorm(is_training=True, epsilon=m.eps, momentum=m.momentum, " in "".join(
        line + " " * line.endswith(",") for line in shown
    )


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_a_line_that_is_too_long_shows_what_is_marked(tmp_path: Path, columns: int) -> None:
    plant(tmp_path, {"a.py": LONG.encode()})
    shown = lines_of(on_terminal("--check", "a.py", cwd=tmp_path, columns=columns))
    at = next(i for i, line in enumerate(shown) if "^" in line)
    assert max(map(cell_len, shown)) <= columns and "…" in shown[at - 1] and shown[-1] == LAST[columns]
    start, end = shown[at].index("^"), shown[at].rindex("^") + 1
    assert shown[at - 1][start:end] == "m.affine"


def test_what_is_marked_behind_wide_characters(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": 'from torch import nn\nname = "批归", nn.BatchNorm2d(3, momentum=None)\n'.encode()})
    lines = bn_migrate("--check", "a.py", cwd=tmp_path).stdout.decode().splitlines()
    at = next(i for i, line in enumerate(lines) if "^" in line)
    assert cell_len(lines[at - 1].partition("nn.")[0]) == lines[at].index("^")


def test_what_may_fail_later_is_seen_and_the_notes_are_named(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE, "b.py": UNKNOWN})
    said = bn_migrate("--check", ".", cwd=tmp_path).stdout.decode()
    assert "b.py:2:12 BN304 warning " in said and "BN301" not in said
    assert said.endswith("1 rewrite, 0 places to review, 1 warning, 2 notes: -v shows them.\n")
    said = bn_migrate("--check", "-v", ".", cwd=tmp_path).stdout.decode()
    assert "BN301 note" in said and said.endswith("1 warning, 2 notes.\n")


def test_the_totals_are_coloured_where_there_is_something(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": BEFORE, "b.py": BROKEN})
    last = on_terminal("--check", ".", cwd=tmp_path, columns=120).splitlines()[-1]
    assert re.search(r"\x1b\[32m1 rewrite\x1b", last) and re.search(r"\x1b\[1;31m1 not processed\x1b", last)
    assert "[1;33m0 places" not in last and "0 places to review" in COLOUR.sub("", last)


FORMS: dict[str, tuple[list[str], int]] = {
    "text": ([], 1),
    "with a diff": (["--diff"], 1),
    "quiet": (["--quiet"], 1),
    "counted": (["--statistics"], 1),
    "with a page": (["--report", "page.html"], 1),
    "json": (["--format", "json"], 1),
    "annotations": (["--format", "github"], 0),
}


@pytest.mark.parametrize(("options", "times"), FORMS.values(), ids=FORMS)
def test_an_error_is_on_standard_error_once(tmp_path: Path, options: list[str], times: int) -> None:
    plant(tmp_path, {"a.py": BEFORE, "b.py": BROKEN})
    done = bn_migrate("--check", *options, ".", cwd=tmp_path)
    if "--diff" in options:
        done = bn_migrate(*options, ".", cwd=tmp_path)
    assert done.returncode == 2 and done.stderr.count(b"BN901") == times
    assert done.stdout.count(b"BN901") == (1 if "--format" in options else 0)
