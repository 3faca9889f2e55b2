"""Code actions: a quick fix for each finding, and the migration of the whole file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lsprotocol import types

from migrate.findings import Finding, Result
from migrate.lsp import fixes
from migrate.lsp.diagnostics import diagnostic
from migrate.lsp.text import Edit, Text

FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.bnMigrate"
KINDS = [types.CodeActionKind.QuickFix, FIX_ALL]
MANY = 3
"""Places from which on a selection is not worth trying each of them on its own."""
LONG = 60


@dataclass(frozen=True, slots=True)
class File:
    """A document with its result; ``results`` are those of all files that imports connect with it."""

    uri: str
    version: int | None
    text: Text
    path: str
    result: Result
    results: Mapping[str, Result]
    trial: fixes.Trial


def actions(file: File, place: types.Range, only: Iterable[str] | None) -> list[types.CodeAction]:
    """What is offered for ``place``; ``only`` are the kinds that the client asks for."""
    found = _quick_fixes(file, place) if is_asked(types.CodeActionKind.QuickFix.value, only) else []
    if file.result.changed and is_asked(FIX_ALL, only):
        found.append(types.CodeAction("bn-migrate: migrate all in this file", kind=FIX_ALL, edit=_all(file)))
    return found


def _quick_fixes(file: File, place: types.Range) -> list[types.CodeAction]:
    start, end = file.text.offset(place.start), file.text.offset(place.end)
    touched = [f for f in file.result.findings if _overlaps(file.text.span(f), start, end)]
    rewrites = [f for f in touched if f.kind == "rewrite"]
    marks = fixes.Marks(file.text)
    found: list[types.CodeAction] = []
    for finding in rewrites[: MANY if len(rewrites) <= MANY else 0]:
        edits = fixes.single(file.text, [finding], file.results, file.path, file.trial)
        if edits is not None:
            found.append(_fix(f"Write {_short(finding.after)}", finding, file, edits, preferred=True))
    for finding in touched:
        if finding.suggestion:
            edits = fixes.offered(file.text, finding, file.result)
            found.append(_fix(f"Write {_short(finding.suggestion)}", finding, file, edits, preferred=True))
    if rewrites and file.result.changed:
        action = _fix("Migrate all in this file", rewrites[0], file, [], preferred=not found)
        action.edit = _all(file)
        action.diagnostics = [diagnostic(f, file.text) for f in rewrites]
        found.append(action)
    for finding in touched:
        mark = marks.skip(finding) if finding.kind != "note" else None
        if mark is not None:
            found.append(_fix(f"Leave {_short(finding.before)} as it is: bn-migrate: skip", finding, file, [mark]))
    return found


def _fix(title: str, finding: Finding, file: File, edits: list[Edit], preferred: bool = False) -> types.CodeAction:
    return types.CodeAction(
        title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[diagnostic(finding, file.text)],
        is_preferred=preferred or None,
        edit=_edit(file, edits),
    )


def _all(file: File) -> types.WorkspaceEdit:
    return _edit(file, fixes.whole(file.text.text, file.result.text))


def _edit(file: File, edits: Iterable[Edit]) -> types.WorkspaceEdit:
    """Edits of this version of the document, which a client refuses for another one."""
    document = types.OptionalVersionedTextDocumentIdentifier(file.uri, file.version)
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(document, [*file.text.text_edits(edits)])])


def is_asked(kind: str, only: Iterable[str] | None) -> bool:
    """Whether the client wants actions of ``kind``: a kind contains those whose names begin with it."""
    return only is None or any(kind == k or kind.startswith(f"{k}.") for k in map(_name, only))


def _name(kind: str | types.CodeActionKind) -> str:
    return kind.value if isinstance(kind, types.CodeActionKind) else kind


def _overlaps(span: tuple[int, int], start: int, end: int) -> bool:
    return span[0] <= end and start <= span[1]


def _short(text: str) -> str:
    """A text in the title of an action: on one line, and not too long."""
    line = " ".join(text.split())
    return line if len(line) <= LONG else f"{line[: LONG - 1]}…"
