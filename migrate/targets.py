"""The namespaces of MindSpore that a run can migrate to."""

from __future__ import annotations

from typing import Literal

Target = Literal["mindspore.nn", "mindspore.mint.nn"]
TARGETS: tuple[Target, ...] = ("mindspore.nn", "mindspore.mint.nn")
