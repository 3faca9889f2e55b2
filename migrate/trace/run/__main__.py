"""Runs a program and records it, or compares it with a record: ``python .../run SCRIPT ARGS``, with what to do in the
environment."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = "bn_migrate_recorder"
COMPARED = "BN_MIGRATE_COMPARE"
"""Holds the record and the names of the classes, where the migrated program is compared with it."""


def load(name: str = PACKAGE, folder: str = HERE) -> Any:
    """A package by its folder, without a look at the path: this one, under a name that no environment has."""
    if name not in sys.modules:
        init = os.path.join(folder, "__init__.py")
        spec = importlib.util.spec_from_file_location(name, init, submodule_search_locations=[folder])
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


def main() -> None:
    """Run the program that the command line names."""
    if sys.version_info < (3, 10):
        sys.exit(f"bn-migrate-trace: {sys.executable} is Python {sys.version.split()[0]}; 3.10 or newer is needed")
    # What Python has put there is this folder.
    sys.path[:] = [path for path in sys.path if path and os.path.abspath(path) != HERE]
    load()
    program: Any = importlib.import_module(f"{PACKAGE}.program")
    if COMPARED in os.environ:
        load("migrate", os.path.dirname(os.path.dirname(HERE)))
        importlib.import_module("migrate.trace.comparing").start(json.loads(os.environ.pop(COMPARED)))
    else:
        importlib.import_module(f"{PACKAGE}.recorder").start(True)
    program.run(sys.argv[1:])


if __name__ == "__main__":
    main()
