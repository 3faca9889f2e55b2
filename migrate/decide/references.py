"""Every expression that spells a migrated class, what it is there for, and what becomes of it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from migrate.decide import offers
from migrate.decide.drafts import Draft, Module
from migrate.decide.origins import ON_REQUEST, Stays
from migrate.decide.values import NONE, Migrated, Symbol, Values, has_rule
from migrate.edits import Edit, ReferTo
from migrate.findings import Role
from migrate.rule import Related
from migrate.syntax.class_tests import type_argument
from migrate.syntax.index import Index

PATTERN = "the pattern reads attributes that MindSpore calls otherwise: test the class, then read them"
NOT_CLASSES = "the name is bound to different things: {}. Migrate by hand, or give each its own name"


@dataclass(frozen=True, slots=True)
class Reference:
    """An expression that means a migrated class.

    ``direct`` when its text spells the class through imports, as against a name assigned in the file.
    """

    node: ast.Name | ast.Attribute
    values: Values
    direct: bool


def find_references(module: Module) -> dict[ast.AST, Reference]:
    """The references of a file by node, in the order of the text."""
    candidates: list[ast.Name | ast.Attribute] = []
    _leave_class_attributes(module)
    last = module.rules.short_names | {name.rpartition(".")[2] for name in module.rules.related}
    candidates += [a for a in module.index.all(ast.Attribute) if a.attr in last]
    for name in _class_names(module, last):
        candidates += module.index.loads.get(name, [])
    found: dict[ast.AST, Reference] = {}
    for node in sorted(candidates, key=lambda n: (n.lineno, n.col_offset)):
        values = module.file.evaluate(node)
        spelled = [v for v in values if isinstance(v, Migrated)]
        direct = any(v.reference is node for v in spelled)
        if _is_owner_of_related(module, node):
            continue
        if direct or (spelled and isinstance(node, ast.Name) and _is_alias(module, node)):
            found[node] = Reference(node, values, direct)
        else:
            _unmigrated(module, node, values)
    module.skipped_names = frozenset(node for node in found if _is_import_skipped(module, node))
    return found


def _is_import_skipped(module: Module, node: ast.AST) -> bool:
    """Whether a comment asks to leave the import that brings a name."""
    bindings = module.file.bindings(node) if isinstance(node, ast.Name) else []
    aliases = [b.node for b in bindings if isinstance(b.node, ast.alias)]
    return any(module.is_skipped(place_of(module, alias), "BN104") for alias in aliases)


def place_of(module: Module, alias: ast.alias) -> ast.alias | ast.stmt:
    """Where a finding about an import stands: the name, or the statement that brings nothing else."""
    statement = module.index.statement(alias)
    return alias if len(getattr(statement, "names", ())) > 1 else statement


def _leave_class_attributes(module: Module) -> None:
    """An import in a class body stays, so what is reached through the class stays torch's."""
    for scope in module.index.inner.values():
        for binding in (b for bindings in scope.bindings.values() for b in bindings if scope.is_class):
            if binding.kind == "import":
                why = f"imported in a class body at line {module.line_name(binding.node)}"
                module.leave(binding.node, Stays(why))


def _is_owner_of_related(module: Module, node: ast.expr) -> bool:
    """The class in ``SyncBatchNorm.convert_sync_batchnorm``, which stays with its method."""
    parent = module.index.parent(node)
    if not isinstance(parent, ast.Attribute):
        return False
    return any(isinstance(v, Symbol) and v.name in module.rules.related for v in module.file.evaluate(parent))


def _class_names(module: Module, last: frozenset[str] | set[str]) -> set[str]:
    """The names that a file binds to a migrated class, or may get from a star import."""
    names = set(last) if module.index.module.star_imports else set()
    assigned: list[tuple[str, ast.expr]] = []
    for scope in module.index.inner.values():
        for name, bindings in scope.bindings.items():
            for b in bindings:
                if isinstance(b.node, ast.alias) and b.node.name.rpartition(".")[2] in last:
                    names.add(name)
                elif b.kind == "value" and isinstance(b.value, (ast.Name, ast.Attribute)):
                    assigned.append((name, b.value))
    grown = -1
    while grown != len(names):
        grown = len(names)
        for name, value in assigned:
            if (
                value.attr in last
                if isinstance(value, ast.Attribute)
                else isinstance(value, ast.Name) and value.id in names
            ):
                names.add(name)
    return names


def _is_alias(module: Module, node: ast.Name, seen: frozenset[str] = frozenset()) -> bool:
    """Whether the name is assigned nothing but spelled-out classes, or other such names."""
    bindings = module.file.bindings(node)
    return bool(bindings) and all(
        b.kind == "value" and b.value is not None and _spells_class(module, b.value, seen | {node.id}) for b in bindings
    )


def _spells_class(module: Module, value: ast.expr, seen: frozenset[str]) -> bool:
    if any(isinstance(v, Migrated) and v.reference is value for v in module.file.evaluate(value)):
        return True
    return isinstance(value, ast.Name) and value.id not in seen and _is_alias(module, value, seen)


def _unmigrated(module: Module, node: ast.Name | ast.Attribute, values: Values) -> None:
    """Related symbols, and names that only a star import can have brought."""
    for value in values:
        related = module.rules.related.get(value.name) if isinstance(value, Symbol) else None
        if isinstance(value, Symbol) and related is not None:
            _related(module, node, value.name, related)
            return
    if any(has_rule(v, module.rules) for v in values):
        return  # MindSpore's class, by a star import as well
    if isinstance(node, ast.Name) and node.id in module.rules.short_names and not module.file.bindings(node):
        stars = ", ".join("." * s.level + (s.module or "") for s in module.index.module.star_imports)
        message = f"{node.id} may come from the star import of {stars}: import it by name, then migrate again"
        module.add(Draft("BN203", role_of(module.index, node), node.id, node, message))


def _related(module: Module, node: ast.Name | ast.Attribute, name: str, related: Related) -> None:
    message = f"{name} has no rewrite: {related.advice}"
    edits = offers.related(module, node, related, role_of(module.index, node)).edits
    module.add(Draft("BN210", related.role, name, node, message, suggestion=edits))
    if related.classes:
        reviewed = not module.is_skipped(node, "BN210")
        module.leave(node, Stays(f"left at line {module.line_name(node)}", reviewed=reviewed))


def role_of(index: Index, node: ast.expr) -> Role:
    """What a reference is there for."""
    if node in index.annotations:
        return "annotation"
    child: ast.AST = node
    for parent in index.ancestors(node):
        if isinstance(parent, ast.Call):
            if child is parent.func:
                return "call" if child is node else "reference"
            tests = isinstance(parent.func, ast.Name) and parent.func.id in ("isinstance", "issubclass")
            return "isinstance" if tests and len(parent.args) == 2 and child is parent.args[1] else "reference"
        if isinstance(parent, ast.ClassDef):
            return "base" if child in parent.bases else "reference"
        if isinstance(parent, ast.arguments):
            return "default"
        if isinstance(parent, ast.MatchClass):
            return "isinstance"
        if isinstance(parent, ast.Compare):
            sides = [parent.left, *parent.comparators]
            return "isinstance" if any(type_argument(index, s) is not None for s in sides) else "reference"
        if isinstance(parent, ast.stmt) or not isinstance(parent, (ast.Tuple, ast.List, ast.Set, ast.BinOp)):
            return "reference"
        child = parent
    return "reference"


def decide_reference(module: Module, reference: Reference) -> None:
    """A reference that is not itself called: rewritten, unless its meaning or its place is in doubt."""
    node = reference.node
    role = role_of(module.index, node)
    migrated = _first(reference.values)
    symbol = migrated.rule.source.name
    code, message = _doubt(module, reference, role)
    if code:
        edits = _with_format(module, node, migrated) if code == "BN216" else ()
        leave(module, reference, Draft(code, role, symbol, node, message, suggestion=edits))
        return
    spoken = None if reference.direct else module.spoken_for(map(module.why_left, origins_of(reference)))
    origin = spoken or module.first_left(origins_of(reference)) or module.held_back(node)
    if spoken is not None:
        module.add(module.stays(spoken, role, symbol, f"{ast.unparse(node)} is {symbol}", node, spoken=True))
        module.leave(node, spoken)
        return
    if origin is not None:
        message = f"{ast.unparse(node)} is {symbol}, {origin.why}"
        leave(module, reference, Draft("BN213", role, symbol, node, message))
        return
    target = migrated.rule.target.name
    edits = (ReferTo(node, target),) if reference.direct else ()
    stays = "" if reference.direct else f": {ast.unparse(node)} is assigned in this file"
    module.add(Draft("BN103", role, symbol, node, f"{symbol} becomes {target}{stays}", edits))
    if module.is_skipped(node, "BN103"):
        module.leave(node, ON_REQUEST)


def cut_short(reference: Reference) -> Draft:
    """A review that says that files were not read, at the first reference of a run."""
    message = (
        "more files may use what has this class than a run reads beside those that name one: it is followed into none "
        "of them; give bn-migrate the folders that you port, without the others"
    )
    return Draft("BN222", "other", _first(reference.values).rule.source.name, reference.node, message)


def leave_all(module: Module, nodes: Iterable[ast.AST], asked: bool) -> None:
    """Nothing of the file changes, so what other files get from it stays the source framework's."""
    why = "since a comment asks to leave the file" if asked else "in a file that stays as it is"
    for node in (*nodes, *module.index.all(ast.alias)):
        module.leave(node, Stays(f"left at line {module.line_name(node)}, {why}", asked))


def _with_format(module: Module, node: ast.expr, migrated: Migrated) -> tuple[Edit, ...]:
    """The class as a partial, with what it does not carry alone."""
    carried = [f"{keyword}={value}" for _, keyword, value in migrated.rule.written_out]
    if module.data_format in migrated.rule.target.data_formats and module.data_format != "NCHW":
        carried.append(f"data_format={module.data_format!r}")
    text = f"{{functools.partial}}({{{migrated.rule.target.name}}}, {', '.join(carried)})"
    return offers.written(node, text, {}).edits


def leave(module: Module, reference: Reference, draft: Draft) -> None:
    """Keep ``draft`` and remember that its reference, and so every instance made from it, stays."""
    module.add(draft)
    asked = module.is_skipped(reference.node, draft.code)
    reviewed = not module.is_skipped(draft.node, draft.code)
    module.leave(reference.node, Stays(f"left at line {module.line_name(reference.node)}", asked, reviewed=reviewed))


def origins_of(reference: Reference) -> Iterator[ast.AST | None]:
    """The expressions that spell the classes which a reference means, other than itself."""
    return (v.reference for v in reference.values if isinstance(v, Migrated) and v.reference is not reference.node)


def ambiguity(module: Module, reference: Reference) -> str:
    """Why the name may mean something else; empty where it cannot."""
    others = [v for v in reference.values - {NONE} if not isinstance(v, Migrated)]
    rules = {v.rule.name for v in reference.values if isinstance(v, Migrated)}
    spelled = {v.reference is reference.node for v in reference.values if isinstance(v, Migrated)}
    if others or (reference.direct and (len(rules) > 1 or len(spelled) > 1)):
        return NOT_CLASSES.format(module.described(reference.values - {NONE}))
    return ""


def _doubt(module: Module, reference: Reference, role: Role) -> tuple[str, str]:
    """The review that a reference needs, as code and message; empty where it can be rewritten."""
    node = reference.node
    parent = module.index.parent(node)
    if not isinstance(node.ctx, ast.Load):
        return "BN211", "the class itself is replaced or deleted here: patch the MindSpore class by hand"
    if _patches(module, node):
        return "BN211", "this patches another module's class: decide there which class it is to be"
    unsure = ambiguity(module, reference)
    if unsure:
        return "BN203", unsure
    if _is_opened(module, node):
        return "BN211", "code reaches into the class: MindSpore's has other methods, so port this use by hand"
    if isinstance(parent, ast.Call) and getattr(parent.func, "id", "") == "super":
        return "BN211", "super() starts behind another class here: port this use by hand"
    if role == "base":
        doubt = module.doubts.get(parent, "") if isinstance(parent, ast.ClassDef) else ""
        return ("BN209", doubt) if doubt else ("", "")
    if isinstance(parent, ast.MatchClass) and _reads_renamed(parent, reference.values):
        return "BN205", PATTERN
    if role in ("reference", "default") and _first(reference.values).rule.written_out:
        rule = _first(reference.values).rule
        given = ", ".join(f"{keyword}={value}" for _, keyword, value in rule.written_out)
        return "BN216", f"a class alone does not carry {given}: write functools.partial({rule.target.name}, {given})"
    if module.data_format != "NCHW" and role in ("reference", "default"):
        rule = _first(reference.values).rule
        if module.data_format in rule.target.data_formats:
            advice = f"functools.partial({rule.target.name}, data_format='{module.data_format}')"
            return "BN216", f"a class alone does not carry data_format: write {advice}"
    return "", ""


def _first(values: Values) -> Migrated:
    """The migrated class among ``values``, the same one in every process where there are several."""
    return next(v for v in sorted(values, key=repr) if isinstance(v, Migrated))


def _is_opened(module: Module, node: ast.expr) -> bool:
    """An attribute of the class itself, ``BatchNorm2d.forward``, or ``setattr(BatchNorm2d, ...)``."""
    parent = module.index.parent(node)
    if isinstance(parent, ast.Attribute):
        return parent.attr not in ("__name__", "__qualname__", "__module__", "__doc__")
    setter = isinstance(parent, ast.Call) and getattr(parent.func, "id", "") in ("setattr", "delattr")
    return setter and parent.args[0] is node  # type: ignore[union-attr]


def _reads_renamed(pattern: ast.MatchClass, values: Values) -> bool:
    """Whether a class pattern reads an attribute that has another name, or none, in the target."""
    rule = _first(values).rule
    renamed = {name for name, attribute in rule.attributes.items() if attribute.to != name}
    return bool(pattern.patterns or set(pattern.kwd_attrs) & renamed)


def _patches(module: Module, node: ast.expr) -> bool:
    """``other.BatchNorm2d = torch.nn.BatchNorm2d``: the class under its own name in another namespace."""
    parent = module.index.parent(node)
    if not isinstance(parent, ast.Assign):
        return False
    targets = [t for t in parent.targets if isinstance(t, ast.Attribute)]
    own = ("self", "cls")
    return any(t.attr in module.rules.short_names and getattr(t.value, "id", "") not in own for t in targets)
