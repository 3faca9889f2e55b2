"""``bn-migrate-trace``: runs a program in torch and records what it does with the classes of the rules."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from migrate import __version__
from migrate.bridged import bridged_names
from migrate.errors import UsageError
from migrate.options import interpreter
from migrate.rules import load_rules
from migrate.targets import TARGETS
from migrate.trace.asked import asked
from migrate.trace.record import read_record

RECORDER = Path(__file__).with_name("run")
RECORDED, COMPARED = "BN_MIGRATE_TRACE", "BN_MIGRATE_COMPARE"
"""The variables that tell the process of the program what to do."""


class _Command(click.Command):
    """Everything from the program on belongs to the program; ``-m`` begins it as well."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        at = _program_at(self, args)
        context.meta["program"] = args[at:]
        return super().parse_args(context, args[:at])


def _program_at(command: click.Command, args: list[str]) -> int:
    """Where the program begins in a command line."""
    valued = {o for p in command.params if isinstance(p, click.Option) and not p.is_flag for o in p.opts}
    at = 0
    while at < len(args) and args[at].startswith("-") and args[at] != "-m":
        at += 2 if args[at] in valued else 1
        if args[at - 1] == "--":
            break
    return at


@click.command(
    cls=_Command,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    options_metavar="[OPTIONS] [-m MODULE | SCRIPT] [ARGS]...",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False), metavar="FILE.json", help="Where the record goes.")
@click.option("--append", is_flag=True, help="Add to the record that is there, instead of replacing it.")
@click.option(
    "--source",
    multiple=True,
    type=click.Path(exists=True),
    metavar="PATH",
    help="Record what code below this file or folder does (all that belongs neither to Python nor to a package).",
)
@click.option("--torch-python", metavar="EXE", help="The interpreter that runs the program (this one).")
@click.option(
    "--compare",
    type=click.Path(dir_okay=False),
    metavar="FILE.json",
    help="Run the migrated program, with MindSpore's layers, against this record of it in torch.",
)
@click.option("--rules", multiple=True, type=click.Path(file_okay=False), metavar="DIR", help="More rule files.")
@click.version_option(__version__, prog_name="bn-migrate-trace", message="%(prog)s %(version)s")
@click.pass_context
def command(context: click.Context, /, **given: Any) -> None:
    """Run a program in torch and record what it does with batch norm: EXECUTES YOUR CODE.

    The program is a SCRIPT or, after -m, a module, with its arguments, as python takes them. Every construction, read,
    write and test of a layer is recorded with its place; `bn-migrate PATHS --trace FILE.json` then reports what reading
    the code did not find.
    """
    program: list[str] = context.meta["program"]
    if program[:1] == ["--"]:
        program = program[1:]
    if not program or program == ["-m"]:
        raise click.UsageError("no program given: name a SCRIPT, or -m MODULE", context)
    if bool(given["output"]) == bool(given["compare"]):
        raise click.UsageError("-o FILE.json is needed: where the record goes; or --compare FILE.json", context)
    rules = load_rules(TARGETS[0], tuple(map(Path, given["rules"])))
    if given["compare"]:
        record = os.path.abspath(given["compare"])
        read_record(record)
        orders: dict[str, Any] = {"record": record, "names": [asdict(names) for names in bridged_names(rules)]}
        variables = {COMPARED: json.dumps(orders)}
    else:
        output = _writable(Path(given["output"]), given["append"])
        orders = asked(rules, output, given["source"], program, given["append"])
        variables = {RECORDED: json.dumps(orders)}
    _become(interpreter(given["torch_python"]), program, {**variables, "PYTHONPATH": _with_site()})


def _writable(output: Path, append: bool) -> Path:
    """The absolute path of a file that is none yet, or a record; raises UsageError for another one."""
    output = output.absolute()
    if not output.parent.is_dir():
        raise UsageError(f"-o {output}: there is no folder {output.parent}")
    if output.exists() and output.stat().st_size:
        try:
            read_record(output)
        except UsageError as error:
            raise UsageError(f"-o {error}; it is left as it is: choose another name") from None
    return output


def _with_site() -> str:
    """The path on which the processes that the program starts find what records them."""
    return os.pathsep.join([str(RECORDER / "site"), *filter(None, [os.environ.get("PYTHONPATH")])])


def _become(python: str, program: list[str], variables: dict[str, str]) -> None:
    """Go on as the program: the same process, with its signals and its streams."""
    click.echo(f"bn-migrate-trace: this executes your code: {' '.join(program)}", err=True)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execve(python, [python, str(RECORDER), *program], {**os.environ, **variables})
    except OSError as error:
        raise UsageError(f"--torch-python {python}: {error.strerror}") from None


def main() -> None:
    """The entry point: wrong usage ends with 2, all else as the program does."""
    try:
        command.main(standalone_mode=False)
    except (click.ClickException, UsageError, OSError) as error:
        message = error.format_message() if isinstance(error, click.ClickException) else str(error)
        click.echo(f"bn-migrate-trace: {message}", err=True)
        if isinstance(error, click.UsageError):
            click.echo("Try 'bn-migrate-trace --help'.", err=True)
        sys.exit(2)
