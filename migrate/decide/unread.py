"""The names of migrated classes and of their attributes in text that is not read as Python."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrate.decide.drafts import SKIPPED
from migrate.decide.skips import asked, covered, read_skips
from migrate.findings import Finding
from migrate.rules import RuleSet
from migrate.syntax.source import Source

UNREAD = "this is no Python, so it is not read: see whether it has to change"


def unread_findings(source: Source, rules: RuleSet) -> Iterator[Finding]:
    """A review for each trigger word of the magics and the foreign cells of a notebook."""
    if source.notebook is None or read_skips(source).whole:
        return
    words = re.compile(rf"\w*(?:{'|'.join(re.escape(word.decode()) for word in rules.names)})\w*")
    for place in source.notebook.unread:
        for match in words.finditer(place.text):
            start, end = place.column + match.start(), place.column + match.end()
            position = (place.line, start, place.line, end)
            word = match.group()
            if covered(asked(place.text) or (), "BN217"):
                yield Finding("BN306", "note", "other", word, *position, SKIPPED, word, word, cell=place.cell)
            else:
                yield Finding("BN217", "review", "other", word, *position, UNREAD, word, word, cell=place.cell)
