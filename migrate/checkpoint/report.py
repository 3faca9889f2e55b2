"""What a conversion did, for people as a table of patterns of names, and for programs as JSON."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from migrate.checkpoint.evidence import Kind
from migrate.checkpoint.plan import Entry, Plan
from migrate.checkpoint.tensor import Tensor
from migrate.report.totals import plural

MANY = 12
"""Patterns of changed names from which numbers in names are left out, too."""
LISTED = 20
"""Patterns of undecided names that the text lists."""


def to_json(plan: Plan, proof: dict[str, object] | None) -> str:
    """The report as a document."""
    document: dict[str, object] = {
        "schema": 1,
        "key": plan.key or None,
        "entries": [_entry(entry) for entry in plan.entries],
        "added": [{"target": t.name, "shape": list(t.shape), "dtype": t.dtype} for t in plan.added],
        "kept_at_initial": list(plan.kept_at_initial),
        "undecided": list(plan.undecided),
        "remarks": list(plan.remarks),
        "summary": summary(plan),
    }
    if proof is not None:
        document["proof"] = proof
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _entry(entry: Entry) -> dict[str, object]:
    tensor = entry.tensor
    return {
        "source": entry.source,
        "target": entry.result.name if entry.result is not None else None,
        "shape": list(tensor.shape) if tensor is not None else None,
        "dtype": tensor.dtype if tensor is not None else None,
        "evidence": entry.evidence,
        "note": entry.note,
    }


def map_json(plan: Plan) -> str:
    """The table of names, with shapes and types as they are written, and why."""
    rows = []
    for entry in plan.entries:
        result = entry.result or entry.tensor
        target = entry.result.name if entry.result is not None else None
        names = (entry.source, target) if plan.to == "mindspore" else (target, entry.source)
        rows.append(
            {
                "torch": names[0],
                "mindspore": names[1],
                "shape": list(result.shape) if result is not None else None,
                "dtype": result.dtype if result is not None else None,
                "why": "; ".join(filter(None, (entry.evidence or "undecided", entry.note))),
            }
        )
    return json.dumps({"schema": 1, "map": rows}, indent=1, ensure_ascii=False) + "\n"


def summary(plan: Plan) -> dict[str, int]:
    """How many tensors there are of each kind; each one of the file is renamed, kept, undecided or left out."""
    decided = [e for e in plan.entries if not e.is_undecided]
    kept = [e for e in decided if e.result is not None]
    return {
        "tensors": len(plan.entries),
        "renamed": sum(is_renamed(e, plan.prefix) for e in kept),
        "kept": sum(not is_renamed(e, plan.prefix) for e in kept),
        "dropped": len(decided) - len(kept),
        "undecided": len(plan.undecided),
        "cast": sum(map(is_cast, kept)),
        "added": len(plan.added),
        "kept_at_initial": len(plan.kept_at_initial),
    }


@dataclass(slots=True)
class _Group:
    """The tensors of layers whose paths differ in numbers alone, and are alike else."""

    pattern: str
    owner: str
    evidence: str
    count: int = 0
    names: dict[str, None] = field(default_factory=dict)


def pattern(path: str) -> str:
    """A path with a star for each part that is a number."""
    return ".".join("*" if part.isdecimal() else part for part in path.split("."))


def coarse(path: str) -> str:
    """A path with a star for each number, also in names."""
    return re.sub("[0-9]+", "*", path)


def show(plan: Plan, *, color: bool, verbose: bool) -> None:
    """Print the table of changed names, what is undecided, and the numbers, to standard output."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(no_color=not color or None, width=None if sys.stdout.isatty() else 120, highlight=False)
    groups = list(_groups(plan, str if verbose else pattern, verbose))
    if len(groups) > MANY and not verbose:
        groups = list(_groups(plan, coarse, verbose))
    if groups:
        table = Table(box=None, pad_edge=False)
        for title in ("tensors of", "", "class", "evidence", "names"):
            table.add_column(title, overflow="fold")
        for group in groups:
            cells = (group.pattern, plural(group.count, "tensor"), group.owner, group.evidence, ", ".join(group.names))
            table.add_row(*map(Text, cells))
        console.print(table)
    for line in _lines(plan):
        console.print(line, markup=False, soft_wrap=True)


def _groups(plan: Plan, simplify: Callable[[str], str], all_names: bool) -> Iterator[_Group]:
    """The changed names by what their paths are simplified to; all names, where that is asked for."""
    found: dict[tuple[str, str, Kind | None], _Group] = {}
    for entry in plan.entries:
        target = entry.result.name if entry.result is not None else None
        if entry.tensor is None or entry.is_undecided or (not is_renamed(entry, plan.prefix) and not all_names):
            continue
        path, name, new = _apart(entry.source, target)
        where = simplify(path)
        owner = entry.note.partition(";")[0] if target is not None else ""
        key = (where, owner if target is not None else "", entry.evidence)
        if target is None and (like := next((k for k in found if k[0] == where), None)):
            key = like
        group = found.setdefault(key, _Group(where or "the network itself", key[1], key[2] or ""))
        group.count += 1
        group.names[f"{name} -> {new}" if new is not None else f"{name} left out"] = None
    yield from found.values()


def _apart(source: str, target: str | None) -> tuple[str, str, str | None]:
    """The path of a tensor, its name, and the new one, which may have more parts."""
    path, _, name = source.rpartition(".")
    if target is None:
        return path, name, None
    common = path
    while common and not target.startswith(f"{common}."):
        common = common.partition(".")[2]
    return path, name, target[len(common) + 1 :] if common else target


def _lines(plan: Plan) -> Iterator[str]:
    yield from plan.remarks
    undecided: dict[str, int] = {}
    for entry in plan.entries:
        if entry.is_undecided:
            label = f"{coarse(entry.source)}: {entry.note}"
            undecided[label] = undecided.get(label, 0) + 1
    for label, count in list(undecided.items())[:LISTED]:
        yield f"undecided: {label}" + (f" ({plural(count, 'tensor')})" if count > 1 else "")
    if len(undecided) > LISTED:
        yield f"undecided: {len(undecided) - LISTED} more patterns; --format json lists them"
    kept = dict.fromkeys(coarse(name) for name in plan.kept_at_initial)
    if kept:
        yield f"keeps its initial value in MindSpore: {', '.join(kept)}"
    for entry in plan.entries:
        if entry.tensor is None:
            yield f"{entry.source}: {entry.note}"
    yield from _some("cast to float32", ((e.source, f"from {_dtype(e.tensor)}") for e in plan.entries if is_cast(e)))
    shared = ((t.name, f"with {t.same_as}") for e in plan.entries if (t := e.tensor) is not None and t.same_as)
    yield from _some("shares its memory", shared)
    yield _total(plan)


def _some(title: str, found: Iterable[tuple[str, str]]) -> Iterator[str]:
    """One line for several tensors, with the first as an example."""
    listed = list(found)
    if listed:
        name, how = listed[0]
        yield f"{title}: {plural(len(listed), 'tensor')}, such as {name} {how}"


def _dtype(tensor: Tensor | None) -> str:
    return tensor.dtype if tensor is not None else ""


def is_renamed(entry: Entry, prefix: str) -> bool:
    """Whether a tensor has another name than its own without what stands in front of all of them, or is left out."""
    return entry.result is None or entry.result.name != entry.source.removeprefix(prefix)


def is_cast(entry: Entry) -> bool:
    """Whether a tensor has another type of values in the result."""
    return entry.result is not None and entry.tensor is not None and entry.result.dtype != entry.tensor.dtype


def _total(plan: Plan) -> str:
    found = summary(plan)
    words = (("renamed", "renamed"), ("kept", "kept their names"), ("dropped", "left out"), ("undecided", "undecided"))
    parts = [f"{found[key]} {word}" for key, word in words if found[key]]
    added = f"; {plural(found['added'], 'counter')} added" if found["added"] else ""
    return f"{plural(found['tensors'], 'tensor')}: {', '.join(parts)}{added}"
