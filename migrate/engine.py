"""Files from bytes to results: analysis, edits, checks."""

from __future__ import annotations

import ast
import contextlib
import gc
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from migrate.advance import part, reached
from migrate.batch.groups import find_groups
from migrate.choices import NO_CHOICES, Choices
from migrate.differences import Beside
from migrate.errors import FileError
from migrate.findings import CALL_ROLES, MAKING_ROLES, Finding, Result, Role
from migrate.stages import stage
from migrate.targets import Target
from migrate.trace.record import Record
from migrate.triggers import TODO, holds_none

if TYPE_CHECKING:
    from migrate.decide.drafts import Draft
    from migrate.decide.module import Analysis
    from migrate.edits import Edit
    from migrate.flow.state import Flow
    from migrate.rewrite.offered import Offers
    from migrate.rules import RuleSet
    from migrate.syntax.source import Source, Span

FRAMES = 3000


@dataclass(frozen=True, slots=True)
class Options:
    """What a migration depends on besides the source.

    ``todo``: the codes of the reviews that get a comment. ``as_they_are``: the paths of files that must not change.

    ``apply``: the codes of the reviews whose suggestions are taken as rewrites; with ``apply_calls`` also those about a
    call, which a proof has to follow, but for those at ``unproved`` places: path, cell and line.

    ``version``: that of the target framework, whose classes have other signatures from some on; those up to now where
    it is empty. ``onto``: the version to whose signatures calls of the target's own classes are migrated, in place of
    code for the source framework. ``original``: in what the files differ from those that they were ported from.
    ``record``: what the program did with the classes when it ran. ``ways``: whether findings say how what they speak
    about came to their places. ``choices``: what a person chose to leave, to take and to write.
    """

    target: Target = "mindspore.nn"
    data_format: str = "NCHW"
    rules: tuple[Path, ...] = ()
    todo: tuple[str, ...] = ()
    as_they_are: frozenset[str] = frozenset()
    apply: tuple[str, ...] = ()
    apply_calls: bool = False
    unproved: frozenset[tuple[str, int | None, int]] = frozenset()
    version: str = ""
    onto: str = ""
    original: tuple[Beside, ...] = ()
    record: Record | None = None
    ways: bool = False
    choices: Choices = NO_CHOICES


def migrate_bytes(data: bytes, path: str, options: Options) -> Result:
    """The result for one file on its own; errors are part of it and leave the bytes as they are."""
    return next(iter(migrate_files([(path, data)], options)))


def migrate_files(files: Iterable[tuple[str, bytes]], options: Options) -> list[Result]:
    """The results for files that may import each other, in their order."""
    from migrate.rules import load_rules

    texts = dict(files)
    words = load_rules(options.target, options.rules, options.version).words
    triggered = [path for path, data in texts.items() if concerns(data, words, options.record)]
    groups = find_groups(texts, triggered, texts.__getitem__) if triggered else []
    done = {r.path: r for g in groups for r in migrate_group(g.paths, g.triggered, texts.__getitem__, options)}
    return [done.get(path) or Result(path, data, data) for path, data in texts.items()]


def concerns(data: bytes, words: list[bytes], record: Record | None) -> bool:
    """Whether there may be something to say of a file: it has a trigger word, or was seen at work."""
    return not holds_none(data, words) or (record is not None and record.holds(data))


def migrate_group(
    paths: Iterable[str], triggered: Iterable[str], read: Callable[[str], bytes], options: Options
) -> list[Result]:
    """The results for the ``triggered`` files and for those of ``paths`` that matter to them.

    ``read`` gives the bytes of a file. A file that turns out not to be writable stays, and so does what the others
    have from it.
    """
    paths, triggered = list(paths), list(triggered)
    with part(0, 0.5 if options.todo else 1), _uncollected():
        results = _migrated(paths, triggered, read, options)
    after = {r.path: r.after for r in results if r.differs} if options.todo else {}
    if not after:
        return results
    # What only shows once the class is the target's gets its comment now, not by the next run.
    from migrate.todo import with_more_comments

    commented = replace(options, apply=(), ways=False)
    with part(0.5, 1), _uncollected():
        more = _migrated(paths, triggered, lambda path: after[path] if path in after else read(path), commented)
    return with_more_comments(results, more)


def proof_rules(options: Options) -> RuleSet:
    """The rules by which calls were rewritten, as a proof needs them."""
    from migrate.rules import RuleSet, load_rules
    from migrate.versions import signatures_of

    rules = load_rules(options.target, options.rules, options.version)
    return RuleSet(tuple(signatures_of(rules.rules, options.onto).values())) if options.onto else rules


def _migrated(paths: list[str], triggered: list[str], read: Callable[[str], bytes], options: Options) -> list[Result]:
    """The results of one look at the files."""
    from migrate.decide.module import analyse, migrate_signatures
    from migrate.decide.reading import read_project
    from migrate.flow.graph import Graph, TracedGraph
    from migrate.rules import load_rules
    from migrate.versions import signatures_of

    known = {path: read(path) for path in triggered}
    rules = load_rules(options.target, options.rules, options.version)
    with stage("analyse"), _DEEP_STACK:
        project = read_project(paths, known, read, rules, TracedGraph if options.ways else Graph)
    failed: dict[str, Result] = {}
    while True:
        with stage("analyse"), _DEEP_STACK:
            unwritten = options.as_they_are | failed.keys()
            if options.onto:
                signatures = signatures_of(rules.rules, options.onto)
                done = migrate_signatures(project, signatures, unwritten, options.choices.left)
            else:
                done = analyse(
                    project, options.data_format, unwritten, options.original, options.record, options.choices.left
                )
        found = {**done, **project.failed}
        with stage("edit"):
            results = _finished(paths, found, failed, lambda p: known.get(p) or read(p), rules, options)
        new = {r.path: r for r in results if r.error is not None and r.path in done and r.path not in failed}
        if not new:
            return _with_ways(results, project.flow, lambda p: known.get(p) or read(p)) if options.ways else results
        failed |= new


def _with_ways(results: list[Result], flow: Flow, read: Callable[[str], bytes]) -> list[Result]:
    """The results, whose findings say how what they speak about came to their places; notes ask for nothing."""
    from migrate.ways import Ways

    with stage("ways"):
        ways = Ways(flow, read)

        def told(path: str, finding: Finding) -> Finding:
            return finding if finding.kind == "note" else replace(finding, way=ways.to_finding(path, finding))

        return [replace(r, findings=tuple(told(r.path, f) for f in r.findings)) if r.findings else r for r in results]


def find_ways(
    paths: Iterable[str],
    triggered: Iterable[str],
    read: Callable[[str], bytes],
    options: Options,
    path: str,
    findings: Iterable[Finding],
) -> dict[Finding, tuple[str, ...]]:
    """How what the ``findings`` of a file speak about came there, without deciding about its group once more."""
    from migrate.flow.graph import TracedGraph
    from migrate.flow.load import load
    from migrate.rules import load_rules
    from migrate.syntax.source import Source, python_of
    from migrate.ways import Ways

    def parse(path: str) -> ast.Module | None:
        try:
            return Source(read(path), path).tree
        except FileError:
            return None

    rules = load_rules(options.target, options.rules, options.version)
    with _DEEP_STACK, _uncollected():
        queries = load(paths, triggered, parse, python_of(read), rules, TracedGraph)
        ways = Ways(queries.flow, read)
        return {finding: ways.to_finding(path, finding) for finding in findings}


def _finished(
    paths: Iterable[str],
    analyses: dict[str, Analysis | Exception],
    failed: dict[str, Result],
    read: Callable[[str], bytes],
    rules: RuleSet,
    options: Options,
) -> list[Result]:
    """The results of the files that were analysed, in the order of ``paths``; ``failed`` are those known before."""
    results: list[Result] = []
    for path in paths:
        if path in analyses:
            reached("rewriting", len(results), len(analyses))
            analysis = analyses[path]
            data = read(path) if isinstance(analysis, Exception) else analysis.source.data
            results.append(failed.get(path) or finish(data, path, analysis, rules, options))
    return results


class _DeepStack:
    """Room for values that are followed through many functions, each of which takes several frames.

    The limit is that of all threads: the first one raises it, and the last one that is done restores it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._before = sys.getrecursionlimit()
                sys.setrecursionlimit(max(self._before, FRAMES))
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                sys.setrecursionlimit(self._before)


_DEEP_STACK = _DeepStack()


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """No search for circular garbage meanwhile: there is next to none, and it would look at every node each time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def finish(data: bytes, path: str, analysis: Analysis | Exception, rules: RuleSet, options: Options) -> Result:
    """The result of one file from its analysis; errors are part of it and leave the bytes as they are."""
    try:
        if isinstance(analysis, Exception):
            raise analysis
        return _edited(analysis, rules, options)
    except FileError as error:
        return Result(path, data, data, error=str(error), error_line=error.line, error_cell=error.cell)
    except (RecursionError, MemoryError):  # before Exception: both say something about the file
        return Result(path, data, data, error="BN904 nested too deep: split the expression")
    except Exception as error:
        # One file must not stop the others, whatever is wrong with this program.
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        message = f"BN905 internal error, please report it: {type(error).__name__}: {error} ({where})"
        return Result(path, data, data, error=message)


def _edited(analysis: Analysis, rules: RuleSet, options: Options) -> Result:
    from migrate.decide.merging import merged

    source, drafts = analysis.source, analysis.drafts
    edits = [e for d in drafts for e in d.edits]
    text = source.text
    done: dict[Span, str] = {}
    offers = None
    applied: dict[Span, str] = {}
    if any(d.suggestion for d in drafts):
        from migrate.rewrite.offered import Offers

        offers = Offers(source, edits, analysis.spelling)
        if options.apply or options.choices.taken:
            from migrate.rewrite.applied import apply

            applied, spelling = apply(source, edits, analysis.spelling, offers, _chosen(analysis, rules, options))
            analysis = replace(analysis, spelling=spelling)
    by_hand = {source.lines_span(e.first, e.last): e.text for e in options.choices.edited if e.path == source.path}
    applied = {span: text for span, text in applied.items() if not held(span, by_hand)} | by_hand
    if edits or applied:
        from migrate.rewrite.splice import splice

        wanted = [source.span(d.node) for d in drafts if d.kind == "rewrite"]
        text, done = splice(source, edits, wanted, analysis.spelling, applied)
        _check(text)
    told = [_by_hand(source, d) if held(source.span(d.node), by_hand) else d for d in drafts]
    findings = [_finding(source, d, done, applied, offers) for d in merged(source, told, applied)]
    more = _beside(source, rules)
    if options.todo or TODO in source.text:
        text, standing = _with_todos(analysis, edits, text, options.todo, applied)
        more += standing
    if more:
        findings = sorted([*findings, *more], key=lambda f: f.place)
    return Result(source.path, source.data, source.encode(text), tuple(findings), executed=analysis.executed)


def _finding(
    source: Source, draft: Draft, done: Mapping[Span, str], applied: Mapping[Span, str], offers: Offers | None
) -> Finding:
    """What is told of a draft; a review whose suggestion was ``applied`` is a rewrite."""
    span = source.span(draft.node)
    place = source.location(span)
    before = after = source.text[span.start : span.end]
    kind, message, suggestion = draft.kind, draft.advice, ""
    if kind == "rewrite":
        after = done.get(span, before)
    elif kind == "review" and span in applied:
        kind, message, after = "rewrite", draft.message, applied[span]
    elif offers is not None and draft.suggestion:
        suggestion = offers.text(draft)
    before, after, suggestion = map(source.shown, (before, after, suggestion))
    said = (draft.code, kind, draft.role, draft.symbol)
    return Finding(*said, *place.span, message, before, after, suggestion, place.cell)


def held(span: Span, by_hand: Iterable[Span]) -> bool:
    """Whether a place is part of lines that a person wrote."""
    return any(lines.holds(span) for lines in by_hand)


def _by_hand(source: Source, draft: Draft) -> Draft:
    """What is told of a place in lines that a person wrote, which nothing here decides about."""
    return replace(draft, code="BN306", message="left as it is: its lines were written by hand", suggestion=())


def _chosen(analysis: Analysis, rules: RuleSet, options: Options) -> list[Draft]:
    """The reviews whose suggestions are taken: of a constructor only those that the proof can decide about."""
    source = analysis.source

    def is_chosen(draft: Draft) -> bool:
        if draft.kind != "review" or not draft.suggestion:
            return False
        place = source.location(source.span(draft.node))
        if (source.path, *place[:3], draft.code) in options.choices.taken:
            return True
        if draft.code not in options.apply:
            return False
        if draft.role not in MAKING_ROLES or (draft.role not in CALL_ROLES and draft.symbol not in rules.by_name):
            return True
        if draft.symbol in rules.by_target:  # there is no call of the source's to prove it against
            return True
        is_refuted = (source.path, place.cell, place.line) in options.unproved
        return options.apply_calls and is_call(draft.role, draft.symbol, rules) and not is_refuted

    return [d for d in analysis.drafts if is_chosen(d)]


def is_call(role: Role, symbol: str, rules: RuleSet) -> bool:
    """Whether a finding is about a call that a proof can execute before and after."""
    return role in CALL_ROLES and symbol in rules.by_name


def _with_todos(
    analysis: Analysis, edits: list[Edit], text: str, codes: tuple[str, ...], applied: dict[Span, str]
) -> tuple[str, list[Finding]]:
    """The rewritten ``text`` with the comments of ``codes``, and a review for each comment that stands."""
    from migrate.rewrite.splice import splice
    from migrate.todo import Todos

    source = analysis.source
    todos = Todos(source, [d for d in analysis.drafts if source.span(d.node) not in applied])
    same, done = splice(source, edits, todos.wanted, analysis.spelling, applied)
    if same != text:
        raise FileError("BN905", "where the comments go cannot be told; please report it")
    if replaced := todos.changes(done, codes):
        text, _ = splice(source, edits, (), analysis.spelling, {**applied, **replaced})
        _check(text)
    return text, list(todos.reported(done))


def _beside(source: Source, rules: RuleSet) -> list[Finding]:
    """The findings in what is no syntax of Python: comments, and the magics of a notebook."""
    from migrate.decide.skips import skip_mistakes
    from migrate.decide.unread import unread_findings

    return [*skip_mistakes(source), *unread_findings(source, rules)]


def _check(text: str) -> None:
    """The result parses; anything else is a fault of this program, not of the file."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise FileError("BN905", f"the rewritten text does not parse: {error}; please report it") from None
