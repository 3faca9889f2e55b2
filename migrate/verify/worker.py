"""Runs layers of one framework for bn-migrate; started as ``python worker.py torch|mindspore``.

Needs Python 3.8, numpy and that framework, and nothing of bn-migrate: it may run in an environment of its own.
Requests and answers are lines of JSON on standard input and output, arrays go through npz files.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import sys
import traceback
from typing import Any, Callable, Dict, Iterable, List, Tuple

SCALARS = (bool, int, float, str, type(None))
Json = Dict[str, Any]


class Torch:
    """The original: modules of torch, on the CPU."""

    name = "torch"

    def __init__(self, options: Json) -> None:
        torch = importlib.import_module("torch")
        torch.set_num_threads(1)
        self.torch = torch
        self.version = torch.__version__

    def tensor(self, array: Any) -> Any:
        return self.torch.tensor(array)

    def array(self, tensor: Any) -> Any:
        return tensor.detach().numpy().copy()

    def write(self, parameter: Any, array: Any) -> None:
        with self.torch.no_grad():
            parameter.copy_(self.tensor(array))

    def set_mode(self, layer: Any, training: bool) -> None:
        layer.train(training)

    def trainable(self, layer: Any) -> List[Any]:
        return [p for p in layer.parameters() if p.requires_grad]

    def forward(self, layer: Any, array: Any) -> Any:
        with self.torch.no_grad():
            return self.array(layer(self.tensor(array)))

    def gradients(self, layer: Any, parameters: List[Any], array: Any, by_output: Any) -> List[Any]:
        x = self.tensor(array).requires_grad_()
        found = self.torch.autograd.grad(layer(x), [x, *parameters], self.tensor(by_output))
        return [self.array(g) for g in found]


class MindSpore:
    """The rewritten text: cells of MindSpore, on the device and in the mode that is asked for."""

    name = "mindspore"

    def __init__(self, options: Json) -> None:
        mindspore = importlib.import_module("mindspore")
        self.ms = mindspore
        self.version = mindspore.__version__
        device = options["device_target"]
        if hasattr(mindspore, "set_device"):
            mindspore.set_device(device)
        else:
            mindspore.set_context(device_target=device)
        graph = options["mode"] == "graph"
        mindspore.set_context(mode=mindspore.GRAPH_MODE if graph else mindspore.PYNATIVE_MODE)
        # Waiting for threads takes four times as long as these small layers do; and so an error belongs to its case.
        mindspore.set_context(pynative_synchronize=True, runtime_num_threads=1)
        self.gradient = mindspore.ops.GradOperation(get_all=True, get_by_list=True, sens_param=True)
        # Where numpy or the device does not suit this MindSpore, the first operation says so.
        self.array(mindspore.Tensor([1.0], mindspore.float32) * 2.0)

    def tensor(self, array: Any) -> Any:
        return self.ms.Tensor(array)

    def array(self, tensor: Any) -> Any:
        # asnumpy() may be a view of memory that the next step overwrites.
        return tensor.asnumpy().copy()

    def write(self, parameter: Any, array: Any) -> None:
        parameter.set_data(self.ms.Tensor(array, dtype=parameter.dtype))

    def set_mode(self, layer: Any, training: bool) -> None:
        layer.set_train(training)

    def trainable(self, layer: Any) -> List[Any]:
        return list(layer.trainable_params())

    def forward(self, layer: Any, array: Any) -> Any:
        return self.array(layer(self.tensor(array)))

    def gradients(self, layer: Any, parameters: List[Any], array: Any, by_output: Any) -> List[Any]:
        wanted = self.ms.ParameterTuple(parameters)
        by_input, by_parameters = self.gradient(layer, wanted)(self.tensor(array), self.tensor(by_output))
        return [self.array(g) for g in (by_input[0], *by_parameters)]


def resolve(name: str) -> Any:
    """The object behind a qualified name, importing as many leading parts as are modules."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        module = ".".join(parts[:end])
        try:
            found = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if error.name is None or not (module + ".").startswith(error.name + "."):
                raise
            continue
        for part in parts[end:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError("no module for " + name)


def value(given: Any) -> Any:
    """An argument: a scalar, or a qualified name as {"name": ...}."""
    return resolve(given["name"]) if isinstance(given, dict) else given


def build(case: Json) -> Any:
    layer = resolve(case["callable"])(
        *[value(a) for a in case["args"]], **{k: value(v) for k, v in case["kwargs"].items()}
    )
    for method, args in case["calls"]:
        layer = getattr(layer, method)(*[value(a) for a in args])
    return layer


def follow(layer: Any, path: str) -> Any:
    """The attribute at a path such as bn2d.gamma."""
    for part in path.split("."):
        layer = getattr(layer, part)
    return layer


def run(framework: Any, case: Json, inputs: Json) -> Tuple[Json, Json]:
    """One layer: what it starts with, training steps, evaluation, gradients; arrays and facts by name.

    Gradients come last: what they do to the statistics is not looked at any more.
    """
    arrays: Json = {}
    to_channels_last = case["layout"] == "NHWC"

    def there(x: Any) -> Any:
        return x.transpose(0, 2, 3, 1).copy() if to_channels_last else x

    def back(x: Any) -> Any:
        return x.transpose(0, 3, 1, 2).copy() if to_channels_last else x

    if case["first_call"]:
        arrays["first"] = back(framework.forward(build(case), there(inputs["first"])))
    layer = build(case)
    tensors = {role: follow(layer, path) for role, path in case["tensors"].items()}
    tensors = {role: t for role, t in tensors.items() if t is not None}
    arrays.update({"initial_" + role: framework.array(t) for role, t in tensors.items()})
    trainable = framework.trainable(layer)
    by_id = {id(p): i for i, p in enumerate(trainable)}
    roles = [r for r in ("scale", "shift") if r in tensors and id(tensors[r]) in by_id]
    for role in roles:
        framework.write(tensors[role], inputs[role])
    framework.set_mode(layer, True)
    arrays["train"] = _stack([back(framework.forward(layer, there(x))) for x in inputs["batches"][:-1]])
    for role in ("mean", "variance"):
        if role in tensors:
            arrays[role] = framework.array(follow(layer, case["tensors"][role]))
    framework.set_mode(layer, False)
    arrays["eval"] = back(framework.forward(layer, there(inputs["batches"][-1])))
    framework.set_mode(layer, True)
    steps = zip(inputs["batches"], inputs["gradients"])
    found = [framework.gradients(layer, trainable, there(x), there(g)) for x, g in steps]
    arrays["grad_input"] = _stack([back(g[0]) for g in found])
    for role in roles:
        arrays["grad_" + role] = _stack([g[1 + by_id[id(tensors[role])]] for g in found])
    return arrays, {"roles": roles, "trainable": len(trainable)}


def _stack(arrays: List[Any]) -> Any:
    return importlib.import_module("numpy").stack(arrays)


def signature(name: str) -> Json:
    """The parameters of a class with their scalar defaults, or the reason why there are none."""
    try:
        # Of the class itself Python 3.10 and older would tell the parameters of its base's __new__.
        _, *parameters = inspect.signature(resolve(name).__init__).parameters.values()
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return {"parameters": [[p.name, p.default if isinstance(p.default, SCALARS) else None] for p in parameters]}


def serve(framework: Any, requests: Iterable[str], answer: Callable[[Json], None]) -> None:
    """Answer batches of cases until the input ends; ``at`` is said before each case, so that a death has a cause."""
    numpy = importlib.import_module("numpy")
    for line in requests:
        request = json.loads(line)
        results: Json = {}
        facts: Json = {}
        with numpy.load(request["inputs"], allow_pickle=False) as inputs:
            for case in request["cases"]:
                answer({"at": case["id"]})
                names = ("batches", "gradients", "scale", "shift", "first")
                given = {name: inputs[case["inputs"] + "/" + name] for name in names}
                try:
                    arrays, facts[case["id"]] = run(framework, case, given)
                except Exception as error:
                    facts[case["id"]] = {"error": one_line(error)}
                else:
                    results.update({case["id"] + "/" + name: a for name, a in arrays.items()})
        numpy.savez(request["outputs"], **results)
        answer({"done": facts})


def one_line(error: BaseException) -> str:
    """The first line that says something; MindSpore adds pages on its own source."""
    lines = [line.strip(" -") for line in str(error).splitlines()]
    said = next((line for line in lines if line), "")
    return f"{type(error).__name__}: {said}"[:500]


def start(name: str, options: Json) -> Tuple[Any, Json]:
    """The framework, and what it says of itself."""
    framework: Any = (Torch if name == "torch" else MindSpore)(options)
    return framework, {
        "version": framework.version,
        "signatures": {c: signature(c) for c in options["classes"]},
    }


def converse(
    start: Callable[[str, Json], Tuple[Any, Json]], serve: Callable[[Any, Iterable[str], Callable[[Json], None]], None]
) -> None:
    """Start what the command line names, say hello, and serve requests until there are no more."""
    name = sys.argv[1]
    options = json.loads(sys.argv[2])
    # Whatever a framework or a network prints goes to standard error, and it reads nothing: the conversation has
    # channels of its own.
    requests, channel = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    here = os.path.dirname(os.path.abspath(sys.argv[0]))
    sys.path[:] = [p for p in sys.path if os.path.abspath(p or ".") != here]

    def answer(message: Json) -> None:
        channel.write(json.dumps(message) + "\n")
        channel.flush()

    hello: Json = {"python": sys.version.split()[0]}
    try:
        hello["numpy"] = importlib.import_module("numpy").__version__
        served, said = start(name, options)
        hello.update(said)
    except ModuleNotFoundError as error:
        answer(dict(hello, missing=error.name or str(error)))
        return
    except Exception as error:
        traceback.print_exc()
        answer(dict(hello, error=one_line(error)))
        return
    answer(hello)
    serve(served, requests, answer)


if __name__ == "__main__":
    converse(start, serve)
