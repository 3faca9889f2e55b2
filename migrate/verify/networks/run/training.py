"""Trains a network for a few steps, evaluates it, and records everything on the way."""

from __future__ import annotations

import zlib
from typing import Any, Dict, FrozenSet, List

import torch

from migrate.verify.networks.run.loading import Fault, seed_all
from migrate.verify.networks.run.trace import Trace, flatten

LEARNING_RATE = 0.001
EVALUATION = "evaluation"


def phases(steps: int) -> List[str]:
    """The names of the training steps, then that of the evaluation."""
    return [*(f"step {i}" for i in range(1, steps + 1)), EVALUATION]


def run(
    network: torch.nn.Module, inputs: Dict[str, List[torch.Tensor]], seed: int, left_out: FrozenSet[str] = frozenset()
) -> Trace:
    """Train by SGD on a squared error, a step for each phase in ``inputs`` but the last, then evaluate.

    Random layers draw the same numbers in every run: the generators are seeded before each phase. Buffers whose last
    name is in ``left_out`` are not recorded.
    """
    trained = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=LEARNING_RATE) if trained else None
    network.train()
    with Trace(network) as trace:
        for number, (phase, tensors) in enumerate(inputs.items()):
            if phase == EVALUATION:
                network.eval()
            trace.enter(phase)
            seed_all(seed + number)
            if phase == EVALUATION:
                _evaluate(network, tensors, trace)
            else:
                # A program that turned gradients off for itself is trained all the same.
                with torch.enable_grad():
                    _step(network, tensors, trace, optimizer, seed)
            for name, buffer in network.named_buffers():
                if name.rpartition(".")[2] not in left_out:
                    trace.record(f"statistics/{name}", buffer)
    return trace


def _step(network: torch.nn.Module, tensors: List[torch.Tensor], trace: Trace, optimizer: Any, seed: int) -> None:
    leaves = [t.clone().requires_grad_(t.is_floating_point()) for t in tensors]
    network.zero_grad(set_to_none=True)
    # A copy may be changed in place, which a leaf may not.
    outputs = list(flatten(network(*(leaf.clone() for leaf in leaves))))
    if not outputs:
        raise Fault("the network returns no tensor of floating-point numbers")
    loss = torch.stack([loss_of(output, f"{seed}{path}") for path, output in outputs]).sum()
    for path, output in outputs:
        trace.record(f"output/{path}", output)
    trace.record("loss", loss)
    if loss.requires_grad:
        loss.backward()  # type: ignore[no-untyped-call]
    for i, leaf in enumerate(leaves):
        if leaf.grad is not None:
            trace.record(f"input/{i}", leaf.grad)
    for name, parameter in network.named_parameters():
        if parameter.grad is not None:
            trace.record(f"gradient/{name}", parameter.grad)
    if optimizer is not None:
        optimizer.step()


def _evaluate(network: torch.nn.Module, tensors: List[torch.Tensor], trace: Trace) -> None:
    with torch.no_grad():
        for path, output in flatten(network(*(t.clone() for t in tensors))):
            trace.record(f"output/{path}", output)


def loss_of(output: torch.Tensor, name: str) -> torch.Tensor:
    """The squared distance to a random target, which is the same in every run."""
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    target = torch.randn(output.shape, generator=generator).to(output)
    return torch.nn.functional.mse_loss(output, target)
