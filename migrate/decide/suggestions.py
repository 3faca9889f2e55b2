"""How the rewritten file spells the names in what a review offers to write, and which import that takes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from migrate.decide.drafts import Draft, Module
from migrate.decide.imports import existing, free_name, is_taken, line_of
from migrate.edits import PLACE, NeedImport, ReferTo, Spelling, SwapImport, Write


def spell_suggestions(module: Module, plan: Spelling) -> None:
    """Settle the names of all suggestions, once the imports are planned; one that cannot be spelled is dropped."""
    brought = _brought(module, plan)
    module.drafts[:] = [_spelled(module, d, brought) if d.suggestion else d for d in module.drafts]


def _spelled(module: Module, draft: Draft, brought: dict[str, tuple[str, int]]) -> Draft:
    if any(isinstance(a, (ast.JoinedStr, ast.Constant)) for a in module.index.ancestors(draft.node)):
        return replace(draft, suggestion=())  # inside a string, where other quotes would have to be used
    texts: dict[str, str] = {}
    missing: set[str] = set()
    for name in _names(draft):
        text, line = _text(module, name, draft, brought)
        if not text:
            return replace(draft, suggestion=())
        texts[name] = text
        missing |= {line} - {""}
    references: dict[ast.AST, str] = {e.node: texts[e.target] for e in draft.suggestion if isinstance(e, ReferTo)}
    return replace(draft, spelling=Spelling(references, texts), needs=tuple(sorted(missing)))


def _names(draft: Draft) -> Iterator[str]:
    """The qualified names that a suggestion needs."""
    for edit in draft.suggestion:
        if isinstance(edit, ReferTo):
            yield edit.target
        elif isinstance(edit, NeedImport):
            yield edit.name
        elif isinstance(edit, Write):
            yield from (name for name in PLACE.findall(edit.text) if "." in name)


def _text(module: Module, name: str, draft: Draft, brought: dict[str, tuple[str, int]]) -> tuple[str, str]:
    """The text for a qualified name, and the import it takes beyond those of the rewritten file; empty for none."""
    found = existing(module, name, [draft.node], line_of(module, draft.node))
    if found:
        return found, ""
    place = module.source.span(draft.node).start
    scope = module.index.scope(draft.node)
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        local, since = brought.get(".".join(parts[:length]), ("", 0))
        if local and since <= place and scope.resolve(local) in (None, module.index.module):
            return ".".join([local, *parts[length:]]), ""
    package = parts[0]
    if package in brought:
        return "", ""
    if package == "mindspore":
        local = free_name(module)
        return ".".join([local, *parts[1:]]), "import mindspore" + (f" as {local}" if local != package else "")
    return ("", "") if is_taken(module, package) else (name, f"import {package}")


def _brought(module: Module, plan: Spelling) -> dict[str, tuple[str, int]]:
    """What the migration imports at the top level, by qualified name: the local name, and from which offset on."""
    found: dict[str, tuple[str, int]] = {}
    for statement in ast.parse(plan.inserted.strip().removeprefix("; ")).body:
        assert isinstance(statement, (ast.Import, ast.ImportFrom))
        start = f"{statement.module}." if isinstance(statement, ast.ImportFrom) else ""
        found.update({start + a.name: (a.asname or a.name, plan.at) for a in statement.names})
    for swap in (e for d in module.drafts for e in d.edits if isinstance(e, SwapImport)):
        local = swap.alias.asname or swap.alias.name
        if isinstance(module.index.parent(swap.statement), ast.Module):
            found[f"{swap.module}.{swap.name}"] = (local, module.source.span(swap.statement).end)
    return found
