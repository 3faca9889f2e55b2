"""Records or compares in the processes that the program starts: Python imports this at the start of each of them."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def begin() -> None:
    """Start what the environment asks for."""
    path = os.path.join(os.path.dirname(HERE), "__main__.py")
    spec = importlib.util.spec_from_file_location("bn_migrate_recorder_main", path)
    assert spec is not None and spec.loader is not None
    main = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(main)
    main.begin(False)


def give_way() -> None:
    """Import the sitecustomize that this one hides, if any."""
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != HERE]
    ours = sys.modules.pop("sitecustomize")
    try:
        importlib.import_module("sitecustomize")
    except ModuleNotFoundError as error:
        if error.name != "sitecustomize":
            raise
    sys.modules.setdefault("sitecustomize", ours)


if {"BN_MIGRATE_TRACE", "BN_MIGRATE_COMPARE"} & os.environ.keys() and sys.version_info >= (3, 10):
    begin()
give_way()
