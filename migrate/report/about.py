"""What a run was, for the head of its page."""

from __future__ import annotations

import platform
import shlex
import sys
from datetime import datetime

from migrate import __version__
from migrate.options import Run
from migrate.rules import load_rules
from migrate.versions import told_version


def about(run: Run) -> dict[str, str]:
    """The command, when it ran, and the versions that had a say."""
    chosen = run.options
    said = {
        "command": shlex.join(["bn-migrate", *sys.argv[1:]]),
        "date": datetime.now().astimezone().isoformat(" ", "seconds"),
        "versions": f"bn-migrate {__version__}, Python {platform.python_version()}",
        "target": chosen.target,
    }
    version = told_version(load_rules(chosen.target, chosen.rules).rules, chosen.version)
    if version is not None and not chosen.onto:
        said["target"] += f", signatures of {version}"
    if chosen.onto:
        said["from"] = f"MindSpore's own code, to the signatures of {chosen.onto}"
    return said
