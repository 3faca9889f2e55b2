"""Classes that code finds at run time: through a namespace, in text that it runs, by annotations it reads."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from migrate.decide.drafts import Draft, Module
from migrate.decide.values import Constant, Local, Migrated, Partial, Symbol
from migrate.decide.walks import is_walked, names_a_class
from migrate.syntax.class_tests import type_argument

LISTERS = frozenset({"builtins.dir", "builtins.vars", "inspect.getmembers"})
RUNNERS = frozenset({"builtins.eval", "builtins.exec", "builtins.compile"})
IMPORTERS = frozenset({"importlib.import_module", "builtins.__import__"})
SIGNATURES = frozenset({"inspect.signature", "inspect.getfullargspec", "inspect.getcallargs"})
READERS = frozenset({"typing.get_type_hints", "typing_extensions.get_type_hints", "inspect.get_annotations"})
FROM_NAMESPACE = ("get", "pop", "__getitem__")


def decide_reflection(module: Module) -> None:
    """A review for each way by which the class may be found without being named in the code."""
    for node in module.index.all(ast.Attribute):
        if node.attr == "__dict__" and _is_package(module, node.value) and not _looks_elsewhere(module, node):
            _listed(module, node, node.value)
        elif node.attr == "__dict__":
            _held(module, node, node.value)
        elif node.attr == "keywords":
            _filled(module, node)
        elif node.attr == "__annotations__" and isinstance(node.ctx, ast.Load):
            _promised(module, node, node.value)
        elif node.attr == "__module__":
            _told_by_module(module, node)
    for call in module.index.all(ast.Call):
        for value in module.objects(call.func) if call.args else ():
            if isinstance(value, Symbol):
                _called(module, call, value.name)
    for item in module.index.all(ast.Subscript):
        if Symbol("sys.modules") in module.objects(item.value):
            _imported(module, item, item.slice)


def _called(module: Module, call: ast.Call, function: str) -> None:
    first = call.args[0]
    if function in LISTERS and _is_package(module, first) and not _looks_elsewhere(module, call):
        _listed(module, call, first)
    elif function == "builtins.vars":
        _held(module, call, first)
    elif function in SIGNATURES:
        _described(module, call, first)
    elif function in READERS:
        _promised(module, call, first)
    elif function in IMPORTERS:
        _imported(module, call, first)
    elif function in RUNNERS:
        names = sorted({name for text in _texts(module, first) for name in _named(module, text)})
        if names:
            message = (
                f"the text names {', '.join(names)} and is not read as Python: write MindSpore's class there by hand"
            )
            module.add(Draft("BN211", "string", names[0], call, message))


def _held(module: Module, place: ast.expr, owner: ast.expr) -> None:
    """The members of a layer as a mapping."""
    base = next((b for value in module.objects(owner) if (b := module.base_of(value)) is not None), None)
    if base is not None and not _looks_elsewhere(module, place, module.rules.members):
        message = (
            f"{ast.unparse(place)} holds the members of {base.rule.source.name}: MindSpore's have other names, and "
            "take no effect when they are written here"
        )
        module.add(Draft("BN211", "other", base.rule.source.name, place, message))


def _described(module: Module, call: ast.Call, cls: ast.expr) -> None:
    """The parameters of a class are read."""
    for value in module.objects(cls):
        if isinstance(value, Migrated):
            message = (
                f"{ast.unparse(call)} tells of the parameters of {value.rule.target.name}, which have other names and "
                "defaults: write what is needed of them out"
            )
            module.add(Draft("BN211", "other", value.rule.source.name, call, message))
            return


def _filled(module: Module, node: ast.Attribute) -> None:
    """The arguments of a partial are read, as they are after the migration."""
    rules = [v.of.rule for v in module.objects(node.value) if isinstance(v, Partial) and isinstance(v.of, Migrated)]
    parent = module.index.parent(node)
    if not rules or _is_passed_on(module, parent):
        return
    changed = {p.name for p in rules[0].parameters if p.treatment.action != "keep"}
    names = sorted(changed & module.file.project.queries.filled(node.value))
    if names:
        message = (
            f"{ast.unparse(node)} has {', '.join(names)} as {rules[0].target.name} takes them: convert them back where "
            "torch's meaning is needed"
        )
        module.add(Draft("BN211", "other", rules[0].source.name, node, message))


def _is_passed_on(module: Module, parent: ast.AST | None) -> bool:
    """Whether the arguments go to the class again: as ``**`` of a call, or into a mapping that is followed."""
    call = module.index.parent(parent) if isinstance(parent, ast.keyword) and parent.arg is None else parent
    if not isinstance(call, ast.Call):
        return isinstance(parent, ast.Dict)
    if call is parent:
        return getattr(call.func, "attr", getattr(call.func, "id", "")) in ("update", "dict")
    called = module.objects(call.args[0] if _is_partial(module, call) and call.args else call.func)
    return bool(called) and all(isinstance(getattr(v, "of", v), Migrated) for v in called)


def _is_partial(module: Module, call: ast.Call) -> bool:
    return Symbol("functools.partial") in module.objects(call.func)


def _is_package(module: Module, node: ast.expr) -> bool:
    """Whether an expression is a module that holds a migrated class."""
    return any(isinstance(v, Symbol) and v.name in module.rules.homes for v in module.objects(node))


def _looks_elsewhere(module: Module, namespace: ast.expr, names: frozenset[str] | None = None) -> bool:
    """``vars(nn)["ReLU"]``: the name that is looked up is told, and is none of ``names``, the migrated classes'."""
    parent = module.index.parent(namespace)
    key = parent.slice if isinstance(parent, ast.Subscript) and parent.value is namespace else None
    if isinstance(parent, ast.Attribute) and parent.attr in FROM_NAMESPACE:
        call = module.index.parent(parent)
        key = call.args[0] if isinstance(call, ast.Call) and call.args else None
    name = key.value if isinstance(key, ast.Constant) else None
    return isinstance(name, str) and name not in (module.rules.short_names if names is None else names)


def _listed(module: Module, place: ast.expr, owner: ast.expr) -> None:
    message = (
        f"all that {ast.unparse(owner)} holds may be looked at here: torch's class is among it, MindSpore's is not: "
        "name the classes"
    )
    module.add(Draft("BN211", "other", ast.unparse(owner), place, message))


def _imported(module: Module, place: ast.expr, name: ast.expr) -> None:
    found = sorted(module.rules.homes.intersection(_texts(module, name)))
    if found:
        message = f"{found[0]} is looked up by name, and torch's class comes with it: import MindSpore's class"
        module.add(Draft("BN211", "string", found[0], place, message))


def _texts(module: Module, node: ast.expr) -> Iterator[str]:
    """The strings that an expression may be, and the parts that a formatted one spells out."""
    if isinstance(node, ast.JoinedStr):
        yield from (str(v.value) for v in node.values if isinstance(v, ast.Constant))
    for value in sorted(module.file.evaluate(node), key=repr):
        if isinstance(value, Constant) and isinstance(value.value, str):
            yield value.value


def _named(module: Module, text: str) -> frozenset[str]:
    """The migrated classes that a text names."""
    return module.rules.short_names.intersection(re.findall(r"\w+", text))


def _promised(module: Module, place: ast.expr, owner: ast.expr) -> None:
    """Annotations are read: what comes out of them is MindSpore's class where they name it."""
    owners = [v.node for v in module.objects(owner) if isinstance(v, Local)]
    for draft in (d for d in module.drafts if d.code == "BN103" and d.role == "annotation"):
        if not owners or any(module.holds(o, draft.node) for o in owners if not isinstance(o, ast.Lambda)):
            message = (
                f"annotations are read here, and line {module.line_name(draft.node)} names {draft.symbol}: what is "
                "made of it takes MindSpore's arguments"
            )
            module.add(Draft("BN211", "other", draft.symbol, place, message))
            return


def _told_by_module(module: Module, node: ast.Attribute) -> None:
    """``type(m).__module__`` of what is, or may be, a layer."""
    subject = type_argument(module.index, node.value)
    if subject is None:
        return
    bases = [base for v in module.objects(subject) if (base := module.base_of(v)) is not None]
    symbol = bases[0].rule.source.name if bases else ast.unparse(subject)
    if bases or (is_walked(module.file, subject) and names_a_class(module.file.project)):
        message = "the class is told by its module, and MindSpore's is in another one: test for the class"
        module.add(Draft("BN215", "other", symbol, node, message))


def decide_computed(module: Module, call: ast.Call) -> None:
    """``getattr(nn, name)``: a review where the name may be a class's that this file spells in a string."""
    values = sorted(module.file.evaluate(call.args[1]), key=repr)
    known = [v.value for v in values if isinstance(v, Constant)]
    told = len(known) == len(values) > 0
    names = module.rules.short_names
    spelled = [str(c.value) for c in module.index.all(ast.Constant) if c.value in names] if not told else []
    found = sorted({*names.intersection(v for v in known if isinstance(v, str)), *spelled})
    owner = ast.unparse(call.args[0])
    if found:
        message = f"{ast.unparse(call)} may look up {found[0]}: torch's class would come back; name the class"
        module.add(Draft("BN211", "other", owner, call, message))
    elif not told:
        message = f"{ast.unparse(call)} may look up a migrated class: torch's class would come back"
        module.add(Draft("BN304", "other", owner, call, message))
