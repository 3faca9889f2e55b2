"""Keeps the torch tensors of a bridge and the MindSpore parameters of its cell the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mindspore
import numpy as np
import torch

from migrate.bridged import follow

if TYPE_CHECKING:
    from migrate.bridge.layer import Bridge


class Registry(dict[str, Any]):
    """Torch's registry of parameters or buffers of a bridge: whoever looks finds what MindSpore has made of them."""

    def __init__(self, owner: Bridge | None = None) -> None:
        super().__init__()
        self.owner = owner

    def put(self, name: str, tensor: Any) -> None:
        dict.__setitem__(self, name, tensor)

    def held(self, name: str) -> Any:
        """The tensor as torch left it, or None."""
        return dict.get(self, name)

    def items(self) -> Any:
        self._synchronize()
        return super().items()

    def values(self) -> Any:
        self._synchronize()
        return super().values()

    def __getitem__(self, name: str) -> Any:
        self._synchronize()
        return super().__getitem__(name)

    def _synchronize(self) -> None:
        # A copy under construction has no owner yet.
        owner = self.__dict__.get("owner")
        if owner is not None and "pairs" in owner.__dict__:
            owner.synchronize()


class Pair:
    """A torch tensor and a MindSpore parameter of the same meaning, with the values both had when last compared."""

    def __init__(self, name: str, path: str, registry: Registry, cell: Any) -> None:
        self.name = name
        self.path = path
        self.registry = registry
        parameter = follow(cell, path)
        self.values = parameter.asnumpy().copy()
        self.trainable = bool(parameter.requires_grad)

    def synchronize(self, cell: Any) -> None:
        """Carry a change on one side over to the other; raises RuntimeError where both sides changed."""
        ours, theirs = self.registry.held(self.name), follow(cell, self.path)
        values = array(ours)
        new = theirs.asnumpy()
        if not np.array_equal(new, self.values, equal_nan=True):
            if not (np.array_equal(values, self.values, equal_nan=True) or np.array_equal(values, new)):
                raise RuntimeError(
                    f"{self.name} was changed in torch and {self.path} in MindSpore, so that neither is the latest: "
                    "read one of them between the two changes, for instance with state_dict()"
                )
            self.values = new.copy()
            with torch.no_grad():
                ours.copy_(torch.from_numpy(self.values))
        elif not np.array_equal(values, self.values, equal_nan=True):
            self.values = values.copy()
            # A second copy: MindSpore may compute in the memory that it is given.
            theirs.set_data(mindspore.Tensor(values.copy()))
        if isinstance(ours, torch.nn.Parameter):
            self._synchronize_flag(ours, theirs)

    def _synchronize_flag(self, ours: Any, theirs: Any) -> None:
        if bool(theirs.requires_grad) != self.trainable:
            self.trainable = bool(theirs.requires_grad)
            ours.requires_grad_(self.trainable)
        elif ours.requires_grad != self.trainable:
            self.trainable = ours.requires_grad
            theirs.requires_grad = self.trainable


def array(tensor: torch.Tensor) -> Any:
    """The values of a torch tensor, wherever it is, as an array that owns nothing."""
    return tensor.detach().cpu().contiguous().numpy()


def read(cell: Any, paths: dict[str, str]) -> dict[str, Any]:
    """Copies of the cell's parameters, by path."""
    return {path: follow(cell, path).asnumpy().copy() for path in paths.values()}


def write(cell: Any, values: dict[str, Any]) -> None:
    """Give the parameters of a cell the values that `read` took."""
    for path, value in values.items():
        follow(cell, path).set_data(mindspore.Tensor(value.copy()))
