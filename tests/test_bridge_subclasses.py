"""The bridge: subclasses of MindSpore's layers in a torch network."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bridged import TOLERANCE, bridges, gap, ms, torch  # noqa: F401  (`bridges` is used by every test)


def doubled_and_tripled() -> tuple[Any, Any]:
    """A subclass that uses all of what a class may, and a subclass of it."""

    class Doubled(ms.nn.BatchNorm2d):
        factor = 2

        def __init__(self, channels: int, momentum: float = 0.1) -> None:
            super().__init__(channels, momentum=1 - momentum)
            assert isinstance(self, Doubled)
            self.times = Doubled.factor

        @property
        def twice(self) -> int:
            return self.times * 2

        def scaled(self, x: float, *, by: float = 3.0) -> float:
            assert super().extend_repr()
            return x * by

        @classmethod
        def named(cls) -> str:
            return cls.__name__ + str(super().__init__ is not None)

        @staticmethod
        def one() -> int:
            return __class__.factor - 1  # type: ignore[name-defined]

        def construct(self, x: Any) -> Any:
            return super().construct(x) * self.times

    class Tripled(Doubled):
        factor = 3

        def construct(self, x: Any) -> Any:
            return super().construct(x) + self.factor

    return Doubled, Tripled


def test_a_subclass_is_mindspore_code_with_a_bridge_around_it() -> None:
    Doubled, Tripled = doubled_and_tripled()
    layer, twin, deeper = Doubled(3, 0.3), torch.nn.BatchNorm2d(3, momentum=0.3), Tripled(3)
    assert isinstance(layer, ms.nn.BatchNorm2d) and isinstance(deeper, Doubled) and not isinstance(layer, Tripled)
    assert layer.scaled(2.0) == 6.0 and layer.named() == "DoubledTrue" and layer.one() == 1
    assert layer.twice == 4 and Doubled.factor == 2 and layer.times == 2
    layer.train()
    deeper.train()
    x = torch.randn(4, 3, 2, 2)
    leaves = [x.clone().requires_grad_() for _ in range(2)]
    outputs = layer(leaves[0]), 2 * twin(leaves[1])
    assert gap(*outputs) < TOLERANCE and gap(deeper(x), outputs[0] + 3) < TOLERANCE
    for output in outputs:
        (output**2).mean().backward()
    assert gap(leaves[0].grad, leaves[1].grad) < TOLERANCE
    assert gap(layer.moving_mean, twin.running_mean) < TOLERANCE


def test_a_subclass_may_name_itself_in_super_and_freeze_what_torch_has() -> None:
    class Old(ms.nn.BatchNorm2d):
        def __init__(self, channels: int) -> None:
            super(Old, self).__init__(channels)  # noqa: UP008
            self.beta.requires_grad = False

        def construct(self, x: Any) -> Any:
            return super(Old, self).construct(x)  # noqa: UP008

    layer, twin = Old(3), torch.nn.BatchNorm2d(3)
    assert [(n, p.requires_grad) for n, p in layer.named_parameters()] == [("weight", True), ("bias", False)]
    assert list(layer.state_dict()) == list(twin.state_dict())
    layer.train()
    x = torch.randn(4, 3, 2, 2)
    assert gap(layer(x), twin(x)) < TOLERANCE


def test_a_subclass_may_take_more_than_one_tensor() -> None:
    class Scaled(ms.nn.BatchNorm2d):
        def construct(self, x: Any, scale: Any, shift: float = 0.0, *, other: Any = None) -> Any:
            result = super().construct(x) * scale + shift
            return result if other is None else result * other

    layer, twin = Scaled(3).set_train(), torch.nn.BatchNorm2d(3)
    x, scale, other = torch.randn(4, 3, 2, 2), torch.randn(4, 3, 1, 1), torch.randn(4, 3, 2, 2)
    for given in ({}, {"other": other}):
        leaves = [[t.clone().requires_grad_() for t in (x, scale)] for _ in range(2)]
        for n in (layer, twin):
            n.zero_grad()
        ours = layer(*leaves[0], 0.5, **given)
        theirs = (twin(leaves[1][0]) * leaves[1][1] + 0.5) * given.get("other", 1)
        assert gap(ours, theirs) < TOLERANCE
        for output in (ours, theirs):
            (output**2).sum().backward()
        for one, another in zip(leaves[0], leaves[1], strict=True):
            assert gap(one.grad, another.grad) < 1e-4
        for p, q in zip(layer.parameters(), twin.parameters(), strict=True):
            assert gap(p.grad, q.grad) < 1e-4


def test_a_subclass_sees_what_is_set_from_outside() -> None:
    class Switched(ms.nn.BatchNorm2d):
        def construct(self, x: Any) -> Any:
            return super().construct(x) * (2 if getattr(self, "doubled", False) else 1)

    layer = Switched(3)
    x = torch.randn(4, 3, 2, 2)
    once = layer(x)
    layer.doubled = True
    assert gap(layer(x), 2 * once) == 0


def test_what_is_no_tensor_cannot_cross_over() -> None:
    class Two(ms.nn.BatchNorm2d):
        def construct(self, x: Any) -> Any:
            return super().construct(x), x

    with pytest.raises(TypeError, match=r"Two returns .*tuple.*: only a tensor can cross over"):
        Two(3)(torch.randn(2, 3, 2, 2))
