"""Reads the small programs of ``tests/programs``, migrates them, runs them before and after, and compares.

A file holds programs of one kind. ``### title`` starts one, ``> outcome`` says what is expected, then comes
``main.py``; ``#### path`` starts another file. ``run()`` of ``main`` returns what is compared: layers and networks
(initial values, what is trainable, three training batches, evaluation, final values), tensors, numbers, texts and
containers of these. Before the migration a program runs in torch, and after it behind ``migrate.bridge``.

``# review: BN204, BN205`` at the end of a line says that the line has such reviews. The outcome is one of

``equal``: the same is computed, and there is no review but those that are marked
``review``: something else is computed, or nothing, and the marked reviews say so
"""

from __future__ import annotations

import difflib
import importlib
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from types import ModuleType
from typing import Any

from migrate import Means, Result, migrate_paths

FOLDER = Path(__file__).parent / "programs"
HEAD = re.compile(r"^### (?P<title>.+)\n> (?P<outcome>equal|review)\n", re.MULTILINE)
FILE = re.compile(r"^#### (\S+)\n", re.MULTILINE)
UNCACHED = Means(cache=False)
MARK = re.compile(r"# review: (BN\d+(?:, BN\d+)*)$")

Place = tuple[str, int, str]
"""The file, the line and the code of a review."""


@dataclass(frozen=True)
class SmallProgram:
    """One program. ``place`` is where its text begins, for people and editors."""

    title: str
    place: str
    outcome: str
    files: dict[str, str]

    @property
    def marked(self) -> set[Place]:
        """The reviews that its lines are marked with."""
        lines = ((path, i, line) for path, text in self.files.items() for i, line in enumerate(text.split("\n"), 1))
        marks = ((path, i, MARK.search(line)) for path, i, line in lines)
        return {(path, i, code) for path, i, mark in marks if mark for code in mark[1].split(", ")}


@dataclass(frozen=True)
class Observed:
    """What a program computes after its migration that it did not before, in words, its reviews, and its changes."""

    difference: str
    reviews: set[Place]
    changes: list[str]


def read_programs() -> list[SmallProgram]:
    return [program for path in sorted(FOLDER.glob("*.txt")) for program in _programs(path)]


def _programs(path: Path) -> Iterator[SmallProgram]:
    text = path.read_text("utf-8")
    heads = list(HEAD.finditer(text))
    assert len(heads) == len(re.findall(r"^### ", text, re.MULTILINE)), f"{path}: a program without its outcome"
    for head, end in zip(heads, [*(h.start() for h in heads[1:]), len(text)], strict=True):
        first, *others = FILE.split(text[head.end() : end])
        files = {"main.py": first} if first.strip() else {}
        files |= dict(zip(others[::2], others[1::2], strict=True))
        place = f"{path.relative_to(FOLDER.parent.parent)}:{text.count(chr(10), 0, head.start()) + 1}"
        yield SmallProgram(head["title"], place, head["outcome"], files)


def observe(program: SmallProgram, folder: Path) -> Observed:
    """Migrate the program in ``folder``, run it before and after, and compare; raises where the original raises."""
    before, after = folder / "before", folder / "after"
    for path, text in program.files.items():
        for tree in (before, after):
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(text, "utf-8")
    results = migrated(before)
    for path, result in results.items():
        (after / path).write_bytes(result.after)
    again = [path for path, result in migrated(after).items() if result.changed]
    assert not again, f"a second run changes {again}"
    reviews = {(p, f.line, f.code) for p, result in results.items() for f in result.findings if f.kind == "review"}
    changes = [line for path, result in results.items() for line in _changes(path, result)]
    return Observed(_difference(before, after), reviews, changes)


def migrated(folder: Path) -> dict[str, Result]:
    """The result for each file of the folder."""
    found = migrate_paths(folder, means=UNCACHED)
    results = {Path(result.path).relative_to(folder).as_posix(): result for result in found}
    errors = [result.error for result in results.values() if result.error is not None]
    assert not errors, errors
    return results


def _changes(path: str, result: Result) -> Iterator[str]:
    """The lines of a unified diff."""
    old, new = (text.decode().splitlines() for text in (result.before, result.after))
    return difflib.unified_diff(old, new, path, path, n=1, lineterm="")


def _difference(before: Path, after: Path) -> str:
    from migrate.bridge import installed
    from tests.soundness.execution import difference

    wanted = run(before)
    try:
        with installed():
            found = run(after)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return shorten(difference(wanted, found, "run()"), 200, placeholder=" ...")


def run(folder: Path) -> Any:
    """What ``main.run()`` gives, described while what made it is in place."""
    import torch

    torch.manual_seed(0)
    with _importing(folder):
        return described(importlib.import_module("main").run())


@contextmanager
def _importing(folder: Path) -> Iterator[None]:
    """The folder as the first of the path and as the working directory; its modules are forgotten behind it."""
    there, others = Path.cwd(), _taken_out(folder)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(there)
        sys.path.remove(str(folder))
        _taken_out(folder)
        sys.modules.update(others)


def _taken_out(folder: Path) -> dict[str, ModuleType]:
    """The imported modules that have names of the folder's; nothing is imported under these any more."""
    names = {path.stem for path in folder.iterdir()}
    return {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] in names}


def described(value: Any) -> Any:
    """What a program returns as lists, dictionaries, arrays and texts, in the same terms for both frameworks."""
    import numpy as np
    import torch

    if isinstance(value, torch.nn.Module):
        return _module(value)
    if isinstance(value, torch.Tensor):
        return value.detach().double().reshape(-1).numpy().copy()
    if hasattr(value, "asnumpy"):
        return np.array(value.asnumpy(), np.float64).reshape(-1)
    if isinstance(value, dict):
        return {str(key): described(of) for key, of in value.items()}
    if isinstance(value, (list, tuple)):
        return [described(of) for of in value]
    if isinstance(value, (float, np.ndarray, np.generic)):
        return np.asarray(value, np.float64).reshape(-1)
    return value if isinstance(value, (int, str, type(None))) else type(value).__name__


def _module(module: Any) -> dict[str, Any]:
    import torch

    random = torch.Generator().manual_seed(3)
    shape = _shape(module)
    found = {"initial": _state(module), "trainable": {n: p.requires_grad for n, p in module.named_parameters()}}
    module.train()
    outputs = [described(module(torch.randn(shape, generator=random) * (0.3 + i) + i)) for i in range(3)]
    module.eval()
    outputs.append(described(module(torch.randn(shape, generator=random) + 1)))
    return {**found, "outputs": outputs, "final": _state(module)}


def _state(module: Any) -> dict[str, Any]:
    state = module.state_dict().items()
    return {name: described(of) for name, of in state if not name.endswith("num_batches_tracked")}


def _shape(module: Any) -> tuple[int, ...]:
    """The shape of a batch with three channels, by the first layer whose name tells."""
    for layer in module.modules():
        for kind in type(layer).__mro__:
            if kind.__name__.endswith(("1d", "3d")):
                return (4, 3) if kind.__name__.endswith("1d") else (2, 3, 2, 2, 2)
            if kind.__name__.endswith("2d"):
                return (2, 3, 2, 3)
    return (2, 3, 2, 3)
