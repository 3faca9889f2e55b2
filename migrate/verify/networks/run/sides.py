"""The two sides of a proof: the original network in torch, and the rewritten one with MindSpore's layers inside."""

from __future__ import annotations

import copy
import os
from typing import Any, Callable, Dict, FrozenSet, List

import numpy
import torch
from torch.nn.parameter import is_lazy

from migrate.verify.networks.run.layers import disturb, found_in, randomize
from migrate.verify.networks.run.loading import Fault, Sources, build
from migrate.verify.networks.run.trace import Trace, first_infinite, sample
from migrate.verify.networks.run.training import EVALUATION, phases, run
from migrate.verify.worker import resolve

Json = Dict[str, Any]
SEED = 20
DISTURBANCES = 4
SIZE = 8.0
"""How many disturbed runs tell the bound, and by how many roundings each layer errs in them."""


class Original:
    """Builds networks in torch, and keeps what they compute and how far layers that err carry them."""

    fault = Fault

    def __init__(self, sources: Sources, options: Json) -> None:
        self.sources = sources
        self._counters = frozenset(options["counters"])
        self._rules = [(resolve(rule["source"]), rule["tensors"]) for rule in options["rules"]]

    def run(self, request: Json) -> Json:
        folder, inputs = request["folder"], _inputs(request)
        with self.sources.blamed():
            make = self._maker(request, inputs)
            network = make()
            layers = [name for cls, _ in self._rules for name, _ in found_in(network, (cls,))]
            if not layers:
                raise Fault("the network holds no layer of a class that is migrated")
            arrays = {f"initial/{name}": sample(t) for name, t in tensors(network, self._counters).items()}
            for cls, names in self._rules:
                randomize([m for _, m in found_in(network, (cls,))], names, SEED)
            start = {name: t.detach().clone() for name, t in tensors(network, self._counters).items()}
            _save(os.path.join(folder, "start.npz"), {name: _storable(t) for name, t in start.items()})
            trainable = [name for name, p in network.named_parameters() if p.requires_grad]
            trace = run(network, inputs, SEED, self._counters)
            if (broken := first_infinite(trace.arrays)) is not None:
                raise Fault(f"the original computes numbers that are not finite, first in {broken}; try other inputs")
            scales = self._scales(make, start, inputs, trace)
        arrays.update({f"value/{key}": a for key, a in trace.arrays.items()})
        arrays.update({f"scale/{key}": a for key, a in scales.items()})
        _save(os.path.join(folder, "original.npz"), arrays)
        return {"calls": trace.calls, "layers": layers, "trainable": trainable}

    def _maker(self, request: Json, inputs: Json) -> Callable[[], torch.nn.Module]:
        """What makes the network anew each time, also where the user's code has only one instance of it."""
        first = _built(request, inputs)
        if first is _built(request, inputs):
            return lambda: copy.deepcopy(first)
        return lambda: _built(request, inputs)

    def _scales(self, make: Callable[[], torch.nn.Module], start: Json, inputs: Json, trace: Trace) -> Json:
        """How far each record moves, at most, when every layer of a migrated class errs a little.

        Raises Fault where a record moves although nothing errs: then no comparison means anything.
        """
        scales: Json = {key: numpy.zeros(()) for key in trace.arrays}
        classes = tuple(cls for cls, _ in self._rules)
        for seed in range(DISTURBANCES + 1):
            network = make()
            load(network, start, self._counters)
            if seed:
                disturb([m for _, m in found_in(network, classes)], SIZE, seed)
            moved = run(network, inputs, SEED, self._counters).arrays
            for key, value in trace.arrays.items():
                if key in moved and moved[key].shape == value.shape and value.size:
                    scales[key] = numpy.maximum(scales[key], numpy.abs(moved[key] - value).max())
            if not seed and (different := [key for key, scale in scales.items() if scale > 0]):
                raise Fault(
                    "two runs of the original differ, the second of the same process, with the same seeds, first in "
                    f"{different[0]}: the network keeps state or random numbers of its own between runs"
                )
        return scales


class Rewritten:
    """Builds networks from the rewritten files, and gives them the tensors and inputs of the originals."""

    fault = Fault

    def __init__(self, sources: Sources, options: Json) -> None:
        from migrate.bridge import Bridge, install
        from migrate.bridged import Names
        from migrate.verify.networks.run.randomness import draw_from_torch

        self.sources = sources
        self._bridge = Bridge
        self._counters = frozenset(options["counters"])
        install(classes=[Names(**names) for names in options["names"]])
        draw_from_torch()
        sources.redirect()

    def run(self, request: Json) -> Json:
        folder, inputs = request["folder"], _inputs(request)
        start = {name: torch.from_numpy(a) for name, a in _load(os.path.join(folder, "start.npz")).items()}
        with self.sources.blamed():
            network = _built(request, inputs)
            arrays = {f"initial/{name}": sample(t) for name, t in tensors(network, self._counters).items()}
            layers = [name for name, m in network.named_modules() if isinstance(m, self._bridge)]
            load(network, start, self._counters)
            trainable = [name for name, p in network.named_parameters() if p.requires_grad]
            trace = run(network, inputs, SEED, self._counters)
        arrays.update({f"value/{key}": a for key, a in trace.arrays.items()})
        _save(os.path.join(folder, "rewritten.npz"), arrays)
        return {"calls": trace.calls, "layers": layers, "trainable": trainable}


def _built(request: Json, inputs: Json) -> Any:
    """The network, with all of its layers: lazy ones are made by a first call."""
    network = build(request["module"], request["expression"], SEED)
    if any(is_lazy(t) for t in tensors(network).values()):
        mode = network.training
        with torch.no_grad():
            network.eval()(*(t.clone() for t in inputs[EVALUATION]))
        network.train(mode)
    return network


def _storable(tensor: torch.Tensor) -> Any:
    return (tensor.float() if tensor.dtype is torch.bfloat16 else tensor).cpu().numpy()


def tensors(network: torch.nn.Module, left_out: FrozenSet[str] = frozenset()) -> Dict[str, torch.Tensor]:
    """The parameters and buffers of a network by name, without the buffers whose last name is in ``left_out``."""
    buffers = {name: t for name, t in network.named_buffers() if name.rpartition(".")[2] not in left_out}
    return {**dict(network.named_parameters()), **buffers}


def load(network: torch.nn.Module, values: Dict[str, torch.Tensor], left_out: FrozenSet[str]) -> None:
    """Give the tensors of a network new values; raises Fault where it has other tensors."""
    own = tensors(network, left_out)
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
