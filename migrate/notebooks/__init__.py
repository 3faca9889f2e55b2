"""Jupyter notebooks: their code cells as one Python program, and a rewritten program in the notebook's own bytes."""

from __future__ import annotations

from migrate.selected import NOTEBOOK


def is_notebook(path: str) -> bool:
    """Whether the name of a file says that it is a notebook."""
    return path.endswith(NOTEBOOK)
