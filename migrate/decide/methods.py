"""Methods of instances: renamed, written out, or left where the target's equal is none in their context."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from migrate.decide import contexts, offers
from migrate.decide.drafts import Draft, Module
from migrate.decide.existence import argument_of
from migrate.decide.leaving import reason
from migrate.decide.tensor_flow import Flow, Kind
from migrate.decide.tensor_uses import first_use
from migrate.decide.values import Instance, Local
from migrate.edits import Edit, NeedImport, RenameAttribute, ReplaceMethod, ReplaceStatement, Write
from migrate.rule import MethodTreatment, Rule
from migrate.syntax.source import is_plain


def decide_method(module: Module, node: ast.Attribute, rule: Rule, symbol: str) -> Draft:
    """What becomes of ``instance.method`` where it stands, called or not."""
    how = rule.methods[node.attr]
    if not isinstance(node.ctx, ast.Load):
        return Draft("BN207", "method", symbol, node, _replaced(node, how))
    call = module.index.parent(node)
    called = call if isinstance(call, ast.Call) and call.func is node else None
    owner = ast.unparse(node.value)
    if how.tensors and called is not None:
        return _TensorsOf(module, node, called, rule, symbol).draft()
    if how.to and called is not None and not _takes(called, how.arguments):
        advice = f"write {owner}.{how.to}(...): its arguments differ in MindSpore"
        return Draft("BN208", "method", symbol, node, advice)
    if how.to and not how.tensors:
        return _renamed(module, node, called, how, symbol)
    plain = called is not None and not called.args and not called.keywords and "#" not in module.source.segment(called)
    if how.call and called is not None and plain:
        message = f"{node.attr}() is {how.call} in MindSpore"
        return Draft("BN106", "method", symbol, called, message, (ReplaceMethod(called, how.call),))
    if how.statements and called is not None:
        edits = _statements(module, called, how, rule.method_imports[node.attr])
        if edits:
            message = f"MindSpore has no {node.attr}(): written out"
            return Draft("BN106", "method", symbol, module.index.statement(called), message, edits)
    advice = (how.refuse or f"write {{object}}.{how.call}").replace("{object}", owner)
    offer = offers.method(module, node, how, rule.method_imports[node.attr])
    return Draft("BN208", "method", symbol, offer.place, advice, suggestion=offer.edits)


def _replaced(node: ast.Attribute, how: MethodTreatment) -> str:
    """Why a method of one object cannot be replaced."""
    new = how.to or how.call.partition("(")[0] or node.attr
    done = "deleted" if isinstance(node.ctx, ast.Del) else "replaced"
    return (
        f"{node.attr} of one layer is {done}: graph mode compiles {new} of the class, and a cell or bridge around the "
        f"layer has its own: write a subclass that overrides {new}, or put another layer in its place"
    )


def _renamed(module: Module, node: ast.Attribute, call: ast.Call | None, how: MethodTreatment, symbol: str) -> Draft:
    if how.to == node.attr:
        return Draft("BN303", "method", symbol, node, f"{node.attr} has the same name in MindSpore")
    rename = RenameAttribute(node, how.to)
    if not _holds(module, node, call, how):
        return Draft("BN220", "method", symbol, node, _said(how.refuse, node), suggestion=(rename,))
    if how.iterator and call is not None and _needs_iterator(module, call):
        message = f"{node.attr} is called {how.to} in MindSpore, which gives no iterator"
        return Draft("BN106", "method", symbol, call, message, (rename, Write(call, "iter({call})", (("call", call),))))
    return Draft("BN106", "method", symbol, node, f"{node.attr} is called {how.to} in MindSpore", (rename,))


def _holds(module: Module, node: ast.Attribute, call: ast.Call | None, how: MethodTreatment) -> bool:
    """Whether a renamed method is used in a context that the rule knows to be equal; its elements are not followed."""
    wanted = how.contexts or (("unused", "counted") if how.more and _may_be_more(module, node.value) else ())
    if how.iterator and (call is None or (_needs_iterator(module, call) and _is_bound(module, "iter"))):
        return False
    if not wanted:
        return True
    if call is None:
        return False
    if contexts.is_inside(module, node, node.attr):
        return "override" in wanted
    if contexts.is_counted(module, call):
        return "counted" in wanted
    loop = contexts.elements(module, call)
    return loop is not None and bool(loop.names) and not loop.uses(-1) and "unused" in wanted


def _needs_iterator(module: Module, call: ast.Call) -> bool:
    """Whether more than the elements of what a call gives may tell, as ``next`` does."""
    return contexts.context(module, call) not in ("iterated", "gathered")


def _may_be_more(module: Module, owner: ast.expr) -> bool:
    """Whether the object may be of a subclass, which may have more than the rule lists."""
    values = module.objects(owner)
    return any(isinstance(v, Instance) and isinstance(v.of, Local) for v in values)


def _said(text: str, node: ast.Attribute) -> str:
    return text.replace("{object}", ast.unparse(node.value))


@dataclass(frozen=True, slots=True)
class _TensorsOf:
    """A call of a method that gives tensors, which the target's layer has as attributes: ``m.parameters()``."""

    module: Module
    node: ast.Attribute
    call: ast.Call
    rule: Rule
    symbol: str

    @property
    def how(self) -> MethodTreatment:
        return self.rule.methods[self.node.attr]

    def draft(self) -> Draft:
        """The tensors by name where that is equal; a review that says what differs elsewhere."""
        how, loop = self.how, contexts.elements(self.module, self.call)
        frozen = loop is not None and contexts.passes_frozen(loop)
        doubt = self._doubt_of_use(loop)
        if frozen and how.to and not doubt:
            message = f"{self.node.attr} is called {how.to} in MindSpore, where only what is trained matters"
            return Draft("BN106", "method", self.symbol, self.node, message, (RenameAttribute(self.node, how.to),))
        if not doubt and _may_be_more(self.module, self.node.value):
            return self._review(how.more)
        exists, named = self._exists(), self._looks_at_names(loop)
        expected = self._listed([f'"{name}"' for name in how.tensors]) if named else self._listed()
        if not doubt and exists is not True and not (frozen and self._is_inert()):
            return self._review(how.none, "()") if exists is False else self._review(how.absent, expected)
        if not doubt and named:
            return self._review(how.names, expected)
        if doubt:
            return self._review(doubt)
        message = f"MindSpore has no {self.node.attr}(): written out"
        return Draft("BN106", "method", self.symbol, self.call, message, self._edits(self._listed()))

    def _review(self, text: str, instead: str = "") -> Draft:
        edits = self._edits(instead) if instead else ()
        place = self.call if edits else self.node
        return Draft("BN220", "method", self.symbol, place, _said(text, self.node), suggestion=edits)

    def _doubt_of_use(self, loop: contexts.Elements | None) -> str:
        """Why the call cannot be written anew whatever the layer is; empty where it can."""
        how = self.how
        constant = all(isinstance(a, ast.Constant) for a in (*self.call.args, *(k.value for k in self.call.keywords)))
        commented = "#" in self.module.source.segment(self.call)
        if not _takes(self.call, how.arguments) or not constant or commented or not is_plain(self.node.value):
            return how.refuse
        if self._needs_iterator() and _is_bound(self.module, "iter"):
            return how.refuse
        if loop is not None and (not loop.names or len(loop.names) != 1 + how.named):
            return how.refuse
        return self._foreign_use(loop)

    def _foreign_use(self, loop: contexts.Elements | None) -> str:
        """What the code does with one of the tensors that the target's cannot do; empty where nothing shows."""
        flow, given = Flow(self.module), self.module.index.parent(self.call)
        steps: list[tuple[ast.expr, Kind]] = [(self.call, Kind.CONTAINER)] if loop is None else []
        if loop is not None:
            uses = [u for u in loop.uses(-1) if not contexts.sets_flag(self.module, u)]
            steps = [(use, Kind.OWN) for use in uses if isinstance(use.ctx, ast.Load)]
            if any(isinstance(self.module.index.parent(u), ast.AugAssign) for u in uses):
                return self.how.refuse
            steps += [(given, Kind.CONTAINER)] if isinstance(given, ast.Call) else []
        found = (first_use(flow, node, kind, (contexts.FLAG,)) for node, kind in steps)
        use = next(filter(None, found), None)
        tensor = loop.names[-1] if loop is not None else f"each of {ast.unparse(self.call)}"
        return reason(self.module, use, tensor, False) if use is not None else ""

    def _exists(self) -> bool | None:
        """Whether the source's layer has the tensors; None where the files do not tell."""
        needed = {self.rule.attributes[t].exists_with for t in self.how.tensors} - {""}
        found = {argument_of(self.module, self.node.value, name) for name in needed}
        return False if False in found else True if found <= {True} else None

    def _is_inert(self) -> bool:
        """Whether the target's layer has the tensors in any case, frozen where the source's has none."""
        return all(self.rule.attributes[t].absent is not None for t in self.how.tensors)

    def _looks_at_names(self, loop: contexts.Elements | None) -> bool:
        paths = tuple(self.rule.attributes[t].to for t in self.how.tensors)
        if not self.how.named or paths == self.how.tensors or contexts.is_counted(self.module, self.call):
            return False
        return loop is None or bool(loop.uses(0))

    def _listed(self, names: list[str] | None = None) -> str:
        """The tensors, with ``names`` or their new names in pairs where the method gives pairs."""
        paths = [self.rule.attributes[t].to for t in self.how.tensors]
        items = [f"{{object}}.{path}" for path in paths]
        if self.how.named:
            names = names or [f'"{path}"' for path in paths]
            items = [f"({name}, {item})" for name, item in zip(names, items, strict=True)]
        return f"({', '.join(items)}{',' * (len(items) == 1)})"

    def _edits(self, text: str) -> tuple[Edit, ...]:
        """``text`` in place of the call, as an iterator where one is needed."""
        if self._needs_iterator():
            text = f"iter({text})"
        return offers.written(self.call, text, {"object": self.node.value}).edits

    def _needs_iterator(self) -> bool:
        return _needs_iterator(self.module, self.call) and not self._is_group()

    def _is_group(self) -> bool:
        """``{"params": m.parameters()}``: optimizers take any collection, MindSpore's no iterator."""
        parent = self.module.index.parent(self.call)
        if not isinstance(parent, ast.Dict):
            return False
        key = parent.keys[parent.values.index(self.call)]
        return isinstance(key, ast.Constant) and key.value == "params"


def _takes(call: ast.Call, names: tuple[str, ...]) -> bool:
    """Whether the arguments of a call are among those that mean the same in both frameworks."""
    positional = not any(isinstance(a, ast.Starred) for a in call.args) and len(call.args) <= len(names)
    return positional and all(k.arg in names for k in call.keywords)


def _statements(
    module: Module, call: ast.Call, treatment: MethodTreatment, imports: tuple[str, ...]
) -> tuple[Edit, ...]:
    """The edits that write a method out as statements, where it stands on a line of its own."""
    statement = module.index.parent(call)
    passed = tuple(ast.unparse(a) for a in call.args)
    if not isinstance(statement, ast.Expr) or call.keywords or passed != treatment.when:
        return ()
    assert isinstance(call.func, ast.Attribute)
    commented = "#" in module.source.segment(call)
    if commented or not is_plain(call.func.value) or not offers.has_own_line(module, statement):
        return ()
    fresh = next(n for n in ("p", "param", *map("p{}".format, range(1000))) if not _is_used(module, n))
    needed = tuple(NeedImport(name) for name in imports)
    return (ReplaceStatement(statement, treatment.statements, fresh), *needed)


def _is_used(module: Module, name: str) -> bool:
    return name in module.index.loads or _is_bound(module, name)


def _is_bound(module: Module, name: str) -> bool:
    return any(name in s.bindings for s in module.index.inner.values())
