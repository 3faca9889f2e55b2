"""Answers about places of files: how a class or layer of a rule came there, or where it was lost on the way.

The flow has come to rest in a traced graph. ``--why`` asks it about a line, reports and editors about their findings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from migrate.findings import Finding, spot
from migrate.flow.facts import Fact
from migrate.flow.graph import TracedGraph
from migrate.flow.state import Flow
from migrate.flow.steps import Step, Steps
from migrate.index.summary import Place, Summary
from migrate.notebooks import is_notebook
from migrate.syntax.source import LINE_END, Source, Span

Fits = Callable[[int, int], bool]
"""Whether what starts at a line and a column, as ``ast`` counts them, is asked about."""


class Line(NamedTuple):
    """A line of an answer; those with a ``step`` say how it goes on from the one before."""

    text: str
    step: Step | None = None


class Ways:
    """The answers that a flow has; ``read`` gives the bytes of its files."""

    def __init__(self, flow: Flow, read: Callable[[str], bytes]) -> None:
        assert isinstance(flow.graph, TracedGraph), "only this graph remembers where facts come from"
        self._loaded = flow.modules.loaded
        self._steps = Steps(flow, flow.graph)
        self._texts = Texts(read)

    def to_line(self, path: str, line: int, column: int | None) -> Iterator[str]:
        """The answer about all that starts on a line, or at a 1-based column of it."""
        start = self._texts.byte_column(path, line, column) if column is not None else None
        nodes = self._nodes(path, lambda at, from_: at == line and start in (None, from_))
        answers = self._known(path, nodes)
        yield from (each.text for each in answers or self._lost(path, nodes))
        crowded = self._steps.crowded() if nodes else []
        if crowded:
            more = f", and in {_other_places(len(crowded) - 1)}" if len(crowded) > 1 else ""
            yield f"not all is followed: {self._texts.line(crowded[0])}{more}"
        if not nodes:
            yield f"{spot(path, None, line)}: nothing here that a rule speaks about"

    def to_finding(self, path: str, finding: Finding) -> tuple[str, ...]:
        """The answer about what a finding speaks of; nothing where that came from nowhere else.

        Where no class or layer of a rule comes, but to what stays, it tells what does, or why nothing is known. Places
        of notebooks cannot be asked about.
        """
        if is_notebook(path) or self._loaded.get(path) is None:
            return ()
        start = finding.line, self._texts.byte_column(path, finding.line, finding.column)
        end = finding.end_line, self._texts.byte_column(path, finding.end_line, finding.end_column)

        def is_inside(place: Place) -> bool:
            return start <= (place.line, place.column) and (place.end_line, place.end_column) <= end

        def is_elsewhere(step: Step) -> bool:
            return step.path != path or (step.place is not None and not is_inside(step.place))

        summary = self._summary(path)
        found = self._nodes(path, lambda *at: at == start)
        nodes = [node for node in found if node not in summary.places or is_inside(summary.places[node])]
        used = [use.base for use in summary.uses if start <= (use.line, use.column) < end]
        answers = self._known(path, nodes) or self._known(path, used)
        lost: list[Line] = []
        if not answers and finding.kind != "rewrite":
            answers = self._others(path, nodes)
            lost = [] if answers else list(self._lost(path, nodes))
        if any(each.step is not None and is_elsewhere(each.step) for each in answers) or len(lost) > 1:
            return tuple(each.text for each in answers or lost)
        return ()

    def _summary(self, path: str) -> Summary:
        loaded = self._loaded[path]
        assert loaded is not None
        return loaded.summary

    def _nodes(self, path: str, fits: Fits) -> list[int]:
        """The nodes to explain at a place: receivers of names of the rules, what is called, and all that is written."""
        summary = self._summary(path)
        found = dict.fromkeys(use.base for use in summary.uses if fits(use.line, use.column))
        found |= dict.fromkeys(call.callee for call in summary.calls if fits(call.line, call.column))
        found |= dict.fromkeys(node for node, place in summary.places.items() if fits(place.line, place.column))
        return list(found)

    def _known(self, path: str, nodes: Iterable[int]) -> list[Line]:
        """What is known of the nodes that a class or layer comes to."""
        known: dict[str, list[Line]] = {}
        for node in nodes:
            text, at = self._named(path, node)
            answer = list(self._answer(at, text))
            if answer and answer not in known.values():
                known.setdefault(text, answer)
        return [line for answer in known.values() for line in answer]

    def _others(self, path: str, nodes: Iterable[int]) -> list[Line]:
        """What else is known of nodes to which no class or layer of a rule comes: objects and functions of files."""
        found: dict[Line, list[Line]] = {}
        for node in nodes:
            text, at = self._named(path, node)
            for fact in self._steps.facts(at):
                if fact[0] in "KOFBL":
                    head = Line(f"{text} is {self._steps.word(fact)}:")
                    found.setdefault(head, list(self._told(self._steps.path(at, fact))))
        return [line for head, lines in found.items() for line in (head, *lines)]

    def _lost(self, path: str, nodes: list[int]) -> Iterator[Line]:
        """Why nothing is known of the first of the nodes."""
        if nodes:
            text, at = self._named(path, nodes[0])
            yield Line(f"{text}: no class or layer of a rule is known to come here")
            yield from self._told(self._steps.lost(at))

    def _named(self, path: str, node: int) -> tuple[str, int]:
        """The text of a node of a file, and its number in the graph."""
        loaded = self._loaded[path]
        assert loaded is not None
        return self._texts.of(path, loaded.summary.places.get(node)), node + loaded.base

    def _answer(self, node: int, text: str) -> Iterator[Line]:
        """How classes and layers of rules came to a node, and what else may; nothing where none did."""
        steps = self._steps
        facts = steps.facts(node)
        ours = [fact for fact in facts if _concerns(fact, steps)]
        for fact in ours:
            yield Line(f"{text} is {steps.word(fact)}:")
            yield from self._told(steps.path(node, fact))
        for fact in facts if ours else ():
            if fact not in ours and fact[0] not in "DX":
                yield Line(f"{text} may also be {steps.word(fact)}:")
                yield from self._told(steps.path(node, fact))
        lost = steps.lost(node) if ours else []
        if lost:
            yield Line(f"{text} may also be something that is not known:")
            yield from self._told(lost)

    def _told(self, steps: Iterable[Step]) -> Iterator[Line]:
        return (Line(f"  {self._texts.line(step)}", step) for step in steps)


class Texts:
    """The words of places, from the files of the run."""

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self._read = read
        self._sources: dict[str, Source] = {}

    def source(self, path: str) -> Source:
        """The text of a file that could be read before."""
        if path not in self._sources:
            self._sources[path] = Source(self._read(path), path)
        return self._sources[path]

    def byte_column(self, path: str, line: int, column: int) -> int:
        """A 1-based column in characters, as ``ast`` counts columns."""
        return len(self.source(path).line_text(line)[: column - 1].encode())

    def of(self, path: str, place: Place | None) -> str:
        """The text at a place, the first line of it where there are several; empty for None."""
        if place is None:
            return ""
        source = self.source(path)
        span = _span(source, place)
        return LINE_END.split(source.text[span.start : span.end])[0]

    def line(self, step: Step) -> str:
        """A step as people read it: where it is, the text there, and what it says."""
        place = step.place
        if place is None:
            return f"{step.path}: {step.what}"
        source = self.source(step.path)
        at = source.location(_span(source, place))
        return f"{spot(step.path, at.cell, at.line, at.column)}: {self.of(step.path, place)}: {step.what}"


def _span(source: Source, place: Place) -> Span:
    return Span(source.offset(place.line, place.column), source.offset(place.end_line, place.end_column))


def _other_places(count: int) -> str:
    return "1 other place" if count == 1 else f"{count} other places"


def _concerns(fact: Fact, steps: Steps) -> bool:
    return fact[0] in "MIRP" or (fact[0] in "KO" and steps.is_layer(fact))
