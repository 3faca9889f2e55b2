"""The frameworks that files belong to, imported when one is read or written."""

from __future__ import annotations

import importlib
import os
from typing import Any

from migrate.files import uninterrupted


def imported(name: str) -> Any:
    """A framework. Ctrl-C takes effect behind the import: one that is half done ends in a crash of its own."""
    os.environ.setdefault("GLOG_v", "4")  # MindSpore's log would stand between the lines of this program
    with uninterrupted():
        return importlib.import_module(name)
