"""Subclasses of migrated classes: rewritten as a whole where all their code is understood, else left as a whole."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from migrate.decide.binding import source_order
from migrate.decide.bodies import Body
from migrate.decide.callers import Construction
from migrate.decide.constructions import Made, decide_call, edits_of, edits_within, message_of, offer_for
from migrate.decide.drafts import Draft, Module
from migrate.decide.file import File
from migrate.decide.instances import decide_use, may_be_ours
from migrate.decide.neutral import Kind, Surroundings
from migrate.decide.origins import Stays
from migrate.decide.overrides import check_edits, header_of, name_of
from migrate.decide.owned import owns_mode
from migrate.decide.references import Reference
from migrate.decide.values import Instance, Local, Migrated
from migrate.edits import CallMethod, Edit, ReplaceExpression, ReplaceMethod, ReplaceStatement, SetTensor
from migrate.rule import MethodTreatment

ADVICE = "port __init__ by the constructor's rule, forward to construct, and the attributes it uses"
DECORATORS = ("property", "staticmethod", "classmethod")
MOST = 4
"""Problems that a message names."""
Problems = dict[tuple[int, str], None]
References = dict[ast.AST, Reference]


@dataclass(slots=True)
class Subclass:
    """One class: what stops its migration by line and text, or else the calls and methods to rewrite.

    ``above`` holds what it stays the source framework's with: its bases, and all that is above them. ``line_name``
    gives a line of its file in words.
    """

    cls: ast.ClassDef
    base: Migrated
    line_name: Callable[[int], str]
    problems: Problems = field(default_factory=dict)
    made: list[Made] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    attributes: dict[str, Kind] = field(default_factory=dict)
    methods: frozenset[str] = frozenset()
    above: tuple[ast.AST, ...] = ()

    @property
    def doubt(self) -> str:
        """Why the class needs a person; empty where it is rewritten."""
        if not self.problems:
            return ""
        told = [f"line {self.line_name(line)}: {text}" for line, text in sorted(self.problems)]
        more = f"; {len(told) - MOST} more" if len(told) > MOST else ""
        return f"subclass {self.cls.name} needs a person ({'; '.join(told[:MOST])}{more}): {ADVICE}"


class Subclasses:
    """The subclasses of the files of a run. Every file enters with its references before any class is asked for."""

    def __init__(self) -> None:
        self.found: dict[ast.ClassDef, Subclass] = {}
        self._files: dict[File, tuple[Module, References]] = {}

    def enter(self, module: Module, references: References) -> None:
        self._files[module.file] = module, references

    def of(self, module: Module) -> dict[ast.ClassDef, Subclass]:
        """Those of a file, parents before their children; what they are in doubt about is kept in ``module``."""
        for cls in module.index.all(ast.ClassDef):
            self._find(module.file, cls, frozenset())
        mine = {cls: s for cls, s in self.found.items() if module.file.home(cls) is module.file}
        module.doubts = {cls: s.doubt for cls, s in mine.items() if s.doubt}
        return mine

    def _find(self, file: File, cls: ast.ClassDef, active: frozenset[ast.ClassDef]) -> None:
        classes = file.classes
        base, home = classes.migrated_base(cls), self._files.get(file.home(cls))
        if base is None or home is None or cls in self.found or cls in active:
            return
        parents = classes.local_bases(cls)
        for parent in parents:
            self._find(file, parent, active | {cls})
        known = [self.found[p] for p in parents if p in self.found]
        self.found[cls] = _Examination(*home, Subclass(cls, base, home[0].source.line_name), known).subclass()


class _Examination:
    """Reads one class; ``parents`` are the subclasses that it derives from."""

    def __init__(self, module: Module, references: References, subclass: Subclass, parents: list[Subclass]) -> None:
        self._module = module
        self._references = references
        self._found = subclass
        self._parents = parents
        self._rule = subclass.base.rule
        functions = [s for s in subclass.cls.body if isinstance(s, ast.FunctionDef)]
        self._inits = [f for f in functions if f.name == "__init__"]
        self._others = [f for f in functions if f.name != "__init__"]

    def subclass(self) -> Subclass:
        found, cls = self._found, self._found.cls
        self._header()
        found.above = (*(p.cls for p in self._parents), *cls.bases, *(n for p in self._parents for n in p.above))
        if found.base.reference is not None:
            found.above += (found.base.reference,)
        inherited = frozenset(m for p in self._parents for m in p.methods)
        found.methods = inherited | {f.name for f in self._others}
        for parent in self._parents:
            found.attributes |= parent.attributes
        around = Surroundings(self._module, cls, self._rule, found.attributes, found.methods)
        around.replaced = self._uses()
        around.constructors = dict(self._constructors())
        self._statements(around)
        for function in self._inits:
            self._read(around, function, strict=False)
        for function in self._others:
            self._method(around, function)
        return found

    def _problem(self, node: ast.AST, text: str) -> None:
        self._found.problems[self._module.line(node), text] = None

    def _header(self) -> None:
        """What concerns the class as a whole."""
        module, cls = self._module, self._found.cls
        (base, *_), parents = cls.bases, [p.cls for p in self._parents]
        values = module.file.evaluate(base)
        known = base in self._references or (_is_imported(module, base) and values == {self._found.base})
        if not known and not all(isinstance(v, Local) and v.node in parents for v in values):
            self._problem(base, f"what {ast.unparse(base)} is, is not certain")
        if self._rule.subclass.refuse:
            self._problem(base, self._rule.subclass.refuse)
        if len(cls.bases) > 1 or cls.keywords:
            self._problem(cls, "it has other bases or keywords, which may not work with MindSpore's class")
        if len(self._inits) > 1:
            self._problem(cls, "__init__ is defined more than once")
        body = range(cls.body[0].lineno, (cls.end_lineno or 0) + 1)
        skipped = [n for n in module.skips.lines if n in body and module.skips.covers(n, n, "BN1")]
        if skipped:
            self._found.problems[min(skipped), "a comment asks to leave a part of it"] = None
        given = module.data_format != "NCHW" and module.data_format in self._rule.target.data_formats
        if given and not module.file.classes.defines(cls, "__init__"):
            self._problem(cls, f"it has no __init__ that passes data_format='{module.data_format}' on")

    def _uses(self) -> dict[ast.AST, tuple[ast.expr, ...]]:
        """The statements and calls on ``self`` that are written anew, with what stays of them; reviews are problems."""
        replaced: dict[ast.AST, tuple[ast.expr, ...]] = {}
        for node in ast.walk(self._found.cls):
            if not isinstance(node, ast.Attribute) or not self._is_itself(node.value):
                continue
            if not may_be_ours(self._module, node):
                continue
            draft = decide_use(self._module, node, self._module.objects(node.value))
            if draft is None:
                continue
            if draft.kind == "review":
                self._problem(node, f"{ast.unparse(node)}: {draft.message}")
            for edit in draft.edits:
                if isinstance(edit, (SetTensor, ReplaceStatement, ReplaceMethod)):
                    replaced[edit.node] = _kept(edit)
        return replaced

    def _is_itself(self, node: ast.expr) -> bool:
        """Whether ``node`` is the layer, as its own methods or ``super()`` spell it."""
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "super":
            return True
        bindings = self._module.file.bindings(node) if isinstance(node, ast.Name) else []
        return any(
            b.kind == "parameter" and self._module.file.evaluate(node) == {Instance(Local(self._found.cls))}
            for b in bindings
        )

    def _constructors(self) -> Iterator[tuple[ast.AST, tuple[ast.expr, ...]]]:
        """The calls of the base's constructor, each with the arguments that stay."""
        for init in self._inits:
            first = next(iter(init.args.args), None)
            for call in ast.walk(init):
                if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                    continue
                if call.func.attr != "__init__" or first is None:
                    continue
                owner = call.func.value
                through_super = isinstance(owner, ast.Call) and getattr(owner.func, "id", "") == "super"
                itself = call.args[0] if call.args and not through_super else None
                if through_super or getattr(itself, "id", "") == first.arg:
                    yield from self._constructor(call, owner, int(not through_super))

    def _constructor(
        self, call: ast.Call, owner: ast.expr, skip: int
    ) -> Iterator[tuple[ast.AST, tuple[ast.expr, ...]]]:
        """``super().__init__(...)`` or ``Base.__init__(self, ...)``, by the rule unless a parent has its own."""
        arguments = [a.value if isinstance(a, ast.keyword) else a for a in source_order(call)][skip:]
        values = self._module.file.evaluate(owner)
        bases = [v.of if isinstance(v, Instance) else v for v in values]
        classes = self._module.file.classes
        if not bases or not all(isinstance(b, (Migrated, Local)) for b in bases) or len(bases) > 1:
            return
        (base,) = bases
        if isinstance(base, Local):
            if not isinstance(base.node, ast.ClassDef) or base.node not in [p.cls for p in self._parents]:
                return
            if classes.defines(base.node, "__init__"):
                yield call, tuple(arguments)
                return
        reference = self._references.get(owner)
        construction = Construction(((self._found.base, 0),), (), skip)
        made = decide_call(self._module, call, construction, reference, inherits=True)
        if made.code:
            self._problem(call, made.message)
        self._found.made.append(made)
        dropped = {i for a, c in made.decided.changes if c.drop and a.container is call for i in [a.index]}
        dropped |= {i for i, _ in made.bound.dropped_stars}
        yield call, tuple(a for i, a in enumerate(arguments, start=skip) if i not in dropped)

    def _statements(self, around: Surroundings) -> None:
        """The class body besides its methods: a docstring and plain values under names of its own."""
        body = Body(around, strict=False)
        for statement in self._found.cls.body:
            if isinstance(statement, (ast.FunctionDef, ast.Pass)):
                continue
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue
            targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
            names = {t.id for t in targets if isinstance(t, ast.Name)}
            if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or len(names) < len(targets):
                self._problem(statement, f"{getattr(statement, 'name', 'its body')} is not plain values and methods")
                continue
            for name in sorted(names):
                if self._is_taken(name):
                    self._problem(statement, f"it gives {name} another meaning")
            kind = body.expression(statement.value) if statement.value is not None else None
            if kind is not None:
                self._found.attributes |= dict.fromkeys(names, kind)
        self._found.problems |= body.problems

    def _is_taken(self, name: str) -> bool:
        rule = self._rule
        return name in rule.attributes or name in rule.methods or name in rule.subclass.taken

    def _read(self, around: Surroundings, function: ast.FunctionDef, strict: bool) -> Body:
        body = Body(around, strict)
        body.read(function)
        self._found.problems |= body.problems
        for name, kind in body.assigned.items():
            if kind is Kind.UNCLEAR and any(p.attributes.get(name, kind) is not kind for p in self._parents):
                self._problem(function, f"what it gives the base's {name} is not known")
            self._found.attributes[name] = max(kind, self._found.attributes.get(name, Kind.PLAIN))
        return body

    def _method(self, around: Surroundings, function: ast.FunctionDef) -> None:
        name = function.name
        treatment = self._rule.methods.get(name)
        decorators = [getattr(d, "id", "") for d in function.decorator_list]
        if treatment is not None and treatment.override and not decorators:
            self._override(around, function, treatment)
        elif self._is_taken(name) or (name.startswith("__") and name.endswith("__")):
            self._problem(function, f"it overrides {name}")
        elif any(d not in DECORATORS for d in decorators):
            self._problem(function, f"{name} is decorated")
        else:
            self._read(around, function, strict=True)

    def _override(self, around: Surroundings, function: ast.FunctionDef, treatment: MethodTreatment) -> None:
        """A method of the class under its new name, or as the target calls it."""
        name = function.name
        symbol = f"{self._rule.source.name}.{name}"
        if treatment.override == "check":
            edits = check_edits(self._module, function, treatment)
            header = header_of(self._module.source, function)
            message = f"MindSpore's {name} is a static method of the shape and the name of the class"
            if edits and header is not None:
                self._found.drafts.append(Draft("BN106", "method", symbol, header, message, edits))
            else:
                numbers = ", ".join(map(str, treatment.dimensions))
                self._problem(function, f"{name} is not a mere check for {numbers} dimensions, which MindSpore takes")
            return
        body = self._read(around, function, strict=True)
        place = name_of(self._module.source, function)
        is_text = body.returned and body.returned <= {Kind.PLAIN}
        if place is None or (treatment.override == "text" and not is_text):
            self._problem(function, f"it overrides {name} in a way that is not understood")
            return
        edit = ReplaceExpression(place, treatment.to)
        message = f"{name} is called {treatment.to} in MindSpore"
        self._found.drafts.append(Draft("BN106", "method", symbol, place, message, (edit,)))


def _kept(edit: Edit) -> tuple[ast.expr, ...]:
    """What a rewritten statement or call takes over from the original."""
    if not isinstance(edit, SetTensor):
        return ()
    if isinstance(edit.node, ast.Assign):
        return (edit.node.value,)
    arguments = edit.node.args[1:] if edit.form == "function" else edit.node.args
    return (*arguments, *(k.value for k in edit.node.keywords))


def _is_imported(module: Module, node: ast.expr) -> bool:
    """Whether a name or path starts with an import."""
    while isinstance(node, ast.Attribute):
        node = node.value
    bindings = module.file.bindings(node) if isinstance(node, ast.Name) else []
    return bool(bindings) and all(b.kind == "import" for b in bindings)


def decide_subclasses(module: Module, mine: dict[ast.ClassDef, Subclass], references: References) -> None:
    """Report the subclasses of a file, but for those that depend on what other files leave."""
    for cls, found in mine.items():
        if found.doubt:
            line = module.line_name(cls.bases[0])
            heads = [b for b in cls.bases if b in references]
            stay = [module.origins.left.get(b) for b in heads] if heads else []
            reviewed = all(s is not None and s.reviewed for s in stay) and not module.is_skipped(cls.bases[0], "BN209")
            why = f"whose subclass {cls.name} was left at line {line}"
            module.leave(cls, Stays(why, subclass=cls, reviewed=reviewed))
            if not heads:
                module.add(Draft("BN209", "base", found.base.rule.source.name, cls.bases[0], found.doubt))
        if not _is_heir(module, found):
            _report(module, found)


def decide_heirs(module: Module, mine: dict[ast.ClassDef, Subclass]) -> None:
    """Report the subclasses of classes in other files, once it is known what those leave."""
    for found in mine.values():
        if _is_heir(module, found):
            _report(module, found)


def _is_heir(module: Module, found: Subclass) -> bool:
    return any(module.file.home(n) is not module.file for n in found.above)


def _report(module: Module, found: Subclass) -> None:
    origin = module.first_left(found.above)
    if origin is not None:
        module.leave(found.cls, origin)
    origin = module.why_left(found.cls)
    for made in found.made:
        _report_constructor(module, made, origin)
    for draft in found.drafts if origin is None else ():
        module.add(draft)


def _report_constructor(module: Module, made: Made, origin: Stays | None) -> None:
    symbol, call = made.rule.source.name, made.call
    if origin is not None:
        offer = offer_for(module, made).edits if made.code else edits_within(module, made)
        what = f"{ast.unparse(call.func)} is {symbol}'s"
        spoken = origin.reviewed and not (made.code or made.changes_arguments)
        module.add(module.stays(origin, made.role, symbol, what, call, offer, spoken))
        if made.reference is not None:
            module.leave(made.reference.node, Stays(origin.why, origin.asked, reviewed=origin.reviewed))
        return
    module.add(Draft("BN101", made.role, symbol, call, message_of(made), edits_of(module, made)))
    for argument, note in made.decided.notes:
        module.add(Draft("BN302", made.role, symbol, argument.value, note))


def give_modes(module: Module, subclasses: Subclasses) -> None:
    """A layer of a class with an ``__init__`` of its own that is called where it is made, and so owns its mode."""
    classes, found = module.file.classes, subclasses.found
    own = {c: s for c, s in found.items() if classes.defines(c, "__init__") and module.why_left(c) is None}
    for call in module.index.all(ast.Call) if own else ():
        values = [v.node if isinstance(v, Local) else None for v in module.file.evaluate(call.func)]
        made = [own[v] for v in values if v in own]
        if not made or len(made) < len(values) or not owns_mode(module.index, call):
            continue
        rule = made[0].base.rule
        if rule.target.training_mode:
            message = f"{rule.target.training_mode} because it is called here and starts in inference mode"
            edit = CallMethod(call, rule.target.training_mode)
            module.add(Draft("BN108", "other", rule.source.name, call, message, (edit,)))


def initialised(subclasses: Iterable[Subclass]) -> set[ast.AST]:
    """The references that are settled together with a constructor call of a subclass."""
    return {m.spelled for s in subclasses for m in s.made if m.spelled is not None}
