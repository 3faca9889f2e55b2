"""Which codes a run reports: ``--select`` and ``--ignore``, whose prefixes work as in ruff."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from migrate.codes import CODES
from migrate.errors import UsageError
from migrate.findings import Result

OF_FINDINGS = tuple(name for name, code in CODES.items() if code.kind is not None)
"""The codes that can be chosen: what names a file that could not be processed is always reported."""
PREFIXES = tuple(dict.fromkeys(name[:length] for name in OF_FINDINGS for length in (2, 3, 4, 5)))
KINDS = tuple(prefix for prefix in PREFIXES if len(prefix) == 3)
SEVERAL = 3
WITH_OTHERS = ("BN212", "BN213")
"""What these offer is right once other files, or the constructor behind the object, have been changed as well."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The codes whose findings are reported and count; whatever is rewritten is rewritten all the same."""

    codes: frozenset[str] = frozenset(OF_FINDINGS)

    @property
    def reviews(self) -> tuple[str, ...]:
        """The codes of reviews that are chosen."""
        return tuple(c for c in OF_FINDINGS if c in self.codes and CODES[c].kind == "review")

    def of(self, result: Result) -> Result:
        """The result with the findings that are chosen."""
        kept = tuple(f for f in result.findings if f.code in self.codes)
        return result if len(kept) == len(result.findings) else replace(result, findings=kept)


def choose(select: Iterable[str], ignore: Iterable[str]) -> Chosen:
    """What remains of the codes: for each, its longest prefix decides, and ``ignore`` where both have it.

    Raises UsageError for what is no prefix of a code.
    """
    wanted, unwanted = prefixes(select, "--select") or ("",), prefixes(ignore, "--ignore")
    return Chosen(frozenset(c for c in OF_FINDINGS if _longest(c, wanted) > _longest(c, unwanted)))


def applied(values: Iterable[str]) -> tuple[str, ...]:
    """The codes of reviews that ``--apply`` names; raises UsageError for those with nothing that could be applied."""
    found: dict[str, None] = {}
    for prefix in prefixes(values, "--apply"):
        named = [c for c in Chosen().reviews if c.startswith(prefix) and c not in WITH_OTHERS]
        if not named:
            why = "is right only once something else is changed" if prefix in WITH_OTHERS else "names no reviews"
            raise UsageError(f"--apply: {prefix} {why}")
        found.update(dict.fromkeys(named))
    return tuple(sorted(found))


def prefixes(values: Iterable[str], option: str) -> tuple[str, ...]:
    """The prefixes in lists such as ``BN4,BN207``; raises UsageError for what is none, with those that are near."""
    found = tuple(part.strip().upper() for value in values for part in value.split(","))
    for prefix in found:
        if prefix not in PREFIXES:
            raise UsageError(f"{option}: {unknown(prefix)}")
    return found


def unknown(prefix: str) -> str:
    """What is said of a text that is no prefix of a code that can be chosen."""
    if not prefix:
        return "a code is expected, such as BN204, or the start of several, such as BN2"
    if any(name.startswith(prefix) for name in CODES):
        return f"{prefix} names files that could not be processed, which are always reported"
    return f"unknown code {prefix!r}; near it: {', '.join(_near(prefix))}"


def _near(text: str) -> list[str]:
    """A few codes that may have been meant: those that begin alike, else those that look alike, else the kinds."""
    alike = ([name for name in OF_FINDINGS if name.startswith(text[:n])] for n in range(len(text), 2, -1))
    family = next(filter(None, alike), [])
    return difflib.get_close_matches(text, family or PREFIXES, SEVERAL) or family[:SEVERAL] or list(KINDS)


def _longest(code: str, among: Iterable[str]) -> int:
    """The length of the longest prefix of ``code`` that is ``among`` these; -1 where there is none."""
    return max((len(prefix) for prefix in among if code.startswith(prefix)), default=-1)
