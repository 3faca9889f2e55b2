"""Runs the functions of modules in one framework: ``python -m tests.contexts.run torch|mindspore`` reads JSON."""

from __future__ import annotations

import collections
import itertools
import json
import math
import sys
import types
import warnings
from collections.abc import Iterator
from typing import Any

import torch

LIMIT = 50
NAMES = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
SHAPES = {"BatchNorm1d": (4, 3), "BatchNorm3d": (2, 3, 2, 2, 2)}


def main(framework: str) -> None:
    """Read ``[[text, [[function, arguments of its layer or None], ...]], ...]``; write what each function gave."""
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    if framework == "mindspore":
        import migrate.bridge

        migrate.bridge.install()
    marks: Any = types.ModuleType("marks")
    marks.keep, marks.mark, marks.computed = lambda x: x, mark, computed
    sys.modules["marks"] = marks
    print("@@" + json.dumps([run(text, calls) for text, calls in json.load(sys.stdin)]))


def run(text: str, calls: list[tuple[str, dict[str, Any] | None]]) -> list[Any]:
    """The results of functions of a module; for an error, its text."""
    scope: dict[str, Any] = {"__name__": "cells"}
    exec(compile(text, "cells.py", "exec"), scope)
    results: list[Any] = []
    for name, arguments in calls:
        try:
            given = [] if arguments is None else [scope["made"](**arguments)]
            results.append(value(scope[name](*given)))
        except Exception as error:
            results.append({"error": f"{type(error).__name__}: {error}"[:200]})
    return results


def mark(layer: Any) -> None:
    """Give every tensor of a layer values of its own, from torch's side, and set the mode that torch's layer has."""
    layer.train()
    with torch.no_grad():
        for i, tensor in enumerate([*layer.parameters(), *layer.buffers()]):
            if tensor.is_floating_point():
                tensor.fill_(i + 2)


def computed(layer: Any) -> Any:
    """What a layer makes of two batches, and what it is then."""
    shape = SHAPES.get(type(layer).__name__, (2, 3, 2, 3))
    batch = torch.arange(math.prod(shape), dtype=torch.float32).reshape(shape) / 10
    return [value(layer(batch)), value(layer(batch)), value(layer)]


def value(x: Any) -> Any:
    """What a function gave, in JSON, the same for equal things of both frameworks."""
    if isinstance(x, torch.nn.Module) or hasattr(x, "construct"):
        return layer(x)
    if isinstance(x, torch.Tensor) or hasattr(x, "asnumpy"):
        trained = "Parameter" in type(x).__name__ and bool(x.requires_grad)
        array = x.detach().numpy() if isinstance(x, torch.Tensor) else x.asnumpy()
        return ["tensor", [round(float(v), 4) for v in array.reshape(-1)], trained]
    if isinstance(x, collections.OrderedDict | dict):
        return {"dict": [[value(k), value(v)] for k, v in x.items()]}
    if isinstance(x, list | tuple):
        return ["list", *map(value, x)]
    if isinstance(x, Iterator):
        return ["iterator", *map(value, itertools.islice(x, LIMIT))]
    if isinstance(x, float):
        return round(x, 5)
    return x if isinstance(x, bool | int | str | None) else type(x).__name__


def layer(x: Any) -> Any:
    """A layer of either framework: its mode and its tensors.

    Where torch's layer has no tensor, MindSpore's may have one that is not trained.
    """
    cell = getattr(x, "cell", x)
    owner = getattr(cell, "bn2d", cell)
    found: list[Any] = ["layer", bool(x.training)]
    for torch_name, name in NAMES.items():
        tensor = getattr(owner, name if hasattr(owner, name) else torch_name, None)
        absent = torch_name in getattr(cell, "absent", ()) and not tensor.requires_grad
        found.append(None if tensor is None or absent else value(tensor))
    return found


if __name__ == "__main__":
    main(sys.argv[1])
