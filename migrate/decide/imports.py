"""What becomes of the imports: kept, swapped for MindSpore's, removed, or added."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from migrate.decide.binding import source_order
from migrate.decide.drafts import Draft, Module
from migrate.decide.new_imports import insertion
from migrate.decide.origins import Stays
from migrate.decide.references import place_of
from migrate.decide.values import Migrated
from migrate.edits import (
    ChangeArguments,
    Edit,
    NeedImport,
    ReferTo,
    RemoveImport,
    RepeatBranch,
    SetTensor,
    Spelling,
    SwapImport,
    Write,
)
from migrate.syntax.scopes import Binding, Scope

PACKAGE_NAMES = ("ms", "mindspore", "ms_", "mindspore_")
EXPORTED = "other files may import it from here: change it when they are migrated"
UNUSED = "nothing in this file uses it: if other files import it from here, change it when they are migrated"
UNREAD = "a magic may use it, which is not read as Python: change both by hand"
READS_NAMES = ("eval", "exec", "globals", "locals", "vars")


def plan_imports(module: Module) -> Spelling:
    """Decide all imports of the file, once every other decision stands; adds the drafts that change them."""
    references = [e for d in module.drafts for e in d.edits if isinstance(e, ReferTo)]
    needed = sorted({e.name for d in module.drafts for e in d.edits if isinstance(e, NeedImport)})
    rewritten = {e.node for e in references}
    swapped = _class_imports(module, rewritten)
    outside = [e for e in references if e.node not in swapped]
    lines: list[str] = []
    spelled: dict[ast.AST, str] = {e.node: swapped[e.node] for e in references if e.node in swapped}
    first = min((line_of(module, e.node) for e in outside), default=0)
    package = ""
    texts = {
        target: existing(module, target, [e.node for e in outside], first) for target in {e.target for e in outside}
    }
    for edit in outside:
        if not texts[edit.target]:
            package = package or free_name(module)
            texts[edit.target] = edit.target.replace("mindspore", package, 1)
        spelled[edit.node] = texts[edit.target]
    names, package, extra = _needed_names(module, needed, package)
    if package:
        lines.append("import mindspore" if package == "mindspore" else f"import mindspore as {package}")
    lines += extra
    _remove_unused(module, set(swapped))
    places = [line_of(module, _place(e, d)) for d in module.drafts for e in d.edits if _place(e, d) is not None]
    own = _own_imports(module)
    at, inserted = insertion(module.source, min(places, default=0), lines, own) if lines else (0, "")
    return Spelling(spelled, names, inserted, at, own)


def _own_imports(module: Module) -> frozenset[int]:
    """Where the top-level imports of the project's own modules start: relative ones, and of files of the run."""

    def is_own(statement: ast.stmt) -> bool:
        if isinstance(statement, ast.ImportFrom):
            return statement.level > 0 or module.file.imported_module(statement) is not None
        names = [a.name for a in statement.names] if isinstance(statement, ast.Import) else []
        return any(module.file.project.tree.absolute(module.source.path, name) for name in names)

    return frozenset(module.source.span(s).start for s in module.source.tree.body if is_own(s))


def keep_imports(module: Module) -> None:
    """Mark the imports of migrated classes that stay, since other files may get the class through them."""
    rewritten = {e.node for d in module.drafts for e in d.edits if isinstance(e, ReferTo)}
    for name, bindings in module.index.module.bindings.items():
        classes = [(b, c) for b in bindings if (c := _imported_class(module, b)) is not None]
        if classes:
            uses = module.index.uses(module.index.module, name)
            if _why_it_stays(module, name, bindings, classes, uses, rewritten):
                for binding, _ in classes:
                    module.leave(binding.node, Stays(f"whose import at line {module.line_name(binding.node)} stays"))
    for star in module.index.module.star_imports:
        module.leave(star, Stays(f"from a star import at line {module.line_name(star)}, which stays"))


def _place(edit: object, draft: Draft) -> ast.AST | None:
    """The node whose text needs a new import; the imports themselves need none."""
    return draft.node if isinstance(edit, (ReferTo, NeedImport)) else None


def line_of(module: Module, node: ast.AST | None) -> int:
    """The line of the top-level statement that holds ``node``."""
    assert node is not None
    top = node
    for ancestor in module.index.ancestors(node):
        if not isinstance(ancestor, ast.Module):
            top = ancestor
    decorators = getattr(top, "decorator_list", [])
    return int(min([top.lineno, *(d.lineno for d in decorators)]))  # type: ignore[attr-defined]


def _class_imports(module: Module, rewritten: set[ast.expr]) -> dict[ast.AST, str]:
    """Swap the from-imports of migrated classes where every use is migrated; returns those uses and their text."""
    swapped: dict[ast.AST, str] = {}
    for scope in module.index.inner.values():
        for name, bindings in scope.bindings.items():
            classes = [(b, c) for b in bindings if (c := _imported_class(module, b)) is not None]
            if not classes:
                continue
            uses = module.index.uses(scope, name)
            stays = _why_it_stays(module, name, bindings, classes, uses, rewritten)
            for binding, found in classes:
                _import_draft(module, binding, found, name, stays, bool(uses))
            if not stays:
                swapped.update((u, name) for u in uses)
    return swapped


def _imported_class(module: Module, binding: Binding) -> Migrated | None:
    statement = module.index.parent(binding.node)
    if not isinstance(binding.node, ast.alias) or not isinstance(statement, ast.ImportFrom):
        return None
    rule = module.rules.by_name.get(_qualified(module, binding))
    return Migrated(rule, None) if rule is not None else None


def _why_it_stays(
    module: Module,
    name: str,
    bindings: list[Binding],
    classes: list[tuple[Binding, Migrated]],
    uses: list[ast.Name],
    rewritten: set[ast.expr],
) -> str:
    """Why an import cannot be swapped; empty where it can."""
    if PurePath(module.source.path).name == "__init__.py" or name in _exported(module):
        return EXPORTED
    elsewhere = module.file.project.is_imported(module.source.path, name)
    if name in module.source.unread_words:
        return UNREAD
    if (not uses and not elsewhere) or name in module.index.opaque_words:
        return UNUSED
    if len({c.rule.name for _, c in classes}) > 1 or len(classes) < len(bindings):
        return "the name has other meanings in this file"
    first = min(getattr(b.node, "lineno", 0) for b in bindings)
    if any(s.lineno > first for s in module.index.module.star_imports):
        return "a star import below may bind the name again"
    if any(isinstance(module.index.parent(module.index.statement(b.node)), ast.ClassDef) for b in bindings):
        return "it is an attribute of a class, which other code may use"
    left = sum(u not in rewritten for u in uses)
    return f"{left} of its uses stay torch's" if left else ""


def _import_draft(module: Module, binding: Binding, found: Migrated, name: str, stays: str, used: bool) -> None:
    alias = binding.node
    statement = module.index.parent(alias)
    assert isinstance(alias, ast.alias) and isinstance(statement, ast.ImportFrom)
    place = place_of(module, alias)
    symbol = found.rule.source.name
    if stays:
        code = "BN307" if used and "stay torch's" in stays else "BN212"
        edits = _offered_import(module, statement, alias, found) if stays in (EXPORTED, UNUSED) else ()
        module.add(Draft(code, "import", symbol, place, f"the import of {name} stays: {stays}", suggestion=edits))
        return
    package, _, target = found.rule.target.name.rpartition(".")
    edit = SwapImport(statement, alias, package, target)
    module.add(Draft("BN104", "import", symbol, place, f"{symbol} is imported from {package}", (edit,)))


def _offered_import(module: Module, statement: ast.ImportFrom, alias: ast.alias, found: Migrated) -> tuple[Edit, ...]:
    """The import from the target's package, for a statement that imports nothing else."""
    if len(statement.names) > 1 or "#" in module.source.segment(statement):
        return ()
    package, _, target = found.rule.target.name.rpartition(".")
    local = alias.asname or (alias.name if alias.name != target else "")
    return (Write(statement, f"from {package} import {target}" + (f" as {local}" if local else "")),)


def _exported(module: Module) -> set[str]:
    """The names in ``__all__``."""
    names: set[str] = set()
    nodes: list[ast.AST] = [b.node for b in module.index.module.bindings.get("__all__", [])]
    for node in (*nodes, *module.index.loads.get("__all__", [])):
        statement = module.index.statement(node)
        names |= {n.value for n in ast.walk(statement) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return names


def existing(module: Module, target: str, places: Sequence[ast.AST], first: int) -> str:
    """``target`` through a MindSpore import that the file has already; empty where it has none that serves."""
    parts = target.split(".")
    for length in range(len(parts), 0, -1):
        prefix = ".".join(parts[:length])
        for name in module.index.module.bindings:
            if _serves(module, name, prefix, places, first):
                return ".".join([name, *parts[length:]])
    return ""


def _serves(module: Module, name: str, qualified: str, places: Sequence[ast.AST], first: int) -> bool:
    """Whether ``name`` is bound to ``qualified`` by one import above line ``first`` and seen in all ``places``."""
    bindings = module.index.module.bindings.get(name, [])
    if (
        len(bindings) != 1
        or not isinstance(bindings[0].node, ast.alias)
        or _qualified(module, bindings[0]) != qualified
    ):
        return False
    statement = module.index.statement(bindings[0].node)
    top = isinstance(module.index.parent(statement), ast.Module) and statement.lineno < first
    deleted = any(isinstance(n.ctx, ast.Del) for n in module.index.loads.get(name, ()))
    return top and not deleted and all(module.index.scope(p).resolve(name) is module.index.module for p in places)


def _qualified(module: Module, binding: Binding) -> str:
    statement, alias = module.index.parent(binding.node), binding.node
    assert isinstance(alias, ast.alias)
    if isinstance(statement, ast.ImportFrom):
        return "." * statement.level + f"{statement.module or ''}.{alias.name}"
    return alias.name if alias.asname else alias.name.partition(".")[0]


def is_taken(module: Module, name: str) -> bool:
    return name in module.index.loads or any(name in s.bindings for s in module.index.inner.values())


def free_name(module: Module) -> str:
    """A name for the package; the usual one is free also where the file reads it and nothing can have bound it."""
    usual = PACKAGE_NAMES[0]
    bound = any(usual in s.bindings or s.star_imports for s in module.index.inner.values())
    if not bound and not any(n in module.index.loads for n in READS_NAMES):
        return usual
    return next(n for n in (*PACKAGE_NAMES, *(f"ms{i}" for i in range(2, 1000))) if not is_taken(module, n))


def _needed_names(module: Module, needed: list[str], package: str) -> tuple[dict[str, str], str, list[str]]:
    """The text for each needed function or module, the name of the package, and the import lines for what it lacks.

    What stands directly in the package is spelled through it, as in all else that is written, and so is a function
    whose own name is taken.
    """
    names: dict[str, str] = {}
    missing: dict[str, list[str]] = {}
    for qualified in needed:
        parent, _, short = qualified.rpartition(".")
        users = [d.node for d in module.drafts if NeedImport(qualified) in d.edits]
        first = min(line_of(module, u) for u in users)
        if _serves(module, short, qualified, users, first):
            names[qualified] = short
        elif "." in parent and not is_taken(module, short):
            names[qualified] = short
            missing.setdefault(parent, []).append(short)
        elif text := existing(module, qualified, users, first):
            names[qualified] = text
        else:
            package = package or free_name(module)
            names[qualified] = qualified.replace("mindspore", package, 1)
    return names, package, [f"from {parent} import {', '.join(sorted(short))}" for parent, short in missing.items()]


def _remove_unused(module: Module, swapped: set[ast.AST]) -> None:
    """Remove the torch imports that the migration leaves without a use, or say why one stays."""
    if PurePath(module.source.path).name == "__init__.py" or any(n in module.index.loads for n in READS_NAMES):
        return
    made = [e for d in module.drafts for e in d.edits]
    gone = (
        {n for e in made for n in _dropped_names(e)} - swapped - {n for e in made for n in _repeated_names(module, e)}
    )
    unused = [b for b in _unused(module, gone) if _qualified(module, b).partition(".")[0] == "torch"]
    said = {id(d.node) for d in module.drafts if d.role == "import"}
    unused = [b for b in unused if not {id(b.node), id(module.index.statement(b.node))} & said]
    statements = {module.index.statement(b.node) for b in unused}
    for binding in unused:
        alias, statement = binding.node, module.index.parent(binding.node)
        assert isinstance(alias, ast.alias) and isinstance(statement, (ast.Import, ast.ImportFrom))
        place = place_of(module, alias)
        stays = _why_it_is_kept(module, statement, alias, statements)
        done = f"its import stays for {stays}" if stays else "its import was removed"
        message = f"{binding.name} has no use left: {done}"
        edits = () if stays else (RemoveImport(statement, alias),)
        module.add(Draft("BN307", "import", _qualified(module, binding), place, message, edits))


def _unused(module: Module, gone: set[ast.Name]) -> list[Binding]:
    """The import bindings whose last uses are among the names that are ``gone``."""
    exported = _exported(module)
    by_name: dict[tuple[Scope, str], int] = {}
    for name in gone:
        scope = module.index.scope(name).resolve(name.id)
        if scope is not None and name.id not in exported and name.id not in module.index.opaque_words:
            by_name[scope, name.id] = by_name.get((scope, name.id), 0) + 1
    unused = [key for key, n in by_name.items() if n == len(module.index.uses(*key))]
    return [b for scope, name in unused for b in scope.bindings[name] if isinstance(b.node, ast.alias)]


def _why_it_is_kept(
    module: Module, statement: ast.Import | ast.ImportFrom, alias: ast.alias, going: set[ast.stmt]
) -> str:
    """What an unused import is kept for; empty where it may go."""
    source = module.source
    span = source.span(statement)
    line = source.text[source.line_start(span.start) : source.line_end(span.end)]
    if alias.asname == alias.name:
        return "those who import it from here"
    if "#" in line:
        return "its comment"
    if line.strip() != source.segment(statement).strip():
        return "the other statements on its line"
    if isinstance(module.index.parent(statement), (ast.Try, ast.ExceptHandler)):
        return "the try around it"
    if all(s in going for s in module.index.block(statement)):
        return "the block that it fills"
    return "a comment that asks for it" if module.is_skipped(statement, "BN104", "BN307") else ""


def _dropped_names(edit: object) -> Iterator[ast.Name]:
    """The names that disappear from the text with an edit."""
    expressions: list[ast.AST] = []
    if isinstance(edit, ReferTo):
        expressions = [edit.node]
    elif isinstance(edit, SetTensor) and edit.form == "function" and isinstance(edit.node, ast.Call):
        expressions = [edit.node.func]
    elif isinstance(edit, ChangeArguments) and isinstance(edit.node, ast.Call):
        order = source_order(edit.node)
        expressions = [order[i] for i, change in edit.changes if change.drop]
    elif isinstance(edit, ChangeArguments):
        values = edit.node.values if isinstance(edit.node, ast.Dict) else getattr(edit.node, "elts", [])
        expressions = [values[i] for i, change in edit.changes if change.drop]
    for expression in expressions:
        yield from (n for n in ast.walk(expression) if isinstance(n, ast.Name))


def _repeated_names(module: Module, edit: object) -> Iterator[ast.Name]:
    """The names that stay in the text, since a copy of their branch keeps them."""
    if isinstance(edit, RepeatBranch):
        changed = {n for e in edit.edits for n in _dropped_names(e)}
        names = (n for n in module.index.all(ast.Name) if n not in changed)
        yield from (n for n in names if module.holds(edit.node, n))
