"""Files in every format, there and back; and files that are no checkpoints, of which nothing is written."""

from __future__ import annotations

import json
import os
import pickle
import struct
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mindspore as ms
import pytest
import safetensors.torch
import torch

from migrate.checkpoint import command
from migrate.checkpoint.files.read import read
from migrate.checkpoint.files.write import write
from migrate.checkpoint.tensor import Tensor
from migrate.errors import UsageError
from tests.checkpoints.made import convert, program, state, targets

SHAPES = {"conv.weight": [4, 3, 2, 2], **{f"bn.{n}": [4] for n in ("weight", "bias", "running_mean", "running_var")}}
EXPECTED = {
    "conv.weight": "conv.weight",
    "bn.weight": "bn.gamma",
    "bn.bias": "bn.beta",
    "bn.running_mean": "bn.moving_mean",
    "bn.running_var": "bn.moving_variance",
}
HELD = state(SHAPES)


def _legacy(path: Path) -> None:
    torch.save(HELD, path, _use_new_zipfile_serialization=False)


SAVED: dict[str, Callable[[Path], object]] = {
    "in.pth": lambda path: torch.save(HELD, path),
    "in.pt": lambda path: torch.save(OrderedDict(HELD), path),
    "in.bin": _legacy,
    "in.safetensors": lambda path: safetensors.torch.save_file(HELD, path),
}


@pytest.mark.parametrize("output", ["out.ckpt", "out.safetensors"])
@pytest.mark.parametrize("name", SAVED)
def test_every_format_holds_the_same_bits(name: str, output: str, tmp_path: Path) -> None:
    SAVED[name](tmp_path / name)
    assert targets(convert(tmp_path / name, tmp_path / output)) == EXPECTED
    form = "ckpt" if output.endswith("ckpt") else "safetensors"
    back = ms.load_checkpoint(str(tmp_path / output), format=form)
    assert {name: value.asnumpy().tobytes() for name, value in back.items()} == {
        target: HELD[source].numpy().tobytes() for source, target in EXPECTED.items()
    }


@pytest.mark.parametrize("back", ["back.pth", "back.pt", "back.bin", "back.safetensors"])
@pytest.mark.parametrize("between", ["out.ckpt", "out.safetensors"])
def test_there_and_back(between: str, back: str, tmp_path: Path) -> None:
    torch.save(HELD, tmp_path / "in.pth")
    convert(tmp_path / "in.pth", tmp_path / between)
    report = convert(tmp_path / between, tmp_path / back, "--to", "torch")
    assert [each["target"] for each in report["added"]] == ["bn.num_batches_tracked"]
    load = safetensors.torch.load_file if back.endswith("safetensors") else torch.load
    found = load(tmp_path / back)
    assert found.pop("bn.num_batches_tracked") == 0
    assert found.keys() == HELD.keys()
    assert all(torch.equal(found[name], HELD[name]) for name in HELD)


TYPES = ["float16", "bfloat16", "float32", "float64", "int8", "uint8", "int16", "int32", "int64", "bool"]


@pytest.mark.parametrize("ending", ["ckpt", "safetensors"])
def test_every_type_of_values_keeps_its_bits(ending: str, tmp_path: Path) -> None:
    held = {f"a.{name}": torch.arange(6).reshape(2, 3).to(getattr(torch, name)) for name in TYPES}
    torch.save(held | {"scalar": torch.tensor(7.5)}, tmp_path / "in.pth")
    convert(tmp_path / "in.pth", tmp_path / f"out.{ending}")
    convert(tmp_path / f"out.{ending}", tmp_path / "back.pth", "--to", "torch")
    back = torch.load(tmp_path / "back.pth")
    assert all(back[name].dtype is value.dtype and torch.equal(back[name], value) for name, value in held.items())
    assert back["scalar"] == 7.5 and back["scalar"].shape == ()


def test_tensors_that_are_views_are_written_whole(tmp_path: Path) -> None:
    held = {"a.t": torch.arange(12.0).reshape(3, 4).t(), "a.s": torch.arange(9.0)[::2], "e": torch.zeros(0, 3)}
    torch.save(held, tmp_path / "in.pth")
    convert(tmp_path / "in.pth", tmp_path / "out.safetensors")
    back = safetensors.torch.load_file(tmp_path / "out.safetensors")
    assert all(torch.equal(back[name], value) for name, value in held.items())


def test_a_sharded_checkpoint_is_read_by_its_index(tmp_path: Path) -> None:
    names = list(HELD)
    files = {"a.safetensors": names[:2], "b.safetensors": names[2:]}
    for file, held in files.items():
        safetensors.torch.save_file({name: HELD[name] for name in held}, tmp_path / file)
    places = {name: file for file, held in files.items() for name in held}
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": places}))
    assert targets(convert(index, tmp_path / "out.ckpt")) == EXPECTED
    assert targets(convert(tmp_path, tmp_path / "out.ckpt")) == EXPECTED
    index.write_text(json.dumps({"weight_map": places | {"x": "../a.safetensors"}}))
    _refused(index, tmp_path, "no file beside the index")
    index.write_text(json.dumps({"weight_map": places | {"x": "a.safetensors"}}))
    _refused(index, tmp_path, "does not hold x")
    index.write_text(json.dumps({"weight_map": dict.fromkeys(names[:1], "a.safetensors")}))
    _refused(index, tmp_path, "for which the index names no file")


NESTED: dict[str, tuple[Any, str | None]] = {
    "beside an epoch": ({"epoch": 3, "state_dict": HELD, "lr": 0.1}, None),
    "beside an optimizer": (
        {"model": HELD, "optimizer": {"state": {0: {"exp_avg": torch.zeros(2)}}, "param_groups": [{"lr": 0.1}]}},
        None,
    ),
    "deep": ({"a": {"b": {"c": HELD}}}, None),
    "in a list": ([{"epoch": 1}, HELD], None),
    "chosen": ({"state_dict": {"x": torch.ones(1)}, "state_dict_ema": HELD}, "state_dict_ema"),
    "chosen, deep": ({"nets": [{"x": torch.ones(1)}, {"w": HELD}]}, "nets.1.w"),
    "chosen beside a tensor": ({"step": torch.tensor(3), "w": HELD}, "w"),
}


@pytest.mark.parametrize("how", NESTED)
def test_weights_inside_of_a_file(how: str, tmp_path: Path) -> None:
    held, key = NESTED[how]
    torch.save(held, tmp_path / "in.pth")
    chosen = ["--key", key] if key else []
    assert targets(convert(tmp_path / "in.pth", tmp_path / "out.ckpt", *chosen)) == EXPECTED


def test_weights_in_several_places_are_never_guessed(tmp_path: Path) -> None:
    torch.save({"state_dict": HELD, "state_dict_ema": HELD}, tmp_path / "in.pth")
    for more in ([], ["--key", "state"]):
        with pytest.raises(UsageError, match=r"state_dict with 5, state_dict_ema with 5"):
            convert(tmp_path / "in.pth", tmp_path / "out.ckpt", *more)
    assert not (tmp_path / "out.ckpt").exists()


def test_what_is_no_tensor_is_listed(tmp_path: Path) -> None:
    torch.save({**HELD, "extra": {"a": 1}}, tmp_path / "in.pth")
    report = convert(tmp_path / "in.pth", tmp_path / "out.ckpt")
    assert {"source": "extra", "target": None}.items() <= report["entries"][-1].items()
    assert "dict" in report["entries"][-1]["note"]


class _Touch:
    """A pickle that would make a file if it were loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def _refused(path: Path, folder: Path, words: str) -> str:
    """The one line that a file is refused with; nothing has been written."""
    before = sorted(folder.rglob("*"))
    with pytest.raises(UsageError, match=words) as caught:
        convert(path, folder / "new.ckpt")
    assert sorted(folder.rglob("*")) == before
    message = str(caught.value)
    assert "\n" not in message and str(path.parent) in message
    return message


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_nothing_of_a_pickle_runs(new: bool, tmp_path: Path) -> None:
    made = tmp_path / "made"
    torch.save({"a": torch.ones(2), "b": _Touch(made)}, tmp_path / "in.pth", _use_new_zipfile_serialization=new)
    _refused(tmp_path / "in.pth", tmp_path, "holds more than weights")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(_Touch(made)))
    _refused(tmp_path / "plain.pth", tmp_path, "in.pth|plain.pth")
    assert not made.exists()


def test_a_whole_module_is_refused_with_what_to_do(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2), tmp_path / "in.pth")
    message = _refused(tmp_path / "in.pth", tmp_path, "network.state_dict")
    assert "torch.nn.modules.linear.Linear" in message


def _bytes(name: str, data: bytes) -> tuple[str, bytes]:
    return name, data


def _safetensors(header: object, data: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


ENTRY = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
BAD = {
    "empty": ("in.pth", b""),
    "text": ("in.pth", b"hello, world"),
    "a zip that is none of torch": ("in.pth", b"PK\x03\x04" + bytes(60)),
    "empty safetensors": ("in.safetensors", b""),
    "a header of 2 GB": ("in.safetensors", struct.pack("<Q", 2 << 30) + b"{}"),
    "a header longer than the file": ("in.safetensors", struct.pack("<Q", 1000) + b"{}"),
    "a header that is no JSON": ("in.safetensors", struct.pack("<Q", 8) + b"notjson!"),
    "a header that is a list": ("in.safetensors", struct.pack("<Q", 2) + b"[]"),
    "deep JSON": ("in.safetensors", struct.pack("<Q", 200_000) + b"[" * 200_000),
    "data cut short": ("in.safetensors", _safetensors({"a": ENTRY}, bytes(4))),
    "data too long": ("in.safetensors", _safetensors({"a": ENTRY}, bytes(12))),
    "overlapping tensors": ("in.safetensors", _safetensors({"a": ENTRY, "b": ENTRY}, bytes(8))),
    "an unknown type": ("in.safetensors", _safetensors({"a": {**ENTRY, "dtype": "F3"}}, bytes(8))),
    "a name with ..": ("in.safetensors", _safetensors({"../a": ENTRY}, bytes(8))),
    "a name with an empty part": ("in.safetensors", _safetensors({"a..b": ENTRY}, bytes(8))),
    "no tensors": ("in.safetensors", _safetensors({})),
    "an index that is none": ("in.index.json", b"{}"),
    "a torch file named safetensors": ("in.safetensors", b"PK\x03\x04" + bytes(100)),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_files_get_one_clear_line(what: str, tmp_path: Path) -> None:
    name, data = BAD[what]
    (tmp_path / name).write_bytes(data)
    _refused(tmp_path / name, tmp_path, name)


def test_no_header_is_read_that_cannot_be_one(tmp_path: Path) -> None:
    (tmp_path / "in.safetensors").write_bytes(BAD["a header of 2 GB"][1])
    _refused(tmp_path / "in.safetensors", tmp_path, "a header of 2147483648")


def test_tensors_begin_at_multiples_of_their_values(tmp_path: Path) -> None:
    held = {"a.b": torch.ones(3, dtype=torch.bool), "a.d": torch.ones(1).double(), "a.f": torch.ones(3)}
    torch.save(held, tmp_path / "in.pth")
    convert(tmp_path / "in.pth", tmp_path / "out.safetensors")
    data = (tmp_path / "out.safetensors").read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    for name, value in held.items():
        assert (8 + length + header[name]["data_offsets"][0]) % value.element_size() == 0


@pytest.mark.parametrize("name", SAVED)
def test_files_that_are_cut_short_get_one_clear_line(name: str, tmp_path: Path) -> None:
    SAVED[name](tmp_path / "whole")
    data = (tmp_path / "whole").read_bytes()
    for size in (10, len(data) // 2, len(data) - 8):
        (tmp_path / name).write_bytes(data[:size])
        _refused(tmp_path / name, tmp_path, name)


def test_a_cut_checkpoint_of_mindspore_gets_one_clear_line(tmp_path: Path) -> None:
    torch.save(HELD, tmp_path / "in.pth")
    convert(tmp_path / "in.pth", tmp_path / "in.ckpt")
    data = (tmp_path / "in.ckpt").read_bytes()
    (tmp_path / "cut.ckpt").write_bytes(data[:-5])
    done = program(tmp_path / "cut.ckpt", tmp_path / "out.pth", "--to", "torch")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "cut.ckpt" in done.stderr
    assert not (tmp_path / "out.pth").exists()


def test_what_a_format_cannot_hold_is_said(tmp_path: Path) -> None:
    torch.save({"a.w": torch.ones(2, dtype=torch.complex64)}, tmp_path / "in.pth")
    _refused_output(tmp_path, "out.ckpt", "a.w: MindSpore's .ckpt files hold no complex64")
    torch.save({"a.w": torch.ones(2, dtype=torch.complex128)}, tmp_path / "in.pth")
    _refused_output(tmp_path, "out.safetensors", "a.w: safetensors has no complex128")


def _refused_output(folder: Path, name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        convert(folder / "in.pth", folder / name)
    assert [path.name for path in folder.iterdir()] == ["in.pth"]


def test_outputs_that_cannot_be_written_are_said(tmp_path: Path) -> None:
    torch.save(HELD, tmp_path / "in.pth")
    _refused_output(tmp_path, "out.pth", "ends in .ckpt, .safetensors: name it so")
    _refused_output(tmp_path, "no/out.ckpt", "there is no folder .*; make it first")
    _refused_output(tmp_path, "", "is a folder|ends in")


def test_the_old_output_stays_where_the_new_one_fails(tmp_path: Path) -> None:
    (tmp_path / "out.safetensors").write_bytes(b"old")
    broken = Tensor("a", "float32", (2,), lambda: iter((bytes(4),)))
    with pytest.raises(UsageError):
        write(str(tmp_path / "out.safetensors"), "mindspore", [broken], lambda done: None, lambda path: True)
    assert [path.name for path in tmp_path.iterdir()] == ["out.safetensors"]
    assert (tmp_path / "out.safetensors").read_bytes() == b"old"


def test_a_value_that_is_read_back_otherwise_is_found(tmp_path: Path) -> None:
    """The tensor gives other bytes the second time, as a file does that is changed meanwhile."""
    parts = iter([bytes(8), b"\1" * 8])
    changing = Tensor("a", "float32", (2,), lambda: iter((next(parts),)))
    with pytest.raises(UsageError, match="a was read back with another value"):
        write(str(tmp_path / "out.safetensors"), "mindspore", [changing], lambda done: None, lambda path: True)
    assert not list(tmp_path.iterdir())


def test_the_result_replaces_the_old_one_and_keeps_its_mode(tmp_path: Path) -> None:
    torch.save(HELD, tmp_path / "in.pth")
    (tmp_path / "out.ckpt").write_bytes(b"old")
    (tmp_path / "out.ckpt").chmod(0o640)
    convert(tmp_path / "in.pth", tmp_path / "out.ckpt")
    assert (tmp_path / "out.ckpt").stat().st_mode & 0o777 == 0o640
    assert read(str(tmp_path / "out.ckpt"), "torch").tensors.keys() == set(EXPECTED.values())


def test_safetensors_needs_no_framework(tmp_path: Path) -> None:
    """Neither is imported on the way from one safetensors file to another."""
    safetensors.torch.save_file(HELD, tmp_path / "in.safetensors")
    code = (
        "import sys; from migrate.checkpoint.command import Request, run; "
        f"run(Request({str(tmp_path / 'in.safetensors')!r}, {str(tmp_path / 'out.safetensors')!r}, "
        "(), None, None, None, None, 'mindspore', None, 'text', False, True, False, False)); "
        "assert not {'torch', 'mindspore'} & sys.modules.keys()"
    )
    import subprocess
    import sys

    subprocess.run([sys.executable, "-c", code], check=True)
    assert (tmp_path / "out.safetensors").exists()


def test_the_program_ends_with_the_documented_codes(tmp_path: Path) -> None:
    safetensors.torch.save_file(HELD, tmp_path / "in.safetensors")
    done = program("in.safetensors", "out.safetensors", "--map", "map.json", cwd=tmp_path)
    assert done.returncode == 0 and not done.stderr
    assert "bn" in done.stdout and "4 renamed" in done.stdout and "1 undecided" in done.stdout
    rows = {row["torch"]: row for row in json.loads((tmp_path / "map.json").read_text())["map"]}
    assert (
        rows["bn.running_var"].items() >= {"mindspore": "bn.moving_variance", "shape": [4], "dtype": "float32"}.items()
    )
    assert rows["bn.running_var"]["why"].startswith("siblings")
    assert program("in.safetensors", "--check", cwd=tmp_path).returncode == 1
    assert program("in.safetensors", cwd=tmp_path).returncode == 2
    assert program("in.safetensors", "in.safetensors", cwd=tmp_path).returncode == 2
    assert program("nothing.pth", "out.ckpt", cwd=tmp_path).returncode == 2


def test_help_says_that_networks_execute_code() -> None:
    option = next(p for p in command.command.params if p.name == "network")
    assert "EXECUTES YOUR CODE" in getattr(option, "help", "")
