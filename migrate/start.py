"""The entry point. What a look at the bytes of the files answers is answered here, and all else by the command line.

Most runs, those of hooks above all, are over files with nothing to migrate; importing the command line takes longer
than reading them. Whatever is out of the ordinary (an option that is not PLAIN, a configuration, a .gitignore, what
cannot be read) is left to the command line, which looks again.
"""

from __future__ import annotations

import os
import sys

from migrate import __version__
from migrate.errors import end_interrupted
from migrate.places import TABLE, misspelled, nearest_configuration
from migrate.report.totals import totals
from migrate.selected import JUNK, SUFFIXES
from migrate.triggers import holds_none, known_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PLAIN = frozenset({"--check", "--diff", "--strict", "--verbose", "-v", "--quiet", "-q", "--no-color"})
"""The options that change nothing where there is nothing to migrate, but for the words of the report."""
DEFAULT_TARGET = "mindspore.nn"


class _Extraordinary(Exception):
    """More than a look is needed."""


class _Untouched:
    """The totals of a run that found nothing."""

    changed = rewrites = reviews = notes = errors = 0

    def __init__(self, files: int) -> None:
        self.files = files


def main() -> None:
    """Run the program; every way out ends in one of the documented exit codes."""
    arguments = sys.argv[1:]
    try:
        if arguments == ["--version"] and not _completes():
            _say(f"bn-migrate {__version__}", False)
            return
        files = _look(arguments)
        if files is not None:
            if not {"--quiet", "-q"} & set(arguments):
                writes = not {"--check", "--diff"} & set(arguments)
                _say(totals(_Untouched(files), writes=writes), "--diff" in arguments)
            return
        from migrate.cli import main as full

        full()
    except KeyboardInterrupt:
        end_interrupted("bn-migrate")


def _say(text: str, err: bool) -> None:
    """A line on standard output or standard error; nobody may read it."""
    stream = sys.stderr if err else sys.stdout
    if stream is None:
        return
    try:
        print(text, file=stream, flush=True)
    except OSError as error:
        from migrate.report.streams import abandon_output

        abandon_output(stream)
        if isinstance(error, BrokenPipeError):
            sys.exit(141)
        if not err:
            print(f"bn-migrate: {error}", file=sys.stderr)
        sys.exit(2)


def _completes() -> bool:
    """Whether a shell asks for completions."""
    return any(name.startswith("_BN_MIGRATE_") for name in os.environ)


def _look(arguments: list[str]) -> int | None:
    """How many files there are where none of them has a trigger word; None where there may be something to do."""
    paths = [a for a in arguments if not a.startswith("-")]
    if not paths or not PLAIN.issuperset(a for a in arguments if a.startswith("-")) or "" in paths:
        return None
    if _completes():
        return None
    words = known_words([], DEFAULT_TARGET)
    if words is None or _configured(paths):
        return None
    files = 0
    try:
        for path in _sources(paths):
            with open(path, "rb") as file:
                if not holds_none(file.read(), words):
                    return None
            files += 1
    except (OSError, _Extraordinary):
        return None
    return files


def _configured(paths: list[str]) -> bool:
    """Whether the nearest pyproject.toml says something to this program, or cannot be read."""
    file = nearest_configuration(paths)
    if file is None:
        return False
    try:
        if sys.version_info >= (3, 11):
            import tomllib
        else:
            import tomli as tomllib
        with open(file, encoding="utf-8") as opened:
            document = tomllib.loads(opened.read())
    except (ImportError, OSError, ValueError, RecursionError):
        return True
    tool = document.get("tool")
    return (isinstance(tool, dict) and TABLE in tool) or misspelled(document) is not None


def _sources(paths: list[str]) -> Iterator[str]:
    """The files of ``paths``, each once; raises _Extraordinary where patterns or anything unusual has a say."""
    seen: set[str] = set()
    for path in paths:
        if os.path.isfile(path):
            found: Iterator[str] = iter((path,))
        elif os.path.isdir(path) and not _has_patterns_above(path):
            found = _below(path)
        else:
            raise _Extraordinary
        if len(paths) == 1:
            yield from found
            return
        for file in found:
            real = os.path.realpath(file)
            if real not in seen:
                seen.add(real)
                yield file


def _below(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in JUNK:
                    yield from _below(entry.path)
            elif entry.name == ".gitignore":
                raise _Extraordinary
            elif os.path.splitext(entry.name)[1] in SUFFIXES and entry.is_file(follow_symlinks=False):
                yield entry.path


def _has_patterns_above(folder: str) -> bool:
    """Whether a .gitignore in the folder or above, up to the top of a repository, may have a say."""
    here, last = os.path.abspath(folder), ""
    while here != last:
        if os.path.lexists(os.path.join(here, ".gitignore")):
            return True
        if os.path.lexists(os.path.join(here, ".git")):
            return False
        here, last = os.path.dirname(here), here
    return False
