"""The command line: options, configuration, and which report goes to which stream."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from migrate import __version__
from migrate.config import load_config
from migrate.engine import Options, migrate_bytes
from migrate.errors import FileError, UsageError
from migrate.files import Selection, copy, find_files, is_left_out, mirror, plan_output, write
from migrate.findings import FileResult, Report
from migrate.rules import TARGETS
from migrate.runner import run

MANY_FILES = 50
# What the command line asks for makes these configured options void; they would contradict it.
WINS_OVER = {
    "diff": ("output", "check"),
    "check": ("output", "diff"),
    "output": ("diff", "check"),
    "target": ("data_format",),
    "data_format": ("target",),
}
STDIN = "<stdin>"


@dataclass(frozen=True, slots=True)
class Run:
    """The options of one run, after configuration and command line are merged."""

    paths: tuple[str, ...]
    options: Options
    selection: Selection
    jobs: int
    diff: bool
    check: bool
    output: Path | None
    strict: bool
    format: str
    quiet: bool
    verbose: bool
    no_color: bool
    stdin_filename: str

    @property
    def reads_stdin(self) -> bool:
        return "-" in self.paths

    @property
    def writes(self) -> bool:
        return not (self.diff or self.check)

    @property
    def is_document(self) -> bool:
        return self.format in ("json", "sarif")


def _explain(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None and not context.resilient_parsing:
        from migrate.explain import explain

        click.echo(explain(value))
        context.exit()


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--diff", is_flag=True, help="Print a unified diff and write nothing.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if something would be rewritten.")
@click.option("--output", type=click.Path(file_okay=False), metavar="DIR", help="Write the migrated tree to DIR.")
@click.option("--strict", is_flag=True, help="Exit 1 if a place needs review.")
@click.option(
    "--format", type=click.Choice(["text", "json", "sarif", "github"]), default="text", help="The report (text)."
)
@click.option("--target", type=click.Choice(list(TARGETS)), default=TARGETS[0], help=f"Target ({TARGETS[0]}).")
@click.option("--data-format", type=click.Choice(["NCHW", "NHWC"]), default="NCHW", help="Layout of the input (NCHW).")
@click.option("--rules", multiple=True, type=click.Path(file_okay=False), metavar="DIR", help="More rule files.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out what matches, as in .gitignore.")
@click.option("--force-exclude", is_flag=True, help="Apply exclusions to files named on the command line too.")
@click.option("--no-gitignore", is_flag=True, help="Take files that .gitignore lists as well.")
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Worker processes (the number of cores).")
@click.option("--stdin-filename", metavar="PATH", help="The name of what is read from standard input.")
@click.option("-q", "--quiet", is_flag=True, help="No report but errors.")
@click.option("-v", "--verbose", is_flag=True, help="List every finding.")
@click.option("--no-color", is_flag=True, help="No colours, on a terminal either.")
@click.option("--explain", callback=_explain, expose_value=False, metavar="CODE", help="Explain a code such as BN101.")
@click.version_option(__version__, prog_name="bn-migrate", message="%(prog)s %(version)s")
@click.pass_context
def command(context: click.Context, /, **given: Any) -> None:
    """Migrate torch.nn.BatchNorm2d to MindSpore in files and folders.

    Rewrites in place unless --diff, --check or --output says otherwise; "-" reads standard input and writes
    to standard output. Options may be set in [tool.bn-migrate] of pyproject.toml.
    """
    settings = _merge(context, given)
    try:
        report = _run_stdin(settings) if settings.reads_stdin else _run_files(settings)
        _show(settings, report)
    except BrokenPipeError:
        _abandon_output()
        sys.exit(141)
    context.exit(2 if report.summary.errors else _status(settings, report))


def main() -> None:
    """The entry point: every way out ends in one of the documented exit codes."""
    _open_streams()
    try:
        status = command.main(standalone_mode=False)
    except (click.ClickException, UsageError, OSError) as error:
        message = error.format_message() if isinstance(error, click.ClickException) else str(error)
        click.echo(f"bn-migrate: {message}", err=True)
        if isinstance(error, click.UsageError):
            click.echo("Try 'bn-migrate --help'.", err=True)
        if isinstance(error, OSError):
            _abandon_output()
        status = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("bn-migrate: interrupted", err=True)
        status = 130
    sys.exit(status)


def _open_streams() -> None:
    """Closed streams read as empty and take nothing; characters that a stream cannot encode are escaped."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _abandon_output() -> None:
    """Nobody can read standard output any more: the interpreter must not try to flush it at exit."""
    with contextlib.suppress(AttributeError, OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _merge(context: click.Context, given: dict[str, Any]) -> Run:
    """The configuration under the command line, checked for what does not go together."""
    paths: tuple[str, ...] = given["paths"]
    if not paths or "" in paths:
        raise click.UsageError("no PATH given: name files or folders, or - for standard input", context)
    named = given["stdin_filename"] if paths == ("-",) and given["stdin_filename"] else None
    configured, folder = load_config((str(Path(named).parent),) if named else paths)
    from_command_line = {
        name for name in given if context.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE
    }
    if given["output"] == "":
        raise click.UsageError("--output: the name of a folder is expected", context)
    for name, others in WINS_OVER.items():
        if name in from_command_line:
            configured = {k: v for k, v in configured.items() if k not in others}
    if "-" in paths:
        configured.pop("output", None)
    merged = {**given, **{k: v for k, v in configured.items() if k not in from_command_line}}
    base = folder if folder and "exclude" in configured and "exclude" not in from_command_line else Path()
    selection = Selection(tuple(merged["exclude"]), base, merged["force_exclude"], not merged["no_gitignore"])
    rules = tuple(Path(r) for r in merged["rules"])
    result = Run(
        paths=paths,
        options=Options(merged["target"], merged["data_format"], rules),
        selection=selection,
        jobs=merged["jobs"] or os.cpu_count() or 1,
        diff=merged["diff"],
        check=merged["check"],
        output=Path(merged["output"]) if merged["output"] else None,
        strict=merged["strict"],
        format=merged["format"],
        quiet=merged["quiet"],
        verbose=merged["verbose"],
        no_color=merged["no_color"] or bool(os.environ.get("NO_COLOR")),
        stdin_filename=given["stdin_filename"] or STDIN,
    )
    _reject_contradictions(result, context)
    return result


def _reject_contradictions(settings: Run, context: click.Context) -> None:
    if settings.reads_stdin and len(settings.paths) > 1:
        raise click.UsageError("- cannot be combined with other paths", context)
    if settings.output is not None and (settings.diff or settings.check or settings.reads_stdin):
        raise click.UsageError("--output does not go with --diff, --check or -", context)
    if settings.stdin_filename != STDIN and not settings.reads_stdin:
        raise click.UsageError("--stdin-filename goes with - only", context)
    if settings.options.data_format != "NCHW" and settings.options.target != TARGETS[0]:
        raise click.UsageError(f"--data-format goes with --target {TARGETS[0]} only", context)


def _run_stdin(settings: Run) -> Report:
    """Migrate standard input; code or diff goes to standard output unless a document does."""
    report = Report()
    data = sys.stdin.buffer.read()
    name = settings.stdin_filename
    if name != STDIN and is_left_out(Path(name), settings.selection):
        result = FileResult(name, data, data)
    else:
        result = migrate_bytes(data, name, settings.options)
    report.add(result)
    if settings.diff:
        _print_diff(settings, result)
    elif settings.writes and result.error is None and not settings.is_document:
        _write_bytes(result.after)
    return report


def _run_files(settings: Run) -> Report:
    """Migrate the files, writing each result as it comes; what cannot be written becomes an error of its file."""
    report = Report()
    output = settings.output
    planned = plan_output(settings.paths, output) if output else []
    migrated: dict[str, bytes] = {}
    failed: set[str] = set()
    found = list(find_files(settings.paths, settings.selection, output))
    with _progress(settings, len(found)) as tick:
        for result in run(found, settings.options, settings.jobs):
            if result.changed and output is not None:
                migrated[os.path.realpath(result.path)] = result.after
            elif result.changed and settings.writes:
                result = _written(result)
            if settings.diff:
                _print_diff(settings, result)
            failed |= {os.path.realpath(result.path)} if (result.error or "").startswith("BN903") else set()
            report.add(result)
            tick()
    for source, target in planned:
        assert output is not None
        for error in _fill(source, target, output, settings.selection, migrated, failed):
            report.add(error)
    return report


def _written(result: FileResult) -> FileResult:
    """The result after its file was replaced; nothing was rewritten where that failed."""
    try:
        write(Path(result.path), result.after, result.before)
    except FileError as error:
        return FileResult(result.path, result.before, result.before, error=str(error))
    return result


def _fill(
    source: Path, target: Path, output: Path, selection: Selection, migrated: dict[str, bytes], failed: set[str]
) -> Iterator[FileResult]:
    """Write ``source`` to ``target``, migrated files as migrated and all others as they are; yields what fails."""
    for item in mirror(source, target, output, selection):
        real = os.path.realpath(item.source)
        try:
            if real in migrated:
                write(item.destination, migrated[real], like=item.source)
            elif real not in failed:
                copy(item)
        except FileError as error:
            yield FileResult(str(item.source), b"", b"", error=str(error))


@contextlib.contextmanager
def _progress(settings: Run, total: int) -> Iterator[Any]:
    """A progress bar on standard error, for many files on a terminal; yields what to call after each file."""
    if settings.quiet or settings.diff or total < MANY_FILES or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True, no_color=settings.no_color or None), transient=True) as bar:
        task = bar.add_task("Migrating", total=total)
        yield lambda: bar.advance(task)


def _print_diff(settings: Run, result: FileResult) -> None:
    if result.changed:
        from migrate.report.diff import diff

        terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        colour = terminal and not settings.no_color and not settings.is_document
        _write_bytes(diff(result, colour), err=settings.is_document)


def _write_bytes(data: bytes, err: bool = False) -> None:
    stream = sys.stderr if err else sys.stdout
    stream.flush()
    stream.buffer.write(data)
    stream.buffer.flush()


def _show(settings: Run, report: Report) -> None:
    """The report: a document alone on standard output, otherwise text where standard output is free for it."""
    if settings.format == "json":
        from migrate.report import document

        _write_bytes(_encoded(document.render(report)))
    elif settings.format == "sarif":
        from migrate.report import sarif

        _write_bytes(_encoded(sarif.render(report)))
    elif settings.format == "github":
        from migrate.report import github

        _write_bytes(_encoded(github.render(report)), err=_is_taken(settings))
    else:
        _show_text(settings, report)
    if settings.quiet or settings.format != "text":
        for line in _errors(report.results):
            click.echo(line, err=True)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", errors="backslashreplace")


def _show_text(settings: Run, report: Report) -> None:
    if settings.quiet:
        return
    from migrate.report import text

    stream = sys.stderr if _is_taken(settings) else sys.stdout
    text.show(report, text.console(stream, settings.no_color), verbose=settings.verbose, writes=settings.writes)


def _is_taken(settings: Run) -> bool:
    """Whether standard output carries a diff or code."""
    return settings.diff or settings.reads_stdin


def _errors(results: Iterable[FileResult]) -> Iterator[str]:
    for r in results:
        if r.error is not None:
            line = f":{r.error_line}" if r.error_line else ""
            yield f"bn-migrate: {r.path}{line}: {r.error}"


def _status(settings: Run, report: Report) -> int:
    return int((settings.check and report.summary.changed > 0) or (settings.strict and report.summary.reviews > 0))
