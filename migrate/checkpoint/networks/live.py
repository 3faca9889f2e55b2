"""Questions about a live network, each asked in a process of its own, since it executes the user's code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrate.checkpoint.evidence import Kind, Reading, Seen, read_as
from migrate.checkpoint.keys import Keys, splits
from migrate.checkpoint.layers import Layer, Layers, Side
from migrate.errors import UsageError
from migrate.verify.networks.locating import located
from migrate.verify.networks.spec import Network, parse_network

Json = dict[str, Any]
LIBRARY = "torch.nn."


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for what the processes exchange."""
    with tempfile.TemporaryDirectory(prefix="bn-migrate-") as name:
        yield Path(name)


def place(text: str, sources: tuple[str, ...]) -> Json:
    """The part of a request that names a network; raises UsageError for what is none."""
    (network,), folders = located([Network(text, *parse_network(text), "", ())], sources, [])
    return {"module": network.module, "expression": network.expression, "path": folders}


def ask(side: str, request: Json, at: Path) -> Json:
    """The answer of a side; raises UsageError where the network cannot be built, loaded or run."""
    question, answer = at / f"{side}.json", at / f"{side}.answer.json"
    question.write_text(json.dumps({**request, "side": side, "answer": str(answer)}), "utf-8")
    command = [sys.executable, "-m", "migrate.checkpoint.networks.process", str(question)]
    package = str(Path(__file__).parents[3])
    before = os.environ.get("PYTHONPATH")
    path = os.pathsep.join(filter(None, (before, package)))
    environment = {**os.environ, "PYTHONPATH": path, "GLOG_v": "4"}
    # Ctrl-C is for this process, which then ends the other one: that would print a traceback.
    done = subprocess.run(command, stdout=sys.stderr, env=environment, start_new_session=True)
    option = "--mindspore-network" if side == "mindspore" else "--network"
    asked = f"{option} {request['module']}:{request['expression']}"
    if not answer.exists():
        raise UsageError(f"{asked}: its process ended with status {done.returncode}")
    found: Json = json.loads(answer.read_text("utf-8"))
    if "fault" in found:
        trace = f"\n{found['trace']}" if found.get("trace") else ""
        raise UsageError(f"{asked}: {found['fault']}{trace}")
    return found


@dataclass(frozen=True, slots=True)
class Live:
    """What a network is: the classes of its modules by path, with their bases, and the shapes of its tensors."""

    modules: dict[str, list[str]]
    shapes: dict[str, tuple[int, ...]]


def describe(text: str, sources: tuple[str, ...]) -> Live:
    """Build a network and look at its modules; raises UsageError."""
    with folder() as at:
        found = ask("describe", place(text, sources), at)
    return Live(found["modules"], {name: tuple(shape) for name, shape in found["shapes"].items()})


@dataclass(frozen=True, slots=True)
class Told:
    """What a network says of names; ``is_whole``: it has all of them. ``placed`` are its layers."""

    seen: dict[str, Seen]
    is_whole: bool
    placed: tuple[tuple[str, Layer], ...]
    remarks: tuple[str, ...] = ()
    kind: Kind = "network"


class LiveNetwork:
    """Reads the names of a checkpoint by the modules of a network."""

    def __init__(self, live: Live, layers: Layers, to: Side) -> None:
        self._live = live
        self._layers = layers
        self._to = to
        self._placed = tuple(
            (path, layer) for path, classes in live.modules.items() if (layer := self._layer(classes)) is not None
        )

    def observe(self, keys: Keys) -> Told:
        """What the network says of each name."""
        forth = {name: self._forth(name) for name in self._live.shapes}
        if self._to == "mindspore":
            seen = {name: self._checked(forth[name], shape) for name, shape in keys.shapes.items() if name in forth}
        else:
            seen = self._alone() | {
                each.target: self._back(name, each) for name, s in forth.items() for each in s.readings if each.target
            }
        missing = [name for name in self._live.shapes if name not in keys.shapes] if self._to == "mindspore" else []
        some = f", such as {missing[0]}" if missing else ""
        remarks = (f"the network has {len(missing)} tensors that the file has not{some}",) if missing else ()
        return Told(seen, keys.shapes.keys() <= seen.keys(), self._placed, remarks)

    def _alone(self) -> dict[str, Seen]:
        """The tensors that MindSpore's layers have whatever they are built with; torch's have those that they use."""
        found = {}
        for path, layer in self._placed:
            for name in layer.always:
                own = name if path else layer.top.get(name, name)
                reading = Reading(path, own, layer, None, layer.source)
                found[f"{path}.{own}" if path else own] = Seen((reading,))
        return found

    def _layer(self, classes: list[str]) -> Layer | None:
        return next((layer for cls in classes if (layer := self._layers.of(cls)) is not None), None)

    def _forth(self, name: str) -> Seen:
        """The reading of a tensor of the network: as the outermost layer's that has it, or as one that stays."""
        for path, rest in splits(name):
            classes = self._live.modules.get(path, [])
            layer = self._layer(classes)
            owner = self._layers.name(classes[0]) if classes else ""
            reading = read_as(layer, path, rest, "mindspore", not path, owner) if layer is not None else None
            if reading is not None:
                return Seen((reading,))
        path, _, rest = name.rpartition(".")
        owner = self._live.modules.get(path, [""])[0]
        if owner.startswith(LIBRARY) and not self._layers.stays(owner):
            return Seen(unknown=f"no rule has the names of {self._layers.name(owner)}")
        return Seen((Reading(path, rest, None, name, owner),))

    def _checked(self, seen: Seen, shape: tuple[int, ...]) -> Seen:
        """Nothing where the tensor of the file is no tensor of the network, by its shape."""
        name = next((f"{r.path}.{r.name}" if r.path else r.name for r in seen.readings), None)
        own = self._live.shapes.get(name, shape) if name is not None else shape
        return seen if own == shape else Seen(unknown=f"its shape is {list(shape)}, and {list(own)} in the network")

    def _back(self, name: str, forth: Reading) -> Seen:
        """The reading of MindSpore's name for a tensor of the network."""
        path = forth.path
        own = (forth.target or "").removeprefix(f"{path}.") if path else forth.target or ""
        return Seen((Reading(path, own, forth.layer, name, forth.owner),))
