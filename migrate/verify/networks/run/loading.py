"""Imports the user's modules, the rewritten ones in the place of the originals, and builds networks from them."""

from __future__ import annotations

import contextlib
import importlib
import os
import random
import sys
import traceback
from importlib.machinery import SourceFileLoader
from typing import Any, Dict, Iterator, List, Set

import numpy
import torch

from migrate.verify.worker import one_line

PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
OWN = (
    PACKAGE + os.sep,
    "<frozen importlib",
    os.path.dirname(importlib.__file__) + os.sep,
    os.path.join(os.path.dirname(torch.__file__), "nn", "modules", "module.py"),
)
"""Where the files lie whose frames say nothing of the user's code."""


class Fault(Exception):
    """A network cannot be run: one line that says why, the traceback where it is the user's code that failed, and a
    ``site`` (path, line, text) where that is in a rewritten file."""

    def __init__(self, why: str, trace: str = "", site: Any = None) -> None:
        super().__init__(why)
        self.trace = trace
        self.site = site


class Sources:
    """The rewritten files: the text at ``rewritten[path]`` stands for the file at the real path ``path``."""

    def __init__(self, rewritten: Dict[str, str]) -> None:
        self._rewritten = rewritten
        self._originals = {text: path for path, text in rewritten.items()}
        self._loaded: Set[str] = set()

    def redirect(self) -> None:
        """From now on, whatever imports one of the files gets the rewritten text, compiled under its own path."""
        get_code = SourceFileLoader.get_code
        sources = self

        def redirected(self: SourceFileLoader, fullname: str) -> Any:
            path = os.path.realpath(self.path)
            text = sources._rewritten.get(path)
            if text is None:
                return get_code(self, fullname)
            sources._loaded.add(path)
            return self.source_to_code(self.get_data(text), text)

        SourceFileLoader.get_code = redirected  # type: ignore

    @property
    def loaded(self) -> List[str]:
        """The rewritten files that were imported."""
        return sorted(self._loaded)

    @contextlib.contextmanager
    def blamed(self) -> Iterator[None]:
        """Turn what the user's code raises into a Fault."""
        try:
            yield
        except (Exception, SystemExit) as error:
            raise self._fault(error) from None

    def _fault(self, error: BaseException) -> Fault:
        """The traceback without this program's frames, with the user's own names for rewritten files."""
        if isinstance(error, Fault):
            return error
        frames, site = [], None
        for frame in traceback.extract_tb(error.__traceback__):
            path = self._originals.get(frame.filename)
            if path is not None:
                site = [path, frame.lineno, frame.line]
            if not frame.filename.startswith(OWN):
                shown = path or frame.filename
                frames.append(traceback.FrameSummary(shown, frame.lineno or 0, frame.name, line=frame.line))
        if isinstance(error, SyntaxError) and error.filename in self._originals:
            error.filename = self._originals[error.filename]
            site = [error.filename, error.lineno, (error.text or "").strip()]
        trace = "".join(traceback.format_list(frames) + traceback.format_exception_only(type(error), error))
        return Fault(one_line(error), trace.rstrip(), site)


def build(module: str, expression: str, seed: int) -> Any:
    """The network: ``expression`` in the namespace of ``module``, called where it is not a network itself."""
    # Modules may draw random numbers when they are imported, which happens once.
    seed_all(seed)
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if f"{module}.".startswith(f"{error.name}."):
            raise Fault(f"there is no module {error.name} in {os.getcwd()} and below PATHS") from None
        raise
    seed_all(seed)
    made = eval(compile(expression, "<--network>", "eval"), vars(found))
    if not isinstance(made, torch.nn.Module) and callable(made):
        made = made()
    if not isinstance(made, torch.nn.Module):
        raise Fault(f"{module}:{expression} gives a {type(made).__name__}, not a torch.nn.Module")
    return made


def seed_all(seed: int) -> None:
    """Seed every generator that a torch program may use."""
    random.seed(seed)
    numpy.random.seed(seed)
    torch.manual_seed(seed)


def prepare(options: Dict[str, Any]) -> None:
    """Let imports look where a program of the user's would, and give the program an empty command line.

    The working directory comes first; the folders of the sources stand before installed packages, behind the standard
    library.
    """
    here, *folders = options["path"]
    packages = [i for i, path in enumerate(sys.path) if "-packages" in path]
    at = packages[0] if packages else len(sys.path)
    sys.path[at:at] = folders
    sys.path.insert(0, here)
    sys.argv[:] = [""]
    # The user's folders stay as they are.
    sys.dont_write_bytecode = True
