"""Records what a network computes, layer by layer."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy
import torch
from torch.nn.modules.module import register_module_forward_hook

MOST = 4096
"""Values that are kept of a tensor, evenly spread."""


class Trace:
    """Samples of tensors by key, and the calls of layers by phase, in the order of execution.

    Use it as a context manager around the runs of ``network``.
    """

    def __init__(self, network: torch.nn.Module) -> None:
        self._network = network
        self._names: Dict[int, str] = {}
        self._phase = ""
        self.arrays: Dict[str, Any] = {}
        self.calls: Dict[str, List[str]] = {}

    def __enter__(self) -> Trace:
        self._handle = register_module_forward_hook(self._called)
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.remove()

    def enter(self, phase: str) -> None:
        """What is recorded from now on belongs to ``phase``."""
        self._phase = phase
        self.calls[phase] = []
        self._names = {id(m): name for name, m in self._network.named_modules()}

    def record(self, what: str, tensor: torch.Tensor) -> None:
        self.arrays[f"{self._phase}/{what}"] = sample(tensor)

    def _called(self, module: torch.nn.Module, inputs: Any, output: Any) -> None:
        if module._modules or not self._phase:
            return
        calls = self.calls[self._phase]
        for path, tensor in flatten(output):
            self.record(f"layer/{len(calls)}{path}", tensor)
        calls.append(self._names.get(id(module), f"a {type(module).__name__} outside the network"))


def sample(tensor: torch.Tensor) -> Any:
    """At most `MOST` values of a tensor, as an array (values,)."""
    tensor = tensor.detach()
    flat = (tensor.to_dense() if tensor.layout is torch.sparse_coo else tensor).reshape(-1)
    if len(flat) > MOST:
        flat = flat[torch.arange(MOST, device=flat.device) * len(flat) // MOST]
    flat = flat.cpu()
    return (flat if flat.dtype in (torch.float32, torch.float64) else flat.float()).numpy().copy()


def flatten(output: Any, path: str = "") -> Iterator[Tuple[str, torch.Tensor]]:
    """The float tensors in tuples, lists, dicts and dataclasses, each with its path."""
    if isinstance(output, torch.Tensor):
        if output.is_floating_point():
            yield path, output
    elif isinstance(output, dict):
        for key in output:
            yield from flatten(output[key], f"{path}.{key}")
    elif isinstance(output, (tuple, list)):
        for i, item in enumerate(output):
            yield from flatten(item, f"{path}.{i}")
    elif is_dataclass(output) and not isinstance(output, type):
        for field in fields(output):
            yield from flatten(getattr(output, field.name), f"{path}.{field.name}")


def first_infinite(arrays: Dict[str, Any]) -> Optional[str]:
    """The key of the first array that holds an infinite number or none (nan)."""
    return next((key for key, array in arrays.items() if not numpy.isfinite(array).all()), None)
