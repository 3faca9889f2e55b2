"""Runs a program and records it: ``python .../run SCRIPT ARGS``, with what to record in the environment."""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = "bn_migrate_recorder"


def load() -> Any:
    """The package of this file, under a name that no environment has, and without a look at the path."""
    if PACKAGE not in sys.modules:
        init = os.path.join(HERE, "__init__.py")
        spec = importlib.util.spec_from_file_location(PACKAGE, init, submodule_search_locations=[HERE])
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[PACKAGE] = module
        spec.loader.exec_module(module)
    return sys.modules[PACKAGE]


def main() -> None:
    """Record the program that the command line names."""
    # What Python has put there is this folder.
    sys.path[:] = [path for path in sys.path if path and os.path.abspath(path) != HERE]
    load()
    recorder: Any = importlib.import_module(f"{PACKAGE}.recorder")
    program: Any = importlib.import_module(f"{PACKAGE}.program")
    recorder.start(True)
    program.run(sys.argv[1:])


if __name__ == "__main__":
    main()
