"""bn-migrate: moves batch normalisation from PyTorch to MindSpore, source to source.

``migrate_source`` and ``migrate_paths`` give results, ``write`` puts one into its file. Each name is imported when it
is asked for, so that ``bn-migrate --version`` stays instant.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as type checkers know it; the import of typing takes longer than all else here
if TYPE_CHECKING:
    from migrate.api import migrate_paths, migrate_source, write
    from migrate.engine import Options
    from migrate.errors import FileError, UsageError
    from migrate.files import Selection
    from migrate.findings import Finding, Result
    from migrate.runner import Means

__version__ = "0.2.0"
__all__ = [
    "FileError",
    "Finding",
    "Means",
    "Options",
    "Result",
    "Selection",
    "UsageError",
    "migrate_paths",
    "migrate_source",
    "write",
]
_MODULES = {
    "FileError": "errors",
    "Finding": "findings",
    "Means": "runner",
    "Options": "engine",
    "Result": "findings",
    "Selection": "files",
    "UsageError": "errors",
    "migrate_paths": "api",
    "migrate_source": "api",
    "write": "api",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"migrate.{_MODULES[name]}"), name)
