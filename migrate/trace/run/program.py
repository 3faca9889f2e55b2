"""Runs a script or module as ``python`` does: its arguments, its path, its name, its way out."""

from __future__ import annotations

import importlib.machinery
import os
import runpy
import sys
import types
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
OWN = (HERE, "<frozen runpy>", runpy.__file__)


def run(arguments: list[str]) -> None:
    """Run ``-m MODULE ARGS`` or ``SCRIPT ARGS`` as the main module. What it raises is shown without frames of ours."""
    try:
        if arguments[0] == "-m":
            _run_module(arguments[1], arguments[2:])
        else:
            _run_script(arguments[0], arguments[1:])
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename.startswith(OWN):
            trace = trace.tb_next
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        sys.exit(1)


def _run_module(name: str, arguments: list[str]) -> None:
    sys.argv[:] = ["-m", *arguments]
    sys.path.insert(0, os.getcwd())
    _fresh_main()
    runpy._run_module_as_main(name)  # type: ignore[attr-defined]


def _run_script(path: str, arguments: list[str]) -> None:
    sys.argv[:] = [path, *arguments]
    if os.path.isdir(path) or (not path.endswith((".py", ".pyw")) and _is_archive(path)):
        sys.path.insert(0, os.path.abspath(path))
        _fresh_main()
        runpy._run_module_as_main("__main__", False)  # type: ignore[attr-defined]
        return
    sys.path.insert(0, os.path.dirname(os.path.realpath(path)))
    full = os.path.abspath(path)
    main = _fresh_main()
    main.__file__, main.__dict__["__cached__"] = full, None
    main.__loader__ = importlib.machinery.SourceFileLoader("__main__", full)
    try:
        with open(full, "rb") as file:
            source = file.read()
    except OSError as error:
        print(f"bn-migrate-trace: can't open file {full!r}: {error.strerror}", file=sys.stderr)
        sys.exit(2)
    exec(compile(source, full, "exec", dont_inherit=True), main.__dict__)


def _is_archive(path: str) -> bool:
    import zipfile

    return zipfile.is_zipfile(path)


def _fresh_main() -> Any:
    main = types.ModuleType("__main__")
    main.__dict__["__builtins__"] = sys.modules["builtins"]
    sys.modules["__main__"] = main
    return main
