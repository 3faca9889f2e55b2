"""Branches that serve migrated classes and others alike, such as ``isinstance(m, (A, B))``: one for each."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from migrate.decide.broad import BROAD
from migrate.decide.drafts import Draft, Module
from migrate.decide.instances import decide_use, treatment
from migrate.decide.values import Instance, Local, Migrated, Symbol, Value
from migrate.edits import Edit, KeepClasses, NeedImport, RepeatBranch
from migrate.syntax.class_tests import type_argument
from migrate.syntax.paths import dotted
from migrate.syntax.source import Located

CALLS = (ast.Call, ast.NamedExpr, ast.Await)


@dataclass(frozen=True, slots=True)
class ClassTest:
    """``node`` tests whether the object at ``path`` is an instance of one of ``classes``, in the order of the text."""

    node: ast.expr
    path: str
    classes: tuple[ast.expr, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """The classes at some ``places`` of a test that share their names, and their instances."""

    migrated: bool
    places: tuple[int, ...] = ()
    values: tuple[Value, ...] = ()


def split_branches(module: Module) -> None:
    """Give the classes of a test a branch of their own where they no longer share the names that it uses."""
    for branch in module.index.all(ast.If):
        test = class_test(module, branch.test)
        if test is not None and len(test.classes) > 1 and _may_repeat(module, branch, test):
            _split(module, branch, test)


def _split(module: Module, branch: ast.If, test: ClassTest) -> None:
    uses = [n for n in _repeated(branch, test) if isinstance(n, ast.Attribute) and dotted(n.value) == test.path]
    parts = _parts(module, test, {n.attr for n in uses})
    if len(parts) < 2 or not _is_certain(module, branch, test, parts, uses):
        return
    migrated = [(p, drafts) for p in parts if (drafts := _drafts(module, p, uses))]
    if not migrated or any(p.migrated for p in parts if p not in [m for m, _ in migrated]):
        return
    first, drafts = migrated[0]
    rest = [*migrated[1:], *((p, []) for p in parts if not p.migrated)]
    symbol = drafts[0].symbol.rpartition(".")[0]
    names = module.described(v for p in parts for v in p.values)
    message = f"{names} no longer share the names used here: a branch for each"
    whole = module.to_line_end(branch, branch.body[-1])
    edits = _edits(module, whole, test, first, rest)
    for draft in (Draft("BN109", "isinstance", symbol, whole, message, edits), *drafts):
        module.add(draft)
    module.decided.update(uses)


def _edits(
    module: Module, whole: ast.stmt, test: ClassTest, first: _Part, rest: list[tuple[_Part, list[Draft]]]
) -> tuple[Edit, ...]:
    """The branch, which is ``whole``, keeps the classes of ``first``; a copy for each other part follows."""
    spelled = [e for d in module.drafts if module.holds(test.node, d.node) for e in d.edits]
    edits: list[Edit] = [KeepClasses(test.node, first.places)]
    for part, drafts in rest:
        inner = [*spelled, *(e for d in drafts for e in d.edits), KeepClasses(test.node, part.places)]
        edits += [e for e in inner if isinstance(e, NeedImport)]
        edits.append(RepeatBranch(whole, tuple(e for e in inner if not isinstance(e, NeedImport))))
    return tuple(edits)


def class_test(module: Module, test: ast.expr) -> ClassTest | None:
    """The test for classes that ``test`` is, or the first one among conditions that hold together."""
    if isinstance(test, ast.BoolOp):
        found = [t for v in test.values if (t := class_test(module, v)) is not None]
        if isinstance(test.op, ast.And):
            return found[0] if found else None
        same = [t.node for t in found] == test.values and len({t.path for t in found}) == 1
        return ClassTest(test, found[0].path, tuple(c for t in found for c in t.classes)) if same else None
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id == "isinstance":
        fits = len(test.args) == 2 and not test.keywords
        return ClassTest(test, dotted(test.args[0]), tuple(_listed(test.args[1]))) if fits else None
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        subject, against = type_argument(module.index, test.left), test.comparators[0]
        path = dotted(subject) if subject is not None else ""
        if path and isinstance(test.ops[0], ast.In) and isinstance(against, (ast.Tuple, ast.List, ast.Set)):
            return ClassTest(test, path, tuple(against.elts))
        if path and isinstance(test.ops[0], (ast.Is, ast.Eq)):
            return ClassTest(test, path, (against,))
    return None


def _listed(classes: ast.expr) -> Iterator[ast.expr]:
    """The classes of ``(A, B)`` and ``A | B``."""
    if isinstance(classes, ast.Tuple):
        for element in classes.elts:
            yield from _listed(element)
    elif isinstance(classes, ast.BinOp) and isinstance(classes.op, ast.BitOr):
        yield from _listed(classes.left)
        yield from _listed(classes.right)
    else:
        yield classes


def _may_repeat(module: Module, branch: ast.If, test: ClassTest) -> bool:
    """Whether the text of the branch may stand there twice: its test has no effect, its statements bind no name, and
    no comment would have to go or asks to leave it alone."""
    last = branch.body[-1].end_lineno or 0
    return (
        bool(test.path)
        and not any(isinstance(n, ast.NamedExpr) for n in ast.walk(test.node))
        and not any(isinstance(n, CALLS) for n in _conditions(branch, test))
        and "#" not in module.source.segment(test.node)
        and not module.skips.covers(branch.lineno, last, "BN1")
        and all(map(_binds_nothing, branch.body))
    )


def _binds_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.With):
        return all(i.optional_vars is None for i in statement.items) and all(map(_binds_nothing, statement.body))
    if isinstance(statement, ast.If):
        return all(map(_binds_nothing, [*statement.body, *statement.orelse]))
    if isinstance(statement, ast.Assign):
        return all(isinstance(t, ast.Attribute) for t in statement.targets)
    return isinstance(statement, (ast.Expr, ast.Pass, ast.Continue, ast.Break, ast.Return))


def _conditions(branch: ast.If, test: ClassTest) -> list[ast.AST]:
    """What the test of the branch holds besides the one for classes."""
    inner = set(ast.walk(test.node))
    return [n for n in ast.walk(branch.test) if n not in inner]


def _repeated(branch: ast.If, test: ClassTest) -> list[ast.AST]:
    """What stands in the text for each part of the classes."""
    return [*_conditions(branch, test), *(n for s in branch.body for n in ast.walk(s))]


def _parts(module: Module, test: ClassTest, names: set[str]) -> list[_Part]:
    """The classes by what becomes of ``names`` in their instances; nothing where one of them is in doubt."""
    parts: dict[object, _Part] = {}
    for place, node in enumerate(test.classes):
        spelled = module.file.evaluate(node) if _is_spelled(module, node) else ()
        values = [Instance(v) for v in spelled if isinstance(v, (Symbol, Migrated, Local))]
        if not values or len(values) < len(spelled):
            return []
        bases = [module.base_of(v) for v in values]
        kinds = {None if b is None else tuple(treatment(b.rule, n) for n in sorted(names)) for b in bases}
        if len(kinds) > 1 or (None in kinds and not all(_is_unrelated(module, v.of) for v in values)):
            return []
        kind = kinds.pop()
        part = parts.get(kind, _Part(kind is not None))
        parts[kind] = _Part(part.migrated, (*part.places, place), (*part.values, *values))
    return list(parts.values())


def _is_spelled(module: Module, node: ast.expr) -> bool:
    """Whether an expression names a class of an import or of this file, also through names that are bound once."""
    while isinstance(node, ast.Attribute):
        node = node.value
    bindings = module.file.bindings(node) if isinstance(node, ast.Name) else []
    if len(bindings) == 1 and bindings[0].kind == "value" and bindings[0].value is not None:
        return not isinstance(bindings[0].value, ast.Name) and _is_spelled(module, bindings[0].value)
    return bool(bindings) and all(b.kind in ("import", "class") for b in bindings)


def _is_unrelated(module: Module, of: Symbol | Migrated | Local) -> bool:
    """Whether a class is known to be neither above nor below a migrated one, nor one that another file migrates."""
    if isinstance(of, Symbol):
        return of.name.startswith("torch.") and of.name not in BROAD and of.name not in module.rules.related
    if not isinstance(of, Local) or not isinstance(of.node, ast.ClassDef):
        return False
    bases = [v for b in of.node.bases for v in module.file.evaluate(b)]
    return all(isinstance(b, Symbol) and (b.name in BROAD or _is_unrelated(module, b)) for b in bases)


def _is_certain(module: Module, branch: ast.If, test: ClassTest, parts: list[_Part], uses: list[ast.Attribute]) -> bool:
    """Whether ``uses`` are all that the branch has to do with the object, and nothing else in it changes."""
    values = {v for p in parts for v in p.values}
    nodes = _repeated(branch, test)
    owners = {n.value for n in uses if n.attr in module.rules.members}
    if not uses or any(dotted(n) == test.path and n not in owners for n in nodes):
        return False
    others = [n for n in nodes if isinstance(n, ast.Attribute) and n not in uses]
    drafts = [decide_use(module, n, module.objects(n.value)) for n in others]
    places: list[Located] = [branch.test, *branch.body]
    inside = [d for d in module.drafts if any(module.holds(p, d.node) for p in places)]
    drafts += [d for d in inside if not module.holds(test.node, d.node)]
    same = all(set(module.objects(n.value)) == values for n in uses)
    return same and not any(d is not None and (d.edits or d.kind == "review") for d in drafts)


def _drafts(module: Module, part: _Part, uses: list[ast.Attribute]) -> list[Draft]:
    """What becomes of the uses where the object is of this part; nothing where one of them has no rewrite."""
    if not part.migrated:
        return []
    values = sorted(part.values, key=repr)
    drafts = [d for n in uses if (d := decide_use(module, n, values)) is not None]
    certain = all(d.edits or d.code in ("BN110", "BN303") for d in drafts) and len(drafts) == len(uses)
    return drafts if certain and any(d.edits for d in drafts) else []
