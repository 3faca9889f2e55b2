"""How a proof is to be run; imports no framework and no numpy."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from migrate.verify.networks.spec import Network


@dataclass(frozen=True, slots=True)
class Settings:
    """``record``: keep torch's side there; ``against``: compare with a kept one instead of running torch.

    ``only_record``: run torch's side alone, and prove nothing. ``networks``: run these as a whole, too, and train them
    for ``steps``.
    """

    torch_python: str = sys.executable
    mindspore_python: str = sys.executable
    device_target: str = "CPU"
    mode: str = "pynative"
    record: Path | None = None
    against: Path | None = None
    only_record: bool = False
    networks: tuple[Network, ...] = ()
    steps: int = 3
