"""``--why FILE:LINE[:COLUMN]``: how a class or layer of a rule came to a place, or where it was lost on the way.

The files of the run that imports connect with the place are read as a whole: a question is asked of one place, so it
may cost more than a run does.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from migrate.batch.groups import find_groups
from migrate.engine import Options, migrate_group
from migrate.errors import FileError, UsageError
from migrate.files import Selection, find_files, read
from migrate.findings import spot
from migrate.flow.facts import Fact
from migrate.flow.graph import TracedGraph
from migrate.flow.link import Linker
from migrate.flow.load import words_of
from migrate.flow.modules import Loaded
from migrate.flow.state import Flow
from migrate.flow.steps import Step, Steps
from migrate.index.summarise import summarise
from migrate.index.summary import Place, Summary
from migrate.index.tree import Tree
from migrate.notebooks import is_notebook
from migrate.question import Question
from migrate.report.totals import plural
from migrate.rules import RuleSet, load_rules
from migrate.syntax.source import LINE_END, Source
from migrate.triggers import holds_none


def why(question: Question, paths: tuple[str, ...], selection: Selection, options: Options) -> list[str]:
    """The lines that explain a place of the files below ``paths``: its findings, and how what they speak about came.

    Raises UsageError where the file is not of the run or cannot be read.
    """
    sources = _sources(paths, selection)
    path = _path(question, sources)
    rules = load_rules(options.target, options.rules, options.version)
    triggered = [file for file, data in sources.items() if not holds_none(data, rules.words)]
    groups = find_groups(sources, triggered, sources.__getitem__)
    group = next((g for g in groups if path in g.paths), None)
    if group is None:
        return [f"{path}: neither this file nor one that imports connect it with names what the rules speak about"]
    results = migrate_group(group.paths, group.triggered, sources.__getitem__, options)
    findings = [f for r in results if r.path == path for f in r.findings if question.fits(f.line, f.column)]
    said = [f"{spot(path, f.cell, f.line, f.column)} {f.code} {f.kind} {f.message}" for f in findings]
    files = {file: sources[file] for file in sorted(group.paths) if not is_notebook(file)}
    return [*said, *_explained(question, path, files, rules)]


def _sources(paths: tuple[str, ...], selection: Selection) -> dict[str, bytes]:
    """The files of the run that can be read."""
    found = {}
    for file in find_files(paths, selection):
        with contextlib.suppress(FileError):
            found[file.path] = read(file.path)
    return found


def _explained(question: Question, path: str, files: dict[str, bytes], rules: RuleSet) -> Iterator[str]:
    graph = TracedGraph()
    flow = Flow(rules, Tree(files), graph, frozenset(files))
    _read(files, Linker(flow), rules, path)
    loaded = flow.modules.loaded[path]
    assert loaded is not None
    nodes = _subjects(loaded.summary, question)
    yield from _answers(nodes, loaded, question, Texts(files), Steps(flow, graph))


def _path(question: Question, sources: dict[str, bytes]) -> str:
    """The file of the run that is meant."""
    wanted = os.path.realpath(question.path)
    path = next((file for file in sources if os.path.realpath(file) == wanted), None)
    if path is None:
        raise UsageError(f"--why: {question.path} is not among the files of this run: name it, or a folder above it")
    return path


def _read(files: dict[str, bytes], linker: Linker, rules: RuleSet, asked: str) -> None:
    for file, data in files.items():
        try:
            linker.link(summarise(file, Source(data, file).tree, words_of(rules)))
        except FileError as error:
            if file == asked:
                raise UsageError(f"--why: {file}: {error}") from None
            linker.fail(file)
    linker.run()


def _subjects(summary: Summary, question: Question) -> list[int]:
    """The nodes to explain at a place: receivers of names of the rules, what is called, and all that is written."""
    found: dict[int, None] = {}
    for use in summary.uses:
        if question.fits(use.line, use.column + 1):
            found[use.base] = None
    for call in summary.calls:
        if question.fits(call.line, call.column + 1):
            found[call.callee] = None
    for node, place in summary.places.items():
        if question.fits(place.line, place.column + 1):
            found[node] = None
    return list(found)


def _answers(nodes: list[int], loaded: Loaded, question: Question, texts: Texts, steps: Steps) -> Iterator[str]:
    """What is known of the nodes that a class or layer comes to; where there is none, why of the first one."""
    known: dict[str, list[str]] = {}
    for node in nodes:
        text = texts.of(loaded.summary.path, loaded.summary.places.get(node))
        answer = list(_answer(node + loaded.base, text, texts, steps))
        if answer and answer not in known.values():
            known.setdefault(text, answer)
    yield from (line for answer in known.values() for line in answer)
    if not known and nodes:
        text = texts.of(loaded.summary.path, loaded.summary.places.get(nodes[0]))
        yield f"{text}: no class or layer of a rule is known to come here"
        yield from (f"  {texts.line(step)}" for step in steps.lost(nodes[0] + loaded.base))
    crowded = steps.crowded() if nodes else []
    if crowded:
        more = f", and in {plural(len(crowded) - 1, 'other place')}" if len(crowded) > 1 else ""
        yield f"not all is followed: {texts.line(crowded[0])}{more}"
    if not nodes:
        yield f"{spot(loaded.summary.path, None, question.line)}: nothing here that a rule speaks about"


def _answer(node: int, text: str, texts: Texts, steps: Steps) -> Iterator[str]:
    """How classes and layers of rules came to a node, and what else may; nothing where none did."""
    facts = steps.facts(node)
    ours = [fact for fact in facts if _concerns(fact, steps)]
    for fact in ours:
        yield f"{text} is {steps.word(fact)}:"
        yield from (f"  {texts.line(step)}" for step in steps.path(node, fact))
    for fact in facts if ours else ():
        if fact not in ours and fact[0] not in "DX":
            yield f"{text} may also be {steps.word(fact)}:"
            yield from (f"  {texts.line(step)}" for step in steps.path(node, fact))
    lost = steps.lost(node) if ours else []
    if lost:
        yield f"{text} may also be something that is not known:"
        yield from (f"  {texts.line(step)}" for step in lost)


class Texts:
    """The words of places, from the files of the run."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files
        self._lines: dict[str, list[str]] = {}

    def of(self, path: str, place: Place | None) -> str:
        """The text at a place, the first line of it where there are several; empty for None."""
        if place is None:
            return ""
        if path not in self._lines:
            self._lines[path] = LINE_END.split(Source(self._files[path], path).text)
        line = self._lines[path][place.line - 1].encode()
        end = place.end_column if place.end_line == place.line else len(line)
        return line[place.column : end].decode()

    def line(self, step: Step) -> str:
        """A step as people read it: where it is, the text there, and what it says."""
        place = step.place
        if place is None:
            return f"{step.path}: {step.what}"
        return f"{spot(step.path, None, place.line, place.column + 1)}: {self.of(step.path, place)}: {step.what}"


def _concerns(fact: Fact, steps: Steps) -> bool:
    return fact[0] in "MIRP" or (fact[0] in "KO" and steps.is_layer(fact))
