"""Which files are read along: what is found has to be what is found where every file is read."""

from __future__ import annotations

import pytest

from migrate.engine import Options, migrate_files
from tests.cases import read_unread

WORD = "# BatchNorm\n"
"""A comment with a trigger word, for which a file is always read."""

PROJECTS = read_unread()


def found(files: dict[str, str]) -> dict[str, object]:
    results = migrate_files([(path, text.encode()) for path, text in files.items()], Options())
    assert not any(r.error for r in results)
    return {r.path: (r.findings, r.after.decode().removesuffix(WORD)) for r in results}


@pytest.mark.parametrize("title", PROJECTS)
def test_nothing_is_missed_in_files_without_a_trigger_word(title: str) -> None:
    files = PROJECTS[title]
    assert len(files) > 1
    assert found(files) == found({path: text + WORD for path, text in files.items()})
