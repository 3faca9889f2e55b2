"""What the recorder is asked, as plain data: the classes and names of the rules, and where to write."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from migrate import __version__
from migrate.rules import RuleSet


def asked(rules: RuleSet, output: Path, sources: Sequence[str], command: Sequence[str], append: bool) -> dict[str, Any]:
    """The recorder's orders, which JSON can hold."""
    return {
        "classes": [
            {
                "name": rule.source.name,
                # The module that defines the class is loaded first, and has the longest name.
                "names": sorted((rule.source.name, *rule.source.aliases), key=len, reverse=True),
                "parameters": [p.name for p in rule.parameters],
            }
            for rule in rules.rules
        ],
        "watched": sorted(rules.members | rules.lacks),
        "output": str(output),
        "sources": [os.path.abspath(source) for source in sources],
        "run": {
            "id": uuid.uuid4().hex,
            "append": append,
            "command": list(command),
            "folder": os.getcwd(),
            "tool": {"name": "bn-migrate-trace", "version": __version__},
        },
    }
