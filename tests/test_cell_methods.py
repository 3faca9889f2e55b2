"""What the rules say of the methods that a MindSpore cell has under torch's name, shown in both frameworks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from migrate.rules import load_rules
from tests.cell_methods import CELL

frameworks = pytest.importorskip("tests.frameworks", reason="torch and MindSpore: pip install -e '.[verify]'")
ms, torch = frameworks.ms, frameworks.torch
METHODS = {rule.name: rule.methods for rule in load_rules("mindspore.nn").rules}
X = np.random.default_rng(0).standard_normal((2, 3, 4, 4)).astype(np.float32)


def layers() -> tuple[Any, Any]:
    return torch.nn.BatchNorm2d(3), ms.nn.BatchNorm2d(3).set_train()


@pytest.mark.parametrize("name", CELL)
def test_both_have_the_method_and_the_rule_refuses_it(name: str) -> None:
    layer, cell = layers()
    assert hasattr(layer, name) and hasattr(cell, name)
    assert all(methods[name].refuse for methods in METHODS.values())


@pytest.mark.parametrize("name", ["register_forward_hook", "register_forward_pre_hook"])
def test_a_hook_gets_the_same_and_has_to_give_a_mindspore_tensor(name: str) -> None:
    layer, cell = layers()
    seen: list[list[Any]] = []
    for module, x in ((layer, torch.tensor(X)), (cell, ms.Tensor(X))):
        found: list[Any] = []
        handle = getattr(module, name)(lambda *given, found=found: found.extend(given))
        module(x)
        handle.remove()
        module(x)
        assert module is layer or gives_a_tensor(cell)
        seen.append(found)
    assert [type(v) for v in seen[0]][1:2] == [type(v) for v in seen[1]][1:2] == [tuple]
    assert len(seen[0]) == len(seen[1]) and seen[0][0] is layer and seen[1][0] is cell
    getattr(cell, name)(lambda *_: torch.tensor(X))
    assert not gives_a_tensor(cell)


def gives_a_tensor(cell: Any) -> bool:
    try:
        return isinstance(cell(ms.Tensor(X)), ms.Tensor)
    except Exception:  # whatever MindSpore makes of a torch tensor
        return False


def test_a_backward_hook_gets_the_same() -> None:
    layer, cell = layers()
    seen: list[tuple[Any, ...]] = []
    layer.register_full_backward_hook(lambda *given: seen.append(given))
    layer(torch.tensor(X, requires_grad=True)).sum().backward()
    cell.register_backward_hook(lambda *given: seen.append(given))
    ms.value_and_grad(lambda x: cell(x).sum())(ms.Tensor(X))
    (_, *one), (_, *other) = seen
    assert [len(v) for v in one] == [len(v) for v in other] == [1, 1]
    assert [type(v) for v in one] == [type(v) for v in other] == [tuple, tuple]


@pytest.mark.parametrize("dimensions", ["2d", "3d"])
def test_the_keys_of_a_state_dict(dimensions: str) -> None:
    cell = getattr(ms.nn, f"BatchNorm{dimensions}")(3)
    advice = METHODS[f"BatchNorm{dimensions}"]["state_dict"].refuse
    keys = list(cell.state_dict())
    assert len(keys) == 4 and all(key in advice for key in keys)
    assert set(keys).isdisjoint(torch.nn.BatchNorm2d(3).state_dict())
    assert all(isinstance(v, ms.Parameter) for v in cell.state_dict().values()), "live, not detached"


def test_loading_torch_s_keys() -> None:
    layer, cell = layers()
    state = {key: ms.Tensor(value.numpy() + 5) for key, value in layer.state_dict().items()}
    with pytest.raises(RuntimeError, match="Missing key"):
        cell.load_state_dict(state)
    assert cell.load_state_dict(state, strict=False).missing_keys
    assert cell.gamma.asnumpy().tolist() == [1, 1, 1]
    names = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
    cell.load_state_dict({names[key]: value for key, value in state.items() if key in names})
    assert cell.gamma.asnumpy().tolist() == [6, 6, 6]
    with pytest.raises(RuntimeError):
        cell.load_state_dict({"gamma": layer.weight.detach()}, strict=False)


def test_buffers_are_mindspore_s_and_the_statistics_are_none() -> None:
    layer, cell = layers()
    assert [name for name, _ in layer.named_buffers()] == ["running_mean", "running_var", "num_batches_tracked"]
    assert list(cell.named_buffers()) == list(cell.buffers()) == []
    cell.register_buffer("nothing", None)
    with pytest.raises(TypeError):
        cell.register_buffer("steps", torch.zeros(1))


def test_apply_visits_what_a_3d_layer_wraps() -> None:
    visited: list[str] = []
    ms.nn.BatchNorm3d(3).apply(lambda cell: visited.append(type(cell).__name__))
    assert visited == ["BatchNorm2d", "BatchNorm3d"]
    assert METHODS["BatchNorm3d"]["apply"].refuse and METHODS["BatchNorm2d"]["apply"].to == "apply"
