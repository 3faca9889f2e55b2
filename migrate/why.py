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
from migrate.flow.graph import TracedGraph
from migrate.flow.link import Linker
from migrate.flow.load import words_of
from migrate.flow.state import Flow
from migrate.index.summarise import summarise
from migrate.index.tree import Tree
from migrate.notebooks import is_notebook
from migrate.question import Question
from migrate.rules import RuleSet, load_rules
from migrate.syntax.source import LINE_END, Source, decoded
from migrate.triggers import holds_none
from migrate.ways import Ways


def why(question: Question, paths: tuple[str, ...], selection: Selection, options: Options) -> list[str]:
    """The lines that explain a place of the files below ``paths``: its findings, and how what they speak about came.

    Raises UsageError where the file is not of the run or cannot be read.
    """
    sources = _sources(paths, selection)
    path = _path(question, sources)
    _check_line(question, sources[path])
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
    flow = Flow(rules, Tree(files), TracedGraph(), frozenset(files))
    _read(files, Linker(flow), rules, path)
    return Ways(flow, files.__getitem__).to_line(path, question.line, question.column)


def _path(question: Question, sources: dict[str, bytes]) -> str:
    """The file of the run that is meant."""
    wanted = os.path.realpath(question.path)
    path = next((file for file in sources if os.path.realpath(file) == wanted), None)
    if path is None:
        raise UsageError(f"--why: {question.path} is not among the files of this run: name it, or a folder above it")
    return path


def _check_line(question: Question, data: bytes) -> None:
    """Raises UsageError where the file has no such line."""
    try:
        last = len(LINE_END.split(decoded(data, question.path).removesuffix("\n")))
    except FileError as error:
        raise UsageError(f"--why: {question.path}: {error}") from None
    if not 1 <= question.line <= last:
        raise UsageError(f"--why: {question.path} has no line {question.line}: its last one is {last}")


def _read(files: dict[str, bytes], linker: Linker, rules: RuleSet, asked: str) -> None:
    for file, data in files.items():
        try:
            linker.link(summarise(file, Source(data, file).tree, words_of(rules)))
        except FileError as error:
            if file == asked:
                raise UsageError(f"--why: {file}: {error}") from None
            linker.fail(file)
    linker.run()
