"""The trigger words of the rules, kept in the cache folder: most runs need to know nothing else of the rules."""

from __future__ import annotations

import os
import sys
from binascii import crc32

from migrate import __version__
from migrate.places import cache_folder, rule_paths, rules_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrate.engine import Options

END = "all words"
TODO = "TODO(bn-migrate)"
"""What comments that --todo writes begin with; a file that has one is read, whatever else is in it."""


def holds_none(data: bytes, words: Iterable[bytes]) -> bool:
    """Whether no word is in a file, so that nothing in it can matter."""
    return not any(word in data for word in words)


def shortest(words: Iterable[bytes]) -> list[bytes]:
    """Those words that hold no other one: where none of them is, none of the others can be."""
    found: list[bytes] = []
    for word in sorted(words, key=lambda word: (len(word), word)):
        if holds_none(word, found):
            found.append(word)
    return found


def trigger_words(options: Options, cache: bool) -> list[bytes]:
    """The trigger words of a run's rules, from the ``cache`` or from the rule files; raises UsageError."""
    folders = [str(folder) for folder in options.rules]
    found = known_words(folders, options.target) if cache else None
    if found is not None:
        return found
    from migrate.rules import load_rules

    found = load_rules(options.target, options.rules, options.version).words
    if cache:
        _keep(found, folders, options.target)
    return found


def known_words(folders: list[str], target: str) -> list[bytes] | None:
    """What an earlier run has kept for the same rule files; None where there is nothing, or the files have changed."""
    try:
        with open(_file(folders, target), encoding="utf-8") as file:
            signed, *words = file.read().split("\n")
        signature = _signature(folders, target)
    except (OSError, ValueError):
        return None
    # The last line says that the file is whole.
    whole = signed == signature and words[-1:] == [END]
    return [word.encode() for word in words[:-1]] if whole else None


def _keep(words: list[bytes], folders: list[str], target: str) -> None:
    """Keep the words; a folder that cannot be written costs time, not the run."""
    import contextlib
    from pathlib import Path

    from migrate.errors import UsageError
    from migrate.files import write_document

    with contextlib.suppress(UsageError, OSError):
        lines = [_signature(folders, target), *(word.decode() for word in words), END]
        write_document(Path(_file(folders, target)), "\n".join(lines).encode())


def _file(folders: list[str], target: str) -> str:
    """One file for each choice of rule folders: what is known of the shipped rules alone serves most runs."""
    more = f"-{crc32(repr([os.path.abspath(f) for f in folders]).encode()):08x}" if folders else ""
    return os.path.join(cache_folder(), f"words-{target}{more}.txt")


def _signature(folders: list[str], target: str) -> str:
    """The version of this program and its rule files, each with its size and when it was changed; raises OSError."""
    files = []
    for path in (path for folder in (rules_folder(), *folders) for path in rule_paths(folder)):
        status = os.stat(path)
        files.append((os.path.abspath(path), status.st_size, status.st_mtime_ns))
    return repr((__version__, sys.version_info[:2], target, TODO, files))
