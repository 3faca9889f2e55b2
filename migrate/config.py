"""``[tool.bn-migrate]`` of the nearest pyproject.toml: the options under their own names."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from migrate.errors import UsageError
from migrate.rules import Target
from migrate.schema import build

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Format = Literal["text", "json", "sarif", "github"]
DataFormat = Literal["NCHW", "NHWC"]


@dataclass(frozen=True, slots=True)
class Config:
    """What may be configured; every field is an option of the command line."""

    target: Target | None = None
    data_format: DataFormat | None = None
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


def load_config(paths: tuple[str, ...]) -> tuple[dict[str, Any], Path | None]:
    """The configured options by parameter name, and the folder of the file; raises UsageError.

    The file is the nearest pyproject.toml at or above the common folder of ``paths``.
    """
    start = _common_folder(paths)
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        if _is_file(file):
            tool = _read(file).get("tool", {})
            table = tool.get("bn-migrate") if isinstance(tool, dict) else None
            return ({}, None) if table is None else (_options(file, table), folder)
    return {}, None


def _common_folder(paths: tuple[str, ...]) -> Path:
    real = [os.path.realpath(p) for p in paths if p != "-"]
    common = Path(os.path.commonpath(real)) if real else Path.cwd()
    try:
        return common if common.is_dir() else common.parent
    except OSError:
        return common.parent


def _is_file(path: Path) -> bool:
    """Whether ``path`` is a file that can be looked at; a folder closed to us holds no configuration."""
    try:
        return path.is_file()
    except OSError:
        return False


def _read(file: Path) -> dict[str, Any]:
    try:
        table: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{file}: {error}") from None
    return table


def _options(file: Path, table: Any) -> dict[str, Any]:
    where = f"{file}: [tool.bn-migrate]"
    if not isinstance(table, dict):
        raise UsageError(f"{where}: a table is expected, not {table!r}")
    allowed = [f.name.replace("_", "-") for f in fields(Config)]
    for key in table:
        if key not in allowed:
            raise UsageError(f"{where}: unknown key {key!r}; allowed: {', '.join(allowed)}")
    for key, value in table.items():
        build(Config, {key.replace("-", "_"): value}, f"{where}: {key}")
    config = build(Config, {key.replace("-", "_"): value for key, value in table.items()}, where)
    options = {f.name: value for f in fields(Config) if (value := getattr(config, f.name)) is not None}
    if config.jobs is not None and config.jobs < 1:
        raise UsageError(f"{where}: jobs: {config.jobs} is not at least 1")
    if config.output is not None and not config.output:
        raise UsageError(f"{where}: output: the name of a folder is expected")
    for name in ("rules", "output"):
        if name in options:
            given = options[name]
            options[name] = str(file.parent / given) if name == "output" else tuple(str(file.parent / r) for r in given)
    return options
