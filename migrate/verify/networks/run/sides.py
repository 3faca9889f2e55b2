"""The two sides of a proof: the original network in torch, and the rewritten one with MindSpore's layers inside."""

from __future__ import annotations

import copy
import os
from typing import Any, Callable, Dict, List, Tuple

import numpy
import torch

from migrate.verify.networks.run.layers import disturb, found_in, randomize
from migrate.verify.networks.run.loading import Fault, Sources, build
from migrate.verify.networks.run.trace import Trace, is_finite, sample
from migrate.verify.networks.run.training import phases, run
from migrate.verify.worker import resolve

Json = Dict[str, Any]
SEED = 20
DISTURBANCES = 4
SIZE = 8.0
"""How many disturbed runs tell the bound, and by how many roundings each layer errs in them."""


class Original:
    """Builds networks in torch, and keeps what they compute and how far layers that err carry them."""

    def __init__(self, sources: Sources, options: Json) -> None:
        self.sources = sources
        self._rules = [(resolve(rule["source"]), rule["tensors"]) for rule in options["rules"]]

    def run(self, request: Json) -> Json:
        folder = request["folder"]
        with self.sources.blamed():
            make, random = self._makers(request)
            network = make()
            layers = [name for cls, _ in self._rules for name, _ in found_in(network, (cls,))]
            if not layers:
                raise Fault("the network holds no layer of a class that is migrated")
            initial = tensors(network)
            arrays = {f"initial/{name}": sample(t) for name, t in initial.items()}
            for cls, names in self._rules:
                randomize([m for _, m in found_in(network, (cls,))], names, SEED)
            start = {name: t.detach().clone() for name, t in tensors(network).items()}
            inputs = _inputs(request)
            _save(os.path.join(folder, "start.npz"), {name: t.numpy() for name, t in start.items()})
            trainable = [name for name, p in network.named_parameters() if p.requires_grad]
            trace = run(network, inputs, SEED)
            if not is_finite(trace.arrays):
                raise Fault("the network computes infinite numbers or none (nan) before any migration")
            scales = self._scales(make, start, inputs, trace)
        arrays.update({f"value/{key}": a for key, a in trace.arrays.items()})
        arrays.update({f"scale/{key}": a for key, a in scales.items()})
        _save(os.path.join(folder, "original.npz"), arrays)
        return {"calls": trace.calls, "layers": layers, "trainable": trainable, "random": random}

    def _makers(self, request: Json) -> Tuple[Callable[[], torch.nn.Module], List[str]]:
        """What makes the network anew each time, and the names of the tensors that another seed makes otherwise."""
        module, expression = request["module"], request["expression"]
        first, other = build(module, expression, SEED), build(module, expression, SEED + 1)
        if first is other:
            return lambda: copy.deepcopy(first), []
        theirs = tensors(other)
        random = [n for n, t in tensors(first).items() if n in theirs and not torch.equal(t, theirs[n])]
        return lambda: build(module, expression, SEED), random

    def _scales(self, make: Callable[[], torch.nn.Module], start: Json, inputs: Json, trace: Trace) -> Json:
        """How far each record moves, at most, when every layer of a migrated class errs a little."""
        scales: Json = {key: numpy.zeros(()) for key in trace.arrays}
        classes = tuple(cls for cls, _ in self._rules)
        for seed in range(DISTURBANCES):
            network = make()
            load(network, start)
            disturb([m for _, m in found_in(network, classes)], SIZE, seed)
            moved = run(network, inputs, SEED).arrays
            for key, value in trace.arrays.items():
                if key in moved and moved[key].shape == value.shape and value.size:
                    scales[key] = numpy.maximum(scales[key], numpy.abs(moved[key] - value).max())
        return scales


class Rewritten:
    """Builds networks from the rewritten files, and gives them the tensors and inputs of the originals."""

    def __init__(self, sources: Sources, options: Json) -> None:
        from migrate.bridge import Bridge, install
        from migrate.bridge.names import Names

        self.sources = sources
        self._bridge = Bridge
        install(classes=[Names(**names) for names in options["names"]])
        sources.redirect()

    def run(self, request: Json) -> Json:
        folder = request["folder"]
        start = {name: torch.from_numpy(a) for name, a in _load(os.path.join(folder, "start.npz")).items()}
        with self.sources.blamed():
            network = build(request["module"], request["expression"], SEED)
            arrays = {f"initial/{name}": sample(t) for name, t in tensors(network).items()}
            layers = [name for name, m in network.named_modules() if isinstance(m, self._bridge)]
            load(network, start)
            trainable = [name for name, p in network.named_parameters() if p.requires_grad]
            trace = run(network, _inputs(request), SEED)
        arrays.update({f"value/{key}": a for key, a in trace.arrays.items()})
        _save(os.path.join(folder, "rewritten.npz"), arrays)
        return {"calls": trace.calls, "layers": layers, "trainable": trainable}


def tensors(network: torch.nn.Module) -> Dict[str, torch.Tensor]:
    """The parameters and buffers of a network by name."""
    return {**dict(network.named_parameters()), **dict(network.named_buffers())}


def load(network: torch.nn.Module, values: Dict[str, torch.Tensor]) -> None:
    """Give the tensors of a network new values; raises Fault where it has other tensors."""
    own = tensors(network)
    for name in sorted({*own, *values}):
        if name not in own:
            raise Fault(f"the network has no tensor {name}, as the original has")
        if name not in values:
            raise Fault(f"the network has a tensor {name}, which the original has not")
        if own[name].shape != values[name].shape:
            raise Fault(f"{name} has the shape {tuple(own[name].shape)}, not {tuple(values[name].shape)}")
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(values[name])


def _inputs(request: Json) -> Dict[str, List[torch.Tensor]]:
    """Random inputs for each phase, the same in both processes."""
    generator = torch.Generator().manual_seed(SEED)
    return {phase: [_input(given, generator) for given in request["inputs"]] for phase in phases(request["steps"])}


def _input(given: Json, generator: torch.Generator) -> torch.Tensor:
    if given["below"]:
        return torch.randint(given["below"], given["shape"], generator=generator)
    return torch.randn(given["shape"], generator=generator)


def _save(path: str, arrays: Json) -> None:
    # Numbered, since the names of tensors are not always names of files.
    numpy.savez(path, names=numpy.array(list(arrays)), **{str(i): a for i, a in enumerate(arrays.values())})


def _load(path: str) -> Json:
    with numpy.load(path, allow_pickle=False) as archive:
        return {str(name): archive[str(i)] for i, name in enumerate(archive["names"])}
