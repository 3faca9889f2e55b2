"""``[tool.bn-migrate]`` of the nearest pyproject.toml: the options under their own names."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from migrate.chosen import prefixes
from migrate.errors import UsageError
from migrate.files import check_exclusions
from migrate.places import TABLE, misspelled, nearest_configuration, offered_rules
from migrate.schema import build
from migrate.targets import Target

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILES = ("output", "record", "against", "report", "trace")
CODES = ("select", "ignore")
PROGRAMS = ("torch_python", "mindspore_python")
Format = Literal["text", "json", "sarif", "github"]
DataFormat = Literal["NCHW", "NHWC"]
DeviceTarget = Literal["CPU", "GPU", "Ascend"]
Mode = Literal["pynative", "graph"]


@dataclass(frozen=True, slots=True)
class Config:
    """What may be configured; every field is an option of the command line."""

    target: Target | None = None
    data_format: DataFormat | None = None
    mindspore_version: str | None = None
    exclude: tuple[str, ...] | None = None
    force_exclude: bool | None = None
    no_gitignore: bool | None = None
    jobs: int | None = None
    diff: bool | None = None
    check: bool | None = None
    output: str | None = None
    strict: bool | None = None
    format: Format | None = None
    quiet: bool | None = None
    verbose: bool | None = None
    no_color: bool | None = None
    rules: tuple[str, ...] | None = None
    verify: bool | None = None
    device_target: DeviceTarget | None = None
    mode: Mode | None = None
    torch_python: str | None = None
    mindspore_python: str | None = None
    record: str | None = None
    against: str | None = None
    report: str | None = None
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    statistics: bool | None = None
    todo: bool | None = None
    trace: str | None = None


def load_config(paths: tuple[str, ...]) -> tuple[dict[str, Any], Path | None]:
    """The configured options by parameter name, and the folder of the file; raises UsageError.

    The file is the nearest pyproject.toml at or above the common folder of ``paths``.
    """
    found = nearest_configuration(path for path in paths if path != "-")
    if found is None:
        return {}, None
    file = Path(found)
    document = _read(file)
    if wrong := misspelled(document):
        raise UsageError(f"{file}: [{wrong}] is not read: the table is called [tool.{TABLE}]")
    tool = document.get("tool", {})
    table = tool.get(TABLE) if isinstance(tool, dict) else None
    if table is None:
        return {}, None
    return checked(table, f"{file}: [tool.{TABLE}]", file.parent), file.parent


def _read(file: Path) -> dict[str, Any]:
    try:
        table: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{file}: {error}") from None
    return table


def checked(table: Any, where: str, folder: Path) -> dict[str, Any]:
    """The options of a table by parameter name, paths from ``folder`` on; raises UsageError with ``where``."""
    config = build(Config, table, where, dashes=True)
    options = {f.name: value for f in fields(Config) if (value := getattr(config, f.name)) is not None}
    if config.jobs is not None and config.jobs < 1:
        raise UsageError(f"{where}: jobs: {config.jobs} is not at least 1")
    for name in CODES:
        prefixes(options.get(name, ()), f"{where}: {name}")
    check_exclusions(options.get("exclude", ()), f"{where}: exclude")
    for name in FILES:
        if options.get(name) == "":
            raise UsageError(f"{where}: {name}: a name is expected")
    return {name: _placed(name, value, folder) for name, value in options.items()}


def _placed(name: str, value: Any, folder: Path) -> Any:
    """A configured option with its paths starting at ``folder``; a bare program name stays one."""
    if name == "rules":
        return tuple(r if r in offered_rules() and not (folder / r).is_dir() else str(folder / r) for r in value)
    is_path = name in FILES or (name in PROGRAMS and os.sep in value)
    return str(folder / value) if is_path else value
