"""``bn-migrate-lsp``: speaks the language server protocol on standard input and output."""

from __future__ import annotations

import os
import sys
from io import BufferedReader
from typing import BinaryIO

import click

from migrate import __version__
from migrate.errors import not_installed


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--stdio", is_flag=True, help="Use standard input and output, as always; some editors insist on saying so."
)
@click.version_option(__version__, prog_name="bn-migrate-lsp", message="%(prog)s %(version)s")
def main(stdio: bool) -> None:
    """The language server of bn-migrate, for an editor to start."""
    try:
        from migrate.lsp.server import make_server
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in ("pygls", "lsprotocol"):
            raise
        raise click.ClickException(not_installed(missing, "lsp")) from None
    incoming, outgoing = take_streams()
    server = make_server()
    if not incoming.peek(1):
        return  # an editor that only looks whether it can be started
    try:
        server.start_io(incoming, outgoing)
    finally:
        server.end()
    # As the protocol has it: an editor that leaves without a word has crashed.
    sys.exit(0 if server.is_shut_down else 1)


def take_streams() -> tuple[BufferedReader, BinaryIO]:
    """Standard input and output for the protocol alone.

    Whatever else writes to standard output, a child process too, ends up on standard error instead.
    """
    incoming, outgoing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return os.fdopen(incoming, "rb"), os.fdopen(outgoing, "wb")
