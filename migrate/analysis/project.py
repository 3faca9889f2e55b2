"""What the files of a run know of each other: modules, classes, callers, and the values of every expression."""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, cast

from migrate.analysis.callers import Callers
from migrate.analysis.changes import Change, find_changes
from migrate.analysis.classes import Classes
from migrate.analysis.containers import is_container
from migrate.analysis.evaluator import Evaluator
from migrate.analysis.values import MAX_DEPTH, NOTHING, UNKNOWN, Local, Namespace, Symbol, Value, Values, union
from migrate.flow.queries import Queries
from migrate.rules import RuleSet

if TYPE_CHECKING:
    from migrate.analysis.source import Source

T = TypeVar("T")
EXACT_ROUNDS = 4
MAX_ROUNDS = 7
MAX_CHANGES = 4
MAX_CONTAINERS = 12
MAX_SYMBOLS = 32
MAX_LOCALS = 24


@dataclass(slots=True)
class _State:
    """What is known so far, what is being looked for, and what circles through ``heads`` are ``assumed`` to give.

    ``memo`` and ``active`` are of expressions, ``opened`` and ``finding`` of everything else.
    """

    memo: dict[ast.AST, Values] = field(default_factory=dict)
    opened: dict[Hashable, object] = field(default_factory=dict)
    active: set[ast.AST] = field(default_factory=set)
    finding: set[Hashable] = field(default_factory=set)
    heads: dict[Hashable, Values] = field(default_factory=dict)
    assumed: dict[Hashable, Values] = field(default_factory=dict)
    done: list[ast.AST] = field(default_factory=list)
    kept: list[Hashable] = field(default_factory=list)

    def is_idle(self) -> bool:
        """Whether nothing is being looked for that could be part of a circle."""
        return not self.active and not self.finding


class Project:
    """The modules of a run that were read, each with its evaluator, and the values that flow between them."""

    def __init__(self, rules: RuleSet, queries: Queries) -> None:
        self.rules = rules
        self.queries = queries
        self.flow = queries.flow
        self.tree = queries.flow.tree
        self.modules: dict[str, Evaluator] = {}
        self.failed: dict[str, Exception] = {}
        self.homes: dict[ast.AST, Evaluator] = {}
        self._entries: dict[ast.Dict, dict[object, ast.expr] | None] = {}
        self._state = _State()
        self.changed: dict[Value, Change] = {}
        self.classes = Classes(self)
        self.callers = Callers(self)

    def for_each(self, look: Callable[[Evaluator], None]) -> None:
        """Apply ``look`` to every module; one that fails leaves the project and does not stop the others."""
        for path, module in list(self.modules.items()):
            try:
                look(module)
            except Exception as error:
                self.failed[path] = error
                del self.modules[path]
                self.forget()

    def link(self) -> None:
        """Find the callers of every function and the changes of every container, once all files are there.

        What is put into a container may depend on what is put into others.
        """
        self.callers.find()
        for _ in range(MAX_CHANGES):
            changed = find_changes(self)
            if changed == self.changed:
                break
            self.changed = changed
            self.forget()

    def change(self, container: Value) -> Change | None:
        """What is put into a container after it was made; None where nothing is."""
        return self.changed.get(container)

    def forget(self) -> None:
        """Drop every conclusion but the links."""
        self._state = _State()
        self.classes = Classes(self)

    def add(self, source: Source) -> Evaluator:
        """Take a file in. Raises FileError where it cannot be parsed."""
        evaluator = Evaluator(source, self)
        self.modules[source.path] = evaluator
        self.homes.update(dict.fromkeys(evaluator.index.scopes, evaluator))
        return evaluator

    def evaluate(self, node: ast.expr) -> Values:
        """The values of ``node`` where it stands, narrowed by the tests around it.

        Definitions may go in circles: they are evaluated again until the values stay the same.
        """
        state = self._state
        known = state.memo.get(node)
        if known is not None:
            return known
        if node in state.active:
            return self._in_circle(node)
        if len(state.active) >= MAX_DEPTH:
            return UNKNOWN
        return self._settled(node, lambda: self._once(node)) if state.is_idle() else self._once(node)

    def _in_circle(self, head: Hashable) -> Values:
        self._state.heads.setdefault(head, NOTHING)
        return self._state.assumed.get(head, NOTHING)

    def _settled(self, key: Hashable, find: Callable[[], Values]) -> Values:
        """What ``find`` finds once that, and all that it finds on the way, stays the same.

        What goes on changing only grows in the end, and is Unknown at last.
        """
        state = self._state
        before: dict[ast.AST, Values] = {}
        for turn in range(MAX_ROUNDS):
            state.heads, state.done, state.kept = {}, [], []
            result = find()
            moved = [h for h in state.heads if not self._stays(h, turn)]
            if not moved:
                break
            for h in moved:
                assumed = state.assumed.get(h, NOTHING) if turn >= EXACT_ROUNDS else NOTHING
                state.assumed[h] = assumed | state.heads[h]
            for k in state.kept:
                state.opened.pop(k, None)
            if turn == MAX_ROUNDS - 1:
                found = {n: state.memo[n] for n in state.done}
                state.memo.update((n, v | UNKNOWN) for n, v in found.items() if before.get(n) != v)
                if key in state.memo:
                    result = state.memo[key]
                else:
                    result = state.opened[key] = result | UNKNOWN
                break
            before = {n: state.memo.pop(n) for n in state.done if n in state.memo}
        state.assumed = {}
        return result

    def _stays(self, head: Hashable, turn: int) -> bool:
        assumed, found = self._state.assumed.get(head, NOTHING), self._state.heads[head]
        return assumed == found or (turn >= EXACT_ROUNDS and found <= assumed)

    def _once(self, node: ast.expr) -> Values:
        state = self._state
        state.active.add(node)
        try:
            result = self.homes[node].evaluate_here(node)
        finally:
            state.active.discard(node)
        if len(result) > MAX_CONTAINERS:
            result = _limited(result)
        if node in state.heads:
            state.heads[node] = result
        state.memo[node] = result
        state.done.append(node)
        return result

    def entries(self, node: ast.Dict) -> dict[object, ast.expr] | None:
        """The values of a dict by key, the last one of a key; None where a key is not spelled out."""
        if node not in self._entries:
            keys = [k.value if isinstance(k, ast.Constant) else None for k in node.keys]
            known = all(isinstance(k, ast.Constant) for k in node.keys)
            self._entries[node] = dict(zip(keys, node.values, strict=True)) if known else None
        return self._entries[node]

    def opened(self, key: Hashable, find: Callable[[], Values], in_circle: Values = UNKNOWN) -> Values:
        """What ``find`` finds in a container or module, remembered; where that leads back to itself, ``in_circle`` too.

        Like expressions, what goes in circles is looked for again until it stays the same.
        """
        state = self._state
        if key in state.finding:
            return self._in_circle(key) | in_circle
        if key in state.opened:
            return self.remembered(key, find)
        return self._settled(key, lambda: self._found(key, find)) if state.is_idle() else self._found(key, find)

    def _found(self, key: Hashable, find: Callable[[], Values]) -> Values:
        state = self._state
        state.finding.add(key)
        try:
            found = self.remembered(key, find)
        finally:
            state.finding.discard(key)
        if key in state.heads:
            state.heads[key] = found
        return found

    def remembered(self, key: Hashable, find: Callable[[], T]) -> T:
        """What ``find`` finds, remembered until all is forgotten."""
        state = self._state
        if key in state.opened:
            return cast(T, state.opened[key])
        found = find()
        if state is self._state:
            state.opened[key] = found
            state.kept.append(key)
        return found

    def exported(self, path: str, name: str) -> Values:
        """What ``name`` means in the module ``path``: bound there, a submodule, or from a star import."""
        return self.opened(("exported", path, name), lambda: self._exported(path, name), NOTHING)

    def _exported(self, path: str, name: str) -> Values:
        module = self.modules.get(path)
        submodule = self.tree.submodule(path, name)
        inner: Values = frozenset({Namespace(submodule)}) if submodule is not None else NOTHING
        if module is None:
            return inner or self.handed_on(path, name) or frozenset({Symbol(f"{self.tree.name(path)}.{name}", path)})
        found = union(module.binding_values(b) for b in module.index.module.bindings.get(name, ()))
        found |= union(self.evaluate(v) for v in self.patched(path, name))
        return found or inner or module.star_imported(name)

    def handed_on(self, path: str, name: str) -> Values:
        """What a file that was not read only imports as ``name``."""
        origins = self.flow.origins(path, name)
        return union(self.exported(file, n) if n else frozenset({Namespace(file)}) for file, n in origins)

    def patched(self, path: str, name: str) -> Iterator[ast.expr]:
        """What other modules assign to ``module.name``."""
        for binding in self.classes.assigned_outside(name):
            if binding.value is not None and Namespace(path) in self.evaluate(binding.owner):
                yield binding.value

    def is_imported(self, path: str, name: str) -> bool:
        """Whether another module that was read imports ``name`` from the module ``path``."""
        return any(
            m.imported_module(statement) == path
            for m in self.modules.values()
            if m.path != path
            for statement in m.index.all(ast.ImportFrom)
            if any(a.name in (name, "*") for a in statement.names)
        )


def _limited(values: Values) -> Values:
    """The values without those kinds of which there are so many that anything may be meant."""
    kinds = (
        (frozenset(v for v in values if is_container(v)), MAX_CONTAINERS),
        (frozenset(v for v in values if isinstance(getattr(v, "of", v), Symbol)), MAX_SYMBOLS),
        (frozenset(v for v in values if isinstance(getattr(v, "of", v), Local)), MAX_LOCALS),
    )
    for kind, limit in kinds:
        if len(kind) > limit:
            values = (values - kind) | UNKNOWN
    return values
