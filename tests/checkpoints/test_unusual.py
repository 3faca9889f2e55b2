"""Checkpoints as nobody should write them, and places that are no place for one: one clear line, nothing written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from migrate.errors import UsageError
from tests.checkpoints.made import State, convert, state, targets

NORM = state({f"bn.{name}": [4] for name in ("weight", "bias", "running_mean", "running_var")})
LARGE = torch.full((4,), 1e300, dtype=torch.float64)


def _in_itself() -> list[Any]:
    """A list that holds itself a hundred times, each of which it holds again."""
    held: list[Any] = [NORM]
    held += [held] * 100
    return held


UNUSUAL: dict[str, tuple[Any, str]] = {
    "a line break in a name": ({"a\nb.weight": torch.ones(2)}, r"'a\\nb.weight' is no name of a parameter"),
    "an escape sequence in a name": ({"a\x1b[2Jb.weight": torch.ones(2)}, "is no name of a parameter"),
    "half a character in a name": ({"a\udcff.weight": torch.ones(2)}, "is no name of a parameter"),
    "names that are alike as text": ({0: torch.ones(2), "0": torch.zeros(2)}, "two values of the name 0"),
    "tensors without values": ({"a.weight": torch.ones(2, device="meta")}, "a.weight: only dense tensors"),
    "sparse tensors": ({"a.weight": torch.ones(2, 2).to_sparse()}, "a.weight: only dense tensors"),
    "statistics beyond float32": ({**NORM, "bn.running_var": LARGE}, "bn.moving_variance: .* too large for float32"),
    "an optimizer alone": (torch.optim.Adam([torch.ones(2)]).state_dict(), "holds no tensors by name"),
    "a tensor alone": (torch.ones(2), "holds no tensors by name"),
    "many places": ({f"net{i}": {"w": torch.ones(1)} for i in range(99)}, "net9 with 1 and 89 more"),
}


@pytest.mark.parametrize("what", UNUSUAL)
def test_an_unusual_file_gets_one_clear_line(what: str, tmp_path: Path) -> None:
    held, words = UNUSUAL[what]
    torch.save(held, tmp_path / "in.pth")
    with pytest.raises(UsageError, match=words) as caught:
        convert(tmp_path / "in.pth", tmp_path / "out.safetensors")
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["in.pth"]


USUAL: dict[str, State] = {
    "names in other scripts": {"网络.bn层.weight": torch.ones(2)},
    "tensors of no axis and of no values": {"a.s": torch.tensor(1.5), "a.e": torch.zeros(0), "a.f": torch.zeros(3, 0)},
    "numbers as names": {0: torch.ones(2), 1: torch.zeros(2)},  # type: ignore[dict-item]
}


@pytest.mark.parametrize("what", USUAL)
def test_what_is_less_unusual_is_converted(what: str, tmp_path: Path) -> None:
    torch.save(USUAL[what], tmp_path / "in.pth")
    report = convert(tmp_path / "in.pth", tmp_path / "out.safetensors")
    assert targets(report) == {str(name): str(name) for name in USUAL[what]}
    assert not any("shares" in entry["note"] for entry in report["entries"])


def test_a_list_in_itself_is_opened_once(tmp_path: Path) -> None:
    torch.save(_in_itself(), tmp_path / "in.pth")
    assert convert(tmp_path / "in.pth", tmp_path / "out.safetensors")["key"] == "0"


def test_the_key_that_was_taken_is_said(tmp_path: Path) -> None:
    """There is one candidate, which is no guess, but a person should see it."""
    torch.save({"epoch": 3, "net": {"state_dict": NORM}}, tmp_path / "in.pth")
    report = convert(tmp_path / "in.pth", tmp_path / "out.safetensors")
    assert report["key"] == "net.state_dict"
    assert report["remarks"] == ["the weights are those under net.state_dict in the file"]
    torch.save(NORM, tmp_path / "in.pth")
    assert convert(tmp_path / "in.pth", tmp_path / "out.safetensors")["key"] is None


def _refused(folder: Path, words: str, *args: str) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    with pytest.raises(UsageError, match=words):
        convert(folder / "in.pth", *(folder / arg if not arg.startswith("--") else arg for arg in args))
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_nothing_is_written_over_what_should_stay(tmp_path: Path) -> None:
    torch.save(NORM, tmp_path / "in.pth")
    (tmp_path / "old.safetensors").write_bytes(b"old")
    (tmp_path / "old.safetensors").chmod(0o444)
    (tmp_path / "folder").mkdir()
    _refused(tmp_path, "old.safetensors: is read-only", "old.safetensors")
    _refused(tmp_path, "--map .*in.pth: holds the weights", "new.safetensors", "--map", "in.pth")
    _refused(tmp_path, "--map .*new.safetensors: holds the weights", "new.safetensors", "--map", "new.safetensors")
    _refused(tmp_path, "--map .*folder: cannot be written: is a folder", "new.safetensors", "--map", "folder")
    _refused(tmp_path, "--map .*x.json: .* there is no folder", "new.safetensors", "--map", "nowhere/x.json")


def test_a_counter_that_a_converter_kept_stays_on_the_way_back(tmp_path: Path) -> None:
    """It is no tensor of MindSpore's, but there are files that have it, which says how long the layer was trained."""
    from safetensors.torch import load_file, save_file

    names = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
    held = {f"bn.{name}": torch.ones(4) for name in names} | {"bn.num_batches_tracked": torch.tensor(7)}
    save_file(held, tmp_path / "in.safetensors")
    report = convert(tmp_path / "in.safetensors", tmp_path / "out.safetensors", "--to", "torch")
    assert report["added"] == [] and report["undecided"] == []
    assert load_file(tmp_path / "out.safetensors")["bn.num_batches_tracked"] == 7
