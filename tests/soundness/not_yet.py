"""Combinations of forms that the analysis gets wrong so far, by cause: a row goes when its cause is mended."""

from __future__ import annotations

from collections.abc import Collection

SEVERAL_FILES = True
"""Whether strands are divided between the files of a package."""

Row = tuple[tuple[str, ...], ...]

NOT_YET: dict[str, Row] = {
    "a parameter that torch leaves out is read": (
        ("with other arguments: fixed", "partial: fixed", "partial of partial: fixed"),
        ("an attribute: parameter", "an attribute by name: builtin"),
    ),
    "a statistic that torch leaves out is read": (
        ("with other arguments: untracked",),
        ("an attribute: statistic", "an attribute by name: builtin"),
    ),
    "an annotation is believed against the calls": (
        ("annotated wrongly", "layer annotated", "layer dataclass field: cls"),
    ),
    "a function of a library calls the class": (("through a library: map", "layer through a library"),),
    "a file that only keeps a layer is not read": (
        ("layer dataclass field: base", "layer dataclass field: object"),
        ("an attribute by name: builtin",),
    ),
}
"""For each cause groups of forms: no strand holds one form of each group. A way of a form stands behind a colon."""


def excluded(forms: Collection[str]) -> set[str]:
    """The forms that would complete a row in a strand that has ``forms``."""
    result: set[str] = set()
    for row in NOT_YET.values():
        missing = [group for group in row if not any(form in group for form in forms)]
        if len(missing) == 1:
            result.update(missing[0])
    return result
