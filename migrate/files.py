"""Which files a run takes, and how one is read and written without ever being left half done."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import stat
import tempfile
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from migrate.errors import FileError, UsageError
from migrate.selected import JUNK, SUFFIXES

if TYPE_CHECKING:
    from pathspec.pattern import Pattern

_Patterns = tuple[tuple["Pattern", bool], ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which files to take. ``exclude`` holds gitignore-style patterns, read from ``base``."""

    exclude: tuple[str, ...] = ()
    base: Path = Path()
    force_exclude: bool = False
    gitignore: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the run under the name that reports use, or a path that cannot be read."""

    path: str
    error: FileError | None = None


@dataclass(frozen=True, slots=True)
class Copy:
    """A file and the place it takes under ``--output``."""

    source: Path
    destination: Path


def find_files(paths: tuple[str, ...], selection: Selection, avoid: Path | None = None) -> Iterator[Found]:
    """The Python files and notebooks of ``paths`` in a stable order, each once; ``avoid`` is a folder not to enter."""
    seen: set[str] = set()
    for given in paths:
        for found in _expand(given, selection, avoid):
            real = found.path if "\0" in found.path else os.path.realpath(found.path)
            if real not in seen:
                seen.add(real)
                yield found


def _expand(given: str, selection: Selection, avoid: Path | None) -> Iterator[Found]:
    path = Path(given)
    try:
        if not given:  # as a path it would be the working directory
            raise ValueError("no name")
        mode = path.stat().st_mode
    except OSError as error:
        yield Found(given, _unreadable(error))
        return
    except ValueError as error:
        yield Found(given, FileError("BN903", f"cannot be read: {error}"))
        return
    if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
        yield Found(given, FileError("BN903", "is neither a file nor a folder"))
        return
    if not stat.S_ISDIR(mode):
        if not is_left_out(path, selection):
            yield Found(given)
        return
    for item in _walk(path, selection, avoid):
        inner = item.path if isinstance(item, Found) else item
        name = os.path.relpath(inner, path)
        shown = name if given in (".", "./") else os.path.join(given, name)
        if isinstance(item, Found):
            yield Found(shown, item.error)
        elif item.suffix in SUFFIXES and not _is_excluded(item, selection):
            yield Found(shown)


def _walk(folder: Path, selection: Selection, avoid: Path | None) -> Iterator[Path | Found]:
    """Every regular file below ``folder`` that is neither junk nor ignored; links are not followed."""
    try:
        entries = sorted(os.scandir(folder), key=lambda e: e.name)
    except OSError as error:
        yield Found(str(folder), _unreadable(error))
        return
    for entry in entries:
        path = folder / entry.name
        is_folder = entry.is_dir(follow_symlinks=False)
        if entry.is_symlink() or (is_folder and entry.name in JUNK):
            continue
        if selection.gitignore and _is_ignored(path, is_folder):
            continue
        if not is_folder:
            if entry.is_file(follow_symlinks=False):
                yield path
        elif not (avoid is not None and avoid.exists() and path.samefile(avoid)) and not _is_excluded(
            path, selection, True
        ):
            yield from _walk(path, selection, avoid)


def is_left_out(path: Path, selection: Selection) -> bool:
    """Whether a file named on the command line is to be left out all the same."""
    if not selection.force_exclude:
        return False
    return _is_excluded(path, selection) or _is_ignored_by_name(path, selection)


def _is_excluded(path: Path, selection: Selection, is_folder: bool = False) -> bool:
    if not selection.exclude:
        return False
    relative = os.path.relpath(os.path.realpath(path), os.path.realpath(selection.base)).replace(os.sep, "/")
    while relative.startswith("../"):
        relative = relative.removeprefix("../")
    return bool(_decided(_exclusions(selection.exclude), relative, is_folder))


@cache
def _exclusions(lines: tuple[str, ...]) -> _Patterns:
    check_exclusions(lines)
    return _patterns(lines)


def check_exclusions(lines: Iterable[str], option: str = "--exclude") -> None:
    """Raise UsageError for a pattern that can match nothing, which git would pass over."""
    for line in lines:
        if not _patterns([line]):
            raise UsageError(
                f"{option}: {line!r} matches nothing: it is read as in .gitignore, where \\[ stands for a bracket"
            )


def _patterns(lines: Iterable[str]) -> _Patterns:
    """The patterns of gitignore lines; git passes over a line that is none, and so does this."""
    from pathspec import GitIgnoreSpec

    found = []
    for line in lines:
        with contextlib.suppress(ValueError, re.error):
            only_below = line.rstrip().endswith("/**")
            found += [(p, only_below) for p in GitIgnoreSpec.from_lines([line]).patterns if p.include is not None]
    return tuple(found)


def _decided(patterns: _Patterns, relative: str, is_folder: bool) -> bool | None:
    """Whether the last pattern that matches leaves the path out; None where none matches.

    ``folder/**`` means what is below the folder, not the folder itself.
    """
    for pattern, only_below in reversed(patterns):
        name = relative if only_below or not is_folder else f"{relative}/"
        if pattern.match_file(name) is not None:
            return pattern.include
    return None


def _is_ignored_by_name(path: Path, selection: Selection) -> bool:
    """What walking to ``path`` from its repository, or from the working directory, would skip."""
    absolute = path.absolute()
    top = repository(absolute.parent)
    start = top or Path.cwd()
    inside = absolute.relative_to(start).parts if absolute.is_relative_to(start) else (path.name,)
    if JUNK & set(inside[:-1]):
        return True
    if not selection.gitignore or top is None:
        return False
    steps = [top.joinpath(*inside[: i + 1]) for i in range(len(inside))]
    return any(_is_ignored(step, step != absolute) for step in steps)


def _is_ignored(path: Path, is_folder: bool) -> bool:
    """Whether a .gitignore between the repository's top and ``path`` lists it; the nearest one decides."""
    absolute = path.absolute()
    for folder, patterns in _ignore_files(absolute.parent):
        decided = _decided(patterns, absolute.relative_to(folder).as_posix(), is_folder)
        if decided is not None:
            return decided
    return False


@cache
def _ignore_files(folder: Path) -> tuple[tuple[Path, _Patterns], ...]:
    """The .gitignore files that govern ``folder``, nearest first."""
    patterns = _patterns(_lines(folder / ".gitignore"))
    own = ((folder, patterns),) if patterns else ()
    top = _is_repository(folder) or folder == folder.parent
    return own if top else own + _ignore_files(folder.parent)


def _lines(file: Path) -> list[str]:
    """The lines of a .gitignore; none where it cannot be read, as git does."""
    try:
        return file.read_text("utf-8-sig", errors="replace").splitlines() if file.is_file() else []
    except OSError:
        return []


def _is_repository(folder: Path) -> bool:
    try:
        return (folder / ".git").exists()
    except OSError:
        return False


def repository(folder: Path) -> Path | None:
    """The nearest repository at or above ``folder``."""
    return next((f for f in (folder, *folder.parents) if _is_repository(f)), None)


def read(path: str) -> bytes:
    """The bytes of a file; raises FileError BN903."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise _unreadable(error) from None


def _unreadable(error: OSError) -> FileError:
    return FileError("BN903", f"cannot be read: {error.strerror or error}")


def write(path: Path, data: bytes, expected: bytes | None = None, like: Path | None = None) -> None:
    """Replace ``path`` by ``data`` in one step; raises FileError BN906.

    In place, a link is written through, and the file must still hold the ``expected`` bytes. A new file in an output
    folder takes the mode of ``like`` and replaces a link. Whatever goes wrong, the file holds its old bytes or the new.
    """
    with uninterrupted():
        _replace(path if like else Path(os.path.realpath(path)), data, expected, like)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Ctrl-C and SIGTERM take effect after the block, so that nothing temporary stays; they hit the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[int] = []
    handlers = {n: signal.signal(n, lambda number, _: waiting.append(number)) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for deferred, handler in handlers.items():
            signal.signal(deferred, handler)
    for number in waiting:
        signal.raise_signal(number)


def check_place(path: Path, option: str) -> None:
    """Raise UsageError where no document can be written to ``path``: before a run, not once all is done."""
    folder = path.parent
    if path.is_dir():
        raise UsageError(f"{option} {path}: cannot be written: is a folder; name a file in it")
    if not folder.is_dir():
        raise UsageError(f"{option} {path}: cannot be written: there is no folder {folder}; make it first")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise UsageError(f"{option} {path}: cannot be written: Permission denied")


def write_document(path: Path, data: bytes) -> None:
    """Write a new file, or replace an old one, in one step; a pipe or a device gets the bytes. Raises UsageError."""
    mask = os.umask(0)
    os.umask(mask)
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        with uninterrupted():
            _put(path, data, 0o666 & ~mask)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from None


def _replace(path: Path, data: bytes, expected: bytes | None, like: Path | None) -> None:
    try:
        mode = stat.S_IMODE((like or path).stat().st_mode)
        if like is None:
            _check_in_place(path, mode, expected)
        _put(path, data, mode)
    except OSError as error:
        raise FileError("BN906", f"cannot be written: {error.strerror or error}; the original is untouched") from None


def _put(path: Path, data: bytes, mode: int) -> None:
    """Write beside ``path`` and move into place; raises OSError and leaves nothing behind."""
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".bn-migrate-", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
        temporary = ""
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)


def _check_in_place(path: Path, mode: int, expected: bytes | None) -> None:
    if not mode & 0o222:
        raise FileError("BN906", "is read-only: make it writable, then migrate again")
    if expected is not None and path.read_bytes() != expected:
        raise FileError("BN906", "was changed during the run: migrate it again")


def plan_output(paths: tuple[str, ...], output: Path) -> list[tuple[Path, Path]]:
    """Each of ``paths`` with the place it takes under ``output``.

    One directory lands directly in ``output``; a file as ``output/name``; several paths each under their own name.
    Raises UsageError where two would land on the same place or ``output`` is a source itself.
    """
    planned: list[tuple[Path, Path]] = []
    for path in map(Path, paths):
        alone = path.is_dir() and len(paths) == 1
        target = output if alone else output / path.resolve().name
        if os.path.realpath(target) == os.path.realpath(path):
            raise UsageError(f"--output {output}: {path} would be overwritten; choose another folder")
        if any(target == other for _, other in planned):
            raise UsageError(f"--output {output}: two paths land on {target}; migrate them one by one")
        planned.append((path, target))
    return planned


def mirror(source: Path, target: Path, output: Path, selection: Selection) -> Iterator[Copy]:
    """What ``source`` becomes under ``target``: files to write or copy, with folders and links made on the way.

    Junk, what .gitignore lists and ``output`` itself stay behind. Raises FileError for what cannot be made.
    """
    if not source.is_dir():
        yield Copy(source, target)
        return
    target.mkdir(parents=True, exist_ok=True)
    for entry in sorted(os.scandir(source), key=lambda e: e.name):
        path, there = source / entry.name, target / entry.name
        is_folder = entry.is_dir(follow_symlinks=False)
        ignored = (is_folder and entry.name in JUNK) or (selection.gitignore and _is_ignored(path, is_folder))
        if ignored or (is_folder and output.exists() and path.samefile(output)):
            continue
        if entry.is_symlink():
            there.unlink(missing_ok=True)
            there.symlink_to(os.readlink(path))
        elif is_folder:
            yield from mirror(path, there, output, selection)
        elif entry.is_file(follow_symlinks=False):
            yield Copy(path, there)


def copy(item: Copy) -> None:
    """Copy a file that is not migrated, in place of whatever is there; raises FileError."""
    try:
        item.destination.parent.mkdir(parents=True, exist_ok=True)
        with uninterrupted():
            item.destination.unlink(missing_ok=True)
            shutil.copy2(item.source, item.destination)
    except OSError as error:
        raise FileError("BN906", f"cannot be copied to {item.destination}: {error.strerror or error}") from None
