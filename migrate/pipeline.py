"""One run from paths to a report: migrate, prove, write."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from migrate import files
from migrate.api import migrate_paths, migrate_source, write
from migrate.codes import CODES
from migrate.engine import Options, is_call, proof_rules
from migrate.errors import FileError, UsageError, not_installed
from migrate.files import Selection, copy, is_left_out, mirror, plan_output
from migrate.findings import CALL_ROLES, Report, Result, Traced
from migrate.options import STDIN, Run
from migrate.report.streams import MANY_FILES, announce, live, print_diff, progress, tell_unproved, write_bytes

if TYPE_CHECKING:
    from migrate.differences import PairTable
    from migrate.verify.prove import Prover


def run_stdin(run: Run) -> Report:
    """Migrate standard input; code or diff goes to standard output unless a document does."""
    report = Report(traced=_traced(run))
    data = sys.stdin.buffer.read()
    name = run.stdin_filename
    with _prover(run) as prover:
        if name != STDIN and is_left_out(Path(name), run.selection):
            result = Result(name, data, data)
        else:
            result = migrate_source(data, filename=name, options=run.options)
            if prover is not None:
                run, (result,) = _proved(
                    run, report, prover, [result], lambda o: [migrate_source(data, filename=name, options=o)]
                )
    tell_unproved(run, _waiting(run, result))
    report.add(run.chosen.of(result))
    if run.diff:
        print_diff(run, result)
    elif run.writes and result.error is None and not result.held and not run.is_document:
        write_bytes(result.after)
    return report


def run_files(run: Run) -> Report:
    """Migrate the files and write them; what cannot be written becomes an error of its file.

    Without a proof each result is written as it comes; with one, none before all have been executed.
    """
    report = Report(show=live(run), traced=_traced(run))
    planned = plan_output(run.paths, run.output) if run.output else []
    migrated: dict[str, bytes] = {}
    failed: set[str] = set()
    with _prover(run) as prover:
        results = _migrated(run)
        if prover is not None:
            run, proved = _proved(run, report, prover, list(results), partial(_migrated_with, run))
            results = iter(_without_held(run, proved))
        waiting = 0
        for result in results:
            waiting += _waiting(run, result)
            if result.changed and run.output is not None:
                migrated[os.path.realpath(result.path)] = result.after
            elif result.changed and run.writes:
                result = write(result)
            if run.diff:
                print_diff(run, result)
            failed |= {os.path.realpath(result.path)} if (result.error or "").startswith("BN903") else set()
            report.add(run.chosen.of(result))
    tell_unproved(run, waiting)
    for source, target in planned:
        assert run.output is not None
        for error in _fill(source, target, run.output, run.selection, migrated, failed):
            report.add(error)
    return report


def with_original(run: Run) -> tuple[Run, PairTable | None]:
    """The run that also reports in what its files differ from their original, with the pairs; raises UsageError."""
    if not run.original:
        return run, None
    from migrate.original.find import beside, find_pairs, pair_table

    pairs = find_pairs(run.paths, run.original, run.options, run.selection)
    options = replace(run.options, original=beside(pairs))
    return replace(run, options=options), pair_table(pairs, run.original)


def with_choices(run: Run) -> Run:
    """The run with what a person takes of it; raises UsageError where nobody can be asked."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError("--interactive asks on a terminal, and standard input is none")
    from migrate.interactive.choosing import choose
    from migrate.report.text import console

    out = console(sys.stderr, run.no_color)
    found = files.find_files(run.paths, run.selection, run.output)
    return replace(run, options=choose(found, run.options, run.means.cache, out))


def _traced(run: Run) -> Traced | None:
    """How far the record of a run fits its files; raises UsageError where it is of others."""
    record = run.options.record
    if record is None or run.reads_stdin:
        return None if record is None else Traced(record.path, compiled=record.compiled)
    found = list(files.find_files(run.paths, run.selection, run.output))
    fitting, changed = record.fitting(file.path for file in found if file.error is None)
    if not fitting and not changed:
        raise UsageError(f"--trace {record.path}: recorded of other sources: none of its files is among these")
    return Traced(record.path, tuple(changed), record.compiled)


@contextlib.contextmanager
def _prover(run: Run) -> Iterator[Prover | None]:
    """The prover of a run that wants one; its workers start now and import while the sources are migrated."""
    if run.verify is None:
        yield None
        return
    try:
        from migrate.verify.prove import Prover
    except ModuleNotFoundError as error:
        if error.name != "numpy":
            raise
        raise UsageError(f"--verify: {not_installed('numpy', 'verify')}") from None
    with Prover(run.verify, proof_rules(run.options)) as prover:
        yield prover


def _migrated(run: Run, as_they_are: frozenset[str] = frozenset()) -> Iterator[Result]:
    with progress(run, "Migrating", MANY_FILES if not run.diff else None) as tell:
        yield from migrate_paths(
            run.paths,
            options=replace(run.options, as_they_are=run.options.as_they_are | as_they_are),
            selection=run.selection,
            means=run.means,
            avoid=run.output,
            watch=tell,
        )


def _waiting(run: Run, result: Result) -> int:
    """How many suggestions to apply a proof would have to decide about, which the run has none of."""
    if not run.options.apply or run.options.apply_calls:
        return 0
    from migrate.rules import load_rules

    rules = load_rules(run.options.target, run.options.rules, run.options.version)
    wanted = [f for f in result.findings if f.kind == "review" and f.suggestion and f.code in run.options.apply]
    return sum(is_call(f.role, f.symbol, rules) for f in wanted)


def _migrated_with(run: Run, options: Options) -> list[Result]:
    return list(_migrated(replace(run, options=options)))


def _proved(
    run: Run, report: Report, prover: Prover, results: list[Result], again: Callable[[Options], list[Result]]
) -> tuple[Run, list[Result]]:
    """The results, without what failed its proof: those files stay as they are. The report gets the proofs.

    A suggestion that was applied and fails is a review once more, for which the files are migrated ``again``, with the
    options of the run that is returned.
    """
    _prove(run, report, prover, results)
    while report.verification is not None:
        failed = {(s.path, s.cell, s.line) for p in report.verification.proofs if not p.passed for s in p.sites}
        refuted = failed & _applied_calls(results)
        if not refuted:
            break
        run = replace(run, options=replace(run.options, unproved=run.options.unproved | refuted))
        results = again(run.options)
        with _prover(run) as fresh:  # the workers of the first have ended
            assert fresh is not None
            _prove(run, report, fresh, results)
    return run, _not_held(run, report, results)


def _prove(run: Run, report: Report, prover: Prover, results: list[Result]) -> None:
    with progress(run, "Proving") as tell:
        report.verification = prover.prove(results, tell)


def _applied_calls(results: list[Result]) -> set[tuple[str, int | None, int]]:
    """Where suggestions about calls were applied, as reports have places."""
    return {
        (r.path, f.cell, f.line)
        for r in results
        for f in r.findings
        if f.kind == "rewrite" and f.role in CALL_ROLES and CODES[f.code].kind == "review"
    }


def _not_held(run: Run, report: Report, results: list[Result]) -> list[Result]:
    """The results, those of files with a failed proof held; networks are run here."""
    assert run.verify is not None and report.verification is not None
    if run.verify.networks:
        from migrate.rules import load_rules
        from migrate.verify.networks.prove import prove_networks

        announce(run, [network.text for network in run.verify.networks])
        rules = load_rules(run.options.target, run.options.rules, run.options.version)
        with progress(run, "Running networks") as tell:
            proofs = prove_networks(results, run.paths, run.verify, rules, tell)
        report.verification = replace(report.verification, networks=proofs)
    failed = report.verification.failed_paths
    return [replace(r, held=True) if r.path in failed else r for r in results]


def _without_held(run: Run, results: list[Result]) -> list[Result]:
    """The results once the held files stay as they are, and with them what the other files have from those.

    That takes rewrites away and adds none, so nothing has to be proved again.
    """
    held = frozenset(r.path for r in results if r.held)
    if not held:
        return results
    again = {r.path: r for r in _migrated(run, held)}
    return [r if r.held else again.get(r.path, r) for r in results]


def _fill(
    source: Path, target: Path, output: Path, selection: Selection, migrated: dict[str, bytes], failed: set[str]
) -> Iterator[Result]:
    """Write ``source`` to ``target``, migrated files as migrated and all others as they are; yields what fails."""
    for item in mirror(source, target, output, selection):
        real = os.path.realpath(item.source)
        try:
            if real in migrated:
                files.write(item.destination, migrated[real], like=item.source)
            elif real not in failed:
                copy(item)
        except FileError as error:
            yield Result(str(item.source), None, None, error=str(error))
