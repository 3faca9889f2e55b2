"""What the server was asked: the client's settings over ``[tool.bn-migrate]``, under the same names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from migrate.chosen import Chosen, choose
from migrate.config import checked, load_config
from migrate.engine import Options
from migrate.errors import UsageError
from migrate.files import Selection
from migrate.options import WINS_OVER, interpreter
from migrate.targets import TARGETS
from migrate.trace.record import read_record
from migrate.verify.settings import Settings as Proof

SECTION = "bn-migrate"
"""What the settings are called in a client's configuration."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the files of a folder are migrated, which of them count, how a proof is run, and what is shown."""

    options: Options = field(default_factory=Options)
    selection: Selection = field(default_factory=Selection)
    proof: Proof = field(default_factory=Proof)
    chosen: Chosen = field(default_factory=Chosen)


def resolve(start: Path, client: Mapping[str, Any]) -> Settings:
    """The settings for the file or folder ``start``; raises UsageError, for rule files as well.

    The rule files are read anew.
    """
    from migrate.rules import load_rules

    configured, folder = load_config((str(start),))
    home = start if start.is_dir() else start.parent
    given = checked(dict(client), f"settings of the editor: {SECTION}", home)
    for name, others in WINS_OVER.items():
        if name in given:
            configured = {k: v for k, v in configured.items() if k not in others}
    base = folder if folder and "exclude" in configured and "exclude" not in given else home
    table = {**configured, **given}
    options = Options(
        table.get("target", TARGETS[0]),
        table.get("data_format", "NCHW"),
        tuple(Path(rules) for rules in table.get("rules", ())),
        version=table.get("mindspore_version", ""),
        record=read_record(table["trace"]) if table.get("trace") else None,
    )
    if options.data_format != "NCHW" and options.target != TARGETS[0]:
        raise UsageError(f"{SECTION}: data-format goes with target {TARGETS[0]} only")
    load_rules.cache_clear()
    load_rules(options.target, options.rules, options.version)
    return Settings(
        options,
        Selection(tuple(table.get("exclude", ())), base, True, not table.get("no_gitignore", False)),
        Proof(
            torch_python=interpreter(table.get("torch_python")),
            mindspore_python=interpreter(table.get("mindspore_python")),
            device_target=table.get("device_target", "CPU"),
            mode=table.get("mode", "pynative"),
            against=Path(table["against"]) if table.get("against") else None,
        ),
        choose(table.get("select", ()), table.get("ignore", ())),
    )


def own(settings: Any) -> dict[str, Any] | None:
    """The table of this server in what a client sends, with or without the name of the section around it.

    Editors send null for a setting that has no value.
    """
    table = settings.get(SECTION, settings) if isinstance(settings, dict) else settings
    return {k: v for k, v in table.items() if v is not None} if isinstance(table, dict) else None
