"""Every call and partial that makes a migrated class, directly or through a name that may hold it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from migrate.decide import offered_calls, stars
from migrate.decide.arguments import Decided, comes_later, decide, described, omitted
from migrate.decide.binding import Bound, Hidden, bind
from migrate.decide.callers import Construction
from migrate.decide.drafts import Draft, Module
from migrate.decide.exclusions import is_refused
from migrate.decide.keywords import carried
from migrate.decide.offers import Offer
from migrate.decide.origins import ON_REQUEST, Stays
from migrate.decide.owned import owns_mode
from migrate.decide.references import Reference, ambiguity, leave
from migrate.decide.values import Local, Unknown
from migrate.edits import CallMethod, Change, ChangeArguments, Edit, ReferTo, Write
from migrate.findings import Role
from migrate.rule import Rule

UNDECIDED = Decided()
UNBOUND = Bound(())


@dataclass(frozen=True, slots=True)
class Made:
    """A construction with its decision: the edits, or the code and message of a review.

    ``inherits``: a subclass calls the constructor of its base, so that the class is not spelled in the call.
    ``carried``: its star argument, which brings what is converted already.
    """

    call: ast.Call
    construction: Construction
    reference: Reference | None
    rule: Rule
    decided: Decided = UNDECIDED
    bound: Bound = UNBOUND
    code: str = ""
    message: str = ""
    inherits: bool = False
    carried: str = ""

    @property
    def role(self) -> Role:
        return "partial" if self.construction.skip and not self.inherits else "call"

    @property
    def spelled(self) -> ast.AST | None:
        """The reference that is settled together with this construction."""
        return self.reference.node if self.reference is not None else None

    @property
    def is_spelled(self) -> bool:
        """Whether the call spells the class out, as against a name that holds it."""
        return self.reference is not None and self.reference.direct

    @property
    def changes_arguments(self) -> bool:
        return bool(self.decided.changes or self.decided.append or self.bound.dropped_stars)


def find_constructions(module: Module, references: dict[ast.AST, Reference]) -> list[Made]:
    """Every construction of the file with its decision; those spelled out come first."""
    made: list[Made] = []
    for call in module.index.all(ast.Call):
        if module.file.is_module_member(call.func):
            continue
        construction = module.file.callers.construction(call)
        if construction is not None:
            reference = references.get(call.args[0] if construction.skip else call.func)
            made.append(decide_call(module, call, construction, reference))
    return sorted(made, key=lambda m: (m.reference is None or not m.reference.direct, m.call.lineno, m.call.col_offset))


def decide_unresolved(module: Module) -> None:
    """Calls of something unknown with an argument of the class, in a file that passes the class around: review.

    A class kept in a container, or handed to code that is not followed, may arrive there.
    """
    telling = {p.name for r in module.rules.rules for p in r.parameters if p.treatment.action in ("complement", "map")}
    reported = {d.node for d in module.drafts}
    for call in module.index.all(ast.Call):
        names = [k.arg for k in call.keywords if k.arg in telling]
        if not names or call in reported or module.file.callers.construction(call) is not None:
            continue
        if (passed := _passed_on(module, call)) and Unknown() in module.file.evaluate(call.func):
            lines = ", ".join(dict.fromkeys(module.line_name(d.node) for d in passed[:3]))
            symbols = tuple(sorted({d.symbol for d in passed}))
            message = (
                f"{ast.unparse(call.func)} may be {', '.join(symbols)}, which line {lines} passes on: if it is, "
                f"{names[0]} here follows the constructor's rule{stars.complement_of(module.rules.by_name[symbols[0]])}"
            )
            edits = _offer_unresolved(module, call, symbols)
            module.add(Draft("BN204", "call", symbols[0], call, message, suggestion=edits))


def _passed_on(module: Module, call: ast.Call) -> list[Draft]:
    """The references of the file by which a class that can take a call's arguments goes where it is not followed."""
    going = [d for d in module.drafts if d.code == "BN103" and d.role in ("reference", "default")]
    return [d for d in going if not is_refused(module.rules.by_name[d.symbol], call)]


def _offer_unresolved(module: Module, call: ast.Call, symbols: tuple[str, ...]) -> tuple[Edit, ...]:
    if isinstance(call.func, ast.Attribute) and call.func.attr == "__init__":
        return ()  # a method, which no test can tell from another class's
    found = _arguments(module, call, module.rules.by_name[symbols[0]], 0, 0)
    return offered_calls.by_argument(module, call, call.func, *found, symbols).edits if isinstance(found, tuple) else ()


def leave_passed(module: Module, made: list[Made]) -> None:
    """A file that stays as it is cannot follow the rule, so the classes that other files pass into its calls stay."""
    for m in made:
        for migrated, _ in m.construction.classes:
            if migrated.reference is not None and (m.code or m.changes_arguments):
                place = f"line {module.line_name(m.call)} of {module.source.path}"
                module.leave(migrated.reference, Stays(f"passed to {place}, a file that is left as it is"))


def report(module: Module, made: list[Made]) -> None:
    """Report constructions, once it is known which of the references they depend on stay."""
    for m in made:
        _report(module, m)


def decide_call(
    module: Module, call: ast.Call, construction: Construction, reference: Reference | None, inherits: bool = False
) -> Made:
    """What becomes of one construction."""
    plain = Made(call, construction, reference, construction.classes[0][0].rule, inherits=inherits)

    def review(code: str, message: str, decided: Decided = UNDECIDED, bound: Bound = UNBOUND) -> Made:
        return replace(plain, decided=decided, bound=bound, code=code, message=message)

    if reference is not None:
        unsure = ambiguity(module, reference)
        if unsure:
            return review("BN203", unsure)
    kinds = {(c.rule.name, filled): c.rule for c, filled in construction.classes}
    results = {_arguments(module, call, r, construction.skip, filled) for (_, filled), r in kinds.items()}
    outcome = next(iter(results))
    if len(results) > 1:
        return review("BN204", _others(module, plain, "the classes that may arrive take its arguments differently"))
    if isinstance(outcome, str):
        return review("BN201", outcome)
    is_told = reference is None and not inherits  # a class that is spelled needs a proof, which cannot read the star
    if isinstance(outcome, Hidden) and is_told and stars.brings_converted(module, call, construction, outcome):
        return replace(plain, carried=ast.unparse(outcome.star))
    if isinstance(outcome, Hidden):
        return review("BN202", stars.advice(module, call, construction, outcome))
    decided, bound = outcome
    if decided.refusal is not None:
        refused = decided.refusal
        text = ast.unparse(refused.argument.value)
        return review("BN201", f"{refused.argument.parameter}={text} is not expressible: {refused.advice}")
    if _into_modules(module, call):
        advice = f"write setattr(model, name, {plain.rule.target.name}(...))"
        return review("BN211", f"_modules does not exist in MindSpore: {advice}", decided, bound)
    if construction.skip and not inherits and (later := comes_later(plain.rule, bound.arguments)):
        return review("BN201", later, decided, bound)
    decided = replace(decided, append=_omitted(plain, bound))
    if construction.others and (decided.changes or bound.dropped_stars):
        return review("BN204", _others(module, plain, _wanted(decided, _named(construction))), decided, bound)
    return replace(plain, decided=decided, bound=bound)


def _arguments(
    module: Module, call: ast.Call, rule: Rule, skip: int, filled: int
) -> tuple[Decided, Bound] | Hidden | str:
    bound = bind(module.file, call, rule, skip, filled)
    if not isinstance(bound, Bound):
        return bound
    decided = decide(rule, bound.arguments)
    for argument, change in decided.changes:
        if argument.positional and not argument.direct and change.keyword:
            return f"{argument.parameter} has another position in MindSpore: pass it by keyword"
    return decided, bound


def _others(module: Module, made: Made, why: str) -> str:
    values = [*(c for c, _ in made.construction.classes), *made.construction.others]
    names = module.described(values)
    return f"{ast.unparse(made.call.func)} may be {names}: {why}"


def _wanted(decided: Decided, names: str) -> str:
    parts = sorted({described(a, c) for a, c in decided.changes})
    return f"for {names} alone, {', '.join(parts)}"


def _omitted(made: Made, bound: Bound) -> tuple[tuple[str, str], ...]:
    """What a call leaves at a default that the classes do not share; calls of a partial have it there."""
    filled = made.rule.positional[: made.construction.classes[0][1]]
    passed = {*filled, *(a.parameter for a in bound.arguments)}
    return omitted(made.rule, passed) if made.inherits or made.is_spelled else ()


def _named(construction: Construction) -> str:
    """The source's classes that a call may make."""
    return ", ".join(dict.fromkeys(c.rule.source.name for c, _ in construction.classes))


def _into_modules(module: Module, call: ast.Call) -> bool:
    """``model._modules[name] = nn.BatchNorm2d(...)``."""
    parent = module.index.parent(call)
    if not isinstance(parent, ast.Assign):
        return False
    subscripts = [t.value for t in parent.targets if isinstance(t, ast.Subscript)]
    return any(isinstance(s, ast.Attribute) and s.attr == "_modules" for s in subscripts)


def settle_shared(module: Module, made: list[Made]) -> list[Made]:
    """Constructions that unpack the same dict or tuple are rewritten together or not at all."""
    while True:
        stuck = {
            container: m
            for m in made
            if m.code or module.is_skipped(m.call, "BN101", "BN102", "BN108") or _origin_left(module, m) is not None
            for container in m.bound.shared or _named_stars(module, m)
        }
        held = [m for m in made if not m.code and any(c in stuck and stuck[c] is not m for c in m.bound.shared)]
        if not held:
            return made
        for m in held:
            line = module.line_name(next(stuck[c] for c in m.bound.shared if c in stuck).call)
            message = f"it shares a star argument with line {line}, which needs review: settle that first"
            made[made.index(m)] = replace(m, code="BN202", message=message)


def _named_stars(module: Module, made: Made) -> tuple[ast.expr, ...]:
    """The displays behind the named stars of a call that was refused before its arguments were bound."""
    stars = [k.value for k in made.call.keywords if k.arg is None]
    stars += [a.value for a in made.call.args if isinstance(a, ast.Starred)]
    bindings = [b for s in stars if isinstance(s, ast.Name) for b in module.file.bindings(s)]
    return tuple(b.value for b in bindings if b.value is not None)


def _origin_left(module: Module, made: Made) -> Stays | None:
    """Why the class that arrives stays; None where it was migrated, or the call itself spells it."""
    callee = made.call.args[0] if made.construction.skip else made.call.func
    nodes: list[ast.AST | None] = [c.reference for c, _ in made.construction.classes if c.reference is not made.spelled]
    nodes += [v.node for v in module.file.evaluate(callee) if isinstance(v, Local)]
    return module.first_left(nodes)


def _is_spoken_for(module: Module, made: Made) -> bool:
    """Whether the review of a class that stays is about a call of another name of it as well: it says nothing of
    arguments, which the class that takes its place would take for its own."""
    if made.code or made.changes_arguments or made.is_spelled or made.construction.others:
        return False
    return module.spoken_for(module.why_left(c.reference) for c, _ in made.construction.classes) is not None


def _report(module: Module, made: Made) -> None:
    symbol = made.rule.source.name
    reference, call = made.reference, made.call
    flows, others = reference is None, made.construction.others
    left = _origin_left(module, made) or module.held_back(made.spelled or made.call)
    if made.code and not (flows and left and not others and made.code != "BN204"):
        offer = offer_for(module, made)
        draft = Draft(made.code, made.role, symbol, offer.place, made.message, suggestion=offer.edits)
        if reference is not None and reference.direct:
            leave(module, reference, draft)
        else:
            module.add(draft)
        return
    if left:
        if made.code or made.changes_arguments or not flows:
            what = f"{ast.unparse(call.func)} is {symbol}"
            origin = replace(left, asked=False)  # the class is left on request, what it is called with is not
            draft = module.stays(
                origin, made.role, symbol, what, call, edits_within(module, made), _is_spoken_for(module, made)
            )
            module.add(replace(draft, message=f"{draft.message}; {made.message}") if made.code else draft)
        return
    if made.carried:
        told = f"what **{made.carried} carries is converted where its partial is made: nothing to change"
        module.add(Draft("BN303", made.role, symbol, call, told))
    if others:
        return
    edits = edits_of(module, made)
    owned = any(isinstance(e, CallMethod) for e in edits)
    if flows and not any(not isinstance(e, ReferTo) for e in edits):
        return
    code = "BN102" if made.construction.skip else "BN108" if flows else "BN101"
    if reference is not None and module.is_skipped(call, code):
        module.leave(reference.node, ON_REQUEST)
    module.add(Draft(code, made.role, symbol, call, message_of(made, owned, flows), edits))
    for argument, note in made.decided.notes:
        module.add(Draft("BN302", made.role, symbol, argument.value, note))


def offer_for(module: Module, made: Made) -> Offer:
    """What to write instead of a construction that needs review."""
    call, parent = made.call, module.index.parent(made.call)
    if made.code == "BN204":
        return _offer_by_argument(module, call, made.construction.skip, made.decided, made.bound)
    if made.code == "BN211" and isinstance(parent, ast.Assign):
        offer = offered_calls.into_setattr(call, parent)
        return Offer(offer.place, (*edits_of(module, made), *offer.edits)) if offer.edits else Offer(call)
    kinds = {(c.rule.name, filled) for c, filled in made.construction.classes}
    # A class that is left for what its own constructor passes on is told here how to pass it.
    is_left = not made.construction.others and not made.inherits and _origin_left(module, made)
    unsure = len(kinds) > 1 or is_left
    twice = any(k.arg is None and carried(module, k.value) for k in call.keywords)
    if made.code not in ("BN201", "BN202") or unsure or twice:
        return Offer(call)
    skip, filled = made.construction.skip, made.construction.classes[0][1]
    outcome = _arguments(module, call, made.rule, skip, filled)
    decided: Decided | None
    converted: tuple[Write, ...] = ()
    if isinstance(outcome, tuple) and outcome[0].refusal is not None:
        decided = offered_calls.without_refused(made.rule, call, *outcome)
        decided = decided and replace(decided, append=_omitted(made, outcome[1]))
    else:
        decided, converted = stars.unpacked(module, call, made.rule, skip, filled)
    if decided is None or not (decided.changes or converted):
        return Offer(call)
    if made.construction.others:
        return _offer_by_argument(module, call, skip, decided, UNBOUND, converted)
    return Offer(call, (*converted, *edits_of(module, replace(made, decided=decided, bound=UNBOUND))))


def _offer_by_argument(
    module: Module, call: ast.Call, skip: int, decided: Decided, bound: Bound, converted: tuple[Write, ...] = ()
) -> Offer:
    func = call.args[0] if skip else call.func
    unknown = Unknown() in module.file.evaluate(func)
    symbols = tuple(sorted({d.symbol for d in _passed_on(module, call)})) if unknown else ()
    return offered_calls.by_argument(module, call, func, decided, bound, symbols, converted)


def edits_of(module: Module, made: Made) -> tuple[Edit, ...]:
    """What rewrites a construction."""
    edits: list[Edit] = []
    if made.reference is not None and made.reference.direct:
        edits.append(ReferTo(made.reference.node, made.rule.target.name))
    by_container: dict[ast.expr, list[tuple[int, Change]]] = {}
    dropped = {container for _, container in made.bound.dropped_stars}
    for argument, change in made.decided.changes:
        if argument.container not in dropped:
            by_container.setdefault(argument.container, []).append((argument.index, change))
    for index, _ in made.bound.dropped_stars:
        by_container.setdefault(made.call, []).append((index, Change(drop=True)))
    append = (*made.decided.append, *_data_format(module, made))
    if append:
        by_container.setdefault(made.call, [])
    for container, changes in by_container.items():
        extra = append if container is made.call else ()
        edits.append(ChangeArguments(container, tuple(changes), extra))
    if made.rule.target.training_mode and not made.construction.skip and owns_mode(module.index, made.call):
        edits.append(CallMethod(made.call, made.rule.target.training_mode))
    return tuple(edits)


def edits_within(module: Module, made: Made) -> tuple[Edit, ...]:
    """What rewrites a construction by its own text alone; nothing where arguments from elsewhere would change."""
    edits = edits_of(module, made)
    nodes = [e.node for e in edits if isinstance(e, (ReferTo, ChangeArguments, CallMethod))]
    return edits if all(module.holds(made.call, n) for n in nodes) else ()


def _data_format(module: Module, made: Made) -> tuple[tuple[str, str], ...]:
    wanted = module.data_format != "NCHW" and module.data_format in made.rule.target.data_formats
    through_partial = made.reference is None and not made.inherits
    return (("data_format", repr(module.data_format)),) if wanted and not through_partial else ()


def message_of(made: Made, owned: bool = False, flows: bool = False) -> str:
    """What a finding says about a construction."""
    target = made.rule.target.name
    said = [described(a, c) for a, c in made.decided.changes]
    said += [f"{name}={value} is torch's default, and not MindSpore's" for name, value in made.decided.append]
    if made.bound.dropped_stars:
        said.append("the star argument is dropped with the device and dtype it carries")
    if owned:
        said.append(
            f"{made.rule.target.training_mode} because it is called here and a MindSpore cell starts in inference mode"
        )
    start = f"{made.rule.source.name} becomes {target}"
    if flows:
        start = f"{ast.unparse(made.call.func)} is {target} as far as the files show"
    return f"{start}: {'; '.join(said)}" if said else start
