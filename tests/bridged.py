"""What the tests of the bridge share: bridges in the place of MindSpore's layers, and how far numbers are apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

torch = pytest.importorskip("torch")
ms = pytest.importorskip("mindspore")

import numpy as np  # noqa: E402

import migrate.bridge  # noqa: E402
from tests import frameworks  # noqa: E402, F401  (one thread, the CPU, PyNative mode)

TOLERANCE = 1e-5


@pytest.fixture(autouse=True)
def bridges() -> Iterator[None]:
    with migrate.bridge.installed():
        yield


def gap(one: Any, other: Any) -> float:
    one, other = (t.asnumpy() if isinstance(t, ms.Tensor) else t.detach().numpy() for t in (one, other))
    return float(np.abs(one - other).max())
