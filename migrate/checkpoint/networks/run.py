"""Builds a network, gives it its checkpoint, and records what it computes: evaluation, a training step, evaluation."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from migrate.checkpoint.files.read import SAFETENSORS, files_of, read
from migrate.checkpoint.networks.process import Json
from migrate.verify.networks.run.layers import disturb, found_in
from migrate.verify.networks.run.loading import Fault, Sources, build, prepare, seed_all
from migrate.verify.networks.run.trace import flatten
from migrate.verify.networks.run.training import LEARNING_RATE, loss_of
from migrate.verify.worker import resolve

SEED = 20
DISTURBANCES = 4
SIZE = 8.0
"""How many disturbed runs tell the bound, and by how many roundings each layer errs in them."""
EVALUATION, STEP, AFTER = "evaluation", "training step", "evaluation after the step"
Arrays = dict[str, Any]
State = dict[str, torch.Tensor]


def describe(request: Json) -> Json:
    """The classes of a network's modules, their bases behind them, and the shapes of its tensors."""
    network = _network(request, Sources({}))
    modules = {
        path: [f"{c.__module__}.{c.__qualname__}" for c in type(m).__mro__] for path, m in network.named_modules()
    }
    return {"modules": modules, "shapes": {name: list(t.shape) for name, t in _state(network).items()}}


def in_torch(request: Json) -> Json:
    """Run the original, and again with layers that err a little, which tells how far rounding carries."""
    sources = Sources({})
    held = _held(request)
    network = _network(request, sources)
    with sources.blamed():
        loaded = _load_whole(network, held, request)
    if request["inputs"] is None:
        return loaded
    classes = tuple(resolve(name) for name in request["classes"])
    with sources.blamed():
        arrays = _run(network, request)
        broken = [key for key, array in arrays.items() if not np.isfinite(array).all()]
        if broken:
            raise Fault(f"the original's numbers are not finite in {broken[0]}: try another --input-shape")
        moves: Arrays = {key: np.zeros(()) for key in arrays}
        for seed in range(1, DISTURBANCES + 1):
            again = _network(request, sources)
            _load_whole(again, held, request)
            disturb([m for _, m in found_in(again, classes)], SIZE, seed)
            for key, moved in _run(again, request).items():
                moves[key] = np.maximum(moves[key], np.abs(moved - arrays[key]).max())
    np.savez(request["arrays"], **arrays, **{f"move of {key}": move for key, move in moves.items()})
    return loaded


def in_bridge(request: Json) -> Json:
    """Run the migrated network, whose cells of MindSpore get what MindSpore's file has under their own names."""
    from migrate.bridge import install
    from migrate.bridged import Names

    sources = Sources(request["rewritten"])
    install(classes=[Names(**names) for names in request["names"]])
    sources.redirect()
    held = _held(request)
    network = _network(request, sources)
    cells = [(path, module.cell) for path, module in network.named_modules() if "cell" in module.__dict__]
    missing = [name for path, cell in cells for name in _load_cell(path, cell, held)]
    if not cells:
        raise Fault("no layer of the migrated network is MindSpore's: are its files among those of --source?")
    rest = {request["torch_names"].get(name, name): tensor for name, tensor in held.items()}
    loaded = _load(network, rest, request, [path for path, _ in cells])
    if request["inputs"] is not None:
        with sources.blamed():
            arrays = _run(network, request)
        np.savez(request["arrays"], **arrays)
    return {"missing": [*missing, *loaded["missing"]], "unused": loaded["unused"]}


def in_mindspore(request: Json) -> Json:
    """Run a network of MindSpore with MindSpore's file."""
    import mindspore

    prepare(request)
    with Sources({}).blamed():
        network = _cell(request)
        missing, unused = mindspore.load_param_into_net(network, _parameters(request))
        if request["inputs"] is not None:
            np.savez(request["arrays"], **_run_cell(network, request))
    return {"missing": list(missing), "unused": list(unused)}


def _parameters(request: Json) -> Any:
    """The file of MindSpore as it reads it itself; those of an index one after the other."""
    import mindspore

    held = {}
    for path in files_of(request["checkpoint"]):
        form = "safetensors" if path.endswith(SAFETENSORS) else "ckpt"
        held.update(mindspore.load_checkpoint(path, format=form))
    return held


def _network(request: Json, sources: Sources) -> torch.nn.Module:
    if not request.get("prepared"):
        prepare(request)
        request["prepared"] = True
    with sources.blamed():
        network: torch.nn.Module = build(request["module"], request["expression"], SEED)
    return network


def _held(request: Json) -> State:
    """The tensors of the checkpoint that the request names, without what stands in front of their names."""
    found = read(request["checkpoint"], request["to"], request["key"]).tensors
    state = {}
    for name, tensor in found.items():
        dtype, data = getattr(torch, tensor.dtype), tensor.data()
        flat = torch.frombuffer(data, dtype=dtype) if data else torch.empty(0, dtype=dtype)
        state[name.removeprefix(request["prefix"])] = flat.reshape(tensor.shape)
    return state


def _state(network: torch.nn.Module) -> State:
    return {name: t for name, t in network.state_dict().items() if isinstance(t, torch.Tensor)}


def _load_whole(network: torch.nn.Module, held: State, request: Json) -> Json:
    """Load tensors as torch does, and tell which were not there and which were not taken."""
    counters = tuple(request["counters"])
    missing, unused = network.load_state_dict(held, strict=False)
    own = _state(network)
    return {"missing": [n for n in missing if n in own and not n.endswith(counters)], "unused": list(unused)}


def _load(network: torch.nn.Module, held: State, request: Json, but: list[str] | None = None) -> Json:
    """Copy tensors by name, and tell which had none and which were not taken; ``but`` are paths that have theirs."""
    counters = tuple(request["counters"])
    own = {n: t for n, t in _state(network).items() if n.rpartition(".")[0] not in (but or ())}
    for name in own.keys() & held.keys():
        if own[name].numel() != held[name].numel():
            shapes = f"{list(held[name].shape)} in the file and {list(own[name].shape)} in the network"
            raise Fault(f"{name} has the shape {shapes}")
        with torch.no_grad():
            own[name].copy_(held[name].reshape(own[name].shape))
    missing = [name for name in own if name not in held and not name.endswith(counters)]
    return {"missing": missing, "unused": [name for name in held if name not in own]}


def _load_cell(path: str, cell: Any, held: State) -> list[str]:
    """Load the tensors of a cell by their names in a network of MindSpore, and tell which it found none for."""
    import mindspore

    found = {}
    for name, parameter in cell.parameters_and_names():
        if path:
            parameter.name = f"{path}.{name}"
        if parameter.name in held:
            value = held.pop(parameter.name).numpy()
            found[parameter.name] = mindspore.Parameter(mindspore.Tensor(value), name=parameter.name)
    missing, _ = mindspore.load_param_into_net(cell, found)
    return list(missing)


def _inputs(request: Json) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(SEED)
    return [
        torch.randint(0, below, shape, generator=generator) if below else torch.randn(shape, generator=generator)
        for shape, below in request["inputs"]
    ]


def _run(network: torch.nn.Module, request: Json) -> Arrays:
    """The outputs of an evaluation, of a step of SGD on a squared error, and of an evaluation after that."""
    inputs = _inputs(request)
    arrays: Arrays = {}
    seed_all(SEED)
    arrays.update(_evaluated(EVALUATION, network, inputs))
    network.train()
    seed_all(SEED)
    outputs = list(flatten(network(*(t.clone() for t in inputs))))
    if not outputs:
        raise Fault("the network returns no tensor of floating-point numbers")
    loss = torch.stack([loss_of(output, f"{SEED}{path}") for path, output in outputs]).sum()
    trained = [p for p in network.parameters() if p.requires_grad]
    if trained and loss.requires_grad:
        optimizer = torch.optim.SGD(trained, lr=LEARNING_RATE)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    arrays.update({f"{STEP}{path}": output.detach().numpy() for path, output in outputs})
    arrays.update(_evaluated(AFTER, network, inputs))
    return arrays


def _evaluated(title: str, network: torch.nn.Module, inputs: list[torch.Tensor]) -> Iterator[tuple[str, Any]]:
    network.eval()
    with torch.no_grad():
        for path, output in flatten(network(*(t.clone() for t in inputs))):
            yield f"{title}{path}", output.numpy().copy()


def _cell(request: Json) -> Any:
    """The network of MindSpore that an expression gives."""
    import mindspore

    made = eval(request["expression"], vars(importlib.import_module(request["module"])))
    if not isinstance(made, mindspore.nn.Cell) and callable(made):
        made = made()
    if not isinstance(made, mindspore.nn.Cell):
        raise Fault(f"{request['module']}:{request['expression']} gives a {type(made).__name__}, not a Cell")
    return made


def _run_cell(network: Any, request: Json) -> Arrays:
    """What `_run` does, of a network of MindSpore."""
    import mindspore

    inputs = [mindspore.Tensor(t.numpy()) for t in _inputs(request)]
    network.set_train(False)
    arrays = {f"{EVALUATION}{path}": a for path, a in _arrays(network(*inputs))}
    network.set_train()

    def forward(*given: Any) -> tuple[Any, Any]:
        output = network(*given)
        parts = output if isinstance(output, (tuple, list)) else (output,)
        losses = [((p - _target(p, i if len(parts) > 1 else None)) ** 2).mean() for i, p in enumerate(parts)]
        return sum(losses[1:], losses[0]), output

    trained = network.trainable_params()
    (_, output), gradients = mindspore.value_and_grad(forward, None, trained, has_aux=True)(*inputs)
    arrays.update({f"{STEP}{path}": a for path, a in _arrays(output)})
    mindspore.nn.SGD(trained, LEARNING_RATE)(gradients)
    network.set_train(False)
    arrays.update({f"{AFTER}{path}": a for path, a in _arrays(network(*inputs))})
    return arrays


def _target(output: Any, place: int | None) -> Any:
    """The random target that torch's loss has for the same output."""
    import zlib

    import mindspore

    name = f"{SEED}" if place is None else f"{SEED}.{place}"
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    return mindspore.Tensor(torch.randn(output.shape, generator=generator).numpy())


def _arrays(output: Any) -> Iterator[tuple[str, Any]]:
    """The arrays of an output, named as torch's are."""
    if isinstance(output, (tuple, list)):
        for i, part in enumerate(output):
            yield from ((f".{i}{path}", array) for path, array in _arrays(part))
    else:
        yield "", output.asnumpy().copy()
