"""Under which name, and from which folder, Python imports the module of a network."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from migrate.errors import UsageError
from migrate.verify.networks.spec import Network


def located(
    networks: Iterable[Network], paths: Sequence[str], files: Sequence[str]
) -> tuple[tuple[Network, ...], list[str]]:
    """The networks with the names of their modules in full, and the folders where imports look.

    These are the working directory, and the folders that the packages and modules of ``paths`` and ``files`` lie in.
    """
    folders = import_folders([*paths, *files])
    found: list[Network] = []
    for network in networks:
        name, folder = _located(network.module, folders, files)
        folders += [folder] if folder not in folders else []
        found.append(replace(network, module=name))
    return tuple(found), folders


def import_folders(paths: Iterable[str]) -> list[str]:
    """The working directory, and the folders that the packages and modules of ``paths`` lie in."""
    folders = [os.getcwd()]
    for path in paths:
        folder = Path(os.path.realpath(path))
        folder = folder if folder.is_dir() else folder.parent
        while (folder / "__init__.py").is_file():
            folder = folder.parent
        folders.append(str(folder))
    return list(dict.fromkeys(folders))


def _located(module: str, folders: Sequence[str], files: Sequence[str]) -> tuple[str, str]:
    """The full name of a module, and the folder where imports find it.

    A name may start inside a package: its folder, or one with relative imports that lead out of it, is a part of it.
    Raises UsageError where several files of the run may be meant.
    """
    steps = module.split(".")
    homes = [Path(os.path.realpath(folder)) for folder in folders]
    home = next((h for h in homes if _file(h, steps) is not None), None)
    if home is None:
        inside = {h for path in files if (h := _above(Path(os.path.realpath(path)), steps)) is not None}
        if not inside:
            return module, folders[0]
        if len(inside) > 1:
            places = ", ".join(sorted(os.path.relpath(h.joinpath(*steps)) for h in inside))
            raise UsageError(f"--network {module}: it may be {places}: name it with its package")
        (home,) = inside
    file = _file(home, steps)
    assert file is not None
    missing = _leads_out(file) - (len(steps) if file.stem == "__init__" else len(steps) - 1)
    while (home / "__init__.py").is_file() or missing > 0:
        steps.insert(0, home.name)
        home = home.parent
        missing -= 1
    return ".".join(steps), str(home)


def _file(home: Path, steps: Sequence[str]) -> Path | None:
    """The file of a module that imports find in ``home``."""
    path = home.joinpath(*steps)
    return next((f for f in (path / "__init__.py", path.with_name(f"{path.name}.py")) if f.is_file()), None)


def _above(file: Path, steps: Sequence[str]) -> Path | None:
    """The folder from which the name of a module leads to a file; None where it does not."""
    parts = file.parent.parts if file.stem == "__init__" else file.with_suffix("").parts
    return (
        Path(*parts[: -len(steps)]) if list(parts[-len(steps) :]) == list(steps) and len(parts) > len(steps) else None
    )


def _leads_out(file: Path) -> int:
    """How many folders the relative imports of a module need, and those of the modules that they may bring."""
    own = _level(file)
    return max(own, *map(_level, file.parent.glob("*.py"))) if own else 0


def _level(file: Path) -> int:
    """The most dots of a relative import in a file; 0 where it has none, or is no Python."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return 0
    return max((n.level for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)), default=0)
