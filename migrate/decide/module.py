"""The analysis of the files of a project, from their trees to findings with edits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from migrate.advance import reached
from migrate.choices import Line
from migrate.decide.already import decide_already
from migrate.decide.already_flags import decide_flags
from migrate.decide.already_made import decide_made
from migrate.decide.already_modes import decide_modes
from migrate.decide.already_names import decide_names
from migrate.decide.already_original import decide_original
from migrate.decide.already_shares import Shares, decide_shares
from migrate.decide.already_tensors import decide_tensors
from migrate.decide.branches import split_branches
from migrate.decide.by_name import decide_by_name
from migrate.decide.configured import decide_configured
from migrate.decide.constructions import decide_unresolved, find_constructions, leave_passed, report, settle_shared
from migrate.decide.drafts import Draft, Module
from migrate.decide.handed import decide_handed
from migrate.decide.imports import keep_imports, plan_imports
from migrate.decide.instances import decide_instances
from migrate.decide.leaving import find_uses
from migrate.decide.lookups import decide_lookups, decide_patterns
from migrate.decide.merging import mark_leaving, mark_unpacked
from migrate.decide.named import decide_named
from migrate.decide.next_signature import decide_signatures
from migrate.decide.origins import Origins
from migrate.decide.pairs import Pairs
from migrate.decide.project import Project
from migrate.decide.references import cut_short, decide_reference, find_references, leave_all
from migrate.decide.reflection import decide_reflection
from migrate.decide.related import decide_given, decide_holders
from migrate.decide.seen import decide_seen
from migrate.decide.skips import read_skips
from migrate.decide.strings import decide_strings
from migrate.decide.subclasses import Subclasses, decide_heirs, decide_subclasses, give_modes, initialised
from migrate.decide.suggestions import spell_suggestions
from migrate.decide.target_calls import TargetCalls
from migrate.differences import Beside
from migrate.edits import CallMethod, Spelling
from migrate.findings import Executed
from migrate.flow.queries import Queries
from migrate.rule import Rule
from migrate.syntax.source import Source
from migrate.trace.record import Record


@dataclass(frozen=True, slots=True)
class Analysis:
    """The findings of a file in the order of the text, and how the rewritten file spells what they need.

    ``executed``: how much of what a record has seen in the file has a finding without it.
    """

    source: Source
    drafts: list[Draft]
    spelling: Spelling
    executed: Executed | None = None


SHARES = (0.0, 0.01, 0.02, 0.18, 0.18, 0.19, 0.2, 0.97, 1.0)
"""The share of deciding that is done when each step of the files begins, and at the end: what uses take is most."""


def analyse(
    project: Project,
    data_format: str,
    as_they_are: frozenset[str] = frozenset(),
    original: tuple[Beside, ...] = (),
    record: Record | None = None,
    left: frozenset[Line] = frozenset(),
) -> dict[str, Analysis | Exception]:
    """The analysis of every module of the project by path, or the exception that ended it.

    The files that stay ``as_they_are`` get no findings. ``original``: in what they differ from what they come from.
    ``record``: what a run of the program has seen. ``left``: lines that a person chose to leave as they are.
    """
    shares = Shares(TargetCalls(project.queries, project.rules))
    shared = _Shared({}, [], Subclasses(), Pairs(), shares, original, project.queries, record, left)
    origins = Origins()
    errors: dict[str, Analysis | Exception] = {}
    while True:
        unwritten = as_they_are | errors.keys()
        done = _decide(project, data_format, unwritten, origins, shared)
        errors |= {path: error for path, error in done.items() if isinstance(error, Exception)}
        written = [a for path, a in done.items() if isinstance(a, Analysis) and path not in unwritten]
        edits = [e for analysis in written for d in analysis.drafts for e in d.edits]
        if not origins.find_broken(project, edits):
            return done | errors


def migrate_signatures(
    project: Project,
    rules: dict[str, Rule],
    as_they_are: frozenset[str] = frozenset(),
    left: frozenset[Line] = frozenset(),
) -> dict[str, Analysis | Exception]:
    """The analysis of every module of a project in which calls of the target's classes get another signature.

    ``rules`` lead from one to the other, by the names of the rules that they are made of.
    """
    calls = TargetCalls(project.queries, project.rules)
    done: dict[str, Analysis | Exception] = {}
    for path, file in project.modules.items():
        module = Module(file, "", Origins())
        try:
            if path not in as_they_are:
                module.skips = read_skips(module.source, left)
                decide_signatures(module, calls, rules)
            drafts = sorted(module.drafts, key=lambda d: (module.source.span(d.node), d.code))
            done[path] = Analysis(module.source, drafts, Spelling({}, {}))
        except Exception as error:
            done[path] = error
    return done


@dataclass(frozen=True, slots=True)
class _Shared:
    """What the steps of all files share; ``referring``: the files that spell a class, in the order of the run."""

    modules: dict[str, Module]
    referring: list[Module]
    subclasses: Subclasses
    pairs: Pairs
    shares: Shares
    original: tuple[Beside, ...]
    queries: Queries
    record: Record | None
    left: frozenset[Line]

    def migrated(self) -> frozenset[str]:
        """The classes that are rewritten somewhere, by qualified name."""
        return frozenset(d.symbol for m in self.modules.values() for d in m.drafts if d.kind == "rewrite")


def _decide(
    project: Project, data_format: str, as_they_are: frozenset[str], origins: Origins, shared: _Shared
) -> dict[str, Analysis | Exception]:
    """The analysis of every module, with what is known so far of what stays."""
    modules = {path: Module(file, data_format, origins) for path, file in project.modules.items()}
    known = replace(shared, modules=modules, referring=[], pairs=Pairs())
    running = {path: _steps(module, known, path in as_they_are) for path, module in modules.items()}
    done: dict[str, Analysis | Exception] = {}
    shares = iter(pairwise(SHARES))
    while len(done) < len(running):
        share, end = next(shares, (1.0, 1.0))
        left = [p for p in running if p not in done]
        for number, path in enumerate(left):
            reached("deciding", share + (end - share) * number / len(left), 1)
            # One file must not stop the others, whatever is wrong with it or with this program.
            analysis: Analysis | Exception | None
            try:
                analysis = next(running[path])
            except Exception as error:
                analysis = error
            if analysis is not None:
                done[path] = analysis
    return done


def _steps(module: Module, shared: _Shared, as_it_is: bool) -> Iterator[Analysis | None]:
    """The analysis of a file, with a pause where the classes of the others, or what they leave, have to be known."""
    source, subclasses = module.source, shared.subclasses
    module.skips = read_skips(source, shared.left)
    references = find_references(module)
    subclasses.enter(module, references)
    if references:
        shared.referring.append(module)
    yield None
    mine = subclasses.of(module)
    if as_it_is or module.skips.whole:
        leave_all(module, (*references, *mine), asked=not as_it_is)
        leave_passed(module, find_constructions(module, references))
        yield Analysis(source, [], Spelling({}, {}))
    yield None
    made = settle_shared(module, find_constructions(module, references))
    spelled = {m.spelled for m in made} | initialised(mine.values())
    for reference in references.values():
        if reference.node not in spelled:
            decide_reference(module, reference)
    decide_subclasses(module, mine, references)
    report(module, [m for m in made if m.is_spelled])
    keep_imports(module)
    if references and shared.queries.is_cut and shared.referring[0] is module:
        module.add(cut_short(next(iter(references.values()))), beside=True)
    yield None
    decide_heirs(module, mine)
    yield None
    report(module, [m for m in made if not m.is_spelled])
    give_modes(module, subclasses)
    decide_unresolved(module)
    yield None
    find_uses(module)
    shared.pairs.enter(module)
    yield None
    module.partners, module.migrated = shared.pairs.settle(module), shared.migrated()
    for decide in USES:
        decide(module)
    _decide_on_target(module, shared)
    yield None
    yield _finished(module, decide_seen(module, shared.queries, shared.record))


def _finished(module: Module, executed: Executed | None) -> Analysis:
    """The analysis once all is decided: what imports need, and how the file spells it."""
    mark_leaving(module)
    mark_unpacked(module)
    spelling = plan_imports(module)
    spell_suggestions(module, spelling)
    _mode_note(module)
    drafts = sorted(module.drafts, key=lambda d: (module.source.span(d.node), d.code))
    return Analysis(module.source, drafts, spelling, executed)


def _decide_on_target(module: Module, shared: _Shared) -> None:
    """The decisions about code that is on the target already, beside those about uses."""
    calls = shared.shares.calls
    decide_shares(module, shared.shares)
    decide_flags(module, calls)
    decide_original(module, calls, shared.original)
    decide_modes(module, calls)
    decide_names(module, calls)
    decide_tensors(module)


USES = (
    split_branches,
    decide_instances,
    decide_lookups,
    decide_patterns,
    decide_named,
    decide_handed,
    decide_already,
    decide_made,
    decide_given,
    decide_holders,
    decide_by_name,
    decide_reflection,
    decide_configured,
    decide_strings,
)
"""The decisions about uses in one file, in this order: a place is decided by the first that speaks about it."""


def _mode_note(module: Module) -> None:
    """One note a file where an instance's mode belongs to a network around it."""
    for draft in sorted(module.drafts, key=lambda d: module.source.span(d.node)):
        if draft.makes_layers and not any(isinstance(e, CallMethod) for e in draft.edits):
            message = (
                "a MindSpore cell starts in inference mode, a torch module in training mode: "
                "call set_train() on the network before training and set_train(False) before evaluation"
            )
            module.add(Draft("BN301", "other", draft.symbol, draft.node, message))
            return
