"""Which files are the user's, and the content they had when they were met."""

from __future__ import annotations

import hashlib
import io
import os
import re
import site
import sysconfig
import tokenize
from collections.abc import Iterable
from typing import Any

SOURCE, FRAMEWORK, OTHER = 1, 2, 3
"""The user's sources; the framework and the recorder, whose own uses concern nobody; all else, such as libraries."""
LINE = re.compile("\r\n|\r|\n")
PACKAGES = frozenset({"site-packages", "dist-packages"})
"""What the folders of installed packages are called, whatever environment they are of."""
HERE = os.path.dirname(os.path.abspath(__file__))


class Files:
    """Sorts the files of code objects; ``kinds`` holds what is known by name, which the hot paths look at directly.

    Sources are the files below ``sources``, or without any all that belong neither to Python nor to a package.
    """

    def __init__(self, sources: Iterable[str]) -> None:
        self.kinds: dict[str, int] = {}
        self.contents: dict[str, bytes] = {}
        self._real: dict[str, str] = {}
        self._sources = tuple(os.path.realpath(s) for s in sources)
        self._framework: tuple[str, ...] = ()
        self._installed = tuple(_installed())

    def add_framework(self, folder: str) -> None:
        """From now on the files below ``folder`` are the framework's, unless they are named as sources."""
        self._framework += (os.path.realpath(folder),)
        self.kinds.clear()

    def kind(self, name: str) -> int:
        known = self.kinds.get(name)
        if known is None:
            # What sorts it asks again, from files of its own.
            self.kinds[name] = OTHER
            known = self.kinds[name] = OTHER if name.startswith("<") else self._sort(name)
        return known

    def digest(self, path: str) -> str:
        """The SHA-256 of a file of sources as it was when it was met."""
        return hashlib.sha256(self.contents[path]).hexdigest()

    def lines(self, path: str) -> list[str]:
        """The lines of a file of sources as it was when it was met; it may have gone."""
        data = self.contents[path]
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
            return LINE.split(data.decode(encoding))
        except (SyntaxError, UnicodeDecodeError, LookupError):
            return LINE.split(data.decode("latin-1"))

    def maker(self, frame: Any) -> int:
        """Whose code a frame runs; text that was made at run time is that of whoever runs it."""
        while frame.f_code.co_filename.startswith("<") and frame.f_back is not None:
            frame = frame.f_back
        return self.kind(frame.f_code.co_filename)

    def path(self, name: str) -> str:
        """The real path of a file of sources, by the name that its code has."""
        return self._real[name]

    def _sort(self, name: str) -> int:
        path = os.path.realpath(name)
        if _is_below(path, (HERE,)):
            return FRAMEWORK
        if not _is_below(path, self._sources):
            if _is_below(path, self._framework):
                return FRAMEWORK
            if self._sources or _is_below(path, self._installed) or not PACKAGES.isdisjoint(name.split(os.sep)):
                return OTHER
        try:
            with open(path, "rb") as file:
                self.contents[path] = file.read()
        except OSError:
            return OTHER
        self._real[name] = path
        return SOURCE

    def nearest(self, frame: Any) -> tuple[Any | None, str]:
        """The nearest frame that lies in the sources, or None; and the file that it goes through on the way there."""
        through = ""
        while frame is not None:
            name = frame.f_code.co_filename
            if self.kind(name) == SOURCE:
                return frame, through
            if not through and not name.startswith("<"):
                through = name
            frame = frame.f_back
        return None, through


def _is_below(path: str, folders: tuple[str, ...]) -> bool:
    return any(path == folder or path.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)


def _installed() -> Iterable[str]:
    """The folders of the standard library and of installed packages."""
    paths = sysconfig.get_paths()
    folders = [paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")]
    folders += [os.path.dirname(os.__file__), *site.getsitepackages(), site.getusersitepackages()]
    return {os.path.realpath(folder) for folder in folders}
