"""The one vocabulary that analysis, rewriting and reports share."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from migrate.files import read
from migrate.notebooks import is_notebook

if TYPE_CHECKING:
    from collections.abc import Callable

    from migrate.differences import PairTable
    from migrate.proofs import Verification

Kind = Literal["rewrite", "review", "note"]
Level = Literal["rewrite", "review", "warning", "note"]
"""How reports show a finding: some notes are warnings, of what may fail later."""
Role = Literal[
    "call",
    "reference",
    "partial",
    "base",
    "isinstance",
    "default",
    "annotation",
    "attribute",
    "method",
    "import",
    "functional",
    "string",
    "other",
]
CALL_ROLES: tuple[Role, ...] = ("call", "partial")
MAKING_ROLES: tuple[Role, ...] = (*CALL_ROLES, "default", "reference", "base")
"""How a class is named where layers of it are made, there or elsewhere."""


def spot(path: str, cell: int | None, *position: int) -> str:
    """A place for people: ``a.py:3:9``, or ``a.ipynb:cell 2:3:9`` in a notebook; the position may be left out."""
    return ":".join(map(str, (path, *([f"cell {cell}"] if cell else []), *position)))


@dataclass(frozen=True, slots=True)
class Finding:
    """One place in a file. Lines and columns are 1-based, in characters; the end is exclusive.

    In a notebook they count in the ``cell`` of that number, which is 1-based and counts cells of every type.
    ``suggestion`` is what a review, or a note on what is left, offers to write instead of ``before``; empty where
    nothing can be told. ``way``: the lines that say how what it speaks about came there, where a run was asked for it.
    """

    code: str
    kind: Kind
    role: Role
    symbol: str
    line: int
    column: int
    end_line: int
    end_column: int
    message: str
    before: str
    after: str
    suggestion: str = ""
    cell: int | None = None
    way: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[int, int, int]:
        """Cell, line and column, in the order of the file."""
        return self.cell or 0, self.line, self.column


class Executed(NamedTuple):
    """Of the places of a file that a program has executed: how many there are, and how many have a finding by reading
    alone."""

    places: int
    told: int


@dataclass(frozen=True, slots=True)
class Part:
    """Source that people read as one text: a module, or the ``cell`` of that number of a notebook."""

    cell: int | None
    before: bytes
    after: bytes


class _Text:
    """The bytes of a file in a result. None stands for those of a file that stays as it is: they are read when asked
    for, so that the results of any number of such files take no memory."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, result: Result | None, owner: type | None = None) -> bytes:
        if result is None:
            raise AttributeError(self._name)  # a dataclass would take a value for the default
        kept: bytes | None = result.__dict__[self._name]
        return read(result.path) if kept is None else kept

    def __set__(self, result: Result, data: bytes | None) -> None:
        result.__dict__[self._name] = data


@dataclass(frozen=True)
class Result:
    """What became of one file. ``error`` names the BN9xx code; then ``after == before``.

    ``error_line`` counts in the cell ``error_cell`` where the file is a notebook.

    ``held``: a proof failed, so that the file keeps its old text, whatever ``after`` is.

    ``executed``: what a record of the program has to do with it, where there is one of this text.

    ``before`` and ``after`` raise FileError for a file that cannot be read.
    """

    path: str
    before: _Text = _Text()
    after: _Text = _Text()
    findings: tuple[Finding, ...] = ()
    error: str | None = None
    error_line: int | None = None
    error_cell: int | None = None
    held: bool = False
    executed: Executed | None = None

    @property
    def differs(self) -> bool:
        """Whether ``after`` is another text than ``before``, written or not; reads no file."""
        return bool(self.__dict__["before"] != self.__dict__["after"])

    @property
    def changed(self) -> bool:
        return self.differs and not self.held

    @property
    def text(self) -> str:
        """What the file becomes, decoded as Python does; raises FileError where that cannot be."""
        from migrate.syntax.source import decoded

        return decoded(self.after, self.path)

    @property
    def parts(self) -> list[Part]:
        """The source before and after: the file's own bytes, or those of the cells of a notebook."""
        if not is_notebook(self.path):
            return [Part(None, self.before, self.after)]
        from migrate.notebooks.document import cell_sources

        before, after = cell_sources(self.before), cell_sources(self.after)
        return [Part(n, source, after[n]) for n, source in before.items()]

    def count(self, kind: Kind) -> int:
        return sum(finding.kind == kind for finding in self.findings)


@dataclass(slots=True)
class Traced:
    """What the record in ``file`` has to do with a run: the executed places, and those with a finding by reading alone.

    Files that were ``changed`` since then have no part in that. ``compiled``: functions whose uses a record lacks.
    """

    file: str
    changed: tuple[str, ...] = ()
    compiled: tuple[str, ...] = ()
    places: int = 0
    told: int = 0

    def add(self, result: Result) -> None:
        if result.executed is not None:
            self.places += result.executed.places
            self.told += result.executed.told


@dataclass(slots=True)
class Summary:
    """Totals of a run."""

    files: int = 0
    changed: int = 0
    rewrites: int = 0
    reviews: int = 0
    notes: int = 0
    errors: int = 0

    def add(self, result: Result) -> None:
        self.files += 1
        self.changed += result.changed
        self.rewrites += result.count("rewrite")
        self.reviews += result.count("review")
        self.notes += result.count("note")
        self.errors += result.error is not None


@dataclass(slots=True)
class Report:
    """A run: its totals, how often each code was found, and the results that have something to say, in the order of
    the paths.

    With ``show``, each of these is shown at once and not kept, so that a run over any number of files needs the same
    memory.
    """

    summary: Summary = field(default_factory=Summary)
    results: list[Result] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)
    verification: Verification | None = None
    traced: Traced | None = None
    original: PairTable | None = None
    show: Callable[[Result], None] | None = None

    def add(self, result: Result) -> None:
        self.summary.add(result)
        self.codes.update(f.code for f in result.findings)
        if self.traced is not None:
            self.traced.add(result)
        if not (result.findings or result.error):
            return
        if self.show is not None:
            self.show(result)
        else:
            self.results.append(result)
