"""docs/contexts.md: what becomes of every row of the rules in every context."""

from __future__ import annotations

from migrate.rule import Rule
from migrate.rules import load_rules
from tests.contexts.programs import (
    ATTRIBUTES,
    CONTEXTS,
    REFUSED,
    STATES,
    UNSEEN,
    Cell,
    cells,
    kind_of,
    outcome,
    program,
    states,
)

MADE = "as made"
TITLES = {
    ("parameter", "statistic"): "Tensors",
    ("number", "flag"): "Numbers and flags",
    ("parameters",): "parameters()",
    ("pairs",): "Pairs of names and parameters or layers",
    ("layers",): "Layers inside a layer",
    ("itself", "visitor", "nothing", "text", "output"): "Other methods",
}
HEAD = f"""\
# Contexts

What becomes of an attribute or a method depends on what the code does with it. Each cell below is a small function
that the tests migrate and run: before in torch, after with [`migrate.bridge`](bridge.md) around MindSpore's layers.
Both give the same result wherever the cell does not say *review*, for a layer in each of these states:

{chr(10).join(f"- {state}" for state in STATES)}
- {UNSEEN}: a parameter that is annotated with the class, which gets layers with `affine=True` and with `affine=False`

The outcomes:

- *renamed*: it has another name in MindSpore
- *written out*: other code takes its place
- *note*: it keeps its name and meaning
- *review*: it stays as it is, for a [manual fix](manual-fixes.md); the report says what differs

An outcome followed by states is the one in these states. An attribute of a layer whose construction is not seen is
assumed to exist: with `affine=False` or `track_running_stats=False` torch's layer has `None` instead, and code that may
get one has a test for it (BN206).

This page is written by `python docs/generate.py`, for the target `mindspore.nn`.
"""


def page() -> str:
    """The whole of docs/contexts.md."""
    rules = load_rules("mindspore.nn").rules
    main = next(r for r in rules if r.name == "BatchNorm2d")
    found = {rule.name: outcomes(rule, (main, *(r for r in rules if r is not main))) for rule in rules}
    parts = [HEAD]
    for kinds, title in TITLES.items():
        rows = [row for row in (*main.attributes, *main.methods) if kind_of(row) in kinds]
        if rows:
            parts.append(f"\n## {title}\n\n{_table(rows, found[main.name])}")
    refused = [f"`{row}`" for row in (*main.attributes, *main.methods) if kind_of(row) == REFUSED]
    parts.append(f"\nA review wherever they stand: {', '.join(refused)}.\n" if refused else "")
    parts.append(f"\n## Where a class differs\n\n{_differences(main.name, found)}")
    return "".join(parts)


def outcomes(rule: Rule, order: tuple[Rule, ...]) -> dict[Cell, dict[str, str]]:
    """The outcome of each cell of a class by state."""
    found: dict[Cell, dict[str, str]] = {cell: {} for cell in cells(rule)}
    for state in states(rule, order):
        said = program(rule, state).said
        for cell in found:
            found[cell][state] = outcome(said[cell], cell.row)
    return found


def _table(rows: list[str], found: dict[Cell, dict[str, str]]) -> str:
    """A line for each context that one of ``rows`` has, a column for each row."""
    contexts = [c for c in CONTEXTS if any(Cell(row, c) in found for row in rows)]
    names = [f"`{row}{'' if kind_of(row) in ATTRIBUTES else '()'}`" for row in rows]
    lines = [["", *names], ["---"] * (len(rows) + 1)]
    lines += [[c, *(_cell(found.get(Cell(row, c), {})) for row in rows)] for c in contexts]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _cell(by_state: dict[str, str]) -> str:
    """The outcome of a layer as made, and those of the states where it is another."""
    usual = by_state.get(MADE, "")
    others: dict[str, list[str]] = {}
    for state, found in by_state.items():
        if found != usual:
            others.setdefault(found, []).append(state)
    return "; ".join([usual, *(f"{found}: {', '.join(states)}" for found, states in others.items())])


def _differences(main: str, found: dict[str, dict[Cell, dict[str, str]]]) -> str:
    """The cells of the other classes that are not what they are for ``main``."""
    contexts: dict[tuple[str, str, str], list[str]] = {}
    for name, theirs in found.items():
        for cell, by_state in theirs.items():
            usual = found[main].get(cell, {})
            if any(usual.get(state) != outcome for state, outcome in by_state.items()):
                contexts.setdefault((name, cell.row, _cell(by_state)), []).append(cell.context)
    lines = ["| class | row | outcome | contexts |\n", "| --- | --- | --- | --- |\n"]
    return "".join([*lines, *(f"| {c} | `{row}` | {o} | {', '.join(x)} |\n" for (c, row, o), x in contexts.items())])
