"""The entry point of ``bn-migrate-checkpoint``, which says what is missing where an extra is not installed."""

from __future__ import annotations

import sys

from migrate.errors import end_interrupted, not_installed

NEEDED = {"safetensors": "checkpoint", "numpy": "checkpoint", "torch": "verify", "mindspore": "verify"}
"""The extra that brings each module."""


def main() -> None:
    """Run the program; a module that it lacks is one line and exit status 2."""
    try:
        from migrate.checkpoint.command import main as full

        full()
    except KeyboardInterrupt:
        end_interrupted("bn-migrate-checkpoint")
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in NEEDED:
            raise
        print(f"bn-migrate-checkpoint: {not_installed(missing, NEEDED[missing])}", file=sys.stderr)
        sys.exit(2)
