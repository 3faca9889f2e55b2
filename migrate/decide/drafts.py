"""Findings before their text is known, and the state that the decisions about one file share."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from migrate.codes import CODES
from migrate.decide.file import File
from migrate.decide.origins import Origins, Stays
from migrate.decide.skips import Skips
from migrate.decide.values import (
    Constant,
    Instance,
    Local,
    Migrated,
    Namespace,
    Partial,
    Symbol,
    Value,
    without_constants,
)
from migrate.edits import Edit, Spelling
from migrate.findings import MAKING_ROLES, Kind, Role
from migrate.rule import Rule
from migrate.rules import RuleSet
from migrate.syntax.index import Index
from migrate.syntax.source import Located, Source, Span

SKIPPED = "left as it is: bn-migrate: skip"
MANY_OTHERS = 6
"""How many other values a message names."""
NO_NAMES = Spelling({}, {})
LEFT = ("BN213", "BN306", "BN308")
"""What is said of uses of something that stays the source framework's."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A finding and the edits that carry it out; ``node`` is the place it is about.

    A review has none; ``suggestion`` holds those that make what it offers to write instead of the text of ``node``,
    ``spelling`` the names they need, ``needs`` the import lines. ``as_source``: what the same is called where the class
    is the source framework's, or outside of it, which a comment may list as well. ``decision``: the function that the
    draft is about, or that gives what it unpacks, together with all others that have it.
    """

    code: str
    role: Role
    symbol: str
    node: Located
    message: str
    edits: tuple[Edit, ...] = ()
    suggestion: tuple[Edit, ...] = ()
    spelling: Spelling = NO_NAMES
    needs: tuple[str, ...] = ()
    as_source: tuple[str, ...] = ()
    decision: ast.AST | None = None

    @property
    def kind(self) -> Kind:
        kind = CODES[self.code].kind
        assert kind is not None
        return kind

    @property
    def advice(self) -> str:
        """The message, with the imports that its suggestion needs."""
        return f"{self.message}; what to write needs {' and '.join(self.needs)}" if self.needs else self.message

    @property
    def makes_layers(self) -> bool:
        """Whether what is rewritten makes layers of the target, or is a class that may."""
        return self.code in ("BN101", "BN102", "BN103") and self.role in MAKING_ROLES


@dataclass(frozen=True, slots=True)
class Use:
    """A spot where a tensor of the target's cannot do what one of the source's does.

    It ``enters`` the source framework, stands ``beside`` one of its tensors, ``lacks`` a method, is ``tested`` for a
    class or ``changed`` in place.

    ``what``: the function, the other tensor, or what is missing. ``has_offer``: a copy for the source framework serves.
    """

    why: Literal["enters", "beside", "lacks", "tested", "changed"]
    what: str
    has_offer: bool = True

    @property
    def leaves(self) -> bool:
        """Whether what is to be written makes it a tensor of the source framework."""
        return self.why in ("enters", "beside", "lacks")


@dataclass(slots=True)
class Module:
    """One file under analysis.

    ``origins`` holds the nodes of all files that stay the source framework's; ``skipped_names`` are those whose import
    a comment asks to leave; ``decided`` the attributes whose drafts are there already; ``doubts`` says of each subclass
    that cannot be rewritten why that is. ``uses``: the attributes that hold a tensor of the target's once they are
    renamed, with the spot where that fails, if any. ``partners``: the writes that are left since another one is.
    ``migrated``: the classes that the run rewrites somewhere.
    """

    file: File
    data_format: str
    origins: Origins
    skips: Skips = field(default_factory=Skips)
    skipped_names: frozenset[ast.AST] = frozenset()
    drafts: list[Draft] = field(default_factory=list)
    decided: set[ast.AST] = field(default_factory=set)
    doubts: dict[ast.ClassDef, str] = field(default_factory=dict)
    uses: dict[ast.expr, Use | None] = field(default_factory=dict)
    partners: Mapping[ast.AST, ast.AST] = field(default_factory=dict)
    migrated: frozenset[str] = frozenset()
    _taken: set[tuple[str, Span]] = field(default_factory=set)

    @property
    def source(self) -> Source:
        return self.file.index.source

    @property
    def index(self) -> Index:
        return self.file.index

    def index_of(self, node: ast.AST) -> Index:
        """The index of the file that holds ``node``."""
        return self.file.home(node).index

    @property
    def rules(self) -> RuleSet:
        return self.file.rules

    def is_skipped(self, node: Located, *codes: str) -> bool:
        """Whether a comment asks to leave ``node`` alone for one of the ``codes``: on one of its lines, or where what
        it names is imported."""
        assert node.end_lineno is not None
        named = [node.func, *node.args[:1]] if isinstance(node, ast.Call) else []
        imported = not self.skipped_names.isdisjoint([node, *named])
        return imported or self.skips.covers(node.lineno, node.end_lineno, *codes)

    def to_line_end(self, first: ast.stmt, last: ast.stmt) -> ast.stmt:
        """The text from ``first`` to the end of the line on which ``last`` ends, as a node where ``first`` stands."""
        assert last.end_lineno is not None
        end = len(self.source.line_text(last.end_lineno).rstrip().encode())
        place = {"lineno": first.lineno, "col_offset": first.col_offset}
        node = ast.Pass(**place, end_lineno=last.end_lineno, end_col_offset=end)
        self.index.parents[node] = self.index.parents[first]
        self.index.scopes[node] = self.index.scopes[first]
        return node

    def holds(self, outer: Located, inner: Located) -> bool:
        """Whether ``inner`` stands inside the text of ``outer``."""
        return self.source.span(outer).holds(self.source.span(inner))

    def add(self, draft: Draft, beside: bool = False) -> None:
        """Keep a draft, one for each place and kind; on a skipped line it becomes a note without edits.

        ``beside``: it is not about what becomes of the place, and stands beside what is.
        """
        if self.is_skipped(draft.node, draft.code, *draft.as_source):
            draft = Draft("BN306", draft.role, draft.symbol, draft.node, SKIPPED)
        key = (draft.code if draft.kind == "note" or beside else "", self.source.span(draft.node))
        if key not in self._taken:
            self._taken.add(key)
            self.drafts.append(draft)

    def line(self, node: ast.AST) -> int:
        return int(getattr(node, "lineno", 1))

    def line_name(self, node: ast.AST) -> str:
        """The line of a node of this file in the words of a message: ``3``, or ``3 of cell 2`` in a notebook."""
        return self.source.line_name(self.line(node))

    def place(self, node: ast.AST) -> str:
        """Where a node stands, as ``line 3``, or ``line 3 of norm.py`` in another file."""
        home = self.file.home(node)
        line = home.index.source.line_name(self.line(node))
        return f"line {line}" + ("" if home is self.file else f" of {home.path}")

    def leave(self, node: ast.AST, origin: Stays) -> None:
        """Remember that ``node``, and so all that it brings, stays the source framework's."""
        self.origins.left.setdefault(node, origin)

    def why_left(self, node: ast.AST | None) -> Stays | None:
        """Why a node of any file stays the source framework's; None where it does not."""
        stays = self.origins.stays(node) if node is not None else None
        home = self.file if node is None else self.file.home(node)
        if stays is None or home is self.file:
            return stays
        return replace(stays, why=f"{stays.why} ({home.path})")

    def held_back(self, node: ast.AST) -> Stays | None:
        """Why the class that ``node`` itself spells stays, other than for a comment on it."""
        stays = self.origins.left.get(node)
        return None if stays is None or stays.asked else stays

    def first_left(self, nodes: Iterable[ast.AST | None]) -> Stays | None:
        """Why the first of ``nodes`` that stays does so."""
        return next((stays for node in nodes if (stays := self.why_left(node)) is not None), None)

    def spoken_for(self, origins: Iterable[Stays | None]) -> Stays | None:
        """The one of ``origins`` whose review is about their uses, too: all of them stay, for a review or on request.

        Where one is rewritten, or stays without a review of its own, the use needs one.
        """
        found = list(origins)
        if not all(stays is not None and (stays.reviewed or stays.asked) for stays in found):
            return None
        return next((stays for stays in found if stays is not None and not stays.asked), None)

    def stays(
        self,
        origin: Stays,
        role: Role,
        symbol: str,
        what: str,
        node: Located,
        suggestion: tuple[Edit, ...] = (),
        spoken: bool = False,
    ) -> Draft:
        """What is said of the use ``node`` of something that stays: ``what`` it is, in words, and what it becomes.

        ``spoken``: the review of the origin speaks for the use as well.
        """
        if origin.asked:
            return Draft("BN306", role, symbol, node, f"{what}, {origin.why}")
        if spoken or self._is_own(node, origin):
            told = f"{what}, {origin.why}: the review there is about this use, too"
            return Draft("BN308", role, symbol, node, told, suggestion=suggestion, as_source=("BN213",))
        return Draft("BN213", role, symbol, node, f"{what}, {origin.why}: migrate both together", suggestion=suggestion)

    def _is_own(self, node: Located, origin: Stays) -> bool:
        """Whether ``node`` is a use inside the body of the subclass that is left, or of an heir that is left for it."""
        around = [self.why_left(a) for a in self.index.ancestors(node) if isinstance(a, ast.ClassDef)]
        return origin.subclass is not None and any(s and s.subclass is origin.subclass for s in around)

    def described(self, values: Iterable[Value]) -> str:
        """Values in words: those of the rules and the first of the others, where there are many."""
        names: dict[str, bool] = {}
        for value in values:
            ours = isinstance(value, Migrated) or self.base_of(value) is not None
            name = self.describe(value)
            names[name] = ours or names.get(name, False)
        others = sorted(name for name, ours in names.items() if not ours)
        more = len(others) - MANY_OTHERS
        shown = others[:MANY_OTHERS] if more > 1 else others
        told = ", ".join(sorted([*shown, *(name for name, ours in names.items() if ours)]))
        return f"{told} and {more} others" if more > 1 else told

    def describe(self, value: Value) -> str:
        """A value in words, with the line it comes from where the file has one."""
        if isinstance(value, Migrated):
            return value.rule.source.name
        if isinstance(value, Symbol):
            return value.name.removeprefix("builtins.")
        if isinstance(value, Namespace):
            return f"the module {self.file.project.tree.name(value.path)}"
        if isinstance(value, Instance):
            return self.describe(value.of)
        if isinstance(value, Local):
            name = getattr(value.node, "name", "a lambda")
            return f"{name} ({self.place(value.node)})"
        if isinstance(value, Partial):
            return f"a partial of {self.describe(value.of)}"
        return repr(value.value) if isinstance(value, Constant) else "a value the files do not show"

    def base_of(self, value: Value) -> Migrated | None:
        """The migrated class behind an instance, through subclasses of this file."""
        if not isinstance(value, Instance):
            return None
        if isinstance(value.of, Migrated):
            return value.of
        if isinstance(value.of, Local) and isinstance(value.of.node, ast.ClassDef):
            return self.file.classes.migrated_base(value.of.node)
        return None

    def target_rule(self, value: Value) -> Rule | None:
        """The rule about the class of an instance, directly or through subclasses, where that is a target's class."""
        of: object = value.of if isinstance(value, Instance) else None
        if isinstance(of, Local) and isinstance(of.node, ast.ClassDef):
            of = self.file.classes.target_base(of.node)
        return self.rules.by_target.get(of.name) if isinstance(of, Symbol) else None

    def left_around(self, owner: ast.expr) -> Stays | None:
        """Why the class around ``super()`` was left; None for anything else, and where it was migrated."""
        if not isinstance(owner, ast.Call) or getattr(owner.func, "id", "") != "super":
            return None
        return self.why_left(next((a for a in self.index.ancestors(owner) if isinstance(a, ast.ClassDef)), None))

    def objects(self, node: ast.expr) -> list[Value]:
        """The values of ``node`` in a stable order; constants are left out, which no layer's attributes are read of."""
        return sorted(without_constants(self.file.evaluate(node)), key=repr)
