"""Key maps of real converters, with what they get wrong: converted, loaded in MindSpore, and compared with torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mindspore as ms
import pytest
import torch

from migrate.bridge import install, uninstall
from migrate.engine import Options, migrate_files
from tests.checkpoints.made import State, convert, state, targets
from tests.checkpoints.sources import CHANNELS, INPUTS, SOURCES, WITHOUT_TORCH

MAPS = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted((Path(__file__).parent / "maps").glob("*"))}
SIBLINGS = sorted(MAPS.keys() - {"k07_no_statistics", "k17_frozen", "k19_duplicates"})
"""Maps in which the file alone tells the names of batch norm."""


@pytest.fixture
def made(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[dict[str, Any], Path, State]:
    """A map with a checkpoint of its names, beside the sources of its network."""
    found = MAPS[request.param]
    (tmp_path / "net.py").write_text(SOURCES[request.param])
    held = state(found["torch_keys"])
    torch.save(held, tmp_path / "in.pth")
    return found, tmp_path, held


@pytest.mark.parametrize("made", MAPS, indirect=True)
def test_names_by_the_sources(made: tuple[dict[str, Any], Path, State]) -> None:
    found, folder, _ = made
    report = convert(folder / "in.pth", folder / "out.ckpt", "--source", folder / "net.py")
    assert targets(report) == found["expected"]
    assert report["undecided"] == []
    assert {entry["evidence"] for entry in report["entries"]} == {"source"}


@pytest.mark.parametrize("made", SIBLINGS, indirect=True)
def test_names_by_the_file_alone(made: tuple[dict[str, Any], Path, State]) -> None:
    found, folder, _ = made
    report = convert(folder / "in.pth", folder / "out.safetensors")
    assert targets(report) == found["expected"]
    names = {entry["source"] for entry in report["entries"] if entry["evidence"] is None}
    assert set(report["undecided"]) == names
    assert all(not name.endswith(("running_mean", "running_var")) for name in names)


@pytest.mark.parametrize("made", ["k07_no_statistics"], indirect=True)
def test_what_keeps_its_initial_value_is_said(made: tuple[dict[str, Any], Path, State]) -> None:
    _, folder, _ = made
    report = convert(folder / "in.pth", folder / "out.ckpt", "--source", folder / "net.py")
    assert report["kept_at_initial"] == ["bn.moving_mean", "bn.moving_variance"]


@pytest.mark.parametrize("made", sorted(MAPS.keys() - WITHOUT_TORCH), indirect=True)
def test_loaded_into_the_migrated_network(made: tuple[dict[str, Any], Path, State]) -> None:
    """Every parameter of MindSpore's layers is in the file by its own name, and evaluation gives the same."""
    found, folder, held = made
    convert(folder / "in.pth", folder / "out.ckpt", "--source", folder / "net.py")
    prefix = "module." if "module" in found["name"] else "ema." if "ema" in found["name"] else ""
    network = _built(SOURCES[found["name"]])
    network.load_state_dict({k.removeprefix(prefix): v for k, v in held.items()}, strict=False)
    bridged = _built(_migrated(SOURCES[found["name"]]), bridge=True)
    _load(bridged, ms.load_checkpoint(str(folder / "out.ckpt")))
    shape = INPUTS.get(found["name"], (2, CHANNELS.get(found["name"], 3), 5, 5))
    batch = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert torch.allclose(network.eval()(batch), bridged.eval()(batch), rtol=1e-5, atol=1e-5)


def _migrated(text: str) -> str:
    (result,) = migrate_files([("net.py", text.encode())], Options("mindspore.nn"))
    return result.after.decode()


def _built(text: str, bridge: bool = False) -> torch.nn.Module:
    names: dict[str, Any] = {"__name__": "net"}
    if bridge:
        install()
    try:
        exec(text, names)
        network = names["Net"]()
    finally:
        uninstall()
    assert isinstance(network, torch.nn.Module)
    return network


def _load(network: torch.nn.Module, checkpoint: dict[str, Any]) -> None:
    """Load tensors by the names that MindSpore's cells have in a network, and torch's by their own."""
    own = dict(network.named_parameters())
    for path, module in network.named_modules():
        cell = module.__dict__.get("cell")
        for name, parameter in cell.parameters_and_names() if cell is not None else ():
            full = f"{path}.{name}" if path else parameter.name
            if full in checkpoint:
                parameter.set_data(checkpoint.pop(full).value())
    with torch.no_grad():
        for name, value in checkpoint.items():
            own[name].copy_(torch.from_numpy(value.asnumpy()))
