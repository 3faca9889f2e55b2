"""The modules of a run by name: which file an import means, as far as the run holds it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import cached_property

from migrate.notebooks import is_notebook

INIT = "__init__"


class Tree:
    """The files of a run as modules. Paths are kept as the run spells them."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._by_stem: dict[str, str] = {}
        self._folders: dict[str, str] = {}
        self._found: dict[tuple[str, int, str], str | None] = {}
        for path in paths:
            if is_notebook(path):
                continue  # it imports, and nothing imports it
            self._by_stem.setdefault(os.path.splitext(os.path.abspath(path))[0], path)

    def relative(self, importer: str, level: int, name: str) -> str | None:
        """The file that ``from ..name import`` (``level`` dots) in ``importer`` means."""
        folder = self._folder(importer)
        key = (folder, level, name)
        if key not in self._found:
            for _ in range(level - 1):
                folder = os.path.dirname(folder)
            self._found[key] = self._file(os.path.join(folder, *name.split(".")) if name else folder)
        return self._found[key]

    def absolute(self, importer: str, name: str) -> str | None:
        """The file that ``import name`` in ``importer`` means.

        Python's search path is not known here. It can be a folder above the importer, or one beside it that is no
        package; the folder of the importer counts although it is a package, since scripts import so.
        """
        folder = self._folder(importer)
        key = (folder, 0, name)
        if key not in self._found:
            self._found[key] = self._absolute(folder, name)
        return self._found[key]

    def _absolute(self, folder: str, name: str) -> str | None:
        parts = name.split(".")
        tail = os.sep + os.sep.join(parts)
        roots = {stem[: -len(tail)] for stem in self._by_last.get(parts[-1], ()) if stem.endswith(tail)}
        outside = [r for r in roots if not self._is_package(r)]
        above = [r for r in outside if _is_above(r, folder)]
        if above:
            return self._file(max(above, key=len) + tail)
        if folder in roots and parts[0] not in sys.stdlib_module_names:
            return self._file(folder + tail)
        return self._file(outside[0] + tail) if len(outside) == 1 else None

    def submodule(self, path: str, name: str) -> str | None:
        """The file of the module ``name`` inside the package whose ``__init__`` is ``path``."""
        if os.path.basename(path) != f"{INIT}.py":
            return None
        return self.relative(path, 1, name)

    def inside(self, importer: str, level: int, package: str) -> list[str]:
        """The modules of a package, as ``import_module`` in ``importer`` finds it by a name with ``level`` dots."""
        if level or package:
            found = self.relative(importer, level, package) if level else self.absolute(importer, package)
        else:
            found = importer
        if found is None or os.path.splitext(os.path.basename(found))[0] != INIT:
            return []
        folder = os.path.splitext(os.path.abspath(found))[0].removesuffix(INIT)
        return [
            path for stem, path in self._by_stem.items() if os.path.dirname(stem) + os.sep == folder and path != found
        ]

    def name(self, path: str) -> str:
        """The dotted name of a file, from its outermost package on."""
        stem = os.path.splitext(os.path.abspath(path))[0]
        if os.path.basename(stem) == INIT:
            stem = os.path.dirname(stem)
        folder, last = os.path.split(stem)
        parts = [last]
        while self._is_package(folder):
            folder, last = os.path.split(folder)
            parts.append(last)
        return ".".join(reversed(parts))

    def _folder(self, path: str) -> str:
        if path not in self._folders:
            self._folders[path] = os.path.dirname(os.path.abspath(path))
        return self._folders[path]

    @cached_property
    def _by_last(self) -> dict[str, list[str]]:
        """The modules (paths without suffix, packages without ``__init__``) by the last part of their name."""
        found: dict[str, list[str]] = {}
        for stem in self._by_stem:
            folder, last = os.path.split(stem)
            module = folder if last == INIT else stem
            found.setdefault(os.path.basename(module), []).append(module)
        return found

    def _is_package(self, folder: str) -> bool:
        return os.path.join(folder, INIT) in self._by_stem

    def _file(self, module: str) -> str | None:
        return self._by_stem.get(module) or self._by_stem.get(os.path.join(module, INIT))


def _is_above(folder: str, other: str) -> bool:
    return other == folder or other.startswith(folder.rstrip(os.sep) + os.sep)
