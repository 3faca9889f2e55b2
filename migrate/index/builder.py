"""The summary of a file under construction: nodes, edges, names, and what tests have narrowed."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from migrate.index.narrowing import told_paths
from migrate.index.scopes import Scope
from migrate.index.summary import NO_LITERAL, NOBODY, ORDER, Key, LookUp, Place, Summary, element
from migrate.syntax.shapes import constants

T = TypeVar("T")


class Words(NamedTuple):
    """The names that rules speak about: of attributes and methods, and of classes."""

    members: frozenset[str]
    classes: frozenset[str]


Literals = dict[str, tuple[object, ...]]
WHOLE_SHARES = (0, 1)
MANY = 64
"""Names that a loop may compute beyond which the rest is not followed."""


@dataclass(slots=True)
class Nodes:
    """The nodes of a file by its syntax: of each expression, function, class and imported name.

    ``spelled`` has the expressions that spell the name of a class, by the nodes that they have for themselves.
    """

    of: dict[ast.AST, int] = field(default_factory=dict)
    spelled: dict[int, ast.expr] = field(default_factory=dict)


class Builder:
    """Makes nodes and edges for the scope that is being read; ``nodes`` is filled with those of expressions."""

    def __init__(self, path: str, words: Words, nodes: Nodes) -> None:
        self.summary = Summary(path=path)
        self.members = words.members
        self.classes = words.classes
        self.aliases: set[str] = set()
        """The names that imports give to classes of rules."""
        self.nodes = nodes.of
        self._spelled = nodes.spelled
        self._uses: dict[ast.expr, int] = {}
        self.module = Scope(None)
        self.scope = self.module
        self.owner = NOBODY
        """The function that new nodes belong to."""
        self.narrowed: dict[str, int] = {}
        """What tests say of names and paths such as ``m.norm`` here."""
        self.string: Place | None = None
        """Where the string is that is read as an annotation: places in it are not those of the file."""
        self.depth = 0
        self.depths: dict[str, int] = {}
        """How deep the blocks are nested here, and for what is narrowed, in which the test holds."""
        self.again: dict[str, int] = {}
        """What is narrowed here and bound anew further down in a loop, with the nodes that get that, too."""
        self.literals: Literals = {}
        """The constants that variables can be here; behind ``name[]``, the elements of tuples."""
        self.tests: dict[str, ast.expr] = {}
        """Tests, and expressions that give the class of something, by the names that are bound to them here."""
        self.pairs: dict[str, tuple[str, int]] = {}
        """For the keys that loops over ``items()`` bind, the variables of the values, and the mappings."""
        self.late: list[tuple[str, int]] = []
        """What assignment expressions bound."""
        self.namespaces: dict[int, tuple[Scope, int]] = {}
        """The scopes of which the names are looked up in ``globals()`` or ``locals()``, with the nodes of these."""
        self.opened: set[int] = set()
        """Those nodes where names are bound under keys that are computed."""
        self.later: list[Callable[[], None]] = []
        """The bodies of functions, which are read when all around them is known."""
        self.without_none: set[int] = set()
        self._nones: set[int] = set()
        """The variables that None is bound to."""
        self._constants: dict[tuple[str, object], int] = {}
        self.anything = self.new()
        """Something of which nothing is known, and nothing followed."""
        self.unshown = {self.anything}
        """The nodes of what is computed: other values than those that come to it."""

    def new(self) -> int:
        return self.new_of(self.owner)

    def new_of(self, owner: int) -> int:
        """A node of a function, or of the module where the owner is NOBODY."""
        owners = self.summary.owners
        owners.append(owner)
        return len(owners) - 1

    def constant(self, value: object) -> int:
        """The node of a literal. Each share is told apart from others of the same value, by where it is written."""
        kind = value.__class__.__name__
        if kind == "float" or (kind == "int" and value in WHOLE_SHARES):
            share = self.new_of(NOBODY)
            self.summary.constants[share] = value
            return share
        key = (kind, value if isinstance(value, (str, int, float, bool, type(None))) else repr(value))
        node = self._constants.get(key)
        if node is None:
            node = self._constants[key] = self.new_of(NOBODY)
            self.summary.constants[node] = key[1]
        return node

    def copy(self, source: int, to: int) -> None:
        if source in self.unshown:
            self.summary.mixed.append(to)
        if source != self.anything:
            self.summary.copies.append((source, to))
            if source in self._nones or self.summary.constants.get(source, "") is None:
                self._nones.add(to)

    def join(self, parts: Iterable[int]) -> int:
        """A node that holds what any of ``parts`` does."""
        different = list(dict.fromkeys(p for p in parts if p != self.anything))
        if len(different) < 2:
            return different[0] if different else self.anything
        node = self.new()
        for part in different:
            self.copy(part, node)
        return node

    def some(self, node: int) -> int:
        """A node of what another holds, but for None."""
        made = self.new()
        self.copy(node, made)
        self._nones.discard(made)
        self.without_none.add(made)
        self.summary.without_none.append(made)
        return made

    def load(self, base: int, key: Key) -> int:
        """What ``base`` has under ``key``; one node for all that ask for it."""
        if base == self.anything:
            return base
        loads = self.summary.loads
        node = loads.get((base, key))
        if node is None:
            node = loads[base, key] = self.new_of(self.summary.owners[base])
        return node

    def look_up(self, base: int, key: int) -> int:
        """What ``base`` has under a key that is computed."""
        if self.anything in (base, key):
            return self.load(base, element())
        result = self.new_of(max(self.summary.owners[base], self.summary.owners[key]))
        self.summary.look_ups.append(LookUp(base, key, result))
        return result

    def items(self, base: int, key: ast.expr, given: int) -> int:
        """What ``base`` has under a key: one that is written out, that a loop goes through, or the node ``given``."""
        keys = self.keys(key)
        if keys == (None,):
            return self.look_up(base, given)
        return self.join(self.load(base, element(each)) for each in keys)

    def spelled(self, name: str, node: int, expression: ast.expr) -> int:
        """A node for one use of a name: what spells a class is told apart from all else that spells it.

        An expression that is read once more has the same.
        """
        if node == self.anything or not (name in self.classes or name in self.aliases):
            return node
        use = self._uses.get(expression)
        if use is None:
            use = self._uses[expression] = self.new_of(self.summary.owners[node])
            self._spelled[use] = expression
        self.copy(node, use)
        return use

    def store(self, base: int, key: Key, value: int) -> None:
        if base != self.anything:
            self.summary.stores.append((base, key, value))

    def reorder(self, base: int) -> int:
        """What ``base`` has by place may now have another; gives it back."""
        self.store(base, (ORDER, None), base)
        return base

    def instance_of(self, cls: int, to: int) -> None:
        """``to`` holds instances of ``cls``."""
        if cls != self.anything:
            self.summary.instances.append((cls, to))

    def variable(self, name: str) -> int:
        """The node of a name that is bound here."""
        scope = self.scope.home(name)
        scope.types.pop(name, None)
        node = scope.names.get(name)
        if node is None:
            node = scope.names[name] = self.new_of(scope.number)
        return node

    def imported(self, name: str) -> int:
        """The node of a name that an import binds, from here on."""
        node = self.variable(name)
        self.bind_again(name, node)
        self.forget(name)
        self.literals.pop(name, None)
        return node

    def name(self, name: str) -> int:
        """The node of a name that is used here; one that nothing binds may be bound later, or come by a star."""
        narrowed = self.narrowed.get(name)
        if narrowed is not None:
            return narrowed
        if name in self.scope.types:
            return self.scope.types[name]
        scope = self.scope.resolve(name)
        if scope is not None:
            return scope.names[name]
        node = self.summary.free.get(name)
        if node is None:
            node = self.summary.free[name] = self.new_of(NOBODY)
        return node

    def bind(self, name: str, value: int) -> None:
        """Bind ``name`` here. What a test has said of it may still hold where only a nested block binds it anew."""
        before = self.narrowed.get(name)
        self.bind_again(name, value)
        if name in self.scope.elsewhere:
            home = self.scope.elsewhere[name]
            home.rebound.setdefault(name, []).append(value)
            for node in home.standing(name):
                self.copy(value, node)
        self.forget(name)
        self.literals.pop(name, None)
        self.literals.pop(f"{name}[]", None)
        self.pairs = {key: pair for key, pair in self.pairs.items() if name not in (key, pair[0])}
        self.copy(value, self.variable(name))
        if before is not None and self.depth > self.depths.get(name, 0):
            self.narrowed[name] = self.join((before, value))

    def bind_again(self, path: str, value: int) -> None:
        """Let what stands at a path in the loop above hold what is bound to it further down."""
        for known, node in self.again.items():
            if known == path:
                self.copy(value, node)
            elif known.startswith(f"{path}."):
                inner = value
                for name in known[len(path) + 1 :].split("."):
                    inner = self.load(inner, name)
                self.copy(inner, node)

    def bind_late(self, name: str, value: int) -> None:
        """Bind a name that may have been used above, when nothing was known of its binding here."""
        self.late.append((name, value))
        if self.scope.sources.pop(name, None) is not None:  # a parameter, which may also be what was passed
            self.copy(self.constant(NO_LITERAL), self.scope.names[name])
        if name not in self.scope.home(name).names:
            outer = self.scope.resolve(name)
            earlier = (outer.names if outer is not None else self.summary.free).get(name)
            if earlier is not None:
                self.copy(value, earlier)
        self.bind(name, value)

    def narrow(self, path: str, node: int, inner: bool) -> None:
        """Let ``path`` stand for ``node``; with ``inner``, in the block that is read next."""
        behind = f"{path}."  # what is known there is of what the path was before
        kept = {p: n for p, n in self.narrowed.items() if n not in self.without_none or not p.startswith(behind)}
        self.narrowed = {**kept, path: node}  # who remembers what was narrowed before has a mapping of its own
        self.depths[path] = self.depth + inner
        home = self.scope.resolve(path)
        if home is not None:
            home.narrowed.setdefault(path, []).append(node)
            for value in home.rebound.get(path, ()):
                self.copy(value, node)

    def may_be_none(self, name: str) -> bool:
        """Whether None is bound to a name in its scope, as far as that was read."""
        scope = self.scope.resolve(name)
        return scope is not None and scope.names[name] in self._nones

    def is_told_by_names(self, path: str, containers: Iterable[ast.expr]) -> bool:
        """Whether names of the module say what a name is among; those of a function are told apart by its calls."""
        names = [each.id for each in containers if isinstance(each, ast.Name) and each.id not in self.narrowed]
        is_class = path in self.classes or path in self.aliases
        return bool(names) and not is_class and all(self.scope.resolve(n) in (self.module, None) for n in names)

    def forget_tests(self, path: str) -> None:
        """Drop the tests that were bound to a name, or that speak about a path which changes."""
        if self.tests:
            behind = (f"{path}.", f"{path}[")
            self.tests = {
                name: test
                for name, test in self.tests.items()
                if name != path and not any(f"{each}.".startswith(behind) for each in told_paths(test))
            }

    def forget(self, path: str) -> None:
        """Drop what tests have said of ``path`` and of all behind it."""
        self.forget_tests(path)
        if not self.narrowed:
            return
        behind = (f"{path}.", f"{path}[")
        self.narrowed = {p: n for p, n in self.narrowed.items() if p != path and not p.startswith(behind)}
        self.forget_keyed(path)

    def forget_behind(self, path: str) -> None:
        """Drop what tests have said of attributes and elements of what is at a path."""
        behind = (f"{path}.", f"{path}[")
        if path and any(known.startswith(behind) for known in self.narrowed):
            self.narrowed = {p: n for p, n in self.narrowed.items() if not p.startswith(behind)}

    def forget_items(self, path: str, key: object) -> None:
        """Drop what tests have said of elements that may be the one under a key, None for any."""
        is_known = isinstance(key, str) or (isinstance(key, int) and key >= 0)
        others = tuple(f"{path}[{quote}" for quote in "0123456789'\"") if is_known else ()
        self.narrowed = {
            p: n for p, n in self.narrowed.items() if not p.startswith(f"{path}[") or (others and p.startswith(others))
        }

    def forget_keyed(self, key: str) -> None:
        """Drop what tests have said of elements under a key that changes."""
        self.narrowed = {p: n for p, n in self.narrowed.items() if f"[{key}]" not in p}

    def inside(self, scope: Scope, read: Callable[[], T]) -> T:
        """What ``read`` gives in another scope, where nothing is narrowed unless it is a comprehension."""
        before, narrowed, literals, pairs = self.scope, self.narrowed, self.literals, self.pairs
        tests, self.tests = self.tests, dict(self.tests) if scope.is_comprehension else {}
        again, self.again = self.again, self.again if scope.is_comprehension else {}
        self.scope, self.owner = scope, scope.number
        self.narrowed = dict(narrowed) if scope.is_comprehension else {}
        self.literals, self.pairs = (dict(literals), dict(pairs)) if scope.is_comprehension else ({}, {})
        try:
            return read()
        finally:
            self.scope, self.owner, self.narrowed = before, before.number, narrowed
            self.literals, self.pairs, self.again, self.tests = literals, pairs, again, tests

    def redirect(self, statements: Iterable[ast.Global | ast.Nonlocal]) -> None:
        """Send the names of global and nonlocal statements to where they belong."""
        for statement in statements:
            for name in statement.names:
                target: Scope | None = self.module
                if isinstance(statement, ast.Nonlocal) and self.scope.parent is not None:
                    target = self.scope.parent.resolve(name)
                if target is not None and target is not self.scope:
                    self.scope.elsewhere[name] = target
                    if name not in target.names:  # nothing above the functions binds it, unless it comes by a star
                        target.names[name] = self.new_of(target.number)
                        self.copy(self.summary.free.setdefault(name, self.new_of(NOBODY)), target.names[name])

    def reserve(self, names: Iterable[str]) -> None:
        """Give the names that a block binds their nodes before it is read."""
        for name in names:
            self.scope.types.pop(name, None)
            self.scope.names.setdefault(name, NOBODY)
            if self.scope.names[name] == NOBODY:
                self.scope.names[name] = self.new()

    def remember_literals(self, target: ast.expr, iterated: ast.expr) -> None:
        """Note what the variable of a loop goes through, where that is written out."""
        if not isinstance(target, ast.Name):
            return
        if isinstance(iterated, ast.Name) and f"{iterated.id}[]" in self.literals:
            self.literals[target.id] = self.literals[f"{iterated.id}[]"]
        elif constants(iterated):
            self.literals[target.id] = constants(iterated)
        elif isinstance(iterated, ast.Call) and getattr(iterated.func, "id", "") == "range":
            bounds = [a.value for a in iterated.args if isinstance(a, ast.Constant) and isinstance(a.value, int)]
            if len(bounds) == len(iterated.args) and 0 < len(bounds) <= 3:
                self.literals[target.id] = tuple(range(*bounds))[:MANY]

    def keys(self, node: ast.expr) -> tuple[object, ...]:
        """The keys that an expression can be; None stands for any."""
        if isinstance(node, ast.Constant):
            return (node.value,)
        return self.literals.get(node.id, (None,)) if isinstance(node, ast.Name) else (None,)

    def paired(self, key: ast.expr, value: ast.expr | None) -> int | None:
        """The mapping whose keys and values a loop binds to two names, where these are they."""
        if not isinstance(key, ast.Name) or not isinstance(value, ast.Name):
            return None
        name, mapping = self.pairs.get(key.id, ("", NOBODY))
        return mapping if name == value.id else None

    def spellings(self, node: ast.expr) -> list[str]:
        """The strings that a literal, a variable of a loop over literals, or an f-string of these can be."""
        if isinstance(node, ast.Constant):
            return [node.value] if isinstance(node.value, str) else []
        if isinstance(node, ast.Name):
            return [v for v in self.literals.get(node.id, ()) if isinstance(v, str)]
        if not isinstance(node, ast.JoinedStr):
            return []
        found = [""]
        for part in node.values:
            inner = part.value if isinstance(part, ast.FormattedValue) else part
            name = getattr(inner, "id", "")
            values = (inner.value,) if isinstance(inner, ast.Constant) else self.literals.get(name, ())
            found = [f"{start}{value}" for start in found for value in values][:MANY]
        return found
