"""What a code of findings is."""

from __future__ import annotations

from dataclasses import dataclass

from migrate.findings import Kind, Level
from migrate.places import findings_page


@dataclass(frozen=True, slots=True)
class Code:
    """``before`` is a module that has the finding; ``after`` is what becomes of it, where it changes.

    ``warns``: a note about what may fail once the layers around it are the target's.
    """

    code: str
    title: str
    reason: str
    before: str
    after: str = ""
    warns: bool = False

    @property
    def kind(self) -> Kind | None:
        """None for the codes of files that cannot be processed."""
        kinds: dict[str, Kind] = {"1": "rewrite", "2": "review", "3": "note", "4": "review"}
        return kinds.get(self.code[2])

    @property
    def level(self) -> Level | None:
        """Its kind as reports show it: some notes are warnings."""
        return "warning" if self.warns else self.kind

    @property
    def link(self) -> str:
        """The address of the section of the documentation that explains the code."""
        return f"{findings_page()}#{self.code.lower()}"


def describe(code: str, title: str, reason: str, before: str, after: str = "", warns: bool = False) -> Code:
    """A code, with the lines of its reason joined."""
    return Code(code, title, " ".join(reason.split()), before, after, warns)
