"""The proof of a conversion: torch's network with torch's file, and MindSpore's with the new one, compute the same."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from migrate.bridged import bridged_names
from migrate.checkpoint.networks.live import Json, ask, folder, place
from migrate.checkpoint.plan import Plan
from migrate.engine import Options, migrate_files
from migrate.errors import UsageError
from migrate.files import Selection, find_files, read
from migrate.proofs import Measure
from migrate.rules import load_rules
from migrate.verify.networks.compare import ALLOWED, FLOOR
from migrate.verify.networks.spec import parse_inputs

MOVE = "move of "


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be proved: the networks and files of both sides. ``key`` is where weights stand in torch's file."""

    network: str
    mindspore_network: str | None
    sources: tuple[str, ...]
    shape: str | None
    torch_file: str
    key: str | None
    mindspore_file: str


@dataclass(frozen=True, slots=True)
class LoadedProof:
    """What two networks computed: the worst measure of each phase, and what loading left out on either side."""

    measures: dict[str, Measure]
    missing: tuple[str, ...]
    unused: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return all(m.passed for m in self.measures.values()) and not self.unused

    def as_json(self) -> dict[str, object]:
        measures = {name: {"max_abs": m.max_abs, "bound": m.bound} for name, m in self.measures.items()}
        passed = self.passed
        return {"passed": passed, "measures": measures, "missing": list(self.missing), "unused": list(self.unused)}

    def lines(self) -> list[str]:
        """What a person is told."""
        said = [f"{title}: off by {m.max_abs:.2g}, at most {m.bound:.2g} allowed" for title, m in self.measures.items()]
        for title, names in (("not in the file", self.missing), ("not taken by the network", self.unused)):
            if names:
                said.append(f"{title}: {', '.join(names[:5])}" + (f" and {len(names) - 5} more" if names[5:] else ""))
        what = "proof" if self.measures else "loading"
        return [f"{what} {'passed' if self.passed else 'FAILED'}", *said]


def prove(question: Question, plan: Plan) -> LoadedProof:
    """Run both networks with their files, or only load these where no input is told. Executes the user's code.

    Only torch's network loads its file where nothing tells of the other one. Raises UsageError where a network cannot
    be built, loaded or run.
    """
    rules = load_rules("mindspore.nn")
    inputs = [[list(i.shape), i.below] for i in parse_inputs(question.shape)] if question.shape is not None else None
    counters = sorted({r.proof.counter for r in rules.rules if r.proof is not None and r.proof.counter})
    with folder() as at:
        shared = {**place(question.network, question.sources), "inputs": inputs, "counters": counters}
        ours = at / "torch.npz"
        files = {"checkpoint": os.path.realpath(question.torch_file), "to": "mindspore", "key": question.key}
        given = {**files, "prefix": plan.prefix, "classes": [r.source.name for r in rules.rules if r.proof]}
        first = ask("torch", {**shared, **given, "arrays": str(ours)}, at)
        theirs = at / "mindspore.npz"
        second = _other_side(question, plan, {**shared, "arrays": str(theirs)}, at)
        measures = _measures(_arrays(ours), _arrays(theirs)) if inputs is not None else {}
    missing = dict.fromkeys(name for name in second["missing"] if name not in plan.kept_at_initial)
    unused = dict.fromkeys((*first["unused"], *second["unused"]))
    undropped = [name for name in unused if not name.endswith(tuple(counters))]
    return LoadedProof(measures, tuple(dict.fromkeys((*first["missing"], *missing))), tuple(undropped))


def _other_side(question: Question, plan: Plan, shared: Json, at: Path) -> Json:
    files = {"checkpoint": os.path.realpath(question.mindspore_file), "to": "torch", "key": None, "prefix": ""}
    if question.mindspore_network is not None:
        return ask("mindspore", {**shared, **files, **place(question.mindspore_network, question.sources)}, at)
    if not question.sources:
        return {"missing": [], "unused": []}
    rules = load_rules("mindspore.nn")
    more = {
        "rewritten": _rewritten(question.sources, at),
        "names": [asdict(each) for each in bridged_names(rules)],
        "torch_names": _torch_names(plan),
    }
    return ask("bridge", {**shared, **files, **more}, at)


def _torch_names(plan: Plan) -> dict[str, str]:
    """The names of tensors in torch's network by those in MindSpore's file."""
    written = [(entry.source.removeprefix(plan.prefix), entry.result.name) for entry in plan.entries if entry.result]
    return {there: here for here, there in written} if plan.to == "mindspore" else dict(written)


def _rewritten(sources: tuple[str, ...], at: Path) -> dict[str, str]:
    """The files that the migration changes, by their real paths, with where their new text is."""
    files = [(found.path, read(found.path)) for found in find_files(sources, Selection()) if found.error is None]
    changed = {}
    for number, result in enumerate(r for r in migrate_files(files, Options("mindspore.nn")) if r.differs):
        text = at / "rewritten" / str(number) / Path(result.path).name
        text.parent.mkdir(parents=True)
        text.write_bytes(result.after)
        changed[os.path.realpath(result.path)] = str(text)
    if not changed:
        raise UsageError("--network: the migration changes none of the files of --source: name those of the network")
    return changed


def _arrays(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _measures(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Measure]:
    """The worst measure of each phase; an output that only one side has is infinitely far off."""
    worst: dict[str, Measure] = {}
    for key, array in ours.items():
        if key.startswith(MOVE):
            continue
        title, other = key.partition(".")[0], theirs.get(key)
        largest = float(np.abs(array).max()) if array.size else 0.0
        bound = ALLOWED * float(ours[MOVE + key]) + FLOOR * largest
        same_shape = other is not None and other.shape == array.shape
        off = float(np.abs(array - other).max()) if same_shape and array.size else 0.0 if same_shape else np.inf
        measure = Measure(off if off == off else np.inf, bound)
        if title not in worst or measure.ratio > worst[title].ratio:
            worst[title] = measure
    return worst
