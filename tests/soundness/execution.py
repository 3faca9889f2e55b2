"""Runs a program and its migration in one process, and compares what they observe."""

from __future__ import annotations

import ast
import os
import re
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("GLOG_v", "4")

import mindspore as ms
import numpy as np
import torch

from migrate.engine import Options, migrate_files
from migrate.findings import Result
from tests.soundness.program import Program, piece_at

ADDRESS = re.compile(r"0x[0-9a-f]+")
"""Where an object lies in memory, which no two runs share."""

torch.set_num_threads(1)
ms.set_device("CPU")
ms.set_context(mode=ms.PYNATIVE_MODE)

NORMS = ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm")
SHAPES = {"BatchNorm1d": (), "BatchNorm2d": (2, 3), "BatchNorm3d": (2, 2, 2)}
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Outcome:
    """What became of one strand."""

    forms: tuple[str, ...]
    kind: str
    detail: str = ""


def migrate(program: Program) -> list[Result]:
    """The results for the files of one run."""
    results = migrate_files([(f"pack/{f.name}.py", f.text.encode()) for f in program.files], Options())
    errors = [r.error for r in results if r.error is not None]
    assert not errors, errors
    return results


def outcomes(program: Program) -> list[Outcome]:
    """``discarded``, ``equal``, ``reviewed`` or ``wrong`` for each strand."""
    results = migrate(program)
    before = run(program, [f.text for f in program.files])
    after = run(program, [r.after.decode() for r in results])
    found: dict[str, set[int | None]] = {"review": set(), "note": set(), "rewrite": set()}
    for file, result in zip(program.files, results, strict=True):
        for finding in result.findings:
            if finding.kind != "note" or finding.code == "BN304":
                found[finding.kind].add(piece_at(file.text, finding.line))
    return [
        _outcome(program, i, before[i], after[i], found) for i, piece in enumerate(program.pieces) if not piece.name
    ]


def _outcome(
    program: Program, place: int, before: list[Any], after: list[Any], found: dict[str, set[int | None]]
) -> Outcome:
    piece = program.pieces[place]
    own = {place} | {j for j, p in enumerate(program.pieces) if p.name in piece.shared}
    if before and isinstance(before[-1], Raised):
        return Outcome(piece.forms, "discarded", before[-1].text)
    raised = [v.text for v in after if isinstance(v, Raised)]
    detail = f"raises {raised[0]}" if raised else difference(before, after)
    if detail:
        kind = "reviewed" if found["review"] & own else "noted" if found["note"] & own else "wrong"
    else:
        kind = "equal, reviewed" if found["review"] & own else "equal, changed"
        kind = kind if (found["review"] | found["rewrite"]) & own else "equal, untouched"
    return Outcome(piece.forms, kind, detail)


@dataclass(frozen=True)
class Raised:
    """The exception that ended a strand."""

    text: str


class Observer(types.ModuleType):
    """The library that programs import: it keeps what they show, and hides what they compute."""

    def __init__(self) -> None:
        super().__init__("observer")
        self.seen: list[Any] = []

    def observe(self, value: Any) -> None:
        self.seen.append(described(value))

    def hidden(self, value: Any) -> Any:
        return value


def run(program: Program, texts: list[str]) -> list[list[Any]]:
    """What each piece observes. A statement that raises ends its piece only."""
    observer, package = Observer(), types.ModuleType("pack")
    package.__path__ = []
    seen: list[list[Any]] = [[] for _ in program.pieces]
    with _modules(observer=observer, pack=package):
        for file, text in zip(program.files, texts, strict=True):
            module = types.ModuleType(f"pack.{file.name}")
            module.__package__ = "pack"
            setattr(package, file.name, module)
            sys.modules[module.__name__] = module
            _execute(module, text, observer, seen)
    return seen


def _execute(module: types.ModuleType, text: str, observer: Observer, seen: list[list[Any]]) -> None:
    for statement in ast.parse(text).body:
        owner = piece_at(text, statement.lineno)
        observer.seen = [] if owner is None or isinstance(statement, (ast.Import, ast.ImportFrom)) else seen[owner]
        if observer.seen and isinstance(observer.seen[-1], Raised):
            continue
        try:
            exec(compile(ast.Module([statement], []), "<program>", "exec"), vars(module))
        except Exception as error:
            observer.seen.append(Raised(f"{type(error).__name__}: {error}"))


@contextmanager
def _modules(**modules: types.ModuleType) -> Iterator[None]:
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in [n for n in sys.modules if n in modules or n.startswith("pack.")]:
            del sys.modules[name]


def described(value: Any) -> Any:
    """An object of either framework in the same terms."""
    if isinstance(value, torch.Tensor):
        return value.detach().numpy().copy()
    if isinstance(value, ms.Tensor):
        return np.array(value.asnumpy())
    if isinstance(value, (torch.nn.Module, ms.nn.Cell)):
        kind = next((n for c in type(value).__mro__ if (n := c.__name__) in NORMS), "")
        if kind:
            return _norm(value, kind)
        tensors = {n: described(p) for n, p in value.named_parameters()}
        return {"type": type(value).__name__, "repr": ADDRESS.sub("", repr(value)), **tensors}
    if isinstance(value, (list, tuple)):
        return [described(v) for v in value]
    if isinstance(value, (int, float, str, type(None))):
        return value
    return {"type": type(value).__name__, **{k: described(v) for k, v in vars(value).items()}}


def _norm(layer: Any, kind: str) -> dict[str, Any]:
    """Arguments, values and behaviour of a batch norm."""
    ours = isinstance(layer, ms.nn.Cell)
    inner = getattr(layer, "bn2d", layer)
    tracks = inner.use_batch_statistics is None if ours else layer.track_running_stats
    affine = inner.gamma.requires_grad if ours else layer.weight is not None and layer.weight.requires_grad
    found: dict[str, Any] = {"type": kind, "channels": layer.num_features, "eps": layer.eps}
    found |= {"momentum": layer.momentum, "affine": affine, "tracks": tracks}
    names = ("gamma", "beta", "moving_mean", "moving_variance") if ours else _TORCH
    values = [getattr(inner, n) for n in names]
    for name, value, default in zip(_TORCH, values, (1, 0, 0, 1), strict=True):
        if tracks or "running" not in name:
            found[name] = described(value) if value is not None else np.full(layer.num_features, default, np.float32)
    if kind in SHAPES:
        found["outputs"] = _outputs(layer, kind, ours)
    return found


_TORCH = ("weight", "bias", "running_mean", "running_var")


def _outputs(layer: Any, kind: str, ours: bool) -> list[Any]:
    """A training batch, then evaluation."""
    random = np.random.default_rng(7)
    size = (4, layer.num_features, *SHAPES[kind])
    found = []
    for training in (True, False):
        layer.set_train(training) if ours else layer.train(training)
        x = random.standard_normal(size).astype(np.float32) + 1
        found.append(described(layer(ms.Tensor(x) if ours else torch.tensor(x))))
    return found


def difference(left: Any, right: Any, path: str = "") -> str:
    """Where two observations differ, in words; empty where they do not."""
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
        equal = left.shape == right.shape and np.allclose(left, right, rtol=TOLERANCE, atol=TOLERANCE)
        return "" if equal else f"{path}: {left} != {right}"
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        pairs = [(f"{path}[{i}]", a, b) for i, (a, b) in enumerate(zip(left, right, strict=True))]
        return next((d for p, a, b in pairs if (d := difference(a, b, p))), "")
    if isinstance(left, dict) and isinstance(right, dict) and left.keys() == right.keys():
        return next((d for k in left if (d := difference(left[k], right[k], f"{path}.{k}"))), "")
    if isinstance(left, dict) and isinstance(right, dict):
        return f"{path}: only one has {', '.join(sorted(map(str, left.keys() ^ right.keys())))}"
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return "" if abs(left - right) <= 1e-6 else f"{path}: {left} != {right}"
    same = type(left) is type(right) and not isinstance(left, np.ndarray) and left == right
    return "" if same else f"{path}: {left} != {right}"
