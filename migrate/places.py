"""Where things are kept: the rule files of an installation, the configuration, and what runs keep for later ones."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

TABLE = "bn-migrate"
"""The table of this program below ``[tool]`` of pyproject.toml."""
ALIKE = 0.8
"""From which likeness on the name of a table is a misspelling of ours."""


def rules_folder() -> str:
    """The folder of the rule files: inside an installed package, beside it in a checkout."""
    here = os.path.dirname(os.path.abspath(__file__))
    inside = os.path.join(here, "rules")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(here), "rules")


OFFERED = "more"
"""The folder of rule files that a run uses only where it is asked to, by their names."""


def offered_rules() -> list[str]:
    """The names of the rule files that come along and are used on request; those that others extend are none."""
    folder = os.path.join(rules_folder(), OFFERED)
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return [name[: -len(".toml")] for name in names if name.endswith(".toml") and not name.startswith("_")]


def rule_paths(folder: str) -> list[str]:
    """The rule files of a folder, or the one that comes along under that name; empty where there is neither."""
    if os.path.isdir(folder):
        return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".toml")]
    return [os.path.join(rules_folder(), OFFERED, f"{folder}.toml")] if folder in offered_rules() else []


def findings_page() -> str:
    """The address of the page that explains all codes: on the site that ``BN_MIGRATE_DOCS`` names, or the copy here."""
    site = os.environ.get("BN_MIGRATE_DOCS")
    if site:
        return f"{site.rstrip('/')}/findings.html"
    from pathlib import Path

    here = Path(__file__).resolve().parent
    inside = here / "findings.md"
    return (inside if inside.is_file() else here.parent / "docs" / "findings.md").as_uri()


def cache_folder() -> str:
    """Where finished work is kept: ``BN_MIGRATE_CACHE_DIR``, or the folder of the platform for caches."""
    named = os.environ.get("BN_MIGRATE_CACHE_DIR")
    if named:
        return named
    if sys.platform.startswith("linux"):
        # As platformdirs has it, whose import takes longer than a run over files with nothing to do.
        home = os.environ.get("XDG_CACHE_HOME", "").strip() or os.path.expanduser("~/.cache")
        return os.path.join(home, "bn-migrate")
    from platformdirs import user_cache_dir

    return user_cache_dir("bn-migrate", appauthor=False)


def misspelled(document: dict[str, Any]) -> str | None:
    """The header of a table that must be meant for this program, such as ``tool.bn_migrate``; None without any.

    Only names that start as ours does are looked at closely: a start over files with nothing to do has no time.
    """
    tool = document.get("tool")
    named = [*(document.items()), *((f"tool.{k}", v) for k, v in (tool.items() if isinstance(tool, dict) else ()))]
    for header, table in named:
        squeezed = "".join(c for c in header.removeprefix("tool.").lower() if c.isalnum())
        if header != f"tool.{TABLE}" and squeezed.startswith("bn") and isinstance(table, dict):
            from difflib import SequenceMatcher

            if SequenceMatcher(None, squeezed, "bnmigrate").ratio() > ALIKE:
                return header
    return None


def nearest_configuration(paths: Iterable[str]) -> str | None:
    """The nearest pyproject.toml at or above the common folder of ``paths``, or of the working directory without any.

    A folder that is closed to us holds none.
    """
    real = [os.path.realpath(path) for path in paths]
    folder, below = os.path.commonpath(real) if real else os.getcwd(), ""
    if not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    while folder != below:
        file = os.path.join(folder, "pyproject.toml")
        if os.path.isfile(file):
            return file
        folder, below = os.path.dirname(folder), folder
    return None
