"""The migration of a whole folder, as ``bn-migrate FOLDER`` would write it, as edits for the editor."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lsprotocol import types

from migrate.batch.groups import find_groups
from migrate.engine import concerns, migrate_group
from migrate.errors import FileError
from migrate.files import find_files, is_left_out, read
from migrate.findings import Result
from migrate.lsp import fixes
from migrate.lsp.elsewhere import Elsewhere
from migrate.lsp.folder import Stale
from migrate.lsp.settings import Settings
from migrate.lsp.text import Encoding, Text
from migrate.notebooks import is_notebook
from migrate.report.totals import plural
from migrate.rules import load_rules
from migrate.syntax.source import decoded


@dataclass(frozen=True, slots=True)
class Open:
    """A document as it is in the editor; ``data`` are the bytes that it would be saved as."""

    uri: str
    version: int | None
    text: Text
    data: bytes


@dataclass(slots=True)
class Found:
    """The edits of a folder by name of the file, and the texts of those that were read from the disk.

    ``left`` are files that an editor cannot write: they stay, and so does everything that imports connect with them.
    """

    edits: dict[str, list[types.TextEdit]] = field(default_factory=dict)
    on_disk: dict[str, bytes] = field(default_factory=dict)
    rewrites: int = 0
    reviews: int = 0
    errors: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Whole:
    """A folder with the documents that are open in it, by name."""

    root: Path
    settings: Settings
    opened: Mapping[str, Open]
    encoding: Encoding

    def find(self, called_off: threading.Event) -> Found:
        """What there is to do, found out by a process of its own; raises Stale where it is called off."""

        def check() -> None:
            if called_off.is_set():
                raise Stale

        elsewhere = Elsewhere()
        try:
            return elsewhere.run(self._find, check)
        finally:
            elsewhere.end()

    def edits(self, found: Found) -> list[types.TextDocumentEdit]:
        """The edits as the protocol has them; raises Stale where a file on the disk is another one by now."""
        for name, data in found.on_disk.items():
            if not _is_still(self.root / name, data):
                raise Stale
        return [types.TextDocumentEdit(self._document(name), [*edits]) for name, edits in found.edits.items()]

    def _find(self) -> Found:
        options, found = self.settings.options, Found()
        sources = self._read(found)
        words = load_rules(options.target, options.rules, options.version).words
        triggered = [name for name, data in sources.items() if concerns(data, words, options.record)]
        for group in find_groups(sources, triggered, sources.__getitem__):
            self._add(found, migrate_group(group.paths, group.triggered, sources.__getitem__, options), sources)
        return found

    def _read(self, found: Found) -> dict[str, bytes]:
        """The files that a run over the folder takes, those that are open as they are in the editor."""
        sources = {}
        for file in find_files((str(self.root),), self.settings.selection):
            name = os.path.relpath(file.path, self.root)
            try:
                if file.error is not None:
                    raise file.error
                sources[name] = self.opened[name].data if name in self.opened else read(file.path)
            except FileError as error:
                found.errors.append(f"{name}: {error}")
        new = {name: document.data for name, document in self.opened.items() if name not in sources}
        return sources | {n: data for n, data in new.items() if not is_left_out(self.root / n, self.settings.selection)}

    def _add(self, found: Found, results: list[Result], sources: Mapping[str, bytes]) -> None:
        """Take up the results of a group."""
        found.errors += [f"{result.path}: {result.error}" for result in results if result.error]
        found.reviews += sum(self.settings.chosen.of(result).count("review") for result in results)
        changed = [result for result in results if result.changed]
        left = [result.path for result in changed if not self._can_be_written(result)]
        found.left += left
        for result in changed if not left else ():
            document = self.opened.get(result.path)
            text = document.text if document else Text(decoded(sources[result.path], result.path), self.encoding)
            found.edits[result.path] = text.text_edits(fixes.whole(text.text, result.text))
            found.rewrites += result.count("rewrite")
            if document is None:
                found.on_disk[result.path] = sources[result.path]

    def _can_be_written(self, result: Result) -> bool:
        """Whether an editor that opens a file has the text that was migrated: it takes it for UTF-8."""
        if is_notebook(result.path):
            return False
        try:
            return result.path in self.opened or bool(result.before.decode())
        except UnicodeDecodeError:
            return False

    def _document(self, name: str) -> types.OptionalVersionedTextDocumentIdentifier:
        document = self.opened.get(name)
        if document is not None:
            return types.OptionalVersionedTextDocumentIdentifier(document.uri, document.version)
        return types.OptionalVersionedTextDocumentIdentifier((self.root / name).as_uri())


def said(founds: list[Found]) -> str:
    """One line for the user about what was done."""
    rewrites, files = sum(f.rewrites for f in founds), sum(len(f.edits) for f in founds)
    reviews, errors = sum(f.reviews for f in founds), [e for f in founds for e in f.errors]
    left = [name for f in founds for name in f.left]
    parts = ["nothing to rewrite"]
    if files:
        parts = [f"{plural(rewrites, 'rewrite')} in {plural(files, 'file')}, to be looked at and saved"]
    if reviews:
        parts.append("1 manual fix needed" if reviews == 1 else f"{reviews} manual fixes needed")
    if errors:
        parts.append(f"not processed: {'; '.join(errors)}")
    if left:
        parts.append(f"left to the command line, with all that imports connect with them: {', '.join(left)}")
    return "; ".join(parts)


def _is_still(path: Path, data: bytes) -> bool:
    try:
        return read(str(path)) == data
    except FileError:
        return False
