"""Which files a run takes, and how one is read and written without ever being left half done."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pathspec

from migrate.errors import FileError, UsageError

SUFFIXES = (".py", ".pyi", ".pyw")
JUNK = frozenset(
    {
        ".direnv",
        ".eggs",
        ".git",
        ".hg",
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".nox",
        ".pytest_cache",
        ".ruff_cache",
        ".svn",
        ".tox",
        ".venv",
        ".vscode",
        "__pycache__",
        "__pypackages__",
        "_build",
        "build",
        "dist",
        "node_modules",
        "site-packages",
        "venv",
    }
)


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
    """A file for ``--output``; ``migrated`` says that the run processes it."""

    source: Path
    destination: Path
    migrated: bool


def find_files(paths: tuple[str, ...], selection: Selection, avoid: Path | None = None) -> Iterator[Found]:
    """The Python files of ``paths`` in a stable order, each once; ``avoid`` is a folder not to enter."""
    seen: set[str] = set()
    for given in paths:
        for found in _expand(given, selection, avoid):
            real = os.path.realpath(found.path)
            if real not in seen:
                seen.add(real)
                yield found


def _expand(given: str, selection: Selection, avoid: Path | None) -> Iterator[Found]:
    path = Path(given)
    try:
        mode = path.stat().st_mode
    except OSError as error:
        yield Found(given, _unreadable(error))
        return
    if not stat.S_ISDIR(mode):
        if not selection.force_exclude or not (_is_excluded(path, selection) or _is_ignored_by_name(path, selection)):
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


def _is_excluded(path: Path, selection: Selection, is_folder: bool = False) -> bool:
    if not selection.exclude:
        return False
    spec = _patterns(selection.exclude)
    relative = os.path.relpath(path, selection.base)
    return spec.match_file(relative.removeprefix("../") + ("/" if is_folder else ""))


@cache
def _patterns(lines: tuple[str, ...]) -> pathspec.GitIgnoreSpec:
    return pathspec.GitIgnoreSpec.from_lines(lines)


def _is_ignored_by_name(path: Path, selection: Selection) -> bool:
    """What walking to ``path`` from its repository would skip."""
    top = _repository(path.absolute().parent)
    inside = path.absolute().relative_to(top).parts if top else path.parts
    if JUNK & set(inside[:-1]):
        return True
    if not selection.gitignore or top is None:
        return False
    steps = [top.joinpath(*inside[: i + 1]) for i in range(len(inside))]
    return any(_is_ignored(step, step != path.absolute()) for step in steps)


def _is_ignored(path: Path, is_folder: bool) -> bool:
    """Whether a .gitignore between the repository's top and ``path`` lists it; the nearest one decides."""
    absolute = path.absolute()
    for folder, spec in _ignore_files(absolute.parent):
        relative = absolute.relative_to(folder).as_posix() + ("/" if is_folder else "")
        decided = spec.check_file(relative).include
        if decided is not None:
            return decided
    return False


@cache
def _ignore_files(folder: Path) -> tuple[tuple[Path, pathspec.GitIgnoreSpec], ...]:
    """The .gitignore files that govern ``folder``, nearest first."""
    own: tuple[tuple[Path, pathspec.GitIgnoreSpec], ...] = ()
    file = folder / ".gitignore"
    if file.is_file():
        lines = file.read_text("utf-8", errors="replace").splitlines()
        own = ((folder, pathspec.GitIgnoreSpec.from_lines(lines)),)
    top = (folder / ".git").exists() or folder == folder.parent
    return own if top else own + _ignore_files(folder.parent)


def _repository(folder: Path) -> Path | None:
    return next((f for f in (folder, *folder.parents) if (f / ".git").exists()), None)


def read(path: str) -> bytes:
    """The bytes of a file; raises FileError BN903."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise _unreadable(error) from None


def _unreadable(error: OSError) -> FileError:
    return FileError("BN903", f"cannot be read: {error.strerror or error}")


def write(path: Path, data: bytes, like: Path | None = None) -> None:
    """Replace ``path`` by ``data`` in one step, with the mode of ``like``; raises FileError BN906.

    A link is written through. Whatever goes wrong, the file holds either its old bytes or all the new ones.
    """
    path = Path(os.path.realpath(path))
    temporary = ""
    try:
        mode = stat.S_IMODE((like or path).stat().st_mode)
        if path.exists() and not path.stat().st_mode & 0o222:
            raise FileError("BN906", "is read-only: make it writable, then migrate again")
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".bn-migrate", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode | (0o200 if like else 0))
        os.replace(temporary, path)
        temporary = ""
    except OSError as error:
        raise FileError("BN906", f"cannot be written: {error.strerror or error}; the original is untouched") from None
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)


def plan_output(paths: tuple[str, ...], output: Path, selection: Selection) -> dict[str, Path]:
    """Where each file of ``paths`` lands under ``output``, by its real path; copies what is not migrated.

    One directory lands directly in ``output``; a file as ``output/name``; several paths each under their own name.
    Raises UsageError where two would land on the same place or on a source.
    """
    destinations: dict[str, Path] = {}
    for given in paths:
        path = Path(given)
        if path.is_dir():
            below = output if len(paths) == 1 else output / path.resolve().name
            files = [f for f in _walk(path, Selection(gitignore=selection.gitignore), output) if isinstance(f, Path)]
            targets = {str(f): below / f.relative_to(path) for f in files}
        else:
            targets = {given: output / path.name}
        for source, target in targets.items():
            real = os.path.realpath(source)
            if os.path.realpath(target) == real:
                raise UsageError(f"--output {output}: {source} would be overwritten; choose another folder")
            if target in destinations.values() and destinations.get(real) != target:
                raise UsageError(f"--output {output}: two paths land on {target}; migrate them one by one")
            destinations[real] = target
    return destinations


def copy(source: str, destination: Path) -> None:
    """Copy a file that is not migrated; raises FileError."""
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, destination)
    except OSError as error:
        raise FileError("BN906", f"cannot be copied to {destination}: {error.strerror or error}") from None
