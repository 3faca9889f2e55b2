"""Reads the migration cases: Markdown sections with before, after and findings."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from migrate.findings import Finding

FOLDER = Path(__file__).parent / "cases"
WRITE = "    write: "
BEFORE, AFTER = "python before: ", "python after: "
PROJECTS = FOLDER / "projects.md"
UNREAD = FOLDER / "unread.md"
BLOCK = re.compile(r"^```(?P<name>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Case:
    """One section. ``after`` equals ``before`` where the section has none; a finding brings its suggestion along.

    ``instances``: expressions that make a layer in either text, for the two to be compared. ``place`` is where the
    section stands, for people and editors. ``messages``: what the message of a finding has to say, or not.
    """

    file: str
    title: str
    place: str
    before: str
    after: str
    findings: tuple[str, ...]
    options: dict[str, str]
    instances: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.file}: {self.title}"


def read_cases(path: Path) -> list[Case]:
    """The cases of a file: ``## title``, ``python before``, ``python after``, ``findings``, blocks that may follow."""
    cases = []
    for title, place, body in sections(path):
        blocks = {m["name"]: m["text"] for m in BLOCK.finditer(body)}
        options = dict(re.findall(r"^Option: `--(\S+) (\S+)`$", body, flags=re.MULTILINE))
        before = blocks["python before"]
        instances, messages = (tuple(blocks.get(name, "").splitlines()) for name in ("instances", "messages"))
        after = blocks.get("python after", before)
        findings = split_findings(blocks)
        cases.append(Case(path.stem, title, place, before, after, findings, options, instances, messages))
    return cases


def sections(path: Path) -> Iterator[tuple[str, str, str]]:
    """The title, the place and the text of each section ``## title``."""
    text = path.read_text("utf-8")
    heads = list(re.finditer(r"^## (.*)$", text, flags=re.MULTILINE))
    for head, end in zip(heads, [*(h.start() for h in heads[1:]), len(text)], strict=True):
        line = text.count("\n", 0, head.start()) + 1
        place = path.relative_to(FOLDER.parent.parent)
        yield head[1].strip(), f"{place}:{line}", text[head.end() : end]


def lines_of(texts: Iterable[str]) -> list[str]:
    return [line for text in texts for line in text.splitlines()]


def fail_unless_same(place: str, what: str, wanted: Iterable[str], got: Iterable[str]) -> None:
    """Fail with the place of the case and a unified diff of the lines, unless they are the same."""
    before, after = list(wanted), list(got)
    if before != after:
        diff = difflib.unified_diff(before, after, f"{what}, wanted", f"{what}, got", lineterm="")
        pytest.fail("\n".join([place, *diff]), pytrace=False)


@dataclass(frozen=True)
class ProjectCase:
    """One section over several files. ``after`` has every file; ``run`` has expressions to evaluate in either tree."""

    title: str
    place: str
    before: dict[str, str]
    after: dict[str, str]
    findings: tuple[str, ...]
    run: tuple[str, ...]


def read_projects(path: Path = PROJECTS) -> list[ProjectCase]:
    """The cases of a file: ``## title``, ``python before: FILE``, ``python after: FILE``, ``findings`` and ``run``."""
    cases = []
    for title, place, body in sections(path):
        blocks = {m["name"]: m["text"] for m in BLOCK.finditer(body)}
        before = {n.removeprefix(BEFORE): text for n, text in blocks.items() if n.startswith(BEFORE)}
        after = {n.removeprefix(AFTER): text for n, text in blocks.items() if n.startswith(AFTER)}
        assert after.keys() <= before.keys()
        run = tuple(blocks.get("run", "").splitlines())
        cases.append(ProjectCase(title, place, before, before | after, split_findings(blocks), run))
    return cases


def split_findings(blocks: dict[str, str]) -> tuple[str, ...]:
    """The findings of a section, each with the lines below it."""
    return tuple(re.findall(r"^\S.*(?:\n .*)*", blocks.get("findings", ""), flags=re.MULTILINE))


def described(finding: Finding) -> str:
    """A finding as the cases have it, with what it offers to write on the lines below."""
    head = f"{finding.line}:{finding.column} {finding.code} {finding.role} {finding.symbol}"
    lines = finding.suggestion.splitlines()
    return "\n".join([head, *(f"{WRITE if i == 0 else ' ' * len(WRITE)}{line}" for i, line in enumerate(lines))])


def all_cases() -> list[Case]:
    return [case for path in sorted(FOLDER.glob("*.md")) if path not in (PROJECTS, UNREAD) for case in read_cases(path)]


def read_unread() -> dict[str, dict[str, str]]:
    """The files of each project of ``unread.md``, by its title."""
    _, *projects = UNREAD.read_text("utf-8").split("\n## ")
    blocks = re.compile(r"^```python (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return {project.partition("\n")[0]: dict(blocks.findall(project)) for project in projects}
