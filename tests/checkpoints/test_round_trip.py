"""Random networks: what is converted by their sources and back is what it was, whatever the names look like."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.checkpoints.made import COUNTER, State, convert, targets

LAYERS = {
    "nn.BatchNorm1d(3)": ("gamma", "beta", "moving_mean", "moving_variance"),
    "nn.BatchNorm2d(3)": ("gamma", "beta", "moving_mean", "moving_variance"),
    "nn.BatchNorm3d(3)": ("bn2d.gamma", "bn2d.beta", "bn2d.moving_mean", "bn2d.moving_variance"),
    "nn.BatchNorm2d(3, affine=False)": ("moving_mean", "moving_variance"),
    "nn.GroupNorm(1, 3)": ("gamma", "beta"),
    "nn.LayerNorm(3)": ("gamma", "beta"),
    "nn.Embedding(4, 3)": ("embedding_table",),
    "nn.PReLU(2)": ("w",),
    "nn.Conv1d(2, 3, 2)": ("weight", "bias"),
    "nn.Conv2d(2, 3, 1, bias=False)": ("weight",),
    "nn.Linear(2, 3)": ("weight", "bias"),
    "nn.ReLU()": (),
}
"""Layers, and what MindSpore calls the tensors of each, in torch's order."""
NAMES = ["bn", "weight_net", "gamma_1", "running_mean_net", "module", "ema", "subnet", "beta", "bn2d", "x", "norm"]
"""Names of attributes, many of which look like those of tensors."""
Tree = Any
trees = st.recursive(
    st.sampled_from(sorted(LAYERS)),
    lambda inner: st.tuples(
        st.sampled_from(["class", "names", "list"]),
        st.dictionaries(st.sampled_from(NAMES), inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


class _Writer:
    """Writes the source of a network, a class or container for each branch."""

    def __init__(self) -> None:
        self.classes: list[str] = []

    def expression(self, tree: Tree) -> str:
        if isinstance(tree, str):
            return tree
        kind, inner = tree
        parts = {name: self.expression(each) for name, each in inner.items()}
        if kind == "list":
            return f"nn.ModuleList([{', '.join(parts.values())}])"
        if kind == "names":
            return f"nn.Sequential(OrderedDict([{', '.join(f'({n!r}, {p})' for n, p in parts.items())}]))"
        lines = "".join(f"        self.{name} = {part}\n" for name, part in parts.items())
        name = f"Part{len(self.classes)}"
        self.classes.append(f"class {name}(nn.Module):\n    def __init__(self):\n        super().__init__()\n{lines}\n")
        return f"{name}()"


def _expected(tree: Tree, path: str = "") -> list[str]:
    """MindSpore's names of all tensors, in the order of torch's."""
    if isinstance(tree, str):
        return [f"{path}.{name}" for name in LAYERS[tree]]
    kind, inner = tree
    names = [str(i) for i in range(len(inner))] if kind == "list" else list(inner)
    paths = [f"{path}.{name}" if path else name for name in names]
    return [name for at, each in zip(paths, inner.values(), strict=True) for name in _expected(each, at)]


def _source(tree: Tree) -> str:
    writer = _Writer()
    root = writer.expression(("class", {"net": tree}))
    return "from collections import OrderedDict\nfrom torch import nn\n\n" + "".join(writer.classes) + f"NET = {root}\n"


def _held(source: str) -> State:
    names: dict[str, Any] = {}
    exec(source, names)
    torch.manual_seed(0)
    state: State = names["NET"].state_dict()
    return {n: t if n.endswith(COUNTER) else torch.rand(t.shape) for n, t in state.items()}


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(trees.filter(lambda tree: _expected(("class", {"net": tree})) != []))
def test_there_and_back_is_the_identity(tree: Tree) -> None:
    source = _source(tree)
    held = _held(source)
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "net.py").write_text(source)
        torch.save(held, folder / "in.pth")
        report = convert(folder / "in.pth", folder / "between.safetensors", "--source", folder / "net.py")
        found = [target for target in targets(report).values() if target is not None]
        assert found == _expected(("class", {"net": tree}))
        assert report["undecided"] == []
        convert(folder / "between.safetensors", folder / "back.pth", "--to", "torch", "--source", folder / "net.py")
        back = torch.load(folder / "back.pth")
    assert back.keys() == held.keys()
    assert all(torch.equal(back[name], value) for name, value in held.items())
