"""A second run over what the first one wrote: it rewrites nothing, and what was left for review is so again."""

from __future__ import annotations

import ast
from bisect import bisect_right
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate

import pytest

from migrate.engine import Options, migrate_files
from migrate.findings import Finding, Result
from migrate.rules import RuleSet, load_rules
from tests.cases import all_cases, read_projects

USES = ("BN205", "BN206", "BN207", "BN208", "BN211", "BN214", "BN218", "BN220")
"""Reviews of uses of an instance, as against those of its class."""
OF_VALUES = ("BN401", "BN404")
"""Reviews of values that a rewrite writes where the source had the rare ones: nothing tells them from a mistake."""


@dataclass(frozen=True)
class Place:
    """A part of a text, and the finding about it."""

    start: int
    end: int
    finding: Finding

    def overlaps(self, other: tuple[int, int]) -> bool:
        return self.start < other[1] and other[0] < self.end


def places(result: Result) -> list[Place]:
    starts = [0, *accumulate(map(len, result.before.decode().splitlines(keepends=True)))]
    return [
        Place(starts[f.line - 1] + f.column - 1, starts[f.end_line - 1] + f.end_column - 1, f) for f in result.findings
    ]


@dataclass(frozen=True)
class Written:
    """The files of a case."""

    place: str
    files: dict[str, str]
    options: Options


def written() -> list[Written]:
    single = (
        Written(
            c.place,
            {c.options.get("stdin-filename", "case.py"): c.before},
            Options(c.options.get("target", "mindspore.nn"), c.options.get("data-format", "NCHW")),  # type: ignore[arg-type]
        )
        for c in all_cases()
    )
    return [*single, *(Written(c.place, c.before, Options()) for c in read_projects())]


class Moved:
    """Where the parts of a text that stayed are in another one."""

    def __init__(self, before: str, after: str) -> None:
        self._blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
        self._starts = [b.a for b in self._blocks]

    def __call__(self, offset: int) -> int:
        block = self._blocks[max(bisect_right(self._starts, offset) - 1, 0)]
        return block.b + min(max(offset - block.a, 0), block.size)


def is_watched(finding: Finding, rules: RuleSet) -> bool:
    """Whether a name means something to the source's class alone, as the rules have it."""
    owner, _, name = finding.symbol.rpartition(".")
    rule = rules.by_name.get(owner)
    if rule is None:
        return False
    attribute, method = rule.attributes.get(name), rule.methods.get(name)
    if attribute is not None and attribute.to == name:
        written = finding.code in ("BN207", "BN205") or finding.before.startswith("setattr")
        return written and bool(attribute.write)
    if method is not None:
        return method.to != name and not method.shared
    return attribute is not None or name in rule.lacks


def reviewed_parts(result: Result, found: list[Place]) -> list[tuple[int, int]]:
    """What the reviews are about, and notes that a review speaks for them, too.

    The place of each; of a class that was left as a whole all of its text.
    """
    reviews = [p for p in found if p.finding.kind == "review" or p.finding.code == "BN308"]
    text = result.before.decode()
    lines = [0, *accumulate(map(len, text.splitlines(keepends=True)))]
    whole = [
        (lines[node.lineno - 1], lines[node.end_lineno or 0])
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef)
        and any(p.finding.code == "BN209" and p.finding.line == node.lineno for p in reviews)
    ]
    return [*((p.start, p.end) for p in reviews), *whole]


@pytest.mark.parametrize("case", written(), ids=lambda case: case.place)
def test_what_was_left_is_found_again_and_nothing_else(case: Written) -> None:
    rules = load_rules(case.options.target)
    first = migrate_files([(p, t.encode()) for p, t in case.files.items()], case.options)
    second = migrate_files([(r.path, r.after) for r in first], case.options)
    for one, two in zip(first, second, strict=True):
        assert two.after == one.after == two.before and one.error is None is two.error
        old, new = places(one), places(two)
        there = Moved(one.before.decode(), one.after.decode())
        again = [p for p in new if p.finding.kind == "review"]
        for place in old:
            if place.finding.code in USES and is_watched(place.finding, rules):
                span = there(place.start), there(place.end)
                assert any(p.overlaps(span) for p in again), f"not found again: {place.finding}"
        reviewed = [(there(start), there(end)) for start, end in reviewed_parts(one, old)]
        for place in again:
            is_written = place.finding.code in OF_VALUES and two.before != one.before
            if place.finding.code.startswith("BN4") and not is_written:
                assert any(place.overlaps(span) for span in reviewed), f"new: {place.finding}"
