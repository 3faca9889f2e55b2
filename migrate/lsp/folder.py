"""The files of one workspace folder, open ones as they are edited, and what the engine makes of them together."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from migrate.batch.groups import Group, find_groups
from migrate.engine import Options, concerns, migrate_group
from migrate.errors import FileError
from migrate.files import find_files, is_left_out, read
from migrate.findings import Result
from migrate.index.imports import only_imports
from migrate.lsp.settings import Settings

SLOW = 100_000
"""Bytes of files with a trigger word, from which a group is slow: about half a second."""
Stamp = tuple[int, int]
Overlay = Mapping[str, bytes]
"""The open documents by name, as they are edited."""


class Stale(Exception):
    """The work is for texts that have changed since; nobody waits for it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What has to be known of a file to find its group: the text of its imports, and whether it has a trigger word.

    ``stamp`` is its time and size on the disk; ``data`` the text of an open document.
    """

    imports: bytes
    triggered: bool
    size: int
    stamp: Stamp | None = None
    data: bytes | None = None


class Folder:
    """A workspace folder. Names are relative to its ``root``, as in ``bn-migrate .`` there.

    One thread at a time works with it. ``alone``: a document outside of every folder, which is all there is of it.
    """

    def __init__(self, root: Path, alone: bool = False) -> None:
        self.root = root
        self.alone = alone
        self.settings = Settings()
        self._entries: dict[str, Entry] = {}
        self._groups: list[Group] | None = None
        self._results: dict[tuple[str, ...], dict[str, Result]] = {}
        self._dirty: set[str] = set()
        self._taken: dict[str, bool] = {}
        self._scanned = alone

    def configure(self, settings: Settings) -> None:
        """Take other settings; everything is looked at anew."""
        self.settings = settings
        self._entries.clear()
        self._groups = None
        self._results.clear()
        self.rescan()

    def rescan(self) -> None:
        """The files on the disk may have changed."""
        self._scanned = self.alone
        self._taken.clear()

    @property
    def is_scanned(self) -> bool:
        return self._scanned

    def takes(self, name: str) -> bool:
        """Whether a document is one that a run over the folder takes, on the disk or not."""
        if name not in self._taken:
            self._taken[name] = not is_left_out(self.root / name, self.settings.selection)
        return self._taken[name]

    def due(self, opened: Overlay, check: Callable[[], None]) -> list[Group]:
        """The groups of open documents that have to be analysed: what neither changed nor depends on a change has not.

        ``check`` raises Stale where the work has become useless.
        """
        overlay = self.taken(opened)
        if not self._scanned:
            self._scan(overlay, check)
        for name in set(self._open()) - set(overlay):
            self._put(name, self._on_disk(name))
        for name, data in overlay.items():
            known = self._entries.get(name)
            if known is None or known.data != data:
                self._put(name, self._entry(data, None, data))
        triggered = [name for name, entry in self._entries.items() if entry.triggered]
        if self._groups is None:
            self._groups = find_groups(self._entries, triggered, self._imports) if triggered else []
            groups = {group.paths for group in self._groups}
            self._results = {paths: r for paths, r in self._results.items() if paths in groups}
        for group in self._groups:
            if not self._dirty.isdisjoint(group.paths):
                self._results.pop(group.paths, None)
        # Groups that nobody asks for have lost their results, so that nothing is left of what was dirty.
        self._dirty.clear()
        return [g for g in self._groups if g.paths not in self._results and not overlay.keys().isdisjoint(g.paths)]

    def is_slow(self, group: Group) -> bool:
        """Whether a group takes so long that nobody would want to wait for it at every key."""
        return sum(self._entries[name].size for name in group.triggered) > SLOW

    def analyse(self, group: Group, opened: Overlay, check: Callable[[], None]) -> None:
        """Find the results of a group here and now."""
        overlay = self.taken(opened)

        def source(path: str) -> bytes:
            check()
            return self._read(path, overlay)

        self.keep(group, migrate_group(group.paths, group.triggered, source, self.options))

    def keep(self, group: Group, results: list[Result]) -> None:
        """Take over the results of a group."""
        self._results[group.paths] = {r.path: r for r in results}

    def results(self, opened: Overlay) -> dict[str, Result]:
        """The results of the open documents, once no group is due."""
        found = {name: r for results in self._results.values() for name, r in results.items()}
        taken = self.taken(opened)
        return {n: (found.get(n) if n in taken else None) or Result(n, data, data) for n, data in opened.items()}

    def taken(self, opened: Overlay) -> dict[str, bytes]:
        """The open documents that a run over the folder takes."""
        return {name: data for name, data in opened.items() if self.takes(name)}

    def alone_with(self, name: str, data: bytes, check: Callable[[], None]) -> Result:
        """The result of a document for the time until the folder has been looked at."""
        check()
        if not concerns(data, self._words(), self.options.record):
            return Result(name, data, data)
        results = migrate_group([name], [name], lambda _: data, self.settings.options)
        return next(iter(results), Result(name, data, data))

    def trial(self, name: str, data: bytes, overlay: Overlay) -> dict[str, Result]:
        """What the group of ``name`` would become with other text in it; nothing is kept. None where it is slow."""
        group = self.group_of(name)
        if group is None or self.is_slow(group):
            return {}

        def source(path: str) -> bytes:
            return data if path == name else self._read(path, overlay)

        return {r.path: r for r in migrate_group(group.paths, group.triggered, source, self.options)}

    def related(self, name: str) -> dict[str, Result]:
        """The latest results of the files that imports connect with ``name``."""
        return next((results for paths, results in self._results.items() if name in paths), {})

    def group_of(self, name: str) -> Group | None:
        """The group of a file that has one, once no group is due."""
        return next((group for group in self._groups or () if name in group.paths), None)

    @property
    def options(self) -> Options:
        return self.settings.options

    def _scan(self, overlay: Overlay, check: Callable[[], None]) -> None:
        """Take up what the disk has; a file of known time and size is not read again."""
        seen = set(overlay)
        for found in find_files((str(self.root),), self.settings.selection):
            check()
            name = os.path.relpath(found.path, self.root)
            if found.error is None and name not in overlay:
                seen.add(name)
                known = self._entries.get(name)
                if known is None or known.data is not None or known.stamp != _stamp(self.root / name):
                    self._put(name, self._on_disk(name))
        for name in set(self._entries) - seen:
            self._put(name, None)
        self._scanned = True

    def _put(self, name: str, entry: Entry | None) -> None:
        """Change what is known of a file; groups are only found anew where its imports, or that it is one, changed."""
        old = self._entries.get(name)
        self._dirty.add(name)
        if entry is None:
            self._entries.pop(name, None)
        else:
            self._entries[name] = entry
        if old is None or entry is None or (old.imports, old.triggered) != (entry.imports, entry.triggered):
            self._groups = None

    def _open(self) -> list[str]:
        return [name for name, entry in self._entries.items() if entry.data is not None]

    def _on_disk(self, name: str) -> Entry | None:
        path = self.root / name
        if self.alone:
            return None
        try:
            return self._entry(read(str(path)), _stamp(path))
        except FileError:
            return None

    def _entry(self, data: bytes, stamp: Stamp | None, kept: bytes | None = None) -> Entry:
        triggered = concerns(data, self._words(), self.options.record)
        return Entry(only_imports(data), triggered, len(data), stamp, kept)

    def _words(self) -> list[bytes]:
        from migrate.rules import load_rules

        return load_rules(self.options.target, self.options.rules, self.options.version).words

    def _imports(self, name: str) -> bytes:
        """The text of the imports of a file, which is all of it that grouping looks at."""
        return self._entries[name].imports

    def _read(self, name: str, overlay: Overlay) -> bytes:
        """The bytes of a file as the editor has it, or else the disk; nothing where it has gone."""
        if name in overlay:
            return overlay[name]
        try:
            return read(str(self.root / name))
        except FileError:
            return b""


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
