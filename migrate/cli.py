"""The command line: its options, and the exit code of a run."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Any

import click

from migrate import __version__
from migrate.errors import UsageError, end_interrupted
from migrate.files import write_document
from migrate.findings import Report
from migrate.help import GroupedCommand
from migrate.options import Run, merge
from migrate.pipeline import run_files, run_stdin, with_choices, with_original
from migrate.report.streams import (
    abandon_output,
    open_streams,
    show,
    show_stages,
    show_table,
    tell_base,
    tell_version,
)
from migrate.targets import TARGETS

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# For shells to complete it; whether it can be read is said later, of each path.
PATH = click.Path(readable=False)


def _explain(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None and not context.resilient_parsing:
        from migrate.explain import explain

        click.echo(explain(value))
        context.exit()


def _codes(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    from click.shell_completion import CompletionItem

    from migrate.codes import CODES

    *before, last = incomplete.rsplit(",", 1)
    start = f"{before[0]}," if before else ""
    codes = [c for c in CODES.values() if c.code.startswith(last.upper())]
    return [CompletionItem(start + c.code, help=c.title) for c in codes]


@click.command(cls=GroupedCommand, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.argument("paths", nargs=-1, metavar="[PATHS]...", type=PATH)
@click.option("--diff", is_flag=True, help="Print a unified diff, of notebooks one of each cell, and write nothing.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if something would be rewritten.")
@click.option(
    "--interactive",
    is_flag=True,
    help="Ask about each change, and about each suggestion of a review, and write what is taken.",
)
@click.option("--output", type=click.Path(file_okay=False), metavar="DIR", help="Write the migrated tree to DIR.")
@click.option(
    "--todo", is_flag=True, help="Write a comment above each place that needs review; it goes when that is done."
)
@click.option(
    "--apply",
    multiple=True,
    metavar="CODES",
    shell_complete=_codes,
    help="Write what reviews with these codes suggest, such as BN207; where a call is concerned, with --verify alone.",
)
@click.option("--strict", is_flag=True, help="Exit 1 if a place needs review.")
@click.option(
    "--format", type=click.Choice(["text", "json", "sarif", "github"]), default="text", help="The report (text)."
)
@click.option("--verify", is_flag=True, help="Execute every rewrite in torch and MindSpore before writing anything.")
@click.option(
    "--device-target", type=click.Choice(["CPU", "GPU", "Ascend"]), default="CPU", help="Where MindSpore runs (CPU)."
)
@click.option(
    "--mode", type=click.Choice(["pynative", "graph"]), default="pynative", help="MindSpore's mode (pynative)."
)
@click.option("--torch-python", type=PATH, metavar="EXE", help="The interpreter that has torch (this one).")
@click.option("--mindspore-python", type=PATH, metavar="EXE", help="The interpreter that has MindSpore (this one).")
@click.option("--record", type=PATH, metavar="FILE.npz", help="Keep torch's side of the proof there.")
@click.option("--against", type=click.Path(), metavar="FILE.npz", help="Prove against a kept torch side.")
@click.option(
    "--network",
    multiple=True,
    metavar="MODULE:CALLABLE",
    help="Run this network before and after: EXECUTES YOUR CODE.",
)
@click.option("--input", multiple=True, metavar="N,C,H,W", help="The shape that --network runs on; several: 'A;B'.")
@click.option("--steps", type=click.IntRange(min=1), metavar="N", default=3, help="Training steps of --network (3).")
@click.option("--report", type=PATH, metavar="FILE.html", help="Write a page with diffs, findings and proofs.")
@click.option(
    "--trace",
    type=PATH,
    metavar="FILE.json",
    help="Report what a run had a layer at too, recorded by bn-migrate-trace.",
)
@click.option("--target", type=click.Choice(list(TARGETS)), default=TARGETS[0], help=f"Target ({TARGETS[0]}).")
@click.option("--data-format", type=click.Choice(["NCHW", "NHWC"]), default="NCHW", help="Layout of the input (NCHW).")
@click.option(
    "--from",
    type=click.Choice(["torch", "mindspore"]),
    default="torch",
    help="What is migrated: code for torch, or MindSpore's own code to its next signatures (torch).",
)
@click.option(
    "--original",
    type=click.Path(exists=True),
    metavar="TREE",
    help="What the files were ported from: report in what their layers differ.",
)
@click.option(
    "--mindspore-version",
    default="",
    metavar="X.Y",
    help="The MindSpore whose signatures are written (the installed one's, which is read; else the present one's).",
)
@click.option("--rules", multiple=True, type=click.Path(file_okay=False), metavar="DIR", help="More rule files.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out what matches, as in .gitignore.")
@click.option("--force-exclude", is_flag=True, help="Apply exclusions to files named on the command line too.")
@click.option("--no-gitignore", is_flag=True, help="Take files that .gitignore lists as well.")
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Worker processes (the number of cores).")
@click.option("--dask", metavar="ADDRESS", help="Work on the dask.distributed cluster of this scheduler.")
@click.option("--no-cache", is_flag=True, help="Neither use nor keep what earlier runs have found.")
@click.option("--profile", is_flag=True, help="Print where the time went, by stage, on standard error.")
@click.option("--stdin-filename", type=PATH, metavar="PATH", help="The name of what is read from standard input.")
@click.option(
    "--select",
    multiple=True,
    metavar="CODES",
    shell_complete=_codes,
    help="Report and count these findings alone, such as BN2 or BN204,BN207; what is rewritten stays the same.",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="CODES",
    shell_complete=_codes,
    help="Neither report nor count these findings; what is rewritten stays the same.",
)
@click.option("--statistics", is_flag=True, help="Count the findings by code instead of listing them.")
@click.option("-q", "--quiet", is_flag=True, help="No report but errors.")
@click.option("-v", "--verbose", is_flag=True, help="List every finding.")
@click.option("--no-color", is_flag=True, help="No colours, on a terminal either.")
@click.option(
    "--explain",
    callback=_explain,
    expose_value=False,
    metavar="CODE",
    shell_complete=_codes,
    help="Explain a code such as BN101.",
)
@click.option(
    "--why",
    metavar="FILE:LINE[:COLUMN]",
    help="Tell how a class or layer came to a place, step by step, and write nothing.",
)
@click.version_option(__version__, prog_name="bn-migrate", message="%(prog)s %(version)s")
@click.pass_context
def command(context: click.Context, /, **given: Any) -> None:
    """Migrate torch.nn.BatchNorm2d to MindSpore in files and folders.

    Rewrites in place unless --diff, --check or --output says otherwise; "-" reads standard input and writes
    to standard output. Options may be set in [tool.bn-migrate] of pyproject.toml.
    """
    run = merge(context, given)
    if run.why is not None:
        from migrate.why import why

        click.echo("\n".join(why(run.why, run.paths, run.selection, run.options)))
        context.exit()
    try:
        run, pairs = with_original(run)
        run = with_choices(run) if run.interactive else run
        report = run_stdin(run) if run.reads_stdin else run_files(run)
        report.original = pairs
        if run.report is not None:
            from migrate.report.about import about
            from migrate.report.html import render

            write_document(run.report, render(report, about(run)).encode("utf-8", errors="backslashreplace"))
        show(run, report)
        tell_version(run, report)
        tell_base(run, report)
        if pairs is not None:
            from migrate.report.pairs import pair_lines

            show_table(run, pair_lines(pairs))
        if run.profile:
            show_stages()
    except BrokenPipeError:
        abandon_output()
        sys.exit(141)
    context.exit(_status(run, report))


def main() -> None:
    """The entry point: every way out ends in one of the documented exit codes."""
    open_streams()
    # An orderly end, as after Ctrl-C: what is temporary goes, and so do workers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        status = command.main(standalone_mode=False)
    except (click.ClickException, UsageError, OSError) as error:
        message = error.format_message() if isinstance(error, click.ClickException) else str(error)
        click.echo(f"bn-migrate: {message}", err=True)
        if isinstance(error, click.UsageError):
            click.echo("Try 'bn-migrate --help'.", err=True)
        if isinstance(error, OSError):
            abandon_output()
        status = 2
    except (click.Abort, KeyboardInterrupt):
        end_interrupted("bn-migrate")
    sys.exit(status)


def _status(run: Run, report: Report) -> int:
    proved = report.verification
    if report.summary.errors or (proved is not None and not all(n.ran for n in proved.networks)):
        return 2
    found = run.check and report.summary.changed > 0
    unsettled = run.strict and report.summary.reviews > 0
    unproved = proved is not None and not proved.passed
    return int(found or unsettled or unproved)
