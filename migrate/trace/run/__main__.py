"""Runs a program and records it, or compares it with a record: ``python .../run SCRIPT ARGS``, with what to do in the
environment."""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = "bn_migrate_recorder"
COMPARED = "BN_MIGRATE_COMPARE"
"""Holds what `migrate.trace.comparing` is told, where the migrated program is compared with a record."""


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


def begin(is_first: bool) -> None:
    """Start what the environment asks for, in the first process of a run or in one that it has started."""
    load()
    if COMPARED not in os.environ:
        importlib.import_module(f"{PACKAGE}.recorder").start(is_first)
    elif is_first:
        _compare(True)
    else:
        # Both frameworks take seconds to import: a process that does not need them is spared.
        hooks: Any = importlib.import_module(f"{PACKAGE}.hooks")
        sys.meta_path.insert(0, hooks.Loaded(("mindspore",), lambda: _compare(False)))


def _compare(is_first: bool) -> None:
    load("migrate", os.path.dirname(os.path.dirname(HERE)))
    importlib.import_module("migrate.trace.comparing").start(is_first)


def main() -> None:
    """Run the program that the command line names."""
    if sys.version_info < (3, 10):
        sys.exit(f"bn-migrate-trace: {sys.executable} is Python {sys.version.split()[0]}; 3.10 or newer is needed")
    # What Python has put there is this folder.
    sys.path[:] = [path for path in sys.path if path and os.path.abspath(path) != HERE]
    begin(True)
    program: Any = importlib.import_module(f"{PACKAGE}.program")
    program.run(sys.argv[1:])


if __name__ == "__main__":
    main()
