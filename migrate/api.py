"""The Python interface: what the command line does, for other programs. Nothing here writes or prints but ``write``."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Callable, Iterable, Iterator
from os import PathLike, fspath
from pathlib import Path

from migrate import advance, files
from migrate.engine import Options, migrate_bytes
from migrate.errors import FileError
from migrate.findings import Result
from migrate.runner import Means, run
from migrate.stages import stage

Tell = Callable[[int, int], None]
"""Takes how many files are done, and how many there are."""


def migrate_source(
    text: str | bytes, *, filename: str | PathLike[str] = "<string>", options: Options | None = None
) -> Result:
    """The result for one module on its own, or for a notebook, where ``filename`` says that it is one.

    ``text`` as bytes is read as Python reads a file, with its coding line. What is wrong with it is the result's
    ``error``, and then nothing is changed; raises UsageError for rule files that cannot be used.
    """
    filename = fspath(filename)
    try:
        data = text if isinstance(text, bytes) else encoded(text)
    except FileError as error:
        data = str(text).encode("utf-8", errors="surrogatepass")
        return Result(filename, data, data, error=str(error))
    return migrate_bytes(data, filename, options or Options())


def migrate_paths(
    paths: str | PathLike[str] | Iterable[str | PathLike[str]],
    *,
    options: Options | None = None,
    selection: files.Selection | None = None,
    means: Means | None = None,
    avoid: Path | None = None,
    tell: Tell | None = None,
    watch: advance.Tell | None = None,
) -> Iterator[Result]:
    """The result for every Python file and notebook of ``paths``, in the order of their names; nothing is written.

    ``avoid`` is a folder not to enter. ``tell`` is called for each file, and ``watch`` also while nothing is done yet:
    it takes parts of files. A file that cannot be read or understood has an ``error``; raises UsageError
    for patterns or rule files that cannot be used.
    """
    # The characters of one path would be paths as well, and "/" is among them.
    several = (paths,) if isinstance(paths, (str, PathLike)) else paths
    with stage("walk"):
        found = list(files.find_files(tuple(fspath(p) for p in several), selection or files.Selection(), avoid))
    if tell is not None:
        tell(0, len(found))
    if watch is not None:
        watch(0, len(found))
    for done, result in enumerate(run(found, options or Options(), means or Means(), watch), start=1):
        yield result
        if tell is not None:
            tell(done, len(found))


def write(result: Result) -> Result:
    """Replace the file of ``result`` by what it became, in one step; the result with an ``error`` where that failed.

    A file that was changed since it was read, or that is read-only, stays as it is.
    """
    if not result.changed:
        return result
    try:
        with stage("write"):
            files.write(Path(result.path), result.after, result.before)
    except FileError as error:
        return Result(result.path, result.before, result.before, error=str(error))
    return result


def encoded(text: str) -> bytes:
    """The bytes of a module, as its coding line has them; raises FileError BN902."""
    try:
        # With a byte order mark the encoding is one that writes it.
        return text.removeprefix("\ufeff").encode(_encoding(text))
    except (UnicodeError, LookupError, SyntaxError) as error:
        raise FileError("BN902", f"cannot encode: {error}") from None


def _encoding(text: str) -> str:
    """The encoding that the coding line of ``text`` names."""
    head = "".join(text.splitlines(keepends=True)[:2]).encode("utf-8", errors="replace")
    encoding, _ = tokenize.detect_encoding(io.BytesIO(head).readline)
    return encoding
