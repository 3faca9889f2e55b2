"""What a run was, for the head of its page."""

from __future__ import annotations

import platform
import shlex
import sys
from datetime import datetime

from migrate import __version__
from migrate.options import Run
from migrate.rules import load_rules
from migrate.versions import convention_of, told_version


def about(run: Run) -> dict[str, str]:
    """The command, when it ran, and the versions that had a say."""
    chosen = run.options
    said = {
        "command": shlex.join(["bn-migrate", *sys.argv[1:]]),
        "date": datetime.now().astimezone().isoformat(" ", "seconds"),
        "versions": f"bn-migrate {__version__}, Python {platform.python_version()}",
        "target": chosen.target,
    }
    rules = load_rules(chosen.target, chosen.rules).rules
    version = told_version(rules, chosen.version)
    changing = next((rule for rule in rules if rule.target.convention), None)
    if version is not None and not chosen.onto and changing is not None:
        is_first = convention_of(changing, version) is None
        said["target"] += (
            f", signatures {f'before {changing.target.convention[0].since}' if is_first else f'of {version}'}"
        )
    if chosen.onto:
        said["from"] = f"MindSpore's own code, to the signatures of {chosen.onto}"
    return said
