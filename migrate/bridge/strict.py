"""What a strict bridge refuses: uses that MindSpore takes in silence, or with an error that does not tell the line."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import mindspore
import torch

from migrate.bridged import follow
from migrate.trace.run.layers import Layers

if TYPE_CHECKING:
    from migrate.bridge.layer import Bridge

OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
FRAMEWORKS = tuple(os.path.dirname(os.path.abspath(str(m.__file__))) + os.sep for m in (torch, mindspore))
Expected = Mapping[str, Mapping[str, list[dict[str, Any]]]]
"""The layers of networks in torch, by the name of the network and their path, as a record of the program has them."""


class StrictError(RuntimeError):
    """A use of a migrated layer that does not do what it did in torch; the message begins with file and line."""


class Strict:
    """What bridges ask while they are strict. ``heard`` is told of every compared layer how it differs, or ""."""

    def __init__(self, expected: Expected) -> None:
        self._expected = expected
        self._layers = Layers(self._described)
        self.heard: Callable[[str], None] = lambda difference: None
        self._handle = torch.nn.modules.module.register_module_forward_pre_hook(self._enter)
        _refuse_parameters(True)

    def end(self) -> None:
        self._handle.remove()
        _refuse_parameters(False)

    def made(self, bridge: Bridge) -> None:
        """Remember where a layer was made."""
        bridge.__dict__["made_at"] = place()
        bridge.__dict__["unseen_writes"] = {}

    def written(self, bridge: Bridge, name: str) -> None:
        """Refuse a write that changes nothing, or keep in mind one that needs others behind it.

        Raises StrictError.
        """
        names, waiting = bridge.names, bridge.__dict__.get("unseen_writes")
        if waiting is None:
            return
        for written, (_, missing) in list(waiting.items()):
            missing.discard(name)
            if not missing:
                del waiting[written]
        at = place()
        if name in names.rebuilt:
            waiting[name] = (at, set(names.rebuilt[name]))
        elif name in names.unseen:
            raise StrictError(f"{at}: {name} of {type(bridge).__name__} is written: {names.unseen[name]}")

    def called(self, bridge: Bridge) -> None:
        """Refuse a call of a layer that does not see what was written to it; raises StrictError."""
        for name, (at, missing) in bridge.__dict__.get("unseen_writes", {}).items():
            raise StrictError(
                f"{at}: {name} of {type(bridge).__name__} is written, and the layer computes with the old value: "
                f"{', '.join(sorted(missing))} has to be built again behind it"
            )

    def _enter(self, network: torch.nn.Module, _: Any) -> None:
        self._layers.enter(network)
        self._layers.forget()

    def _described(self, network: str, path: str, module: torch.nn.Module) -> None:
        """Compare a layer with that of the record; raises StrictError where no layer there was like it."""
        names = getattr(module, "names", None)
        expected = self._expected.get(network, {}).get(path)
        if names is None or not expected or not hasattr(module, "cell"):
            return
        ours = {name: float(follow(module.cell, to)) for name, to in names.numbers.items()}
        theirs = [{name: layer["arguments"].get(name) for name in ours} for layer in expected]
        if not any(all(map(_alike, ours.values(), layer.values())) for layer in theirs):
            said = [
                f"{name} is {value:g}, in torch it was {' or '.join(sorted({str(t[name]) for t in theirs}))}"
                for name, value in ours.items()
                if not any(_alike(value, layer[name]) for layer in theirs)
            ]
            what = "; ".join(said) or f"{ours} is not one of {theirs}"
            difference = f"{module.__dict__.get('made_at') or '?'}: {path} of {network}: {what}"
            self.heard(difference)
            raise StrictError(difference)
        self.heard("")


def _alike(ours: float, theirs: Any) -> bool:
    """MindSpore's attribute may differ in its last digits."""
    return isinstance(theirs, (int, float)) and math.isclose(ours, theirs, rel_tol=1e-6, abs_tol=1e-12)


def place() -> str:
    """File and line of the nearest frame that is of no framework and not of this program."""
    frame: Any = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith((OWN, *FRAMEWORKS)):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _refuse_parameters(on: bool) -> None:
    """Let torch's functions refuse MindSpore's tensors with the line that hands one over."""
    if on:
        mindspore.Tensor.__torch_function__ = classmethod(_refused)
    elif "__torch_function__" in vars(mindspore.Tensor):
        del mindspore.Tensor.__torch_function__


def _refused(cls: type, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> None:
    name = getattr(function, "__name__", str(function))
    raise StrictError(
        f"{place()}: {name} of torch gets a {cls.__name__} of MindSpore: hand it a tensor of torch's, "
        "such as torch.from_numpy(x.asnumpy())"
    )
