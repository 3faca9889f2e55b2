"""One side of a question about a live network, in a process of its own: it executes the user's code.

Started as ``python -m migrate.checkpoint.networks.process REQUEST.json``; the answer goes to the file that the request
names, so that the user's code may print what it likes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]


def main() -> None:
    """Answer the request of the command line; what the user's code raises is an answer."""
    with open(sys.argv[1], encoding="utf-8") as file:
        request: Json = json.load(file)
    from migrate.checkpoint.networks import run
    from migrate.verify.networks.run.loading import Fault

    sides: dict[str, Callable[[Json], Json]] = {
        "describe": run.describe,
        "torch": run.in_torch,
        "bridge": run.in_bridge,
        "mindspore": run.in_mindspore,
    }
    try:
        answer = sides[request["side"]](request)
    except Fault as fault:
        answer = {"fault": str(fault), "trace": fault.trace}
    with open(request["answer"], "w", encoding="utf-8") as file:
        json.dump(answer, file)


if __name__ == "__main__":
    main()
