"""A script that shows a failed proof, to be pasted and run."""

from __future__ import annotations

from migrate.verify.execution import Execution, proof_of
from migrate.verify.operations import Symbol, Value
from migrate.verify.plan import Side, Trial
from migrate.verify.settings import Settings

HEAD = "import numpy as np\nimport torch\nimport mindspore as ms\n"
STATISTICS = {"moving_mean": "mean", "moving_variance": "variance"}
GRADIENTS = {"grad_gamma": "scale", "grad_beta": "shift"}


def snippet(execution: Execution, measure: str, settings: Settings) -> str:
    """A script that builds both layers, repeats what ``measure`` compares, and prints both results."""
    trial = execution.trial
    lines = [HEAD]
    if settings.mode == "graph":
        lines.append("ms.set_context(mode=ms.GRAPH_MODE)")
    lines += [
        f'ms.set_device("{settings.device_target}")',
        f"layer = {_text(trial.original)}",
        f"cell = {_text(trial.rewritten)}",
    ]
    body = _BODIES.get(measure, _train)
    return "\n".join([*lines, *body(trial, measure, execution.recipe.sizes), ""])


def _text(side: Side) -> str:
    arguments = [_value(v) for v in side.arguments.positional]
    arguments += [f"{name}={_value(v)}" for name, v in side.arguments.named]
    methods = "".join(f".{name}({', '.join(map(_value, args))})" for name, args in side.methods)
    return f"{_spelled(side.callee)}({', '.join(arguments)}){methods}"


def _value(value: Value) -> str:
    return _spelled(value.name) if isinstance(value, Symbol) else repr(value)


def _spelled(name: str) -> str:
    return f"ms.{name.removeprefix('mindspore.')}" if name.startswith("mindspore.") else name


def _names(trial: Trial, symbol: str) -> tuple[str, str]:
    name = proof_of(trial).tensors[symbol]
    return name, trial.rule.attributes[name].to


def _initial(trial: Trial, measure: str, sizes: tuple[object, ...]) -> list[str]:
    lines = []
    for symbol in proof_of(trial).tensors:
        name, new = _names(trial, symbol)
        lines.append(f'print("{name}", layer.{name}, "{new}", cell.{new}.asnumpy())')
    return lines


def _trainable(trial: Trial, measure: str, sizes: tuple[object, ...]) -> list[str]:
    return [
        'print("torch", [name for name, p in layer.named_parameters() if p.requires_grad])',
        'print("MindSpore", [p.name for p in cell.trainable_params()])',
    ]


def _first_call(trial: Trial, measure: str, sizes: tuple[object, ...]) -> list[str]:
    return [
        f"x = np.resize(np.float32([1, 2]), {sizes})",
        'print("torch", layer(torch.tensor(x)).detach().numpy().ravel()[:4])',
        'print("MindSpore", cell(ms.Tensor(x)).asnumpy().ravel()[:4])',
    ]


def _train(trial: Trial, measure: str, sizes: tuple[object, ...]) -> list[str]:
    eps = trial.layer.eps
    lines = [
        "layer.train(); cell.set_train()",
        "random = np.random.RandomState(0)",
        f"for deviation in (1, {eps} ** 0.5, 3 * {eps} ** 0.5):",
        f"    x = np.float32(deviation * (1 + random.standard_normal({sizes})))",
        "    a, b = layer(torch.tensor(x)), cell(ms.Tensor(x))",
    ]
    if measure in STATISTICS:
        name, new = _names(trial, STATISTICS[measure])
        lines.append(f"a, b = layer.{name}, cell.{new}")
    elif measure == "eval":
        lines += ["layer.eval(); cell.set_train(False)", "a, b = layer(torch.tensor(x)), cell(ms.Tensor(x))"]
    elif measure.startswith("grad_"):
        lines += _gradient(trial, measure)
    return [*lines, 'print("torch", a.detach().numpy().ravel()[:4])', 'print("MindSpore", b.asnumpy().ravel()[:4])']


def _gradient(trial: Trial, measure: str) -> list[str]:
    """The gradient of sum(y * y) / 2, whose derivative by the output is the output."""
    lines = ["inputs = torch.tensor(x, requires_grad=True)", "(layer(inputs) ** 2 / 2).sum().backward()"]
    loss = "lambda t: (cell(t) ** 2 / 2).sum()"
    if measure == "grad_input":
        return [*lines, f"a, b = inputs.grad, ms.grad({loss})(ms.Tensor(x))"]
    name, new = _names(trial, GRADIENTS[measure])
    return [*lines, f"a, b = layer.{name}.grad, ms.grad({loss}, None, [cell.{new}])(ms.Tensor(x))[0]"]


_BODIES = {"initial": _initial, "trainable": _trainable, "first_call": _first_call}
