"""One small function for each row of a rule file, context and state of the layer; and what the migration makes of it.

A *row* is an attribute or method of a rule. A *context* is what the code does with it, a *state* how the layer came to
be as it is. All functions of a class and a state make up one module, which is migrated and run as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass

from migrate.engine import Options, migrate_bytes
from migrate.findings import Finding
from migrate.rule import Rule

PLAIN = Options()
HEAD = "import torch\nfrom torch import nn\nfrom marks import computed, keep, mark\n\n"
STATES = {
    "as made": ("", ()),
    "frozen": ("", ("m.weight.requires_grad = False", "m.bias.requires_grad = False")),
    "unfrozen": (
        "",
        (
            "m.weight.requires_grad = False",
            "m.bias.requires_grad = False",
            "m.weight.requires_grad = True",
            "m.bias.requires_grad = True",
        ),
    ),
    "in an optimizer": (
        "",
        (
            "net = nn.Sequential(m)",
            "optimizer = torch.optim.SGD([{'params': net.parameters(), 'weight_decay': 0.5}], lr=0.5)",
            "for p in net.parameters(): p.grad = torch.ones_like(p)",
            "optimizer.step()",
        ),
    ),
    "affine=False": (", affine=False", ()),
    "track_running_stats=False": (", track_running_stats=False", ()),
}
"""How the layer of a function is made: the arguments of its constructor, and what is done with it before."""
UNSEEN = "construction not seen"
"""The state of a layer that comes from elsewhere: with affine or without."""

KINDS = {
    "parameter": ("weight", "bias"),
    "statistic": ("running_mean", "running_var"),
    "number": ("num_batches_tracked", "momentum", "eps", "num_features"),
    "flag": ("training", "affine", "track_running_stats"),
    "parameters": ("parameters",),
    "pairs": ("named_parameters", "named_modules"),
    "layers": ("children", "modules"),
    "itself": ("train", "eval", "requires_grad_", "cuda", "cpu", "to", "half", "float", "double"),
    "nothing": ("reset_running_stats", "reset_parameters", "_check_input_dim"),
    "visitor": ("apply",),
    "text": ("extra_repr",),
    "output": ("forward",),
}
TENSOR = ("parameter", "statistic")
SCALAR = ("number", "flag")
GIVEN = ("parameters", "pairs", "layers")
CALLED = ("itself", "nothing", "text", "output")
REFUSED = "refused"
"""The kind of a row that the rule refuses wherever it stands, and that no other kind lists."""
ATTRIBUTES = (*TENSOR, *SCALAR)
ARGUMENTS = {
    "to": "'cpu'",
    "forward": "torch.ones({shape})",
    "_check_input_dim": "torch.ones({shape})",
    "requires_grad_": "False",
}
VALUES = {
    "weight": "nn.Parameter(torch.full((3,), 5.0))",
    "bias": "nn.Parameter(torch.full((3,), 5.0))",
    "running_mean": "torch.full((3,), 5.0)",
    "running_var": "torch.full((3,), 5.0)",
    "num_batches_tracked": "torch.tensor(7)",
    "momentum": "0.3",
    "eps": "0.01",
    "num_features": "4",
    "training": "False",
    "affine": "False",
    "track_running_stats": "False",
}
"""What is assigned to an attribute."""
EQUAL = {"momentum": "0.1", "eps": "1e-05", "num_features": "3", "num_batches_tracked": "0"}
"""What a number is compared with."""

CONTEXTS = {
    "read": ((*ATTRIBUTES, *CALLED), ("return {use}",)),
    "statement": ((*CALLED, *GIVEN), ("{use}", "return m")),
    "compared": ((*ATTRIBUTES, *GIVEN, *CALLED), ("return {use} == {equal}",)),
    "ordered": (("number",), ("return {use} >= {equal}",)),
    "member of": (SCALAR, ("return {use} in ({equal}, None)",)),
    "computed with": ((*TENSOR, "number"), ("return {use} * 2",)),
    "looked up": (SCALAR, ("return {{{equal}: 1}}.get({use})",)),
    "iterated": ((*TENSOR, *GIVEN), ("return [x for x in {use}]",)),
    "names alone": (("pairs",), ("return [name for name, _ in {use}]",)),
    "second parts alone": (("pairs",), ("return [x for _, x in {use}]",)),
    "count by a loop": (GIVEN, ("n = 0", "for _ in {use}: n += 1", "return n")),
    "frozen in a loop": (GIVEN, ("for {element} in {use}: p.requires_grad = False", "return m")),
    "unfrozen in a loop": (GIVEN, ("for {element} in {use}: p.requires_grad = True", "return m")),
    "any that is trained": (GIVEN, ("return any(p.requires_grad for {element} in {use})",)),
    "counted numbers": (GIVEN, ("return sum(p.numel() for {element} in {use} if hasattr(p, 'numel'))",)),
    "filled in a loop": (("parameters",), ("for p in {use}: p.data.fill_(7)", "return m")),
    "next": (GIVEN, ("return next({use}, None)",)),
    "next of iter": ((*TENSOR, *GIVEN), ("return next(iter({use}), None)",)),
    "len": (TENSOR, ("return len({use})",)),
    "len of list": (GIVEN, ("return len(list({use}))",)),
    "list": ((*TENSOR, *GIVEN), ("return list({use})",)),
    "star": ((*TENSOR, *GIVEN), ("return [*{use}]",)),
    "dict": (("pairs",), ("return dict({use})",)),
    "stored": ((*ATTRIBUTES, *CALLED), ("x = {use}", "return [x, x]")),
    "stored and read twice": (GIVEN, ("x = {use}", "return [list(x), list(x)]")),
    "passed on": ((*ATTRIBUTES, *GIVEN, *CALLED), ("return keep({use})",)),
    "in a group": (
        ("parameters", "parameter"),
        ("group = {{'params': {use}, 'lr': 0.1}}", "return list(group['params'])"),
    ),
    "given to an optimizer": (
        ("parameters",),
        ("return len(torch.optim.SGD({use}, lr=0.1).param_groups[0]['params'])",),
    ),
    "truth": ((*SCALAR, *GIVEN), ("return bool({use})",)),
    "without a call": ((*GIVEN, *CALLED), ("f = {bare}", "return f({arguments})")),
    "written": (ATTRIBUTES, ("{use} = {value}", "return computed(m)")),
    "replaced": ((*GIVEN, *CALLED), ("{bare} = keep", "return {bare}(1)")),
    "written from itself": (TENSOR, ("{use} = m.bias", "return m")),
    "augmented": (ATTRIBUTES, ("{use} += 1", "return computed(m)")),
    "called with a function": (("visitor",), ("seen = []", "{bare}(seen.append)", "return len(seen)")),
    "used": ((REFUSED,), ("return {use}",)),
    "deleted": (ATTRIBUTES, ("del {use}", "return m")),
}
"""Each context: the kinds of rows that it makes sense for, and the statements."""
SHAPES = {"BatchNorm1d": "4, 3", "BatchNorm3d": "2, 3, 2, 2, 2"}


@dataclass(frozen=True)
class Cell:
    """One function: ``state`` is part of its module."""

    row: str
    context: str

    @property
    def name(self) -> str:
        return f"{self.row}__{self.context}".replace(" ", "_")


def kind_of(row: str) -> str:
    """The kind of a row."""
    return next((kind for kind, rows in KINDS.items() if row in rows), REFUSED)


def cells(rule: Rule) -> list[Cell]:
    """The cells of a class, for any state."""
    rows = [*rule.attributes, *rule.methods]
    return [Cell(row, context) for row in rows for context, (kinds, _) in CONTEXTS.items() if kind_of(row) in kinds]


def states(rule: Rule, others: tuple[Rule, ...]) -> list[str]:
    """The states in which the cells of a class are looked at: a few, where an earlier class has the same rows."""
    earlier = others[: others.index(rule)]
    same = any((o.attributes, o.methods) == (rule.attributes, rule.methods) for o in earlier)
    return ["as made", "affine=False"] if same else [*STATES, UNSEEN]


def statements(cell: Cell, rule: Rule) -> list[str]:
    """What the function of a cell does with its layer ``m``."""
    arguments = ARGUMENTS.get(cell.row, "").format(shape=SHAPES.get(rule.name, "2, 3, 2, 3"))
    bare = f"m.{cell.row}"
    is_method = cell.row in rule.methods
    use = f"{bare}({arguments})" if is_method else bare
    equal = EQUAL.get(cell.row) or ("m" if kind_of(cell.row) == "itself" else "[]" if is_method else use)
    equal = "True" if kind_of(cell.row) == "flag" else equal
    fields = {"use": use, "bare": bare, "arguments": arguments, "equal": equal, "value": VALUES.get(cell.row, "")}
    fields["element"] = "_, p" if kind_of(cell.row) == "pairs" else "p"
    return [line.format(**fields) for line in CONTEXTS[cell.context][1]]


@dataclass(frozen=True)
class Program:
    """The module of a class and a state, before and after, and what was said about each function's own statements.

    ``reviews`` are those of the statements around them.
    """

    before: str
    after: str
    said: dict[Cell, tuple[Finding, ...]]
    reviews: tuple[Finding, ...]


def program(rule: Rule, state: str, options: Options = PLAIN) -> Program:
    """All cells of a class in one state, as one module."""
    made, done = STATES.get(state, ("", ()))
    lines = HEAD.splitlines()
    own: dict[Cell, range] = {}
    for cell in cells(rule):
        if state == UNSEEN:
            lines.append(f"def {cell.name}(m: nn.{rule.name}):")
        else:
            lines += [f"def {cell.name}():", f"    m = nn.{rule.name}(3{made})"]
        lines += ["    mark(m)", *(f"    {line}" for line in done)]
        body = [f"    {line}" for line in statements(cell, rule)]
        own[cell] = range(len(lines) + 1, len(lines) + len(body) + 1)
        lines += [*body, ""]
    if state == UNSEEN:
        lines += ["def made(**arguments):", f"    return nn.{rule.name}(3, affine=arguments.get('affine', True))", ""]
    before = "\n".join(lines)
    result = migrate_bytes(before.encode(), "cells.py", options)
    assert result.error is None
    said = {c: tuple(f for f in result.findings if f.line in lines) for c, lines in own.items()}
    reviews = {f for f in result.findings if f.kind == "review"}.difference(*said.values())
    return Program(before, result.after.decode(), said, tuple(reviews))


def outcome(findings: tuple[Finding, ...], row: str) -> str:
    """What became of a cell: ``review``, ``renamed``, ``written out``, ``note``, or nothing that was said."""
    own = [f for f in findings if f.symbol.endswith(f".{row}")]
    if any(f.kind == "review" for f in findings):
        return "review"
    if not own:
        return ""
    if all(f.kind == "note" for f in own):
        return "note"
    changed = [f for f in own if f.kind == "rewrite"]
    return "renamed" if all(_is_rename(f) for f in changed) else "written out"


def _is_rename(finding: Finding) -> bool:
    return (
        finding.before.count(".") == 1
        and finding.after.replace(".bn2d.", ".").count(".") == 1
        and "(" not in finding.after
    )
