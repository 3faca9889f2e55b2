"""What goes to standard output and standard error: diffs, code, reports, progress."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import IO

import click

from migrate import stages
from migrate.advance import Tell
from migrate.findings import Report, Result
from migrate.options import Run

MANY_FILES = 50


def open_streams() -> None:
    """Closed streams read as empty and take nothing; characters that a stream cannot encode are escaped."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def abandon_output(stream: IO[str] | None = None) -> None:
    """Nobody can read standard output (or ``stream``) any more: the interpreter must not try to flush it at exit."""
    with contextlib.suppress(AttributeError, OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), (stream or sys.stdout).fileno())


@contextlib.contextmanager
def progress(run: Run, title: str, least: int | None = 0) -> Iterator[Tell]:
    """A progress bar on standard error, where that is a terminal; yields what to tell how far the work is.

    It shows once it is told of ``least`` or more; None: never.
    """
    if run.quiet or least is None or not sys.stderr.isatty():
        yield lambda done, total, what="": None
        return
    wanted = least
    with contextlib.ExitStack() as stack:
        show: Tell | None = None

        def tell(done: float, total: int, what: str = "") -> None:
            nonlocal show
            if show is None and total >= wanted:
                show = stack.enter_context(_bar(run, title))
            if show is not None:
                show(done, total, what)

        yield tell


@contextlib.contextmanager
def _bar(run: Run, title: str) -> Iterator[Tell]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    # How long it will take is not known; how long it has taken shows that it goes on.
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    console = Console(stderr=True, no_color=run.no_color or None)
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=None)

        def show(done: float, total: int, what: str = "") -> None:
            bar.update(task, completed=done, total=total, description=f"{title}: {what}" if what else None)

        yield show


def announce(run: Run, networks: list[str]) -> None:
    """Say that the user's code is executed now, which nothing but --network does."""
    if not run.quiet:
        click.echo(f"bn-migrate: --network executes your code: {', '.join(networks)}", err=True)


def tell_unproved(run: Run, count: int) -> None:
    """Say how many suggestions stay reviews since only a proof could decide about them."""
    if count and not run.quiet:
        what = "1 suggestion is" if count == 1 else f"{count} suggestions are"
        click.echo(f"bn-migrate: --apply: {what} about a call, which is applied with --verify only", err=True)


def show_table(run: Run, lines: Iterable[str]) -> None:
    """A table for people, behind the report."""
    if not run.quiet:
        click.echo("\n".join(lines), err=run.is_document or run.occupies_stdout)


def tell_version(run: Run, report: Report) -> None:
    """Say for which versions the target's signatures were written where nothing tells the one that is meant."""
    if run.quiet or not report.summary.rewrites:
        return
    from migrate.rules import load_rules
    from migrate.versions import told_version

    rules = load_rules(run.options.target, run.options.rules).rules
    if told_version(rules, run.options.version) is not None or not any(r.target.convention for r in rules):
        return
    since = sorted({c.since for rule in rules for c in rule.target.convention})
    click.echo(
        f"bn-migrate: no MindSpore is installed here that tells its signatures: written for those before {since[0]}, "
        "--mindspore-version chooses others",
        err=True,
    )


def print_diff(run: Run, result: Result) -> None:
    """The diff of one file, on standard error where a document has standard output."""
    if result.changed:
        from migrate.report.diff import base_of, diff

        terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        colour = terminal and not run.no_color and not run.is_document
        base = None if run.reads_stdin else base_of(run.paths)
        write_bytes(diff(result, colour, base), err=run.is_document)


def tell_base(run: Run, report: Report) -> None:
    """Say where a diff of files outside the working directory applies."""
    if not run.diff or run.quiet or run.reads_stdin or not report.summary.changed:
        return
    from migrate.report.diff import base_of

    if (base := base_of(run.paths)) != os.getcwd():
        click.echo(f"bn-migrate: the paths of the diff start at {base}: apply it there", err=True)


def write_bytes(data: bytes, err: bool = False) -> None:
    """Bytes as they are, behind what was printed before."""
    stream = sys.stderr if err else sys.stdout
    stream.flush()
    stream.buffer.write(data)
    stream.buffer.flush()


def live(run: Run) -> Callable[[Result], None] | None:
    """What shows a result at once; None where the whole report is needed first, or a progress bar has the terminal."""
    whole = run.format != "text" or run.report is not None or run.verify is not None
    if whole or run.quiet or (sys.stdout.isatty() and sys.stderr.isatty()):
        return None

    def show_now(result: Result) -> None:
        from migrate.report import text

        text.show_error(result, text.console(sys.stderr, run.no_color))
        if not run.statistics:
            out = text.console(sys.stderr if run.occupies_stdout else sys.stdout, run.no_color)
            text.show_file(result, out, run.verbose)

    return show_now


def show(run: Run, report: Report) -> None:
    """The report: a document alone on standard output, otherwise text where standard output is free for it."""
    if run.format == "json":
        from migrate.report import document

        write_bytes(_encoded(document.render(report, run.statistics)))
    elif run.format == "sarif":
        from migrate.report import sarif

        write_bytes(_encoded(sarif.render(report)))
    elif run.format == "github":
        from migrate.report import github

        write_bytes(_encoded(github.render(report)), err=run.occupies_stdout)
    elif not run.quiet:
        _show_text(run, report)
    # What a workflow shows as annotations would be there twice.
    if run.quiet or run.is_document:
        for line in _errors(report):
            click.echo(line, err=True)


def show_stages() -> None:
    """Elapsed seconds and CPU seconds by stage, those of workers included, on standard error."""
    spent = stages.take()
    click.echo(f"{'stage':<8} {'seconds':>9} {'CPU':>9}", err=True)
    for name in stages.STAGES:
        elapsed, cpu = spent.get(name, (0.0, 0.0))
        click.echo(f"{name:<8} {elapsed:>9.3f} {cpu:>9.3f}", err=True)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", errors="backslashreplace")


def _show_text(run: Run, report: Report) -> None:
    if not (report.results or report.codes or report.verification or report.traced):
        from migrate.report.totals import totals

        click.echo(totals(report.summary, writes=run.writes), err=run.occupies_stdout)
        return
    from migrate.report import text

    stream = sys.stderr if run.occupies_stdout else sys.stdout
    out = text.console(stream, run.no_color)
    err = text.console(sys.stderr, run.no_color)
    text.show(report, out, err, verbose=run.verbose, writes=run.writes, statistics=run.statistics)
    if report.verification is not None:
        from migrate.report import networks, proofs

        proofs.show(report.verification, text.console(stream, run.no_color), verbose=run.verbose)
        networks.show(report.verification.networks, text.console(stream, run.no_color))


def _errors(report: Report) -> Iterable[str]:
    from migrate.report.text import error_at_place, place_of_error

    for r in report.results:
        if r.error is not None:
            yield f"bn-migrate: {place_of_error(r)}: {error_at_place(r)}"
    if report.verification is not None:
        from migrate.report.failures import failures

        for site, message in failures(report.verification):
            yield f"bn-migrate: {f'{site}: ' if site else ''}{message}"
