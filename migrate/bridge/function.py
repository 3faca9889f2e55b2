"""Carries activations through a MindSpore cell, and gradients through MindSpore's own backward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mindspore
import torch
from torch.autograd.function import once_differentiable

from migrate.bridge.tensors import array, read, write
from migrate.bridged import follow

if TYPE_CHECKING:
    from migrate.bridge.layer import Bridge


@dataclass(frozen=True)
class Call:
    """A call of a bridge: its arguments, in which torch tensors stand for those that arrive."""

    bridge: Bridge
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def of(self, tensors: Sequence[Any]) -> Any:
        """The output of the cell for ``tensors`` of MindSpore in the places of the torch tensors."""
        if len(self.args) == 1 and not self.kwargs:
            return self.bridge.cell(*tensors)
        waiting = iter(tensors)

        def filled(value: Any) -> Any:
            return next(waiting) if isinstance(value, torch.Tensor) else value

        args = [filled(value) for value in self.args]
        return self.bridge.cell(*args, **{name: filled(value) for name, value in self.kwargs.items()})

    @property
    def differentiable(self) -> Any:
        """What MindSpore differentiates: the cell itself, or a function that fills in the other arguments."""
        if len(self.args) == 1 and not self.kwargs:
            return self.bridge.cell
        return lambda *tensors: self.of(tensors)

    @property
    def count(self) -> int:
        """The number of torch tensors among the arguments."""
        return sum(isinstance(value, torch.Tensor) for value in (*self.args, *self.kwargs.values()))


class Through(torch.autograd.Function):
    """The cell of a bridge as a differentiable torch function of the tensors of a call and the cell's parameters."""

    @staticmethod
    def forward(ctx: Any, call: Call, *tensors: torch.Tensor) -> torch.Tensor:
        cell = call.bridge.cell
        ctx.call, ctx.training = call, cell.training
        ctx.before = read(cell, call.bridge.names.tensors)
        ctx.save_for_backward(*tensors)
        output = call.of([mindspore.Tensor(array(t)) for t in tensors[: call.count]])
        if not isinstance(output, mindspore.Tensor):
            raise TypeError(f"{type(call.bridge).__name__} returns {type(output)}: only a tensor can cross over")
        return _tensor(output, tensors[0])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[Any, ...]:
        """MindSpore differentiates a call that it makes itself: the cell runs again as it was, and then forgets it."""
        call, cell = ctx.call, ctx.call.bridge.cell
        inputs = ctx.saved_tensors[: call.count]
        now, mode = read(cell, call.bridge.names.tensors), cell.training
        write(cell, ctx.before)
        cell.set_train(ctx.training)
        try:
            found = _gradients(call, list(call.bridge.trained.values()), [array(t) for t in inputs], array(gradient))
        finally:
            write(cell, now)
            cell.set_train(mode)
        wanted = zip(found, ctx.saved_tensors)
        return (None, *(_tensor(g, t) if t.is_floating_point() else None for g, t in wanted))


def _gradients(call: Call, paths: list[str], inputs: list[Any], by_output: Any) -> list[Any]:
    """The gradients of the inputs and of the parameters at ``paths``."""
    arguments = [mindspore.Tensor(a) for a in (*inputs, by_output)]
    if not paths:
        return list(mindspore.ops.GradOperation(get_all=True, sens_param=True)(call.differentiable)(*arguments))
    operation = mindspore.ops.GradOperation(get_all=True, get_by_list=True, sens_param=True)
    weights = mindspore.ParameterTuple([follow(call.bridge.cell, path) for path in paths])
    by_inputs, by_parameters = operation(call.differentiable, weights)(*arguments)
    return [*by_inputs, *by_parameters]


def _tensor(value: Any, like: torch.Tensor) -> torch.Tensor:
    """A tensor of MindSpore's as one of torch, on the device and in the memory format of ``like``."""
    made = torch.from_numpy(value.asnumpy().copy()).to(like.device)
    channels_last = like.dim() == made.dim() == 4 and not like.is_contiguous()
    if channels_last and like.is_contiguous(memory_format=torch.channels_last):
        return made.contiguous(memory_format=torch.channels_last)
    return made
