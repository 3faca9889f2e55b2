"""Carries activations through a MindSpore cell, and gradients through MindSpore's own backward."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mindspore
import torch
from torch.autograd.function import once_differentiable

from migrate.bridge.names import follow
from migrate.bridge.tensors import array, read, write

if TYPE_CHECKING:
    from migrate.bridge.layer import Bridge


class Through(torch.autograd.Function):
    """The cell of a bridge as a differentiable torch function of its input and its parameters."""

    @staticmethod
    def forward(ctx: Any, bridge: Bridge, x: torch.Tensor, *parameters: torch.Tensor) -> torch.Tensor:
        cell = bridge.cell
        ctx.bridge, ctx.training = bridge, cell.training
        ctx.before = read(cell, bridge.names.tensors)
        ctx.save_for_backward(x, *parameters)
        output = cell(mindspore.Tensor(array(x)))
        return torch.from_numpy(output.asnumpy().copy()).to(x.device)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[Any, ...]:
        """MindSpore differentiates a call that it makes itself: the cell runs again as it was, and then forgets it."""
        bridge, cell = ctx.bridge, ctx.bridge.cell
        x, *_ = ctx.saved_tensors
        now, mode = read(cell, bridge.names.tensors), cell.training
        write(cell, ctx.before)
        cell.set_train(ctx.training)
        try:
            by_input, by_parameter = _gradients(cell, list(bridge.trained.values()), array(x), array(gradient))
        finally:
            write(cell, now)
            cell.set_train(mode)
        return (None, *(_tensor(g, x) for g in (by_input, *by_parameter)))


def _gradients(cell: Any, wanted: list[str], x: Any, by_output: Any) -> tuple[Any, Any]:
    """The gradients of the input and of the parameters at the paths ``wanted``."""
    arguments = mindspore.Tensor(x), mindspore.Tensor(by_output)
    if not wanted:
        (by_input,) = mindspore.ops.GradOperation(get_all=True, sens_param=True)(cell)(*arguments)
        return by_input, ()
    operation = mindspore.ops.GradOperation(get_all=True, get_by_list=True, sens_param=True)
    weights = mindspore.ParameterTuple([follow(cell, path) for path in wanted])
    (by_input,), by_parameter = operation(cell, weights)(*arguments)
    return by_input, by_parameter


def _tensor(gradient: Any, like: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(gradient.asnumpy().copy()).to(like.device)
