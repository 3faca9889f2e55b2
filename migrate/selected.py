"""Which files are sources, and which folders never hold any."""

from __future__ import annotations

MODULES = (".py", ".pyi", ".pyw")
NOTEBOOK = ".ipynb"
SUFFIXES = (*MODULES, NOTEBOOK)
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
