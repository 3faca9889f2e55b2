"""What one run was asked: the command line over the configuration, checked for what does not go together."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from migrate.asked import asked_version
from migrate.chosen import Chosen, applied, choose
from migrate.config import load_config
from migrate.engine import Options
from migrate.errors import UsageError
from migrate.files import Selection, check_exclusions, check_place
from migrate.question import Question, parse_question
from migrate.runner import Means
from migrate.targets import TARGETS, Target
from migrate.trace.record import read_record
from migrate.verify.networks.spec import parse_networks
from migrate.verify.settings import Settings

STDIN = "<stdin>"
# What the command line asks for makes these configured options void; they would contradict it.
WINS_OVER = {
    "diff": ("output", "check"),
    "check": ("output", "diff"),
    "interactive": ("check", "quiet"),
    "output": ("diff", "check"),
    "target": ("data_format",),
    "data_format": ("target",),
    "record": ("against",),
    "against": ("record",),
    "statistics": ("format",),
    "format": ("statistics",),
}
WITH_STATISTICS = ("text", "json")
OF_A_PROOF = ("device_target", "mode", "torch_python", "mindspore_python", "network", "input", "steps")


@dataclass(frozen=True, slots=True)
class Run:
    """The options of one run. ``verify`` says how rewrites are proved, or is None where they are not."""

    paths: tuple[str, ...]
    options: Options
    selection: Selection
    means: Means
    diff: bool
    check: bool
    output: Path | None
    strict: bool
    format: str
    report: Path | None
    quiet: bool
    verbose: bool
    no_color: bool
    stdin_filename: str
    verify: Settings | None
    profile: bool
    chosen: Chosen
    statistics: bool
    why: Question | None
    original: str
    interactive: bool

    @property
    def reads_stdin(self) -> bool:
        return "-" in self.paths

    @property
    def writes(self) -> bool:
        only_record = self.verify is not None and self.verify.only_record
        return not (self.diff or self.check or only_record)

    @property
    def is_document(self) -> bool:
        return self.format in ("json", "sarif")

    @property
    def occupies_stdout(self) -> bool:
        """Whether standard output carries a diff or code."""
        return self.diff or self.reads_stdin


def merge(context: click.Context, given: dict[str, Any]) -> Run:
    """The options of the command line over the configured ones; raises UsageError."""
    paths: tuple[str, ...] = given["paths"]
    if not paths or "" in paths:
        raise click.UsageError("no PATH given: name files or folders, or - for standard input", context)
    named = given["stdin_filename"] if paths == ("-",) and given["stdin_filename"] else None
    configured, folder = load_config((str(Path(named).parent),) if named else paths)
    from_command_line = {
        name for name in given if context.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE
    }
    for name in ("output", "report", "record", "against", "torch_python", "mindspore_python", "trace"):
        if given[name] == "":
            raise click.UsageError(f"--{name.replace('_', '-')}: a name is expected", context)
    for name, others in WINS_OVER.items():
        if name in from_command_line:
            configured = {k: v for k, v in configured.items() if k not in others}
    if "-" in paths:
        configured.pop("output", None)
    merged = {**given, **{k: v for k, v in configured.items() if k not in from_command_line}}
    check_exclusions(given["exclude"])
    base = folder if folder and "exclude" in configured and "exclude" not in from_command_line else Path()
    for name in ("report", "record"):
        if merged[name]:
            check_place(Path(merged[name]), f"--{name}")
    run = _run(merged, Selection(tuple(merged["exclude"]), base, merged["force_exclude"], not merged["no_gitignore"]))
    _reject_contradictions(run, merged, from_command_line, context)
    return run


def _run(merged: dict[str, Any], selection: Selection) -> Run:
    chosen = choose(merged["select"], merged["ignore"])
    rules = tuple(Path(r) for r in merged["rules"])
    verify = _verify(merged)
    proves = verify is not None and not verify.only_record
    version, onto = _versions(merged, rules)
    options = Options(
        merged["target"],
        merged["data_format"],
        rules,
        chosen.reviews if merged["todo"] else (),
        apply=applied(merged["apply"]),
        apply_calls=proves,
        version=version,
        onto=onto,
        record=read_record(merged["trace"]) if merged["trace"] else None,
        ways=bool(merged["report"]),
    )
    return Run(
        paths=merged["paths"],
        options=options,
        selection=selection,
        means=Means(merged["jobs"] or os.cpu_count() or 1, not merged["no_cache"], merged["dask"] or ""),
        diff=merged["diff"],
        check=merged["check"],
        output=_path(merged["output"]),
        strict=merged["strict"],
        format=merged["format"],
        report=_path(merged["report"]),
        quiet=merged["quiet"],
        verbose=merged["verbose"],
        no_color=merged["no_color"] or bool(os.environ.get("NO_COLOR")),
        stdin_filename=merged["stdin_filename"] or STDIN,
        verify=verify,
        profile=merged["profile"],
        chosen=chosen,
        statistics=merged["statistics"],
        why=parse_question(merged["why"]) if merged["why"] else None,
        original=merged["original"] or "",
        interactive=merged["interactive"],
    )


def _versions(merged: dict[str, Any], rules: tuple[Path, ...]) -> tuple[str, str]:
    """The version whose signatures are written, and the one to whose the target's own calls are migrated, if any."""
    given = merged["mindspore_version"]
    if merged["from"] == "mindspore":
        return "", next_version(merged["target"], rules, given)
    return asked_version(given, interpreter(merged["mindspore_python"])), ""


def next_version(target: Target, rules: tuple[Path, ...], given: str) -> str:
    """The version to whose signatures code of the target's own is migrated; raises UsageError where it has none."""
    from migrate.rules import load_rules
    from migrate.versions import signatures_of

    known = load_rules(target, rules).rules
    if not signatures_of(known, given):
        raise UsageError(f"--from mindspore does not go with --target {target}, whose signatures stay")
    return given or max(c.since for rule in known for c in rule.target.convention)


def _verify(merged: dict[str, Any]) -> Settings | None:
    record, against = _path(merged["record"]), _path(merged["against"])
    if not (merged["verify"] or record or against):
        return None
    if merged["input"] and not merged["network"]:
        raise UsageError("--input goes with --network")
    return Settings(
        torch_python=interpreter(merged["torch_python"]),
        mindspore_python=interpreter(merged["mindspore_python"]),
        device_target=merged["device_target"],
        mode=merged["mode"],
        record=record,
        against=against,
        only_record=record is not None and not merged["verify"],
        networks=parse_networks(merged["network"], merged["input"]) if merged["network"] else (),
        steps=merged["steps"],
    )


def _path(name: str | None) -> Path | None:
    return Path(name) if name else None


def interpreter(name: str | None) -> str:
    """An absolute path, since workers run elsewhere; links stay, since an environment is found through them."""
    if name is None:
        return sys.executable
    return os.path.abspath(shutil.which(name) or name)


def _reject_contradictions(
    run: Run, merged: dict[str, Any], from_command_line: set[str], context: click.Context
) -> None:
    if run.reads_stdin and len(run.paths) > 1:
        raise click.UsageError("- cannot be combined with other paths", context)
    if run.output is not None and (run.diff or run.check or run.reads_stdin):
        raise click.UsageError("--output does not go with --diff, --check or -", context)
    if run.interactive and (run.reads_stdin or run.check or run.quiet):
        raise click.UsageError("--interactive does not go with -, --check or --quiet", context)
    if run.stdin_filename != STDIN and not run.reads_stdin:
        raise click.UsageError("--stdin-filename goes with - only", context)
    if run.why is not None and run.reads_stdin:
        raise click.UsageError("--why does not go with -", context)
    if run.options.data_format != "NCHW" and run.options.target != TARGETS[0]:
        raise click.UsageError(f"--data-format goes with --target {TARGETS[0]} only", context)
    if run.original and (run.reads_stdin or run.options.onto):
        raise click.UsageError("--original goes neither with - nor with --from mindspore", context)
    if run.statistics and run.format not in WITH_STATISTICS:
        raise click.UsageError(f"--statistics goes with --format {' or '.join(WITH_STATISTICS)}", context)
    if merged["record"] and merged["against"]:
        raise click.UsageError("--record keeps torch's side and --against compares with a kept one: not both", context)
    if run.verify is not None and run.verify.networks and (run.reads_stdin or merged["record"] or merged["against"]):
        raise click.UsageError("--network does not go with -, --record or --against", context)
    if run.verify is not None and run.verify.only_record and run.output is not None:
        raise click.UsageError("--record without --verify proves nothing, so --output would write nothing", context)
    stray = next((name for name in OF_A_PROOF if name in from_command_line and run.verify is None), None)
    if stray is not None:
        raise click.UsageError(f"--{stray.replace('_', '-')} goes with --verify", context)
