"""The open documents, and what was last said about each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from lsprotocol import types
from pygls.uris import to_fs_path

from migrate.api import encoded
from migrate.errors import FileError
from migrate.findings import Result
from migrate.lsp.diagnostics import diagnostics, error
from migrate.lsp.folder import Folder
from migrate.lsp.shifting import shifted
from migrate.lsp.text import Change, Text

BROKEN = ("BN901", "BN904")
"""Errors of a text that is being typed: what was known before still says more than nothing."""


@dataclass
class Document:
    """An open file: its text, its name in its folder, and what is known of this text.

    ``result`` is the latest one, of text ``of``; it is a ``guess`` where the files it depends on take their time.
    ``good`` are the diagnostics of the last text that could be read, ``alone`` those that it had by itself, where there
    are guesses, and ``proofs`` those of failed proofs whose lines are as they were: all moved along with the changes.
    """

    uri: str
    version: int | None
    text: Text
    folder: Folder
    name: str
    result: Result | None = None
    of: Text | None = None
    guess: bool = False
    alone: list[types.Diagnostic] | None = None
    good: list[types.Diagnostic] = field(default_factory=list)
    proofs: list[types.Diagnostic] = field(default_factory=list)
    published: tuple[int | None, list[types.Diagnostic]] | None = None
    _bytes: tuple[Text, bytes] | None = None

    @property
    def data(self) -> bytes:
        """The bytes of the text, as its coding line has them; in UTF-8 where that cannot be."""
        if self._bytes is None or self._bytes[0] is not self.text:
            try:
                data = encoded(self.text.text)
            except FileError:
                data = self.text.text.encode("utf-8", "surrogatepass")
            self._bytes = self.text, data
        return self._bytes[1]

    @property
    def current(self) -> Result | None:
        """The result, if it is of the text as it is now."""
        return self.result if self.of is self.text else None

    def change(self, version: int | None, changes: list[Change]) -> None:
        """Take over the changes of one notification."""
        encoding = self.text.encoding
        self.good = shifted(self.good, changes, encoding)
        self.alone = shifted(self.alone, changes, encoding) if self.alone is not None else None
        self.proofs = shifted(self.proofs, changes, encoding, untouched=True)
        self.version, self.text = version, self.text.changed(changes)

    def take(self, result: Result, text: Text, alone: Result | None = None) -> list[types.Diagnostic]:
        """Take over a result for ``text``, which is the document's own; returns all diagnostics.

        ``alone`` is what the document tells by itself, where that is needed for guesses.
        """
        self.result, self.of, self.guess = result, text, False
        found = self._shown(result, text)
        if (result.error or "").startswith(BROKEN):
            return [*found, *self.good, *self.proofs]
        self.good, self.alone = found, self._shown(alone, text) if alone is not None else None
        return [*found, *self.proofs]

    def take_guess(self, alone: Result, text: Text) -> list[types.Diagnostic]:
        """Take over what the document tells by itself; returns that together with what is known from other files.

        Where it tells the same as before, so do the others; where it does not, it knows better until they are asked.
        """
        self.result, self.of, self.guess = alone, text, True
        found = self._shown(alone, text)
        if (alone.error or "").startswith(BROKEN):
            return [*found, *self.good, *self.proofs]
        before = found if self.alone is None else self.alone
        new = found if self.alone is None else [d for d in found if d not in before]
        places = [d.range for d in (*new, *(d for d in before if d not in found))]
        self.good = sorted([*(d for d in self.good if d.range not in places), *new], key=lambda d: d.range.start)
        self.alone = found
        return [*self.good, *self.proofs]

    def prove(self, failed: list[tuple[int, str]]) -> list[types.Diagnostic]:
        """Take over the failed proofs by 1-based line; returns all diagnostics."""
        self.proofs = [error(self.text.line_range(line - 1), message) for line, message in failed]
        return [*self.good, *self.proofs]

    def _shown(self, result: Result, text: Text) -> list[types.Diagnostic]:
        """The diagnostics of a result that the settings ask for."""
        return diagnostics(self.folder.settings.chosen.of(result), text)


def path_of(uri: str) -> Path | None:
    """The path of a document that is a file."""
    path = to_fs_path(uri) if uri.startswith("file:") else None
    return Path(path) if path else None
