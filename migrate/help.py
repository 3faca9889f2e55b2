"""``--help`` with the options under headings."""

from __future__ import annotations

import click

GROUPS = {
    "What is done with the result": ("--diff", "--check", "--interactive", "--output", "--todo", "--apply", "--strict"),
    "Report": ("--format", "--report", "--quiet", "--verbose", "--no-color"),
    "Which findings": ("--select", "--ignore", "--statistics", "--trace"),
    "Which files": ("--exclude", "--force-exclude", "--no-gitignore", "--stdin-filename"),
    "What becomes of batch norm": (
        "--target",
        "--from",
        "--original",
        "--mindspore-version",
        "--data-format",
        "--rules",
    ),
    "Proof": (
        "--verify",
        "--device-target",
        "--mode",
        "--torch-python",
        "--mindspore-python",
        "--record",
        "--against",
    ),
    "Proof of whole networks": ("--network", "--input", "--steps"),
    "Speed": ("--jobs", "--dask", "--no-cache", "--profile"),
    "Help": ("--explain", "--why", "--version", "--help"),
}
COLUMN = 25


class GroupedCommand(click.Command):
    """A command whose help lists its options by ``GROUPS``; one that is in no group comes last."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a section for each group, their descriptions in one column."""
        shown = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx) if isinstance(parameter, click.Option) else None
            if record is not None:
                shown[parameter.opts[-1]] = (record[0].ljust(COLUMN), record[1])
        grouped = {flag for flags in GROUPS.values() for flag in flags}
        for title, flags in {**GROUPS, "Other": tuple(flag for flag in shown if flag not in grouped)}.items():
            if rows := [shown[flag] for flag in flags if flag in shown]:
                with formatter.section(title):
                    formatter.write_dl(rows, col_max=COLUMN)
