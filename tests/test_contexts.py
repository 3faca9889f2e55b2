"""Every attribute and method of the rules in every context and state, migrated and run in both frameworks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from migrate.engine import Options
from migrate.rule import Rule
from migrate.rules import load_rules, shipped_rules
from tests.contexts.programs import (
    ATTRIBUTES,
    PLAIN,
    REFUSED,
    UNSEEN,
    Cell,
    Program,
    cells,
    kind_of,
    outcome,
    program,
    states,
)

RULES = load_rules("mindspore.nn").rules
WRONG_ROWS = {
    r'\[method\.parameters\."mindspore\.nn"\]': 'to = "trainable_params"\narguments = ["recurse"]\n',
    r'\[method\.named_parameters\."mindspore\.nn"\]': 'to = "parameters_and_names"\n',
}
"""Rows as they were before there was a table of contexts."""


@dataclass(frozen=True)
class Batch:
    """The functions of one module to run: cells with what their layer is made with, where it comes from elsewhere."""

    name: str
    program: Program
    runs: list[tuple[Cell, dict[str, Any] | None]]


@dataclass(frozen=True)
class Run:
    """One function that was run in both frameworks, and what it gave."""

    batch: str
    cell: Cell
    outcome: str
    before: Any
    after: Any

    @property
    def fails(self) -> bool:
        return isinstance(self.before, dict) and "error" in self.before

    def __str__(self) -> str:
        return f"{self.batch}: {self.cell.row}, {self.cell.context} ({self.outcome}): {self.before} / {self.after}"


def batch(rule: Rule, state: str, options: Options = PLAIN) -> Batch:
    """What can be run of a class in a state: all that is not left for review."""
    made = program(rule, state, options)
    assert not made.reviews, "a state has to be reached without one"
    runs: list[tuple[Cell, dict[str, Any] | None]] = []
    for cell in cells(rule):
        if outcome(made.said[cell], cell.row) == "review":
            continue
        given = [{"affine": True}, {"affine": False}] if state == UNSEEN else [None]
        # An attribute of a layer that comes from elsewhere is taken to be there.
        runs += [(cell, a) for a in (given[:1] if kind_of(cell.row) in ATTRIBUTES else given)]
    return Batch(f"{rule.name} {state}", made, runs)


def run(batches: list[Batch]) -> list[Run]:
    """The functions of all modules, in one process for each framework."""

    def side(framework: str) -> Any:
        texts = [b.program.before if framework == "torch" else b.program.after for b in batches]
        calls = [[(cell.name, given) for cell, given in b.runs] for b in batches]
        done = subprocess.run(
            [sys.executable, "-m", "tests.contexts.run", framework],
            input=json.dumps(list(zip(texts, calls, strict=True))),
            cwd=Path(__file__).parent.parent,
            env={**os.environ, "GLOG_v": "4"},
            capture_output=True,
            text=True,
        )
        found = re.findall(r"^@@(.*)$", done.stdout, flags=re.MULTILINE)
        assert found, done.stderr[-2000:]
        return json.loads(found[-1])

    with ThreadPoolExecutor() as pool:
        before, after = pool.map(side, ("torch", "mindspore"))
    return [
        Run(b.name, cell, outcome(b.program.said[cell], cell.row), one, other)
        for b, ones, others in zip(batches, before, after, strict=True)
        for (cell, _), one, other in zip(b.runs, ones, others, strict=True)
    ]


def wrong(runs: list[Run]) -> list[Run]:
    """Those that give something else after the migration, or that nothing was said about."""
    return [r for r in runs if not r.fails and (r.before != r.after or not r.outcome)]


@pytest.fixture(scope="module")
def old_rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rules with wrong rows."""
    text = (shipped_rules() / "batch_norm_2d.toml").read_text("utf-8")
    for head, row in WRONG_ROWS.items():
        text, count = re.subn(rf"(?ms)^({head}\n).*?(?=^\[)", rf"\g<1>{row}", text)
        assert count == 1
    text = re.sub(r"inexact = \"[^\"]*\", ", "", text)
    text = re.sub(r"missing = \"[^\"]*\", ", "", text)
    folder = tmp_path_factory.mktemp("rules")
    (folder / "batch_norm_2d.toml").write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def runs(old_rules: Path) -> dict[str, list[Run]]:
    """All that is run: under ``now`` by the shipped rules, under ``old`` by those with wrong rows."""
    now = [batch(rule, state) for rule in RULES for state in states(rule, RULES)]
    main = next(r for r in RULES if r.name == "BatchNorm2d")
    options = Options(rules=(old_rules,))
    old = [batch(main, state, options) for state in ("as made", "frozen", "affine=False", "track_running_stats=False")]
    done = run([*now, *old])
    count = sum(len(b.runs) for b in now)
    return {"now": done[:count], "old": done[count:]}


def test_every_row_has_contexts() -> None:
    """A row that no kind lists is one that the rule refuses everywhere."""
    for rule in RULES:
        rows = {cell.row for cell in cells(rule)}
        assert rows == {*rule.attributes, *rule.methods}
        for row in rows:
            treatment = rule.attributes.get(row) or rule.methods[row]
            assert kind_of(row) != REFUSED or (treatment.refuse and not treatment.to)


def test_nothing_is_wrong(runs: dict[str, list[Run]]) -> None:
    assert [str(r) for r in wrong(runs["now"])] == []


def test_everything_that_is_no_review_is_run(runs: dict[str, list[Run]]) -> None:
    """A cell may not be called renamed because torch refuses it, too."""
    assert [str(r) for r in runs["now"] if r.fails] == []
    assert {r.outcome for r in runs["now"]} == {"renamed", "written out", "note"}


@pytest.mark.parametrize(
    ("row", "context"),
    [
        ("parameters", "unfrozen in a loop"),
        ("parameters", "next"),
        ("parameters", "len of list"),
        ("named_parameters", "names alone"),
        ("named_parameters", "dict"),
        ("momentum", "compared"),
        ("momentum", "looked up"),
        ("weight", "read"),
        ("running_mean", "stored"),
    ],
)
def test_wrong_rows_are_seen(runs: dict[str, list[Run]], row: str, context: str) -> None:
    """The rows that were wrong would not have passed."""
    assert Cell(row, context) in {r.cell for r in wrong(runs["old"])}
