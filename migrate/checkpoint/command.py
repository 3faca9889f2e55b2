"""``bn-migrate-checkpoint``: the command line, and the exit code of a conversion."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from migrate import __version__
from migrate.checkpoint.layers import Layers, Side
from migrate.checkpoint.plan import Observer, Plan
from migrate.errors import UsageError, end_interrupted
from migrate.files import check_place as check_document
from migrate.files import write_document
from migrate.report.streams import open_streams

if TYPE_CHECKING:
    from migrate.checkpoint.networks.prove import LoadedProof

PATH = click.Path(readable=False)


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for."""

    input: str
    output: str | None
    source: tuple[str, ...]
    network: str | None
    mindspore_network: str | None
    shape: str | None
    key: str | None
    to: Side
    map: str | None
    format: str
    check: bool
    quiet: bool
    verbose: bool
    no_color: bool


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.argument("input", type=PATH)
@click.argument("output", required=False, type=PATH)
@click.option("--source", multiple=True, type=PATH, metavar="PATH", help="Sources of the network: file or folder.")
@click.option(
    "--network",
    metavar="MODULE:CALLABLE",
    help="The torch network that the weights are of, which is also proved with them: EXECUTES YOUR CODE.",
)
@click.option(
    "--mindspore-network", metavar="MODULE:CALLABLE", help="The network to prove against: EXECUTES YOUR CODE."
)
@click.option("--input-shape", "shape", metavar="N,C,H,W", help="The shape that --network runs on.")
@click.option("--key", metavar="NAME", help="Where the weights stand in the file, such as state_dict.")
@click.option("--to", type=click.Choice(["mindspore", "torch"]), default="mindspore", help="Where to (mindspore).")
@click.option("--map", type=PATH, metavar="FILE.json", help="Write the table of names there, with reasons.")
@click.option("--format", type=click.Choice(["text", "json"]), default="text", help="The report (text).")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a name is undecided.")
@click.option("-q", "--quiet", is_flag=True, help="No report but errors.")
@click.option("-v", "--verbose", is_flag=True, help="List every tensor.")
@click.option("--no-color", is_flag=True, help="No colours, on a terminal either.")
@click.version_option(__version__, prog_name="bn-migrate-checkpoint", message="%(prog)s %(version)s")
def command(**given: object) -> None:
    """Convert the checkpoint INPUT into OUTPUT, with the names that the other framework has for the same tensors.

    INPUT: .pth, .pt, .bin, .safetensors, or the index of a sharded one; with --to torch .ckpt or .safetensors.
    OUTPUT: .ckpt or .safetensors; with --to torch .pth, .pt, .bin or .safetensors.
    """
    try:
        status = run(Request(**given))  # type: ignore[arg-type]
    except KeyboardInterrupt:  # which click would answer with an empty line
        end_interrupted("bn-migrate-checkpoint")
    sys.exit(status)


def main() -> None:
    """Run the program; every way out ends in one of the documented exit codes."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what is half written is removed
    open_streams()
    try:
        command(prog_name="bn-migrate-checkpoint", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        end_interrupted("bn-migrate-checkpoint")
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except UsageError as error:
        _end(str(error), 2)


def _end(message: str, status: int) -> NoReturn:
    print(f"bn-migrate-checkpoint: {message}", file=sys.stderr)
    sys.exit(status)


def run(request: Request) -> int:
    """Convert a checkpoint and report on it; the exit code. Raises UsageError."""
    from migrate.checkpoint.files.read import read
    from migrate.checkpoint.files.write import check_place, write
    from migrate.checkpoint.layers import load_layers
    from migrate.checkpoint.plan import make_plan

    _check_proof(request)
    output = _place(request)
    if output is not None:
        check_place(output, request.to)
    _check_map(request)
    layers = load_layers()
    with _only_report(request.format == "json"):
        observers = list(_observers(request, layers))
        checkpoint = read(request.input, request.to, request.key)
        plan = make_plan(checkpoint, request.to, layers, observers)
        proof: LoadedProof | None = None

        def approve(written: str) -> bool:
            nonlocal proof
            proof = _prove(request, plan, written)
            return proof is None or proof.passed

        if output is not None:
            tensors = plan.written()
            with _progress(request, 2 * sum(tensor.size for tensor in tensors)) as tell:
                write(output, request.to, tensors, tell, approve)
    if request.map and not request.check:
        from migrate.checkpoint.report import map_json

        write_document(Path(request.map), map_json(plan).encode())
    _report(request, plan, proof)
    failed = proof is not None and not proof.passed
    return int(failed or (request.check and bool(plan.undecided)))


def _prove(request: Request, plan: Plan, written: str) -> LoadedProof | None:
    """The proof, where a network is given for it, and what it is to be compared with."""
    is_forth = request.to == "mindspore"
    if request.network is None or (is_forth and not (request.source or request.mindspore_network)):
        return None
    from migrate.checkpoint.networks.prove import Question, prove

    files = (request.input, request.key, written) if is_forth else (written, None, request.input)
    networks = (request.network, request.mindspore_network, request.source, request.shape)
    return prove(Question(*networks, *files), plan)


def _check_proof(request: Request) -> None:
    """Raise UsageError where what was asked to be proved cannot be."""
    if request.shape is None and request.mindspore_network is None:
        return
    if request.network is None:
        raise UsageError("--input-shape and --mindspore-network: a proof needs --network")
    if request.mindspore_network is None and not request.source:
        raise UsageError("--input-shape: a proof needs --source, which is migrated for it, or --mindspore-network")


def _place(request: Request) -> str | None:
    """Where to write; None where nothing is to be written. Raises UsageError."""
    if request.output is None and not request.check:
        raise UsageError("an OUTPUT is expected, or --check, which writes nothing")
    if request.check or request.output is None:
        return None
    exist = os.path.exists(request.output) and os.path.exists(request.input)
    if exist and os.path.samefile(request.input, request.output):
        raise UsageError(f"{request.output}: is the input: name another file, which leaves the weights alone")
    return request.output


def _check_map(request: Request) -> None:
    """Raise UsageError where --map cannot be written, or would take the place of weights."""
    if request.map is None:
        return
    check_document(Path(request.map), "--map")
    for other in filter(None, (request.input, request.output)):
        if os.path.realpath(request.map) == os.path.realpath(other):
            raise UsageError(f"--map {request.map}: holds the weights, or will: name another file")


def _observers(request: Request, layers: Layers) -> Iterator[Observer]:
    """Who may know the names, the best first."""
    if request.network:
        from migrate.checkpoint.networks.live import LiveNetwork, describe

        yield LiveNetwork(describe(request.network, request.source), layers, request.to)
    if request.source:
        from migrate.checkpoint.sources import SourceTree, read_sources

        yield SourceTree(read_sources(request.source, _warn), layers, request.to)


def _warn(message: str) -> None:
    print(f"bn-migrate-checkpoint: {message}", file=sys.stderr)


def _report(request: Request, plan: Plan, proof: LoadedProof | None) -> None:
    from migrate.checkpoint.report import show, to_json

    if request.format == "json":
        print(to_json(plan, None if proof is None else proof.as_json()), end="")
    elif not request.quiet:
        show(plan, color=not request.no_color, verbose=request.verbose)
        for line in proof.lines() if proof is not None else ():
            print(line)


@contextlib.contextmanager
def _only_report(document: bool) -> Iterator[None]:
    """Keep standard output for the document: what libraries and networks print goes to standard error."""
    if not document:
        yield
        return
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


@contextlib.contextmanager
def _progress(request: Request, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error, where that is a terminal; yields what to tell of bytes that are done."""
    if request.quiet or not sys.stderr.isatty():
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True, no_color=request.no_color or None)
    with Progress(BarColumn(), DownloadColumn(), TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda count: bar.advance(task, count)
