"""Runs whole networks for bn-migrate; started as ``python worker.py torch|mindspore``.

As ``torch`` it runs the originals, as ``mindspore`` the rewritten files. Both execute the user's code.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import json
import os
import sys
import traceback
from typing import Any, Callable, Dict, Iterable, List, Tuple

Json = Dict[str, Any]


def find_package() -> None:
    """Make ``migrate`` importable: the package that this file belongs to, and nothing else of its environment."""
    folder = os.path.abspath(__file__)
    for _ in range(4):
        folder = os.path.dirname(folder)
    init = os.path.join(folder, "__init__.py")
    spec = importlib.util.spec_from_file_location("migrate", init, submodule_search_locations=[folder])
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["migrate"] = module
    spec.loader.exec_module(module)


def start(name: str, options: Json) -> Tuple[Any, Json]:
    """The side of the proof that this process runs, and what it says of itself."""
    from migrate.verify.worker import MindSpore, Torch

    hello = {"version": Torch(options).version, "signatures": {}}
    if name == "mindspore":
        hello["version"] = MindSpore(options).version
    importlib.import_module("torch").set_num_threads(options["threads"])
    from migrate.verify.networks.run.loading import Sources, prepare
    from migrate.verify.networks.run.sides import Original, Rewritten

    prepare(options)
    side = (Original if name == "torch" else Rewritten)(Sources(options["rewritten"]), options)
    give_up_the_name(options["path"])
    return side, hello


def give_up_the_name(folders: List[str]) -> None:
    """Where the user has a package of the same name, imports shall find that one from now on."""
    if importlib.machinery.PathFinder.find_spec("migrate", folders) is not None:
        for name in [n for n in sys.modules if n.partition(".")[0] == "migrate"]:
            del sys.modules[name]


def serve(side: Any, requests: Iterable[str], answer: Callable[[Json], None]) -> None:
    """Run a network; a fault of the user's code is an answer."""
    fault_type = side.fault
    for line in requests:
        request = json.loads(line)
        answer({"at": request["expression"]})
        try:
            done = side.run(request)
        except fault_type as fault:
            done = {"fault": str(fault), "trace": fault.trace, "site": fault.site}
        except Exception:
            why = "internal error of bn-migrate, please report it"
            done = {"fault": why, "trace": traceback.format_exc(), "site": None}
        answer({"done": dict(done, used=side.sources.loaded)})


if __name__ == "__main__":
    find_package()
    from migrate.verify.worker import converse

    converse(start, serve)
