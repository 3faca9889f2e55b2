"""What is done to the torch layers that a rule migrates: random tensors, and small disturbances."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterable, List, Tuple

import torch

RANGES: Dict[str, Tuple[float, float]] = {
    "scale": (0.5, 1.5),
    "shift": (-0.5, 0.5),
    "mean": (-0.5, 0.5),
    "variance": (0.5, 1.5),
}
"""The symbols of the formula, and the ranges of their random values."""
UNIT = 2.0**-24


def found_in(network: torch.nn.Module, classes: Tuple[Any, ...]) -> List[Tuple[str, Any]]:
    """The layers of ``classes``, with their names."""
    return [(name, m) for name, m in network.named_modules() if isinstance(m, classes)]


def randomize(layers: Iterable[torch.nn.Module], tensors: Dict[str, str], seed: int) -> None:
    """Give every layer tensors of its own; ``tensors`` names the attribute behind each symbol."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in layers:
            for symbol, (low, high) in RANGES.items():
                tensor = getattr(layer, tensors.get(symbol, ""), None)
                if tensor is not None:
                    tensor.copy_(torch.rand(tensor.shape, generator=generator) * (high - low) + low)


def disturb(layers: Iterable[torch.nn.Module], size: float, seed: int) -> None:
    """Let every layer err like one that rounds otherwise, by ``size`` roundings; its gradients, too."""
    generator = torch.Generator().manual_seed(seed)
    for layer in layers:
        layer.forward = _erring(layer.forward, size, generator)


def _erring(forward: Callable[..., Any], size: float, generator: torch.Generator) -> Callable[..., Any]:
    rounding: Any = _Rounding.apply

    def erring(value: Any) -> Any:
        if isinstance(value, (tuple, list)):
            return type(value)(map(erring, value))
        return rounding(value, size, generator) if _is_batch(value) else value

    def call(*args: Any, **kwargs: Any) -> Any:
        return erring(forward(*map(erring, args), **{name: erring(value) for name, value in kwargs.items()}))

    return call


def _is_batch(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.is_floating_point() and value.dim() > 1


class _Rounding(torch.autograd.Function):
    """The identity, with rounding errors in both directions."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, size: float, generator: torch.Generator) -> Any:
        ctx.size, ctx.generator = size, generator
        return rounded(x, size, generator)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> Tuple[Any, ...]:
        return rounded(gradient, ctx.size, ctx.generator), None, None


def rounded(x: torch.Tensor, size: float, generator: torch.Generator) -> Any:
    """``x`` (N, C, ...) with the errors of float32: ``size`` roundings u in each value, and u sqrt(n) mean|x| in each
    channel, the error of a mean over its n values, which errs like a random walk."""
    others = [d for d in range(x.dim()) if d != 1]
    n = x.numel() / x.shape[1]
    of_mean = UNIT * n**0.5 * x.abs().mean(others, keepdim=True)
    return x * (1 + size * UNIT * _signs(x, generator)) + of_mean * _signs(of_mean, generator)


def _signs(like: torch.Tensor, generator: torch.Generator) -> Any:
    return torch.randint(0, 2, like.shape, generator=generator).to(like) * 2 - 1
