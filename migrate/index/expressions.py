"""Expressions: the node that holds what each can give."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

from migrate.index.arithmetic import compared, give_key, operation, signed
from migrate.index.builder import Builder
from migrate.index.calls import BY_NAME, COPYING, METHODS, Passed, hand_on, imported, plain_call, put
from migrate.index.displays import mapping, sequence
from migrate.index.functions import ArgumentValues, given_back, signature, yielded
from migrate.index.narrowing import Condition, conditions
from migrate.index.regions import enter_again, may_be, told, walrused, without
from migrate.index.scopes import Scope
from migrate.index.slices import sliced, unpacked
from migrate.index.summary import (
    KEYS,
    METHOD,
    NO_LITERAL,
    NOBODY,
    PART,
    Display,
    Use,
    element,
    iterated,
    place_of,
)
from migrate.syntax.paths import dotted, named_parts, namespace_owner
from migrate.syntax.shapes import is_super, literal_string, looks_like, mapping_of_items, pattern_of, rows, run_over


def value(b: Builder, node: ast.expr) -> int:
    """The node of what an expression gives."""
    read = EXPRESSIONS.get(node.__class__)
    found = read(b, node) if read is not None else _children(b, node)
    b.nodes.setdefault(node, found)
    if found not in b.summary.places and (place := b.string or place_of(node)) is not None:
        b.summary.places[found] = place
    return found


def narrow(b: Builder, found: Iterable[Condition], inner: bool = False) -> None:
    """Let paths stand for what tests say of them, from here on; with ``inner``, in the block that is read next."""
    for condition in found:
        if condition.told_by and b.scope.resolve(condition.told_by) is not None:
            continue  # a function of the file, which may tell anything
        if not condition.classes:  # a name that may be None, or what a path leads to, is something else from here on
            if b.may_be_none(condition.path) or not isinstance(condition.subject, ast.Name):
                b.narrow(condition.path, b.some(value(b, condition.subject)), inner)
            continue
        classes = b.join(value(b, c) for c in condition.classes)
        if told(b, condition, value(b, condition.subject), classes, narrowed := b.new()):
            b.narrow(condition.path, narrowed, inner)


def assign(b: Builder, target: ast.expr, given: int, source: ast.expr | None = None) -> None:
    """What a target receives; ``source`` is the expression behind it, where it can be taken apart with the target."""
    if isinstance(target, ast.Name):
        b.bind(target.id, given)
    elif isinstance(target, ast.Attribute):
        base = value(b, target.value)
        if target.attr in b.members:
            b.summary.uses.append(Use(base, target.attr, target.lineno, target.col_offset))
        if target.attr in b.classes:
            value(b, target)  # what it was before
        b.store(base, target.attr, given)
        b.bind_again(dotted(target), given)
        b.forget(dotted(target))
    elif isinstance(target, ast.Subscript):
        _assign_item(b, target, given, source)
    elif isinstance(target, ast.Starred):
        assign(b, target.value, given)
    elif isinstance(target, (ast.Tuple, ast.List)):
        _assign_parts(b, target, given, source)


def _assign_item(b: Builder, target: ast.Subscript, given: int, source: ast.expr | None) -> None:
    owner, key = target.value, target.slice.value if isinstance(target.slice, ast.Constant) else None
    name = getattr(owner.func, "id", "") if isinstance(owner, ast.Call) else ""
    if name == "globals" and isinstance(key, str):
        node = b.module.names.get(key)
        if node is None:
            node = b.module.names[key] = b.new_of(NOBODY)
        b.copy(given, node)
    namespace = namespace_owner(owner)
    if namespace is not None and isinstance(key, str):
        b.store(value(b, namespace), key, given)
    base = value(b, owner)
    value(b, target.slice)
    if isinstance(target.slice, ast.Slice):
        b.store(base, element(), b.load(given, element()))
        b.reorder(base)
    else:
        put(b, base, target.slice, given, source)
    b.forget_items(dotted(owner), key)
    b.forget(dotted(target))


def _assign_parts(b: Builder, target: ast.Tuple | ast.List, given: int, source: ast.expr | None) -> None:
    inner = source.elts if isinstance(source, (ast.Tuple, ast.List)) else []
    apart = len(inner) == len(target.elts) and not any(isinstance(e, ast.Starred) for e in (*inner, *target.elts))
    if apart:
        values = [value(b, e) for e in inner]
        for part, node, expression in zip(target.elts, values, inner, strict=True):
            assign(b, part, node, expression)
        return
    starred = False
    for i, part in enumerate(target.elts):
        starred = starred or isinstance(part, ast.Starred)
        key = element() if starred else element(i)
        assign(b, part, b.load(given, (PART, None) if isinstance(part, ast.Starred) else key))


def loop(b: Builder, target: ast.expr, source: ast.expr) -> None:
    """Bind the target of a loop to the elements of what it runs over."""
    _bind_elements(b, target, source)
    b.remember_literals(target, source)


def _bind_elements(b: Builder, target: ast.expr, source: ast.expr) -> None:
    call = source if isinstance(source, ast.Call) else None
    parts = target.elts if isinstance(target, (ast.Tuple, ast.List)) else []
    if call is not None and len(parts) == 2 and getattr(call.func, "attr", "") == "items" and not call.args:
        assert isinstance(call.func, ast.Attribute)
        mapping = value(b, call.func.value)
        assign(b, parts[0], b.load(mapping, KEYS) if mapping != b.anything else b.constant(NO_LITERAL))
        assign(b, parts[1], b.load(mapping, element()))
        if isinstance(parts[0], ast.Name) and isinstance(parts[1], ast.Name):
            b.pairs[parts[0].id] = (parts[1].id, mapping)
        return
    beside = rows(call) if call is not None else []
    if beside and len(beside) == len(parts):
        for part, row in zip(parts, beside, strict=True):
            assign(b, part, b.load(value(b, row), iterated()) if row is not None else b.constant(NO_LITERAL))
        return
    assign(b, target, b.load(value(b, source), iterated()))


def _children(b: Builder, node: ast.AST) -> int:
    """An expression that gives nothing to follow; what is in it may."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            value(b, child)
        elif isinstance(child, (ast.keyword, ast.comprehension, ast.FormattedValue)):
            _children(b, child)
    return b.anything


def _constant(b: Builder, node: ast.Constant) -> int:
    return b.constant(node.value)


def _name(b: Builder, node: ast.Name) -> int:
    return b.name(node.id) if node.id in b.narrowed else b.spelled(node.id, b.name(node.id), node)


def _attribute(b: Builder, node: ast.Attribute) -> int:
    found = _member(b, node)
    if node.attr not in METHODS or isinstance(node.ctx, ast.Store) or found == b.anything:
        return found
    return b.join((found, b.load(value(b, node.value), (METHOD, node.attr))))


def _member(b: Builder, node: ast.Attribute) -> int:
    if is_super(node.value):
        value(b, node.value)
        cls = b.scope.enclosing_class()
        result = b.new()
        b.summary.supers.append((cls, node.attr, result))
        return result
    base = value(b, node.value)
    if node.attr in b.members:
        b.summary.uses.append(Use(base, node.attr, node.lineno, node.col_offset))
    narrowed = b.narrowed.get(dotted(node)) if b.narrowed else None
    if narrowed is not None:
        return narrowed
    return b.spelled(node.attr, b.load(base, node.attr), node)


def _call(b: Builder, node: ast.Call) -> int:
    given = _called(b, node)
    if b.narrowed:
        hand_on(b, node)
    return given


def _called(b: Builder, node: ast.Call) -> int:
    passed = _passed(b, node)
    if isinstance(node.func, ast.Name):
        callee = value(b, node.func)
        form = BY_NAME.get(node.func.id) if b.scope.resolve(node.func.id) is None else None
        return form(b, node, callee, passed) if form is not None else plain_call(b, node, callee, passed)
    if isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") == "builtins":
        form = BY_NAME.get(node.func.attr, plain_call)
        return form(b, node, value(b, node.func), passed)
    if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS and not _is_function(b, node.func):
        base = value(b, node.func.value)
        kept = METHODS[node.func.attr](b, node, base, passed)
        callee = b.nodes[node.func] = _member(b, node.func)
        return b.join((kept, plain_call(b, node, callee, passed)))
    return plain_call(b, node, value(b, node.func), passed)


def _is_function(b: Builder, node: ast.Attribute) -> bool:
    """Whether something is a function of the library, or a method of a base class, and no method of a container."""
    return is_super(node.value) or imported(b, dotted(node)) in COPYING


def _passed(b: Builder, node: ast.Call) -> Passed:
    positional: list[int] = []
    stars: list[tuple[int, int]] = []
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            stars.append((len(positional), unpacked(b, argument.value, value)))
        else:
            positional.append(value(b, argument))
    keywords = tuple((k.arg, value(b, k.value)) for k in node.keywords if k.arg is not None)
    double = tuple(value(b, k.value) for k in node.keywords if k.arg is None)
    return Passed(tuple(positional), keywords, tuple(stars), double)


def _boolean(b: Builder, node: ast.BoolOp) -> int:
    before, late = b.narrowed, len(b.late)
    given = []
    for part in node.values:
        given.append(value(b, part))
        narrow(b, conditions(part, isinstance(node.op, ast.And), b.tests))
    b.narrowed = before
    may_be(b, b.late[late:])
    return b.join(given)


def _choice(b: Builder, node: ast.IfExp) -> int:
    value(b, node.test)
    before, late = b.narrowed, len(b.late)
    given = []
    for holds, part in ((True, node.body), (False, node.orelse)):
        b.narrowed = before
        narrow(b, conditions(node.test, holds, b.tests))
        given.append(value(b, part))
    b.narrowed = before
    may_be(b, b.late[late:])
    return b.join(given)


def _walrus(b: Builder, node: ast.NamedExpr) -> int:
    given = value(b, node.value)
    here, b.scope = b.scope, b.scope.around_comprehensions()
    b.bind_late(node.target.id, given)
    b.scope = here
    return given


def _lambda(b: Builder, node: ast.Lambda) -> int:
    function, scope = signature(b, node, "<lambda>", defaults(b, node.args))
    b.inside(scope, lambda: give_back(b, node.body))
    return function.node


def give_back(b: Builder, node: ast.expr) -> None:
    """What a function returns. A parameter as it came is no matter of the function, but of each of its calls."""
    function = b.scope.function()
    given = value(b, node)
    if function is None:
        return
    function.returned.append(given)
    name = given_back(b, function, node, given)
    source = function.sources.get(name)
    if source is None:
        b.copy(given, function.result)
        return
    b.summary.given_back.setdefault(function.number, {})[function.names[name]] = None
    if source.default is not None:
        b.copy(source.default, function.result)
    b.instance_of(source.annotation, function.result)


def defaults(b: Builder, arguments: ast.arguments) -> ArgumentValues:
    """The nodes of the defaults of parameters, without what annotations say."""
    keyword_defaults = [value(b, d) if d is not None else None for d in arguments.kw_defaults]
    return ArgumentValues([value(b, d) for d in arguments.defaults], keyword_defaults, {})


def _comprehension(b: Builder, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> int:
    first = node.generators[0]
    outer = value(b, first.iter)  # it belongs to the scope around the comprehension
    scope = Scope(b.scope, is_comprehension=True)
    for name in (n.id for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)):
        scope.names.setdefault(name, b.new())
    element_of = node.value if isinstance(node, ast.DictComp) else node.elt
    keys: list[int] = []

    def read() -> int:
        b.narrowed = without(b.narrowed, set(scope.names))  # they are other names than those around
        for generator in node.generators:
            if generator is first and not isinstance(first.iter, ast.Call):
                assign(b, generator.target, b.load(outer, iterated()))
            else:
                loop(b, generator.target, generator.iter)
            for test in generator.ifs:
                value(b, test)
                narrow(b, conditions(test, True, b.tests))
        if isinstance(node, ast.DictComp):
            keys.append(value(b, node.key))
        return value(b, element_of)

    again = b.again
    enter_again(b, walrused(node) if b.narrowed else set())
    given = b.inside(scope, read)
    b.again = again
    made = b.new()
    mapping = mapping_of_items(node)
    if mapping is not None:
        b.summary.merges.append((value(b, mapping), made))
    entries = ((None, given),) if mapping is None else ()
    of = tuple(b.nodes.get(run_over(generator.iter), b.anything) for generator in node.generators)
    b.summary.displays.append(Display(made, entries, True, isinstance(node, ast.DictComp), of))
    for key in keys:
        b.store(made, KEYS, key)
    return made


def _subscript(b: Builder, node: ast.Subscript) -> int:
    base, key = value(b, node.value), value(b, node.slice)
    narrowed = b.narrowed.get(dotted(node)) if b.narrowed else None
    if narrowed is not None:
        return narrowed
    if isinstance(node.slice, ast.Slice):
        return sliced(b, base, node.slice)
    if dotted(node.value).rpartition(".")[2] in UNIONS:
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return b.join(value(b, part) for part in parts)
    name = literal_string(node.slice)
    owner = named_parts(node.value, name or "")
    held = b.load(value(b, owner), name) if owner is not None and name else b.items(base, node.slice, key)
    return give_key(b, base, key, held)


UNIONS = frozenset({"Optional", "Union", "Annotated"})
"""What stands for the classes in its brackets."""


def _text(b: Builder, node: ast.JoinedStr) -> int:
    """A string that is put together, with what it looks like."""
    _children(b, node)
    return b.constant(f"{NO_LITERAL}: {pattern_of(node)}")


def _inner(b: Builder, node: ast.Starred | ast.Await) -> int:
    return value(b, node.value)


def _yield(b: Builder, node: ast.Yield | ast.YieldFrom) -> int:
    given = value(b, node.value) if node.value is not None else b.anything
    return yielded(b, given, isinstance(node, ast.YieldFrom))


def _operation(b: Builder, node: ast.BinOp) -> int:
    left, right = value(b, node.left), value(b, node.right)
    looks = looks_like(node)
    if looks and (isinstance(node.op, ast.Mod) or b.anything in (left, right)):
        return b.constant(f"{NO_LITERAL}: {looks}")
    return operation(b, node, left, right)


def _comparison(b: Builder, node: ast.Compare) -> int:
    first, *others = (value(b, side) for side in (node.left, *node.comparators))
    return compared(b, node, first, others[0]) if len(others) == 1 else b.anything


def _signed(b: Builder, node: ast.UnaryOp) -> int:
    return signed(b, node.op, value(b, node.operand))


EXPRESSIONS: dict[type[ast.expr], Callable[..., int]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.BoolOp: _boolean,
    ast.IfExp: _choice,
    ast.NamedExpr: _walrus,
    ast.Lambda: _lambda,
    **dict.fromkeys((ast.List, ast.Tuple, ast.Set), lambda b, node: sequence(b, node, value)),
    ast.Dict: lambda b, node: mapping(b, node, value),
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _comprehension,
    ast.Subscript: _subscript,
    ast.Starred: _inner,
    ast.JoinedStr: _text,
    ast.Await: _inner,
    ast.Yield: _yield,
    ast.YieldFrom: _yield,
    ast.BinOp: _operation,
    ast.Compare: _comparison,
    ast.UnaryOp: _signed,
}
